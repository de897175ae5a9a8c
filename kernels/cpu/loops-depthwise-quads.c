/* Depthwise convolution of bytes along rows, for levels with VNNI: four rows of taps at once,
 * interleaved so that a lane holds the four bytes of its channel.
 */
#include "kernels/cpu/depthwise-columns.h"
#include "kernels/cpu/loops-level.h"

#if defined(__AVX512VNNI__)
#define DOT(prefix) prefix##dpbusd_epi32
#else
#define DOT(prefix) prefix##dpbusd_avx_epi32
#endif

#define QUADS 16
#define QUADS_VEC __m128i
#define QUADS_OP(name) _mm_##name
#define QUADS_DOT DOT (_mm_)
#include "kernels/cpu/depthwise-quads.h"

#define QUADS 32
#define QUADS_VEC __m256i
#define QUADS_OP(name) _mm256_##name
#define QUADS_DOT DOT (_mm256_)
#include "kernels/cpu/depthwise-quads.h"

#if SIMD_QUADS == 64
#define QUADS 64
#define QUADS_VEC __m512i
#define QUADS_OP(name) _mm512_##name
#define QUADS_DOT DOT (_mm512_)
#include "kernels/cpu/depthwise-quads.h"
#endif

SIMD_INLINE void
row_s8 (const DepthwiseRow *row, int stride, int taps, bool is_signed)
{
  Columns columns;
  for (int pixel = 0; pixel < row->n_pixels; pixel += PIXELS) {
    find_columns (row, pixel, stride, taps, &columns);
    for (int first = 0, width; first < row->n_channels; first += width) {
      int begin;
      width = praxi_cpu_depthwise_group (row->n_channels, first, SIMD_QUADS, &begin);
#if SIMD_QUADS == 64
      if (width == 64)
        tile_64 (row, pixel, first, begin, stride, taps, is_signed, &columns);
      else
#endif
          if (width == 32)
        tile_32 (row, pixel, first, begin, stride, taps, is_signed, &columns);
      else
        tile_16 (row, pixel, first, begin, stride, taps, is_signed, &columns);
    }
  }
}

void
LEVEL_NAME (depthwise_row_s8) (const DepthwiseRow *row)
{
  if (row->in_signed)
    EACH_SHAPE (row_s8, , true);
  else
    EACH_SHAPE (row_s8, , false);
}
