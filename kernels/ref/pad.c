/* y[i] = x[i − begin] on every axis; outside x a constant, the nearest element (edge), or the one
 * mirrored at the border without repeating it (reflect). Negative padding crops.
 */
#include <string.h>

#include "kernels/element.h"
#include "kernels/ref/ref.h"

/* Where element i, counted from x's first, comes from; −1 for the constant. */
static int64_t
source (PraxiPadMode mode, int64_t i, int64_t dim)
{
  if (i >= 0 && i < dim)
    return i;
  if (mode == PRAXI_PAD_CONSTANT)
    return -1;
  if (mode == PRAXI_PAD_EDGE)
    return i < 0 ? 0 : dim - 1;
  return i < 0 ? -i : 2 * (dim - 1) - i;
}

typedef struct {
  const PraxiTensor *x, *y;
  const void *constant;
} Padding;

static int64_t
clamp (int64_t value, int64_t low, int64_t high)
{
  return value < low ? low : value > high ? high : value;
}

/* Copies n elements along the last axis; a step of 0 repeats one. */
static void
copy_run (const Padding *p, const void *from, int64_t step, int64_t to, int64_t n)
{
  const int last = p->x->rank - 1;
  PraxiTensor run = {.dtype = p->x->dtype, .rank = 1, .dims = {n}, .data = (void *) from};
  PraxiTensor place = run;
  run.strides[0] = step;
  place.strides[0] = p->y->strides[last];
  place.data = praxi_ref_at (p->y, to);
  praxi_tensor_copy (&run, &place);
}

/* One line of y along the last axis; from: the offset in x of the other axes, unless none is. */
static void
pad_line (const PraxiOp *op, const Padding *p, bool is_inside, int64_t from, int64_t to)
{
  const PraxiTensor *x = p->x, *y = p->y;
  const int last = x->rank - 1;
  const int64_t dim = x->dims[last], begin = op->pads_begin[last], n = y->dims[last];
  const int64_t first = clamp (begin, 0, n), end = clamp (begin + dim, first, n);
  if (!is_inside) {
    copy_run (p, p->constant, 0, to, n);
    return;
  }
  if (end > first)
    copy_run (p, praxi_ref_at (x, from + (first - begin) * x->strides[last]), x->strides[last],
              to + first * y->strides[last], end - first);
  for (int64_t i = first > 0 ? 0 : end; i < n; i = i + 1 == first ? end : i + 1) {
    const int64_t at = source (op->pad_mode, i - begin, dim);
    const void *element = at >= 0 ? praxi_ref_at (x, from + at * x->strides[last]) : p->constant;
    memcpy (praxi_ref_at (y, to + i * y->strides[last]), element, praxi_dtype_size (x->dtype));
  }
}

static void
pad_all (const PraxiOp *op, const Padding *p)
{
  const PraxiTensor *x = p->x, *y = p->y;
  int64_t index[PRAXI_MAX_RANK] = {0};
  for (;;) {
    int64_t from = 0, to = 0;
    bool is_inside = true;
    for (int d = 0; d < x->rank - 1; d++) {
      const int64_t at = source (op->pad_mode, index[d] - op->pads_begin[d], x->dims[d]);
      is_inside = is_inside && at >= 0;
      from += at * x->strides[d];
      to += index[d] * y->strides[d];
    }
    pad_line (op, p, is_inside, from, to);
    int d = x->rank - 2;
    while (d >= 0 && ++index[d] == y->dims[d])
      index[d--] = 0;
    if (d < 0)
      return;
  }
}

PraxiStatus
praxi_ref_pad (const PraxiRefCall *call)
{
  const PraxiTensor *x = call->in[0], *y = call->out[0], *value = praxi_ref_input (call, 2);
  int64_t constant = 0, count = 0;
  praxi_store (&constant, x->dtype, 0, call->op->value);
  const Padding padding = {x, y, value != NULL ? value->data : &constant};
  praxi_tensor_count (y, &count);
  if (x->rank == 0)
    praxi_tensor_copy (x, y);
  else if (count > 0)
    pad_all (call->op, &padding);
  return PRAXI_OK;
}
