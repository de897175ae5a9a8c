/* Rows of channels: the sums over rows and the linear maps that batch normalization and its
 * gradient are made of.
 */
#include "kernels/cpu/loops-level.h"

enum { COLUMNS = 4 };

/* sum[c] += Σ (x − pivot[c]), squares[c] += Σ (x − pivot[c])², of some vectors of channels at c. */
SIMD_INLINE void
moments_at (const NormCall *call, int c, int columns, int n)
{
  VecF sum[COLUMNS], squares[COLUMNS], pivot[COLUMNS];
#pragma GCC unroll 4
  for (int j = 0; j < columns; j++) {
    sum[j] = squares[j] = simd_set1 (0);
    pivot[j] = simd_load_n (call->a + c + j * LANES, j < columns - 1 ? LANES : n);
  }
  const float *x = call->x + c;
  for (int64_t r = 0; r < call->rows; r++, x += call->channels)
#pragma GCC unroll 4
    for (int j = 0; j < columns; j++) {
      const VecF v = simd_load_n (x + j * LANES, j < columns - 1 ? LANES : n) - pivot[j];
      sum[j] = sum[j] + v;
      squares[j] = simd_mac (v, v, squares[j]);
    }
#pragma GCC unroll 4
  for (int j = 0; j < columns; j++) {
    const int wide = j < columns - 1 ? LANES : n;
    float *s = call->sums + c + j * LANES, *q = s + call->channels;
    simd_store_n (s, simd_load_n (s, wide) + sum[j], wide);
    simd_store_n (q, simd_load_n (q, wide) + squares[j], wide);
  }
}

/* sum[c] += Σ dy, products[c] += Σ dy (x − mean[c]) */
SIMD_INLINE void
products_at (const NormCall *call, int c, int columns, int n)
{
  VecF sum[COLUMNS], products[COLUMNS], mean[COLUMNS];
#pragma GCC unroll 4
  for (int j = 0; j < columns; j++) {
    sum[j] = products[j] = simd_set1 (0);
    mean[j] = simd_load_n (call->a + c + j * LANES, j < columns - 1 ? LANES : n);
  }
  const float *x = call->x + c, *dy = call->dy + c;
  for (int64_t r = 0; r < call->rows; r++, x += call->channels, dy += call->channels)
#pragma GCC unroll 4
    for (int j = 0; j < columns; j++) {
      const int wide = j < columns - 1 ? LANES : n;
      const VecF d = simd_load_n (dy + j * LANES, wide);
      sum[j] = sum[j] + d;
      products[j] = simd_mac (d, simd_load_n (x + j * LANES, wide) - mean[j], products[j]);
    }
#pragma GCC unroll 4
  for (int j = 0; j < columns; j++) {
    const int wide = j < columns - 1 ? LANES : n;
    float *s = call->sums + c + j * LANES, *q = s + call->channels;
    simd_store_n (s, simd_load_n (s, wide) + sum[j], wide);
    simd_store_n (q, simd_load_n (q, wide) + products[j], wide);
  }
}

SIMD_INLINE void
sums (const NormCall *call, int c, int columns, int n)
{
  if (call->dy != NULL)
    products_at (call, c, columns, n);
  else
    moments_at (call, c, columns, n);
}

void
LEVEL_NAME (norm_sums) (const NormCall *call)
{
  int c = 0;
  for (; c + COLUMNS * LANES <= call->channels; c += COLUMNS * LANES)
    sums (call, c, COLUMNS, LANES);
  for (; c + LANES <= call->channels; c += LANES)
    sums (call, c, 1, LANES);
  if (c < call->channels)
    sums (call, c, 1, (int) call->channels - c);
}

/* y = a x + c, or a dy + b x + c where there is a dy. */
void
LEVEL_NAME (norm_map) (const NormCall *call)
{
  const float *x = call->x, *dy = call->dy;
  float *y = call->y;
  for (int64_t r = 0; r < call->rows; r++) {
    for (int64_t i = 0; i < call->channels; i += LANES) {
      const int n = call->channels - i < LANES ? (int) (call->channels - i) : LANES;
      const VecF a = simd_load_n (call->a + i, n), c = simd_load_n (call->c + i, n);
      const VecF v = simd_load_n (x + i, n);
      VecF sum = c;
      if (dy != NULL)
        sum = simd_mac (simd_load_n (dy + i, n), a, simd_mac (v, simd_load_n (call->b + i, n), c));
      else
        sum = simd_mac (v, a, c);
      simd_store_n (y + i, sum, n);
    }
    x += call->channels;
    y += call->channels;
    dy = dy != NULL ? dy + call->channels : NULL;
  }
}
