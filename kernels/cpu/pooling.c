/* MaxPool and AveragePool, channels-last: a pixel of output is the maximum or sum of whole pixels.
 *
 *   y[n, p, c] = max or mean over k of x[n, p · stride − pad + k · dilation, c]
 *
 * f32 both; u8 and s8 maximum only. Taps outside x count only with count_include_pad.
 */
#include "kernels/cpu/conv-shape.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  int64_t pad_end[3];
  PraxiDType dtype;
  bool is_max, counts_padding;
} PoolKernel;

typedef struct {
  const PoolKernel *kernel;
  const void *in;
  void *out;
} Job;

/* Of one output pixel and axis: the taps [low, high) inside x, where tap 0 falls, and how many taps
 * lie on x or its padding.
 */
typedef struct {
  int64_t low, high, first, padded;
} Span;

static Span
span_of (const PoolKernel *kernel, int axis, int64_t at)
{
  const ConvShape *s = &kernel->shape;
  const int64_t step = s->dilation[axis], first = at * s->stride[axis] - s->pad[axis];
  Span span = {.first = first, .low = first < 0 ? (-first + step - 1) / step : 0};
  const int64_t inside = (s->in[axis] - first + step - 1) / step;
  const int64_t padded = (s->in[axis] + kernel->pad_end[axis] - first + step - 1) / step;
  span.high = inside < s->kernel[axis] ? inside : s->kernel[axis];
  span.padded = padded < s->kernel[axis] ? padded : s->kernel[axis];
  return span;
}

static void
max_bytes (bool is_signed, const uint8_t *restrict x, uint8_t *restrict y, int64_t n)
{
  const uint8_t flip = is_signed ? 0x80 : 0;
  for (int64_t i = 0; i < n; i++) {
    const uint8_t a = x[i] ^ flip, b = y[i] ^ flip;
    y[i] = (a > b ? a : b) ^ flip;
  }
}

static void
begin_pixel (const PoolKernel *kernel, void *y, int64_t n)
{
  for (int64_t c = 0; c < n; c++) {
    if (kernel->dtype == PRAXI_F32)
      ((float *) y)[c] = kernel->is_max ? -INFINITY : 0;
    else
      ((uint8_t *) y)[c] = kernel->dtype == PRAXI_S8 ? 0x80 : 0;
  }
}

/* The taps of one row of the window, step elements apart. */
static void
take_row (const PoolKernel *kernel, const void *x, int64_t at, int64_t step, int64_t taps, void *y)
{
  const int64_t n = kernel->shape.in_channels;
  if (kernel->dtype == PRAXI_F32) {
    kernel->loops->reduce_columns (kernel->is_max ? PRAXI_OP_REDUCE_MAX : PRAXI_OP_REDUCE_SUM,
                                   (const float *) x + at, step, taps, y, n);
    return;
  }
  for (int64_t k = 0; k < taps; k++)
    max_bytes (kernel->dtype == PRAXI_S8, (const uint8_t *) x + at + k * step, y, n);
}

static void
pool_pixel (const PoolKernel *kernel, const void *in, int64_t batch, const int64_t p[3], void *y)
{
  const ConvShape *s = &kernel->shape;
  const int64_t n = s->in_channels;
  const Span t = span_of (kernel, 0, p[0]), h = span_of (kernel, 1, p[1]),
             w = span_of (kernel, 2, p[2]);
  int64_t count = 0;
  begin_pixel (kernel, y, n);
  for (int64_t i = t.low; i < t.high; i++) {
    for (int64_t j = h.low; j < h.high && w.high > w.low; j++) {
      const int64_t plane = batch * s->in[0] + t.first + i * s->dilation[0];
      const int64_t row = plane * s->in[1] + h.first + j * s->dilation[1];
      const int64_t pixel = row * s->in[2] + w.first + w.low * s->dilation[2];
      take_row (kernel, in, pixel * n, s->dilation[2] * n, w.high - w.low, y);
      count += w.high - w.low;
    }
  }
  if (kernel->is_max)
    return;
  if (kernel->counts_padding)
    count = t.padded * h.padded * w.padded;
  const float scale = count > 0 ? 1 / (float) count : 0;
  for (int64_t c = 0; c < n; c++)
    ((float *) y)[c] *= scale;
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const PoolKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t element = kernel->dtype == PRAXI_F32 ? 4 : 1;
  int64_t begin, end;
  praxi_cpu_share (s->batch * s->out[0] * s->out[1] * s->out[2], i, n, &begin, &end);
  for (int64_t at = begin; at < end; at++) {
    const int64_t row = at / s->out[2], plane = row / s->out[1];
    const int64_t p[3] = {plane % s->out[0], row % s->out[1], at % s->out[2]};
    pool_pixel (kernel, job->in, plane / s->out[0], p,
                (char *) job->out + at * s->in_channels * element);
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  Job job = {(const PoolKernel *) base, in[0]->data, out[0]->data};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
fill_shape (PoolKernel *kernel, const CpuPlace *place)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  const PraxiWindow *window = &place->op->window;
  ConvShape *s = &kernel->shape;
  s->batch = x->dims[0];
  s->in_channels = x->dims[1];
  for (int a = 0; a < 3; a++) {
    const int i = a - (5 - x->rank);
    const bool here = i >= 0;
    s->in[a] = here ? x->dims[2 + i] : 1;
    s->out[a] = here ? y->dims[2 + i] : 1;
    s->kernel[a] = here ? window->kernel[i] : 1;
    s->stride[a] = here ? window->stride[i] : 1;
    s->dilation[a] = here ? window->dilation[i] : 1;
    s->pad[a] = here ? window->pad_begin[i] : 0;
    kernel->pad_end[a] = here ? window->pad_end[i] : 0;
  }
}

PraxiStatus
praxi_cpu_pool (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  const bool is_max = place->op->kind == PRAXI_OP_MAX_POOL;
  const bool is_byte = x->dtype == PRAXI_U8 || x->dtype == PRAXI_S8;
  if (x->rank < 3 || x->rank > 5 || !praxi_cpu_is_channels_last (x) ||
      !praxi_cpu_is_channels_last (y) || (x->dtype != PRAXI_F32 && !(is_byte && is_max)) ||
      (place->n_out > 1 && place->out[1]))
    return PRAXI_STATUS_UNSUPPORTED;
  PoolKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base.name = is_max ? "pool-max" : "pool-average";
  kernel->base.run = run;
  kernel->loops = place->loops;
  kernel->dtype = x->dtype;
  kernel->is_max = is_max;
  kernel->counts_padding = place->op->window.count_include_pad;
  fill_shape (kernel, place);
  return PRAXI_OK;
}
