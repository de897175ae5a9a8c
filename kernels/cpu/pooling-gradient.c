/* Gradients of MaxPool and AveragePool, channels-last f32.
 *
 *   dx[n, q, c] = Σ dy[n, p, c] / count (p)   over the windows p that q counts in
 *   dx[n, q, c] = Σ dy[n, p, c]               over the windows p whose first maximum q is
 *
 * Threads share pixels of the mean's dx, and clips and channels of the maximum's.
 */
#include "kernels/cpu/conv-shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_CHANNELS = 64, MAX_KERNEL = 4096, MAX_EXTENT = 1 << 20 };

typedef struct {
  PraxiKernel base;
  ConvShape shape;
  int64_t
      *sources[3];  /* the mean's: of every input position the window whose tap it is, [kernel] */
  float *counts[3]; /* along an axis, of every window */
} GradientKernel;

typedef struct {
  const GradientKernel *kernel;
  const float *x, *dy;
  float *dx;
} Job;

static void
add_scaled (const float *restrict from, float scale, float *restrict to, int64_t n)
{
  for (int64_t c = 0; c < n; c++)
    to[c] += from[c] * scale;
}

/* q: the position in its clip. */
static void
mean_pixel (const Job *job, int64_t clip, const int64_t q[3], float *dx)
{
  const GradientKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t *sources[3];
  for (int a = 0; a < 3; a++)
    sources[a] = kernel->sources[a] + q[a] * s->kernel[a];
  memset (dx, 0, sizeof *dx * (size_t) s->in_channels);
  for (int64_t i = 0; i < s->kernel[0]; i++) {
    const int64_t t = sources[0][i];
    for (int64_t j = 0; t >= 0 && j < s->kernel[1]; j++) {
      const int64_t h = sources[1][j];
      for (int64_t k = 0; h >= 0 && k < s->kernel[2]; k++) {
        const int64_t w = sources[2][k];
        if (w < 0)
          continue;
        const int64_t p = ((clip * s->out[0] + t) * s->out[1] + h) * s->out[2] + w;
        const float count = kernel->counts[0][t] * kernel->counts[1][h] * kernel->counts[2][w];
        add_scaled (job->dy + p * s->in_channels, 1 / count, dx, s->in_channels);
      }
    }
  }
}

static void
run_mean_part (void *data, int i, int n)
{
  const Job *job = data;
  const ConvShape *s = &job->kernel->shape;
  int64_t begin, end;
  praxi_cpu_share (s->batch * s->in[0] * s->in[1] * s->in[2], i, n, &begin, &end);
  for (int64_t at = begin; at < end; at++) {
    const int64_t row = at / s->in[2], plane = row / s->in[1];
    const int64_t q[3] = {plane % s->in[0], row % s->in[1], at % s->in[2]};
    mean_pixel (job, plane / s->in[0], q, job->dx + at * s->in_channels);
  }
}

/* The taps [low, high) of a window that are on x, and where the first would be. */
typedef struct {
  int64_t low, high, first;
} Span;

static Span
span_of (const ConvShape *s, int axis, int64_t p)
{
  const int64_t step = s->dilation[axis], first = p * s->stride[axis] - s->pad[axis];
  const int64_t inside = s->in[axis] > first ? (s->in[axis] - first + step - 1) / step : 0;
  return (Span){first < 0 ? (-first + step - 1) / step : 0,
                inside < s->kernel[axis] ? inside : s->kernel[axis], first};
}

/* A pixel's values instead of the best so far where they are larger or NaN, and its number. No
 * branch, so that the compiler takes several channels at once.
 */
static void
take_larger (const float *restrict x,
             int32_t pixel,
             float *restrict best,
             int32_t *restrict at,
             int64_t n)
{
  for (int64_t c = 0; c < n; c++) {
    const float v = x[c], old = best[c];
    const bool stays = v <= old; /* false of NaN */
    const bool stays_nan = (old != old) & (v == v);
    best[c] = stays | stays_nan ? old : v;
    at[c] = stays | stays_nan ? at[c] : pixel;
  }
}

/* Finds where each of n channels has its first maximum in a window (of NaN, the last); at: pixels
 * from x. False where no tap is on x.
 */
static bool
find_maxima (const ConvShape *s, const float *x, const Span span[3], int64_t n, int32_t *at)
{
  float best[CHUNK_CHANNELS];
  bool found = false;
  for (int64_t i = span[0].low; i < span[0].high; i++)
    for (int64_t j = span[1].low; j < span[1].high; j++)
      for (int64_t k = span[2].low; k < span[2].high; k++) {
        const int64_t t = span[0].first + i * s->dilation[0];
        const int64_t h = span[1].first + j * s->dilation[1];
        const int64_t w = span[2].first + k * s->dilation[2];
        const int64_t pixel = (t * s->in[1] + h) * s->in[2] + w;
        const float *values = x + pixel * s->in_channels;
        if (found) {
          take_larger (values, (int32_t) pixel, best, at, n);
          continue;
        }
        memcpy (best, values, sizeof *best * (size_t) n);
        for (int64_t c = 0; c < n; c++)
          at[c] = (int32_t) pixel;
        found = true;
      }
  return found;
}

