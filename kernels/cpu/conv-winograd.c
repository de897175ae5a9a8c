/* Conv and QConv with 3 taps by Winograd's convolution; QConv on whole numbers and so equal to the
 * bit.
 *
 *   V = Bᵀ d B, U = G g Gᵀ, M = Σ_k Σ_c U V, f² y = Aᵀ M A      of a plane, or
 *   V = Bᵀ d,   U = G g,    M = Σ_c U V,     f y = Aᵀ M         along time
 *   d: 6 × 6, 4 × 4 or 4 inputs, g: 3 × 3 or 3 weights, y: 4 × 4, 2 × 2 or 2 outputs
 *
 * takes 36 products for 16 outputs instead of 144, 16 for 4 instead of 36, or 4 for 2 instead of 6.
 * Of bytes, d is less the input's zero, or of 6 × 6 less the middle of its range, which halves the
 * largest y, and what that makes different is added behind. V and U fit into 16 bits: V is within
 * ±12800 of 6 × 6 inputs, ±1020 of 4 × 4; U within ±6272 and ±1152. So levels that multiply 16-bit
 * numbers anyway do less; where bytes are multiplied twice as fast, only 6 × 6 does. The factor f
 * is 2 of 4 inputs and 24 of 6, where sums wrap around at 32 bits and the outputs are known
 * within 26. A plane's taps in time, k, are summed before Aᵀ. Floats, for which f is 1, go by
 * planes of 4 × 4 alone: in time a frame's rounding would depend on where its tile begins. Threads
 * share tiles. Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015
 */
#include "kernels/cpu/conv-shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  MAX_TILES = 48,
  LEAST_TILES = 12, /* the loops' rows are a divisor */
  VALUES_BYTES = 192 << 10,
  LEAST_PIXELS = 14 * 14,      /* of output: fewer do not outweigh weights that are more */
  MOST_WEIGHT_BYTES = 8 << 20, /* of 6 × 6, eight times the weights: they pass through the cache */
  MAX_LINE = 6,
  MOST_OUTPUTS = 32 /* of a chunk: two vectors */
};

typedef struct {
  PraxiKernel base;
  const WinogradLoops *loops;
  int lanes;
  ConvShape shape;
  CpuEpilogue epilogue;
  bool is_s8, in_time, in_signed, has_residual;
  int line, step;        /* inputs and outputs of a tile along an axis */
  int positions, planes; /* planes: taps in time that are summed */
  int zero, input_zero;  /* what d is less; the input's */
  int64_t tiles[3];      /* T, H, W, of one clip */
  int tiles_at_once;     /* a multiple of LEAST_TILES */
  int64_t depth;         /* numbers of a row of values */
  ConvArrays arrays;     /* weights [chunks][positions][depth][chunk's channels], depth of bytes in
                            pairs; start: of 6 × 6 inputs, added to each output */
  size_t element;        /* bytes of a value or weight */
  size_t values_bytes, thread_bytes;
} WinogradKernel;

typedef struct {
  const WinogradKernel *kernel;
  const uint8_t *in, *residual;
  uint8_t *out, *scratch;
} Job;

/* bytes of an element of input and output */
static int64_t
in_element (const WinogradKernel *kernel)
{
  return kernel->is_s8 ? 1 : 4;
}

/* A tile's first output. */
typedef struct {
  int64_t n, t, y, x;
} Tile;

static Tile
find_tile (const WinogradKernel *kernel, int64_t i)
{
  const int64_t *tiles = kernel->tiles;
  const int64_t step = kernel->in_time ? 1 : kernel->step;
  Tile tile = {.x = i % tiles[2] * step};
  i /= tiles[2];
  tile.y = i % tiles[1] * step;
  i /= tiles[1];
  tile.t = i % tiles[0] * (kernel->in_time ? kernel->step : 1);
  tile.n = i / tiles[0];
  return tile;
}

static const void *
find_pixel (const Job *job, int64_t n, int64_t t, int64_t y, int64_t x)
{
  const ConvShape *s = &job->kernel->shape;
  if (t < 0 || t >= s->in[0] || y < 0 || y >= s->in[1] || x < 0 || x >= s->in[2])
    return job->kernel->arrays.padding;
  return job->in + (((n * s->in[0] + t) * s->in[1] + y) * s->in[2] + x) * s->in_channels *
                       in_element (job->kernel);
}

