/* GlobalAveragePool of what a chain makes of bytes, channels-last: its floats are summed where it
 * leaves them, in the first cache.
 *
 *   y[n, c] = Σ_p chain (x[n, p, c]) / pixels     x u8 or s8, y f32
 *
 * Pixels are summed in parts, which do not depend on the threads: neither do the sums. HardSwish,
 * as before squeeze-and-excitation, is summed in registers.
 */
#include "kernels/cpu/chain-row.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 16, LEAST_PIXELS = 64, BLOCK_FLOATS = 1024 };

typedef struct {
  PraxiKernel base;
  CpuChain chain;
  int64_t batch, channels, pixels, block; /* block: pixels at once */
  int n_parts;
  bool is_hard_swish;
  ByteScale scale; /* of x, for it */
} MeanKernel;

typedef struct {
  const MeanKernel *kernel;
  const uint8_t *x;
  float *sums;   /* [n_parts][channels] */
  float *blocks; /* [threads][block][channels] */
} Job;

/* n pixels of x; floats: room for a block of them */
static void
add_pixels (const MeanKernel *kernel, const uint8_t *x, int64_t n, float *floats, float *sums)
{
  const CpuLoops *loops = kernel->chain.loops;
  const int64_t channels = kernel->channels;
  const int step = 1;
  if (kernel->is_hard_swish) {
    loops->sum_hard_swish (&kernel->scale, x, n, sums, channels);
    return;
  }
  for (int64_t p = 0; p < n; p += kernel->block) {
    const int64_t now = n - p < kernel->block ? n - p : kernel->block;
    const void *from = x + p * channels;
    praxi_cpu_chain_row (&kernel->chain, floats, &from, &step, now * channels);
    loops->reduce_columns (PRAXI_OP_REDUCE_SUM, floats, channels, now, sums, channels);
  }
}

static void
sum_part (const Job *job, int part, float *floats)
{
  const MeanKernel *kernel = job->kernel;
  float *sums = job->sums + part * kernel->channels;
  int64_t begin, end;
  praxi_cpu_share (kernel->pixels, part, kernel->n_parts, &begin, &end);
  memset (sums, 0, (size_t) kernel->channels * sizeof *sums);
  add_pixels (kernel, job->x + begin * kernel->channels, end - begin, floats, sums);
}

static void
sum_parts (void *data, int i, int n)
{
  const Job *job = data;
  const MeanKernel *kernel = job->kernel;
  int64_t begin, end;
  praxi_cpu_share (kernel->n_parts, i, n, &begin, &end);
  for (int64_t part = begin; part < end; part++)
    sum_part (job, (int) part, job->blocks + i * kernel->block * kernel->channels);
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const MeanKernel *kernel = (MeanKernel *) base;
  const int64_t channels = kernel->channels;
  float *sums = scratch;
  for (int64_t n = 0; n < kernel->batch; n++) {
    Job job = {kernel, (const uint8_t *) in[0]->data + n * kernel->pixels * channels, sums,
               sums + kernel->n_parts * channels};
    float *y = (float *) out[0]->data + n * channels;
    praxi_pool_run (kernel->n_parts > 1 ? pool : NULL, sum_parts, &job);
    for (int64_t c = 0; c < channels; c++) {
      float sum = 0;
      for (int part = 0; part < kernel->n_parts; part++)
        sum += sums[part * channels + c];
      y[c] = sum * (1 / (float) kernel->pixels);
    }
  }
  return PRAXI_OK;
}

static bool
is_hard_swish (const PraxiOp *op)
{
  return op->n_chain == 2 && op->chain[0].kind == PRAXI_OP_DEQUANTIZE_LINEAR &&
         op->chain[1].kind == PRAXI_OP_HARD_SWISH;
}

PraxiStatus
praxi_cpu_mean_chain (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *x = place->in[0];
  const int64_t pixels = praxi_cpu_mean_pixels (place);
  if (pixels == 0)
    return PRAXI_STATUS_UNSUPPORTED;
  MeanKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "mean-chain", .run = run};
  praxi_cpu_chain_init (&kernel->chain, place);
  kernel->batch = x->dims[0];
  kernel->channels = x->dims[1];
  kernel->pixels = pixels;
  kernel->block = x->dims[1] < BLOCK_FLOATS ? BLOCK_FLOATS / x->dims[1] : 1;
  kernel->is_hard_swish = is_hard_swish (place->op);
  kernel->scale =
      (ByteScale){place->op->chain->alpha, place->op->chain->zero, x->dtype == PRAXI_S8};
  const int64_t parts = pixels / LEAST_PIXELS;
  kernel->n_parts = parts < 1 ? 1 : parts < MOST_PARTS ? (int) parts : MOST_PARTS;
  kernel->base.scratch_bytes =
      sizeof (float) *
      (size_t) (kernel->channels * (kernel->n_parts + kernel->block * place->n_threads));
  return PRAXI_OK;
}
