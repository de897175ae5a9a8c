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

#include "kernels/op.h"

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

/* e^x, about 1e−7 of it off; 0 below −87, finite above 88. Source: Cephes, expf */
SIMD_INLINE VecF
simd_exp (VecF x)
{
  x = simd_min (simd_set1 (88.37626f), simd_max (simd_set1 (-87.33654f), x));
  const VecF magic = simd_set1 (12582912.f); /* 1.5 · 2^23: adding it rounds to an integer */
  const VecF shifted = simd_fma (x, simd_set1 (1.44269504f), magic);
  VecI power;
  memcpy (&power, &shifted, sizeof power);
  const VecF n = shifted - magic;
  VecF r = simd_fma (n, simd_set1 (-0.693359375f), x);
  r = simd_fma (n, simd_set1 (2.12194440e-4f), r);
  VecF y = simd_set1 (1.9875691500e-4f);
  y = simd_mac (y, r, simd_set1 (1.3981999507e-3f));
  y = simd_mac (y, r, simd_set1 (8.3334519073e-3f));
  y = simd_mac (y, r, simd_set1 (4.1665795894e-2f));
  y = simd_mac (y, r, simd_set1 (1.6666665459e-1f));
  y = simd_mac (y, r, simd_set1 (5.0000001201e-1f));
  y = simd_mac (y, r * r, r + simd_set1 (1));
  return simd_scale (y, power);
}

SIMD_INLINE VecF
simd_sigmoid (VecF x)
{
  return simd_set1 (1) / (simd_set1 (1) + simd_exp (simd_set1 (0) - x));
}

/* alpha, beta: limits of Clip; slope and offset of HardSigmoid. NaN stays NaN: it is the second
 * operand of each minimum and maximum.
 */
SIMD_INLINE VecF
simd_activate (VecF x, PraxiActivation activation, float alpha, float beta)
{
  switch (activation) {
  case PRAXI_ACTIVATION_RELU:
    return simd_max (simd_set1 (0), x);
  case PRAXI_ACTIVATION_CLIP:
    return simd_min (simd_set1 (beta), simd_max (simd_set1 (alpha), x));
  case PRAXI_ACTIVATION_SIGMOID:
    return simd_sigmoid (x);
  case PRAXI_ACTIVATION_HARD_SIGMOID:
    x = simd_mac (x, simd_set1 (alpha), simd_set1 (beta));
    return simd_min (simd_set1 (1), simd_max (simd_set1 (0), x));
  case PRAXI_ACTIVATION_HARD_SWISH: {
    const VecF gate = simd_mac (x, simd_set1 (1.f / 6), simd_set1 (0.5f));
    return x * simd_min (simd_set1 (1), simd_max (simd_set1 (0), gate));
  }
  case PRAXI_ACTIVATION_SWISH:
    return x * simd_sigmoid (x);
  case PRAXI_ACTIVATION_NONE:
    break;
  }
  return x;
}
