/* kernels/cpu/simd.h for 8 lanes: AVX2, with VNNI where the flags have it. */
#pragma once

#define SIMD_PACKS /* has simd_pack_bytes */
#if defined(__AVXVNNI__) || defined(__AVX512VNNI__)
#define SIMD_QUADS 32 /* channels at once in the loops of depthwise-quads.h */
#else
#define SIMD_WINOGRAD /* has the loops of loops-winograd.c */
#endif
enum { LANES = 8 };
typedef __m256 VecF;
typedef __m256i VecI;
typedef __m256i VecB; /* the bytes of 4 vectors of lanes */

SIMD_INLINE __m256i
simd_mask (int n)
{
  return _mm256_cmpgt_epi32 (_mm256_set1_epi32 (n), _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7));
}

SIMD_INLINE VecF
simd_set1 (float x)
{
  return _mm256_set1_ps (x);
}

SIMD_INLINE VecI
simd_set1_s32 (int32_t x)
{
  return _mm256_set1_epi32 (x);
}

SIMD_INLINE VecF
simd_load (const float *p)
{
  return _mm256_loadu_ps (p);
}

SIMD_INLINE VecF
simd_load_n (const float *p, int n)
{
  return n >= LANES ? _mm256_loadu_ps (p) : _mm256_maskload_ps (p, simd_mask (n));
}

SIMD_INLINE void
simd_store (float *p, VecF x)
{
  _mm256_storeu_ps (p, x);
}

SIMD_INLINE void
simd_store_n (float *p, VecF x, int n)
{
  if (n >= LANES)
    _mm256_storeu_ps (p, x);
  else
    _mm256_maskstore_ps (p, simd_mask (n), x);
}

SIMD_INLINE VecI
simd_load_s32 (const int32_t *p)
{
  return _mm256_loadu_si256 ((const __m256i *) p);
}

SIMD_INLINE __m128i
simd_bytes_n (const uint8_t *p, int n)
{
  uint64_t bytes = 0;
  if (n >= LANES)
    memcpy (&bytes, p, 8);
  else
    for (int i = 0; i < n; i++)
      bytes |= (uint64_t) p[i] << 8 * i;
  return _mm_cvtsi64_si128 ((int64_t) bytes);
}

SIMD_INLINE VecI
simd_load_u8_n (const uint8_t *p, int n)
{
  return _mm256_cvtepu8_epi32 (simd_bytes_n (p, n));
}

SIMD_INLINE VecI
simd_load_s8_n (const int8_t *p, int n)
{
  return _mm256_cvtepi8_epi32 (simd_bytes_n ((const uint8_t *) p, n));
}

SIMD_INLINE void
simd_store_bytes_n (uint8_t *p, VecI x, int n)
{
  const __m256i low = _mm256_and_si256 (x, _mm256_set1_epi32 (255));
  __m128i b = _mm_packus_epi32 (_mm256_castsi256_si128 (low), _mm256_extracti128_si256 (low, 1));
  b = _mm_packus_epi16 (b, b);
  uint64_t bytes = (uint64_t) _mm_cvtsi128_si64 (b);
  if (n >= LANES) {
    memcpy (p, &bytes, 8);
    return;
  }
  for (int i = 0; i < n; i++, bytes >>= 8)
    p[i] = (uint8_t) bytes;
}

/* Rounded numbers of four vectors, plus shift, saturated to bytes, at most most, plus low. Numbers
 * have to fit into 32 bits. In 128 bits each there are first or last halves of all four.
 */
SIMD_INLINE VecB
simd_pack_bytes (const VecF v[4], int shift, int most, int low)
{
  const __m256i shifts = _mm256_set1_epi16 ((int16_t) shift);
  const __m256i ab = _mm256_packs_epi32 (_mm256_cvtps_epi32 (v[0]), _mm256_cvtps_epi32 (v[1]));
  const __m256i cd = _mm256_packs_epi32 (_mm256_cvtps_epi32 (v[2]), _mm256_cvtps_epi32 (v[3]));
  __m256i bytes =
      _mm256_packus_epi16 (_mm256_adds_epi16 (ab, shifts), _mm256_adds_epi16 (cd, shifts));
  bytes = _mm256_min_epu8 (bytes, _mm256_set1_epi8 ((int8_t) most));
  return _mm256_add_epi8 (bytes, _mm256_set1_epi8 ((int8_t) low));
}

/* The bytes of the first vector, of the second … */
SIMD_INLINE VecB
simd_order_bytes (VecB packed)
{
  return _mm256_permutevar8x32_epi32 (packed, _mm256_setr_epi32 (0, 4, 1, 5, 2, 6, 3, 7));
}

/* The first n of 16 bytes. */
SIMD_INLINE void
simd_store_part (uint8_t *p, __m128i bytes, int n)
{
  uint64_t low = (uint64_t) _mm_cvtsi128_si64 (bytes);
  if (n & 8) {
    memcpy (p, &low, 8);
    low = (uint64_t) _mm_extract_epi64 (bytes, 1);
    p += 8;
  }
  if (n & 4) {
    memcpy (p, &low, 4);
    low >>= 32;
    p += 4;
  }
  if (n & 2) {
    memcpy (p, &low, 2);
    low >>= 16;
    p += 2;
  }
  if (n & 1)
    *p = (uint8_t) low;
}

