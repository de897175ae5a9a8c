/* kernels/cpu/simd.h for 16 lanes: AVX-512 F, BW, VL, DQ and VNNI. */
#pragma once

#define SIMD_PACKS    /* has simd_pack_bytes */
#define SIMD_WINOGRAD /* has the loops of loops-winograd.c */
#define SIMD_PAIRS    /* has what dense_s8_pairs needs */
#define SIMD_STEM     /* has registers enough for dense_s8_stem */
#define SIMD_QUADS 64 /* channels at once in the loops of depthwise-quads.h */
enum { LANES = 16 };
typedef __m512 VecF;
typedef __m512i VecI;
typedef __m512i VecB; /* the bytes of 4 vectors of lanes */

SIMD_INLINE __mmask16
simd_mask (int n)
{
  return (__mmask16) (n >= 16 ? 0xffffu : (1u << n) - 1u);
}

SIMD_INLINE VecF
simd_set1 (float x)
{
  return _mm512_set1_ps (x);
}

SIMD_INLINE VecI
simd_set1_s32 (int32_t x)
{
  return _mm512_set1_epi32 (x);
}

SIMD_INLINE VecF
simd_load (const float *p)
{
  return _mm512_loadu_ps (p);
}

SIMD_INLINE VecF
simd_load_n (const float *p, int n)
{
  return _mm512_maskz_loadu_ps (simd_mask (n), p);
}

SIMD_INLINE void
simd_store (float *p, VecF x)
{
  _mm512_storeu_ps (p, x);
}

SIMD_INLINE void
simd_store_n (float *p, VecF x, int n)
{
  _mm512_mask_storeu_ps (p, simd_mask (n), x);
}

SIMD_INLINE VecI
simd_load_s32 (const int32_t *p)
{
  return _mm512_loadu_si512 (p);
}

SIMD_INLINE VecI
simd_load_u8_n (const uint8_t *p, int n)
{
  return _mm512_cvtepu8_epi32 (_mm_maskz_loadu_epi8 (simd_mask (n), p));
}

SIMD_INLINE VecI
simd_load_s8_n (const int8_t *p, int n)
{
  return _mm512_cvtepi8_epi32 (_mm_maskz_loadu_epi8 (simd_mask (n), p));
}

/* The low byte of each lane. */
SIMD_INLINE void
simd_store_bytes_n (uint8_t *p, VecI x, int n)
{
  _mm_mask_storeu_epi8 (p, simd_mask (n), _mm512_cvtepi32_epi8 (x));
}

/* Rounded numbers of four vectors, plus shift, saturated to bytes, at most most, plus low. Numbers
 * have to fit into 32 bits. In 128 bits each there are quarters of all four.
 */
SIMD_INLINE VecB
simd_pack_bytes (const VecF v[4], int shift, int most, int low)
{
  const __m512i shifts = _mm512_set1_epi16 ((int16_t) shift);
  const __m512i ab = _mm512_packs_epi32 (_mm512_cvtps_epi32 (v[0]), _mm512_cvtps_epi32 (v[1]));
  const __m512i cd = _mm512_packs_epi32 (_mm512_cvtps_epi32 (v[2]), _mm512_cvtps_epi32 (v[3]));
  __m512i bytes =
      _mm512_packus_epi16 (_mm512_adds_epi16 (ab, shifts), _mm512_adds_epi16 (cd, shifts));
  if (most == 255 && low == 0) /* nothing is left to do, as often */
    return bytes;
  bytes = _mm512_min_epu8 (bytes, _mm512_set1_epi8 ((int8_t) most));
  return _mm512_add_epi8 (bytes, _mm512_set1_epi8 ((int8_t) low));
}

/* The bytes of the first vector, of the second … */
SIMD_INLINE VecB
simd_order_bytes (VecB packed)
{
  return _mm512_permutexvar_epi32 (
      _mm512_setr_epi32 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), packed);
}

SIMD_INLINE VecB
simd_set1_u8 (uint8_t x)
{
  return _mm512_set1_epi8 ((int8_t) x);
}

SIMD_INLINE VecB
simd_max_u8 (VecB a, VecB b)
{
  return _mm512_max_epu8 (a, b);
}

SIMD_INLINE VecB
simd_load_all (const uint8_t *p)
{
  return _mm512_loadu_si512 (p);
}

SIMD_INLINE void
simd_store_all (uint8_t *p, VecB bytes)
{
  _mm512_storeu_si512 (p, bytes);
}

/* The first n bytes of vector k and those behind it, vectors in order being together a power of 2,
 * or all.
 */
SIMD_INLINE void
simd_store_vectors (uint8_t *p, VecB bytes, int k, int vectors, int n)
{
  if (vectors == 1 && n == 16)
    _mm_storeu_si128 ((__m128i *) (void *) p, _mm512_extracti32x4_epi32 (bytes, k));
  else if (vectors == 1)
    _mm_mask_storeu_epi8 (p, simd_mask (n), _mm512_extracti32x4_epi32 (bytes, k));
  else if (vectors == 2 && n == 32)
    _mm256_storeu_si256 ((__m256i *) (void *) p, _mm512_extracti64x4_epi64 (bytes, k / 2));
  else if (vectors == 2)
    _mm256_mask_storeu_epi8 (p, (__mmask32) ((1ull << n) - 1),
                             _mm512_extracti64x4_epi64 (bytes, k / 2));
  else if (n == 64)
    _mm512_storeu_si512 (p, bytes);
  else
    _mm512_mask_storeu_epi8 (p, (1ull << n) - 1, bytes);
}

