/* DepthwiseBand of pixels that are together: rows of any number of channels as vectors.
 *
 * The bytes of a row lie one behind the other, and so do the quads of four rows. What is under a
 * tap of a vector of outputs is then a vector too, n_channels quads aside; the pixels' borders do
 * not matter. After together pixels come the same channels in the same lanes.
 */

/* Which of a vector's bytes, from byte at of a row of n on, are inside the row. */
SIMD_INLINE uint64_t
inside_row (int64_t at, int64_t n)
{
  const uint64_t from = at <= -64 ? 0 : at < 0 ? ~0ull << -at : ~0ull;
  const uint64_t to = at >= n ? 0 : at > n - 64 ? ~0ull >> (64 - (n - at)) : ~0ull;
  return from & to;
}

/* Doublewords of a vector as those of n rows of 16 / n, rows and columns exchanged. */
SIMD_INLINE QUADS_VEC
exchange (QUADS_VEC v, int n)
{
  int32_t from[QUADS / 4];
  for (int i = 0; i < QUADS / 4; i++)
    from[i] = i % n * (QUADS / 4 / n) + i / n;
  return QUADS_OP (permutexvar_epi32) (Q (load_lanes) (from), v);
}

/* The quads of a line from padding on to padding, as they lie. */
SIMD_INLINE void
interleave_flat (const DepthwiseBand *call, int y, bool is_signed)
{
  const int64_t n = (int64_t) call->in_width * call->n_channels;
  const int64_t margin = (int64_t) call->pad[1] * call->n_channels;
  const QUADS_VEC padding = Q (load_bytes) (call->padding, false);
  QUADS_VEC *to = call->room;
  Line line;
  find_line (call, y, &line);
  const bool all = line.step[0] && line.step[1] && line.step[2] && line.step[3];
  for (int64_t at = -margin; at < n + margin; at += QUADS, to += 4) {
    QUADS_VEC in[BAND_INPUTS];
    if (all && at >= 0 && at <= n - QUADS)
      for (int k = 0; k < BAND_INPUTS; k++)
        in[k] = Q (load_bytes) (line.at[k] + at, false);
    else
      for (int k = 0; k < BAND_INPUTS; k++)
        in[k] = line.step[k]
                    ? QUADS_OP (mask_loadu_epi8) (padding, inside_row (at, n), line.at[k] + at)
                    : padding;
    for (int k = 0; k < BAND_INPUTS; k++)
      in[k] = exchange (is_signed ? (QUADS_VEC) ((Q (VecB)) in[k] ^ 0x80) : in[k], 4);
    Q (interleave) (in[0], in[1], in[2], in[3], to);
  }
}

/* Vectors of both rows from byte at on, each together pixels after the one before it, of which the
 * last may reach behind the row. group: of them
 */
SIMD_INLINE void
store_flat (const DepthwiseBand *call, uint8_t *const *out, int64_t at, int group, int pixels)
{
  const DepthwiseBandShape shape = praxi_cpu_depthwise_band (BAND_ROWS_3);
  const int64_t n = (int64_t) call->out_width * call->n_channels;
  const int64_t step = (int64_t) call->together * call->n_channels;
  const uint8_t *x = (const uint8_t *) call->room + 4 * at;
  const QUADS_VEC *w = (const QUADS_VEC *) call->weights + group * 4 * shape.taps * shape.outputs;
  QUADS_VEC bytes[BAND_PIXELS][BAND_OUTPUTS];
  Q (band_tile)
  (&call->epilogue, &x, 4 * step, 4 * call->n_channels, w, group * QUADS, shape, pixels, bytes);
#pragma GCC unroll 7
  for (int p = 0; p < pixels; p++, at += step)
#pragma GCC unroll 2
    for (int k = 0; k < shape.outputs; k++) {
      const QUADS_VEC v = exchange (bytes[p][k], QUADS / 16);
      if (out[k] && at <= n - QUADS)
        memcpy (out[k] + at, &v, QUADS);
      else if (out[k])
        QUADS_OP (mask_storeu_epi8) (out[k] + at, inside_row (at, n), v);
    }
}

SIMD_INLINE void
flat_s8 (const DepthwiseBand *call)
{
  const int64_t n = (int64_t) call->out_width * call->n_channels;
  const int64_t step = (int64_t) call->together * call->n_channels;
  for (int y = call->first; y < call->first + call->n; y++) {
    uint8_t *out[BAND_OUTPUTS];
    find_outputs (call, y, 0, out);
    if (call->in_signed)
      interleave_flat (call, y, true);
    else
      interleave_flat (call, y, false);
    for (int group = 0; group < step / QUADS; group++) {
      int64_t at = (int64_t) group * QUADS;
      for (int left = (int) ((n - at + step - 1) / step), pixels; left > 0; left -= pixels) {
        pixels = even_share (left, BAND_PIXELS);
        switch (pixels) {
#define FLAT_CASE(n)                                                                               \
  case n:                                                                                          \
    store_flat (call, out, at, group, n);                                                          \
    break
          FLAT_CASE (1);
          FLAT_CASE (2);
          FLAT_CASE (3);
          FLAT_CASE (4);
          FLAT_CASE (5);
          FLAT_CASE (6);
          FLAT_CASE (7);
#undef FLAT_CASE
        }
        at += pixels * step;
      }
    }
  }
}
