/* Conv and QConv with one filter a channel: group = C = O.
 *
 *   y[n, p, c] = epilogue (Σ_k x[n, p · stride − pad + k · dilation, c] w[c, k])
 *   x, y [N,(T,)H,W,C] in memory, f32 or u8/s8; w [C,1,k…], packed when prepared or, where it is
 * not known then, in every run
 */
#include "kernels/cpu/conv-shape.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_PIXELS = 64, SEGMENT_PIXELS = 64, CACHE_BYTES = 1 << 18 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  CpuEpilogue epilogue;
  ConvArrays arrays;
  int32_t *offsets;
  int64_t n_filters;          /* channels of the operator; those of shape may be several pixels' */
  int64_t n_planes, n_pixels; /* of output; of one of its planes */
  size_t element;
  bool is_s8, is_wide, in_signed, has_residual; /* is_wide: int8 in 16-bit products */
  bool packs_at_run;                            /* weights and bias, into scratch */
  bool in_rows;                                 /* by the loops along rows */
  int rows_at_once, group_most;                 /* of taps and channels there, int8 */
  int64_t segments, planes_at_once;             /* of a row of output; of output, then */
} DepthwiseKernel;

typedef struct {
  const DepthwiseKernel *kernel;
  const void *weights;
  const float *bias;
  const uint8_t *in, *residual;
  uint8_t *out;
} Job;

/* out_at: bytes from the start of the output */
static CpuEpilogue
epilogue_at (const Job *job, int64_t out_at)
{
  const DepthwiseKernel *kernel = job->kernel;
  CpuEpilogue epilogue = kernel->epilogue;
  epilogue.bias = job->bias;
  epilogue.multiplier = kernel->arrays.multiplier;
  epilogue.start = kernel->arrays.start;
  epilogue.residual = job->residual ? job->residual + out_at : NULL;
  return epilogue;
}

static void
run_chunk (const Job *job, int64_t plane, int64_t pixel, int64_t n_pixels)
{
  const DepthwiseKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const void *planes[DEPTHWISE_MAX_TAPS];
  const int64_t pixel_bytes = s->in_channels * (int64_t) kernel->element;
  for (int64_t k = 0; k < s->kernel[0]; k++) {
    const int64_t from = praxi_cpu_conv_plane (s, plane, k);
    planes[k] = from < 0 ? NULL : job->in + from * s->in[1] * s->in[2] * pixel_bytes;
  }
  const int64_t out_at = (plane * kernel->n_pixels + pixel) * pixel_bytes;
  DepthwiseCall call = {.planes = planes,
                        .padding = kernel->arrays.padding,
                        .offsets = kernel->offsets + pixel,
                        .offset_step = kernel->n_pixels,
                        .pixel_bytes = pixel_bytes,
                        .n_planes = (int) s->kernel[0],
                        .n_taps = (int) s->taps,
                        .n_pixels = (int) n_pixels,
                        .n_channels = (int) s->in_channels,
                        .weights = job->weights,
                        .in_signed = kernel->in_signed,
                        .out = job->out + out_at,
                        .epilogue = epilogue_at (job, out_at)};
  if (kernel->is_wide)
    kernel->loops->depthwise_s16 (&call);
  else if (kernel->is_s8)
    kernel->loops->depthwise_s8 (&call);
  else
    kernel->loops->depthwise_f32 (&call);
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const int64_t n_pixels = job->kernel->n_pixels;
  int64_t begin, end;
  praxi_cpu_share (job->kernel->n_planes * n_pixels, i, n, &begin, &end);
  while (begin < end) {
    const int64_t plane = begin / n_pixels, pixel = begin % n_pixels;
    int64_t chunk = n_pixels - pixel < end - begin ? n_pixels - pixel : end - begin;
    if (chunk > CHUNK_PIXELS)
      chunk = CHUNK_PIXELS;
    run_chunk (job, plane, pixel, chunk);
    begin += chunk;
  }
}

