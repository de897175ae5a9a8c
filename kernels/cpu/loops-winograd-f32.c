/* The loops of conv-winograd.c on floats, of planes. With the matrices of Lavin and Gray:
 *
 *   Bᵀ  1  0 −1  0     Aᵀ  1  1  1  0
 *       0  1  1  0         0  1 −1 −1
 *       0 −1  1  0
 *       0  1  0 −1
 */
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

enum {
  ROWS_1 = 12,
  ROWS_2 = LANES == 16  ? 12
           : LANES == 8 ? 6
                        : 2,
  LINE = 4,
  MAX_BLOCKS = 2,
  N_OUTPUTS = 4
};

/* v = Bᵀ d */
SIMD_INLINE void
spread (const VecF *d, VecF *v)
{
  v[0] = d[0] - d[2];
  v[1] = d[1] + d[2];
  v[2] = d[2] - d[1];
  v[3] = d[1] - d[3];
}

void
LEVEL_NAME (winograd_in_f32) (const WinogradIn *in)
{
  const float *const *pixels = (const float *const *) in->pixels;
  float *values = in->values;
  for (int next = 0; next < in->n_channels; next += LANES) {
    const int c = next + LANES <= in->n_channels ? next : in->n_channels - LANES;
    VecF rows[LINE][LINE];
#pragma GCC unroll 4
    for (int i = 0; i < LINE; i++) {
      VecF d[LINE];
#pragma GCC unroll 4
      for (int j = 0; j < LINE; j++)
        d[j] = simd_load (pixels[i * LINE + j] + c);
      spread (d, rows[i]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < LINE; j++) {
      const VecF d[LINE] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j]};
      VecF v[LINE];
      spread (d, v);
#pragma GCC unroll 4
      for (int i = 0; i < LINE; i++)
        simd_store (values + (i * LINE + j) * in->step + c, v[i]);
    }
  }
}

SIMD_INLINE void
tile (const WinogradProduct *product, int row, int rows, int blocks)
{
  const int64_t step = product->depth;
  const float *values = (const float *) product->values + row * step;
  const float *w = product->weights;
  float *sums = (float *) product->sums + (int64_t) row * blocks * LANES;
  VecF sum[ROWS_1][MAX_BLOCKS];
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_set1 (0);
  for (int k = 0; k < product->depth; k++, w += blocks * LANES) {
    VecF weights[MAX_BLOCKS];
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      weights[j] = simd_load (w + j * LANES);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const VecF x = simd_set1 (values[i * step + k]);
#pragma GCC unroll 2
      for (int j = 0; j < blocks; j++)
        sum[i][j] = simd_mac (x, weights[j], sum[i][j]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      simd_store (sums + (i * blocks + j) * LANES, sum[i][j]);
}

void
LEVEL_NAME (winograd_product_f32) (const WinogradProduct *product)
{
  if (product->blocks == 1)
    for (int row = 0; row < product->rows; row += ROWS_1)
      tile (product, row, ROWS_1, 1);
  else
    for (int row = 0; row < product->rows; row += ROWS_2)
      tile (product, row, ROWS_2, 2);
}

/* y = Aᵀ m */
SIMD_INLINE void
gather (const VecF *m, VecF *y)
{
  y[0] = m[0] + m[1] + m[2];
  y[1] = m[1] - m[2] - m[3];
}

SIMD_INLINE void
gather_tile (const WinogradOut *out, const float *sums, VecF *y)
{
  VecF columns[LINE][2];
#pragma GCC unroll 4
  for (int j = 0; j < LINE; j++) {
    VecF m[LINE];
#pragma GCC unroll 4
    for (int i = 0; i < LINE; i++)
      m[i] = simd_load (sums + (i * LINE + j) * out->step);
    gather (m, columns[j]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const VecF m[LINE] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
    gather (m, y + 2 * i);
  }
}

void
LEVEL_NAME (winograd_out_f32) (const WinogradOut *out)
{
  const CpuEpilogue e = out->epilogue;
  for (int i = 0; i < out->n_tiles; i++) {
    const int64_t *at = out->out_at[i];
    for (int j = 0; j < out->blocks; j++) {
      const int left = out->n_channels - j * LANES, n = left < LANES ? left : LANES;
      const VecF bias = simd_load (e.bias + j * LANES);
      VecF y[N_OUTPUTS];
      gather_tile (out, (const float *) out->sums + (i * out->blocks + j) * LANES, y);
#pragma GCC unroll 4
      for (int k = 0; k < N_OUTPUTS; k++) {
        y[k] = y[k] + bias;
        if (e.residual && at[k] >= 0)
          y[k] = y[k] + simd_load_n ((const float *) e.residual + at[k] + j * LANES, n);
      }
      epilogue_activate (&e, y, N_OUTPUTS);
#pragma GCC unroll 4
      for (int k = 0; k < N_OUTPUTS; k++)
        if (at[k] >= 0)
          simd_store_n ((float *) out->out + at[k] + j * LANES, y[k], n);
    }
  }
}
