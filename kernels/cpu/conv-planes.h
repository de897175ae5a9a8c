/* Input planes as the dense loops read them. Where nothing has to change that is the input itself;
 * else each thread copies the planes under its taps into a ring, once for all its output:
 *
 * - Bytes are widened to 16 bits for levels that multiply those.
 * - Rows get their padding on both sides, so that all taps of a row lie side by side and count as
 *   one tap of kernel width × channels.
 */
#pragma once

#include "kernels/cpu/conv-shape.h"

enum { CONV_RING_MAX = 64 };

typedef struct {
  const CpuLoops *loops;
  ConvShape source; /* the operator's */
  ConvShape shape;  /* what the loops see */
  bool copies, merges, widens, in_signed;
  bool pads_rows;   /* merged ones: shape has the padding above and below inside, too */
  bool runs_on;     /* short rows of those: places of output follow each other through the gaps
                       between rows; shape counts places as output then */
  bool gathers;     /* of one tap with strides: only pixels that are read are copied, in a row */
  bool in_a_row;    /* pixels are read in a row, at most the span's at once */
  int64_t span_max; /* pixels of an output plane that one span may have */
  int64_t channels; /* of a tap, all groups; kernel width × channels where rows are merged */
  size_t element;   /* bytes, as the loops see it */
  int64_t pixel_bytes, row_bytes, plane_bytes; /* of what the loops see */
  int ring;
  size_t slot_bytes;
  int32_t zero; /* of padding, as the loops see it; floats are 0 */
} ConvPlanes;

/* What one thread holds. */
typedef struct {
  const ConvPlanes *planes;
  uint8_t *memory; /* praxi_cpu_planes_bytes */
  int64_t plane[CONV_RING_MAX], begin[CONV_RING_MAX], end[CONV_RING_MAX];
} ConvRing;

/* place: of Conv or QConv; in_tiles: for dense_tiles, whose rows are merged wherever they can be.
 * False where the ring would be too long.
 */
bool praxi_cpu_planes_plan (ConvPlanes *planes,
                            const ConvShape *shape,
                            const CpuPlace *place,
                            bool in_tiles);
size_t praxi_cpu_planes_bytes (const ConvPlanes *planes); /* of one thread; 0 without copies */

/* A pixel of padding, planes->channels long, readable to the loops' units; NULL without memory */
void *praxi_cpu_planes_padding (const ConvPlanes *planes);

void praxi_cpu_ring_begin (ConvRing *ring, const ConvPlanes *planes, void *memory);

/* The first byte that the loops' offsets count from: of input plane `plane` (not negative), or in a
 * row of pixel `begin` of it. begin, end: output pixels that read it, at most span_max.
 */
const void *
praxi_cpu_ring_take (ConvRing *ring, const uint8_t *in, int64_t plane, int64_t begin, int64_t end);