/* values: of this tile at the first position */
static void
take_in (const Job *job, const Tile *tile, uint8_t *values)
{
  const WinogradKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const void *pixels[WINOGRAD_POSITIONS];
  WinogradIn in = {.positions = kernel->positions,
                   .pixels = pixels,
                   .n_channels = (int) s->in_channels,
                   .in_signed = kernel->in_signed,
                   .zero = kernel->zero,
                   .step = kernel->tiles_at_once * kernel->depth};
  for (int k = 0; k < kernel->planes; k++) {
    const int64_t t = tile->t - s->pad[0] + k;
    for (int i = 0; i < kernel->positions; i++)
      pixels[i] = kernel->in_time
                      ? find_pixel (job, tile->n, t + i, tile->y, tile->x)
                      : find_pixel (job, tile->n, t, tile->y - s->pad[1] + i / kernel->line,
                                    tile->x - s->pad[2] + i % kernel->line);
    in.values = values + k * s->in_channels * (int64_t) kernel->element;
    kernel->loops->in (&in);
  }
}

static void
find_outputs (const WinogradKernel *kernel, const Tile *tile, int64_t *at)
{
  const ConvShape *s = &kernel->shape;
  const int step = kernel->step;
  for (int i = 0; i < (kernel->in_time ? step : step * step); i++) {
    const int64_t t = tile->t + (kernel->in_time ? i : 0);
    const int64_t y = tile->y + (kernel->in_time ? 0 : i / step);
    const int64_t x = tile->x + (kernel->in_time ? 0 : i % step);
    const bool inside = t < s->out[0] && y < s->out[1] && x < s->out[2];
    at[i] =
        inside ? (((tile->n * s->out[0] + t) * s->out[1] + y) * s->out[2] + x) * s->out_step : -1;
  }
}

static void
run_tiles (const Job *job, int64_t first, int n, uint8_t *scratch)
{
  const WinogradKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int lanes = kernel->lanes;
  const int64_t element = (int64_t) kernel->element, tile_bytes = kernel->depth * element;
  int32_t *sums = (int32_t *) (void *) (scratch + kernel->values_bytes); /* or floats */
  int64_t out_at[MAX_TILES][WINOGRAD_OUTPUTS];
  for (int i = 0; i < n; i++) {
    const Tile tile = find_tile (kernel, first + i);
    take_in (job, &tile, scratch + i * tile_bytes);
    find_outputs (kernel, &tile, out_at[i]);
  }
  const uint8_t *weights = kernel->arrays.weights;
  for (int64_t channel = 0; channel < s->out_channels; channel += 2 * lanes) {
    const int left = (int) (s->out_channels - channel);
    const int blocks = left > lanes ? 2 : 1, width = blocks * lanes;
    const int64_t step = kernel->tiles_at_once * width;
    for (int i = 0; i < kernel->positions; i++, weights += tile_bytes * width) {
      const WinogradProduct product = {.values = scratch + i * kernel->tiles_at_once * tile_bytes,
                                       .weights = weights,
                                       .rows = n,
                                       .depth = (int) (tile_bytes / 4),
                                       .blocks = blocks,
                                       .sums = sums + i * step};
      kernel->loops->product (&product);
    }
    WinogradOut out = {.positions = kernel->positions,
                       .n_tiles = n,
                       .blocks = blocks,
                       .n_channels = left < width ? left : width,
                       .sums = sums,
                       .step = step,
                       .out_at = out_at,
                       .out = job->out + channel * in_element (kernel),
                       .epilogue = kernel->epilogue};
    out.epilogue.bias = kernel->arrays.bias + channel;
    out.epilogue.multiplier = kernel->arrays.multiplier + channel;
    out.epilogue.start = kernel->arrays.start + channel;
    out.epilogue.residual = job->residual ? job->residual + channel * in_element (kernel) : NULL;
    kernel->loops->out (&out);
  }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const WinogradKernel *kernel = job->kernel;
  const int64_t *tiles = kernel->tiles;
  int64_t at, end;
  praxi_cpu_share (kernel->shape.batch * tiles[0] * tiles[1] * tiles[2], i, n, &at, &end);
  for (; at < end; at += kernel->tiles_at_once)
    run_tiles (job, at, (int) (end - at < kernel->tiles_at_once ? end - at : kernel->tiles_at_once),
               job->scratch + (size_t) i * kernel->thread_bytes);
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const WinogradKernel *kernel = (WinogradKernel *) base;
  Job job = {.kernel = kernel,
             .in = in[0]->data,
             .residual = kernel->has_residual ? in[base->n_in - 1]->data : NULL,
             .out = out[0]->data,
             .scratch = scratch};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  WinogradKernel *kernel = (WinogradKernel *) base;
  praxi_cpu_arrays_clear (&kernel->arrays);
}

