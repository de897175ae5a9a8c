/* From sums to what is stored; the same to the bit as PraxiRequantize says. */
#pragma once

#include "kernels/cpu/loops.h"
#include "kernels/cpu/simd.h"

/* at: elements from out and from the residual; channel: into the epilogue's arrays; n: lanes */
SIMD_INLINE VecF
epilogue_requantize (const CpuEpilogue *e, VecI sum, int64_t at, int channel, int n)
{
  VecF v = simd_fma (simd_from_s32 (sum), simd_load (e->multiplier + channel),
                     simd_load (e->bias + channel));
  if (e->residual) {
    const VecI r = e->residual_signed ? simd_load_s8_n ((const int8_t *) e->residual + at, n)
                                      : simd_load_u8_n ((const uint8_t *) e->residual + at, n);
    const VecF distance = simd_from_s32 (simd_add_s32 (r, simd_set1_s32 (-e->residual_zero)));
    v = simd_fma (distance, simd_set1 (e->residual_multiplier), v);
  }
  return simd_max (simd_min (v, simd_set1 (e->high)), simd_set1 (e->low)); /* NaN: high */
}

SIMD_INLINE void
epilogue_store_s8 (const CpuEpilogue *e, VecI sum, void *out, int64_t at, int channel, int n)
{
  const VecI q = simd_to_s32 (epilogue_requantize (e, sum, at, channel, n));
  simd_store_bytes_n ((uint8_t *) out + at, simd_add_s32 (q, simd_set1_s32 (e->zero)), n);
}

/* Activates n vectors: one look at what the activation is for all. */
SIMD_INLINE void
epilogue_activate (const CpuEpilogue *e, VecF *v, int n)
{
#define ACTIVATE(kind)                                                                             \
  case kind:                                                                                       \
    _Pragma ("GCC unroll 16") for (int i = 0; i < n; i++) v[i] =                                   \
        simd_activate (v[i], kind, e->alpha, e->beta);                                             \
    break
  switch (e->activation) {
    ACTIVATE (PRAXI_ACTIVATION_RELU);
    ACTIVATE (PRAXI_ACTIVATION_CLIP);
    ACTIVATE (PRAXI_ACTIVATION_SIGMOID);
    ACTIVATE (PRAXI_ACTIVATION_HARD_SIGMOID);
    ACTIVATE (PRAXI_ACTIVATION_HARD_SWISH);
    ACTIVATE (PRAXI_ACTIVATION_SWISH);
  case PRAXI_ACTIVATION_NONE:
    break;
  }
#undef ACTIVATE
}

SIMD_INLINE void
epilogue_store_f32 (const CpuEpilogue *e, VecF sum, void *out, int64_t at, int n)
{
  if (e->residual)
    sum = sum + simd_load_n ((const float *) e->residual + at, n);
  simd_store_n ((float *) out + at, simd_activate (sum, e->activation, e->alpha, e->beta), n);
}

#ifdef SIMD_PACKS
/* What does not change from pixel to pixel, read once: stores of bytes could have changed it for
 * all the compiler knows. Only where e->fits, and without a residual.
 */
typedef struct {
  VecF multiplier[4], offset[4];
  int shift, most, low;
} Packing;

/* vectors: of channels, 1 … 4, from channel on */
SIMD_INLINE Packing
packing_begin (const CpuEpilogue *e, int channel, int vectors)
{
  const int low = (int) e->low + e->zero, high = (int) e->high + e->zero;
  Packing p = {.shift = e->zero - low, .most = high - low, .low = low};
  for (int j = 0; j < vectors; j++) {
    p.multiplier[j] = simd_load (e->multiplier + channel + j * LANES);
    p.offset[j] = simd_load (e->bias + channel + j * LANES);
  }
  return p;
}

/* The sum of vector j of channels, scaled */
SIMD_INLINE VecF
packing_scale (const Packing *p, VecI sum, int j)
{
  return simd_fma (simd_from_s32 (sum), p->multiplier[j], p->offset[j]);
}
#endif
