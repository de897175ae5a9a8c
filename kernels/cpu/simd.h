/* One vocabulary for all levels. A level is a set of compiler flags: 16 lanes with AVX-512, 8 with
 * AVX2 (and VNNI where there is one), 4 in plain C. Names:
 *   VecF    LANES floats; + − * / and comparison work on it
 *   VecI    LANES int32; seen as bytes it is LANES groups of 4
 *   _n      only the first n lanes, n in 0 … LANES; memory beyond is neither read nor written
 */
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define SIMD_INLINE static inline __attribute__ ((always_inline))

#if defined(__AVX512VNNI__) && !defined(PRAXI_LEVEL_YMM)
#include "kernels/cpu/simd-512.h"
#elif defined(__AVX2__)
#include "kernels/cpu/simd-256.h"
#else
#include "kernels/cpu/simd-c.h"
#endif

/* a b + c, fused or not: for what is compared with a tolerance. */
SIMD_INLINE VecF
simd_mac (VecF a, VecF b, VecF c)
{
#if defined(__FMA__)
  return simd_fma (a, b, c);
#else
  return a * b + c;
#endif
}

/* 4 bytes of an input row, the same in every lane. */
SIMD_INLINE VecI
simd_broadcast4 (const uint8_t *p)
{
  int32_t x;
  memcpy (&x, p, sizeof x);
  return simd_set1_s32 (x);
}
