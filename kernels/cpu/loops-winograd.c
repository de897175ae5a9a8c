/* The loops of conv-winograd.c on bytes, for levels of 8 lanes that multiply 16-bit numbers. With
 * the matrices of Lavin and Gray, G doubled so that all stays whole:
 *
 *   Bᵀ  1  0 −1  0     2G  2  0  0     Aᵀ  1  1  1  0
 *       0  1  1  0         1  1  1         0  1 −1 −1
 *       0 −1  1  0         1 −1  1
 *       0  1  0 −1         0  0  2
 */
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

enum { ROWS_1 = 12, ROWS_2 = 6, WIDTH = 16, LINE = 4, MAX_BLOCKS = 2 };

SIMD_INLINE __m256i
load_wide (const void *p, int c, bool is_signed)
{
  const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) ((const char *) p + c));
  return is_signed ? _mm256_cvtepi8_epi16 (bytes) : _mm256_cvtepu8_epi16 (bytes);
}

SIMD_INLINE void
store_wide (int16_t *to, __m256i x)
{
  _mm256_storeu_si256 ((__m256i *) (void *) to, x);
}

/* v = Bᵀ d */
SIMD_INLINE void
spread (const __m256i *d, __m256i *v)
{
  v[0] = _mm256_sub_epi16 (d[0], d[2]);
  v[1] = _mm256_add_epi16 (d[1], d[2]);
  v[2] = _mm256_sub_epi16 (d[2], d[1]);
  v[3] = _mm256_sub_epi16 (d[1], d[3]);
}

/* 16 channels; the zero is in one place alone, all others are differences of as many inputs. */
SIMD_INLINE void
spread_plane (const WinogradIn *in, int c, bool is_signed)
{
  const __m256i zeros = _mm256_set1_epi16 ((int16_t) (4 * in->zero));
  __m256i rows[LINE][LINE];
#pragma GCC unroll 4
  for (int i = 0; i < LINE; i++) {
    __m256i d[LINE];
#pragma GCC unroll 4
    for (int j = 0; j < LINE; j++)
      d[j] = load_wide (in->pixels[i * LINE + j], c, is_signed);
    spread (d, rows[i]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < LINE; j++) {
    const __m256i d[LINE] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j]};
    __m256i v[LINE];
    spread (d, v);
    if (j == 1)
      v[1] = _mm256_sub_epi16 (v[1], zeros);
#pragma GCC unroll 4
    for (int i = 0; i < LINE; i++)
      store_wide ((int16_t *) in->values + (i * LINE + j) * in->step + c, v[i]);
  }
}

SIMD_INLINE void
spread_line (const WinogradIn *in, int c, bool is_signed)
{
  __m256i d[LINE], v[LINE];
#pragma GCC unroll 4
  for (int i = 0; i < LINE; i++)
    d[i] = load_wide (in->pixels[i], c, is_signed);
  spread (d, v);
  v[1] = _mm256_sub_epi16 (v[1], _mm256_set1_epi16 ((int16_t) (2 * in->zero)));
#pragma GCC unroll 4
  for (int i = 0; i < LINE; i++)
    store_wide ((int16_t *) in->values + i * in->step + c, v[i]);
}

#define SPREAD_ALL(spread_some, is_signed)                                                         \
  for (int c = 0; c < in->n_channels; c += WIDTH)                                                  \
  spread_some (in, c + WIDTH <= in->n_channels ? c : in->n_channels - WIDTH, is_signed)

void
LEVEL_NAME (winograd_in_s16) (const WinogradIn *in)
{
  if (in->positions == LINE && in->in_signed)
    SPREAD_ALL (spread_line, true);
  else if (in->positions == LINE)
    SPREAD_ALL (spread_line, false);
  else if (in->in_signed)
    SPREAD_ALL (spread_plane, true);
  else
    SPREAD_ALL (spread_plane, false);
}

