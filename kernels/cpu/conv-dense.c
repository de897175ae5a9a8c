/* Conv and QConv by indirect matrix products.
 *
 *   y[n, p, o] = epilogue (Σ_k Σ_c x[n, p · stride − pad + k · dilation, c] w[o, c, k])
 *   x [N,(T,)H,W,C] in memory, f32 or u8/s8; y the same; w [O,C/group,k…], packed when prepared
 *   or, where it is not known then, in every run
 *
 * The offsets of one output plane's taps are computed once; a temporal tap only chooses another
 * input plane. Threads share planes × chunks of pixels evenly and in order, or, of fewer pixels
 * than there are threads, chunks of channels where those are more.
 */
#include "kernels/cpu/conv-planes.h"
#include "kernels/cpu/dense.h"

#include <stdlib.h>
#include <string.h>

enum {
  CHUNK_PIXELS = 96,
  LONG_CHUNK_PIXELS = 12 * CHUNK_PIXELS, /* that no second chunk of channels reads again */
  TILED_BYTES = 512 << 10,               /* of input, and how many pixels that may be */
  LEAST_TILED_PIXELS = 192,
  MOST_TILED_PIXELS = 4096,
  TAIL_BYTES = 16,
  CACHE_BYTES = 192 << 10,
  SLAB_BYTES = 24 << 10, /* of weights */
  LEAST_SLAB_PIXELS = 24,
  LONG_PIXEL_BYTES = 256
};

typedef struct {
  PraxiKernel base;
  const CpuLoops *loops;
  ConvPlanes planes;
  DensePack pack;
  CpuEpilogue epilogue;
  int32_t *offsets;           /* NULL: the pixels of a plane are read in a row */
  void *padding;              /* one pixel of zeros */
  int64_t n_planes;           /* of output */
  int64_t n_pixels;           /* of an output plane */
  CpuDenseTiles *dense_tiles; /* NULL: not in tiles */
  int64_t row_pixels; /* of output, that threads and chunks do not divide; 1 for any number */
  int64_t chunk_pixels;
  size_t room_bytes; /* of DenseTiles or sums, before a thread's planes */
  bool in_signed, has_residual;
  bool is_stem;       /* for dense_s8_stem */
  bool skips_padding; /* whose bytes are 0 to the loops */
  bool packs_at_run;  /* weights and bias, into scratch */
  WeightSteps steps;
  bool copies_last;     /* groups of 4 channels would be read beyond the input's end */
  size_t out_element;   /* bytes */
  size_t thread_bytes;  /* of scratch; what else is there lies behind that of all threads */
  size_t threads_bytes; /* of all threads */
} ConvKernel;

typedef struct {
  const ConvKernel *kernel;
  const DensePack *pack;
  const uint8_t *in;
  const uint8_t *residual;
  uint8_t *out;
  const uint8_t *last_plane; /* a copy with room behind, or NULL */
  const uint8_t *in_end;     /* NULL where copies are read */
  uint8_t *scratch;
} Job;

/* Output pixels [begin, end) of one plane, whose input planes are at hand. */
typedef struct {
  int64_t plane, begin, end;
  const uint8_t *planes[CONV_RING_MAX]; /* of each temporal tap; NULL: padding */
  void *room;                           /* of DenseTiles, or sums between slabs */
  int64_t first_chunk, end_chunk;       /* of channels */
} Span;

static void
take_planes (const Job *job, ConvRing *ring, Span *span)
{
  const ConvKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->planes.shape;
  for (int64_t k = 0; k < s->kernel[0]; k++) {
    const int64_t plane = praxi_cpu_conv_plane (s, span->plane, k);
    const uint8_t *in = job->in;
    if (job->last_plane && plane == s->batch * s->in[0] - 1)
      in = job->last_plane - plane * kernel->planes.plane_bytes;
    span->planes[k] =
        plane < 0 ? NULL : praxi_cpu_ring_take (ring, in, plane, span->begin, span->end);
  }
}

/* Floats whose weights do not stay in the first cache: they are taken in slabs, one for all pixels
 * before the next. sums: room for what is between them
 */
