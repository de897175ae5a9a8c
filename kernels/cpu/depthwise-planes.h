/* One width of DepthwisePlanes: part of depthwise-quads.h. */

/* The first n bytes, of which there may be fewer than the vector has. */
SIMD_INLINE QUADS_VEC
Q (load_first) (const uint8_t *p, int n, bool is_signed)
{
#if QUADS == 64
  const __m512i bytes = _mm512_maskz_loadu_epi8 (~0ull >> (QUADS - n), p);
  return is_signed ? _mm512_xor_si512 (bytes, _mm512_set1_epi8 ((int8_t) 0x80)) : bytes;
#else
  return Q (load_bytes) (p, is_signed);
#endif
}

SIMD_INLINE void
Q (store_first) (uint8_t *p, QUADS_VEC bytes, int n)
{
#if QUADS == 64
  _mm512_mask_storeu_epi8 (p, ~0ull >> (QUADS - n), bytes);
#else
  memcpy (p, &bytes, sizeof bytes);
#endif
}

/* The columns of an interleaved row, those of padding too; c: the group's first channel */
SIMD_INLINE void
Q (interleave_each) (const DepthwisePlanes *call,
                     const PlanesRow *row,
                     int columns,
                     int c,
                     bool is_signed,
                     QUADS_VEC *to)
{
  const uint8_t *padding = (const uint8_t *) call->padding + c;
  const int n = call->n_channels < QUADS ? call->n_channels : QUADS;
  for (int j = 0; j < columns; j++, to += 4) {
    const int column = j - call->pad[1];
    QUADS_VEC plane[4];
    for (int k = 0; k < 4; k++) {
      const bool inside = column >= 0 && column < call->in_width;
      plane[k] =
          Q (load_first) (inside ? row->at[k] + column * row->step[k] + c : padding, n, is_signed);
    }
    Q (interleave) (plane[0], plane[1], plane[2], plane[3], to);
  }
}

static void
Q (interleave_columns) (const DepthwisePlanes *call,
                        const PlanesRow *row,
                        int columns,
                        int c,
                        uint8_t *to)
{
  if (call->in_signed)
    Q (interleave_each) (call, row, columns, c, true, (QUADS_VEC *) (void *) to);
  else
    Q (interleave_each) (call, row, columns, c, false, (QUADS_VEC *) (void *) to);
}

/* Neighbours of both planes. A vector of weights stays in its register while all of them use it.
 * x: the first column under them of each row; first: of the group in the epilogue's arrays
 */
SIMD_INLINE void
Q (planes_tile) (const CpuEpilogue *e,
                 const QUADS_VEC *const *x,
                 const QUADS_VEC *w,
                 int first,
                 int stride,
                 int pixels,
                 QUADS_VEC (*result)[2])
{
  enum { TAPS = PLANES_TAPS * PLANES_TAPS };
  const int n = (pixels - 1) * stride + PLANES_TAPS;
  QUADS_VEC whole[4][PIXELS][2];
#pragma GCC unroll 1
  for (int q = 0; q < 4; q++) {
    QUADS_VEC weights[TAPS][2], sum[PIXELS][2];
#pragma GCC unroll 9
    for (int tap = 0; tap < TAPS; tap++)
#pragma GCC unroll 2
      for (int k = 0; k < 2; k++)
        weights[tap][k] = w[4 * (2 * tap + k) + q];
#pragma GCC unroll 4
    for (int p = 0; p < pixels; p++)
      sum[p][0] = sum[p][1] = Q (load_lanes) (e->start + first + q * QUADS / 4);
#pragma GCC unroll 3
    for (int i = 0; i < PLANES_TAPS; i++)
#pragma GCC unroll 9
      for (int j = 0; j < n; j++) {
        const QUADS_VEC bytes = x[i][4 * j + q];
#pragma GCC unroll 4
        for (int p = 0; p < pixels; p++) {
          const int tap = j - p * stride;
          if (tap < 0 || tap >= PLANES_TAPS)
            continue;
#pragma GCC unroll 2
          for (int k = 0; k < 2; k++)
            sum[p][k] = QUADS_DOT (sum[p][k], bytes, weights[PLANES_TAPS * i + tap][k]);
        }
      }
#pragma GCC unroll 4
    for (int p = 0; p < pixels; p++)
      for (int k = 0; k < 2; k++)
        whole[q][p][k] = Q (scale) (e, sum[p][k], first + q * QUADS / 4);
  }
#pragma GCC unroll 4
  for (int p = 0; p < pixels; p++)
    for (int k = 0; k < 2; k++)
      result[p][k] = Q (pack) (e, whole[0][p][k], whole[1][p][k], whole[2][p][k], whole[3][p][k]);
}

/* A row of both planes. first: of the group in weights and arrays; c: its first channel */
SIMD_INLINE void
Q (planes_row) (const DepthwisePlanes *call,
                int y,
                const uint8_t *const *rows,
                int first,
                int c,
                int stride)
{
  const QUADS_VEC *w =
      (const QUADS_VEC *) call->weights + (int64_t) first / QUADS * 8 * PLANES_TAPS * PLANES_TAPS;
  const int n = call->n_channels < QUADS ? call->n_channels : QUADS;
  const int64_t out_at = (int64_t) y * call->out_width * call->n_channels + c;
  const QUADS_VEC *x[PLANES_TAPS];
  for (int i = 0; i < PLANES_TAPS; i++)
    x[i] = (const QUADS_VEC *) (const void *) rows[i];
  for (int pixel = 0, pixels; pixel < call->out_width; pixel += pixels) {
    const int left = call->out_width - pixel;
    QUADS_VEC bytes[PIXELS][2];
    pixels = left >= 4 ? 4 : left >= 2 ? 2 : 1;
    if (pixels == 4)
      Q (planes_tile) (&call->epilogue, x, w, first, stride, 4, bytes);
    else if (pixels == 2)
      Q (planes_tile) (&call->epilogue, x, w, first, stride, 2, bytes);
    else
      Q (planes_tile) (&call->epilogue, x, w, first, stride, 1, bytes);
    for (int p = 0; p < pixels; p++)
      for (int k = 0; k < 2 && call->out[k]; k++)
        Q (store_first)
    ((uint8_t *) call->out[k] + out_at + (int64_t) (pixel + p) * call->n_channels, bytes[p][k], n);
    for (int i = 0; i < PLANES_TAPS; i++)
      x[i] += 4 * pixels * stride;
  }
}
