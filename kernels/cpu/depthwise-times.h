/* DepthwiseBand along time: planes as vectors, two at once.
 *
 * Four inputs are interleaved in registers and serve both outputs. Nothing but the channel counts
 * in a plane, so that its bytes are taken as they lie.
 */

/* A vector of both planes, of which the first n bytes are inside them. first: of its group */
SIMD_INLINE void
time_vector (const CpuEpilogue *e,
             const QUADS_VEC *w,
             const uint8_t *const *in,
             uint8_t *const *out,
             int first,
             int n,
             bool is_signed,
             bool is_whole)
{
  QUADS_VEC v[BAND_INPUTS], x[4], whole[2][4];
  for (int k = 0; k < BAND_INPUTS; k++)
    v[k] = Q (load_first) (in[k], n, is_signed);
  Q (interleave) (v[0], v[1], v[2], v[3], x);
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++) {
    const int at = first + q * QUADS / 4;
    const QUADS_VEC start = Q (load_lanes) (e->start + at);
#pragma GCC unroll 2
    for (int k = 0; k < 2; k++)
      whole[k][q] = Q (scale) (e, QUADS_DOT (start, x[q], w[first / QUADS * 8 + 4 * k + q]), at);
  }
#pragma GCC unroll 2
  for (int k = 0; k < 2; k++) {
    const QUADS_VEC bytes =
        Q (pack) (e, is_whole, whole[k][0], whole[k][1], whole[k][2], whole[k][3]);
    if (out[k])
      Q (store_first) (out[k], bytes, n);
  }
}

SIMD_INLINE void
times_each (const DepthwiseBand *call, bool is_signed, bool is_whole)
{
  const int64_t together = (int64_t) call->together * call->n_channels;
  const int64_t n = (int64_t) call->out_height * call->out_width * call->n_channels;
  const int64_t begin = call->first * together, end = begin + call->n * together;
  const CpuEpilogue epilogue = call->epilogue; /* which no store of bytes can alter */
  const QUADS_VEC *w = call->weights;
  const uint8_t *in[BAND_INPUTS];
  uint8_t *out[2];
  int64_t step[BAND_INPUTS];
  for (int k = 0; k < BAND_INPUTS; k++) {
    in[k] = call->planes[k] ? (const uint8_t *) call->planes[k] + begin : call->padding;
    step[k] = call->planes[k] ? QUADS : 0;
  }
  for (int k = 0; k < 2; k++)
    out[k] = call->out[k] ? (uint8_t *) call->out[k] + begin : NULL;
  int first = 0;
  for (int64_t at = begin; at < (end < n ? end : n); at += QUADS) {
    if (n - at >= QUADS)
      time_vector (&epilogue, w, in, out, first, QUADS, is_signed, is_whole);
    else
      time_vector (&epilogue, w, in, out, first, (int) (n - at), is_signed, is_whole);
    for (int k = 0; k < BAND_INPUTS; k++)
      in[k] += step[k];
    for (int k = 0; k < 2; k++)
      out[k] = out[k] ? out[k] + QUADS : NULL;
    first = first + QUADS < together ? first + QUADS : 0;
  }
}

SIMD_INLINE void
times_s8 (const DepthwiseBand *call)
{
  const bool is_whole = Q (is_whole) (&call->epilogue);
  if (call->in_signed)
    is_whole ? times_each (call, true, true) : times_each (call, true, false);
  else
    is_whole ? times_each (call, false, true) : times_each (call, false, false);
}
