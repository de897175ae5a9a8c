/* Data movement between any strides: Identity (also from one layout to another), Transpose, Slice,
 * Expand, Concat, and the reshaping operators on row-major memory.
 *
 * Every one of them is a copy from views of the inputs to views of the output.
 */
#include "kernels/cpu/cpu.h"
#include "kernels/rows.h"

#include <stdlib.h>
#include <string.h>

enum { SPLIT_BYTES = 65536, MAX_INPUTS = 64 };

typedef struct {
  PraxiKernel base;
  PraxiOp op;
  size_t element;
  int n_inputs;
  bool splits;
} MoveKernel;

typedef struct {
  PraxiTensor from, to;
  size_t element;
} Job;

static size_t
element_bytes (PraxiDType dtype)
{
  switch (dtype) {
  case PRAXI_U8:
  case PRAXI_S8:
  case PRAXI_BOOL:
    return 1;
  case PRAXI_F16:
  case PRAXI_BF16:
  case PRAXI_U16:
  case PRAXI_S16:
    return 2;
  case PRAXI_F64:
  case PRAXI_U64:
  case PRAXI_S64:
    return 8;
  default:
    return 4;
  }
}

/* They copy what was written as another type. */
typedef uint16_t __attribute__ ((may_alias)) Bits16;
typedef uint32_t __attribute__ ((may_alias)) Bits32;
typedef uint64_t __attribute__ ((may_alias)) Bits64;

#define COPY_STRIDED(type)                                                                         \
  static void copy_##type (const void *from, int64_t from_step, void *to, int64_t to_step,         \
                           int64_t n)                                                              \
  {                                                                                                \
    const type *restrict x = from;                                                                 \
    type *restrict y = to;                                                                         \
    for (int64_t i = 0; i < n; i++)                                                                \
      y[i * to_step] = x[i * from_step];                                                           \
  }

COPY_STRIDED (uint8_t)
COPY_STRIDED (Bits16)
COPY_STRIDED (Bits32)
COPY_STRIDED (Bits64)

static void
copy_row (const void *from, int64_t from_step, void *to, int64_t to_step, int64_t n, size_t element)
{
  if (from_step == 1 && to_step == 1)
    memcpy (to, from, (size_t) n * element);
  else if (element == 1)
    copy_uint8_t (from, from_step, to, to_step, n);
  else if (element == 2)
    copy_Bits16 (from, from_step, to, to_step, n);
  else if (element == 4)
    copy_Bits32 (from, from_step, to, to_step, n);
  else
    copy_Bits64 (from, from_step, to, to_step, n);
}

/* n rows of length elements; steps are those from element to element and from row to row. */
typedef struct {
  const char *from;
  char *to;
  int64_t n, length, from_step, to_step, from_row, to_row;
  size_t element;
} Plane;

/* Rows that are columns in memory: short runs of columns at a time, so that what is written stays
 * in the cache.
 */
static void
transpose_plane (const Plane *p)
{
  enum { RUN = 64 };
  const int64_t bytes = (int64_t) p->element;
  for (int64_t row = 0; row < p->n; row += RUN) {
    const int64_t n = p->n - row < RUN ? p->n - row : RUN;
    for (int64_t i = 0; i < p->length; i++)
      copy_row (p->from + (row * p->from_row + i * p->from_step) * bytes, p->from_row,
                p->to + (row * p->to_row + i * p->to_step) * bytes, p->to_row, n, p->element);
  }
}

static void
copy_plane (const Plane *p)
{
  const int64_t bytes = (int64_t) p->element;
  if (p->from_step != 1 && p->from_row == 1) {
    transpose_plane (p);
    return;
  }
  for (int64_t row = 0; row < p->n; row++)
    copy_row (p->from + row * p->from_row * bytes, p->from_step, p->to + row * p->to_row * bytes,
              p->to_step, p->length, p->element);
}

/* The two innermost dimensions, as the walk has sorted and merged them, are a plane. */
static void
copy_view (const PraxiTensor *from, const PraxiTensor *to, size_t element)
{
  const int64_t bytes = (int64_t) element;
  PraxiRows rows = praxi_rows_over (to);
  praxi_rows_add (&rows, from);
  if (!praxi_rows_next (&rows))
    return;
  const int row = rows.rank - 2;
  Plane plane = {.n = row >= 0 ? rows.dims[row] : 1,
                 .length = rows.length,
                 .from_step = rows.step[1],
                 .to_step = rows.step[0],
                 .from_row = row >= 0 ? rows.strides[1][row] : 0,
                 .to_row = row >= 0 ? rows.strides[0][row] : 0,
                 .element = element};
  int64_t index[PRAXI_MAX_RANK] = {0}, at[2] = {0};
  int d;
  do {
    plane.from = (const char *) from->data + at[1] * bytes;
    plane.to = (char *) to->data + at[0] * bytes;
    copy_plane (&plane);
    for (d = row - 1; d >= 0; d--) {
      const bool carry = ++index[d] == rows.dims[d];
      for (int k = 0; k < 2; k++)
        at[k] += rows.strides[k][d] * (carry ? 1 - rows.dims[d] : 1);
      if (!carry)
        break;
      index[d] = 0;
    }
  } while (d >= 0);
}

