/* The gradient of a Conv by its weights, as sums of outer products over pixels.
 *
 *   dw[o, c, k] = Σ_n Σ_p dy[n, p, o] x[n, p · stride − pad + k · dilation, c]
 *   x, dy f32 [N,(T,)H,W,C] in memory; dw [O,C/group,k…]
 *
 * Threads share the rows (k, c) of the sums and each reads all pixels in the same order, so that
 * the result does not depend on their number.
 */
#include "kernels/cpu/conv-shape.h"
#include "kernels/cpu/dense.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_PIXELS = 128 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  WeightSteps steps;
  DensePack pack; /* of the sums: as weights would be packed, in scratch */
  int32_t *offsets;
} GradientKernel;

typedef struct {
  const GradientKernel *kernel;
  const char *x;
  const float *dy;
  float *dw;
  char *sums;
} Job;

/* Rows [c, c + n) of one tap of one chunk of channels. */
typedef struct {
  const DenseChunk *chunk;
  int64_t tap, c, n;
} Rows;

static float *
sums_of (const Job *job, const Rows *rows)
{
  const GradientKernel *kernel = job->kernel;
  const int64_t row = rows->tap * kernel->pack.group_in + rows->c;
  return (float *) (void *) (job->sums + rows->chunk->weights_at) +
         row * rows->chunk->blocks * kernel->loops->lanes;
}

/* The rows from at on, as far as one tap goes; counts chunk by chunk, tap by tap. */
static Rows
rows_at (const GradientKernel *kernel, int64_t at, int64_t end)
{
  const DensePack *pack = &kernel->pack;
  const int64_t tap = at / pack->group_in, c = at % pack->group_in;
  const int64_t left = pack->group_in - c;
  return (Rows){&pack->chunks[tap / pack->taps], tap % pack->taps, c,
                left < end - at ? left : end - at};
}

/* What a run of pixels of one output plane adds to rows. */
static void
add_pixels (const Job *job, const Rows *rows, int64_t plane, int64_t pixel, int64_t n)
{
  const GradientKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t n_pixels = s->out[1] * s->out[2];
  const int64_t from = praxi_cpu_conv_plane (s, plane, rows->tap / s->taps);
  if (from < 0)
    return;
  const int64_t at = from * s->in[1] * s->in[2] * s->in_channels +
                     rows->chunk->group * kernel->pack.group_in + rows->c;
  const OuterCall call = {.plane = job->x + at * (int64_t) sizeof (float),
                          .offsets = kernel->offsets + rows->tap % s->taps * n_pixels + pixel,
                          .dy = job->dy + (plane * n_pixels + pixel) * s->out_channels +
                                rows->chunk->channel,
                          .dy_step = s->out_channels,
                          .n_pixels = (int) n,
                          .rows = (int) rows->n,
                          .blocks = rows->chunk->blocks,
                          .n_channels = rows->chunk->n_channels,
                          .sum = sums_of (job, rows)};
  kernel->loops->outer_f32 (&call);
}

static void
store_rows (const Job *job, const Rows *rows)
{
  const WeightSteps *steps = &job->kernel->steps;
  const int width = rows->chunk->blocks * job->kernel->loops->lanes;
  const float *sum = sums_of (job, rows);
  for (int64_t i = 0; i < rows->n; i++, sum += width) {
    float *to = job->dw + rows->chunk->channel * steps->out + (rows->c + i) * steps->in +
                rows->tap * steps->tap;
    for (int o = 0; o < rows->chunk->n_channels; o++)
      to[o * steps->out] = sum[o];
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const GradientKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t n_pixels = s->out[1] * s->out[2];
  const int lanes = kernel->loops->lanes;
  int64_t begin, end;
  praxi_cpu_share (kernel->pack.n_chunks * kernel->pack.taps * kernel->pack.group_in, i, n, &begin,
                   &end);
  Rows rows;
  for (int64_t at = begin; at < end; at += rows.n) {
    rows = rows_at (kernel, at, end);
    memset (sums_of (job, &rows), 0,
            sizeof (float) * (size_t) (rows.n * rows.chunk->blocks * lanes));
  }
  for (int64_t plane = 0; plane < s->batch * s->out[0]; plane++)
    for (int64_t pixel = 0; pixel < n_pixels; pixel += CHUNK_PIXELS)
      for (int64_t at = begin; at < end; at += rows.n) {
        rows = rows_at (kernel, at, end);
        add_pixels (job, &rows, plane, pixel,
                    n_pixels - pixel < CHUNK_PIXELS ? n_pixels - pixel : CHUNK_PIXELS);
      }
  for (int64_t at = begin; at < end; at += rows.n) {
    rows = rows_at (kernel, at, end);
    store_rows (job, &rows);
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  Job job = {(GradientKernel *) base, in[0]->data, in[1]->data, out[0]->data, scratch};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  GradientKernel *kernel = (GradientKernel *) base;
  praxi_cpu_pack_clear (&kernel->pack);
  free (kernel->offsets);
}

PraxiStatus
praxi_cpu_conv_weight_gradient (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiStatus depthwise = praxi_cpu_conv_depthwise_weight_gradient (place, out);
  if (depthwise != PRAXI_STATUS_UNSUPPORTED)
    return depthwise;
  ConvShape s;
  const PraxiTensor *x = place->in[0], *dy = praxi_cpu_input (place, 1), *dw = place->out[0];
  if (!praxi_cpu_conv_shape (&place->op->window, x, dw, dy, &s) || x->dtype != PRAXI_F32 ||
      dy->dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  GradientKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "conv-weight-gradient", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->shape = s;
  kernel->steps = praxi_cpu_weight_steps (&s, dw);
  kernel->pack = (DensePack){.loops = place->loops,
                             .groups = s.groups,
                             .group_in = s.in_channels / s.groups,
                             .group_out = s.out_channels / s.groups,
                             .taps = s.kernel[0] * s.taps};
  kernel->offsets = praxi_cpu_conv_offsets (&s, s.in_channels * (int64_t) sizeof (float));
  if (!kernel->offsets)
    return PRAXI_STATUS_MEMORY;
  const PraxiStatus status = praxi_cpu_pack_plan (&kernel->pack);
  kernel->base.scratch_bytes = kernel->pack.weights_bytes;
  return status;
}
