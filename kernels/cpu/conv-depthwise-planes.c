/* Depthwise QConv of 3 × 3 × 3 taps, two planes of output at once: see DepthwisePlanes.
 *
 * Rows are taken in blocks, and of a block all planes one pair after the other, so that the two
 * planes of input that neighbouring pairs share are still in the cache.
 */
#include "kernels/cpu/conv-shape.h"

#include <stdlib.h>
#include <string.h>

enum { TAPS = 9, PLANES = 3, MOST_PAD = 2, CACHE_BYTES = 1 << 18 };

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  CpuEpilogue epilogue;
  ConvArrays arrays;
  bool in_signed;
  int64_t pairs;      /* of a clip's planes of output */
  int64_t block_rows; /* of output */
  size_t room;        /* of each thread */
} PlanesKernel;

typedef struct {
  const PlanesKernel *kernel;
  const uint8_t *in;
  uint8_t *out, *room;
} Job;

static void
run_rows (const Job *job, int64_t pair, int64_t first, int64_t n_rows, void *room)
{
  const PlanesKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  const int64_t t = pair % kernel->pairs * 2, plane = pair / kernel->pairs * s->out[0] + t;
  const int64_t in_bytes = s->in[1] * s->in[2] * s->in_channels;
  const int64_t out_bytes = s->out[1] * s->out[2] * s->in_channels;
  const bool both = t + 1 < s->out[0];
  DepthwisePlanes call = {.padding = kernel->arrays.padding,
                          .in_height = (int) s->in[1],
                          .in_width = (int) s->in[2],
                          .out_width = (int) s->out[2],
                          .stride = {(int) s->stride[1], (int) s->stride[2]},
                          .pad = {(int) s->pad[1], (int) s->pad[2]},
                          .first = (int) first,
                          .n_rows = (int) n_rows,
                          .n_channels = (int) s->in_channels,
                          .weights = kernel->arrays.weights,
                          .in_signed = kernel->in_signed,
                          .room = room,
                          .epilogue = kernel->epilogue};
  for (int k = 0; k <= PLANES; k++) {
    const int64_t from = k < PLANES ? praxi_cpu_conv_plane (s, plane, k)
                         : both     ? praxi_cpu_conv_plane (s, plane + 1, PLANES - 1)
                                    : -1;
    call.planes[k] = from < 0 ? NULL : job->in + from * in_bytes;
  }
  call.out[0] = job->out + plane * out_bytes;
  call.out[1] = both ? job->out + (plane + 1) * out_bytes : NULL;
  call.epilogue.bias = kernel->arrays.bias;
  call.epilogue.multiplier = kernel->arrays.multiplier;
  call.epilogue.start = kernel->arrays.start;
  kernel->loops->depthwise_planes_s8 (&call);
}

