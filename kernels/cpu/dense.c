#include "kernels/cpu/dense.h"

#include <stdlib.h>
#include <string.h>

/* How many blocks the next chunk takes of those left: 5 and 6 are better as 3 + 2 and 3 + 3. */
static int
next_blocks (int64_t left, int most)
{
  if (most == 4 && (left == 5 || left == 6))
    return 3;
  return left < most ? (int) left : most;
}

/* Of each tap, in weights. */
static int64_t
tap_vectors (const DensePack *pack)
{
  return pack->in_pairs && !pack->is_s8 ? (pack->depth + 1) / 2 : pack->depth;
}

static int
split_group (const DensePack *pack,
             int64_t group,
             DenseChunk *chunks,
             size_t *weights,
             size_t *arrays)
{
  const int lanes = pack->loops->lanes;
  const int most = pack->in_tiles ? TILE_BLOCKS : pack->loops->dense_blocks_max;
  const size_t block_bytes = (size_t) (pack->taps * tap_vectors (pack)) * 4 * (size_t) lanes;
  int n = 0;
  int64_t left = (pack->group_out + lanes - 1) / lanes, done = 0;
  while (left > 0) {
    const int blocks = next_blocks (left, most);
    const int64_t channels = pack->group_out - done;
    if (chunks)
      chunks[n] =
          (DenseChunk){group,    group * pack->group_out + done,
                       blocks,   (int) (channels < blocks * lanes ? channels : blocks * lanes),
                       *weights, *arrays};
    *weights += block_bytes * (size_t) blocks;
    *arrays += (size_t) (blocks * lanes);
    done += blocks * lanes;
    left -= blocks;
    n++;
  }
  return n;
}

static int64_t
channel_at (const DenseSource *source, int64_t c)
{
  if (source->run == 0)
    return c * source->in_step;
  return c % source->run * source->in_step + c / source->run * source->run_step;
}

/* The weights of a chunk's first channel. */
static int64_t
source_at (const DensePack *pack, const DenseChunk *chunk, const DenseSource *source)
{
  return chunk->group * source->group_step +
         (chunk->channel - chunk->group * pack->group_out) * source->out_step;
}

static void
pack_f32 (const DensePack *pack, const DenseChunk *chunk, const DenseSource *source, void *weights)
{
  const int lanes = pack->loops->lanes, width = chunk->blocks * lanes;
  const float *first = (const float *) source->data + source_at (pack, chunk, source);
  float *to = (float *) ((char *) weights + chunk->weights_at);
  for (int64_t tap = 0; tap < pack->taps; tap++) {
    const float *start = first + (source->taps ? source->taps[tap] : tap) * source->tap_step;
    for (int64_t c = 0; c < pack->group_in; c++, to += width) {
      const float *from = start + channel_at (source, c);
      for (int o = 0; o < chunk->n_channels; o++)
        to[o] = from[o * source->out_step] * source->scale;
      for (int o = chunk->n_channels; o < width; o++)
        to[o] = 0;
    }
  }
}

/* Of each output two channels of input side by side. */
static void
pack_f32_pairs (const DensePack *pack, const DenseSource *source, void *weights)
{
  const int lanes = pack->loops->lanes;
  const DenseChunk *chunk = pack->chunks;
  const float *first = (const float *) source->data + source_at (pack, chunk, source);
  float *to = (float *) ((char *) weights + chunk->weights_at);
  for (int64_t tap = 0; tap < pack->taps; tap++)
    for (int64_t c = 0; c < 2 * tap_vectors (pack); c++) {
      const bool there = c < pack->group_in;
      const float *from = first + tap * source->tap_step + (there ? channel_at (source, c) : 0);
      float *at = to + (tap * tap_vectors (pack) + c / 2) * lanes + c % 2;
      for (int o = 0; o < lanes / 2; o++)
        at[2 * o] = there && o < chunk->n_channels ? from[o * source->out_step] * source->scale : 0;
    }
}

/* Input channel c of a tap, to where the first output's byte lies and step from there on; sums
 * takes the weights of each output.
 */
static void
pack_bytes (const int8_t *from, int64_t out_step, int n, int8_t *to, int step, int32_t *sums)
{
  for (int o = 0; o < n; o++) {
    const int8_t weight = from[o * out_step];
    to[o * step] = weight;
    sums[o] += weight;
  }
}

