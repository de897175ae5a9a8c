/* What the loops of DepthwiseRow share: PIXELS neighbours of a row of output are a tile, and the
 * columns of input under it are each read once for all the taps they are under.
 */
#pragma once

#include "kernels/cpu/loops.h"
#include "kernels/cpu/simd.h"

enum {
  PIXELS = 4,
  MAX_STRIDE = 2,
  MAX_COLUMNS = (PIXELS - 1) * MAX_STRIDE + DEPTHWISE_ROW_TAPS,
  ROWS_BEHIND = 3 /* of padding: rows of taps may be taken by four */
};

/* Where each column under a tile lies, of each row of taps. */
typedef struct {
  const uint8_t *at[DEPTHWISE_MAX_TAPS + ROWS_BEHIND][MAX_COLUMNS];
} Columns;

SIMD_INLINE void
find_columns (const DepthwiseRow *row, int pixel, int stride, int taps, Columns *columns)
{
  const int n = (PIXELS - 1) * stride + taps, first = row->first + pixel * stride;
  int64_t offsets[MAX_COLUMNS];
  bool inside[MAX_COLUMNS], all = true;
  for (int j = 0; j < n; j++) {
    inside[j] = first + j >= 0 && first + j < row->width;
    offsets[j] = (first + j) * row->pixel_bytes;
    all = all && inside[j];
  }
  for (int r = 0; r < row->n_rows; r++) {
    const uint8_t *base = row->rows[r], *padding = row->padding;
    const uint8_t **at = columns->at[r];
    if (!base)
      for (int j = 0; j < n; j++)
        at[j] = padding;
    else if (all)
      for (int j = 0; j < n; j++)
        at[j] = base + offsets[j];
    else
      for (int j = 0; j < n; j++)
        at[j] = inside[j] ? base + offsets[j] : padding;
  }
  for (int r = row->n_rows; r < row->n_rows + ROWS_BEHIND; r++)
    for (int j = 0; j < n; j++)
      columns->at[r][j] = row->padding;
}

/* run (row, stride, taps …) with constants, which unroll */
#define EACH_SHAPE(run, ...)                                                                       \
  if (row->taps == 1)                                                                              \
    run (row, 1, 1 __VA_ARGS__);                                                                   \
  else if (row->taps == 3 && row->stride == 1)                                                     \
    run (row, 1, 3 __VA_ARGS__);                                                                   \
  else if (row->taps == 3)                                                                         \
    run (row, 2, 3 __VA_ARGS__);                                                                   \
  else if (row->stride == 1)                                                                       \
    run (row, 1, 5 __VA_ARGS__);                                                                   \
  else                                                                                             \
    run (row, 2, 5 __VA_ARGS__)
