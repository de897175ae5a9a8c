/* The dense loop for processors that multiply tiles (AMX): 16 pixels × 64 bytes of channels by 64 ×
 * 16 outputs. Two strips of pixels and two blocks of outputs share four tiles of sums, so that
 * every tile that is loaded serves two products.
 */
#include "kernels/cpu/dense-store.h"
#include "kernels/cpu/loops-level.h"

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
  TOGETHER = 4, /* pixels that are stored together: of one row */
  /* More weights drive the pixels, which both strips and the next taps read again, out of the first
   * cache. */
  KEPT_BYTES = 24 << 10,
};

/* Pixels side by side: of one row, or of rows with the gaps between them. A strip begins early
 * where they end, and the first pixels of it are done already.
 */
typedef struct {
  int first, skipped;
} Strip;

typedef struct {
  const DenseCall *call;
  int rows;       /* of a strip */
  int unit_rows;  /* of a tile of weights: groups of 4 channels */
  int tap_steps;  /* tiles of a tap */
  int steps;      /* of all taps */
  int run;        /* places side by side that strips share */
  int run_step;   /* from one run to the next */
  int run_strips; /* of a run */
  int n_strips;
  int strip_groups; /* of TOGETHER pixels, where a strip lies in one row */
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
  t.strip_groups = (t.rows + TOGETHER - 1) / TOGETHER;
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

typedef struct {
  int row, n; /* of the sums */
  int pixel;  /* of output */
} Group;

/* Sums of up to two strips that are still to be stored: spread evenly over the steps of the next
 * product, which leave the vector units idle.
 */
typedef struct {
  const Packing *packing; /* NULL: slowly, one vector after the other */
  const int32_t *sums;    /* [2 TILE_ROWS][blocks LANES] */
  Strip strip[2];
  Group groups[2 * TILE_ROWS]; /* where strips run over gaps */
  int next, end;
  int due; /* groups × steps */
} Pending;

/* Of strips that lie in one row each. */
SIMD_INLINE Group
group_in_row (const Tiling *t, const Pending *pending, int i)
{
  const int k = i >= t->strip_groups, at = (i - k * t->strip_groups) * TOGETHER;
  const Strip strip = pending->strip[k];
  const int row = strip.skipped + at, left = t->rows - row;
  return (Group){k * TILE_ROWS + row, left < TOGETHER ? left : TOGETHER, strip.first + row};
}

/* sums_row: of the strip's first place */
static void
add_groups (const Tiling *t, Pending *pending, const Strip *strip, int sums_row)
{
  const DenseTiles *tiles = t->call->tiles;
  const int place = strip->first + strip->skipped, line = place / tiles->row_step;
  const int end = sums_row + t->rows;
  int column = place - line * tiles->row_step, pixel = line * tiles->row_pixels + column;
  int row = sums_row + strip->skipped;
  while (row < end) {
    const int left = end - row, in_row = tiles->row_pixels - column;
    int n = left < in_row ? left : in_row;
    if (n > 0) {
      n = n < TOGETHER ? n : TOGETHER;
      pending->groups[pending->end++] = (Group){row, n, pixel};
    }
    row += n;
    column += n;
    pixel += n;
    if (n == in_row) { /* over the gap */
      row += tiles->row_step - tiles->row_pixels;
      column = 0;
    }
  }
}

SIMD_INLINE void
store_group (const Tiling *t, Pending *pending, int blocks, bool has_gaps)
{
  const int i = pending->next++;
  const Group group = has_gaps ? pending->groups[i] : group_in_row (t, pending, i);
  const int width = blocks * LANES;
  const int32_t *sums = pending->sums + group.row * width;
  VecI sum[TOGETHER][MAX_BLOCKS];
  if (group.n <= 0)
    return;
#pragma GCC unroll 4
  for (int k = 0; k < TOGETHER; k++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      sum[k][j] = simd_load_s32 (sums + k * width + j * LANES);
  if (pending->packing)
    store_packed (t->call, pending->packing, group.pixel, TOGETHER, group.n, blocks, sum);
  else
    store_s8 (t->call, group.pixel, TOGETHER, group.n, blocks, sum);
}

SIMD_INLINE void
store_rest (const Tiling *t, Pending *pending, int blocks, bool has_gaps)
{
  while (pending->next < pending->end)
    store_group (t, pending, blocks, has_gaps);
}

SIMD_INLINE void
store_due (const Tiling *t, Pending *pending, int blocks, bool has_gaps)
{
  pending->due += pending->end;
  for (; pending->due >= t->steps; pending->due -= t->steps)
    store_group (t, pending, blocks, has_gaps);
}

/* strips, blocks: 1 or 2; sums: [2 TILE_ROWS][blocks LANES] */
SIMD_INLINE void
multiply (const Tiling *t,
          const Strip *strip,
          int strips,
          int blocks,
          bool is_signed,
          bool has_gaps,
          bool streams,
          int32_t *sums,
          Pending *pending)
{
  const DenseCall *call = t->call;
  const int64_t width = blocks * 64;
  const int block_bytes = t->unit_rows * 64;
  const int32_t *start = call->epilogue.start;
  const char *w = call->weights;
  uint8_t *room = call->tiles->room;
  _tile_loadd (SUMS_0, start, 0);
  if (blocks == 2)
    _tile_loadd (SUMS_1, start + LANES, 0);
  if (strips == 2)
    _tile_loadd (SUMS_2, start, 0);
  if (strips == 2 && blocks == 2)
    _tile_loadd (SUMS_3, start + LANES, 0);
  for (int plane = 0; plane < call->n_planes; plane++)
    for (int tap = 0; tap < call->n_taps; tap++) {
      int64_t step_0, step_1 = 0;
      const uint8_t *p_0 = find_strip (t, plane, tap, strip[0].first, room, &step_0), *p_1 = p_0;
      if (strips == 2)
        p_1 =
            find_strip (t, plane, tap, strip[1].first, room + TILE_ROWS * 4 * call->depth, &step_1);
      for (int k = 0; k < t->tap_steps; k++, w += blocks * block_bytes) {
        LOAD_WEIGHTS (WEIGHTS_0, w);
        _tile_loadd (PIXELS_0, p_0 + 64 * k, step_0);
        TILE_DOT (SUMS_0, PIXELS_0, WEIGHTS_0);
        if (blocks == 2) {
          LOAD_WEIGHTS (WEIGHTS_1, w + block_bytes);
          TILE_DOT (SUMS_1, PIXELS_0, WEIGHTS_1);
        }
        if (strips == 2) {
          _tile_loadd (PIXELS_1, p_1 + 64 * k, step_1);
          TILE_DOT (SUMS_2, PIXELS_1, WEIGHTS_0);
        }
        if (strips == 2 && blocks == 2)
          TILE_DOT (SUMS_3, PIXELS_1, WEIGHTS_1);
        store_due (t, pending, blocks, has_gaps);
      }
    }
  int32_t *next = sums + TILE_ROWS * blocks * LANES;
  _tile_stored (SUMS_0, sums, width);
  if (blocks == 2)
    _tile_stored (SUMS_1, sums + LANES, width);
  if (strips == 2)
    _tile_stored (SUMS_2, next, width);
  if (strips == 2 && blocks == 2)
    _tile_stored (SUMS_3, next + LANES, width);
}

SIMD_INLINE void
run_tiles (const Tiling *t, int blocks, bool is_signed, bool has_gaps)
{
  /* Behind the last strip's sums there are some that are read and not stored. */
  enum { N_SUMS = (2 * TILE_ROWS + TOGETHER) * TILE_BLOCKS * LANES };
  int32_t sums[2][N_SUMS] __attribute__ ((aligned (64)));
  const DenseCall *call = t->call;
  const int n = t->n_strips;
  const bool is_large = t->steps * blocks * t->unit_rows * 64 > KEPT_BYTES;
  const bool packs = can_pack (call, blocks);
  const Packing packing = packs ? packing_begin (&call->epilogue, 0, blocks) : (Packing){0};
  Pending pending = {.packing = packs ? &packing : NULL};
  for (int i = 0; i < n; i += 2) {
    const Strip strip[] = {strip_at (t, i), strip_at (t, i + 1)};
    const int strips = n - i < 2 ? 1 : 2;
    int32_t *to = sums[i / 2 % 2];
    const bool streams = is_large && i > 0; /* the first bring them into the second cache */
    if (strips == 2)
      multiply (t, strip, 2, blocks, is_signed, has_gaps, streams, to, &pending);
    else
      multiply (t, strip, 1, blocks, is_signed, has_gaps, streams, to, &pending);
    pending.sums = to;
    pending.strip[0] = strip[0];
    pending.strip[1] = strip[1];
    pending.next = 0;
    pending.end = has_gaps ? 0 : strips * t->strip_groups;
    for (int k = 0; k < strips && has_gaps; k++)
      add_groups (t, &pending, &strip[k], k * TILE_ROWS);
    pending.due = 0;
  }
  store_rest (t, &pending, blocks, has_gaps);
}

void
LEVEL_NAME (dense_tiles) (const DenseCall *call)
{
  const Tiling t = tiling_of (call);
  const bool has_gaps = t.run_step > t.run;
  configure (&t);
#define RUN(blocks, is_signed)                                                                     \
  do {                                                                                             \
    if (has_gaps)                                                                                  \
      run_tiles (&t, blocks, is_signed, true);                                                     \
    else                                                                                           \
      run_tiles (&t, blocks, is_signed, false);                                                    \
  } while (0)
  if (call->blocks == 1 && call->in_signed)
    RUN (1, true);
  else if (call->blocks == 1)
    RUN (1, false);
  else if (call->in_signed)
    RUN (2, true);
  else
    RUN (2, false);
#undef RUN
  _tile_release ();
}