static void
run_slabs (const CpuLoops *loops, const DenseCall *whole, float *sums)
{
  const int64_t unit = whole->blocks * loops->lanes;
  const int64_t units = SLAB_BYTES / (unit * (int64_t) sizeof (float));
  const int depth = whole->depth, most_depth = depth < units ? depth : (int) units;
  const int most_taps = depth < units ? (int) (units / depth) : 1;
  const int last = whole->n_planes - 1;
  DenseCall call = *whole;
  call.n_planes = 1;
  call.sums = sums;
  for (int plane = 0; plane <= last; plane++) {
    for (int tap = 0; tap < whole->n_taps; tap += call.n_taps) {
      call.n_taps = whole->n_taps - tap < most_taps ? whole->n_taps - tap : most_taps;
      for (int k = 0; k < depth; k += call.depth) {
        const char *in = whole->planes[plane];
        const void *const from = in ? in + (size_t) k * sizeof (float) : NULL;
        call.depth = depth - k < most_depth ? depth - k : most_depth;
        call.planes = &from;
        call.padding = (const float *) whole->padding + k;
        call.offsets = whole->offsets ? whole->offsets + tap * whole->offset_step : NULL;
        call.weights = (const float *) whole->weights +
                       (((int64_t) plane * whole->n_taps + tap) * depth + k) * unit;
        call.ends = plane == last && tap + call.n_taps == whole->n_taps && k + call.depth == depth;
        loops->dense_f32 (&call);
        call.goes_on = true;
      }
    }
  }
}

static void
run_floats (const ConvKernel *kernel, const DenseCall *call, float *sums)
{
  const int64_t bytes = (int64_t) call->n_planes * call->n_taps * call->depth * call->blocks *
                        kernel->loops->lanes * (int64_t) sizeof (float);
  if (kernel->pack.in_pairs)
    kernel->loops->dense_f32_pairs (call);
  else if (bytes > 2 * SLAB_BYTES && call->n_pixels >= LEAST_SLAB_PIXELS)
    run_slabs (kernel->loops, call, sums);
  else
    kernel->loops->dense_f32 (call);
}

/* Those that are not padding, which adds nothing to a sum; at least one. */
static void
find_planes (const Span *span, int64_t n, int *first, int *end)
{
  *first = 0;
  *end = (int) n;
  while (*end - *first > 1 && !span->planes[*first])
    ++*first;
  while (*end - *first > 1 && !span->planes[*end - 1])
    --*end;
}

/* Sets in a call that has its pixels the channels of a chunk. start: room, where planes are left
 * out
 */
static void
fill_call (const Job *job,
           const DenseChunk *chunk,
           int first_plane,
           int end_plane,
           int64_t first_pixel, /* of output */
           int32_t *start,
           DenseCall *call)
{
  const ConvKernel *kernel = job->kernel;
  const size_t out_at =
      (size_t) (first_pixel * call->out_step + chunk->channel) * kernel->out_element;
  praxi_cpu_pack_call (job->pack, chunk, call);
  if (end_plane - first_plane < call->n_planes)
    praxi_cpu_pack_keep (job->pack, first_plane, end_plane, start, call);
  call->out = job->out + out_at;
  call->epilogue.residual = job->residual ? job->residual + out_at : NULL;
}

/* One chunk of pixels of a span, all its channels. */
static void
run_chunk (const Job *job, const Span *span, int64_t pixel, int64_t n_pixels)
{
  const ConvKernel *kernel = job->kernel;
  const ConvShape *s = &kernel->planes.shape;
  const void *shifted[CONV_RING_MAX];
  int32_t start[TILE_CALLS][DENSE_WIDTH_MAX];
  DenseCall calls[TILE_CALLS];
  int first_plane, end_plane;
  find_planes (span, s->kernel[0], &first_plane, &end_plane);
  const int64_t row = kernel->planes.runs_on ? kernel->planes.source.out[2] : s->out[2];
  const DenseTiles tiles = {.row_pixels = (int) (kernel->offsets ? row : n_pixels),
                            .row_step = (int) (kernel->offsets ? s->out[2] : n_pixels),
                            .pixel_step = kernel->planes.pixel_bytes * s->stride[2],
                            .in_end = job->in_end,
                            .room = span->room};
  const DenseCall pixels = {
      .planes = shifted,
      .padding = kernel->padding,
      .skips_padding = kernel->skips_padding,
      .offsets = kernel->offsets ? kernel->offsets + pixel : NULL,
      .offset_step = kernel->n_pixels,
      .pixel_bytes = kernel->planes.pixel_bytes,
      .tap_step = kernel->planes.pads_rows ? s->dilation[1] * kernel->planes.row_bytes : 0,
      .n_planes = (int) s->kernel[0],
      .n_taps = (int) s->taps,
      .n_pixels = (int) n_pixels,
      .in_signed = kernel->in_signed,
      .out_step = s->out_step,
      .epilogue = kernel->epilogue,
      .tiles = &tiles};
  const int64_t first =
      (span->plane * kernel->n_pixels + pixel) / s->out[2] * row + pixel % s->out[2];
  const int64_t skipped = kernel->offsets ? 0 : (pixel - span->begin) * kernel->planes.pixel_bytes;
  for (int64_t i = span->first_chunk; i < span->end_chunk;) {
    const DenseChunk *chunk = &job->pack->chunks[i];
    const int64_t in_at =
        chunk->group * kernel->pack.group_in * (int64_t) kernel->planes.element + skipped;
    for (int64_t k = 0; k < s->kernel[0]; k++)
      shifted[k] = span->planes[k] ? span->planes[k] + in_at : NULL;
    int n = 0;
    do {
      calls[n] = pixels;
      fill_call (job, &chunk[n], first_plane, end_plane, first, start[n], &calls[n]);
      n++;
    } while (kernel->dense_tiles && n < TILE_CALLS && i + n < span->end_chunk);
    i += n;
    if (kernel->dense_tiles)
      kernel->dense_tiles (calls, n);
    else if (!kernel->pack.is_s8)
      run_floats (kernel, calls, span->room);
    else if (kernel->pack.is_wide)
      kernel->loops->dense_s16 (calls);
    else if (kernel->pack.in_pairs)
      kernel->loops->dense_s8_pairs (calls);
    else if (kernel->is_stem)
      kernel->loops->dense_s8_stem (calls);
    else
      kernel->loops->dense_s8 (calls);
  }
}

