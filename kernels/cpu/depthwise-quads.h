/* One width of loops-depthwise-quads.c: QUADS channels at once, 16, 32 or 64, a vector of bytes.
 *
 * Four vectors of bytes, interleaved, are four vectors whose lanes hold the four bytes of a
 * channel: in 16 bytes each, channels 0 … 3, 4 … 7, 8 … 11 and 12 … 15. Packing sums to bytes
 * undoes that.
 */
#define QUADS_PASTE(name, bytes) name##_##bytes
#define QUADS_EXPAND(name, bytes) QUADS_PASTE (name, bytes)
#define Q(name) QUADS_EXPAND (name, QUADS)

typedef float Q (VecF) __attribute__ ((vector_size (QUADS)));
typedef uint8_t Q (VecB) __attribute__ ((vector_size (QUADS)));

SIMD_INLINE QUADS_VEC
Q (load_bytes) (const uint8_t *p, bool is_signed)
{
  Q (VecB) bytes;
  memcpy (&bytes, p, sizeof bytes);
  return (QUADS_VEC) (is_signed ? bytes ^ 0x80 : bytes);
}

SIMD_INLINE QUADS_VEC
Q (load_lanes) (const void *p)
{
  QUADS_VEC lanes;
  memcpy (&lanes, p, sizeof lanes);
  return lanes;
}

/* Sums of lanes as multiples of the output's scale; at: channels into the arrays of the epilogue */
SIMD_INLINE QUADS_VEC
Q (scale) (const CpuEpilogue *e, QUADS_VEC sum, int at)
{
  Q (VecF) multiplier, offset;
  memcpy (&multiplier, e->multiplier + at, sizeof multiplier);
  memcpy (&offset, e->bias + at, sizeof offset);
  return QUADS_OP (cvtps_epi32) (
      QUADS_OP (fmadd_ps) (QUADS_OP (cvtepi32_ps) (sum), multiplier, offset));
}

/* The bytes of a pixel from its four vectors. */
SIMD_INLINE QUADS_VEC
Q (pack) (const CpuEpilogue *e, QUADS_VEC a, QUADS_VEC b, QUADS_VEC c, QUADS_VEC d)
{
  const int low = (int) e->low + e->zero, high = (int) e->high + e->zero;
  const QUADS_VEC shift = QUADS_OP (set1_epi16) ((int16_t) (e->zero - low));
  const QUADS_VEC most = QUADS_OP (set1_epi8) ((int8_t) (high - low));
  const QUADS_VEC least = QUADS_OP (set1_epi8) ((int8_t) low);
  const QUADS_VEC bytes =
      QUADS_OP (packus_epi16) (QUADS_OP (adds_epi16) (QUADS_OP (packs_epi32) (a, b), shift),
                               QUADS_OP (adds_epi16) (QUADS_OP (packs_epi32) (c, d), shift));
  return QUADS_OP (add_epi8) (QUADS_OP (min_epu8) (bytes, most), least);
}

SIMD_INLINE void
Q (store) (const DepthwiseRow *row, int pixel, int c, int at, QUADS_VEC (*sum)[PIXELS])
{
  const CpuEpilogue *e = &row->epilogue;
  const int n_pixels = row->n_pixels - pixel;
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++)
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[q][i] = Q (scale) (e, sum[q][i], at + q * QUADS / 4);
#pragma GCC unroll 4
  for (int i = 0; i < PIXELS; i++) {
    const QUADS_VEC bytes = Q (pack) (e, sum[0][i], sum[1][i], sum[2][i], sum[3][i]);
    if (i < n_pixels)
      memcpy ((uint8_t *) row->out + (int64_t) (pixel + i) * row->n_channels + c, &bytes,
              sizeof bytes);
  }
}

SIMD_INLINE void
Q (interleave) (QUADS_VEC a, QUADS_VEC b, QUADS_VEC d, QUADS_VEC e, QUADS_VEC *x)
{
  const QUADS_VEC ab = QUADS_OP (unpacklo_epi8) (a, b), de = QUADS_OP (unpacklo_epi8) (d, e);
  const QUADS_VEC ab_high = QUADS_OP (unpackhi_epi8) (a, b);
  const QUADS_VEC de_high = QUADS_OP (unpackhi_epi8) (d, e);
  x[0] = QUADS_OP (unpacklo_epi16) (ab, de);
  x[1] = QUADS_OP (unpackhi_epi16) (ab, de);
  x[2] = QUADS_OP (unpacklo_epi16) (ab_high, de_high);
  x[3] = QUADS_OP (unpackhi_epi16) (ab_high, de_high);
}

/* Four rows of one column. */
SIMD_INLINE void
Q (interleave_rows) (const uint8_t *const (*at)[MAX_COLUMNS],
                     int j,
                     int c,
                     bool is_signed,
                     QUADS_VEC *x)
{
  Q (interleave)
  (Q (load_bytes) (at[0][j] + c, is_signed), Q (load_bytes) (at[1][j] + c, is_signed),
   Q (load_bytes) (at[2][j] + c, is_signed), Q (load_bytes) (at[3][j] + c, is_signed), x);
}

/* first: of the group in weights and arrays, c: its first channel. Two columns at once share the
 * loads of weights.
 */
SIMD_INLINE void
Q (tile) (const DepthwiseRow *row,
          int pixel,
          int first,
          int c,
          int stride,
          int taps,
          bool is_signed,
          const Columns *columns)
{
  const int n = (PIXELS - 1) * stride + taps, quads = (row->n_rows + 3) / 4;
  const QUADS_VEC *w =
      (const QUADS_VEC *) row->weights + (int64_t) first / QUADS * quads * taps * 4;
  QUADS_VEC sum[4][PIXELS];
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++)
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[q][i] = Q (load_lanes) (row->epilogue.start + first + q * QUADS / 4);
  for (int quad = 0; quad < quads; quad++, w += 4 * taps) {
    const uint8_t *const(*at)[MAX_COLUMNS] = columns->at + 4 * quad;
#pragma GCC unroll 16
    for (int j = 0; j < n; j += 2) {
      QUADS_VEC x[2][4];
      Q (interleave_rows) (at, j, c, is_signed, x[0]);
      if (j + 1 < n)
        Q (interleave_rows) (at, j + 1, c, is_signed, x[1]);
#pragma GCC unroll 5
      for (int tap = 0; tap < taps; tap++) {
        const int a = j - tap, b = j + 1 - tap; /* pixels times stride */
        const bool has_a = a >= 0 && a % stride == 0 && a / stride < PIXELS;
        const bool has_b = b >= 0 && b % stride == 0 && b / stride < PIXELS && j + 1 < n;
        if (!has_a && !has_b)
          continue;
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
          const QUADS_VEC weights = w[4 * tap + q];
          if (has_a)
            sum[q][a / stride] = QUADS_DOT (sum[q][a / stride], x[0][q], weights);
          if (has_b)
            sum[q][b / stride] = QUADS_DOT (sum[q][b / stride], x[1][q], weights);
        }
      }
    }
  }
  Q (store) (row, pixel, c, first, sum);
}

#if defined(__AVX512VNNI__)
#include "kernels/cpu/depthwise-planes.h"
#endif

#undef QUADS_PASTE
#undef QUADS_EXPAND
#undef Q
#undef QUADS
#undef QUADS_VEC
#undef QUADS_OP
#undef QUADS_DOT
