/* Reductions and global pools of floats in any dense layout.
 *
 *   y[kept] = mean, sum, max or min of x over the reduced axes
 *
 * In memory's order the axes of x merge into runs that are kept or reduced in turn. Each part of
 * the output is a walk over the kept runs; within it the reduced ones are summed, either along a
 * row (the innermost run is reduced) or column by column (it is kept).
 */
#include "kernels/cpu/cpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reduction.h"

enum { SPLIT_ELEMENTS = 16384 };

typedef struct {
  int64_t n, in_step, out_step;
} Run;

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  PraxiOpKind kind; /* SUM, MAX or MIN */
  float scale;      /* 1 / count for means, else 1 */
  int n_kept, n_reduced;
  Run kept[PRAXI_MAX_RANK], reduced[PRAXI_MAX_RANK]; /* outer first; without the innermost */
  Run inner;                                         /* innermost of x, in_step 1 */
  size_t row_floats;                                 /* scratch of a thread; 0: straight to out */
  bool inner_kept;
  int64_t n_outer; /* product of kept */
  bool splits;
} ReduceKernel;

typedef struct {
  const ReduceKernel *kernel;
  const float *in;
  float *out;
  float *rows; /* [n_threads][row_floats] */
} Job;

static float
neutral (PraxiOpKind kind)
{
  return kind == PRAXI_OP_REDUCE_MAX ? -INFINITY : kind == PRAXI_OP_REDUCE_MIN ? INFINITY : 0;
}

static float
join (PraxiOpKind kind, float a, float b)
{
  if (kind == PRAXI_OP_REDUCE_MAX)
    return b > a || isnan (b) ? b : a;
  if (kind == PRAXI_OP_REDUCE_MIN)
    return b < a || isnan (b) ? b : a;
  return a + b;
}