/* One segment of a row of output; its number counts through all rows of a plane. */
static void
run_segment (const Job *job, int64_t plane, int64_t segment)
{
  const DepthwiseKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const void *rows[DEPTHWISE_MAX_TAPS];
  const int64_t pixel_bytes = s->in_channels * (int64_t) kernel->element;
  const int64_t y = segment / kernel->segments, x = segment % kernel->segments * SEGMENT_PIXELS;
  int n_rows = 0;
  for (int64_t k = 0; k < s->kernel[0]; k++) {
    const int64_t from = praxi_cpu_conv_plane (s, plane, k);
    for (int64_t i = 0; i < s->kernel[1]; i++) {
      const int64_t at = y * s->stride[1] - s->pad[1] + i * s->dilation[1];
      rows[n_rows++] = from < 0 || at < 0 || at >= s->in[1]
                           ? NULL
                           : job->in + (from * s->in[1] + at) * s->in[2] * pixel_bytes;
    }
  }
  const int64_t out_at = ((plane * s->out[1] + y) * s->out[2] + x) * pixel_bytes;
  DepthwiseRow row = {.rows = rows,
                      .padding = kernel->arrays.padding,
                      .pixel_bytes = pixel_bytes,
                      .n_rows = n_rows,
                      .width = (int) s->in[2],
                      .taps = (int) s->kernel[2],
                      .stride = (int) s->stride[2],
                      .first = (int) (x * s->stride[2] - s->pad[2]),
                      .n_pixels =
                          (int) (s->out[2] - x < SEGMENT_PIXELS ? s->out[2] - x : SEGMENT_PIXELS),
                      .n_channels = (int) s->in_channels,
                      .weights = job->weights,
                      .in_signed = kernel->in_signed,
                      .out = job->out + out_at,
                      .epilogue = epilogue_at (job, out_at)};
  if (!kernel->is_s8)
    kernel->loops->depthwise_row_f32 (&row);
  else if (kernel->is_wide)
    kernel->loops->depthwise_row_s16 (&row);
  else
    kernel->loops->depthwise_row_s8 (&row);
}

/* Where taps reach over several planes, the same rows of a few planes one after the other, so that
 * what they share is still in the cache.
 */
static void
run_rows (void *data, int i, int n)
{
  const Job *job = data;
  const DepthwiseKernel *kernel = job->kernel;
  const int64_t per_plane = kernel->shape.out[1] * kernel->segments;
  int64_t begin, end;
  praxi_cpu_share (kernel->n_planes * per_plane, i, n, &begin, &end);
  for (int64_t first = begin / per_plane; begin < end && first * per_plane < end;
       first += kernel->planes_at_once)
    for (int64_t segment = 0; segment < per_plane; segment++)
      for (int64_t plane = first; plane < first + kernel->planes_at_once; plane++) {
        const int64_t at = plane * per_plane + segment;
        if (at >= begin && at < end)
          run_segment (job, plane, segment);
      }
}

/* Channels as they are packed. */
static size_t
width_of (const DepthwiseKernel *kernel)
{
  const int channels = (int) kernel->shape.in_channels;
  if (!kernel->is_s8 || !kernel->in_rows)
    return praxi_cpu_round_up ((size_t) channels, (size_t) kernel->loops->lanes);
  return (size_t) praxi_cpu_depthwise_width (channels, kernel->group_most);
}

