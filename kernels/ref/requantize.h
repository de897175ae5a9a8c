/* The epilogue of PraxiRequantize, one value at a time. */
#pragma once

#include <math.h>

#include "kernels/op.h"

/* v in units of the output scale, to the quantized value; NaN becomes high. */
static inline int32_t
praxi_requantize_round (const PraxiRequantize *r, float v)
{
  const float low = (float) (r->low - r->output_zero), high = (float) (r->high - r->output_zero);
  return (int32_t) rintf (fmaxf (fminf (v, high), low)) + r->output_zero;
}

static inline float
praxi_requantize_scale (const PraxiRequantize *r, int64_t channel, int32_t accumulator)
{
  const float offset = r->offset != NULL ? r->offset[channel] : 0;
  return fmaf ((float) accumulator, r->multiplier[channel], offset);
}

static inline float
praxi_requantize_add (const PraxiRequantize *r, float v, int32_t residual)
{
  return fmaf ((float) (residual - r->residual_zero), r->residual_multiplier, v);
}