/* All reduced runs but the last, which the loops take at once. */
static void
reduce_from (const ReduceKernel *kernel, const float *in, float *out, int depth)
{
  const Run *run = &kernel->reduced[depth];
  if (depth + 1 < kernel->n_reduced) {
    for (int64_t i = 0; i < run->n; i++)
      reduce_from (kernel, in + i * run->in_step, out, depth + 1);
  } else if (kernel->inner_kept) {
    if (kernel->n_reduced == 0)
      kernel->loops->reduce_columns (kernel->kind, in, 0, 1, out, kernel->inner.n);
    else
      kernel->loops->reduce_columns (kernel->kind, in, run->in_step, run->n, out, kernel->inner.n);
  } else {
    const int64_t rows = kernel->n_reduced == 0 ? 1 : run->n;
    for (int64_t i = 0; i < rows; i++)
      *out =
          join (kernel->kind, *out,
                kernel->loops->reduce_row (kernel->kind, in + i * run->in_step, kernel->inner.n));
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const ReduceKernel *kernel = job->kernel;
  const int64_t width = kernel->inner_kept ? kernel->inner.n : 1;
  int64_t begin, end;
  praxi_cpu_share (kernel->n_outer, i, n, &begin, &end);
  for (int64_t at = begin; at < end; at++) {
    const float *in = job->in;
    float *out = job->out;
    int64_t rest = at;
    for (int d = kernel->n_kept - 1; d >= 0; d--) {
      in += rest % kernel->kept[d].n * kernel->kept[d].in_step;
      out += rest % kernel->kept[d].n * kernel->kept[d].out_step;
      rest /= kernel->kept[d].n;
    }
    float *row = kernel->row_floats ? job->rows + (size_t) i * kernel->row_floats : out;
    for (int64_t c = 0; c < width; c++)
      row[c] = neutral (kernel->kind);
    reduce_from (kernel, in, row, 0);
    if (kernel->scale != 1)
      for (int64_t c = 0; c < width; c++)
        row[c] *= kernel->scale;
    for (int64_t c = 0; row != out && c < width; c++)
      out[c * kernel->inner.out_step] = row[c];
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const ReduceKernel *kernel = (ReduceKernel *) base;
  Job job = {kernel, in[0]->data, out[0]->data, scratch};
  praxi_pool_run (kernel->splits ? pool : NULL, run_part, &job);
  return PRAXI_OK;
}

/* Where each axis of x went: the output's stride, 0 for reduced ones. */
static void
map_axes (const CpuPlace *place, int64_t *out_steps, bool *reduced)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  const bool keeps = y->rank == x->rank;
  for (int axis = 0, to = 0; axis < x->rank; axis++) {
    reduced[axis] = praxi_reduction_takes (place->op, axis);
    out_steps[axis] = reduced[axis] ? 0 : y->strides[to];
    to += keeps || !reduced[axis];
  }
}

/* Axes of x from the outermost in memory to the innermost, without those of length 1. */
static int
order_axes (const PraxiTensor *x, int *order)
{
  int n = 0;
  for (int axis = 0; axis < x->rank; axis++) {
    if (x->dims[axis] == 1)
      continue;
    int at = n++;
    for (; at > 0 && x->strides[order[at - 1]] < x->strides[axis]; at--)
      order[at] = order[at - 1];
    order[at] = axis;
  }
  return n;
}

static void
plan_runs (ReduceKernel *kernel, const CpuPlace *place)
{
  const PraxiTensor *x = place->in[0];
  int64_t out_steps[PRAXI_MAX_RANK];
  bool reduced[PRAXI_MAX_RANK];
  int order[PRAXI_MAX_RANK];
  map_axes (place, out_steps, reduced);
  const int n = order_axes (x, order);
  int last = n - 1;
  kernel->inner = (Run){1, 1, 1};
  kernel->inner_kept = n == 0 || !reduced[order[last]];
  /* The innermost run takes as many axes as are of its kind and lie in a row. */
  for (; last >= 0; last--) {
    const int axis = order[last];
    if (reduced[axis] == kernel->inner_kept || x->strides[axis] != kernel->inner.n)
      break;
    if (kernel->inner.n == 1)
      kernel->inner.out_step = out_steps[axis];
    else if (kernel->inner_kept && out_steps[axis] != kernel->inner.n * kernel->inner.out_step)
      break;
    kernel->inner.n *= x->dims[axis];
  }
  if (last == n - 1)
    kernel->inner_kept = true; /* columns of one number */
  kernel->n_outer = 1;
  for (int i = 0; i <= last; i++) {
    const int axis = order[i];
    const Run run = {x->dims[axis], x->strides[axis], out_steps[axis]};
    if (reduced[axis]) {
      kernel->reduced[kernel->n_reduced++] = run;
    } else {
      kernel->kept[kernel->n_kept++] = run;
      kernel->n_outer *= run.n;
    }
  }
}

static int64_t
count_reduced (const CpuPlace *place)
{
  int64_t n = 1;
  for (int axis = 0; axis < place->in[0]->rank; axis++)
    if (praxi_reduction_takes (place->op, axis))
      n *= place->in[0]->dims[axis];
  return n;
}

PraxiStatus
praxi_cpu_reduce (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiOpKind kind = praxi_reduction_kind (place->op->kind);
  const bool is_mean = kind == PRAXI_OP_REDUCE_MEAN;
  if (place->op->kind == PRAXI_OP_GLOBAL_AVERAGE_POOL && praxi_dtype_is_byte (place->in[0]->dtype))
    return place->op->n_chain > 0 ? praxi_cpu_mean_chain (place, out)
                                  : praxi_cpu_mean_bytes (place, out);
  if (place->in[0]->dtype != PRAXI_F32 || place->out[0]->dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  ReduceKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base.name = "reduce-f32";
  kernel->base.run = run;
  kernel->loops = place->loops;
  kernel->kind = is_mean ? PRAXI_OP_REDUCE_SUM : kind;
  plan_runs (kernel, place);
  const int64_t count = count_reduced (place);
  kernel->scale = is_mean ? 1 / (float) count : 1;
  const int64_t width = kernel->inner_kept ? kernel->inner.n : 1;
  if (width > 1 && kernel->inner.out_step != 1)
    kernel->row_floats = praxi_cpu_round_up ((size_t) width, 16);
  kernel->base.scratch_bytes = sizeof (float) * kernel->row_floats * (size_t) place->n_threads;
  kernel->splits =
      kernel->n_outer >= place->n_threads && kernel->n_outer * width * count >= SPLIT_ELEMENTS;
  return PRAXI_OK;
}
