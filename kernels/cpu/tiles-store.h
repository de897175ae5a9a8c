/* How sums of tiles are stored: beside the next product. */
#pragma once

#include "kernels/cpu/dense-store.h"

enum { UNIT_VECTORS = 4 }; /* of sums that are stored together: pixels side by side times blocks */

/* Pixels side by side: of one row, or of rows with the gaps between them. A strip begins early
 * where they end, and the first pixels of it are done already.
 */
typedef struct {
  int first, skipped;
} Strip;

/* Sums of pixels side by side that are stored. */
typedef struct {
  int row, n; /* of the sums */
  int pixel;  /* of output */
} Run;

/* Sums of up to two strips that are still to be stored: spread evenly over the steps of the next
 * product, which leave the vector units idle.
 */
typedef struct {
  const DenseCall *call;
  const Packing *packing;      /* NULL: not packed */
  const int32_t *sums;         /* [2 TILE_ROWS][blocks LANES] */
  Run runs[2 * TILE_ROWS + 1]; /* one behind the last is read */
  Run rest;                    /* of the run that is being stored */
  int next;                    /* run */
  int units;                   /* of UNIT_VECTORS, or fewer at a run's end */
  int due;                     /* units × steps */
  bool is_plain;               /* packs all channels of its blocks */
} Pending;

SIMD_INLINE void
add_run (Pending *pending, int *n_runs, Run run, int blocks)
{
  const int rows = UNIT_VECTORS / blocks;
  pending->runs[(*n_runs)++] = run;
  pending->units += (run.n + rows - 1) / rows;
}

/* The pixels of a strip that runs over gaps; sums_row: of its first place. */
static void
add_rows (Pending *pending,
          const DenseTiles *tiles,
          int rows,
          int *n_runs,
          const Strip *strip,
          int sums_row,
          int blocks)
{
  const int place = strip->first + strip->skipped, line = place / tiles->row_step;
  const int end = sums_row + rows;
  int column = place - line * tiles->row_step, pixel = line * tiles->row_pixels + column;
  int row = sums_row + strip->skipped;
  while (row < end) {
    const int left = end - row, in_row = tiles->row_pixels - column;
    const int n = left < in_row ? left : in_row;
    if (n > 0)
      add_run (pending, n_runs, (Run){row, n, pixel}, blocks);
    pixel += n;
    row += n + tiles->row_step - tiles->row_pixels;
    column = 0;
  }
}

/* Nothing, before the first product. */
SIMD_INLINE void
pending_none (Pending *pending, const DenseCall *call, const int32_t *sums)
{
  pending->call = call;
  pending->packing = NULL;
  pending->sums = sums;
  pending->rest = (Run){0};
  pending->next = pending->units = pending->due = 0;
  pending->is_plain = false;
}

/* What a product of some strips, of so many rows each, has left in sums. packing: lent; NULL: none
 */
SIMD_INLINE void
pending_begin (Pending *pending,
               const DenseCall *call,
               int rows,
               const Packing *packing,
               const int32_t *sums,
               const Strip *strip,
               int strips,
               int blocks,
               bool has_gaps)
{
  int n_runs = 0;
  pending->call = call;
  pending->packing = packing;
  pending->is_plain = packing && call->n_channels == blocks * LANES;
  pending->sums = sums;
  pending->units = 0;
  for (int k = 0; k < strips; k++) {
    const int row = strip[k].skipped;
    if (has_gaps)
      add_rows (pending, call->tiles, rows, &n_runs, &strip[k], k * TILE_ROWS, blocks);
    else
      add_run (pending, &n_runs, (Run){k * TILE_ROWS + row, rows - row, strip[k].first + row},
               blocks);
  }
  pending->rest = pending->runs[0];
  pending->next = 1;
  pending->due = 0;
}

/* Whole units of channels that fill their vectors. */
SIMD_INLINE void
store_plain (const Pending *pending, const Run *run, int units, int blocks)
{
  const int rows = UNIT_VECTORS / blocks;
  const int64_t step = pending->call->out_step;
  const int32_t *sums = pending->sums + run->row * blocks * LANES;
  uint8_t *out = (uint8_t *) pending->call->out + run->pixel * step;
  const Packing packing = *pending->packing;
  for (; units > 0; units--, sums += UNIT_VECTORS * LANES, out += rows * step) {
    VecF v[UNIT_VECTORS];
#pragma GCC unroll 4
    for (int k = 0; k < UNIT_VECTORS; k++)
      v[k] = packing_scale (&packing, simd_load_s32 (sums + k * LANES), k % blocks);
    const VecB bytes =
        simd_order_bytes (simd_pack_bytes (v, packing.shift, packing.most, packing.low));
#pragma GCC unroll 4
    for (int k = 0; k < rows; k++)
      simd_store_vectors (out + k * step, bytes, k * blocks, blocks, blocks * LANES);
  }
}

SIMD_INLINE void
store_units (Pending *pending, int units, int blocks)
{
  const int rows = UNIT_VECTORS / blocks;
  Run *run = &pending->rest;
  while (units > 0) {
    const int whole = run->n / rows, left = (run->n + rows - 1) / rows;
    int n = units < left ? units : left;
    if (pending->is_plain && whole > 0) {
      n = n < whole ? n : whole;
      store_plain (pending, run, n, blocks);
    } else {
      store_sums (pending->call, run->pixel, n < left ? n * rows : run->n, blocks,
                  (const VecI *) (const void *) (pending->sums + run->row * blocks * LANES));
    }
    run->row += n * rows;
    run->pixel += n * rows;
    run->n -= n * rows;
    units -= n;
    if (run->n <= 0)
      *run = pending->runs[pending->next++];
  }
}

/* After each of the steps of the next product. */
SIMD_INLINE void
store_due (Pending *pending, int steps, int blocks)
{
  int units = 0;
  pending->due += pending->units;
  for (; pending->due >= steps; pending->due -= steps)
    units++;
  store_units (pending, units, blocks);
}