SIMD_INLINE __m128i
simd_half (__m256i bytes, int half)
{
  return half ? _mm256_extracti128_si256 (bytes, 1) : _mm256_castsi256_si128 (bytes);
}

SIMD_INLINE VecB
simd_set1_u8 (uint8_t x)
{
  return _mm256_set1_epi8 ((int8_t) x);
}

SIMD_INLINE VecB
simd_max_u8 (VecB a, VecB b)
{
  return _mm256_max_epu8 (a, b);
}

SIMD_INLINE VecB
simd_load_all (const uint8_t *p)
{
  return _mm256_loadu_si256 ((const __m256i *) (const void *) p);
}

SIMD_INLINE void
simd_store_all (uint8_t *p, VecB bytes)
{
  _mm256_storeu_si256 ((__m256i *) (void *) p, bytes);
}

/* The first n bytes of vector k, of 2 vectors with the one behind it. */
SIMD_INLINE void
simd_store_vectors (uint8_t *p, VecB bytes, int k, int vectors, int n)
{
  const __m128i half = simd_half (bytes, k / 2);
  if (vectors == 2 && n == 16)
    _mm_storeu_si128 ((__m128i *) (void *) p, half);
  else
    simd_store_part (p, k % 2 == 0 ? half : _mm_srli_si128 (half, 8), n);
}

SIMD_INLINE VecF
simd_max (VecF a, VecF b)
{
  return _mm256_max_ps (a, b);
}

SIMD_INLINE VecF
simd_min (VecF a, VecF b)
{
  return _mm256_min_ps (a, b);
}

SIMD_INLINE VecF
simd_fma (VecF a, VecF b, VecF c)
{
  return _mm256_fmadd_ps (a, b, c);
}

SIMD_INLINE VecF
simd_sqrt (VecF a)
{
  return _mm256_sqrt_ps (a);
}

SIMD_INLINE VecF
simd_from_s32 (VecI a)
{
  return _mm256_cvtepi32_ps (a);
}

SIMD_INLINE VecI
simd_to_s32 (VecF a)
{
  return _mm256_cvtps_epi32 (a);
}

SIMD_INLINE VecI
simd_add_s32 (VecI a, VecI b)
{
  return _mm256_add_epi32 (a, b);
}

SIMD_INLINE VecI
simd_xor (VecI a, VecI b)
{
  return _mm256_xor_si256 (a, b);
}

SIMD_INLINE VecI
simd_dot (VecI sum, VecI u8, VecI s8)
{
#if defined(__AVXVNNI__)
  return _mm256_dpbusd_avx_epi32 (sum, u8, s8);
#elif defined(__AVX512VNNI__)
  return _mm256_dpbusd_epi32 (sum, u8, s8);
#else
  /* maddubs would saturate at 16 bits; even and odd bytes widened first are exact. */
  const VecI even = _mm256_and_si256 (u8, _mm256_set1_epi16 (255));
  const VecI odd = _mm256_srli_epi16 (u8, 8);
  const VecI even_w = _mm256_srai_epi16 (_mm256_slli_epi16 (s8, 8), 8);
  const VecI odd_w = _mm256_srai_epi16 (s8, 8);
  sum = _mm256_add_epi32 (sum, _mm256_madd_epi16 (even, even_w));
  return _mm256_add_epi32 (sum, _mm256_madd_epi16 (odd, odd_w));
#endif
}

/* a in the low half of each lane, b in the high one; 0 … 65535 */
SIMD_INLINE VecI
simd_pair_s16 (VecI a, VecI b)
{
  return _mm256_or_si256 (a, _mm256_slli_epi32 (b, 16));
}

/* a0 + a1, a2 + a3, … b0 + b1, … */
SIMD_INLINE VecF
simd_add_pairs (VecF a, VecF b)
{
  const __m256 lanes = _mm256_hadd_ps (a, b);
  return _mm256_castpd_ps (_mm256_permute4x64_pd (_mm256_castps_pd (lanes), 0xd8));
}

/* sum + Σ of the 2 products of 16-bit numbers of each lane */
SIMD_INLINE VecI
simd_dot_s16 (VecI sum, VecI a, VecI b)
{
  return _mm256_add_epi32 (sum, _mm256_madd_epi16 (a, b));
}

SIMD_INLINE VecI
simd_interleave4 (const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, int n)
{
  const __m128i ab = _mm_unpacklo_epi8 (simd_bytes_n (a, n), simd_bytes_n (b, n));
  const __m128i cd = _mm_unpacklo_epi8 (simd_bytes_n (c, n), simd_bytes_n (d, n));
  const __m128i low = _mm_unpacklo_epi16 (ab, cd), high = _mm_unpackhi_epi16 (ab, cd);
  return _mm256_inserti128_si256 (_mm256_castsi128_si256 (low), high, 1);
}

/* x · 2^n, n being what simd_exp's rounding left in the low bits of power */
SIMD_INLINE VecF
simd_scale (VecF x, VecI power)
{
  return _mm256_castsi256_ps (
      _mm256_add_epi32 (_mm256_castps_si256 (x), _mm256_slli_epi32 (power, 23)));
}

SIMD_INLINE VecF
simd_zero_nan (VecF x)
{
  return _mm256_and_ps (_mm256_cmp_ps (x, x, _CMP_ORD_Q), x);
}
