/* Tiles of channels in × channels out kept in registers while pixels pass by: every pixel loads one
 * vector of dy per block of channels and broadcasts one channel of the input per row.
 */
#include "kernels/cpu/loops-level.h"

#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
enum { ROWS_1 = 12, ROWS_2 = 12, ROWS_3 = 8, ROWS_4 = 6 };
#elif defined(__AVX2__)
enum { ROWS_1 = 12, ROWS_2 = 6 };
#else
enum { ROWS_1 = 4, ROWS_2 = 4 };
#endif
enum { MAX_ROWS = 12, MAX_BLOCKS = 4 };

SIMD_INLINE void
outer_tile (const OuterCall *call, int first, int rows, int blocks)
{
  VecF sum[MAX_ROWS][MAX_BLOCKS];
  float *to = call->sum + first * blocks * LANES;
  const int last = call->n_channels - (blocks - 1) * LANES;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_load (to + (i * blocks + j) * LANES);
  const float *dy = call->dy;
  for (int pixel = 0; pixel < call->n_pixels; pixel++, dy += call->dy_step) {
    if (call->offsets[pixel] < 0)
      continue;
    const float *x = (const float *) ((const char *) call->plane + call->offsets[pixel]) + first;
    VecF y[MAX_BLOCKS];
#pragma GCC unroll 4
    for (int j = 0; j < blocks - 1; j++)
      y[j] = simd_load (dy + j * LANES);
    y[blocks - 1] = simd_load_n (dy + (blocks - 1) * LANES, last);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const VecF v = simd_set1 (x[i]);
#pragma GCC unroll 4
      for (int j = 0; j < blocks; j++)
        sum[i][j] = simd_mac (v, y[j], sum[i][j]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      simd_store (to + (i * blocks + j) * LANES, sum[i][j]);
}

SIMD_INLINE void
outer_rows (const OuterCall *call, int most, int blocks)
{
  int row = 0;
  for (; row + most <= call->rows; row += most)
    outer_tile (call, row, most, blocks);
  for (; most > 6 && row + 6 <= call->rows; row += 6)
    outer_tile (call, row, 6, blocks);
  for (; most > 4 && row + 4 <= call->rows; row += 4)
    outer_tile (call, row, 4, blocks);
  for (; row + 2 <= call->rows; row += 2)
    outer_tile (call, row, 2, blocks);
  for (; row < call->rows; row++)
    outer_tile (call, row, 1, blocks);
}

void
LEVEL_NAME (outer_f32) (const OuterCall *call)
{
  switch (call->blocks) {
  case 1:
    outer_rows (call, ROWS_1, 1);
    return;
  case 2:
    outer_rows (call, ROWS_2, 2);
    return;
#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
  case 3:
    outer_rows (call, ROWS_3, 3);
    return;
  default:
    outer_rows (call, ROWS_4, 4);
#endif
  }
}

/* Some vectors at once, so that their sums do not wait for each other; the last is of n lanes. */
SIMD_INLINE void
inner_columns (const InnerCall *call, int c, int columns, int n)
{
  enum { COLUMNS = 4 };
  VecF sum[COLUMNS];
  for (int j = 0; j < columns; j++)
    sum[j] = simd_set1 (0);
  const float *dy = call->dy + c;
  for (int pixel = 0; pixel < call->n_pixels; pixel++, dy += call->dy_step) {
    if (call->offsets[pixel] < 0)
      continue;
    const float *x = (const float *) ((const char *) call->plane + call->offsets[pixel]) + c;
#pragma GCC unroll 4
    for (int j = 0; j < columns; j++) {
      const int wide = j < columns - 1 ? LANES : n;
      sum[j] =
          simd_mac (simd_load_n (x + j * LANES, wide), simd_load_n (dy + j * LANES, wide), sum[j]);
    }
  }
  for (int j = 0; j < columns; j++) {
    const int wide = j < columns - 1 ? LANES : n;
    float *to = call->sum + c + j * LANES;
    simd_store_n (to, simd_load_n (to, wide) + sum[j], wide);
  }
}

void
LEVEL_NAME (inner_f32) (const InnerCall *call)
{
  int c = 0;
  for (; c + 4 * LANES <= call->n_channels; c += 4 * LANES)
    inner_columns (call, c, 4, LANES);
  const int rest = call->n_channels - c;
  if (rest > 3 * LANES)
    inner_columns (call, c, 4, rest - 3 * LANES);
  else if (rest > 2 * LANES)
    inner_columns (call, c, 3, rest - 2 * LANES);
  else if (rest > LANES)
    inner_columns (call, c, 2, rest - LANES);
  else if (rest > 0)
    inner_columns (call, c, 1, rest);
}
