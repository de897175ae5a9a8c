/* Depthwise convolution, PIXELS at a time so that their sums do not wait for each other and share
 * the weights. int8 takes four taps at once, interleaved so that a lane holds the four bytes of its
 * channel, or two taps of 16 bits where those are faster. The last block of channels overlaps the
 * one before it, so that all are whole vectors.
 */
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/loops-level.h"

enum { PIXELS = 4 };

/* Where each tap of each pixel of a tile lies. */
typedef struct {
  const uint8_t *at[DEPTHWISE_MAX_TAPS + 4][PIXELS];
} Taps;

/* Offsets are readable beyond the last pixel, where they lead to some pixel of the plane, and what
 * comes of that is not stored. Returns how many pixels there are.
 */
static inline int
find_tile (const DepthwiseCall *call, int pixel, Taps *taps)
{
  int k = 0;
  for (int plane = 0; plane < call->n_planes; plane++) {
    const uint8_t *base = call->planes[plane], *padding = call->padding;
    const int32_t *offset = call->offsets + pixel;
    for (int tap = 0; tap < call->n_taps; tap++, k++, offset += call->offset_step)
      for (int i = 0; i < PIXELS; i++)
        taps->at[k][i] = base && offset[i] >= 0 ? base + offset[i] : padding;
  }
  for (int end = k + 4; k < end; k++)
    for (int i = 0; i < PIXELS; i++)
      taps->at[k][i] = call->padding;
  const int left = call->n_pixels - pixel;
  return left < PIXELS ? left : PIXELS;
}

/* The first channel of block b, and how many it has. */
static inline int
block_begin (const DepthwiseCall *call, int block, int *n)
{
  const int last = call->n_channels - LANES;
  *n = call->n_channels < LANES ? call->n_channels : LANES;
  return block * LANES <= last ? block * LANES : last < 0 ? 0 : last;
}

static inline int
n_blocks (const DepthwiseCall *call)
{
  return (call->n_channels + LANES - 1) / LANES;
}

SIMD_INLINE void
store_s8 (const DepthwiseCall *call, int pixel, int pixels, int c, int n, const VecI *sum)
{
#pragma GCC unroll 4
  for (int i = 0; i < PIXELS; i++)
    if (i < pixels)
      epilogue_store_s8 (&call->epilogue, sum[i], call->out,
                         (int64_t) (pixel + i) * call->n_channels + c, c, n);
}

SIMD_INLINE void
tile_s8 (const DepthwiseCall *call, int pixel, const Taps *taps, int pixels, bool is_signed)
{
  const VecI flip = simd_set1_s32 ((int32_t) 0x80808080);
  const int quads = (call->n_planes * call->n_taps + 3) / 4;
  const int32_t *w = call->weights;
  for (int block = 0; block < n_blocks (call); block++) {
    int n;
    const int c = block_begin (call, block, &n);
    VecI sum[PIXELS];
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[i] = simd_load_s32 (call->epilogue.start + c);
    for (int q = 0; q < quads; q++, w += LANES) {
      const VecI weights = simd_load_s32 (w);
#pragma GCC unroll 4
      for (int i = 0; i < PIXELS; i++) {
        const uint8_t *const(*p)[PIXELS] = taps->at + 4 * q;
        VecI x = simd_interleave4 (p[0][i] + c, p[1][i] + c, p[2][i] + c, p[3][i] + c, n);
        if (is_signed)
          x = simd_xor (x, flip);
        sum[i] = simd_dot (sum[i], x, weights);
      }
    }
    store_s8 (call, pixel, pixels, c, n, sum);
  }
}

/* whole: blocks are whole vectors */
SIMD_INLINE void
tile_s16 (const DepthwiseCall *call, int pixel, const Taps *taps, int pixels, bool whole)
{
  const VecI flip = simd_set1_s32 (call->in_signed ? 0x00800080 : 0);
  const int pairs = (call->n_planes * call->n_taps + 1) / 2;
  const int32_t *w = call->weights;
  for (int block = 0; block < n_blocks (call); block++) {
    int n;
    const int c = block_begin (call, block, &n);
    if (whole)
      n = LANES;
    VecI sum[PIXELS];
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[i] = simd_load_s32 (call->epilogue.start + c);
    for (int k = 0; k < pairs; k++, w += LANES) {
      const VecI weights = simd_load_s32 (w);
#pragma GCC unroll 4
      for (int i = 0; i < PIXELS; i++) {
        const uint8_t *const(*p)[PIXELS] = taps->at + 2 * k;
        const VecI x =
            simd_pair_s16 (simd_load_u8_n (p[0][i] + c, n), simd_load_u8_n (p[1][i] + c, n));
        sum[i] = simd_dot_s16 (sum[i], simd_xor (x, flip), weights);
      }
    }
    store_s8 (call, pixel, pixels, c, n, sum);
  }
}

SIMD_INLINE void
tile_f32 (const DepthwiseCall *call, int pixel, const Taps *taps, int pixels, bool whole)
{
  const int width = n_blocks (call) * LANES, n_taps = call->n_planes * call->n_taps;
  for (int block = 0; block < n_blocks (call); block++) {
    int n;
    const int c = block_begin (call, block, &n);
    if (whole)
      n = LANES;
    const float *w = (const float *) call->weights + c;
    VecF sum[PIXELS];
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[i] = simd_load (call->epilogue.bias + c);
    for (int tap = 0; tap < n_taps; tap++, w += width) {
      const VecF weights = simd_load (w);
#pragma GCC unroll 4
      for (int i = 0; i < PIXELS; i++)
        sum[i] = simd_mac (simd_load_n ((const float *) taps->at[tap][i] + c, n), weights, sum[i]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      if (i < pixels)
        epilogue_store_f32 (&call->epilogue, sum[i], call->out,
                            (int64_t) (pixel + i) * call->n_channels + c, n);
  }
}

void
LEVEL_NAME (depthwise_s8) (const DepthwiseCall *call)
{
  Taps taps;
  for (int pixel = 0; pixel < call->n_pixels; pixel += PIXELS) {
    const int pixels = find_tile (call, pixel, &taps);
    if (call->in_signed)
      tile_s8 (call, pixel, &taps, pixels, true);
    else
      tile_s8 (call, pixel, &taps, pixels, false);
  }
}

void
LEVEL_NAME (depthwise_s16) (const DepthwiseCall *call)
{
  Taps taps;
  for (int pixel = 0; pixel < call->n_pixels; pixel += PIXELS) {
    const int pixels = find_tile (call, pixel, &taps);
    if (call->n_channels >= LANES)
      tile_s16 (call, pixel, &taps, pixels, true);
    else
      tile_s16 (call, pixel, &taps, pixels, false);
  }
}

void
LEVEL_NAME (depthwise_f32) (const DepthwiseCall *call)
{
  Taps taps;
  for (int pixel = 0; pixel < call->n_pixels; pixel += PIXELS) {
    const int pixels = find_tile (call, pixel, &taps);
    if (call->n_channels >= LANES)
      tile_f32 (call, pixel, &taps, pixels, true);
    else
      tile_f32 (call, pixel, &taps, pixels, false);
  }
}
