/* One width of DepthwiseBand: see depthwise-quads.h. */

/* The first n bytes, of which there may be fewer than the vector has. Masks cost time: all of a
 * vector goes without.
 */
SIMD_INLINE QUADS_VEC
Q (load_first) (const uint8_t *p, int n, bool is_signed)
{
  if (n == QUADS)
    return Q (load_bytes) (p, is_signed);
  const Q (VecB) bytes = (Q (VecB)) QUADS_OP (maskz_loadu_epi8) (~0ull >> (64 - n), p);
  return (QUADS_VEC) (is_signed ? bytes ^ 0x80 : bytes);
}

SIMD_INLINE void
Q (store_first) (uint8_t *p, QUADS_VEC bytes, int n)
{
  if (n == QUADS)
    memcpy (p, &bytes, sizeof bytes);
  else
    QUADS_OP (mask_storeu_epi8) (p, ~0ull >> (64 - n), bytes);
}

/* The columns of a line, those of padding too, from column first on; c: the group's first channel
 */
SIMD_INLINE void
Q (interleave_each) (const DepthwiseBand *call,
                     const Line *line,
                     int first,
                     int columns,
                     int c,
                     bool is_signed,
                     QUADS_VEC *to)
{
  const uint8_t *padding = (const uint8_t *) call->padding + c;
  const int n = call->n_channels < QUADS ? call->n_channels : QUADS;
  for (int column = first; column < first + columns; column++, to += 4) {
    const bool inside = column >= 0 && column < call->in_width;
    QUADS_VEC in[BAND_INPUTS];
    for (int k = 0; k < BAND_INPUTS; k++)
      in[k] = Q (load_first) (inside ? line->at[k] + column * line->step[k] + c : padding, n,
                              is_signed);
    Q (interleave) (in[0], in[1], in[2], in[3], to);
  }
}

static void
Q (interleave_columns) (const DepthwiseBand *call,
                        const Line *line,
                        int first,
                        int columns,
                        int c,
                        uint8_t *to)
{
  if (call->in_signed)
    Q (interleave_each) (call, line, first, columns, c, true, (QUADS_VEC *) (void *) to);
  else
    Q (interleave_each) (call, line, first, columns, c, false, (QUADS_VEC *) (void *) to);
}

SIMD_INLINE void
Q (pack_tile) (const CpuEpilogue *e,
               bool is_whole,
               DepthwiseBandShape shape,
               int pixels,
               QUADS_VEC (*whole)[BAND_PIXELS][BAND_OUTPUTS],
               QUADS_VEC (*result)[BAND_OUTPUTS])
{
#pragma GCC unroll 7
  for (int p = 0; p < pixels; p++)
#pragma GCC unroll 4
    for (int k = 0; k < shape.outputs; k++)
      result[p][k] =
          Q (pack) (e, is_whole, whole[0][p][k], whole[1][p][k], whole[2][p][k], whole[3][p][k]);
}

/* Neighbours of all outputs. x: of each line what is under the first tap of the first; pixel_step,
 * tap_step: bytes from there to what is under the next; first: of the group in the epilogue's
 * arrays
 */
