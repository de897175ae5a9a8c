/* The loops of conv-winograd.c on bytes. With the matrices of Lavin and Gray, G doubled so that all
 * stays whole:
 *
 *   Bᵀ  1  0 −1  0     2G  2  0  0     Aᵀ  1  1  1  0
 *       0  1  1  0         1  1  1         0  1 −1 −1
 *       0 −1  1  0         1 −1  1
 *       0  1  0 −1         0  0  2
 *
 * and of 6 inputs for 4 outputs, each row of G times a number of its own, a, that Aᵀ makes good
 * times 24 / a:
 *
 *   Bᵀ  4  0 −5  0  1  0     G  1  0  0  (4)    Aᵀ  6  4  4  1  1  0
 *       0 −4 −4  1  1  0       −1 −1 −1  (6)        0  4 −4  2 −2  0
 *       0  4 −4 −1  1  0       −1  1 −1  (6)        0  4  4  4  4  0
 *       0 −2 −1  2  1  0        1  2  4  (24)       0  4 −4  8 −8 24
 *       0  2 −1 −2  1  0        1 −2  4  (24)
 *       0  4  0 −5  0  1        0  0  1  (1)
 *
 * Sums wrap around at 32 bits, and 24² = 64 · 9 times an output comes out: 9 has an inverse there,
 * and of the rest the highest 26 bits are the output.
 */
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

#if defined(__AVX512VNNI__)
#define OP(name) _mm512_##name
enum { ROWS_1 = 12, ROWS_2 = 12 };
#else
#define OP(name) _mm256_##name
enum { ROWS_1 = 12, ROWS_2 = 6 };
#endif
enum { WIDTH = 2 * LANES, MOST_LINE = 6, MAX_BLOCKS = 2, INVERSE_OF_9 = 954437177 };

/* 16-bit numbers */
SIMD_INLINE VecI
load_wide (const void *p, int c, bool is_signed)
{
#if defined(__AVX512VNNI__)
  const __m256i bytes =
      _mm256_loadu_si256 ((const __m256i *) (const void *) ((const char *) p + c));
#else
  const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) ((const char *) p + c));
#endif
  return is_signed ? OP (cvtepi8_epi16) (bytes) : OP (cvtepu8_epi16) (bytes);
}

SIMD_INLINE void
store_wide (int16_t *to, VecI x)
{
  memcpy (to, &x, sizeof x);
}

SIMD_INLINE VecI
add16 (VecI a, VecI b)
{
  return OP (add_epi16) (a, b);
}

SIMD_INLINE VecI
sub16 (VecI a, VecI b)
{
  return OP (sub_epi16) (a, b);
}

/* v = Bᵀ d, of 4 or 6 numbers */
SIMD_INLINE void
spread (int line, const VecI *d, VecI *v)
{
  if (line == 4) {
    v[0] = sub16 (d[0], d[2]);
    v[1] = add16 (d[1], d[2]);
    v[2] = sub16 (d[2], d[1]);
    v[3] = sub16 (d[1], d[3]);
    return;
  }
  const VecI far = sub16 (d[4], d[2]), near = sub16 (d[3], d[1]), twice = OP (slli_epi16) (near, 1);
  v[0] = add16 (OP (slli_epi16) (sub16 (d[0], d[2]), 2), far);
  v[1] = sub16 (add16 (d[3], d[4]), OP (slli_epi16) (add16 (d[1], d[2]), 2));
  v[2] = add16 (sub16 (d[4], d[3]), OP (slli_epi16) (sub16 (d[1], d[2]), 2));
  v[3] = add16 (far, twice);
  v[4] = sub16 (far, twice);
  v[5] = sub16 (sub16 (d[5], d[3]), OP (slli_epi16) (near, 2));
}