/* A share of the rows of all pairs, in the order of blocks. */
static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const PlanesKernel *kernel = job->kernel;
  const int64_t height = kernel->shape.out[1], pairs = kernel->shape.batch * kernel->pairs;
  int64_t begin, end, at = 0;
  praxi_cpu_share (pairs * height, i, n, &begin, &end);
  for (int64_t row = 0, rows; row < height; row += rows) {
    rows = height - row < kernel->block_rows ? height - row : kernel->block_rows;
    for (int64_t pair = 0; pair < pairs; pair++, at += rows) {
      const int64_t from = begin > at ? begin : at, to = end < at + rows ? end : at + rows;
      if (from < to)
        run_rows (job, pair, row + from - at, to - from, job->room + (size_t) i * kernel->room);
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
  Job job = {(PlanesKernel *) base, in[0]->data, out[0]->data, scratch};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  PlanesKernel *kernel = (PlanesKernel *) base;
  praxi_cpu_arrays_clear (&kernel->arrays);
}

/* A channel's taps as entry at of the arrays, in a group of width channels. */
static void
pack_filter (PlanesKernel *kernel,
             const int8_t *w,
             const PraxiRequantize *r,
             int64_t c,
             int at,
             int width)
{
  const int32_t zero = r->input_zero + (kernel->in_signed ? 128 : 0);
  int8_t *weights = kernel->arrays.weights;
  const int first = at / width * width; /* groups before it are as wide or wider */
  kernel->arrays.multiplier[at] = r->multiplier[c];
  kernel->arrays.bias[at] = r->offset ? r->offset[c] : 0;
  for (int plane = 0; plane < PLANES; plane++)
    for (int tap = 0; tap < TAPS; tap++) {
      const int8_t weight = w[(c * PLANES + plane) * TAPS + tap];
      for (int k = 0; k < 2; k++) /* of both planes of output */
        weights[(2 * first * TAPS + (2 * tap + k) * width + at - first) * 4 + plane + k] = weight;
      kernel->arrays.start[at] -= zero * weight;
    }
}

static PraxiStatus
pack (PlanesKernel *kernel, const int8_t *w, const PraxiRequantize *r)
{
  const size_t pixel_bytes = (size_t) kernel->shape.in_channels;
  const int channels = (int) kernel->shape.in_channels;
  const int most = kernel->loops->depthwise_row_bytes;
  size_t n = 0;
  for (int begin, first = 0; first < channels; first = (int) n)
    n += (size_t) praxi_cpu_depthwise_planes_group (channels, first, most, &begin);
  if (!praxi_cpu_arrays_new (&kernel->arrays, n * TAPS * 8, n, pixel_bytes))
    return PRAXI_STATUS_MEMORY;
  kernel->base.weight_bytes = n * (TAPS * 8 + 3 * 4);
  memset (kernel->arrays.padding, (uint8_t) r->input_zero, pixel_bytes);
  for (int first = 0, width; first < channels; first += width) {
    int begin;
    width = praxi_cpu_depthwise_planes_group (channels, first, most, &begin);
    for (int k = 0; k < width; k++) {
      const int c = begin + praxi_cpu_depthwise_channel (width, 4, k);
      if (c < channels)
        pack_filter (kernel, w, r, c, first + k, width);
    }
  }
  kernel->room = praxi_cpu_round_up ((size_t) praxi_cpu_depthwise_planes_room (
                                         kernel->shape.out[2], kernel->shape.stride[2], most),
                                     64);
  return PRAXI_OK;
}

static bool
is_fit (const ConvShape *s)
{
  bool fit = s->groups == s->in_channels && s->groups == s->out_channels &&
             s->in_channels >= DEPTHWISE_GROUP && s->stride[0] == 1 && s->out[0] >= 2 &&
             s->in[1] * s->in[2] * s->in_channels <= INT32_MAX;
  for (int axis = 0; axis < 3; axis++)
    fit = fit && s->kernel[axis] == PLANES && s->dilation[axis] == 1 && s->stride[axis] <= 2 &&
          s->pad[axis] <= MOST_PAD;
  return fit;
}

PraxiStatus
praxi_cpu_conv_depthwise_planes (const CpuPlace *place, PraxiKernel **out)
{
  ConvShape shape;
  CpuEpilogue epilogue = {0};
  if (place->op->kind != PRAXI_OP_QCONV || !place->loops->depthwise_planes_s8 ||
      place->op->has_residual ||
      !praxi_cpu_conv_shape (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                             place->out[0], &shape) ||
      !praxi_cpu_conv_types_fit (place) || !is_fit (&shape) ||
      !praxi_cpu_conv_epilogue (place, &epilogue) || !epilogue.fits)
    return PRAXI_STATUS_UNSUPPORTED;
  PlanesKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "conv-depthwise-planes-s8", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->shape = shape;
  kernel->epilogue = epilogue;
  kernel->in_signed = place->in[0]->dtype == PRAXI_S8;
  kernel->pairs = (shape.out[0] + 1) / 2;
  const int64_t row_bytes = (PLANES + 1) * shape.in[2] * shape.in_channels * shape.stride[1];
  kernel->block_rows = CACHE_BYTES / row_bytes > 4 ? CACHE_BYTES / row_bytes : 4;
  const PraxiStatus status = pack (kernel, place->in[1]->data, &place->op->requantize);
  kernel->base.scratch_bytes = kernel->room * (size_t) place->n_threads;
  return status;
}