SIMD_INLINE VecF
simd_max (VecF a, VecF b)
{
  return _mm512_max_ps (a, b);
}

SIMD_INLINE VecF
simd_min (VecF a, VecF b)
{
  return _mm512_min_ps (a, b);
}

SIMD_INLINE VecF
simd_fma (VecF a, VecF b, VecF c)
{
  return _mm512_fmadd_ps (a, b, c);
}

SIMD_INLINE VecF
simd_sqrt (VecF a)
{
  return _mm512_sqrt_ps (a);
}

SIMD_INLINE VecF
simd_from_s32 (VecI a)
{
  return _mm512_cvtepi32_ps (a);
}

/* To nearest, ties to even. */
SIMD_INLINE VecI
simd_to_s32 (VecF a)
{
  return _mm512_cvtps_epi32 (a);
}

SIMD_INLINE VecI
simd_add_s32 (VecI a, VecI b)
{
  return _mm512_add_epi32 (a, b);
}

SIMD_INLINE VecI
simd_xor (VecI a, VecI b)
{
  return _mm512_xor_si512 (a, b);
}

/* Each lane's bits, n further up */
SIMD_INLINE VecI
simd_shift_up (VecI a, int n)
{
  return _mm512_slli_epi32 (a, (unsigned) n);
}

/* sum + Σ of the 4 products u8 × s8 of each lane */
SIMD_INLINE VecI
simd_dot (VecI sum, VecI u8, VecI s8)
{
  return _mm512_dpbusd_epi32 (sum, u8, s8);
}

/* a in the low half of each lane, b in the high one; 0 … 65535 */
SIMD_INLINE VecI
simd_pair_s16 (VecI a, VecI b)
{
  return _mm512_or_si512 (a, _mm512_slli_epi32 (b, 16));
}

/* a0 + a1, a2 + a3, … b0 + b1, … */
SIMD_INLINE VecF
simd_add_pairs (VecF a, VecF b)
{
  const __m512i even =
      _mm512_setr_epi32 (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32 (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return _mm512_permutex2var_ps (a, even, b) + _mm512_permutex2var_ps (a, odd, b);
}

SIMD_INLINE VecI
simd_add_pairs_s32 (VecI a, VecI b)
{
  const __m512i even =
      _mm512_setr_epi32 (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32 (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return _mm512_add_epi32 (_mm512_permutex2var_epi32 (a, even, b),
                           _mm512_permutex2var_epi32 (a, odd, b));
}

/* 8 bytes of an input row, the same in every pair of lanes. */
SIMD_INLINE VecI
simd_broadcast8 (const uint8_t *p)
{
  int64_t x;
  memcpy (&x, p, sizeof x);
  return _mm512_set1_epi64 (x);
}

/* p[0], p[1], p[0], p[1] … */
SIMD_INLINE VecF
simd_broadcast_pair (const float *p)
{
  double pair;
  memcpy (&pair, p, sizeof pair);
  return _mm512_castpd_ps (_mm512_set1_pd (pair));
}

/* x, 0, x, 0 … */
SIMD_INLINE VecF
simd_set1_even (float x)
{
  return _mm512_maskz_broadcastss_ps (0x5555, _mm_set_ss (x));
}

/* sum + Σ of the 2 products of 16-bit numbers of each lane */
SIMD_INLINE VecI
simd_dot_s16 (VecI sum, VecI a, VecI b)
{
  return _mm512_dpwssd_epi32 (sum, a, b);
}

/* Byte 4 i + k is byte i of the k-th pointer. */
SIMD_INLINE VecI
simd_interleave4 (const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, int n)
{
  const __mmask16 m = simd_mask (n);
  __m512i v = _mm512_castsi128_si512 (_mm_maskz_loadu_epi8 (m, a));
  v = _mm512_inserti32x4 (v, _mm_maskz_loadu_epi8 (m, b), 1);
  v = _mm512_inserti32x4 (v, _mm_maskz_loadu_epi8 (m, c), 2);
  v = _mm512_inserti32x4 (v, _mm_maskz_loadu_epi8 (m, d), 3);
  const __m512i dwords = _mm512_setr_epi32 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes =
      _mm512_broadcast_i32x4 (_mm_setr_epi8 (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  return _mm512_shuffle_epi8 (_mm512_permutexvar_epi32 (dwords, v), bytes);
}

/* x · 2^n, n being what simd_exp's rounding left in the low bits of power */
SIMD_INLINE VecF
simd_scale (VecF x, VecI power)
{
  return _mm512_castsi512_ps (
      _mm512_add_epi32 (_mm512_castps_si512 (x), _mm512_slli_epi32 (power, 23)));
}

SIMD_INLINE VecF
simd_zero_nan (VecF x)
{
  return _mm512_maskz_mov_ps (_mm512_cmp_ps_mask (x, x, _CMP_ORD_Q), x);
}