/* Some channels of one clip. */
static void
max_channels (const Job *job, int64_t clip, int64_t c, int64_t n)
{
  const ConvShape *s = &job->kernel->shape;
  const int64_t in = s->in[0] * s->in[1] * s->in[2], out = s->out[0] * s->out[1] * s->out[2];
  const float *x = job->x + clip * in * s->in_channels + c;
  const float *dy = job->dy + clip * out * s->in_channels + c;
  float *dx = job->dx + clip * in * s->in_channels + c;
  for (int64_t i = 0; i < in; i++)
    memset (dx + i * s->in_channels, 0, sizeof *dx * (size_t) n);
  for (int64_t p = 0; p < out; p++, dy += s->in_channels) {
    int32_t at[CHUNK_CHANNELS];
    const int64_t row = p / s->out[2];
    const Span span[3] = {span_of (s, 0, row / s->out[1]), span_of (s, 1, row % s->out[1]),
                          span_of (s, 2, p % s->out[2])};
    if (!find_maxima (s, x, span, n, at))
      continue;
    for (int64_t i = 0; i < n; i++)
      dx[at[i] * s->in_channels + i] += dy[i];
  }
}

static void
run_max_part (void *data, int i, int n)
{
  const Job *job = data;
  const ConvShape *s = &job->kernel->shape;
  const int64_t chunks = (s->in_channels + CHUNK_CHANNELS - 1) / CHUNK_CHANNELS;
  int64_t begin, end;
  praxi_cpu_share (s->batch * chunks, i, n, &begin, &end);
  for (int64_t k = begin; k < end; k++) {
    const int64_t c = k % chunks * CHUNK_CHANNELS, left = s->in_channels - c;
    max_channels (job, k / chunks, c, left < CHUNK_CHANNELS ? left : CHUNK_CHANNELS);
  }
}

static PraxiStatus
run_mean (PraxiKernel *base,
          const PraxiTensor *const *in,
          const PraxiTensor *const *out,
          void *scratch,
          PraxiPool *pool)
{
  Job job = {.kernel = (GradientKernel *) base, .dy = in[0]->data, .dx = out[0]->data};
  praxi_pool_run (pool, run_mean_part, &job);
  return PRAXI_OK;
}

static PraxiStatus
run_max (PraxiKernel *base,
         const PraxiTensor *const *in,
         const PraxiTensor *const *out,
         void *scratch,
         PraxiPool *pool)
{
  Job job = {(GradientKernel *) base, in[0]->data, in[1]->data, out[0]->data};
  praxi_pool_run (pool, run_max_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  GradientKernel *kernel = (GradientKernel *) base;
  for (int a = 0; a < 3; a++) {
    free (kernel->sources[a]);
    free (kernel->counts[a]);
  }
}

/* A pool is a convolution of as many groups as channels. False also for windows and axes whose
 * tables would be larger than what they are for.
 */
static bool
find_shape (const CpuPlace *place, const PraxiTensor *dx, const PraxiTensor *dy, ConvShape *s)
{
  PraxiWindow window = place->op->window;
  PraxiTensor weight = {.dtype = PRAXI_F32, .rank = dx->rank, .dims = {dx->dims[1], 1}};
  for (int i = 0; i < window.n_spatial; i++)
    weight.dims[2 + i] = window.kernel[i];
  praxi_tensor_set_row_major (&weight);
  window.group = dx->dims[1];
  if (dx->dtype != PRAXI_F32 || dy->dtype != PRAXI_F32 ||
      !praxi_cpu_conv_shape (&window, dx, &weight, dy, s))
    return false;
  for (int a = 0; a < 3; a++)
    if (s->kernel[a] > MAX_KERNEL || s->in[a] > MAX_EXTENT)
      return false;
  return s->in[2] > 0 && s->in[0] * s->in[1] <= INT32_MAX / s->in[2];
}

/* pad_end: behind the axis, where taps count as well; 0 where they do not. */
static bool
plan_axis (GradientKernel *kernel, int axis, bool counts_padding, int64_t pad_end)
{
  const ConvShape *s = &kernel->shape;
  const int64_t n_taps = s->kernel[axis];
  int64_t *sources = praxi_cpu_alloc (sizeof *sources * (size_t) (s->in[axis] * n_taps));
  float *counts = praxi_cpu_alloc (sizeof *counts * (size_t) s->out[axis]);
  kernel->sources[axis] = sources;
  kernel->counts[axis] = counts;
  if (!sources || !counts)
    return false;
  for (int64_t i = 0; i < s->in[axis] * n_taps; i++)
    sources[i] = praxi_cpu_conv_source (s, axis, i / n_taps, i % n_taps);
  for (int64_t p = 0; p < s->out[axis]; p++) {
    const Span span = span_of (s, axis, p);
    const int64_t room = s->in[axis] + pad_end - span.first, step = s->dilation[axis];
    const int64_t padded = (room + step - 1) / step;
    counts[p] = (float) (!counts_padding   ? span.high - span.low
                         : padded < n_taps ? padded
                                           : n_taps);
  }
  return true;
}

PraxiStatus
praxi_cpu_average_pool_gradient (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiWindow *window = &place->op->window;
  ConvShape s;
  if (!find_shape (place, place->out[0], place->in[0], &s))
    return PRAXI_STATUS_UNSUPPORTED;
  GradientKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "pool-average-gradient", .run = run_mean, .clear = clear};
  kernel->shape = s;
  bool planned = true;
  for (int a = 0; a < 3 && planned; a++) {
    const int i = a - (3 - window->n_spatial);
    planned = plan_axis (kernel, a, window->count_include_pad, i >= 0 ? window->pad_end[i] : 0);
  }
  return planned ? PRAXI_OK : PRAXI_STATUS_MEMORY;
}

PraxiStatus
praxi_cpu_max_pool_gradient (const CpuPlace *place, PraxiKernel **out)
{
  ConvShape s;
  if (!find_shape (place, place->in[0], place->in[1], &s) ||
      !praxi_cpu_is_channels_last (place->out[0]))
    return PRAXI_STATUS_UNSUPPORTED;
  GradientKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "pool-max-gradient", .run = run_max, .clear = clear};
  kernel->shape = s;
  return PRAXI_OK;
}
