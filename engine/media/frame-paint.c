#include "engine/media/frame-paint.h"

#include <math.h>

void
praxi_frame_fit (const PraxiFrame *frame, int max_width, int max_height, int *width, int *height)
{
  const AVRational aspect = praxi_frame_aspect (frame);
  const double stored_width = frame->picture->width * av_q2d (aspect);
  const double stored_height = frame->picture->height;
  const gboolean transpose = frame->orientation.transpose;
  const double full_width = transpose ? stored_height : stored_width;
  const double full_height = transpose ? stored_width : stored_height;
  const double scale = MIN (1, MIN (max_width / full_width, max_height / full_height));
  *width = CLAMP ((int) lround (full_width * scale), 1, max_width);
  *height = CLAMP ((int) lround (full_height * scale), 1, max_height);
}

static void
make_opaque (guint8 *target, int width, int height, int stride_bytes)
{
  for (int y = 0; y < height; y++) {
    guint8 *row = target + (gsize) y * (gsize) stride_bytes;
    for (int x = 0; x < width; x++)
      row[4 * x + 3] = 255;
  }
}

gboolean
praxi_frame_paint (const PraxiFrame *frame,
                   int width,
                   int height,
                   struct SwsContext **cache,
                   guint8 *target,
                   int stride_bytes,
                   GError **error)
{
  const gboolean transpose = frame->orientation.transpose;
  const int stored_width = transpose ? height : width;
  const int stored_height = transpose ? width : height;
  int stride;
  guint8 *stored = praxi_frame_convert (frame, AV_PIX_FMT_BGR0, stored_width, stored_height,
                                        SWS_BILINEAR, cache, &stride, error);
  if (stored == NULL)
    return FALSE;
  praxi_orientation_apply (frame->orientation, stored_width, stored_height, 4, stored,
                           (gsize) stride, target, (gsize) stride_bytes);
  av_free (stored);
  make_opaque (target, width, height, stride_bytes);
  return TRUE;
}
