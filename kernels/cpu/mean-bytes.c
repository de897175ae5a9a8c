/* GlobalAveragePool of bytes, channels-last.
 *
 *   y[n, c] = (float) Σ_p (x[n, p, c] − zero) · (scale / pixels)     x u8 or s8, y f32
 *
 * Threads share pixels; their sums are whole numbers, so that the order is free.
 */
#include "kernels/cpu/cpu.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SPLIT_BYTES = 16384, MOST_PIXELS = INT_MAX / 256 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  int64_t batch, channels, pixels;
  int32_t zero; /* of x as u8: s8 has its highest bit turned over */
  float scale;  /* scale / pixels */
  bool is_signed, splits;
} MeanKernel;

typedef struct {
  const MeanKernel *kernel;
  const uint8_t *x;
  int32_t *sums; /* [threads][channels] */
} Job;

static void
sum_part (void *data, int i, int n)
{
  const Job *job = data;
  const MeanKernel *kernel = job->kernel;
  int32_t *sums = job->sums + i * kernel->channels;
  int64_t begin, end;
  praxi_cpu_share (kernel->pixels, i, n, &begin, &end);
  memset (sums, 0, (size_t) kernel->channels * sizeof *sums);
  kernel->loops->sum_bytes (job->x + begin * kernel->channels, kernel->is_signed, end - begin, sums,
                            kernel->channels);
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const MeanKernel *kernel = (MeanKernel *) base;
  const int n_parts = kernel->splits ? praxi_pool_threads (pool) : 1;
  for (int64_t n = 0; n < kernel->batch; n++) {
    Job job = {kernel, (const uint8_t *) in[0]->data + n * kernel->pixels * kernel->channels,
               scratch};
    float *y = (float *) out[0]->data + n * kernel->channels;
    praxi_pool_run (kernel->splits ? pool : NULL, sum_part, &job);
    for (int64_t c = 0; c < kernel->channels; c++) {
      int32_t sum = (int32_t) -kernel->pixels * kernel->zero;
      for (int i = 0; i < n_parts; i++)
        sum += job.sums[i * kernel->channels + c];
      y[c] = (float) sum * kernel->scale;
    }
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_cpu_mean_bytes (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *x = place->in[0];
  const int64_t pixels = praxi_cpu_mean_pixels (place);
  if (pixels == 0 || pixels > MOST_PIXELS)
    return PRAXI_STATUS_UNSUPPORTED;
  MeanKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "mean-bytes", .run = run};
  kernel->loops = place->loops;
  kernel->batch = x->dims[0];
  kernel->channels = x->dims[1];
  kernel->pixels = pixels;
  kernel->is_signed = x->dtype == PRAXI_S8;
  kernel->zero = (int32_t) place->op->value + (kernel->is_signed ? 128 : 0);
  kernel->scale = place->op->alpha / (float) pixels;
  kernel->splits = place->n_threads > 1 && pixels * kernel->channels >= SPLIT_BYTES;
  kernel->base.scratch_bytes =
      sizeof (int32_t) * (size_t) (kernel->channels * (kernel->splits ? place->n_threads : 1));
  return PRAXI_OK;
}
