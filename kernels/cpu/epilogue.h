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

SIMD_INLINE void
epilogue_store_f32 (const CpuEpilogue *e, VecF sum, void *out, int64_t at, int n)
{
  if (e->residual)
    sum = sum + simd_load_n ((const float *) e->residual + at, n);
  simd_store_n ((float *) out + at, simd_activate (sum, e->activation, e->alpha, e->beta), n);
}
