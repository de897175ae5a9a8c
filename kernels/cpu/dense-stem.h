/* The first layer of most networks of pictures: rows of three pixels of three channels, read by
 * pixels that are two apart. Of the nine bytes of a row the last is the third of those that the
 * next pixel reads first, so that a pixel takes two broadcasts a row instead of three, each a
 * constant away from the first; weights stay in registers.
 */
#pragma once

#include "kernels/cpu/dense-store.h"
#include "kernels/cpu/loops-level.h"

enum {
  STEM_STEP = 6, /* bytes from pixel to pixel */
  STEM_TAPS = 3,
  STEM_UNITS = 3,
  STEM_ROWS_1 = 16,
  STEM_ROWS_2 = 8,
  STEM_REST = 4
};

SIMD_INLINE VecI
stem_quad (const uint8_t *p, bool is_signed)
{
  const VecI x = simd_broadcast4 (p);
  return is_signed ? simd_xor (x, simd_set1_s32 ((int32_t) 0x80808080)) : x;
}

/* w: of each tap the first two units as they are packed, the third two bytes further on */
SIMD_INLINE void
stem_tile (const DenseCall *call,
           const VecI (*w)[STEM_UNITS][2],
           int pixel,
           int rows,
           int blocks,
           bool is_signed)
{
  VecI sum[STEM_ROWS_1][MAX_BLOCKS];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_load_s32 (call->epilogue.start + j * LANES);
#pragma GCC unroll 3
  for (int tap = 0; tap < STEM_TAPS; tap++) {
    const uint8_t *p =
        (const uint8_t *) call->planes[0] + call->offsets[pixel] + tap * call->tap_step;
    VecI first = stem_quad (p, is_signed);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      const VecI second = stem_quad (p + i * STEM_STEP + 4, is_signed);
      const VecI next = stem_quad (p + (i + 1) * STEM_STEP, is_signed);
#pragma GCC unroll 2
      for (int j = 0; j < blocks; j++) {
        sum[i][j] = simd_dot (sum[i][j], first, w[tap][0][j]);
        sum[i][j] = simd_dot (sum[i][j], second, w[tap][1][j]);
        sum[i][j] = simd_dot (sum[i][j], next, w[tap][2][j]);
      }
      first = next;
    }
  }
  store_s8 (call, pixel, rows, rows, blocks, sum);
}

/* Whether there are so many pixels, in one row. */
SIMD_INLINE bool
stem_fits (const DenseCall *call, int pixel, int rows)
{
  return pixel + rows <= call->n_pixels &&
         call->offsets[pixel + rows - 1] == call->offsets[pixel] + (rows - 1) * STEM_STEP;
}

/* Up to STEM_REST pixels, by the usual loop. */
static void
stem_rest (const DenseCall *call, int pixel)
{
  const int64_t out_at = pixel * call->out_step;
  const int left = call->n_pixels - pixel;
  DenseCall rest = *call;
  rest.offsets += pixel;
  rest.n_pixels = left < STEM_REST ? left : STEM_REST;
  rest.out = (uint8_t *) call->out + out_at;
  if (call->epilogue.residual)
    rest.epilogue.residual = (const uint8_t *) call->epilogue.residual + out_at;
  LEVEL_NAME (dense_s8) (&rest);
}

SIMD_INLINE void
stem_pixels (const DenseCall *call, int rows, int blocks, bool is_signed)
{
  VecI w[STEM_TAPS][STEM_UNITS][2];
  const int32_t *from = call->weights;
#pragma GCC unroll 3
  for (int tap = 0; tap < STEM_TAPS; tap++)
#pragma GCC unroll 3
    for (int k = 0; k < STEM_UNITS; k++)
#pragma GCC unroll 2
      for (int j = 0; j < blocks; j++, from += LANES) {
        const VecI weights = simd_load_s32 (from);
        w[tap][k][j] = k == 2 ? simd_shift_up (weights, 16) : weights;
      }
  for (int pixel = 0; pixel < call->n_pixels;) {
    if (stem_fits (call, pixel, rows)) {
      stem_tile (call, w, pixel, rows, blocks, is_signed);
      pixel += rows;
    } else {
      stem_rest (call, pixel);
      pixel += STEM_REST;
    }
  }
}