static bool
share (PraxiKernel *base, const PraxiKernel *with)
{
  WinogradKernel *kernel = (WinogradKernel *) base;
  const WinogradKernel *other = (const WinogradKernel *) with;
  return kernel->line == other->line && praxi_cpu_arrays_share (&kernel->arrays, &other->arrays);
}

/* Numbers of the outputs of a chunk, next to each other. */
typedef float Outputs[MOST_OUTPUTS];

/* u = G g, whole numbers, of 3 numbers step apart to line numbers to_step apart */
static void
transform_line (int line, const Outputs *g, int step, Outputs *u, int to_step)
{
  static const float by_4[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};
  static const float by_6[6][3] = {{1, 0, 0}, {-1, -1, -1}, {-1, 1, -1},
                                   {1, 2, 4}, {1, -2, 4},   {0, 0, 1}};
  for (int i = 0; i < line; i++) {
    const float *row = line == 4 ? by_4[i] : by_6[i];
    for (int o = 0; o < MOST_OUTPUTS; o++)
      u[i * to_step][o] = row[0] * g[0][o] + row[1] * g[step][o] + row[2] * g[2 * step][o];
  }
}

/* The transformed weights of n outputs from `from` on, for number k of a row of values. */
static void
transform (const WinogradKernel *kernel,
           const PraxiTensor *w,
           const WeightSteps *steps,
           int64_t from,
           int64_t n,
           int64_t k,
           Outputs *u)
{
  const ConvShape *s = &kernel->shape;
  const int64_t first = from * steps->out + k % s->in_channels * steps->in +
                        k / s->in_channels * s->taps * steps->tap;
  const int line = kernel->line;
  Outputs g[9] = {{0}}, rows[3 * MAX_LINE];
  for (int64_t o = 0; o < n; o++)
    for (int i = 0; i < (kernel->in_time ? 3 : 9); i++) {
      const int64_t at = first + o * steps->out + i * steps->tap;
      g[i][o] = kernel->is_s8 ? ((const int8_t *) w->data)[at] : ((const float *) w->data)[at] / 4;
    }
  if (kernel->in_time) {
    transform_line (line, g, 1, u, 1);
    return;
  }
  for (int i = 0; i < 3; i++)
    transform_line (line, g + 3 * i, 1, rows + line * i, 1);
  for (int j = 0; j < line; j++)
    transform_line (line, rows + j, line, u + j, line);
}

/* The sum of an output's weights. Returns that without their signs. */
static double
sum_weights (const WinogradKernel *kernel,
             const PraxiTensor *w,
             const WeightSteps *steps,
             int64_t o,
             double *sum)
{
  const ConvShape *s = &kernel->shape;
  double most = 0;
  *sum = 0;
  for (int64_t c = 0; c < s->in_channels; c++)
    for (int64_t tap = 0; tap < s->kernel[0] * s->taps; tap++) {
      const int64_t at = o * steps->out + c * steps->in + tap * steps->tap;
      const double weight = ((const int8_t *) w->data)[at];
      *sum += weight;
      most += fabs (weight);
    }
  return most;
}

/* The weights of n outputs from `from` on, a chunk whose channels are width; sums: of each output's
 * numbers without their signs, to which is added
 */
static void
pack_chunk (WinogradKernel *kernel,
            const PraxiTensor *w,
            const WeightSteps *steps,
            int64_t from,
            int64_t n,
            int64_t width,
            double *sums)
{
  const int64_t pair = kernel->is_s8 ? 2 : 1;
  const int64_t chunk = from * kernel->positions * kernel->depth;
  for (int64_t k = 0; k < kernel->depth; k++) {
    Outputs u[WINOGRAD_POSITIONS];
    transform (kernel, w, steps, from, n, k, u);
    for (int i = 0; i < kernel->positions; i++) {
      const int64_t at = chunk + (i * kernel->depth + k) / pair * width * pair + k % pair;
      for (int64_t o = 0; o < n; o++) {
        sums[o] += kernel->line == 4 ? fabsf (u[i][o]) : 0;
        if (kernel->is_s8)
          ((int16_t *) kernel->arrays.weights)[at + o * pair] = (int16_t) u[i][o];
        else
          ((float *) kernel->arrays.weights)[at + o] = u[i][o];
      }
    }
  }
}

