/* QConv with 3 taps by Winograd's convolution, on whole numbers and so equal to the bit.
 *
 *   V = Bᵀ d B, U = 2G g (2G)ᵀ, M = Σ_k Σ_c U V, 4 y = Aᵀ M A      of a plane, or
 *   V = Bᵀ d,   U = 2G g,       M = Σ_c U V,     2 y = Aᵀ M        along time
 *   d: 4 × 4 or 4 inputs less their zero, g: 3 × 3 or 3 weights, y: 2 × 2 or 2 outputs
 *
 * takes 16 products for 4 outputs instead of 36, or 4 for 2 instead of 6. V is within ±1020 and U
 * within ±1152, so levels that multiply 16-bit numbers anyway do less; those that multiply bytes
 * would not. A plane's taps in time, k, are summed before Aᵀ. Threads share tiles.
 * Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015
 */
#include "kernels/cpu/conv-shape.h"

#include <stdlib.h>
#include <string.h>

enum {
  MAX_TILES = 48,
  LEAST_TILES = 12, /* the loops' rows are a divisor */
  VALUES_BYTES = 192 << 10,
  LEAST_PIXELS = 14 * 14 /* of output: fewer do not outweigh weights that are 16/9 as many */
};

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  CpuEpilogue epilogue;
  bool in_time, in_signed, has_residual;
  int positions, planes; /* planes: taps in time that are summed */
  int zero;              /* of the input */
  int64_t tiles[3];      /* T, H, W, of one clip */
  int tiles_at_once;     /* a multiple of LEAST_TILES */
  int64_t depth;         /* numbers of a row of values */
  int16_t *weights;      /* [chunks][positions][depth / 2][chunk's channels][2] */
  float *bias, *multiplier;
  void *padding; /* a pixel */
  size_t values_bytes, thread_bytes;
} WinogradKernel;

typedef struct {
  const WinogradKernel *kernel;
  const uint8_t *in, *residual;
  uint8_t *out, *scratch;
} Job;

/* A tile's first output. */
typedef struct {
  int64_t n, t, y, x;
} Tile;

static Tile
find_tile (const WinogradKernel *kernel, int64_t i)
{
  const int64_t *tiles = kernel->tiles;
  const int64_t step = kernel->in_time ? 1 : 2;
  Tile tile = {.x = i % tiles[2] * step};
  i /= tiles[2];
  tile.y = i % tiles[1] * step;
  i /= tiles[1];
  tile.t = i % tiles[0] * (kernel->in_time ? 2 : 1);
  tile.n = i / tiles[0];
  return tile;
}

static const void *
find_pixel (const Job *job, int64_t n, int64_t t, int64_t y, int64_t x)
{
  const ConvShape *s = &job->kernel->shape;
  if (t < 0 || t >= s->in[0] || y < 0 || y >= s->in[1] || x < 0 || x >= s->in[2])
    return job->kernel->padding;
  return job->in + (((n * s->in[0] + t) * s->in[1] + y) * s->in[2] + x) * s->in_channels;
}

/* values: of this tile at the first position */
static void
take_in (const Job *job, const Tile *tile, int16_t *values)
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
      pixels[i] = kernel->in_time ? find_pixel (job, tile->n, t + i, tile->y, tile->x)
                                  : find_pixel (job, tile->n, t, tile->y - s->pad[1] + i / 4,
                                                tile->x - s->pad[2] + i % 4);
    in.values = values + k * s->in_channels;
    kernel->loops->winograd_in (&in);
  }
}

static void
find_outputs (const WinogradKernel *kernel, const Tile *tile, int64_t *at)
{
  const ConvShape *s = &kernel->shape;
  for (int i = 0; i < WINOGRAD_OUTPUTS; i++) {
    const int64_t t = tile->t + (kernel->in_time ? i : 0);
    const int64_t y = tile->y + (kernel->in_time ? 0 : i / 2);
    const int64_t x = tile->x + (kernel->in_time ? 0 : i % 2);
    const bool inside = t < s->out[0] && y < s->out[1] && x < s->out[2];
    at[i] = inside ? (((tile->n * s->out[0] + t) * s->out[1] + y) * s->out[2] + x) * s->out_channels
                   : -1;
  }
}

