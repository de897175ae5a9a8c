/* Conv and QConv by indirect matrix products.
 *
 *   y[n, p, o] = epilogue (Σ_k Σ_c x[n, p · stride − pad + k · dilation, c] w[o, c, k])
 *   x [N,(T,)H,W,C] in memory, f32 or u8/s8; y the same; w [O,C/group,k…], packed when prepared
 *   or, where it is not known then, in every run
 *
 * The offsets of one output plane's taps are computed once; a temporal tap only chooses another
 * input plane.
 */
#include "kernels/cpu/conv-dense.h"

#include <stdlib.h>
#include <string.h>

enum {
  LONG_CHUNK_PIXELS = 12 * CONV_CHUNK_PIXELS, /* that no second chunk of channels reads again */
  TILED_BYTES = 512 << 10,                    /* of input, and how many pixels that may be */
  LEAST_TILED_PIXELS = 192,
  MOST_TILED_PIXELS = 4096,
  TAIL_BYTES = 16
};

static DenseSource
weights_of (const ConvKernel *kernel, const PraxiTensor *w)
{
  const WeightSteps *steps = &kernel->steps;
  const int64_t taps = kernel->planes.merges ? kernel->planes.source.kernel[2] : 1;
  return (DenseSource){.data = w->data,
                       .group_step = kernel->pack.group_out * steps->out,
                       .out_step = steps->out,
                       .in_step = steps->in,
                       .tap_step = steps->tap * taps,
                       .run = kernel->planes.merges ? kernel->planes.source.in_channels : 0,
                       .run_step = steps->tap,
                       .scale = 1};
}

static void
set_bias (DensePack *pack, const PraxiTensor *bias, int64_t n)
{
  for (int64_t o = 0; o < n; o++)
    praxi_cpu_pack_set (pack, pack->bias, o, ((const float *) bias->data)[o]);
}

/* The pack with weights and bias of this run, which lie in scratch. */
static DensePack
pack_now (const ConvKernel *kernel, const PraxiTensor *const *in, void *scratch)
{
  DensePack pack = kernel->pack;
  const DenseSource source = weights_of (kernel, in[1]);
  const bool has_bias = kernel->base.n_in - kernel->has_residual > 2 && in[2];
  pack.weights = scratch;
  pack.bias = (float *) (void *) ((char *) scratch + pack.weights_bytes);
  memset (pack.bias, 0, pack.n_arrays * sizeof *pack.bias);
  praxi_cpu_pack_fill (&pack, &source, pack.weights);
  if (has_bias)
    set_bias (&pack, in[2], kernel->planes.shape.out_channels);
  return pack;
}

