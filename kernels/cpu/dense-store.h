/* Sums of pixels × channels on their way to bytes. */
#pragma once

#include "kernels/cpu/epilogue.h"

enum { MAX_BLOCKS = 4 };

#ifdef SIMD_PACKS
SIMD_INLINE bool
can_pack (const DenseCall *call)
{
  return call->epilogue.fits && !call->epilogue.residual;
}

/* Four vectors are packed together: a pixel's blocks, of 1 or 2 blocks those of 4 or 2 pixels. */
SIMD_INLINE void
store_packed (const DenseCall *call,
              const Packing *packing,
              int pixel,
              int rows,
              int n_rows,
              int blocks,
              VecI (*sum)[MAX_BLOCKS])
{
  const int together = 4 / blocks, n = call->n_channels;
  const int64_t step = call->out_step;
  const bool fills_vectors = step == n && n * together == 4 * LANES;
  uint8_t *out = (uint8_t *) call->out + pixel * step;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i += together) {
    VecF v[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      const int row = i + (k < together * blocks ? k / blocks : 0);
      v[k] = packing_scale (packing, sum[row][k % blocks], k % blocks);
    }
    const VecB bytes =
        simd_order_bytes (simd_pack_bytes (v, packing->shift, packing->most, packing->low));
    if (fills_vectors && i + together <= n_rows) {
      simd_store_all (out + i * step, bytes);
      continue;
    }
#pragma GCC unroll 4
    for (int k = 0; k < together; k++)
      if (i + k < n_rows)
        simd_store_vectors (out + (i + k) * step, bytes, k * blocks, blocks, n);
  }
}
#endif

/* One vector after the other. */
SIMD_INLINE void
store_slowly (const DenseCall *call, int pixel, int n_rows, int blocks, const VecI *sums)
{
  for (int i = 0; i < n_rows; i++, sums += blocks)
    for (int j = 0; j < blocks && j * LANES < call->n_channels; j++) {
      const int left = call->n_channels - j * LANES;
      const int64_t at = (pixel + i) * call->out_step + j * LANES;
      epilogue_store_s8 (&call->epilogue, sums[j], call->out, at, j * LANES,
                         left < LANES ? left : LANES);
    }
}

SIMD_INLINE void
store_rows (const DenseCall *call, int pixel, int n_rows, int blocks, const VecI *sums)
{
#ifdef SIMD_PACKS
  if (can_pack (call)) {
    const Packing packing = packing_begin (&call->epilogue, 0, blocks);
    const int together = 4 / blocks;
    for (int i = 0; i < n_rows; i += together) {
      VecI sum[4][MAX_BLOCKS];
#pragma GCC unroll 4
      for (int k = 0; k < together * blocks; k++)
        sum[k / blocks][k % blocks] = sums[i * blocks + k];
      store_packed (call, &packing, pixel + i, together, n_rows - i, blocks, sum);
    }
    return;
  }
#endif
  store_slowly (call, pixel, n_rows, blocks, sums);
}

/* What is rarer: not a part of loops that are faster the shorter they are. sums: [n_rows, up to a
 * whole number of vectors of bytes][blocks]
 */
__attribute__ ((noinline)) static void
store_sums (const DenseCall *call, int pixel, int n_rows, int blocks, const VecI *sums)
{
  switch (blocks) {
  case 1:
    store_rows (call, pixel, n_rows, 1, sums);
    return;
  case 2:
    store_rows (call, pixel, n_rows, 2, sums);
    return;
  case 3:
    store_rows (call, pixel, n_rows, 3, sums);
    return;
  default:
    store_rows (call, pixel, n_rows, 4, sums);
  }
}

/* rows: those there are sums of; n_rows: those that are stored, if there are as many */
SIMD_INLINE void
store_s8 (const DenseCall *call,
          int pixel,
          int rows,
          int n_rows,
          int blocks,
          VecI (*sum)[MAX_BLOCKS])
{
  enum { MOST_ROWS = DENSE_ROWS_MAX + 3 };
  VecI kept[MOST_ROWS * MAX_BLOCKS];
  n_rows = n_rows < rows ? n_rows : rows;
#ifdef SIMD_PACKS
  if (can_pack (call)) {
    const Packing packing = packing_begin (&call->epilogue, 0, blocks);
    store_packed (call, &packing, pixel, rows, n_rows, blocks, sum);
    return;
  }
#endif
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      kept[i * blocks + j] = sum[i][j];
  store_sums (call, pixel, n_rows, blocks, kept);
}
