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

/* Pixels that are stored together. */
enum { TOGETHER = 4 };

/* Sums of up to two strips that are still to be stored: a few at each step of the next product,
 * which leaves the vector units idle.
 */
typedef struct {
  const Packing *packing; /* NULL: slowly, one vector after the other */
  Strip strip[2];
  const int32_t *sums; /* [2 TILE_ROWS][blocks LANES] */
  int next, end;       /* groups of TOGETHER pixels */
  int at_once;         /* groups a step */
} Pending;

SIMD_INLINE void
store_group (const Tiling *t, Pending *pending, int blocks)
{
  const int strip_groups = (t->rows + TOGETHER - 1) / TOGETHER;
  const int n = pending->next >= strip_groups, group = pending->next - n * strip_groups;
  const Strip strip = pending->strip[n];
  const int row = strip.skipped + group * TOGETHER, left = t->rows - row;
  const int n_rows = left < TOGETHER ? left : TOGETHER, width = blocks * LANES;
  const int32_t *sums = pending->sums + (n * TILE_ROWS + row) * width;
  VecI sum[TOGETHER][MAX_BLOCKS];
  pending->next++;
  if (n_rows <= 0)
    return;
#pragma GCC unroll 4
  for (int k = 0; k < TOGETHER; k++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      sum[k][j] = simd_load_s32 (sums + k * width + j * LANES);
  if (pending->packing)
    store_packed (t->call, pending->packing, strip.first + row, TOGETHER, n_rows, blocks, sum);
  else
    store_s8 (t->call, strip.first + row, TOGETHER, n_rows, blocks, sum);
}

/* strips, blocks: 1 or 2; sums: [2 TILE_ROWS][blocks LANES] */
SIMD_INLINE void
multiply (const Tiling *t,
          const Strip *strip,
          int strips,
          int blocks,
          bool is_signed,
          int32_t *sums,
          Pending *pending)
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
        for (int i = 0; i < pending->at_once && pending->next < pending->end; i++)
          store_group (t, pending, blocks);
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
run_tiles (const Tiling *t, int blocks, bool is_signed)
{
  /* Behind the last strip's sums there are some that are read and not stored. */
  enum { N_SUMS = (2 * TILE_ROWS + TOGETHER) * TILE_BLOCKS * LANES };
  int32_t sums[2][N_SUMS] __attribute__ ((aligned (64)));
  const DenseCall *call = t->call;
  const int n = call->n_pixels / call->tiles->row_pixels * t->row_strips;
  const int strip_groups = (t->rows + TOGETHER - 1) / TOGETHER;
  const int steps = call->n_planes * call->n_taps * t->steps;
  const bool packs = can_pack (call, blocks);
  const Packing packing = packs ? packing_begin (&call->epilogue, 0, blocks) : (Packing){0};
  Pending pending = {.packing = packs ? &packing : NULL,
                     .at_once = (2 * strip_groups + steps - 1) / steps};
  for (int i = 0; i < n; i += 2) {
    const Strip strip[] = {strip_at (t, i), strip_at (t, i + 1)};
    const int strips = n - i < 2 ? 1 : 2;
    int32_t *to = sums[i / 2 % 2];
    if (strips == 2)
      multiply (t, strip, 2, blocks, is_signed, to, &pending);
    else
      multiply (t, strip, 1, blocks, is_signed, to, &pending);
    while (pending.next < pending.end)
      store_group (t, &pending, blocks);
    pending.strip[0] = strip[0];
    pending.strip[1] = strip[1];
    pending.sums = to;
    pending.next = 0;
    pending.end = strips * strip_groups;
  }
  while (pending.next < pending.end)
    store_group (t, &pending, blocks);
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
