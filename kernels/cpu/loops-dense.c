/* Tiles of pixels × channels kept in registers: every unit of depth loads one vector of weights per
 * block of channels and one broadcast per pixel.
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

/* Where the pixels of a tile lie for one tap. */
SIMD_INLINE void
find_rows (const DenseCall *call, int plane, int tap, int pixel, int rows, const uint8_t **p)
{
  const uint8_t *base = call->planes[plane];
  if (!call->offsets) {
    const int last = call->n_pixels - 1;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const int at = pixel + i < last ? pixel + i : last;
      p[i] = base ? base + at * call->pixel_bytes : call->padding;
    }
    return;
  }
  const int32_t *offsets = call->offsets + tap * call->offset_step + pixel;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
    p[i] = base && offsets[i] >= 0 ? base + offsets[i] : call->padding;
}

SIMD_INLINE VecF
requantize (const CpuEpilogue *e, VecI sum, int64_t at, int channel, int n)
{
  VecF v = simd_fma (simd_from_s32 (sum), simd_load (e->multiplier + channel),
                     simd_load (e->bias + channel));
  if (e->residual) {
    const VecI r = e->residual_signed ? simd_load_s8_n ((const int8_t *) e->residual + at, n)
                                      : simd_load_u8_n ((const uint8_t *) e->residual + at, n);
    const VecF distance = simd_from_s32 (simd_add_s32 (r, simd_set1_s32 (-e->residual_zero)));
    v = simd_fma (distance, simd_set1 (e->residual_multiplier), v);
  }
  return simd_max (simd_min (v, simd_set1 (e->high)), simd_set1 (e->low)); /* NaN: high */
}

SIMD_INLINE void
tile_s8 (const DenseCall *call, int pixel, int rows, int blocks, bool is_signed)
{
  VecI sum[MAX_ROWS][MAX_BLOCKS];
  const CpuEpilogue *e = &call->epilogue;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_load_s32 (e->start + j * LANES);
  const int32_t *w = call->weights;
  const VecI flip = simd_set1_s32 ((int32_t) 0x80808080);
  for (int plane = 0; plane < call->n_planes; plane++) {
    for (int tap = 0; tap < call->n_taps; tap++) {
      const uint8_t *p[MAX_ROWS];
      find_rows (call, plane, tap, pixel, rows, p);
      for (int k = 0; k < call->depth; k++, w += blocks * LANES) {
        VecI weights[MAX_BLOCKS];
#pragma GCC unroll 4
        for (int j = 0; j < blocks; j++)
          weights[j] = simd_load_s32 (w + j * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
          VecI x = simd_broadcast4 (p[i] + 4 * k);
          if (is_signed)
            x = simd_xor (x, flip);
#pragma GCC unroll 4
          for (int j = 0; j < blocks; j++)
            sum[i][j] = simd_dot (sum[i][j], x, weights[j]);
        }
      }
    }
  }
  const int n_rows = call->n_pixels - pixel;
#pragma GCC unroll 4
  for (int j = 0; j < blocks; j++) {
    const int left = call->n_channels - j * LANES, n = left < LANES ? left : LANES;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      if (i >= n_rows || n <= 0)
        continue;
      const int64_t at = (pixel + i) * call->out_step + j * LANES;
      const VecI q = simd_to_s32 (requantize (e, sum[i][j], at, j * LANES, n));
      simd_store_bytes_n ((uint8_t *) call->out + at, simd_add_s32 (q, simd_set1_s32 (e->zero)), n);
    }
  }
}

SIMD_INLINE void
tile_f32 (const DenseCall *call, int pixel, int rows, int blocks)
{
  VecF sum[MAX_ROWS][MAX_BLOCKS];
  const CpuEpilogue *e = &call->epilogue;
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_load (e->bias + j * LANES);
  const float *w = call->weights;
  for (int plane = 0; plane < call->n_planes; plane++) {
    for (int tap = 0; tap < call->n_taps; tap++) {
      const uint8_t *p[MAX_ROWS];
      find_rows (call, plane, tap, pixel, rows, p);
      for (int k = 0; k < call->depth; k++, w += blocks * LANES) {
        VecF weights[MAX_BLOCKS];
#pragma GCC unroll 4
        for (int j = 0; j < blocks; j++)
          weights[j] = simd_load (w + j * LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
          const VecF x = simd_set1 (((const float *) p[i])[k]);
#pragma GCC unroll 4
          for (int j = 0; j < blocks; j++)
            sum[i][j] = simd_mac (x, weights[j], sum[i][j]);
        }
      }
    }
  }
  const int n_rows = call->n_pixels - pixel;
#pragma GCC unroll 4
  for (int j = 0; j < blocks; j++) {
    const int left = call->n_channels - j * LANES, n = left < LANES ? left : LANES;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      if (i >= n_rows || n <= 0)
        continue;
      const int64_t at = (pixel + i) * call->out_step + j * LANES;
      VecF v = sum[i][j];
      if (e->residual)
        v = v + simd_load_n ((const float *) e->residual + at, n);
      v = simd_activate (v, e->activation, e->alpha, e->beta);
      simd_store_n ((float *) call->out + at, v, n);
    }
  }
}

#define RUN_S8(rows, blocks)                                                                       \
  static void run_s8_##blocks (const DenseCall *call)                                              \
  {                                                                                                \
    for (int pixel = 0; pixel < call->n_pixels; pixel += rows) {                                   \
      if (call->in_signed)                                                                         \
        tile_s8 (call, pixel, rows, blocks, true);                                                 \
      else                                                                                         \
        tile_s8 (call, pixel, rows, blocks, false);                                                \
    }                                                                                              \
  }
#define RUN_F32(rows, blocks)                                                                      \
  static void run_f32_##blocks (const DenseCall *call)                                             \
  {                                                                                                \
    for (int pixel = 0; pixel < call->n_pixels; pixel += rows)                                     \
      tile_f32 (call, pixel, rows, blocks);                                                        \
  }
RUN_S8 (ROWS_1, 1)
RUN_S8 (ROWS_2, 2)
RUN_F32 (ROWS_1, 1)
RUN_F32 (ROWS_2, 2)
#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
RUN_S8 (ROWS_3, 3)
RUN_S8 (ROWS_4, 4)
RUN_F32 (ROWS_3, 3)
RUN_F32 (ROWS_4, 4)
#endif

void
LEVEL_NAME (dense_s8) (const DenseCall *call)
{
  switch (call->blocks) {
  case 1:
    run_s8_1 (call);
    return;
  case 2:
    run_s8_2 (call);
    return;
#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
  case 3:
    run_s8_3 (call);
    return;
  default:
    run_s8_4 (call);
#endif
  }
}

void
LEVEL_NAME (dense_f32) (const DenseCall *call)
{
  switch (call->blocks) {
  case 1:
    run_f32_1 (call);
    return;
  case 2:
    run_f32_2 (call);
    return;
#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
  case 3:
    run_f32_3 (call);
    return;
  default:
    run_f32_4 (call);
#endif
  }
}
