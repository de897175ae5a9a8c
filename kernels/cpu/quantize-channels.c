/* QuantizeLinear and DequantizeLinear with a scale and zero point for each slice along an axis, of
 * row-major bytes: weights, a channel at a time.
 */
#include "kernels/cpu/cpu.h"

#include <stdlib.h>

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  int64_t outer, channels, inner;
  bool back, is_signed, has_zero;
} ChannelsKernel;

typedef struct {
  const ChannelsKernel *kernel;
  const void *in;
  const float *scales;
  const void *zeros;
  void *out;
} Job;

static int
zero_of (const Job *job, int64_t channel)
{
  if (!job->zeros)
    return 0;
  return job->kernel->is_signed ? ((const int8_t *) job->zeros)[channel]
                                : ((const uint8_t *) job->zeros)[channel];
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const ChannelsKernel *kernel = job->kernel;
  const int low = kernel->is_signed ? -128 : 0;
  int64_t begin, end;
  praxi_cpu_share (kernel->outer * kernel->channels, i, n, &begin, &end);
  for (int64_t slice = begin; slice < end; slice++) {
    const int64_t channel = slice % kernel->channels, at = slice * kernel->inner;
    const float scale = job->scales[channel];
    const int zero = zero_of (job, channel);
    if (kernel->back)
      kernel->loops->dequantize ((const uint8_t *) job->in + at, kernel->is_signed, scale, zero,
                                 (float *) job->out + at, kernel->inner);
    else
      kernel->loops->quantize ((const float *) job->in + at, scale, zero, low, low + 255,
                               (uint8_t *) job->out + at, kernel->inner);
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const ChannelsKernel *kernel = (ChannelsKernel *) base;
  Job job = {kernel, in[0]->data, in[1]->data, kernel->has_zero ? in[2]->data : NULL, out[0]->data};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static bool
is_list (const PraxiTensor *tensor, int64_t n)
{
  return tensor && tensor->rank == 1 && tensor->dims[0] == n && praxi_cpu_is_row_major (tensor);
}

PraxiStatus
praxi_cpu_quantize_channels (const CpuPlace *place, PraxiKernel **out)
{
  const bool back = place->op->kind == PRAXI_OP_DEQUANTIZE_LINEAR;
  const PraxiTensor *x = place->in[0], *y = place->out[0], *bytes = back ? x : y;
  const PraxiTensor *scale = praxi_cpu_input (place, 1), *zero = praxi_cpu_input (place, 2);
  const int64_t axis = place->op->axis;
  if (!praxi_dtype_is_byte (bytes->dtype) || (back ? y : x)->dtype != PRAXI_F32 || axis < 0 ||
      axis >= x->rank || !is_list (scale, x->dims[axis]) || scale->dtype != PRAXI_F32 ||
      (zero && (!is_list (zero, x->dims[axis]) || zero->dtype != bytes->dtype)) ||
      !praxi_cpu_is_row_major (x) || !praxi_cpu_is_row_major (y))
    return PRAXI_STATUS_UNSUPPORTED;
  ChannelsKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base =
      (PraxiKernel){.name = back ? "dequantize-channels" : "quantize-channels", .run = run};
  kernel->loops = place->loops;
  kernel->back = back;
  kernel->is_signed = bytes->dtype == PRAXI_S8;
  kernel->has_zero = zero != NULL;
  kernel->outer = kernel->inner = 1;
  kernel->channels = x->dims[axis];
  for (int d = 0; d < x->rank; d++) {
    kernel->outer *= d < axis ? x->dims[d] : 1;
    kernel->inner *= d > axis ? x->dims[d] : 1;
  }
  return PRAXI_OK;
}
