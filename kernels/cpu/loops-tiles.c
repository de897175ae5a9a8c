/* The dense loop for processors that multiply tiles (AMX): 16 pixels × 64 bytes of channels by 64 ×
 * 16 outputs. Two strips of pixels and two blocks of outputs share four tiles of sums, so that
 * every tile that is loaded serves two products.
 */
#include "kernels/cpu/loops-level.h"
#include "kernels/cpu/tiles-store.h"

#include <string.h>

/* Numbers of tiles; they become part of instructions' names. */
#define SUMS_0 0
#define SUMS_1 1
#define SUMS_2 2
#define SUMS_3 3
#define PIXELS_0 4
#define PIXELS_1 5
#define WEIGHTS_0 6
#define WEIGHTS_1 7
enum { N_TILES = 8 };

/* The compiler does not know what memory instructions of tiles read. */
#define MEMORY_IS_READ() __asm__ volatile("" ::: "memory")

typedef struct {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} TileConfig;

enum {
  /* More weights drive the pixels, which both strips and the next taps read again, out of the first
   * cache. */
  KEPT_BYTES = 24 << 10,
  /* Of calls one after the other for each strip, where taps do not read its pixels again. */
  TOGETHER_BYTES = 96 << 10,
};

typedef struct {
  const DenseCall *call; /* the first one */
  int rows;              /* of a strip */
  int unit_rows;         /* of a tile of weights: groups of 4 channels */
  int tap_steps;         /* tiles of a tap */
  int steps;             /* of all taps */
  int run;               /* places side by side that strips share */
  int run_step;          /* from one run to the next */
  int run_strips;        /* of a run */
  int n_strips;
  int weights_bytes; /* of each of the calls that are taken together */
} Tiling;

static Tiling
tiling_of (const DenseCall *call)
{
  const DenseTiles *tiles = call->tiles;
  const int gap = tiles->row_step - tiles->row_pixels;
  Tiling t = {.call = call};
  t.run_step = gap > 0 ? call->n_pixels : tiles->row_step;
  t.run = t.run_step - gap;
  t.run_strips = (t.run + TILE_ROWS - 1) / TILE_ROWS;
  t.rows = (t.run + t.run_strips - 1) / t.run_strips;
  t.n_strips = call->n_pixels / t.run_step * t.run_strips;
  t.unit_rows = call->depth < TILE_ROWS ? call->depth : TILE_ROWS;
  t.tap_steps = call->depth / t.unit_rows;
  t.steps = call->n_planes * call->n_taps * t.tap_steps;
  return t;
}

static void
configure (const Tiling *t)
{
  TileConfig config = {.palette = 1};
  for (int i = 0; i < N_TILES; i++) {
    const bool is_pixels = i == PIXELS_0 || i == PIXELS_1;
    const bool is_weights = i == WEIGHTS_0 || i == WEIGHTS_1;
    config.row_bytes[i] = (uint16_t) (is_pixels ? 4 * t->unit_rows : 64);
    config.rows[i] = (uint8_t) (is_weights ? t->unit_rows : t->rows);
  }
  MEMORY_IS_READ ();
  _tile_loadconfig (&config);
}

SIMD_INLINE Strip
strip_at (const Tiling *t, int i)
{
  const int run = i / t->run_strips * t->run_step;
  const int begin = i % t->run_strips * t->rows;
  const int first = begin + t->rows <= t->run ? begin : t->run - t->rows;
  return (Strip){run + first, begin - first};
}

/* The last rows of the input, whose last tile would reach beyond it. */
static const uint8_t *
copy_end (const Tiling *t, const uint8_t *from, uint8_t *room)
{
  const DenseCall *call = t->call;
  const int64_t bytes = 4 * (int64_t) call->depth;
  for (int i = 0; i < t->rows; i++) {
    const uint8_t *row = from + i * call->tiles->pixel_step;
    const int64_t left = (const uint8_t *) call->tiles->in_end - row;
    memcpy (room + i * bytes, row, (size_t) (left < bytes ? left : bytes));
  }
  MEMORY_IS_READ ();
  return room;
}