/* False where sums of bytes could be more than is kept of them: of 4 inputs all positions together,
 * with values of at most 1020, 32 bits; of 6 inputs an output of values of at most 128, 26.
 */
static bool
pack (WinogradKernel *kernel, const PraxiTensor *w)
{
  const double most = kernel->line == 4 ? INT32_MAX / (4 * 255) : (1 << 25) / 128;
  const WeightSteps steps = praxi_cpu_weight_steps (&kernel->shape, w);
  const int64_t lanes = kernel->lanes, channels = kernel->shape.out_channels;
  for (int64_t from = 0; from < channels; from += 2 * lanes) {
    const int64_t left = channels - from, n = left < 2 * lanes ? left : 2 * lanes;
    double sums[MOST_OUTPUTS] = {0}, of_weights = 0;
    for (int64_t o = 0; kernel->line == 6 && o < n; o++) {
      sums[o] = sum_weights (kernel, w, &steps, from + o, &of_weights);
      kernel->arrays.start[from + o] = (int32_t) ((kernel->zero - kernel->input_zero) * of_weights);
    }
    pack_chunk (kernel, w, &steps, from, n, left > lanes ? 2 * lanes : lanes, sums);
    for (int64_t o = 0; kernel->is_s8 && o < n; o++)
      if (sums[o] > most)
        return false;
  }
  return true;
}

static int64_t
n_tiles (const ConvShape *s, int64_t step)
{
  return (s->out[1] + step - 1) / step * ((s->out[2] + step - 1) / step);
}

/* Whether 6 × 6 inputs take less than another way does: 16 products for 4 outputs, or, of bytes, 9
 * at half the price. Transforms take about a third as long as the products.
 */
static bool
pays_by_6 (const WinogradKernel *kernel, bool multiplies_bytes)
{
  const ConvShape *s = &kernel->shape;
  const int64_t by_6 = 36 * n_tiles (s, 4), planes = s->out[1] * s->out[2];
  const int64_t other = multiplies_bytes ? 9 * planes / 2 : 16 * n_tiles (s, 2);
  return by_6 * 4 / 3 < other &&
         36 * 2 * s->kernel[0] * s->in_channels * s->out_channels <= MOST_WEIGHT_BYTES;
}

/* 3 taps along both axes of a plane and any in time, or 3 of bytes in time alone. */
static bool
can_do (const WinogradKernel *kernel, const CpuPlace *place)
{
  const ConvShape *s = &kernel->shape;
  const bool in_plane = s->kernel[1] == 3 && s->kernel[2] == 3;
  const bool in_time = kernel->is_s8 && s->kernel[0] == 3 && s->taps == 1 && s->pad[1] == 0 &&
                       s->pad[2] == 0 && s->out[0] % 2 == 0 && s->out_channels > kernel->lanes;
  if (!kernel->loops->in || s->groups != 1 || (!in_plane && !in_time) ||
      !praxi_cpu_conv_types_fit (place) || !praxi_cpu_conv_is_constant (place))
    return false;
  for (int axis = 0; axis < 3; axis++)
    if (s->stride[axis] != 1 || s->dilation[axis] != 1)
      return false;
  const int least = kernel->is_s8 ? 2 * kernel->lanes : WINOGRAD_CHANNELS;
  return s->in_channels >= least && s->in_channels % 2 == 0 &&
         s->batch * s->out[0] * s->out[1] * s->out[2] >= LEAST_PIXELS;
}