/* WIDTH channels; the zero is in one place alone, all others are differences of as many inputs. */
SIMD_INLINE void
spread_plane (const WinogradIn *in, int line, int c, bool is_signed)
{
  const VecI zeros = OP (set1_epi16) ((int16_t) ((line == 4 ? 4 : 36) * in->zero));
  VecI rows[MOST_LINE][MOST_LINE];
#pragma GCC unroll 6
  for (int i = 0; i < line; i++) {
    VecI d[MOST_LINE];
#pragma GCC unroll 6
    for (int j = 0; j < line; j++)
      d[j] = load_wide (in->pixels[i * line + j], c, is_signed);
    spread (line, d, rows[i]);
  }
#pragma GCC unroll 6
  for (int j = 0; j < line; j++) {
    VecI d[MOST_LINE], v[MOST_LINE];
#pragma GCC unroll 6
    for (int i = 0; i < line; i++)
      d[i] = rows[i][j];
    spread (line, d, v);
    if (j == 1)
      v[1] = sub16 (v[1], zeros);
#pragma GCC unroll 6
    for (int i = 0; i < line; i++)
      store_wide ((int16_t *) in->values + (i * line + j) * in->step + c, v[i]);
  }
}

SIMD_INLINE void
spread_line (const WinogradIn *in, int line, int c, bool is_signed)
{
  VecI d[MOST_LINE], v[MOST_LINE];
#pragma GCC unroll 4
  for (int i = 0; i < line; i++)
    d[i] = load_wide (in->pixels[i], c, is_signed);
  spread (line, d, v);
  v[1] = sub16 (v[1], OP (set1_epi16) ((int16_t) (2 * in->zero)));
#pragma GCC unroll 4
  for (int i = 0; i < line; i++)
    store_wide ((int16_t *) in->values + i * in->step + c, v[i]);
}

#define SPREAD_ALL(spread_some, line, is_signed)                                                   \
  for (int c = 0; c < in->n_channels; c += WIDTH)                                                  \
  spread_some (in, line, c + WIDTH <= in->n_channels ? c : in->n_channels - WIDTH, is_signed)

