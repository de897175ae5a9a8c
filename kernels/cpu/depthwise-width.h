/* One width of depthwise-quads.h: QUADS channels at once, 16, 32 or 64, a vector of bytes.
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

SIMD_INLINE bool
Q (is_whole) (const CpuEpilogue *e)
{
  return (int) e->low + e->zero == 0 && (int) e->high + e->zero == UINT8_MAX;
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

/* The bytes of a pixel from its four vectors. is_whole: their range is that of uint8 */
SIMD_INLINE QUADS_VEC
Q (pack) (const CpuEpilogue *e, bool is_whole, QUADS_VEC a, QUADS_VEC b, QUADS_VEC c, QUADS_VEC d)
{
  const int low = (int) e->low + e->zero, high = (int) e->high + e->zero;
  const QUADS_VEC shift = QUADS_OP (set1_epi16) ((int16_t) (e->zero - low));
  const QUADS_VEC most = QUADS_OP (set1_epi8) ((int8_t) (high - low));
  const QUADS_VEC least = QUADS_OP (set1_epi8) ((int8_t) low);
  const QUADS_VEC bytes =
      QUADS_OP (packus_epi16) (QUADS_OP (adds_epi16) (QUADS_OP (packs_epi32) (a, b), shift),
                               QUADS_OP (adds_epi16) (QUADS_OP (packs_epi32) (c, d), shift));
  return is_whole ? bytes : QUADS_OP (add_epi8) (QUADS_OP (min_epu8) (bytes, most), least);
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

#include QUADS_BODY

#undef QUADS_PASTE
#undef QUADS_EXPAND
#undef Q
#undef QUADS
#undef QUADS_VEC
#undef QUADS_OP
#undef QUADS_DOT
