/* Depthwise convolution along rows: PIXELS neighbours of a row of output share the columns of input
 * under them, each of which is read once for all the taps it is under. f32 takes one row of taps
 * after the other, int8 two at once, interleaved so that a lane holds both bytes of its channel in
 * 16 bits. The last vectors of channels overlap those before, so that all are whole.
 */
#include "kernels/cpu/depthwise-columns.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

/* vectors: of channels, at once */
SIMD_INLINE void
tile_f32 (const DepthwiseRow *row,
          int pixel,
          int c,
          int stride,
          int taps,
          int vectors,
          const Columns *columns)
{
  const int width = (row->n_channels + LANES - 1) / LANES * LANES;
  const int n = (PIXELS - 1) * stride + taps;
  const CpuEpilogue *e = &row->epilogue;
  const float *w = (const float *) row->weights + c;
  VecF sum[2][PIXELS];
#pragma GCC unroll 2
  for (int v = 0; v < vectors; v++)
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[v][i] = simd_load (e->bias + c + v * LANES);
  for (int r = 0; r < row->n_rows; r++, w += taps * width) {
    const uint8_t *const *at = columns->at[r];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) {
#pragma GCC unroll 16
      for (int j = 0; j < n; j++) {
        const VecF x = simd_load ((const float *) (const void *) at[j] + c + v * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < PIXELS; i++)
          if (j - i * stride >= 0 && j - i * stride < taps)
            sum[v][i] =
                simd_mac (x, simd_load (w + (j - i * stride) * width + v * LANES), sum[v][i]);
      }
    }
  }
  const int n_pixels = row->n_pixels - pixel;
#pragma GCC unroll 2
  for (int v = 0; v < vectors; v++) {
    const int64_t first = (int64_t) pixel * row->n_channels + c + v * LANES;
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      if (e->residual && i < n_pixels)
        sum[v][i] =
            sum[v][i] + simd_load ((const float *) e->residual + first + i * row->n_channels);
    epilogue_activate (e, sum[v], PIXELS);
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      if (i < n_pixels)
        simd_store ((float *) row->out + first + i * row->n_channels, sum[v][i]);
  }
}

SIMD_INLINE void
row_f32 (const DepthwiseRow *row, int stride, int taps)
{
  Columns columns;
  const int channels = row->n_channels;
  for (int pixel = 0; pixel < row->n_pixels; pixel += PIXELS) {
    find_columns (row, pixel, stride, taps, &columns);
    int c = 0;
    for (; c + 2 * LANES <= channels; c += 2 * LANES)
      tile_f32 (row, pixel, c, stride, taps, 2, &columns);
    for (; c < channels; c += LANES)
      tile_f32 (row, pixel, c + LANES <= channels ? c : channels - LANES, stride, taps, 1,
                &columns);
  }
}

#if defined(SIMD_PACKS) && !defined(SIMD_QUADS)
SIMD_INLINE __m256i
load_wide (const uint8_t *p, bool is_signed)
{
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
  if (is_signed)
    bytes = _mm_xor_si128 (bytes, _mm_set1_epi8 (-128));
  return _mm256_cvtepu8_epi16 (bytes);
}

SIMD_INLINE void
store_pairs (const DepthwiseRow *row, int pixel, int c, int group, VecI (*sum)[PIXELS])
{
  const Packing packing = packing_begin (&row->epilogue, group * 2 * LANES, 2);
  const int n_pixels = row->n_pixels - pixel;
  uint8_t *out = (uint8_t *) row->out + (int64_t) pixel * row->n_channels + c;
#pragma GCC unroll 2
  for (int i = 0; i < PIXELS; i += 2) {
    const VecF v[4] = {
        packing_scale (&packing, sum[0][i], 0), packing_scale (&packing, sum[1][i], 1),
        packing_scale (&packing, sum[0][i + 1], 0), packing_scale (&packing, sum[1][i + 1], 1)};
    const __m256i bytes = _mm256_permute4x64_epi64 (
        simd_pack_bytes (v, packing.shift, packing.most, packing.low), 0xd8);
    if (i < n_pixels)
      _mm_storeu_si128 ((__m128i *) (void *) (out + i * row->n_channels), simd_half (bytes, 0));
    if (i + 1 < n_pixels)
      _mm_storeu_si128 ((__m128i *) (void *) (out + (i + 1) * row->n_channels),
                        simd_half (bytes, 1));
  }
}

SIMD_INLINE void
tile_s16 (const DepthwiseRow *row,
          int pixel,
          int group,
          int stride,
          int taps,
          bool is_signed,
          const Columns *columns)
{
  const int n = (PIXELS - 1) * stride + taps, last = row->n_channels - 2 * LANES;
  const int c = group * 2 * LANES < last ? group * 2 * LANES : last;
  const int pairs = (row->n_rows + 1) / 2;
  const VecI *w = (const VecI *) row->weights + (int64_t) group * pairs * taps * 2;
  const int32_t *start = row->epilogue.start + group * 2 * LANES;
  VecI sum[2][PIXELS];
#pragma GCC unroll 4
  for (int i = 0; i < PIXELS; i++) {
    sum[0][i] = simd_load_s32 (start);
    sum[1][i] = simd_load_s32 (start + LANES);
  }
  for (int pair = 0; pair < pairs; pair++, w += taps * 2) {
    const uint8_t *const *a_at = columns->at[2 * pair], *const *b_at = columns->at[2 * pair + 1];
#pragma GCC unroll 16
    for (int j = 0; j < n; j++) {
      const VecI a = load_wide (a_at[j] + c, is_signed), b = load_wide (b_at[j] + c, is_signed);
      const VecI low = _mm256_unpacklo_epi16 (a, b), high = _mm256_unpackhi_epi16 (a, b);
#pragma GCC unroll 4
      for (int i = 0; i < PIXELS; i++) {
        const int tap = j - i * stride;
        if (tap < 0 || tap >= taps)
          continue;
        sum[0][i] = simd_dot_s16 (sum[0][i], low, w[2 * tap]);
        sum[1][i] = simd_dot_s16 (sum[1][i], high, w[2 * tap + 1]);
      }
    }
  }
  store_pairs (row, pixel, c, group, sum);
}

SIMD_INLINE void
row_s16 (const DepthwiseRow *row, int stride, int taps, bool is_signed)
{
  Columns columns;
  const int groups = (row->n_channels + 2 * LANES - 1) / (2 * LANES);
  for (int pixel = 0; pixel < row->n_pixels; pixel += PIXELS) {
    find_columns (row, pixel, stride, taps, &columns);
    for (int group = 0; group < groups; group++)
      tile_s16 (row, pixel, group, stride, taps, is_signed, &columns);
  }
}

void
LEVEL_NAME (depthwise_row_s16) (const DepthwiseRow *row)
{
  if (row->in_signed)
    EACH_SHAPE (row_s16, , true);
  else
    EACH_SHAPE (row_s16, , false);
}
#endif

void
LEVEL_NAME (depthwise_row_f32) (const DepthwiseRow *row)
{
  EACH_SHAPE (row_f32, );
}
