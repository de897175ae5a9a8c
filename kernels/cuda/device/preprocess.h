/* A decoded surface to a picture of the model's size, one launch a frame:
 *
 *   NV12 or P010 → crop → bilinear resize → RGB → rint (rgb · multiplier + offset) → u8 [H,W,3]
 *
 * Chroma is sited as MPEG-2 has it: left in x, between the rows in y. P010 counts by its upper 8
 * of 10 bits and the rest as a fraction.
 */
#pragma once

#include "kernels/cuda/device/motion.h"

struct Plane {
  const uint8_t *data;
  int pitch, step, width, height, is_p010; /* step: samples from one to the next */
};

INLINE float
sample (const Plane &p, int x, int y)
{
  const uint8_t *row = p.data + (int64_t) y * p.pitch;
  return p.is_p010 ? (float) ((const uint16_t *) row)[x * p.step] / 256 : (float) row[x * p.step];
}

INLINE float
interpolate (const Plane &p, float x, float y)
{
  x = limit (x, 0, (float) (p.width - 1));
  y = limit (y, 0, (float) (p.height - 1));
  const int x0 = (int) x, y0 = (int) y, x1 = min (x0 + 1, p.width - 1),
            y1 = min (y0 + 1, p.height - 1);
  const float along = x - (float) x0, down = y - (float) y0;
  const float top = sample (p, x0, y0) + along * (sample (p, x1, y0) - sample (p, x0, y0));
  const float low = sample (p, x0, y1) + along * (sample (p, x1, y1) - sample (p, x0, y1));
  return top + down * (low - top);
}

KERNEL (256, preprocess, CudaPreprocess)
{
  const int i = thread_number ();
  if (i >= a.out_width * a.out_height)
    return;
  const float x = a.x + ((float) (i % a.out_width) + 0.5f) * a.step_x - 0.5f;
  const float y = a.y + ((float) (i / a.out_width) + 0.5f) * a.step_y - 0.5f;
  const int size = a.is_p010 ? 2 : 1, c_width = (a.width + 1) / 2, c_height = (a.height + 1) / 2;
  const Plane luma = {a.luma, a.luma_pitch, 1, a.width, a.height, a.is_p010};
  const Plane u = {a.chroma, a.chroma_pitch, 2, c_width, c_height, a.is_p010};
  const Plane v = {a.chroma + size, a.chroma_pitch, 2, c_width, c_height, a.is_p010};
  const float c_x = x * 0.5f, c_y = y * 0.5f - 0.25f;
  const float l = (interpolate (luma, x, y) - a.luma_zero) * a.luma_gain;
  const float cu = interpolate (u, c_x, c_y) - 128, cv = interpolate (v, c_x, c_y) - 128;
  const float rgb[3] = {l + a.r_v * cv, l - a.g_u * cu - a.g_v * cv, l + a.b_u * cu};
  for (int c = 0; c < 3; c++) {
    const float q = limit (rgb[c], 0, 255) * a.multiplier[c] + a.offset[c];
    a.out[(int64_t) i * 3 + c] = (uint8_t) __float2int_rn (limit (q, 0, 255));
  }
}
