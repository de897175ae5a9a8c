/* The gradients of a Conv with one filter a channel: group = C = O.
 *
 *   dx[n, q, c] = Σ_k dy[n, p, c] w[c, k]     over the p with p · stride − pad + k · dilation = q
 *   dw[c, k]    = Σ_n Σ_p dy[n, p, c] x[n, p · stride − pad + k · dilation, c]
 *   x, dx, dy f32 [N,(T,)H,W,C] in memory; w, dw [C,1,k…]
 *
 * Threads share pixels of dx, and taps and channels of dw: no sum depends on their number.
 */
#include "kernels/cpu/conv-shape.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_PIXELS = 64, CHUNK_CHANNELS = 64 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  int32_t *offsets;
  float *zeros; /* bias and padding */
} GradientKernel;

typedef struct {
  const GradientKernel *kernel;
  const char *in; /* dy, or x */
  const float *dy;
  float *out, *scratch;
} Job;

static int64_t
width_of (const GradientKernel *kernel)
{
  const size_t channels = (size_t) kernel->shape.in_channels;
  return (int64_t) praxi_cpu_round_up (channels, (size_t) kernel->loops->lanes);
}

static int64_t
taps_of (const ConvShape *s)
{
  return s->kernel[0] * s->taps;
}

static void
run_input_chunk (const Job *job, int64_t plane, int64_t pixel, int64_t n_pixels)
{
  const GradientKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const void *planes[DEPTHWISE_MAX_TAPS];
  const int64_t in_pixels = s->in[1] * s->in[2];
  const int64_t pixel_bytes = s->in_channels * (int64_t) sizeof (float);
  for (int64_t k = 0; k < s->kernel[0]; k++) {
    const int64_t from = praxi_cpu_conv_source_plane (s, plane, k);
    planes[k] = from < 0 ? NULL : job->in + from * s->out[1] * s->out[2] * pixel_bytes;
  }
  const DepthwiseCall call = {.planes = planes,
                              .padding = kernel->zeros,
                              .offsets = kernel->offsets + pixel,
                              .offset_step = in_pixels + 16,
                              .pixel_bytes = pixel_bytes,
                              .n_planes = (int) s->kernel[0],
                              .n_taps = (int) s->taps,
                              .n_pixels = (int) n_pixels,
                              .n_channels = (int) s->in_channels,
                              .weights = job->scratch,
                              .out = job->out + (plane * in_pixels + pixel) * s->in_channels,
                              .epilogue = {.bias = kernel->zeros}};
  kernel->loops->depthwise_f32 (&call);
}

static void
run_input_part (void *data, int i, int n)
{
  const Job *job = data;
  const ConvShape *s = &job->kernel->shape;
  const int64_t n_pixels = s->in[1] * s->in[2];
  int64_t begin, end;
  praxi_cpu_share (s->batch * s->in[0] * n_pixels, i, n, &begin, &end);
  while (begin < end) {
    const int64_t plane = begin / n_pixels, pixel = begin % n_pixels;
    int64_t chunk = n_pixels - pixel < end - begin ? n_pixels - pixel : end - begin;
    if (chunk > CHUNK_PIXELS)
      chunk = CHUNK_PIXELS;
    run_input_chunk (job, plane, pixel, chunk);
    begin += chunk;
  }
}

static PraxiStatus
run_input (PraxiKernel *base,
           const PraxiTensor *const *in,
           const PraxiTensor *const *out,
           void *scratch,
           PraxiPool *pool)
{
  const GradientKernel *kernel = (GradientKernel *) base;
  const int64_t width = width_of (kernel), taps = taps_of (&kernel->shape);
  const float *w = in[1]->data;
  float *weights = scratch; /* [taps][width] */
  for (int64_t c = 0; c < width; c++)
    for (int64_t tap = 0; tap < taps; tap++)
      weights[tap * width + c] = c < kernel->shape.in_channels ? w[c * taps + tap] : 0;
  Job job = {.kernel = kernel, .in = in[0]->data, .out = out[0]->data, .scratch = scratch};
  praxi_pool_run (pool, run_input_part, &job);
  return PRAXI_OK;
}

/* Some channels of one tap. */
typedef struct {
  int64_t tap, c, n;
  float *sum;
} Share;

