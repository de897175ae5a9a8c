/* Depthwise convolution: int8 takes four taps at a time, interleaved so that a lane holds the four
 * bytes of its channel.
 */
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

/* Where all taps of one pixel lie; returns their number. */
static inline int
find_taps (const DepthwiseCall *call, int pixel, const uint8_t **taps)
{
  int n = 0;
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *base = call->planes[plane];
    if (!base) {
      for (int tap = 0; tap < call->n_taps; tap++)
        taps[n++] = call->padding;
      continue;
    }
    if (!call->offsets) {
      taps[n++] = base + pixel * call->pixel_bytes;
      continue;
    }
    const int32_t *offset = call->offsets + pixel;
    for (int tap = 0; tap < call->n_taps; tap++, offset += call->offset_step)
      taps[n++] = *offset >= 0 ? base + *offset : call->padding;
  }
  return n;
}

SIMD_INLINE void
pixel_s8 (const DepthwiseCall *call, int pixel, const uint8_t **taps, int quads, bool is_signed)
{
  const VecI flip = simd_set1_s32 ((int32_t) 0x80808080);
  const int32_t *w = call->weights;
  const int64_t at = (int64_t) pixel * call->n_channels;
  for (int c = 0; c < call->n_channels; c += LANES) {
    const int n = call->n_channels - c < LANES ? call->n_channels - c : LANES;
    VecI sum = simd_load_s32 (call->epilogue.start + c);
    for (int q = 0; q < quads; q++, w += LANES) {
      const uint8_t **p = taps + 4 * q;
      VecI x = simd_interleave4 (p[0] + c, p[1] + c, p[2] + c, p[3] + c, n);
      if (is_signed)
        x = simd_xor (x, flip);
      sum = simd_dot (sum, x, simd_load_s32 (w));
    }
    epilogue_store_s8 (&call->epilogue, sum, call->out, at + c, c, n);
  }
}

void
LEVEL_NAME (depthwise_s8) (const DepthwiseCall *call)
{
  const uint8_t *taps[DEPTHWISE_MAX_TAPS + 4];
  const int n = call->n_planes * call->n_taps, quads = (n + 3) / 4;
  for (int i = n; i < 4 * quads; i++)
    taps[i] = call->padding;
  for (int pixel = 0; pixel < call->n_pixels; pixel++) {
    find_taps (call, pixel, taps);
    if (call->in_signed)
      pixel_s8 (call, pixel, taps, quads, true);
    else
      pixel_s8 (call, pixel, taps, quads, false);
  }
}

void
LEVEL_NAME (depthwise_f32) (const DepthwiseCall *call)
{
  const uint8_t *taps[DEPTHWISE_MAX_TAPS + 4];
  const int width = (call->n_channels + LANES - 1) / LANES * LANES;
  for (int pixel = 0; pixel < call->n_pixels; pixel++) {
    const int n_taps = find_taps (call, pixel, taps);
    const int64_t at = (int64_t) pixel * call->n_channels;
    for (int c = 0; c < call->n_channels; c += LANES) {
      const int n = call->n_channels - c < LANES ? call->n_channels - c : LANES;
      const float *w = (const float *) call->weights + c;
      VecF sum = simd_load (call->epilogue.bias + c);
      for (int tap = 0; tap < n_taps; tap++, w += width)
        sum = simd_mac (simd_load_n ((const float *) taps[tap] + c, n), simd_load (w), sum);
      epilogue_store_f32 (&call->epilogue, sum, call->out, at + c, n);
    }
  }
}