SIMD_INLINE void
tile (const WinogradProduct *product, int row, int rows, int blocks)
{
  const int64_t step = 4 * (int64_t) product->depth;
  const uint8_t *values = (const uint8_t *) product->values + row * step;
  const int32_t *w = product->weights;
  int32_t *sums = (int32_t *) product->sums + (int64_t) row * blocks * LANES;
  VecI sum[ROWS_1][MAX_BLOCKS];
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      sum[i][j] = simd_set1_s32 (0);
  for (int k = 0; k < product->depth; k++, w += blocks * LANES) {
    VecI weights[MAX_BLOCKS];
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      weights[j] = simd_load_s32 (w + j * LANES);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      const VecI x = simd_broadcast4 (values + i * step + 4 * k);
#pragma GCC unroll 2
      for (int j = 0; j < blocks; j++)
        sum[i][j] = simd_dot_s16 (sum[i][j], x, weights[j]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int j = 0; j < blocks; j++)
      _mm256_storeu_si256 ((__m256i *) (void *) (sums + (i * blocks + j) * LANES), sum[i][j]);
}

void
LEVEL_NAME (winograd_product_s16) (const WinogradProduct *product)
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
gather (const VecI *m, VecI *y)
{
  y[0] = simd_add_s32 (simd_add_s32 (m[0], m[1]), m[2]);
  y[1] = _mm256_sub_epi32 (_mm256_sub_epi32 (m[1], m[2]), m[3]);
}

/* The sums of all outputs of a tile, one vector of channels. */
SIMD_INLINE void
gather_tile (const WinogradOut *out, const int32_t *sums, VecI *y)
{
  if (out->positions == LINE) {
    VecI m[LINE];
    for (int i = 0; i < LINE; i++)
      m[i] = simd_load_s32 (sums + i * out->step);
    gather (m, y);
    for (int i = 0; i < 2; i++)
      y[i] = _mm256_srai_epi32 (y[i], 1);
    return;
  }
  VecI columns[LINE][2];
#pragma GCC unroll 4
  for (int j = 0; j < LINE; j++) {
    VecI m[LINE];
#pragma GCC unroll 4
    for (int i = 0; i < LINE; i++)
      m[i] = simd_load_s32 (sums + (i * LINE + j) * out->step);
    gather (m, columns[j]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    const VecI m[LINE] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
    gather (m, y + 2 * i);
    y[2 * i] = _mm256_srai_epi32 (y[2 * i], 2);
    y[2 * i + 1] = _mm256_srai_epi32 (y[2 * i + 1], 2);
  }
}

/* Two outputs of two vectors of channels, of which the second may be missing. */
SIMD_INLINE void
store_pair (const WinogradOut *out, const Packing *packing, const int64_t *at, const VecI (*y)[4])
{
  const int64_t places[2] = {at[0], at[1] < 0 ? at[0] : at[1]};
  VecF v[4];
  if (at[0] < 0)
    return;
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++)
    v[k] = packing_scale (packing, y[k % 2][k / 2], k % 2, places[k / 2]);
  const __m256i bytes =
      simd_order_bytes (simd_pack_bytes (v, packing->shift, packing->most, packing->low));
  for (int k = 0; k < 2 && at[k] >= 0; k++) {
    uint8_t *to = (uint8_t *) out->out + at[k];
    if (out->n_channels == 2 * LANES)
      _mm_storeu_si128 ((__m128i *) (void *) to, simd_half (bytes, k));
    else
      simd_store_part (to, simd_half (bytes, k), out->n_channels);
  }
}

void
LEVEL_NAME (winograd_out_s16) (const WinogradOut *out)
{
  const int n_out = out->positions / LINE == 1 ? 2 : 4, n = out->n_channels;
  const CpuEpilogue *e = &out->epilogue;
  const bool packs = out->blocks == 2 && e->fits && (n == 2 * LANES || !e->residual);
  Packing packing = {0};
  if (packs)
    packing = packing_begin (e, 0, 2);
  for (int i = 0; i < out->n_tiles; i++) {
    const int64_t *at = out->out_at[i];
    VecI y[MAX_BLOCKS][4];
    for (int j = 0; j < out->blocks; j++)
      gather_tile (out, (const int32_t *) out->sums + (i * out->blocks + j) * LANES, y[j]);
    for (int k = 0; packs && k < n_out; k += 2) {
      const VecI pair[2][4] = {{y[0][k], y[0][k + 1]}, {y[1][k], y[1][k + 1]}};
      store_pair (out, &packing, at + k, pair);
    }
    for (int k = 0; !packs && k < n_out; k++)
      for (int j = 0; at[k] >= 0 && j * LANES < n; j++)
        epilogue_store_s8 (e, y[j][k], out->out, at[k] + j * LANES, j * LANES,
                           n - j * LANES < LANES ? n - j * LANES : LANES);
  }
}
