#include <stdlib.h>
#include <string.h>

#include "engine/media/frame-private.h"

PraxiOrientation
praxi_orientation_from_matrix (const gint32 *matrix)
{
  PraxiOrientation orientation = {FALSE};
  if (matrix == NULL)
    return orientation;
  /* x' = a x + c y, y' = b x + d y, y downwards */
  const gint64 a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  orientation.transpose = llabs (b) > llabs (a);
  orientation.flip_x = orientation.transpose ? b < 0 : a < 0;
  orientation.flip_y = orientation.transpose ? c < 0 : d < 0;
  return orientation;
}

int
praxi_orientation_degrees (PraxiOrientation orientation)
{
  if (orientation.transpose)
    return orientation.flip_y ? 90 : 270;
  return orientation.flip_y ? 180 : 0;
}

static void
copy_element (guint8 *target, const guint8 *source, int element_bytes)
{
  for (int i = 0; i < element_bytes; i++)
    target[i] = source[i];
}

void
praxi_orientation_apply (PraxiOrientation orientation,
                         int width,
                         int height,
                         int element_bytes,
                         const guint8 *source,
                         gsize source_stride,
                         guint8 *target,
                         gsize target_stride)
{
  const gsize step = (gsize) element_bytes;
  for (int y = 0; y < height; y++) {
    const gsize to_y = (gsize) (orientation.flip_y ? height - 1 - y : y);
    const guint8 *row = source + (gsize) y * source_stride;
    if (!orientation.transpose && !orientation.flip_x) {
      memcpy (target + to_y * target_stride, row, (gsize) width * step);
      continue;
    }
    for (int x = 0; x < width; x++) {
      const gsize to_x = (gsize) (orientation.flip_x ? width - 1 - x : x);
      guint8 *to = orientation.transpose ? target + to_x * target_stride + to_y * step
                                         : target + to_y * target_stride + to_x * step;
      copy_element (to, row + (gsize) x * step, element_bytes);
    }
  }
}
