/* TopK: the k largest (or smallest) elements along op->axis, in falling (rising) order, and their
 * places; of equal ones the first comes first. NaN ranks above all numbers.
 * scratch: the places of one line, s64
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

typedef struct {
  const PraxiTensor *x;
  int64_t at, step;
  bool largest;
} Line;

static int
compare_values (const PraxiTensor *x, int64_t i, int64_t j)
{
  if (praxi_dtype_is_float (x->dtype)) {
    const double a = praxi_load (x->data, x->dtype, i), b = praxi_load (x->data, x->dtype, j);
    if (isnan (a) || isnan (b))
      return isnan (a) - isnan (b);
    return (a > b) - (a < b);
  }
  const int64_t a = praxi_load_int (x->data, x->dtype, i);
  const int64_t b = praxi_load_int (x->data, x->dtype, j);
  if (x->dtype == PRAXI_U64)
    return ((uint64_t) a > (uint64_t) b) - ((uint64_t) a < (uint64_t) b);
  return (a > b) - (a < b);
}

/* Whether place a comes before place b in the result. */
static bool
comes_before (const Line *line, int64_t a, int64_t b)
{
  const int order = compare_values (line->x, line->at + a * line->step, line->at + b * line->step);
  if (order != 0)
    return line->largest ? order > 0 : order < 0;
  return a < b;
}

static void
sift_down (const Line *line, int64_t *places, int64_t root, int64_t n)
{
  for (int64_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
    if (child + 1 < n && comes_before (line, places[child], places[child + 1]))
      child++;
    if (!comes_before (line, places[root], places[child]))
      return;
    const int64_t place = places[root];
    places[root] = places[child];
    places[child] = place;
    root = child;
  }
}

/* Heapsort: no allocation, never quadratic. */
static void
sort_places (const Line *line, int64_t *places, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    places[i] = i;
  for (int64_t root = n / 2 - 1; root >= 0; root--)
    sift_down (line, places, root, n);
  for (int64_t end = n - 1; end > 0; end--) {
    const int64_t place = places[0];
    places[0] = places[end];
    places[end] = place;
    sift_down (line, places, 0, end);
  }
}

size_t
praxi_ref_topk_scratch_bytes (const PraxiOp *op, const PraxiTensor *in)
{
  return (size_t) in->dims[op->axis] * sizeof (int64_t);
}

PraxiStatus
praxi_ref_topk (const PraxiRefCall *call)
{
  const PraxiOp *op = call->op;
  const PraxiTensor *x = call->in[0], *values = call->out[0];
  const PraxiTensor *indices = call->n_out > 1 ? call->out[1] : values;
  const int64_t axis = op->axis, k = values->dims[axis];
  PraxiTensor lines[] = {*values, *x, *indices};
  for (int i = 0; i < 3; i++)
    lines[i].dims[axis] = k > 0 ? 1 : 0;
  PraxiRows rows = praxi_rows_over (&lines[0]);
  praxi_rows_add (&rows, &lines[1]);
  praxi_rows_add (&rows, &lines[2]);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++) {
      const Line line = {x, rows.at[1] + i * rows.step[1], x->strides[axis], op->largest};
      int64_t *places = call->scratch;
      sort_places (&line, places, x->dims[axis]);
      for (int64_t j = 0; j < k; j++) {
        const int64_t to = rows.at[0] + i * rows.step[0] + j * values->strides[axis];
        memcpy (praxi_ref_at (values, to), praxi_ref_at (x, line.at + places[j] * line.step),
                praxi_dtype_size (x->dtype));
        if (call->n_out > 1)
          praxi_store_int (indices->data, PRAXI_S64,
                           rows.at[2] + i * rows.step[2] + j * indices->strides[axis], places[j]);
      }
    }
  return PRAXI_OK;
}