static void
plan (WinogradKernel *kernel, int line, int n_threads)
{
  const ConvShape *s = &kernel->shape;
  kernel->line = line;
  kernel->step = line - 2;
  kernel->zero = line == 4 ? kernel->input_zero : kernel->in_signed ? 0 : 128;
  kernel->in_time = s->taps == 1;
  kernel->positions = kernel->in_time ? line : line * line;
  kernel->planes = kernel->in_time ? 1 : (int) s->kernel[0];
  kernel->depth = kernel->planes * s->in_channels;
  kernel->element = kernel->is_s8 ? sizeof (int16_t) : sizeof (float);
  for (int axis = 0; axis < 3; axis++)
    kernel->tiles[axis] = (axis == 0) == kernel->in_time
                              ? (s->out[axis] + kernel->step - 1) / kernel->step
                              : s->out[axis];
  const int64_t tile_bytes = kernel->positions * kernel->depth * (int64_t) kernel->element;
  int64_t tiles = VALUES_BYTES / tile_bytes / LEAST_TILES * LEAST_TILES;
  tiles = tiles < LEAST_TILES ? LEAST_TILES : tiles > MAX_TILES ? MAX_TILES : tiles;
  kernel->tiles_at_once = (int) tiles;
  kernel->values_bytes = praxi_cpu_round_up ((size_t) (tiles * tile_bytes), 64);
  kernel->thread_bytes =
      kernel->values_bytes +
      (size_t) (kernel->positions * tiles * 2 * kernel->lanes) * sizeof (int32_t);
  kernel->base.scratch_bytes = (size_t) n_threads * kernel->thread_bytes;
}

static PraxiStatus
allocate (WinogradKernel *kernel, const CpuPlace *place)
{
  const ConvShape *s = &kernel->shape;
  const PraxiRequantize *r = &place->op->requantize;
  const PraxiTensor *bias = praxi_cpu_conv_bias (place);
  const size_t channels = praxi_cpu_round_up ((size_t) s->out_channels, (size_t) kernel->lanes);
  const size_t bytes = channels * (size_t) (kernel->positions * kernel->depth) * kernel->element;
  const size_t pixel_bytes = (size_t) (s->in_channels * in_element (kernel));
  kernel->base.weight_bytes = bytes + 3 * channels * sizeof (float);
  if (!praxi_cpu_arrays_new (&kernel->arrays, bytes, channels, pixel_bytes))
    return PRAXI_STATUS_MEMORY;
  if (kernel->is_s8)
    memset (kernel->arrays.padding, (uint8_t) r->input_zero, pixel_bytes);
  for (int64_t o = 0; o < s->out_channels; o++) {
    if (kernel->is_s8) {
      kernel->arrays.bias[o] = r->offset ? r->offset[o] : 0;
      kernel->arrays.multiplier[o] = r->multiplier[o];
    } else if (bias) {
      kernel->arrays.bias[o] = ((const float *) bias->data)[o];
    }
  }
  return PRAXI_OK;
}

/* With tiles of so many inputs along an axis. UNSUPPORTED: their sums would not fit */
static PraxiStatus
prepare (const WinogradKernel *found, const CpuPlace *place, int line, PraxiKernel **out)
{
  WinogradKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *kernel = *found;
  *out = &kernel->base;
  plan (kernel, line, place->n_threads);
  const PraxiStatus status = allocate (kernel, place);
  if (status != PRAXI_OK || pack (kernel, place->in[1]))
    return status;
  clear (&kernel->base);
  free (kernel);
  *out = NULL; /* another kernel may do it */
  return PRAXI_STATUS_UNSUPPORTED;
}

PraxiStatus
praxi_cpu_conv_winograd (const CpuPlace *place, PraxiKernel **out)
{
  const bool is_s8 = place->op->kind == PRAXI_OP_QCONV;
  const bool multiplies_bytes = is_s8 && !place->loops->is_wide;
  WinogradKernel found = {
      .base = {.name = is_s8 ? "conv-winograd-s8" : "conv-winograd-f32",
               .run = run,
               .clear = clear,
               .share = share},
      .loops = is_s8 ? &place->loops->winograd_s16 : &place->loops->winograd_f32,
      .lanes = place->loops->lanes,
      .is_s8 = is_s8,
      .in_signed = place->in[0]->dtype == PRAXI_S8,
      .has_residual = place->op->has_residual,
      .input_zero = place->op->requantize.input_zero,
  };
  if (!praxi_cpu_conv_shape_apart (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                                   place->out[0], &found.shape) ||
      !can_do (&found, place) || !praxi_cpu_conv_epilogue (place, &found.epilogue))
    return PRAXI_STATUS_UNSUPPORTED;
  if (is_s8 && found.shape.taps > 1 && pays_by_6 (&found, multiplies_bytes)) {
    const PraxiStatus status = prepare (&found, place, 6, out);
    if (status != PRAXI_STATUS_UNSUPPORTED)
      return status;
  }
  return multiplies_bytes ? PRAXI_STATUS_UNSUPPORTED : prepare (&found, place, 4, out);
}