/* [taps][channels] */
static void
pack_f32 (const DepthwiseKernel *kernel,
          const float *w,
          const float *bias,
          float *to,
          float *to_bias)
{
  const int64_t width = (int64_t) width_of (kernel), channels = kernel->shape.in_channels;
  const int64_t taps = kernel->shape.kernel[0] * kernel->shape.taps;
  for (int64_t c = 0; c < width; c++) {
    const int64_t filter = c % kernel->n_filters;
    to_bias[c] = bias && c < channels ? bias[filter] : 0;
    for (int64_t tap = 0; tap < taps; tap++)
      to[tap * width + c] = c < channels ? w[filter * taps + tap] : 0;
  }
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const DepthwiseKernel *kernel = (DepthwiseKernel *) base;
  Job job = {.kernel = kernel,
             .weights = kernel->arrays.weights,
             .bias = kernel->arrays.bias,
             .in = in[0]->data,
             .out = out[0]->data};
  if (kernel->has_residual)
    job.residual = in[base->n_in - 1]->data;
  if (kernel->packs_at_run) {
    const PraxiTensor *bias = base->n_in - kernel->has_residual > 2 ? in[2] : NULL;
    float *own_bias = scratch, *weights = own_bias + width_of (kernel);
    pack_f32 (kernel, in[1]->data, bias ? bias->data : NULL, weights, own_bias);
    job.weights = weights;
    job.bias = own_bias;
  }
  praxi_pool_run (pool, kernel->in_rows ? run_rows : run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  DepthwiseKernel *kernel = (DepthwiseKernel *) base;
  praxi_cpu_arrays_clear (&kernel->arrays);
  free (kernel->offsets);
}

/* One weight: [blocks of lanes][taps / 4][lanes][4], or by two as 16 bits. */
static void
put_weight (const DepthwiseKernel *kernel, int64_t block, int64_t lane, int tap, int8_t weight)
{
  const int64_t lanes = kernel->loops->lanes, taps = kernel->shape.kernel[0] * kernel->shape.taps;
  const int per_unit = kernel->is_wide ? 2 : 4;
  const int64_t units = (taps + per_unit - 1) / per_unit;
  const int64_t at = ((block * units + tap / per_unit) * lanes + lane) * per_unit + tap % per_unit;
  if (kernel->is_wide)
    ((int16_t *) kernel->arrays.weights)[at] = weight;
  else
    ((int8_t *) kernel->arrays.weights)[at] = weight;
}

/* The last block overlaps the one before it, so that all are whole. */
static void
pack_s8 (DepthwiseKernel *kernel, const int8_t *w, int taps, const PraxiRequantize *r)
{
  const int64_t lanes = kernel->loops->lanes, channels = kernel->shape.in_channels;
  const int32_t zero = r->input_zero + (kernel->in_signed ? 128 : 0);
  for (int64_t c = 0; c < channels; c++) {
    kernel->arrays.multiplier[c] = r->multiplier[c];
    kernel->arrays.bias[c] = r->offset ? r->offset[c] : 0;
    for (int tap = 0; tap < taps; tap++) {
      const int8_t weight = w[c * taps + tap];
      if (c < channels / lanes * lanes || channels < lanes)
        put_weight (kernel, c / lanes, c % lanes, tap, weight);
      if (channels > lanes && channels % lanes != 0 && c >= channels - lanes)
        put_weight (kernel, channels / lanes, c - (channels - lanes), tap, weight);
      kernel->arrays.start[c] -= zero * weight;
    }
  }
}

/* A filter as DepthwiseRow wants it: entry at of the arrays, in a group of width channels whose
 * weights begin at first.
 */
static void
pack_filter (DepthwiseKernel *kernel,
             const int8_t *w,
             const PraxiRequantize *r,
             int64_t filter,
             size_t first,
             size_t width,
             size_t at)
{
  const ConvShape *s = &kernel->shape;
  const size_t taps = (size_t) s->kernel[2], together = (size_t) kernel->rows_at_once;
  const int32_t zero = r->input_zero + (kernel->in_signed ? 128 : 0);
  w += filter * s->kernel[0] * s->kernel[1] * s->kernel[2];
  kernel->arrays.multiplier[at] = r->multiplier[filter];
  kernel->arrays.bias[at] = r->offset ? r->offset[filter] : 0;
  for (int64_t row = 0; row < s->kernel[0] * s->kernel[1]; row++)
    for (size_t tap = 0; tap < taps; tap++) {
      const size_t run = (size_t) row / together;
      const size_t to =
          first + ((run * taps + tap) * width + at % width) * together + (size_t) row % together;
      const int8_t weight = *w++;
      if (kernel->is_wide)
        ((int16_t *) kernel->arrays.weights)[to] = weight;
      else
        ((int8_t *) kernel->arrays.weights)[to] = weight;
      kernel->arrays.start[at] -= zero * weight;
    }
}

static void
pack_rows_s8 (DepthwiseKernel *kernel, const int8_t *w, const PraxiRequantize *r)
{
  const ConvShape *s = &kernel->shape;
  const int channels = (int) s->in_channels, vectors = kernel->rows_at_once;
  const int64_t rows = s->kernel[0] * s->kernel[1];
  const size_t runs = (size_t) ((rows + vectors - 1) / vectors);
  for (int first = 0, width; first < channels; first += width) {
    int begin;
    width = praxi_cpu_depthwise_group (channels, first, kernel->group_most, &begin);
    const size_t weights = (size_t) first * runs * (size_t) (s->kernel[2] * vectors);
    for (int k = 0; k < width; k++) {
      const int64_t c = begin + praxi_cpu_depthwise_channel (width, vectors, k);
      pack_filter (kernel, w, r, c % kernel->n_filters, weights, (size_t) width,
                   (size_t) (first + k));
    }
  }
}

static PraxiStatus
allocate (DepthwiseKernel *kernel, int taps)
{
  const size_t width = width_of (kernel);
  const ConvShape *s = &kernel->shape;
  const int64_t together = kernel->rows_at_once, rows_of_taps = s->kernel[0] * s->kernel[1];
  const size_t rows = kernel->is_s8 && kernel->in_rows
                          ? (size_t) ((rows_of_taps + together - 1) / together * s->kernel[2])
                      : kernel->is_wide ? ((size_t) taps + 1) / 2
                      : kernel->is_s8   ? ((size_t) taps + 3) / 4
                                        : (size_t) taps;
  kernel->base.weight_bytes = (rows + 3) * width * 4;
  kernel->offsets = praxi_cpu_conv_offsets (&kernel->shape,
                                            kernel->shape.in_channels * (int64_t) kernel->element);
  if (!kernel->offsets ||
      !praxi_cpu_arrays_new (&kernel->arrays, rows * width * 4, width,
                             (size_t) kernel->shape.in_channels * kernel->element))
    return PRAXI_STATUS_MEMORY;
  return PRAXI_OK;
}

/* How many neighbours that are read in place count as one pixel of more channels, because only
 * together their channels are whole vectors.
 */
static int64_t
pixels_together (const DepthwiseKernel *kernel)
{
  const ConvShape *s = &kernel->shape;
  const int64_t whole = kernel->is_s8 ? kernel->group_most : kernel->loops->lanes;
  for (int64_t n = 1; whole > 0 && n <= 8; n++)
    if (s->in[1] * s->in[2] % n == 0 && s->in_channels * n % whole == 0)
      return n;
  return 1;
}

/* Whether the loops along rows can do it; a plane whose taps are only in time is one row. */
static void
plan_rows (DepthwiseKernel *kernel)
{
  ConvShape *s = &kernel->shape;
  kernel->rows_at_once = kernel->is_wide ? 2 : 4;
  kernel->group_most = kernel->is_wide ? DEPTHWISE_GROUP : kernel->loops->depthwise_row_bytes;
  const bool in_place = s->taps == 1 && s->stride[1] == 1 && s->stride[2] == 1 && s->pad[1] == 0 &&
                        s->pad[2] == 0 && s->in[1] == s->out[1] && s->in[2] == s->out[2];
  const bool along = (s->kernel[2] == 3 || s->kernel[2] == 5) && s->dilation[2] == 1 &&
                     s->stride[2] <= 2 && s->in[2] <= INT32_MAX / 4;
  const int64_t channels = s->in_channels * (in_place ? pixels_together (kernel) : 1);
  kernel->in_rows = (in_place || along) &&
                    (kernel->is_s8 ? kernel->group_most > 0 && channels >= DEPTHWISE_GROUP &&
                                         kernel->epilogue.fits && !kernel->has_residual
                                   : channels >= kernel->loops->lanes);
  if (kernel->in_rows && in_place) {
    s->in[2] = s->out[2] = s->in[1] * s->in[2] * s->in_channels / channels;
    s->in[1] = s->out[1] = 1;
    s->in_channels = channels;
  }
  kernel->segments = (s->out[2] + SEGMENT_PIXELS - 1) / SEGMENT_PIXELS;
  const int64_t width = kernel->segments > 1 ? SEGMENT_PIXELS * s->stride[2] : s->in[2];
  const int64_t bytes = s->kernel[1] * width * s->in_channels * (int64_t) kernel->element;
  kernel->planes_at_once = s->kernel[0] == 1 ? 1 : CACHE_BYTES / bytes - s->kernel[0] + 1;
  if (kernel->planes_at_once < 1)
    kernel->planes_at_once = 1;
}

PraxiStatus
praxi_cpu_conv_depthwise (const CpuPlace *place, PraxiKernel **out)
{
  ConvShape shape;
  CpuEpilogue epilogue = {0};
  const bool is_s8 = place->op->kind == PRAXI_OP_QCONV;
  if (!praxi_cpu_conv_shape (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                             place->out[0], &shape) ||
      !praxi_cpu_conv_types_fit (place) || !praxi_cpu_conv_epilogue (place, &epilogue))
    return PRAXI_STATUS_UNSUPPORTED;
  const int64_t taps = shape.kernel[0] * shape.taps;
  if (shape.groups != shape.in_channels || shape.groups != shape.out_channels ||
      taps > DEPTHWISE_MAX_TAPS)
    return PRAXI_STATUS_UNSUPPORTED;
  DepthwiseKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base.name = is_s8 ? "conv-depthwise-s8" : "conv-depthwise-f32";
  kernel->base.run = run;
  kernel->base.clear = clear;
  kernel->loops = place->loops;
  kernel->shape = shape;
  kernel->epilogue = epilogue;
  kernel->n_planes = shape.batch * shape.out[0];
  kernel->n_pixels = shape.out[1] * shape.out[2];
  kernel->element = is_s8 ? 1 : 4;
  kernel->is_s8 = is_s8;
  kernel->is_wide = is_s8 && place->loops->is_wide;
  kernel->in_signed = place->in[0]->dtype == PRAXI_S8;
  kernel->has_residual = place->op->has_residual;
  kernel->n_filters = shape.in_channels;
  plan_rows (kernel);
  kernel->packs_at_run = !praxi_cpu_conv_is_constant (place);
  if (kernel->packs_at_run)
    kernel->base.scratch_bytes = (size_t) (taps + 1) * width_of (kernel) * sizeof (float);
  const PraxiStatus status = allocate (kernel, (int) taps);
  if (status != PRAXI_OK)
    return status;
  const PraxiTensor *bias = praxi_cpu_conv_bias (place);
  if (is_s8) {
    memset (kernel->arrays.padding, (uint8_t) place->op->requantize.input_zero,
            (size_t) kernel->shape.in_channels);
    if (kernel->in_rows)
      pack_rows_s8 (kernel, place->in[1]->data, &place->op->requantize);
    else
      pack_s8 (kernel, place->in[1]->data, (int) taps, &place->op->requantize);
  } else if (!kernel->packs_at_run) {
    pack_f32 (kernel, place->in[1]->data, bias ? bias->data : NULL, kernel->arrays.weights,
              kernel->arrays.bias);
  }
  return PRAXI_OK;
}