/* Where a strip's first pixel lies for one tap, and the bytes to the next. */
SIMD_INLINE const uint8_t *
find_strip (const Tiling *t, int plane, int tap, int pixel, uint8_t *room, int64_t *step)
{
  const DenseCall *call = t->call;
  const uint8_t *from = call->planes[plane];
  const int64_t at = call->offsets ? call->offsets[tap * call->offset_step + pixel]
                                   : (int64_t) pixel * call->pixel_bytes;
  *step = 0;
  if (!from || at < 0)
    return call->padding;
  from += at;
  *step = call->tiles->pixel_step;
  if (call->tiles->in_end && from + (t->rows - 1) * *step + 4 * (int64_t) call->depth >
                                 (const uint8_t *) call->tiles->in_end) {
    *step = 4 * (int64_t) call->depth;
    return copy_end (t, from, room);
  }
  return from;
}

/* streams: they pass by the first cache */
#define LOAD_WEIGHTS(tile, from)                                                                   \
  do {                                                                                             \
    if (streams)                                                                                   \
      _tile_stream_loadd (tile, from, 64);                                                         \
    else                                                                                           \
      _tile_loadd (tile, from, 64);                                                                \
  } while (0)
#define TILE_DOT(sums, pixels, weights)                                                            \
  do {                                                                                             \
    if (is_signed)                                                                                 \
      _tile_dpbssd (sums, pixels, weights);                                                        \
    else                                                                                           \
      _tile_dpbusd (sums, pixels, weights);                                                        \
  } while (0)

/* Where a tile's sums of the product before go, and what the next ones start at: beside the first
 * step's multiplications, which a row of stores by itself would hold up.
 */
#define TURN_OVER(tile, to, from)                                                                  \
  do {                                                                                             \
    _tile_stored (tile, to, width);                                                                \
    if (start)                                                                                     \
      _tile_loadd (tile, from, 0);                                                                 \
    else                                                                                           \
      _tile_zero (tile);                                                                           \
  } while (0)

/* strips, blocks: 1 or 2; start: NULL for zeros; sums: [2 TILE_ROWS][blocks LANES], of the product
 * before: those of this one stay in their tiles
 */
SIMD_INLINE void
multiply (const Tiling *t,
          const DenseCall *call,
          const Strip *strip,
          int strips,
          int blocks,
          bool is_signed,
          bool streams,
          const int32_t *start,
          int32_t *sums,
          Pending *pending)
{
  const int64_t width = blocks * 64;
  const int block_bytes = t->unit_rows * 64;
  const char *w = call->weights;
  uint8_t *room = call->tiles->room;
  int32_t *next = sums + TILE_ROWS * blocks * LANES;
  const int storing_steps = t->steps > 1 ? t->steps - 1 : 1; /* the first stores tiles */
  bool is_first = true;
  for (int plane = 0; plane < call->n_planes; plane++) {
    int64_t step_0 = 0, step_1 = 0;
    const uint8_t *p_0 = NULL, *p_1 = NULL;
    for (int tap = 0; tap < call->n_taps; tap++) {
      if (tap > 0 && call->tap_step > 0) {
        p_0 += step_0 > 0 ? call->tap_step : 0;
        p_1 += step_1 > 0 ? call->tap_step : 0;
      } else {
        p_0 = find_strip (t, plane, tap, strip[0].first, room, &step_0);
        if (strips == 2)
          p_1 = find_strip (t, plane, tap, strip[1].first, room + TILE_ROWS * 4 * call->depth,
                            &step_1);
      }
      for (int k = 0; k < t->tap_steps; k++, w += blocks * block_bytes) {
        LOAD_WEIGHTS (WEIGHTS_0, w);
        _tile_loadd (PIXELS_0, p_0 + 64 * k, step_0);
        if (is_first)
          TURN_OVER (SUMS_0, sums, start);
        TILE_DOT (SUMS_0, PIXELS_0, WEIGHTS_0);
        if (blocks == 2) {
          LOAD_WEIGHTS (WEIGHTS_1, w + block_bytes);
          if (is_first)
            TURN_OVER (SUMS_1, sums + LANES, start + LANES);
          TILE_DOT (SUMS_1, PIXELS_0, WEIGHTS_1);
        }
        if (strips == 2)
          _tile_loadd (PIXELS_1, p_1 + 64 * k, step_1);
        if (is_first)
          TURN_OVER (SUMS_2, next, start);
        if (strips == 2)
          TILE_DOT (SUMS_2, PIXELS_1, WEIGHTS_0);
        if (is_first && blocks == 2)
          TURN_OVER (SUMS_3, next + LANES, start + LANES);
        if (strips == 2 && blocks == 2)
          TILE_DOT (SUMS_3, PIXELS_1, WEIGHTS_1);
        if (!is_first || t->steps == 1)
          store_due (pending, storing_steps, blocks);
        is_first = false;
      }
    }
  }
}