static PraxiStatus
run (PraxiKernel *base,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const ConvKernel *kernel = (ConvKernel *) base;
  uint8_t *rest = (uint8_t *) scratch + kernel->threads_bytes;
  const DensePack pack = kernel->packs_at_run ? pack_now (kernel, in, rest) : kernel->pack;
  ConvJob job = {
      .kernel = kernel, .pack = &pack, .in = in[0]->data, .out = out[0]->data, .scratch = scratch};
  if (kernel->has_residual)
    job.residual = in[base->n_in - 1]->data;
  if (kernel->copies_last) {
    const ConvShape *s = &kernel->planes.shape;
    const size_t bytes = (size_t) kernel->planes.plane_bytes;
    memcpy (rest, job.in + (size_t) (s->batch * s->in[0] - 1) * bytes, bytes);
    memset (rest + bytes, 0, TAIL_BYTES);
    job.last_plane = rest;
  }
  if (!kernel->planes.copies)
    job.in_end = job.in + kernel->planes.shape.batch * kernel->planes.shape.in[0] *
                              kernel->planes.plane_bytes;
  praxi_pool_run (pool, praxi_cpu_conv_dense_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  ConvKernel *kernel = (ConvKernel *) base;
  praxi_cpu_pack_clear (&kernel->pack);
  free (kernel->offsets);
  free (kernel->padding);
}

static bool
share (PraxiKernel *base, const PraxiKernel *with)
{
  return praxi_cpu_pack_share (&((ConvKernel *) base)->pack, &((const ConvKernel *) with)->pack);
}

static int64_t
tiled_pixels (const ConvKernel *kernel)
{
  int64_t n = TILED_BYTES / kernel->planes.pixel_bytes;
  n = n < LEAST_TILED_PIXELS ? LEAST_TILED_PIXELS : n > MOST_TILED_PIXELS ? MOST_TILED_PIXELS : n;
  return n < kernel->row_pixels ? kernel->row_pixels : n / kernel->row_pixels * kernel->row_pixels;
}

static PraxiStatus
plan_pixels (ConvKernel *kernel, int n_threads)
{
  const ConvPlanes *planes = &kernel->planes;
  const ConvShape *s = &planes->shape;
  kernel->n_planes = s->batch * s->out[0];
  kernel->n_pixels = s->out[1] * s->out[2];
  kernel->padding = praxi_cpu_planes_padding (planes);
  if (!kernel->padding)
    return PRAXI_STATUS_MEMORY;
  if (!planes->in_a_row) {
    kernel->offsets = praxi_cpu_conv_offsets (s, planes->pixel_bytes);
    if (!kernel->offsets)
      return PRAXI_STATUS_MEMORY;
  }
  kernel->row_pixels = kernel->dense_tiles && kernel->offsets ? s->out[2] : 1;
  kernel->chunk_pixels =
      kernel->pack.is_s8 && kernel->pack.n_chunks == 1 ? LONG_CHUNK_PIXELS : CONV_CHUNK_PIXELS;
  if (kernel->dense_tiles) {
    kernel->chunk_pixels = tiled_pixels (kernel);
    kernel->room_bytes =
        planes->copies ? 0 : (size_t) 2 * TILE_ROWS * 4 * (size_t) kernel->pack.depth;
  }
  if (!kernel->pack.is_s8)
    kernel->room_bytes = sizeof (float) * (CONV_CHUNK_PIXELS + DENSE_ROWS_MAX) *
                         (size_t) (kernel->loops->dense_blocks_max * kernel->loops->lanes);
  kernel->thread_bytes = kernel->room_bytes + praxi_cpu_planes_bytes (planes);
  kernel->threads_bytes = (size_t) n_threads * kernel->thread_bytes;
  kernel->base.scratch_bytes += kernel->threads_bytes;
  if (kernel->copies_last)
    kernel->base.scratch_bytes += (size_t) planes->plane_bytes + TAIL_BYTES;
  return PRAXI_OK;
}

/* Whether dense_s8_stem does it. */
static bool
can_be_stem (const CpuPlace *place, const ConvShape *s)
{
  return place->loops->dense_s8_stem && place->op->kind == PRAXI_OP_QCONV && s->groups == 1 &&
         s->in_channels == 3 && s->out_channels <= 2 * place->loops->lanes && s->kernel[0] == 1 &&
         s->kernel[1] == 3 && s->kernel[2] == 3 && s->stride[2] == 2 && s->dilation[2] == 1;
}

/* Whether tiles do it, and faster: rows of taps side by side, and enough of them to fill tiles. */
static bool
can_tile (const CpuPlace *place, const ConvShape *s)
{
  enum { LEAST_BYTES = 8, LEAST_CHANNELS = 8 };
  const bool in_rows = s->kernel[2] > 1 ? s->dilation[2] == 1 : s->pad[2] == 0;
  return place->dense_tiles && place->op->kind == PRAXI_OP_QCONV && s->groups == 1 && in_rows &&
         (s->kernel[0] - 1) * s->dilation[0] < CONV_RING_MAX &&
         s->in_channels * s->kernel[2] >= LEAST_BYTES && s->out_channels >= LEAST_CHANNELS;
}

/* Whether half the lanes are too many for the channels; of bytes, whether 8 can be read at once. */
static bool
can_pair (const ConvKernel *kernel)
{
  const DensePack *pack = &kernel->pack;
  if (pack->group_out > pack->loops->lanes / 2 || kernel->has_residual)
    return false;
  if (!pack->is_s8)
    return pack->loops->dense_f32_pairs && pack->groups == 1;
  return !pack->in_tiles && pack->loops->dense_s8_pairs && kernel->epilogue.fits &&
         (kernel->planes.copies || pack->group_in % 8 == 0);
}

static PraxiStatus
pack_weights (ConvKernel *kernel, const CpuPlace *place)
{
  const ConvShape *s = &kernel->planes.shape;
  const PraxiRequantize *r = &place->op->requantize;
  DensePack *pack = &kernel->pack;
  const PraxiTensor *bias = praxi_cpu_conv_bias (place);
  pack->loops = place->loops;
  pack->groups = s->groups;
  pack->group_in = kernel->planes.channels / s->groups;
  pack->group_out = s->out_channels / s->groups;
  pack->taps = s->kernel[0] * s->taps;
  pack->planes = s->kernel[0];
  pack->in_pairs = can_pair (kernel);
  kernel->steps = praxi_cpu_weight_steps (&kernel->planes.source, place->in[1]);
  kernel->packs_at_run = !praxi_cpu_conv_is_constant (place);
  if (kernel->packs_at_run) {
    const PraxiStatus status = praxi_cpu_pack_plan (pack);
    kernel->base.scratch_bytes = pack->weights_bytes + pack->n_arrays * sizeof *pack->bias;
    return status;
  }
  const DenseSource source = weights_of (kernel, place->in[1]);
  const int32_t zero = r->input_zero + (kernel->in_signed && !pack->in_tiles ? 128 : 0);
  const PraxiStatus status = praxi_cpu_pack (pack, &source, zero);
  for (int64_t o = 0; status == PRAXI_OK && pack->is_s8 && o < s->out_channels; o++) {
    praxi_cpu_pack_set (pack, pack->multiplier, o, r->multiplier[o]);
    praxi_cpu_pack_set (pack, pack->bias, o, r->offset ? r->offset[o] : 0);
  }
  if (status == PRAXI_OK && !pack->is_s8 && bias)
    set_bias (pack, bias, s->out_channels);
  kernel->base.weight_bytes = pack->bytes;
  return status;
}

PraxiStatus
praxi_cpu_conv (const CpuPlace *place, PraxiKernel **out)
{
  const PraxiStatus band = praxi_cpu_conv_depthwise_band (place, out);
  if (band != PRAXI_STATUS_UNSUPPORTED)
    return band;
  const PraxiStatus depthwise = praxi_cpu_conv_depthwise (place, out);
  if (depthwise != PRAXI_STATUS_UNSUPPORTED)
    return depthwise;
  ConvShape shape;
  CpuEpilogue epilogue = {0};
  const bool is_s8 = place->op->kind == PRAXI_OP_QCONV;
  if (!praxi_cpu_conv_shape_apart (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                                   place->out[0], &shape) ||
      !praxi_cpu_conv_types_fit (place) || shape.kernel[0] > CONV_RING_MAX ||
      !praxi_cpu_conv_epilogue (place, &epilogue))
    return PRAXI_STATUS_UNSUPPORTED;
  const bool is_stem = can_be_stem (place, &shape);
  const bool in_tiles = can_tile (place, &shape) && !(is_stem && shape.out_channels <= TILE_LANES);
  const PraxiStatus winograd =
      in_tiles ? PRAXI_STATUS_UNSUPPORTED : praxi_cpu_conv_winograd (place, out);
  if (winograd != PRAXI_STATUS_UNSUPPORTED)
    return winograd;
  ConvKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  if (!praxi_cpu_planes_plan (&kernel->planes, &shape, place, in_tiles))
    return PRAXI_STATUS_UNSUPPORTED;
  kernel->base = (PraxiKernel){.name = in_tiles ? "conv-tiles-s8"
                                       : is_s8  ? "conv-dense-s8"
                                                : "conv-dense-f32",
                               .run = run,
                               .clear = clear,
                               .share = share};
  kernel->loops = place->loops;
  kernel->dense_tiles = in_tiles ? place->dense_tiles : NULL;
  kernel->epilogue = epilogue;
  kernel->out_element = is_s8 ? 1 : 4;
  kernel->pack.is_s8 = is_s8;
  kernel->pack.is_wide = kernel->planes.widens;
  kernel->pack.in_tiles = in_tiles;
  kernel->is_stem = is_stem && !in_tiles;
  kernel->in_signed = place->in[0]->dtype == PRAXI_S8;
  kernel->skips_padding =
      is_s8 && place->op->requantize.input_zero == (kernel->in_signed ? -128 : 0);
  kernel->has_residual = place->op->has_residual;
  kernel->copies_last =
      is_s8 && !in_tiles && !kernel->planes.copies && shape.in_channels / shape.groups % 4 != 0;
  const PraxiStatus status = pack_weights (kernel, place);
  return status == PRAXI_OK ? plan_pixels (kernel, place->n_threads) : status;
}