/* The part of the longest axis that falls to a thread. */
static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  PraxiTensor from = job->from, to = job->to;
  int axis = 0;
  for (int d = 1; d < to.rank; d++)
    if (to.dims[d] >= n && to.dims[d] * to.strides[d] > to.dims[axis] * to.strides[axis])
      axis = d;
  int64_t begin, end;
  praxi_cpu_share (to.dims[axis], i, n, &begin, &end);
  if (begin == end)
    return;
  const int own = axis - (to.rank - from.rank);
  to.data = (char *) to.data + begin * to.strides[axis] * (int64_t) job->element;
  to.dims[axis] = end - begin;
  if (own >= 0 && from.dims[own] != 1) {
    from.data = (char *) from.data + begin * from.strides[own] * (int64_t) job->element;
    from.dims[own] = end - begin;
  }
  copy_view (&from, &to, job->element);
}

static void
copy (const MoveKernel *kernel, const PraxiTensor *from, const PraxiTensor *to, PraxiPool *pool)
{
  if (!kernel->splits || to->rank == 0) {
    copy_view (from, to, kernel->element);
    return;
  }
  Job job = {*from, *to, kernel->element};
  praxi_pool_run (pool, run_part, &job);
}

/* Whether a part was made where it belongs. */
static bool
is_in_place (const PraxiTensor *in, const PraxiTensor *part)
{
  bool same = in->data == part->data;
  for (int d = 0; d < part->rank; d++)
    same = same && (in->strides[d] == part->strides[d] || part->dims[d] == 1);
  return same;
}

static void
concat (const MoveKernel *kernel,
        const PraxiTensor *const *in,
        const PraxiTensor *out,
        PraxiPool *pool)
{
  const int64_t axis = kernel->op.axis;
  PraxiTensor part = *out;
  for (int i = 0; i < kernel->n_inputs; i++) {
    part.dims[axis] = in[i]->dims[axis];
    if (!is_in_place (in[i], &part))
      copy (kernel, in[i], &part, pool);
    part.data =
        (char *) part.data + part.dims[axis] * part.strides[axis] * (int64_t) kernel->element;
  }
}

static bool
is_reshape (PraxiOpKind kind)
{
  return kind == PRAXI_OP_RESHAPE || kind == PRAXI_OP_FLATTEN || kind == PRAXI_OP_SQUEEZE ||
         kind == PRAXI_OP_UNSQUEEZE;
}

/* The input as the output sees it. */
static PraxiTensor
view_of (const MoveKernel *kernel, const PraxiTensor *in, const PraxiTensor *out)
{
  const PraxiOp *op = &kernel->op;
  PraxiTensor view = *in;
  if (op->kind == PRAXI_OP_TRANSPOSE) {
    for (int i = 0; i < out->rank; i++)
      view.strides[i] = in->strides[op->perm[i]];
  } else if (op->kind == PRAXI_OP_SLICE) {
    for (int i = 0; i < op->n_axes; i++) {
      const int64_t axis = op->axes[i];
      view.data =
          (char *) view.data + op->starts[i] * in->strides[axis] * (int64_t) kernel->element;
      view.strides[axis] = in->strides[axis] * op->steps[i];
    }
  } else if (is_reshape (op->kind)) { /* the output's shape on the input's memory */
    view = *out;
    view.data = in->data;
  }
  if (op->kind != PRAXI_OP_EXPAND)
    for (int i = 0; i < out->rank; i++)
      view.dims[i] = out->dims[i];
  return view;
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const MoveKernel *kernel = (MoveKernel *) base;
  if (kernel->op.kind == PRAXI_OP_CONCAT) {
    concat (kernel, in, out[0], pool);
    return PRAXI_OK;
  }
  const PraxiTensor from = view_of (kernel, in[0], out[0]);
  copy (kernel, &from, out[0], pool);
  return PRAXI_OK;
}

static bool
fits (const CpuPlace *place)
{
  const PraxiOp *op = place->op;
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  if (is_reshape (op->kind))
    return praxi_cpu_is_row_major (x) && praxi_cpu_is_row_major (y);
  if (op->kind == PRAXI_OP_SLICE)
    for (int i = 0; i < op->n_axes; i++)
      if (op->starts[i] < 0 || op->starts[i] >= x->dims[op->axes[i]])
        return false;
  if (op->kind == PRAXI_OP_TRANSPOSE)
    return op->n_axes == x->rank;
  if (op->kind == PRAXI_OP_CONCAT)
    for (int i = 0; i < place->n_in; i++)
      if (!place->in[i] || place->in[i]->rank != y->rank || place->n_in > MAX_INPUTS)
        return false;
  return true;
}

PraxiStatus
praxi_cpu_move (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *y = place->out[0];
  if (place->in[0]->dtype != y->dtype || !fits (place))
    return PRAXI_STATUS_UNSUPPORTED;
  MoveKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base.name = "move";
  kernel->base.run = run;
  kernel->op = *place->op;
  kernel->element = element_bytes (y->dtype);
  kernel->n_inputs = place->n_in;
  int64_t bytes = (int64_t) kernel->element;
  for (int i = 0; i < y->rank; i++)
    bytes *= y->dims[i];
  kernel->splits = bytes >= SPLIT_BYTES;
  return PRAXI_OK;
}
