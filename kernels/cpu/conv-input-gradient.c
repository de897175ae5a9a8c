/* The gradient of a Conv by its input, as dense products.
 *
 *   dx[n, q, c] = Σ_k Σ_o dy[n, p, o] w[o, c, k]
 *                 over the p with p · stride − pad + k · dilation = q
 *   dy, dx f32 [N,(T,)H,W,C] in memory; w [O,C/group,k…], packed in every run
 *
 * Positions q that leave the same rest when divided by the stride have the same taps: each such
 * phase is a convolution of stride 1 by its own taps, so that a stride costs no wasted products.
 */
#include "kernels/cpu/conv-shape.h"
#include "kernels/cpu/dense.h"

#include <stdlib.h>

enum { CHUNK_PIXELS = 96, MAX_PLANES = 64, MAX_PHASES = 64 };

typedef struct {
  DensePack pack;
  size_t weights_at;                  /* bytes from scratch */
  int64_t rest[3];                    /* of its positions */
  int64_t n_times, times[MAX_PLANES]; /* its taps along T */
  int64_t n_taps;                     /* in a plane */
  int64_t *taps;                      /* [n_times][n_taps], in the numbers of w */
  int64_t n_planes, n_pixels;
  int32_t *offsets, *out_at; /* of a plane: see DenseCall; out_at NULL: pixels in a row */
} Phase;

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  WeightSteps steps;
  Phase *phases;
  int n_phases;
  float *padding;
} GradientKernel;

typedef struct {
  const GradientKernel *kernel;
  const char *dy, *scratch;
  float *dx;
} Job;

