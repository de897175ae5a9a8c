/* Softmax of floats along an axis whose elements lie in a row.
 *
 *   y = e^(x − m) / Σ e^(x − m), m the maximum of the line
 */
#include "kernels/cpu/cpu.h"
#include "kernels/rows.h"

#include <stdlib.h>

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  int64_t axis;
} SoftmaxKernel;

static void
run_line (const CpuLoops *loops, const float *x, float *y, int64_t n)
{
  const UnaryOp exponential = {.kind = PRAXI_OP_EXP};
  const float max = loops->reduce_row (PRAXI_OP_REDUCE_MAX, x, n);
  loops->binary (PRAXI_OP_SUB, x, 1, &max, 0, y, n);
  loops->unary (&exponential, y, y, n);
  const float scale = 1 / loops->reduce_row (PRAXI_OP_REDUCE_SUM, y, n);
  loops->binary (PRAXI_OP_MUL, y, 1, &scale, 0, y, n);
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const SoftmaxKernel *kernel = (SoftmaxKernel *) base;
  PraxiTensor lines = *in[0], lines_out = *out[0];
  lines.dims[kernel->axis] = lines_out.dims[kernel->axis] = 1;
  PraxiRows rows = praxi_rows_over (&lines_out);
  praxi_rows_add (&rows, &lines);
  while (praxi_rows_next (&rows))
    for (int64_t i = 0; i < rows.length; i++)
      run_line (kernel->loops, (const float *) in[0]->data + rows.at[1] + i * rows.step[1],
                (float *) out[0]->data + rows.at[0] + i * rows.step[0], in[0]->dims[kernel->axis]);
  return PRAXI_OK;
}

PraxiStatus
praxi_cpu_softmax (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  const int64_t axis = place->op->axis;
  if (x->dtype != PRAXI_F32 || x->rank < 1 || x->strides[axis] != 1 || y->strides[axis] != 1)
    return PRAXI_STATUS_UNSUPPORTED;
  SoftmaxKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "softmax-f32", .run = run};
  kernel->loops = place->loops;
  kernel->axis = axis;
  return PRAXI_OK;
}
