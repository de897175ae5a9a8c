/* Depthwise QConv whose outputs are made several at once: see DepthwiseBand.
 *
 * Bands of planes are taken in blocks of rows, and of a block all planes one pair after the other,
 * so that the two planes of input that neighbouring pairs share are still in the cache.
 */
#include "kernels/cpu/conv-shape.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST_PAD = 2,
  MOST_TOGETHER = 16, /* pixels */
  MIN_TIMES = 3,      /* in a row those pixels have to fit */
  MIN_GAIN = 125,     /* per cent of the rows' bytes that groups of single pixels have to be */
  MIN_BLOCK = 4,      /* bands */
  CACHE_BYTES = 1 << 18
};

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvShape shape;
  DepthwiseBandKind kind;
  CpuEpilogue epilogue;
  ConvArrays arrays;
  bool in_signed;
  int together;         /* pixels whose channels are groups: see DepthwiseBand */
  int64_t stacks;       /* of a clip: planes or pairs of them, whose bands are under each other */
  int64_t bands, block; /* of a stack; of those that are done before others of the next stack */
  size_t room;          /* of each thread */
} BandKernel;

typedef struct {
  const BandKernel *kernel;
  const uint8_t *in;
  uint8_t *out, *room;
} Job;

static bool
is_in_time (DepthwiseBandKind kind)
{
  return kind == BAND_PLANES || kind == BAND_TIMES;
}

static void
find_planes (const Job *job, int64_t stack, DepthwiseBand *call)
{
  const ConvShape *s = &job->kernel->shape;
  const int64_t in_bytes = s->in[1] * s->in[2] * s->in_channels;
  const int64_t out_bytes = s->out[1] * s->out[2] * s->in_channels;
  if (!is_in_time (call->kind)) {
    call->planes[0] = job->in + praxi_cpu_conv_plane (s, stack, 0) * in_bytes;
    call->out[0] = job->out + stack * out_bytes;
    return;
  }
  const int64_t t = stack % job->kernel->stacks * 2, last = s->kernel[0];
  const int64_t plane = stack / job->kernel->stacks * s->out[0] + t;
  const bool both = t + 1 < s->out[0];
  for (int k = 0; k <= last; k++) {
    const int64_t from = k < last ? praxi_cpu_conv_plane (s, plane, k)
                         : both   ? praxi_cpu_conv_plane (s, plane + 1, last - 1)
                                  : -1;
    call->planes[k] = from < 0 ? NULL : job->in + from * in_bytes;
  }
  call->out[0] = job->out + plane * out_bytes;
  call->out[1] = both ? job->out + (plane + 1) * out_bytes : NULL;
}

static void
run_bands (const Job *job, int64_t stack, int64_t first, int64_t n, void *room)
{
  const BandKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->shape;
  DepthwiseBand call = {.kind = kernel->kind,
                        .padding = kernel->arrays.padding,
                        .in_height = (int) s->in[1],
                        .in_width = (int) s->in[2],
                        .out_height = (int) s->out[1],
                        .out_width = (int) s->out[2],
                        .stride = {(int) s->stride[1], (int) s->stride[2]},
                        .pad = {(int) s->pad[1], (int) s->pad[2]},
                        .first = (int) first,
                        .n = (int) n,
                        .n_channels = (int) s->in_channels,
                        .together = kernel->together,
                        .weights = kernel->arrays.weights,
                        .in_signed = kernel->in_signed,
                        .room = room,
                        .epilogue = kernel->epilogue};
  find_planes (job, stack, &call);
  call.epilogue.bias = kernel->arrays.bias;
  call.epilogue.multiplier = kernel->arrays.multiplier;
  call.epilogue.start = kernel->arrays.start;
  kernel->loops->depthwise_band_s8 (&call);
}

