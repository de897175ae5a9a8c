/* Depthwise convolution of bytes along rows, for levels with VNNI: four rows of taps at once. */
#include "kernels/cpu/depthwise-columns.h"
#define QUADS_BODY "kernels/cpu/depthwise-row.h"
#include "kernels/cpu/depthwise-quads.h"

SIMD_INLINE void
row_s8 (const DepthwiseRow *row, int stride, int taps, bool is_signed)
{
  Columns columns;
  for (int pixel = 0; pixel < row->n_pixels; pixel += PIXELS) {
    find_columns (row, pixel, stride, taps, &columns);
    for (int first = 0, width; first < row->n_channels; first += width) {
      int begin;
      width = praxi_cpu_depthwise_group (row->n_channels, first, SIMD_QUADS, &begin);
      BY_WIDTH (width, tile, row, pixel, first, begin, stride, taps, is_signed, &columns);
    }
  }
}

void
LEVEL_NAME (depthwise_row_s8) (const DepthwiseRow *row)
{
  if (row->in_signed)
    EACH_SHAPE (row_s8, , true);
  else
    EACH_SHAPE (row_s8, , false);
}