void
LEVEL_NAME (winograd_in_s16) (const WinogradIn *in)
{
  if (in->positions == 36 && in->in_signed)
    SPREAD_ALL (spread_plane, 6, true);
  else if (in->positions == 36)
    SPREAD_ALL (spread_plane, 6, false);
  else if (in->positions == 16 && in->in_signed)
    SPREAD_ALL (spread_plane, 4, true);
  else if (in->positions == 16)
    SPREAD_ALL (spread_plane, 4, false);
  else if (in->in_signed)
    SPREAD_ALL (spread_line, 4, true);
  else
    SPREAD_ALL (spread_line, 4, false);
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
      memcpy (sums + (i * blocks + j) * LANES, &sum[i][j], sizeof sum[i][j]);
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

SIMD_INLINE VecI
shifted (VecI x, int bits)
{
  return OP (slli_epi32) (x, bits);
}

/* y = Aᵀ m, 2 or 4 numbers */
SIMD_INLINE void
gather (int line, const VecI *m, VecI *y)
{
  if (line == 4) {
    y[0] = simd_add_s32 (simd_add_s32 (m[0], m[1]), m[2]);
    y[1] = OP (sub_epi32) (OP (sub_epi32) (m[1], m[2]), m[3]);
    return;
  }
  const VecI p = simd_add_s32 (m[1], m[2]), q = shifted (OP (sub_epi32) (m[1], m[2]), 2);
  const VecI r = simd_add_s32 (m[3], m[4]), s = shifted (OP (sub_epi32) (m[3], m[4]), 1);
  const VecI first = shifted (simd_add_s32 (m[0], shifted (m[0], 1)), 1);
  const VecI last = shifted (simd_add_s32 (m[5], shifted (m[5], 1)), 3);
  y[0] = simd_add_s32 (first, simd_add_s32 (shifted (p, 2), r));
  y[1] = simd_add_s32 (q, s);
  y[2] = shifted (simd_add_s32 (p, r), 2);
  y[3] = simd_add_s32 (simd_add_s32 (q, shifted (s, 2)), last);
}

/* The sums of all outputs of a tile of a plane, one vector of channels. */
SIMD_INLINE void
gather_plane (const WinogradOut *out, int line, const int32_t *sums, VecI *y)
{
  const int n = line - 2;
  VecI columns[MOST_LINE][4];
#pragma GCC unroll 6
  for (int j = 0; j < line; j++) {
    VecI m[MOST_LINE];
#pragma GCC unroll 6
    for (int i = 0; i < line; i++)
      m[i] = simd_load_s32 (sums + (i * line + j) * out->step);
    gather (line, m, columns[j]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < n; i++) {
    VecI m[MOST_LINE];
#pragma GCC unroll 6
    for (int j = 0; j < line; j++)
      m[j] = columns[j][i];
    gather (line, m, y + n * i);
#pragma GCC unroll 4
    for (int k = n * i; k < n * (i + 1); k++)
      y[k] = line == 4 ? OP (srai_epi32) (y[k], 2)
                       : OP (srai_epi32) (OP (mullo_epi32) (y[k], simd_set1_s32 (INVERSE_OF_9)), 6);
  }
}

SIMD_INLINE void
gather_tile (const WinogradOut *out, const int32_t *sums, VecI *y)
{
  if (out->positions == 36) {
    gather_plane (out, 6, sums, y);
  } else if (out->positions == 16) {
    gather_plane (out, 4, sums, y);
  } else {
    VecI m[4];
    for (int i = 0; i < 4; i++)
      m[i] = simd_load_s32 (sums + i * out->step);
    gather (4, m, y);
    for (int i = 0; i < 2; i++)
      y[i] = OP (srai_epi32) (y[i], 1);
  }
}

/* Two outputs of two vectors of channels, of which the second may be missing. */
SIMD_INLINE void
store_pair (const WinogradOut *out, const Packing *packing, const int64_t *at, const VecI (*y)[2])
{
  VecF v[4];
  if (at[0] < 0)
    return;
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++)
    v[k] = packing_scale (packing, y[k % 2][k / 2], k % 2);
  const VecB bytes =
      simd_order_bytes (simd_pack_bytes (v, packing->shift, packing->most, packing->low));
#pragma GCC unroll 2
  for (int k = 0; k < 2; k++)
    if (at[k] >= 0)
      simd_store_vectors ((uint8_t *) out->out + at[k], bytes, 2 * k, 2, out->n_channels);
}

void
LEVEL_NAME (winograd_out_s16) (const WinogradOut *out)
{
  const int n_out = out->positions == 36 ? 16 : out->positions / 4 == 1 ? 2 : 4;
  const int n = out->n_channels;
  const CpuEpilogue *e = &out->epilogue;
  const bool packs = out->blocks == 2 && e->fits && !e->residual;
  Packing packing = {0};
  if (packs)
    packing = packing_begin (e, 0, 2);
  for (int i = 0; i < out->n_tiles; i++) {
    const int64_t *at = out->out_at[i];
    VecI y[MAX_BLOCKS][WINOGRAD_OUTPUTS];
    for (int j = 0; j < out->blocks; j++) {
      gather_tile (out, (const int32_t *) out->sums + (i * out->blocks + j) * LANES, y[j]);
      for (int k = 0; out->positions == 36 && k < n_out; k++)
        y[j][k] = simd_add_s32 (y[j][k], simd_load_s32 (e->start + j * LANES));
    }
    for (int k = 0; packs && k < n_out; k += 2) {
      const VecI pair[2][2] = {{y[0][k], y[0][k + 1]}, {y[1][k], y[1][k + 1]}};
      store_pair (out, &packing, at + k, pair);
    }
    for (int k = 0; !packs && k < n_out; k++)
      for (int j = 0; at[k] >= 0 && j * LANES < n; j++)
        epilogue_store_s8 (e, y[j][k], out->out, at[k] + j * LANES, j * LANES,
                           n - j * LANES < LANES ? n - j * LANES : LANES);
  }
}