/* The same as 16-bit numbers in pairs. */
static void
pack_wide (const int8_t *from, int64_t out_step, int n, int16_t *to, int32_t *sums)
{
  for (int o = 0; o < n; o++) {
    const int8_t weight = from[o * out_step];
    to[o * 2] = weight;
    sums[o] += weight;
  }
}

/* Input channel c of a tap whose weights begin at `to`: tiles of some units lie one behind the
 * other.
 */
static void
pack_tile_row (const DensePack *pack,
               const DenseChunk *chunk,
               const int8_t *from,
               int64_t out_step,
               int8_t *to,
               int64_t c,
               int32_t *sums)
{
  enum { ROW_BYTES = 4 * TILE_LANES };
  const int units = pack->depth < TILE_UNITS ? pack->depth : TILE_UNITS;
  const int64_t step = c / 4 / units, row = c / 4 % units;
  int8_t *at = to + (step * chunk->blocks * units + row) * ROW_BYTES + c % 4;
  for (int o = 0; o < chunk->n_channels; o += TILE_LANES, at += units * ROW_BYTES) {
    const int left = chunk->n_channels - o, n = left < TILE_LANES ? left : TILE_LANES;
    pack_bytes (from + o * out_step, out_step, n, at, 4, sums + o);
  }
}

/* start is minus the input's zero times the sum of a channel's weights, wrapping as sums do. */
static void
add_start (const DensePack *pack,
           const DenseChunk *chunk,
           int64_t tap,
           int32_t in_zero,
           const int32_t *sums)
{
  int32_t *start = pack->start + chunk->arrays_at, *of_plane = NULL;
  if (pack->plane_start)
    of_plane = pack->plane_start + chunk->arrays_at +
               (size_t) (tap / (pack->taps / pack->planes)) * pack->n_arrays;
  for (int o = 0; o < chunk->n_channels; o++) {
    const int at = pack->in_pairs ? 2 * o : o;
    const uint32_t less = (uint32_t) in_zero * (uint32_t) sums[o];
    start[at] = (int32_t) ((uint32_t) start[at] - less);
    if (of_plane)
      of_plane[at] = (int32_t) ((uint32_t) of_plane[at] - less);
  }
}

static void
pack_s8 (const DensePack *pack, const DenseChunk *chunk, const DenseSource *source, int32_t in_zero)
{
  const int width = chunk->blocks * pack->loops->lanes, n = chunk->n_channels;
  const int8_t *first = (const int8_t *) source->data + source_at (pack, chunk, source);
  int8_t *to = (int8_t *) pack->weights + chunk->weights_at;
  int16_t *wide_to = (int16_t *) (void *) to;
  for (int64_t tap = 0; tap < pack->taps; tap++) {
    int32_t sums[DENSE_WIDTH_MAX] = {0};
    for (int64_t c = 0; c < pack->group_in; c++) {
      const int8_t *from = first + channel_at (source, c) + tap * source->tap_step;
      const int64_t depth = tap * pack->depth;
      if (pack->is_wide)
        pack_wide (from, source->out_step, n, wide_to + (depth + c / 2) * width * 2 + c % 2, sums);
      else if (pack->in_pairs)
        pack_bytes (from, source->out_step, n, to + (depth + c / 8) * width * 4 + c % 8, 8, sums);
      else if (pack->in_tiles)
        pack_tile_row (pack, chunk, from, source->out_step, to + depth * width * 4, c, sums);
      else
        pack_bytes (from, source->out_step, n, to + (depth + c / 4) * width * 4 + c % 4, 4, sums);
    }
    add_start (pack, chunk, tap, in_zero, sums);
  }
}

PraxiStatus
praxi_cpu_pack_plan (DensePack *pack)
{
  size_t weights = 0, arrays = 0;
  const int per_unit = !pack->is_s8 ? 1 : pack->in_pairs ? 8 : pack->is_wide ? 2 : 4;
  pack->depth = (int) ((pack->group_in + per_unit - 1) / per_unit);
  if (pack->in_tiles && pack->depth > TILE_UNITS)
    pack->depth = (int) praxi_cpu_round_up ((size_t) pack->depth, TILE_UNITS);
  for (int64_t g = 0; g < pack->groups; g++)
    pack->n_chunks += split_group (pack, g, NULL, &weights, &arrays);
  pack->chunks = calloc ((size_t) pack->n_chunks, sizeof *pack->chunks);
  pack->bias = praxi_cpu_alloc (sizeof (float) * arrays);
  pack->multiplier = praxi_cpu_alloc (sizeof (float) * arrays);
  pack->start = praxi_cpu_alloc (sizeof (int32_t) * arrays);
  const bool by_plane = pack->is_s8 && pack->planes > 1;
  if (by_plane)
    pack->plane_start = praxi_cpu_alloc (sizeof (int32_t) * arrays * (size_t) pack->planes);
  pack->weights_bytes = weights;
  pack->n_arrays = arrays;
  pack->bytes = (3 + (by_plane ? (size_t) pack->planes : 0)) * sizeof (float) * arrays;
  if (!pack->chunks || !pack->bias || !pack->multiplier || !pack->start ||
      by_plane != (pack->plane_start != NULL))
    return PRAXI_STATUS_MEMORY;
  weights = arrays = 0;
  DenseChunk *next = pack->chunks;
  for (int64_t g = 0; g < pack->groups; g++)
    next += split_group (pack, g, next, &weights, &arrays);
  return PRAXI_OK;
}