/* A share of the bands of all stacks, in the order of blocks. */
static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const BandKernel *kernel = job->kernel;
  const int64_t stacks = kernel->shape.batch * kernel->stacks;
  int64_t begin, end, at = 0;
  praxi_cpu_share (stacks * kernel->bands, i, n, &begin, &end);
  for (int64_t band = 0, bands; band < kernel->bands; band += bands) {
    bands = kernel->bands - band < kernel->block ? kernel->bands - band : kernel->block;
    for (int64_t stack = 0; stack < stacks; stack++, at += bands) {
      const int64_t from = begin > at ? begin : at, to = end < at + bands ? end : at + bands;
      if (from < to)
        run_bands (job, stack, band + from - at, to - from, job->room + (size_t) i * kernel->room);
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
  Job job = {(BandKernel *) base, in[0]->data, out[0]->data, scratch};
  praxi_pool_run (pool, run_part, &job);
  return PRAXI_OK;
}

static void
clear (PraxiKernel *base)
{
  BandKernel *kernel = (BandKernel *) base;
  praxi_cpu_arrays_clear (&kernel->arrays);
}

/* A channel's taps as entry at of the arrays, in a group of width channels. Along the band's axis
 * tap a of output k lies under input a + k.
 */
static void
pack_filter (BandKernel *kernel,
             const int8_t *w,
             const PraxiRequantize *r,
             int64_t c,
             int at,
             int width)
{
  const DepthwiseBandShape shape = praxi_cpu_depthwise_band (kernel->kind);
  const bool in_time = is_in_time (kernel->kind);
  const int32_t zero = r->input_zero + (kernel->in_signed ? 128 : 0);
  const int first = at / width * width; /* groups before it are as wide or wider */
  const int taps = shape.lines * shape.taps * shape.outputs;
  const int64_t row_taps = kernel->shape.taps / shape.taps, n = kernel->shape.kernel[0] * row_taps;
  int8_t *group = (int8_t *) kernel->arrays.weights + first * taps * BAND_INPUTS;
  kernel->arrays.multiplier[at] = r->multiplier[c];
  kernel->arrays.bias[at] = r->offset ? r->offset[c] : 0;
  for (int row = 0; row < n; row++)
    for (int tap = 0; tap < shape.taps; tap++) {
      const int8_t weight = w[(c * n + row) * shape.taps + tap];
      for (int k = 0; k < shape.outputs; k++) {
        const int under = (in_time ? row / (int) row_taps : row) + k;
        const int line = in_time ? row % (int) row_taps : under / BAND_INPUTS;
        const int entry = (line * shape.taps + tap) * shape.outputs + k;
        group[(entry * width + at - first) * BAND_INPUTS + under % BAND_INPUTS] = weight;
      }
      kernel->arrays.start[at] -= zero * weight;
    }
}

static PraxiStatus
pack (BandKernel *kernel, const int8_t *w, const PraxiRequantize *r)
{
  const DepthwiseBandShape shape = praxi_cpu_depthwise_band (kernel->kind);
  const size_t channel_bytes = (size_t) (shape.lines * shape.taps * shape.outputs * BAND_INPUTS);
  const int filters = (int) kernel->shape.in_channels;
  const int most = kernel->loops->depthwise_row_bytes;
  const int channels = kernel->together > 0 ? filters * kernel->together : filters;
  const bool in_order = kernel->together > 0 && shape.taps > 1;
  const size_t padding_bytes = (size_t) (filters > most ? filters : most);
  size_t n = 0;
  for (int begin, first = 0; first < channels; first = (int) n)
    n += (size_t) praxi_cpu_depthwise_band_group (channels, first, most, &begin);
  if (!praxi_cpu_arrays_new (&kernel->arrays, n * channel_bytes, n, padding_bytes))
    return PRAXI_STATUS_MEMORY;
  kernel->base.weight_bytes = n * (channel_bytes + 3 * 4);
  memset (kernel->arrays.padding, (uint8_t) r->input_zero, padding_bytes);
  for (int first = 0, width; first < channels; first += width) {
    int begin;
    width = praxi_cpu_depthwise_band_group (channels, first, most, &begin);
    for (int k = 0; k < width; k++) {
      const int c = begin + (in_order ? k : praxi_cpu_depthwise_channel (width, BAND_INPUTS, k));
      if (c < channels)
        pack_filter (kernel, w, r, c % filters, first + k, width);
    }
  }
  return PRAXI_OK;
}

static bool
find_kind (const ConvShape *s, DepthwiseBandKind *kind)
{
  const int64_t *k = s->kernel;
  *kind = k[0] == 3 && k[1] == 1 ? BAND_TIMES
          : k[0] == 3            ? BAND_PLANES
          : k[1] == 3            ? BAND_ROWS_3
                                 : BAND_ROWS_5;
  const int64_t taps = praxi_cpu_depthwise_band (*kind).taps;
  const int64_t most_stride = *kind == BAND_PLANES ? 2 : 1;
  const bool in_time = is_in_time (*kind);
  bool fit = s->groups == s->in_channels && s->groups == s->out_channels &&
             (s->in_channels >= DEPTHWISE_GROUP || *kind == BAND_TIMES) &&
             k[0] == (in_time ? 3 : 1) && k[1] == taps && k[2] == taps && s->pad[0] <= MOST_PAD &&
             s->in[1] * s->in[2] * s->in_channels <= INT32_MAX;
  fit = fit && (in_time ? s->stride[0] == 1 && s->out[0] >= 2 : s->pad[0] == 0 && s->out[1] >= 2);
  for (int axis = 0; axis < 3; axis++)
    fit = fit && s->dilation[axis] == 1 &&
          s->pad[axis] <= (axis > 0 && *kind == BAND_TIMES ? 0 : MOST_PAD);
  return fit && s->stride[1] <= most_stride && s->stride[2] <= most_stride;
}

/* Pixels whose channels are whole groups; 0 where there are too many and, of rows, where a line of
 * quads does not fit into the room, groups of single pixels are not that empty or a row is short.
 */
static int
pixels_together (const ConvShape *s, DepthwiseBandKind kind, int most)
{
  const int channels = (int) s->in_channels;
  const int64_t quads = (s->in[2] + 2 * s->pad[2]) * channels + most;
  int groups = 0, together = 1;
  for (int first = 0, begin; first < channels; groups++)
    first += praxi_cpu_depthwise_band_group (channels, first, most, &begin);
  while (channels * together % most != 0)
    together *= 2;
  const bool pays = groups * most >= channels * MIN_GAIN / 100 && s->out[2] >= MIN_TIMES * together;
  const bool fits = quads * BAND_INPUTS <= (int64_t) praxi_cpu_depthwise_band_room (most);
  const bool can = kind == BAND_TIMES || (kind == BAND_ROWS_3 && pays && fits);
  return can && together <= MOST_TOGETHER ? together : 0;
}

/* Bands of rows are done plane by plane. */
static void
divide (BandKernel *kernel)
{
  const ConvShape *s = &kernel->shape;
  const int outputs = praxi_cpu_depthwise_band (kernel->kind).outputs;
  if (!is_in_time (kernel->kind)) {
    kernel->stacks = s->out[0];
    kernel->bands = kernel->block = (s->out[1] + outputs - 1) / outputs;
    return;
  }
  int64_t band_bytes = s->in[2] * s->in_channels * s->stride[1];
  kernel->stacks = (s->out[0] + outputs - 1) / outputs;
  kernel->bands = s->out[1];
  if (kernel->kind == BAND_TIMES) {
    band_bytes = kernel->together * s->in_channels;
    kernel->bands = (s->out[1] * s->out[2] + kernel->together - 1) / kernel->together;
  }
  kernel->block = CACHE_BYTES / (BAND_INPUTS * band_bytes);
  if (kernel->block < MIN_BLOCK)
    kernel->block = MIN_BLOCK;
}

PraxiStatus
praxi_cpu_conv_depthwise_band (const CpuPlace *place, PraxiKernel **out)
{
  ConvShape shape;
  DepthwiseBandKind kind;
  CpuEpilogue epilogue = {0};
  if (place->op->kind != PRAXI_OP_QCONV || !place->loops->depthwise_band_s8 ||
      place->op->has_residual ||
      !praxi_cpu_conv_shape (&place->op->window, place->in[0], praxi_cpu_input (place, 1),
                             place->out[0], &shape) ||
      !praxi_cpu_conv_types_fit (place) || !find_kind (&shape, &kind) ||
      !praxi_cpu_conv_epilogue (place, &epilogue) || !epilogue.fits)
    return PRAXI_STATUS_UNSUPPORTED;
  const int most = place->loops->depthwise_row_bytes;
  const int together = pixels_together (&shape, kind, most);
  if (kind == BAND_TIMES && together == 0)
    return PRAXI_STATUS_UNSUPPORTED;
  BandKernel *kernel = calloc (1, sizeof *kernel);
  if (!kernel)
    return PRAXI_STATUS_MEMORY;
  *out = &kernel->base;
  kernel->base = (PraxiKernel){.name = "conv-depthwise-band-s8", .run = run, .clear = clear};
  kernel->loops = place->loops;
  kernel->shape = shape;
  kernel->kind = kind;
  kernel->epilogue = epilogue;
  kernel->in_signed = place->in[0]->dtype == PRAXI_S8;
  kernel->together = together;
  kernel->room = praxi_cpu_round_up (praxi_cpu_depthwise_band_room (most), 64);
  divide (kernel);
  const PraxiStatus status = pack (kernel, place->in[1]->data, &place->op->requantize);
  kernel->base.scratch_bytes = kernel->room * (size_t) place->n_threads;
  return status;
}
