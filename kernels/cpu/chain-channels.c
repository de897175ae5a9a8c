/* A Chain from bytes to bytes whose other operands are one number a channel, as behind
 * squeeze-and-excitation: what becomes of a byte is then a table for each channel, which the chain
 * itself fills in every run.
 *
 *   y[n, p, c] = table[n, c][x[n, p, c]]     x, y u8 or s8, channels-last
 */
#include "kernels/cpu/chain-row.h"

#include <stdlib.h>

/* Fewer pixels are fewer than the tables' entries would pay for. */
enum { LEAST_PIXELS = 512, ENTRIES = 256 };

typedef struct {
  PraxiKernel base;
  CpuChain chain;
  int bytes; /* which input they are */
  int64_t batch, channels, pixels;
  int64_t clip_step[PRAXI_CHAIN_INPUTS], channel_step[PRAXI_CHAIN_INPUTS]; /* of the others */
} ChannelsKernel;

typedef struct {
  const ChannelsKernel *kernel;
  const PraxiTensor *const *in;
  uint8_t *tables; /* [channels][256] */
  int64_t clip;
  uint8_t *out;
} Job;

static void
fill_tables (void *data, int i, int n)
{
  const Job *job = data;
  const ChannelsKernel *kernel = job->kernel;
  uint8_t each[ENTRIES];
  for (int k = 0; k < ENTRIES; k++)
    each[k] = (uint8_t) k;
  int64_t begin, end;
  praxi_cpu_share (kernel->channels, i, n, &begin, &end);
  for (int64_t c = begin; c < end; c++) {
    const void *x[PRAXI_CHAIN_INPUTS];
    int step[PRAXI_CHAIN_INPUTS];
    for (int k = 0; k < kernel->base.n_in; k++) {
      step[k] = k == kernel->bytes;
      x[k] = step[k] ? (const void *) each
                     : (const float *) job->in[k]->data + job->clip * kernel->clip_step[k] +
                           c * kernel->channel_step[k];
    }
    praxi_cpu_chain_row (&kernel->chain, job->tables + c * ENTRIES, x, step, ENTRIES);
  }
}

static void
look_up (void *data, int i, int n)
{
  const Job *job = data;
  const ChannelsKernel *kernel = job->kernel;
  int64_t begin, end;
  praxi_cpu_share (kernel->pixels, i, n, &begin, &end);
  const int64_t at = (job->clip * kernel->pixels + begin) * kernel->channels;
  kernel->chain.loops->look_up_columns (job->tables, (int) kernel->channels,
                                        (const uint8_t *) job->in[kernel->bytes]->data + at,
                                        job->out + at, end - begin);
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const ChannelsKernel *kernel = (ChannelsKernel *) base;
  Job job = {.kernel = kernel, .in = in, .tables = scratch, .out = out[0]->data};
  for (; job.clip < kernel->batch; job.clip++) {
    praxi_pool_run (pool, fill_tables, &job);
    praxi_pool_run (pool, look_up, &job);
  }
  return PRAXI_OK;
}

/* Floats of the output's rank that say the same everywhere in a channel. */
static bool
is_by_channel (const PraxiTensor *tensor, const PraxiTensor *out)
{
  bool is = tensor->dtype == PRAXI_F32 && tensor->rank == out->rank;
  for (int d = 2; is && d < tensor->rank; d++)
    is = tensor->dims[d] == 1;
  return is;
}

/* Which input the bytes are; −1: this kernel cannot do it. */
static int
find_bytes (const CpuPlace *place)
{
  const PraxiTensor *out = place->out[0];
  int bytes = -1;
  for (int k = 0; k < place->n_in; k++) {
    const PraxiTensor *in = place->in[k];
    if (praxi_dtype_is_byte (in->dtype) && bytes < 0 && praxi_tensor_is_same_shape (in, out) &&
        praxi_cpu_is_channels_last (in))
      bytes = k;
    else if (!is_by_channel (in, out))
      return -1;
  }
  return bytes;
}

PraxiStatus
praxi_cpu_chain_channels (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *y = place->out[0];
  if (y->rank < 3 || y->rank > 5 || !praxi_dtype_is_byte (y->dtype) ||
      !praxi_cpu_is_channels_last (y))
    return PRAXI_STATUS_UNSUPPORTED;
  int64_t pixels = 1;
  for (int d = 2; d < y->rank; d++)
    pixels *= y->dims[d];
  const int bytes = find_bytes (place);
  if (bytes < 0 || pixels < LEAST_PIXELS)
    return PRAXI_STATUS_UNSUPPORTED;
  ChannelsKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "chain-channels", .run = run};
  praxi_cpu_chain_init (&kernel->chain, place);
  kernel->bytes = bytes;
  kernel->batch = y->dims[0];
  kernel->channels = y->dims[1];
  kernel->pixels = pixels;
  kernel->base.scratch_bytes = (size_t) y->dims[1] * ENTRIES;
  for (int k = 0; k < place->n_in; k++) {
    kernel->clip_step[k] = place->in[k]->dims[0] > 1 ? place->in[k]->strides[0] : 0;
    kernel->channel_step[k] = place->in[k]->dims[1] > 1 ? place->in[k]->strides[1] : 0;
  }
  return PRAXI_OK;
}
