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

/* A strip lies in one row of pixels; it begins early where the row ends, and the first pixels of it
 * are done already.
 */
typedef struct {
  int first, skipped;
} Strip;

typedef struct {
  const DenseCall *call;
  int rows;       /* of a strip */
  int unit_rows;  /* of a tile of weights: groups of 4 channels */
  int steps;      /* tiles of a tap */
  int row_strips; /* strips of a row of pixels */
} Tiling;

static Tiling
tiling_of (const DenseCall *call)
{
  Tiling t = {.call = call};
  t.row_strips = (call->tiles->row_pixels + TILE_ROWS - 1) / TILE_ROWS;
  t.rows = (call->tiles->row_pixels + t.row_strips - 1) / t.row_strips;
  t.unit_rows = call->depth < TILE_ROWS ? call->depth : TILE_ROWS;
  t.steps = call->depth / t.unit_rows;
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
  const int n = t->call->tiles->row_pixels, row = i / t->row_strips * n;
  const int begin = i % t->row_strips * t->rows;
  const int first = begin + t->rows <= n ? begin : n - t->rows;
  return (Strip){row + first, begin - first};
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

#define TILE_DOT(sums, pixels, weights)                                                            \
  do {                                                                                             \
    if (is_signed)                                                                                 \
      _tile_dpbssd (sums, pixels, weights);                                                        \
    else                                                                                           \
      _tile_dpbusd (sums, pixels, weights);                                                        \
  } while (0)

/* strips, blocks: 1 or 2; sums: [2 TILE_ROWS][blocks LANES] */
SIMD_INLINE void
multiply (const Tiling *t,
          const Strip *strip,
          int strips,
          int blocks,
          bool is_signed,
          int32_t *sums)
{
  const DenseCall *call = t->call;
  const int64_t width = blocks * 64;
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
      for (int k = 0; k < t->steps; k++, w += t->unit_rows * width) {
        _tile_loadd (WEIGHTS_0, w, width);
        _tile_loadd (PIXELS_0, p_0 + 64 * k, step_0);
        TILE_DOT (SUMS_0, PIXELS_0, WEIGHTS_0);
        if (blocks == 2) {
          _tile_loadd (WEIGHTS_1, w + 64, width);
          TILE_DOT (SUMS_1, PIXELS_0, WEIGHTS_1);
        }
        if (strips == 2) {
          _tile_loadd (PIXELS_1, p_1 + 64 * k, step_1);
          TILE_DOT (SUMS_2, PIXELS_1, WEIGHTS_0);
        }
        if (strips == 2 && blocks == 2)
          TILE_DOT (SUMS_3, PIXELS_1, WEIGHTS_1);
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

/* Pixels that are stored together. */
enum { TOGETHER = 4 };

SIMD_INLINE void
store_strip (const Tiling *t, const Packing *packing, Strip strip, int blocks, const int32_t *sums)
{
  const int width = blocks * LANES;
  for (int i = strip.skipped; i < t->rows; i += TOGETHER) {
    VecI sum[TOGETHER][MAX_BLOCKS];
#pragma GCC unroll 4
    for (int k = 0; k < TOGETHER; k++)
#pragma GCC unroll 4
      for (int j = 0; j < blocks; j++)
        sum[k][j] = simd_load_s32 (sums + (i + k) * width + j * LANES);
    const int left = t->rows - i, n_rows = left < TOGETHER ? left : TOGETHER;
    if (packing)
      store_packed (t->call, packing, strip.first + i, TOGETHER, n_rows, blocks, sum);
    else
      store_s8 (t->call, strip.first + i, TOGETHER, n_rows, blocks, sum);
  }
}

SIMD_INLINE void
run_tiles (const Tiling *t, int blocks, bool is_signed)
{
  /* Behind the last strip's sums there are some that are read and not stored. */
  int32_t sums[(2 * TILE_ROWS + TOGETHER) * TILE_BLOCKS * LANES] __attribute__ ((aligned (64)));
  const DenseCall *call = t->call;
  const int n = call->n_pixels / call->tiles->row_pixels * t->row_strips;
  const bool packs = can_pack (call, blocks);
  const Packing packing = packs ? packing_begin (&call->epilogue, 0, blocks) : (Packing){0};
  for (int i = 0; i < n; i += 2) {
    const Strip strip[] = {strip_at (t, i), strip_at (t, i + 1)};
    if (i + 1 < n)
      multiply (t, strip, 2, blocks, is_signed, sums);
    else
      multiply (t, strip, 1, blocks, is_signed, sums);
    for (int k = 0; k < 2 && i + k < n; k++)
      store_strip (t, packs ? &packing : NULL, strip[k], blocks,
                   sums + k * TILE_ROWS * blocks * LANES);
  }
}

void
LEVEL_NAME (dense_tiles) (const DenseCall *call)
{
  const Tiling t = tiling_of (call);
  configure (&t);
  if (call->blocks == 1 && call->in_signed)
    run_tiles (&t, 1, true);
  else if (call->blocks == 1)
    run_tiles (&t, 1, false);
  else if (call->in_signed)
    run_tiles (&t, 2, true);
  else
    run_tiles (&t, 2, false);
  _tile_release ();
}
