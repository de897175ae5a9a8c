/* One width of DepthwiseRow: see depthwise-quads.h. */

SIMD_INLINE void
Q (store) (const DepthwiseRow *row, int pixel, int c, int at, QUADS_VEC (*sum)[PIXELS])
{
  const CpuEpilogue *e = &row->epilogue;
  const int n_pixels = row->n_pixels - pixel;
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++)
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[q][i] = Q (scale) (e, sum[q][i], at + q * QUADS / 4);
#pragma GCC unroll 4
  for (int i = 0; i < PIXELS; i++) {
    const QUADS_VEC bytes = Q (pack) (e, false, sum[0][i], sum[1][i], sum[2][i], sum[3][i]);
    if (i < n_pixels)
      memcpy ((uint8_t *) row->out + (int64_t) (pixel + i) * row->n_channels + c, &bytes,
              sizeof bytes);
  }
}

/* Four rows of one column. */
SIMD_INLINE void
Q (interleave_rows) (const uint8_t *const (*at)[MAX_COLUMNS],
                     int j,
                     int c,
                     bool is_signed,
                     QUADS_VEC *x)
{
  Q (interleave)
  (Q (load_bytes) (at[0][j] + c, is_signed), Q (load_bytes) (at[1][j] + c, is_signed),
   Q (load_bytes) (at[2][j] + c, is_signed), Q (load_bytes) (at[3][j] + c, is_signed), x);
}

/* first: of the group in weights and arrays, c: its first channel. Two columns at once share the
 * loads of weights.
 */
SIMD_INLINE void
Q (tile) (const DepthwiseRow *row,
          int pixel,
          int first,
          int c,
          int stride,
          int taps,
          bool is_signed,
          const Columns *columns)
{
  const int n = (PIXELS - 1) * stride + taps, quads = (row->n_rows + 3) / 4;
  const QUADS_VEC *w =
      (const QUADS_VEC *) row->weights + (int64_t) first / QUADS * quads * taps * 4;
  QUADS_VEC sum[4][PIXELS];
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++)
#pragma GCC unroll 4
    for (int i = 0; i < PIXELS; i++)
      sum[q][i] = Q (load_lanes) (row->epilogue.start + first + q * QUADS / 4);
  for (int quad = 0; quad < quads; quad++, w += 4 * taps) {
    const uint8_t *const(*at)[MAX_COLUMNS] = columns->at + 4 * quad;
#pragma GCC unroll 16
    for (int j = 0; j < n; j += 2) {
      QUADS_VEC x[2][4];
      Q (interleave_rows) (at, j, c, is_signed, x[0]);
      if (j + 1 < n)
        Q (interleave_rows) (at, j + 1, c, is_signed, x[1]);
#pragma GCC unroll 5
      for (int tap = 0; tap < taps; tap++) {
        const int a = j - tap, b = j + 1 - tap; /* pixels times stride */
        const bool has_a = a >= 0 && a % stride == 0 && a / stride < PIXELS;
        const bool has_b = b >= 0 && b % stride == 0 && b / stride < PIXELS && j + 1 < n;
        if (!has_a && !has_b)
          continue;
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) {
          const QUADS_VEC weights = w[4 * tap + q];
          if (has_a)
            sum[q][a / stride] = QUADS_DOT (sum[q][a / stride], x[0][q], weights);
          if (has_b)
            sum[q][b / stride] = QUADS_DOT (sum[q][b / stride], x[1][q], weights);
        }
      }
    }
  }
  Q (store) (row, pixel, c, first, sum);
}