static void
run_span (const Job *job, ConvRing *ring, Span *span)
{
  take_planes (job, ring, span);
  const int64_t most = job->kernel->chunk_pixels;
  for (int64_t pixel = span->begin; pixel < span->end; pixel += most)
    run_chunk (job, span, pixel, span->end - pixel < most ? span->end - pixel : most);
}

/* Taps in time alone, read in place: the same pixels of one plane after the other, as many as stay
 * in the cache until the last tap has read them. Outputs [begin, end) of all planes.
 */
static void
run_through_time (const Job *job, ConvRing *ring, int64_t begin, int64_t end, Span *span)
{
  const ConvPlanes *planes = &job->kernel->planes;
  const int64_t n_pixels = job->kernel->n_pixels;
  const int64_t fitting = CACHE_BYTES / (planes->shape.kernel[0] * planes->pixel_bytes);
  const int64_t chunk = job->kernel->dense_tiles ? job->kernel->chunk_pixels : CHUNK_PIXELS;
  const int64_t step = (fitting < chunk ? 1 : fitting / chunk) * chunk;
  for (int64_t pixel = 0; pixel < n_pixels; pixel += step)
    for (int64_t plane = begin / n_pixels; plane * n_pixels < end; plane++) {
      const int64_t first = begin - plane * n_pixels, last = end - plane * n_pixels;
      span->plane = plane;
      span->begin = pixel > first ? pixel : first;
      span->end = pixel + step < n_pixels ? pixel + step : n_pixels;
      span->end = span->end < last ? span->end : last;
      if (span->begin < span->end)
        run_span (job, ring, span);
    }
}

static void
run_part (void *data, int i, int n)
{
  const Job *job = data;
  const ConvKernel *kernel = job->kernel;
  const int64_t n_pixels = kernel->n_pixels;
  ConvRing ring;
  uint8_t *room = job->scratch + (size_t) i * kernel->thread_bytes;
  praxi_cpu_ring_begin (&ring, &kernel->planes, room + kernel->room_bytes);
  Span span = {.room = room, .end_chunk = job->pack->n_chunks};
  int64_t at = 0, end = kernel->n_planes * n_pixels / kernel->row_pixels;
  if (end < n && end < span.end_chunk)
    praxi_cpu_share (span.end_chunk, i, n, &span.first_chunk, &span.end_chunk);
  else
    praxi_cpu_share (end, i, n, &at, &end);
  at *= kernel->row_pixels;
  end *= kernel->row_pixels;
  /* Few channels come as fast from far: they are read in one go. */
  if (kernel->planes.shape.kernel[0] > 1 && kernel->planes.in_a_row && !kernel->planes.copies &&
      kernel->planes.pixel_bytes >= LONG_PIXEL_BYTES) {
    run_through_time (job, &ring, at, end, &span);
    return;
  }
  while (at < end) {
    span.plane = at / n_pixels;
    span.begin = at % n_pixels;
    const int64_t left = n_pixels - span.begin < end - at ? n_pixels - span.begin : end - at;
    const int64_t length = left < kernel->planes.span_max ? left : kernel->planes.span_max;
    span.end = span.begin + length;
    run_span (job, &ring, &span);
    at += length;
  }
}

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
  Job job = {
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
  praxi_pool_run (pool, run_part, &job);
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
      kernel->pack.is_s8 && kernel->pack.n_chunks == 1 ? LONG_CHUNK_PIXELS : CHUNK_PIXELS;
  if (kernel->dense_tiles) {
    kernel->chunk_pixels = tiled_pixels (kernel);
    kernel->room_bytes =
        planes->copies ? 0 : (size_t) 2 * TILE_ROWS * 4 * (size_t) kernel->pack.depth;
  }
  if (!kernel->pack.is_s8)
    kernel->room_bytes = sizeof (float) * (CHUNK_PIXELS + DENSE_ROWS_MAX) *
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