static void
run_tiles (const Job *job, int64_t first, int n, uint8_t *scratch)
{
  const WinogradKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int lanes = kernel->loops->lanes;
  int16_t *values = (int16_t *) (void *) scratch;
  int32_t *sums = (int32_t *) (void *) (scratch + kernel->values_bytes);
  int64_t out_at[MAX_TILES][WINOGRAD_OUTPUTS];
  for (int i = 0; i < n; i++) {
    const Tile tile = find_tile (kernel, first + i);
    take_in (job, &tile, values + i * kernel->depth);
    find_outputs (kernel, &tile, out_at[i]);
  }
  const int16_t *weights = kernel->weights;
  for (int64_t channel = 0; channel < s->out_channels; channel += 2 * lanes) {
    const int left = (int) (s->out_channels - channel);
    const int blocks = left > lanes ? 2 : 1, width = blocks * lanes;
    const int64_t step = kernel->tiles_at_once * width;
    for (int i = 0; i < kernel->positions; i++, weights += kernel->depth * width) {
      const WinogradProduct product = {.values = values + i * kernel->tiles_at_once * kernel->depth,
                                       .weights = weights,
                                       .rows = n,
                                       .depth = (int) (kernel->depth / 2),
                                       .blocks = blocks,
                                       .sums = sums + i * step};
      kernel->loops->winograd_product (&product);
    }
    WinogradOut out = {.positions = kernel->positions,
                       .n_tiles = n,
                       .blocks = blocks,
                       .n_channels = left < width ? left : width,
                       .sums = sums,
                       .step = step,
                       .out_at = out_at,
                       .out = job->out + channel,
                       .epilogue = kernel->epilogue};
    out.epilogue.bias = kernel->bias + channel;
    out.epilogue.multiplier = kernel->multiplier + channel;
    out.epilogue.residual = job->residual ? job->residual + channel : NULL;
    kernel->loops->winograd_out (&out);
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
  free (kernel->weights);
  free (kernel->bias);
  free (kernel->multiplier);
  free (kernel->padding);
}

/* u = 2G g, of 3 numbers step apart to 4 numbers to_step apart */
static void
transform_line (const int32_t *g, int step, int32_t *u, int to_step)
{
  const int32_t a = g[0], b = g[step], c = g[2 * step];
  u[0] = 2 * a;
  u[to_step] = a + b + c;
  u[2 * to_step] = a - b + c;
  u[3 * to_step] = 2 * c;
}

/* The transformed weights of output channel o for number k of a row of values. */
static void
transform (const WinogradKernel *kernel, const int8_t *w, int64_t o, int64_t k, int32_t *u)
{
  const ConvShape *s = &kernel->shape;
  const int64_t taps = s->kernel[0] * s->taps, plane = k / s->in_channels;
  const int n = kernel->in_time ? 3 : 9;
  int32_t g[9], rows[12];
  w += (o * s->in_channels + k % s->in_channels) * taps + plane * s->taps;
  for (int i = 0; i < n; i++)
    g[i] = w[i];
  if (kernel->in_time) {
    transform_line (g, 1, u, 1);
    return;
  }
  for (int i = 0; i < 3; i++)
    transform_line (g + 3 * i, 1, rows + 4 * i, 1);
  for (int j = 0; j < 4; j++)
    transform_line (rows + j, 4, u + j, 4);
}

/* Whether no sum can be more than 32 bits hold: of values of at most 1020, all positions together.
 */
static bool
sums_fit (const WinogradKernel *kernel, const int8_t *w)
{
  const int64_t most = INT32_MAX / (4 * 255);
  for (int64_t o = 0; o < kernel->shape.out_channels; o++) {
    int64_t sum = 0;
    for (int64_t k = 0; k < kernel->depth; k++) {
      int32_t u[WINOGRAD_POSITIONS];
      transform (kernel, w, o, k, u);
      for (int i = 0; i < kernel->positions; i++)
        sum += abs (u[i]);
    }
    if (sum > most)
      return false;
  }
  return true;
}

static void
pack (WinogradKernel *kernel, const int8_t *w)
{
  const int64_t lanes = kernel->loops->lanes, channels = kernel->shape.out_channels;
  for (int64_t o = 0; o < channels; o++) {
    const int64_t first = o / (2 * lanes) * 2 * lanes;
    const int64_t width = channels - first > lanes ? 2 * lanes : lanes;
    int16_t *chunk = kernel->weights + first * kernel->positions * kernel->depth;
    for (int64_t k = 0; k < kernel->depth; k++) {
      int32_t u[WINOGRAD_POSITIONS];
      transform (kernel, w, o, k, u);
      for (int i = 0; i < kernel->positions; i++)
        chunk[((i * kernel->depth + k) / 2 * width + o - first) * 2 + k % 2] = (int16_t) u[i];
    }
  }
}

/* 3 taps along both axes of a plane and any in time, or 3 in time alone. */
static bool
can_do (const CpuPlace *place, const ConvShape *s)
{
  const bool in_plane = s->kernel[1] == 3 && s->kernel[2] == 3;
  const bool in_time = s->kernel[0] == 3 && s->taps == 1 && s->pad[1] == 0 && s->pad[2] == 0;
  if (!place->loops->winograd_in || place->op->kind != PRAXI_OP_QCONV || s->groups != 1 ||
      !praxi_cpu_conv_types_fit (place) || (!in_plane && !in_time))
    return false;
  for (int axis = 0; axis < 3; axis++)
    if (s->stride[axis] != 1 || s->dilation[axis] != 1)
      return false;
  if (s->in_channels < WINOGRAD_CHANNELS || s->in_channels % 2 != 0 ||
      s->batch * s->out[0] * s->out[1] * s->out[2] < LEAST_PIXELS)
    return false;
  return in_plane || (s->out[0] % 2 == 0 && s->out_channels > place->loops->lanes);
}

static void
plan (WinogradKernel *kernel, int n_threads)
{
  const ConvShape *s = &kernel->shape;
  kernel->in_time = s->taps == 1;
  kernel->positions = kernel->in_time ? 4 : WINOGRAD_POSITIONS;
  kernel->planes = kernel->in_time ? 1 : (int) s->kernel[0];
  kernel->depth = kernel->planes * s->in_channels;
  for (int axis = 0; axis < 3; axis++)
    kernel->tiles[axis] = (axis == 0) == kernel->in_time ? (s->out[axis] + 1) / 2 : s->out[axis];
  const int64_t tile_bytes = kernel->positions * kernel->depth * (int64_t) sizeof (int16_t);
  int64_t tiles = VALUES_BYTES / tile_bytes / LEAST_TILES * LEAST_TILES;
  tiles = tiles < LEAST_TILES ? LEAST_TILES : tiles > MAX_TILES ? MAX_TILES : tiles;
  kernel->tiles_at_once = (int) tiles;
  kernel->values_bytes = praxi_cpu_round_up ((size_t) (tiles * tile_bytes), 64);
  kernel->thread_bytes =
      kernel->values_bytes +
      (size_t) (kernel->positions * tiles * 2 * kernel->loops->lanes) * sizeof (int32_t);
  kernel->base.scratch_bytes = (size_t) n_threads * kernel->thread_bytes;
}

static PraxiStatus
allocate (WinogradKernel *kernel, const PraxiRequantize *r)
{
  const ConvShape *s = &kernel->shape;
  const size_t channels =
      praxi_cpu_round_up ((size_t) s->out_channels, (size_t) kernel->loops->lanes);
  const size_t bytes =
      channels * (size_t) (kernel->positions * kernel->depth) * sizeof *kernel->weights;
  kernel->weights = praxi_cpu_alloc (bytes);
  kernel->bias = praxi_cpu_alloc (channels * sizeof *kernel->bias);
  kernel->multiplier = praxi_cpu_alloc (channels * sizeof *kernel->multiplier);
  kernel->padding = praxi_cpu_alloc ((size_t) s->in_channels);
  kernel->base.weight_bytes = bytes + 2 * channels * sizeof (float);
  if (!kernel->weights || !kernel->bias || !kernel->multiplier || !kernel->padding)
    return PRAXI_STATUS_MEMORY;
  memset (kernel->padding, (uint8_t) r->input_zero, (size_t) s->in_channels);
  for (int64_t o = 0; o < s->out_channels; o++) {
    kernel->bias[o] = r->offset ? r->offset[o] : 0;
    kernel->multiplier[o] = r->multiplier[o];
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_cpu_conv_winograd (const CpuPlace *place, PraxiKernel **out)
{
  WinogradKernel planned = {
      .base = {.name = "conv-winograd-s8", .run = run, .clear = clear},
      .loops = place->loops,
      .in_signed = place->in[0]->dtype == PRAXI_S8,
      .has_residual = place->op->has_residual,
      .zero = place->op->requantize.input_zero,
  };
  if (!praxi_cpu_conv_shape (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                             place->out[0], &planned.shape) ||
      !can_do (place, &planned.shape) || !praxi_cpu_conv_epilogue (place, &planned.epilogue))
    return PRAXI_STATUS_UNSUPPORTED;
  plan (&planned, place->n_threads);
  if (!sums_fit (&planned, place->in[1]->data))
    return PRAXI_STATUS_UNSUPPORTED;
  WinogradKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *kernel = planned;
  *out = &kernel->base;
  const PraxiStatus status = allocate (kernel, &place->op->requantize);
  if (status == PRAXI_OK)
    pack (kernel, place->in[1]->data);
  return status;
}