SIMD_INLINE void
Q (band_tile) (const CpuEpilogue *e,
               const uint8_t *const *x,
               int64_t pixel_step,
               int64_t tap_step,
               const QUADS_VEC *w,
               int first,
               DepthwiseBandShape shape,
               int pixels,
               QUADS_VEC (*result)[BAND_OUTPUTS])
{
  QUADS_VEC whole[4][BAND_PIXELS][BAND_OUTPUTS];
#pragma GCC unroll 1
  for (int q = 0; q < 4; q++) {
    QUADS_VEC sum[BAND_PIXELS][BAND_OUTPUTS];
    const QUADS_VEC start = Q (load_lanes) (e->start + first + q * QUADS / 4);
#pragma GCC unroll 7
    for (int p = 0; p < pixels; p++)
#pragma GCC unroll 4
      for (int k = 0; k < shape.outputs; k++)
        sum[p][k] = start;
#pragma GCC unroll 3
    for (int i = 0; i < shape.lines; i++)
#pragma GCC unroll 5
      for (int tap = 0; tap < shape.taps; tap++)
#pragma GCC unroll 4
        for (int k = 0; k < shape.outputs; k++) {
          const QUADS_VEC weights = w[4 * ((i * shape.taps + tap) * shape.outputs + k) + q];
#pragma GCC unroll 7
          for (int p = 0; p < pixels; p++)
            sum[p][k] = QUADS_DOT (
                sum[p][k], Q (load_lanes) (x[i] + p * pixel_step + tap * tap_step + q * QUADS),
                weights);
        }
#pragma GCC unroll 7
    for (int p = 0; p < pixels; p++)
#pragma GCC unroll 4
      for (int k = 0; k < shape.outputs; k++)
        whole[q][p][k] = Q (scale) (e, sum[p][k], first + q * QUADS / 4);
  }
  if (Q (is_whole) (e))
    Q (pack_tile) (e, true, shape, pixels, whole, result);
  else
    Q (pack_tile) (e, false, shape, pixels, whole, result);
}

/* Neighbours of n channels. out: the first pixel of each output */
SIMD_INLINE void
Q (band_store) (const DepthwiseBand *call,
                const uint8_t *const *x,
                const QUADS_VEC *w,
                uint8_t *const *out,
                int first,
                DepthwiseBandShape shape,
                int stride,
                int pixels)
{
  enum { AHEAD = 14 }; /* pixels to what is fetched now to be stored later */
  const int n = call->n_channels < QUADS ? call->n_channels : QUADS;
  QUADS_VEC bytes[BAND_PIXELS][BAND_OUTPUTS];
  Q (band_tile)
  (&call->epilogue, x, 4 * QUADS * stride, 4 * QUADS, w, first, shape, pixels, bytes);
#pragma GCC unroll 7
  for (int p = 0; p < pixels; p++)
#pragma GCC unroll 4
    for (int k = 0; k < shape.outputs; k++)
      if (out[k]) {
        Q (store_first) (out[k] + p * call->n_channels, bytes[p][k], n);
        __builtin_prefetch (out[k] + (p + AHEAD) * call->n_channels, 1);
      }
}

/* A block of band y. lines: of the columns under it; first: of the group in weights and arrays; c:
 * its first channel
 */
SIMD_INLINE void
Q (band_row) (const DepthwiseBand *call,
              int y,
              const Block *block,
              const uint8_t *const *lines,
              int first,
              int c,
              DepthwiseBandShape shape,
              int stride)
{
  const QUADS_VEC *w = (const QUADS_VEC *) call->weights +
                       (int64_t) first / QUADS * 4 * shape.lines * shape.taps * shape.outputs;
  const uint8_t *x[BAND_LINES];
  uint8_t *out[BAND_OUTPUTS];
  find_outputs (call, y, (int64_t) block->pixel * call->n_channels + c, out);
  for (int i = 0; i < shape.lines; i++)
    x[i] = lines[i];
  for (int done = 0, pixels; done < block->pixels; done += pixels) {
    pixels = even_share (block->pixels - done, shape.outputs == 2 ? BAND_PIXELS : 4);
    switch (pixels) {
#define BAND_CASE(n)                                                                               \
  case n:                                                                                          \
    if (n <= 4 || shape.outputs == 2)                                                              \
      Q (band_store) (call, x, w, out, first, shape, stride, n);                                   \
    break
      BAND_CASE (1);
      BAND_CASE (2);
      BAND_CASE (3);
      BAND_CASE (4);
      BAND_CASE (5);
      BAND_CASE (6);
      BAND_CASE (7);
#undef BAND_CASE
    }
    for (int i = 0; i < shape.lines; i++)
      x[i] += 4 * QUADS * pixels * stride;
    for (int k = 0; k < shape.outputs; k++)
      if (out[k])
        out[k] += pixels * call->n_channels;
  }
}

#if QUADS == SIMD_QUADS
#include "kernels/cpu/depthwise-flat.h"
#include "kernels/cpu/depthwise-times.h"
#endif