static Share
share_at (const Job *job, int64_t i)
{
  const int64_t channels = job->kernel->shape.in_channels;
  const int64_t chunks = (channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS;
  const int64_t tap = i / chunks, c = i % chunks * CHUNK_CHANNELS, left = channels - c;
  return (Share){tap, c, left < CHUNK_CHANNELS ? left : CHUNK_CHANNELS,
                 job->scratch + tap * width_of (job->kernel) + c};
}

/* What a run of pixels of one output plane adds. */
static void
add_pixels (const Job *job, const Share *share, int64_t plane, int64_t pixel, int64_t n)
{
  const GradientKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t n_pixels = s->out[1] * s->out[2], channels = s->in_channels;
  const int64_t from = praxi_cpu_conv_plane (s, plane, share->tap / s->taps);
  if (from < 0)
    return;
  const int64_t at = from * s->in[1] * s->in[2] * channels + share->c;
  const InnerCall call = {.plane = job->in + at * (int64_t) sizeof (float),
                          .offsets = kernel->offsets + share->tap % s->taps * n_pixels + pixel,
                          .dy = job->dy + (plane * n_pixels + pixel) * channels + share->c,
                          .dy_step = channels,
                          .n_pixels = (int) n,
                          .n_channels = (int) share->n,
                          .sum = share->sum};
  kernel->loops->inner_f32 (&call);
}

static void
run_weight_part (void *data, int i, int n)
{
  const Job *job = data;
  const ConvShape *s = &job->kernel->shape;
  const int64_t chunks = (s->in_channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS;
  const int64_t n_pixels = s->out[1] * s->out[2], taps = taps_of (s);
  int64_t begin, end;
  praxi_cpu_share (taps * chunks, i, n, &begin, &end);
  for (int64_t k = begin; k < end; k++) {
    const Share share = share_at (job, k);
    memset (share.sum, 0, sizeof *share.sum * (size_t) share.n);
  }
  for (int64_t plane = 0; plane < s->batch * s->out[0]; plane++)
    for (int64_t pixel = 0; pixel < n_pixels; pixel += CHUNK_PIXELS)
      for (int64_t k = begin; k < end; k++) {
        const Share share = share_at (job, k);
        add_pixels (job, &share, plane, pixel,
                    n_pixels - pixel < CHUNK_PIXELS ? n_pixels - pixel : CHUNK_PIXELS);
      }
  for (int64_t k = begin; k < end; k++) {
    const Share share = share_at (job, k);
    for (int64_t c = 0; c < share.n; c++)
      job->out[(share.c + c) * taps + share.tap] = share.sum[c];
  }
}

static PraxiStatus
run_weight (PraxiKernel *base,
            const PraxiTensor *const *in,
            const PraxiTensor *const *out,
            void *scratch,
            PraxiPool *pool)
{
  Job job = {(GradientKernel *) base, in[0]->data, in[1]->data, out[0]->data, scratch};
  praxi_pool_run (pool, run_weight_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  GradientKernel *kernel = (GradientKernel *) base;
  free (kernel->offsets);
  free (kernel->zeros);
}

static int32_t *
all_sources (const ConvShape *s)
{
  const int64_t n_pixels = s->in[1] * s->in[2], n = n_pixels > s->taps ? n_pixels : s->taps;
  int64_t *numbers = praxi_cpu_alloc (sizeof *numbers * (size_t) n);
  for (int64_t i = 0; numbers && i < n; i++)
    numbers[i] = i;
  int32_t *offsets = !numbers
                         ? NULL
                         : praxi_cpu_conv_sources (s, s->in_channels * (int64_t) sizeof (float),
                                                   numbers, s->taps, numbers, n_pixels);
  free (numbers);
  return offsets;
}

static PraxiStatus
make_kernel (const CpuPlace *place, const ConvShape *s, bool of_input, PraxiKernel **out)
{
  if (s->groups != s->in_channels || s->groups != s->out_channels ||
      taps_of (s) > DEPTHWISE_MAX_TAPS || place->in[0]->dtype != PRAXI_F32 ||
      place->in[1]->dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  GradientKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->loops = place->loops;
  kernel->shape = *s;
  kernel->zeros = praxi_cpu_alloc (sizeof (float) * (size_t) width_of (kernel));
  kernel->offsets = of_input
                        ? all_sources (s)
                        : praxi_cpu_conv_offsets (s, s->in_channels * (int64_t) sizeof (float));
  kernel->base = (PraxiKernel){
      .name = of_input ? "conv-depthwise-input-gradient" : "conv-depthwise-weight-gradient",
      .scratch_bytes = sizeof (float) * (size_t) (taps_of (s) * width_of (kernel)),
      .run = of_input ? run_input : run_weight,
      .clear = clear};
  return kernel->zeros && kernel->offsets ? PRAXI_OK : PRAXI_STATUS_MEMORY;
}

PraxiStatus
praxi_cpu_conv_depthwise_input_gradient (const CpuPlace *place, PraxiKernel **out)
{
  ConvShape s;
  if (!praxi_cpu_conv_shape (&place->op->window, place->out[0], praxi_cpu_input (place, 1),
                             place->in[0], &s))
    return PRAXI_STATUS_UNSUPPORTED;
  return make_kernel (place, &s, true, out);
}

PraxiStatus
praxi_cpu_conv_depthwise_weight_gradient (const CpuPlace *place, PraxiKernel **out)
{
  ConvShape s;
  if (!praxi_cpu_conv_shape (&place->op->window, place->in[0], place->out[0],
                             praxi_cpu_input (place, 1), &s))
    return PRAXI_STATUS_UNSUPPORTED;
  return make_kernel (place, &s, false, out);
}
