/* One decoded picture as the codec made it; immutable and reference-counted. Conversion happens
 * when somebody asks for it, so a frame nobody wants costs its decoding and nothing more.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiFrame PraxiFrame;

/* Thread: any; a frame may be handed to another thread */
PraxiFrame *praxi_frame_ref (PraxiFrame *frame);
void praxi_frame_unref (PraxiFrame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFrame, praxi_frame_unref)

int praxi_frame_ordinal (const PraxiFrame *frame);
gint64 praxi_frame_pts_ns (const PraxiFrame *frame);

/* Of the upright picture in the file's own pixels; they may change from frame to frame. */
int praxi_frame_width (const PraxiFrame *frame);
int praxi_frame_height (const PraxiFrame *frame);

/* Converts to full-range RGB, upright, honouring matrix and range; the same bytes on every machine.
 * Interlaced pictures stay as they are; alpha is left out; more than 8 bits are rounded to 8.
 * out:    rgb u8 [height][stride_bytes], the first 3·width bytes of a row are written;
 *         caller-allocated; stride_bytes ≥ 3·width
 * Thread: any
 * Errors: UNSUPPORTED (pixel format), MEMORY
 */
gboolean
praxi_frame_to_rgb (const PraxiFrame *frame, guint8 *rgb, int stride_bytes, GError **error);

G_END_DECLS
