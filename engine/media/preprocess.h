/* From a decoded frame to what a model reads. */
#pragma once

#include <glib.h>

#include "engine/media/frame.h"

G_BEGIN_DECLS

/* Shrinks the whole picture, upright, to the model's size by averaging areas (aspect is not kept),
 * full-range RGB. The planes are averaged first and only the small picture is converted.
 * in:     width_px, height_px: of the model, 1..8192
 * out:    rgb u8 [height_px, width_px, 3], dense; caller-allocated
 * Thread: any
 * Errors: UNSUPPORTED (pixel format), MEMORY
 */
gboolean praxi_preprocess (const PraxiFrame *frame,
                           int width_px,
                           int height_px,
                           guint8 *rgb,
                           GError **error);

G_END_DECLS