/* One chunk of pixels of one plane of a phase, all channels. */
static void
run_chunk (const Job *job, const Phase *phase, int64_t plane, int64_t pixel, int64_t n_pixels)
{
  const GradientKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t pixel_bytes = s->out_channels * (int64_t) sizeof (float);
  const int64_t per_batch = phase->n_planes / s->batch;
  const int64_t at =
      plane / per_batch * s->in[0] + phase->rest[0] + plane % per_batch * s->stride[0];
  const void *planes[MAX_PLANES], *shifted[MAX_PLANES];
  for (int64_t k = 0; k < phase->n_times; k++) {
    const int64_t from = praxi_cpu_conv_source_plane (s, at, phase->times[k]);
    planes[k] = from < 0 ? NULL : job->dy + from * s->out[1] * s->out[2] * pixel_bytes;
  }
  DenseCall call = {.planes = shifted,
                    .padding = kernel->padding,
                    .offsets = phase->offsets + pixel,
                    .offset_step = phase->n_pixels + 16,
                    .pixel_bytes = pixel_bytes,
                    .n_planes = (int) phase->n_times,
                    .n_taps = (int) phase->n_taps,
                    .n_pixels = (int) n_pixels,
                    .out_step = s->in_channels,
                    .out_at = phase->out_at ? phase->out_at + pixel : NULL};
  const int64_t first = at * s->in[1] * s->in[2] + (phase->out_at ? 0 : pixel);
  DensePack pack = phase->pack;
  pack.weights = (void *) (job->scratch + phase->weights_at);
  for (int i = 0; i < pack.n_chunks; i++) {
    const DenseChunk *chunk = &pack.chunks[i];
    const size_t in_at = (size_t) (chunk->group * pack.group_in) * sizeof (float);
    for (int64_t k = 0; k < phase->n_times; k++)
      shifted[k] = planes[k] ? (const char *) planes[k] + in_at : NULL;
    praxi_cpu_pack_call (&pack, chunk, &call);
    call.out = job->dx + first * s->in_channels + chunk->channel;
    kernel->loops->dense_f32 (&call);
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  for (int k = 0; k < job->kernel->n_phases; k++) {
    const Phase *phase = &job->kernel->phases[k];
    int64_t begin, end;
    praxi_cpu_share (phase->n_planes * phase->n_pixels, i, n, &begin, &end);
    while (begin < end) {
      const int64_t plane = begin / phase->n_pixels, pixel = begin % phase->n_pixels;
      int64_t chunk = phase->n_pixels - pixel < end - begin ? phase->n_pixels - pixel : end - begin;
      if (chunk > CHUNK_PIXELS)
        chunk = CHUNK_PIXELS;
      run_chunk (job, phase, plane, pixel, chunk);
      begin += chunk;
    }
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const GradientKernel *kernel = (GradientKernel *) base;
  const WeightSteps *steps = &kernel->steps;
  for (int i = 0; i < kernel->n_phases; i++) {
    const Phase *phase = &kernel->phases[i];
    const DenseSource source = {.data = in[1]->data,
                                .group_step = phase->pack.group_in * steps->out,
                                .out_step = steps->in,
                                .in_step = steps->out,
                                .tap_step = steps->tap,
                                .taps = phase->taps,
                                .scale = 1};
    praxi_cpu_pack_fill (&phase->pack, &source, (char *) scratch + phase->weights_at);
  }
  Job job = {kernel, in[0]->data, scratch, out[0]->data};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  GradientKernel *kernel = (GradientKernel *) base;
  for (int i = 0; i < kernel->n_phases; i++) {
    praxi_cpu_pack_clear (&kernel->phases[i].pack);
    free (kernel->phases[i].taps);
    free (kernel->phases[i].offsets);
    free (kernel->phases[i].out_at);
  }
  free (kernel->phases);
  free (kernel->padding);
}

/* Whether tap k of an axis belongs to the positions of this rest. */
static bool
has_tap (const ConvShape *s, int axis, int64_t rest, int64_t k)
{
  return (rest + s->pad[axis] - k * s->dilation[axis]) % s->stride[axis] == 0;
}

/* taps: room for all of a plane's */
static void
find_taps (const ConvShape *s, Phase *phase, int64_t *taps)
{
  for (int64_t k = 0; k < s->kernel[0]; k++)
    if (has_tap (s, 0, phase->rest[0], k))
      phase->times[phase->n_times++] = k;
  for (int64_t k = 0; k < s->taps; k++)
    if (has_tap (s, 1, phase->rest[1], k / s->kernel[2]) &&
        has_tap (s, 2, phase->rest[2], k % s->kernel[2]))
      taps[phase->n_taps++] = k;
  for (int64_t i = 0; i < phase->n_times; i++)
    for (int64_t j = 0; j < phase->n_taps; j++)
      phase->taps[i * phase->n_taps + j] = phase->times[i] * s->taps + taps[j];
}

/* Along an axis, the positions of a rest. */
static int64_t
count_positions (const ConvShape *s, int axis, int64_t rest)
{
  return rest < s->in[axis] ? (s->in[axis] - rest + s->stride[axis] - 1) / s->stride[axis] : 0;
}

static PraxiStatus
find_pixels (const ConvShape *s, Phase *phase, const int64_t *taps)
{
  const int64_t h = count_positions (s, 1, phase->rest[1]),
                w = count_positions (s, 2, phase->rest[2]);
  phase->n_planes = s->batch * count_positions (s, 0, phase->rest[0]);
  phase->n_pixels = h * w;
  if (s->in[1] * s->in[2] * s->in_channels > INT32_MAX)
    return PRAXI_STATUS_UNSUPPORTED;
  int64_t *pixels = praxi_cpu_alloc (sizeof *pixels * (size_t) phase->n_pixels);
  if (!pixels)
    return PRAXI_STATUS_MEMORY;
  for (int64_t i = 0; i < phase->n_pixels; i++)
    pixels[i] =
        (phase->rest[1] + i / w * s->stride[1]) * s->in[2] + phase->rest[2] + i % w * s->stride[2];
  phase->offsets = praxi_cpu_conv_sources (s, s->out_channels * (int64_t) sizeof (float), taps,
                                           phase->n_taps, pixels, phase->n_pixels);
  const bool in_a_row = s->stride[1] == 1 && s->stride[2] == 1;
  if (!in_a_row)
    phase->out_at = praxi_cpu_alloc (sizeof *phase->out_at * (size_t) phase->n_pixels);
  for (int64_t i = 0; phase->out_at && i < phase->n_pixels; i++)
    phase->out_at[i] = (int32_t) (pixels[i] * s->in_channels);
  free (pixels);
  return phase->offsets && (in_a_row || phase->out_at) ? PRAXI_OK : PRAXI_STATUS_MEMORY;
}

static PraxiStatus
plan_phase (GradientKernel *kernel, Phase *phase)
{
  const ConvShape *s = &kernel->shape;
  const size_t n_taps = (size_t) s->taps;
  int64_t *taps = praxi_cpu_alloc (sizeof *taps * n_taps);
  phase->taps = praxi_cpu_alloc (sizeof *taps * n_taps * (size_t) s->kernel[0]);
  PraxiStatus status = taps && phase->taps ? PRAXI_OK : PRAXI_STATUS_MEMORY;
  if (status == PRAXI_OK) {
    find_taps (s, phase, taps);
    status = find_pixels (s, phase, taps);
  }
  free (taps);
  if (status != PRAXI_OK)
    return status;
  phase->pack = (DensePack){.loops = kernel->loops,
                            .groups = s->groups,
                            .group_in = s->out_channels / s->groups,
                            .group_out = s->in_channels / s->groups,
                            .taps = phase->n_times * phase->n_taps};
  status = praxi_cpu_pack_plan (&phase->pack);
  phase->weights_at = kernel->base.scratch_bytes;
  kernel->base.scratch_bytes += praxi_cpu_round_up (phase->pack.weights_bytes, 64);
  return status;
}

static PraxiStatus
plan (GradientKernel *kernel)
{
  const ConvShape *s = &kernel->shape;
  const int64_t n_phases = s->stride[0] * s->stride[1] * s->stride[2];
  const size_t depth = (size_t) (s->out_channels / s->groups);
  kernel->padding = praxi_cpu_alloc (sizeof (float) * depth);
  kernel->phases = calloc ((size_t) n_phases, sizeof *kernel->phases);
  if (!kernel->padding || !kernel->phases)
    return PRAXI_STATUS_MEMORY;
  PraxiStatus status = PRAXI_OK;
  for (int64_t i = 0; i < n_phases && status == PRAXI_OK; i++) {
    Phase *phase = &kernel->phases[kernel->n_phases];
    phase->rest[0] = i / (s->stride[1] * s->stride[2]);
    phase->rest[1] = i / s->stride[2] % s->stride[1];
    phase->rest[2] = i % s->stride[2];
    if (phase->rest[0] >= s->in[0] || phase->rest[1] >= s->in[1] || phase->rest[2] >= s->in[2])
      continue;
    kernel->n_phases++;
    status = plan_phase (kernel, phase);
  }
  return status;
}

PraxiStatus
praxi_cpu_conv_input_gradient (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiStatus depthwise = praxi_cpu_conv_depthwise_input_gradient (place, out);
  if (depthwise != PRAXI_STATUS_UNSUPPORTED)
    return depthwise;
  ConvShape s;
  const PraxiTensor *dy = place->in[0], *w = praxi_cpu_input (place, 1), *dx = place->out[0];
  if (!praxi_cpu_conv_shape (&place->op->window, dx, w, dy, &s) || dy->dtype != PRAXI_F32 ||
      w->dtype != PRAXI_F32 || s.kernel[0] > MAX_PLANES || s.stride[0] > MAX_PHASES ||
      s.stride[1] > MAX_PHASES || s.stride[2] > MAX_PHASES ||
      s.stride[0] * s.stride[1] * s.stride[2] > MAX_PHASES)
    return PRAXI_STATUS_UNSUPPORTED;
  GradientKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "conv-input-gradient", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->shape = s;
  kernel->steps = praxi_cpu_weight_steps (&s, w);
  return plan (kernel);
}
