/* DepthwiseBand, for AVX-512. */
#include "kernels/cpu/loops-level.h"

#include <limits.h>

enum { BAND_PIXELS = 7 };

/* Where each of the four inputs of a line begins, and how far its pixels are apart: nothing where
 * it is padding.
 */
typedef struct {
  const uint8_t *at[BAND_INPUTS];
  int64_t step[BAND_INPUTS];
} Line;

/* Pixels of a row of output that are done before others of the next rows. */
typedef struct {
  int pixel, pixels;
} Block;

static void
find_line (const DepthwiseBand *call, int i, Line *line)
{
  const bool in_time = call->kind == BAND_PLANES;
  for (int k = 0; k < BAND_INPUTS; k++) {
    const uint8_t *plane = call->planes[in_time ? k : 0];
    const int y =
        in_time ? i : i * praxi_cpu_depthwise_band (call->kind).outputs - call->pad[0] + k;
    const bool here = plane && y >= 0 && y < call->in_height;
    line->step[k] = here ? call->n_channels : 0;
    line->at[k] = here ? plane + (int64_t) y * call->in_width * call->n_channels : call->padding;
  }
}

/* Of each output of band y the byte at of its row; NULL where there is none. */
static void
find_outputs (const DepthwiseBand *call, int y, int64_t at, uint8_t **out)
{
  const bool in_time = call->kind == BAND_PLANES;
  const int outputs = praxi_cpu_depthwise_band (call->kind).outputs;
  for (int k = 0; k < outputs; k++) {
    uint8_t *plane = call->out[in_time ? k : 0];
    const int row = in_time ? y : y * outputs + k;
    out[k] = plane && row < call->out_height
                 ? plane + (int64_t) row * call->out_width * call->n_channels + at
                 : NULL;
  }
}

/* How many of n come next where parts are at most most, and as large as each other. */
static inline int
even_share (int n, int most)
{
  const int parts = (n + most - 1) / most;
  return (n + parts - 1) / parts;
}

#define QUADS_BODY "kernels/cpu/depthwise-band.h"
#include "kernels/cpu/depthwise-quads.h"

/* All bands of a block of a group of channels, from begin on; first: of it in weights and arrays */
SIMD_INLINE void
block_s8 (const DepthwiseBand *call,
          const Block *block,
          int first,
          int begin,
          int width,
          DepthwiseBandShape shape,
          int stride)
{
  const bool in_time = call->kind == BAND_PLANES;
  const int columns = (block->pixels - 1) * stride + shape.taps;
  const int column = block->pixel * stride - call->pad[1];
  const int64_t line_bytes = (int64_t) columns * width * 4;
  uint8_t *room = call->room;
  int ready = INT_MIN; /* lines before it are interleaved */
  for (int y = call->first; y < call->first + call->n; y++) {
    const int top = in_time ? y * call->stride[0] - call->pad[0] : y;
    const uint8_t *lines[BAND_LINES];
    for (ready = ready < top ? top : ready; ready < top + shape.lines; ready++) {
      Line line;
      find_line (call, ready, &line);
      BY_WIDTH (width, interleave_columns, call, &line, column, columns, begin,
                room + (ready + BAND_LINES) % shape.lines * line_bytes);
    }
    for (int i = 0; i < shape.lines; i++)
      lines[i] = room + (top + i + BAND_LINES) % shape.lines * line_bytes;
    BY_WIDTH (width, band_row, call, y, block, lines, first, begin, shape, stride);
  }
}

/* Block by block, so that the interleaved lines under one stay in the first cache. */
SIMD_INLINE void
group_s8 (const DepthwiseBand *call,
          int first,
          int begin,
          int width,
          DepthwiseBandShape shape,
          int stride)
{
  Block block = {0};
  for (; block.pixel < call->out_width; block.pixel += block.pixels) {
    block.pixels = even_share (call->out_width - block.pixel, DEPTHWISE_BAND_PIXELS / stride);
    block_s8 (call, &block, first, begin, width, shape, stride);
  }
}

void
LEVEL_NAME (depthwise_band_s8) (const DepthwiseBand *call)
{
  if (call->together > 0) {
    call->kind == BAND_TIMES ? times_s8 (call) : flat_s8 (call);
    return;
  }
  for (int first = 0, width; first < call->n_channels; first += width) {
    int begin;
    width = praxi_cpu_depthwise_band_group (call->n_channels, first, SIMD_QUADS, &begin);
    if (call->kind == BAND_ROWS_3)
      group_s8 (call, first, begin, width, praxi_cpu_depthwise_band (BAND_ROWS_3), 1);
    else if (call->kind == BAND_ROWS_5)
      group_s8 (call, first, begin, width, praxi_cpu_depthwise_band (BAND_ROWS_5), 1);
    else if (call->stride[1] == 1)
      group_s8 (call, first, begin, width, praxi_cpu_depthwise_band (BAND_PLANES), 1);
    else
      group_s8 (call, first, begin, width, praxi_cpu_depthwise_band (BAND_PLANES), 2);
  }
}