void
praxi_cpu_pack_fill (const DensePack *pack, const DenseSource *source, void *weights)
{
  if (pack->in_pairs) {
    pack_f32_pairs (pack, source, weights);
    return;
  }
  for (int i = 0; i < pack->n_chunks; i++)
    pack_f32 (pack, &pack->chunks[i], source, weights);
}

PraxiStatus
praxi_cpu_pack (DensePack *pack, const DenseSource *source, int32_t in_zero)
{
  const PraxiStatus status = praxi_cpu_pack_plan (pack);
  if (status != PRAXI_OK)
    return status;
  pack->weights = praxi_cpu_alloc (pack->weights_bytes);
  if (!pack->weights)
    return PRAXI_STATUS_MEMORY;
  pack->bytes += pack->weights_bytes;
  if (!pack->is_s8)
    praxi_cpu_pack_fill (pack, source, pack->weights);
  for (int i = 0; pack->is_s8 && i < pack->n_chunks; i++)
    pack_s8 (pack, &pack->chunks[i], source, in_zero);
  return PRAXI_OK;
}

void
praxi_cpu_pack_clear (DensePack *pack)
{
  free (pack->chunks);
  if (!pack->shares)
    free (pack->weights);
  free (pack->bias);
  free (pack->multiplier);
  free (pack->start);
  free (pack->plane_start);
}

bool
praxi_cpu_pack_share (DensePack *pack, const DensePack *with)
{
  pack->shares = pack->weights && with->weights && pack->weights_bytes == with->weights_bytes &&
                 praxi_cpu_take_same (&pack->weights, with->weights, pack->weights_bytes);
  return pack->shares;
}

void
praxi_cpu_pack_set (DensePack *pack, float *array, int64_t channel, float value)
{
  for (int i = 0; i < pack->n_chunks; i++) {
    const DenseChunk *chunk = &pack->chunks[i];
    if (channel < chunk->channel || channel >= chunk->channel + chunk->n_channels)
      continue;
    float *at = array + chunk->arrays_at + (channel - chunk->channel);
    at[0] = value;
    if (pack->in_pairs)
      at[pack->loops->lanes / 2] = value;
  }
}

void
praxi_cpu_pack_call (const DensePack *pack, const DenseChunk *chunk, DenseCall *call)
{
  call->depth = pack->depth;
  call->weights = (const char *) pack->weights + chunk->weights_at;
  call->blocks = chunk->blocks;
  call->n_channels = chunk->n_channels;
  call->epilogue.bias = pack->bias + chunk->arrays_at;
  call->epilogue.multiplier = pack->multiplier + chunk->arrays_at;
  call->epilogue.start = pack->start + chunk->arrays_at;
}

void
praxi_cpu_pack_keep (const DensePack *pack, int first, int end, int32_t *start, DenseCall *call)
{
  const int width = call->blocks * pack->loops->lanes;
  const int64_t units = pack->taps / pack->planes * tap_vectors (pack);
  call->planes += first;
  call->n_planes = end - first;
  call->weights = (const char *) call->weights + first * units * width * 4;
  if (!pack->plane_start)
    return;
  const int32_t *from = pack->plane_start + (call->epilogue.start - pack->start);
  memset (start, 0, (size_t) width * sizeof *start);
  for (int plane = first; plane < end; plane++)
    for (int i = 0; i < width; i++)
      start[i] = (int32_t) ((uint32_t) start[i] +
                            (uint32_t) from[(size_t) plane * pack->n_arrays + (size_t) i]);
  call->epilogue.start = start;
}