/* The sums of the last product. */
SIMD_INLINE void
store_tiles (int32_t *sums, int blocks)
{
  const int64_t width = blocks * 64;
  int32_t *next = sums + TILE_ROWS * blocks * LANES;
  _tile_stored (SUMS_0, sums, width);
  _tile_stored (SUMS_2, next, width);
  if (blocks == 2) {
    _tile_stored (SUMS_1, sums + LANES, width);
    _tile_stored (SUMS_3, next + LANES, width);
  }
}

static bool
is_zero (const int32_t *start, int n)
{
  int any = 0;
  for (int i = 0; i < n; i++)
    any |= start[i];
  return any == 0;
}

/* Strips of pixels, each for together of the calls. */
SIMD_INLINE void
run_tiles (const Tiling *t,
           const DenseCall *calls,
           int n_calls,
           int together,
           int blocks,
           bool is_signed,
           bool has_gaps)
{
  /* Behind the last strip's sums there are some that are read and not stored. */
  enum { N_SUMS = (2 * TILE_ROWS + UNIT_VECTORS) * TILE_BLOCKS * LANES };
  int32_t sums[N_SUMS] __attribute__ ((aligned (64)));
  Packing packings[TILE_CALLS];
  const int32_t *starts[TILE_CALLS];
  Pending pending;
  pending_none (&pending, calls, sums);
  for (int c = 0; c < n_calls; c++) {
    const CpuEpilogue *epilogue = &calls[c].epilogue;
    starts[c] = is_zero (epilogue->start, blocks * LANES) ? NULL : epilogue->start;
    if (can_pack (&calls[c]))
      packings[c] = packing_begin (epilogue, 0, blocks);
  }
  for (int first = 0, end; first < n_calls; first = end) {
    end = first + together < n_calls ? first + together : n_calls;
    for (int i = 0; i < t->n_strips; i += 2) {
      const Strip strip[] = {strip_at (t, i), strip_at (t, i + 1)};
      const int strips = t->n_strips - i < 2 ? 1 : 2;
      /* The first bring them into the second cache. */
      const bool streams = (end - first) * t->weights_bytes > KEPT_BYTES && i > 0;
      for (int c = first; c < end; c++) {
        if (strips == 2)
          multiply (t, &calls[c], strip, 2, blocks, is_signed, streams, starts[c], sums, &pending);
        else
          multiply (t, &calls[c], strip, 1, blocks, is_signed, streams, starts[c], sums, &pending);
        pending_begin (&pending, &calls[c], t->rows, can_pack (&calls[c]) ? &packings[c] : NULL,
                       sums, strip, strips, blocks, has_gaps);
      }
    }
  }
  store_tiles (sums, blocks);
  store_units (&pending, pending.units, blocks);
}

/* Calls that are taken together. */
static int
count_together (const Tiling *t)
{
  const int fitting = (t->call->tap_step > 0 ? KEPT_BYTES : TOGETHER_BYTES) / t->weights_bytes;
  return fitting > 1 ? fitting : 1;
}

void
LEVEL_NAME (dense_tiles) (const DenseCall *calls, int n)
{
  Tiling t = tiling_of (calls);
  const bool has_gaps = t.run_step > t.run;
  configure (&t);
#define RUN(blocks, is_signed)                                                                     \
  do {                                                                                             \
    if (has_gaps)                                                                                  \
      run_tiles (&t, calls, same, count_together (&t), blocks, is_signed, true);                   \
    else                                                                                           \
      run_tiles (&t, calls, same, count_together (&t), blocks, is_signed, false);                  \
  } while (0)
  for (int same; n > 0; calls += same, n -= same) {
    for (same = 1; same < n && calls[same].blocks == calls->blocks; same++)
      ;
    t.weights_bytes = t.steps * calls->blocks * t.unit_rows * 64;
    if (calls->blocks == 1 && calls->in_signed)
      RUN (1, true);
    else if (calls->blocks == 1)
      RUN (1, false);
    else if (calls->in_signed)
      RUN (2, true);
    else
      RUN (2, false);
  }
#undef RUN
  _tile_release ();
}
