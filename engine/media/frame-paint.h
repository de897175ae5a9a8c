/* Internal: pictures for the screen. */
#pragma once

#include <glib.h>

#include "engine/media/frame-private.h"

G_BEGIN_DECLS

/* The size of the upright picture with square pixels that fits, never enlarged, at least 1 × 1. */
void
praxi_frame_fit (const PraxiFrame *frame, int max_width, int max_height, int *width, int *height);

/* Scales, converts to B G R x (x = 255) and turns upright.
 * in:     cache: as in praxi_frame_convert
 * out:    target: height rows of stride_bytes ≥ 4 · width
 */
gboolean praxi_frame_paint (const PraxiFrame *frame,
                            int width,
                            int height,
                            struct SwsContext **cache,
                            guint8 *target,
                            int stride_bytes,
                            GError **error);

G_END_DECLS
