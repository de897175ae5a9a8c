/* Sums of pixels × channels on their way to bytes. */
#pragma once

#include "kernels/cpu/epilogue.h"

enum { MAX_BLOCKS = 4 };

#ifdef SIMD_PACKS
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
  const int64_t step = call->out_step, first = pixel * step;
  const bool fills_vectors = step == n && n * together == 4 * LANES;
  uint8_t *out = (uint8_t *) call->out + first;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i += together) {
    VecF v[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      const int row = i + (k < together * blocks ? k / blocks : 0);
      v[k] = packing_scale (packing, sum[row][k % blocks], k % blocks,
                            first + (row < n_rows ? row : 0) * step);
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

/* Whether it can: the last channels of a residual that does not fill its vectors end where it may.
 */
SIMD_INLINE bool
can_pack (const DenseCall *call, int blocks)
{
  return call->epilogue.fits && (call->n_channels == blocks * LANES || !call->epilogue.residual);
}
#endif

/* rows: those there are sums of; n_rows: those that are stored, if there are as many */
SIMD_INLINE void
store_s8 (const DenseCall *call,
          int pixel,
          int rows,
          int n_rows,
          int blocks,
          VecI (*sum)[MAX_BLOCKS])
{
  n_rows = n_rows < rows ? n_rows : rows;
#ifdef SIMD_PACKS
  if (can_pack (call, blocks)) {
    const Packing packing = packing_begin (&call->epilogue, 0, blocks);
    store_packed (call, &packing, pixel, rows, n_rows, blocks, sum);
    return;
  }
#endif
#pragma GCC unroll 4
  for (int j = 0; j < blocks; j++) {
    const int left = call->n_channels - j * LANES, n = left < LANES ? left : LANES;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      if (i >= n_rows || n <= 0)
        continue;
      const int64_t at = (pixel + i) * call->out_step + j * LANES;
      epilogue_store_s8 (&call->epilogue, sum[i][j], call->out, at, j * LANES, n);
    }
  }
}
