/* The run of a dense convolution. Threads share planes × chunks of pixels evenly and in order, or,
 * of fewer pixels than there are threads, chunks of channels where those are more.
 */
#include "kernels/cpu/conv-dense.h"

enum {
  CACHE_BYTES = 192 << 10,
  SLAB_BYTES = 24 << 10, /* of weights */
  LEAST_SLAB_PIXELS = 24,
  LONG_PIXEL_BYTES = 256
};

/* Output pixels [begin, end) of one plane, whose input planes are at hand. */
typedef struct {
  int64_t plane, begin, end;
  const uint8_t *planes[CONV_RING_MAX]; /* of each temporal tap; NULL: padding */
  void *room;                           /* of DenseTiles, or sums between slabs */
  int64_t first_chunk, end_chunk;       /* of channels */
} Span;

static void
take_planes (const ConvJob *job, ConvRing *ring, Span *span)
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
fill_call (const ConvJob *job,
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
run_chunk (const ConvJob *job, const Span *span, int64_t pixel, int64_t n_pixels)
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
run_span (const ConvJob *job, ConvRing *ring, Span *span)
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
run_through_time (const ConvJob *job, ConvRing *ring, int64_t begin, int64_t end, Span *span)
{
  const ConvPlanes *planes = &job->kernel->planes;
  const int64_t n_pixels = job->kernel->n_pixels;
  const int64_t fitting = CACHE_BYTES / (planes->shape.kernel[0] * planes->pixel_bytes);
  const int64_t chunk = job->kernel->dense_tiles ? job->kernel->chunk_pixels : CONV_CHUNK_PIXELS;
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

void
praxi_cpu_conv_dense_part (void *data, int i, int n)
{
  const ConvJob *job = data;
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
