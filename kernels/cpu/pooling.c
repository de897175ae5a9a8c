/* MaxPool and AveragePool, channels-last: a pixel of output is the maximum or sum of whole pixels.
 *
 *   y[n, p, c] = max or mean over k of x[n, p · stride − pad + k · dilation, c]
 *
 * f32 both; u8 and s8 maximum only. Taps outside x count only with count_include_pad.
 *
 * A maximum is taken first over the rows of input under a row of output, then over what lies side
 * by side in what came of them.
 */
#include "kernels/cpu/conv-shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 512 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  int64_t pad_end[3];
  PraxiDType dtype;
  bool is_max, counts_padding;
  size_t row_bytes; /* maximum: of scratch for each thread */
} PoolKernel;

typedef struct {
  const PoolKernel *kernel;
  const void *in;
  void *out;
  char *scratch;
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

/* What no maximum is below. */
static void
fill_least (PraxiDType dtype, void *y, int64_t n)
{
  for (int64_t c = 0; c < n; c++) {
    if (dtype == PRAXI_F32)
      ((float *) y)[c] = -INFINITY;
    else
      ((uint8_t *) y)[c] = dtype == PRAXI_S8 ? 0x80 : 0;
  }
}

/* Row `row` of output, counted through all planes. */
static void
max_row (const Job *job, int64_t row, char *between)
{
  const PoolKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t plane = row / s->out[1], n = s->in_channels, width = s->in[2] * n;
  const int64_t element = kernel->dtype == PRAXI_F32 ? 4 : 1;
  const Span t = span_of (kernel, 0, plane % s->out[0]), h = span_of (kernel, 1, row % s->out[1]);
  const void *from[MAX_ROWS];
  int n_rows = 0;
  for (int64_t i = t.low; i < t.high; i++)
    for (int64_t j = h.low; j < h.high; j++) {
      const int64_t in_plane = plane / s->out[0] * s->in[0] + t.first + i * s->dilation[0];
      const int64_t in_row = in_plane * s->in[1] + h.first + j * s->dilation[1];
      from[n_rows++] = (const char *) job->in + in_row * width * element;
    }
  if (n_rows > 0)
    kernel->loops->max_rows (kernel->dtype, from, n_rows, between, width);
  else
    fill_least (kernel->dtype, between, width);
  char *to = (char *) job->out + row * s->out[2] * s->out_step * element;
  for (int64_t x = 0; x < s->out[2]; x++, to += s->out_step * element) {
    const Span w = span_of (kernel, 2, x);
    n_rows = 0;
    for (int64_t k = w.low; k < w.high; k++)
      from[n_rows++] = between + (w.first + k * s->dilation[2]) * n * element;
    if (n_rows > 0)
      kernel->loops->max_rows (kernel->dtype, from, n_rows, to, n);
    else
      fill_least (kernel->dtype, to, n);
  }
}

static void
run_rows (void *data, int i, int n)
{
  const Job *job = data;
  const ConvShape *s = &job->kernel->shape;
  int64_t begin, end;
  praxi_cpu_share (s->batch * s->out[0] * s->out[1], i, n, &begin, &end);
  for (int64_t row = begin; row < end; row++)
    max_row (job, row, job->scratch + (size_t) i * job->kernel->row_bytes);
}

static void
average_pixel (const PoolKernel *kernel,
               const float *in,
               int64_t batch,
               const int64_t p[3],
               float *y)
{
  const ConvShape *s = &kernel->shape;
  const int64_t n = s->in_channels;
  const Span t = span_of (kernel, 0, p[0]), h = span_of (kernel, 1, p[1]),
             w = span_of (kernel, 2, p[2]);
  int64_t count = 0;
  memset (y, 0, (size_t) n * sizeof *y);
  for (int64_t i = t.low; i < t.high; i++) {
    for (int64_t j = h.low; j < h.high && w.high > w.low; j++) {
      const int64_t plane = batch * s->in[0] + t.first + i * s->dilation[0];
      const int64_t row = plane * s->in[1] + h.first + j * s->dilation[1];
      const int64_t pixel = row * s->in[2] + w.first + w.low * s->dilation[2];
      kernel->loops->reduce_columns (PRAXI_OP_REDUCE_SUM, in + pixel * n, s->dilation[2] * n,
                                     w.high - w.low, y, n);
      count += w.high - w.low;
    }
  }
  if (kernel->counts_padding)
    count = t.padded * h.padded * w.padded;
  const float scale = count > 0 ? 1 / (float) count : 0;
  for (int64_t c = 0; c < n; c++)
    y[c] *= scale;
}

static void
run_pixels (void *data, int i, int n)
{
  const Job *job = data;
  const PoolKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  int64_t begin, end;
  praxi_cpu_share (s->batch * s->out[0] * s->out[1] * s->out[2], i, n, &begin, &end);
  for (int64_t at = begin; at < end; at++) {
    const int64_t row = at / s->out[2], plane = row / s->out[1];
    const int64_t p[3] = {plane % s->out[0], row % s->out[1], at % s->out[2]};
    average_pixel (kernel, job->in, plane / s->out[0], p, (float *) job->out + at * s->out_step);
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const PoolKernel *kernel = (const PoolKernel *) base;
  Job job = {kernel, in[0]->data, out[0]->data, scratch};
  praxi_pool_run (pool, kernel->is_max ? run_rows : run_pixels, &job);
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
  s->out_step = praxi_cpu_pixel_step (y);
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
  const bool is_byte = praxi_dtype_is_byte (x->dtype);
  if (x->rank < 3 || x->rank > 5 || !praxi_cpu_is_channels_last (x) ||
      praxi_cpu_pixel_step (y) < 1 || (x->dtype != PRAXI_F32 && !(is_byte && is_max)) ||
      (place->n_out > 1 && place->out[1]))
    return PRAXI_STATUS_UNSUPPORTED;
  PoolKernel planned = {.is_max = is_max, .dtype = x->dtype, .loops = place->loops};
  fill_shape (&planned, place);
  const ConvShape *s = &planned.shape;
  if (is_max && (s->kernel[0] * s->kernel[1] > MAX_ROWS || s->kernel[2] > MAX_ROWS))
    return PRAXI_STATUS_UNSUPPORTED;
  PoolKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *kernel = planned;
  *out = &kernel->base;
  kernel->base.name = is_max ? "pool-max" : "pool-average";
  kernel->base.run = run;
  kernel->counts_padding = place->op->window.count_include_pad;
  kernel->row_bytes =
      praxi_cpu_round_up ((size_t) (s->in[2] * s->in_channels) * praxi_dtype_size (x->dtype), 64);
  kernel->base.scratch_bytes = is_max ? (size_t) place->n_threads * kernel->row_bytes : 0;
  return PRAXI_OK;
}
