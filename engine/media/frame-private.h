/* Internal: what stands behind a PraxiFrame, and conversions that only this module uses. */
#pragma once

#include <libavutil/frame.h>
#include <libswscale/swscale.h>
#include <stdatomic.h>

#include "engine/media/frame.h"

G_BEGIN_DECLS

/* How a picture is turned upright: first mirrored, then transposed. */
typedef struct {
  gboolean flip_x; /* of the picture as stored */
  gboolean flip_y;
  gboolean transpose; /* columns become rows */
} PraxiOrientation;

struct PraxiFrame {
  atomic_int references;
  AVFrame *picture;
  int ordinal;
  gint64 pts_ns;
  PraxiOrientation orientation;
};

/* matrix: the display matrix of libavutil, int32 [9], or NULL. Angles between are rounded to the
 * nearest right one. */
PraxiOrientation praxi_orientation_from_matrix (const gint32 *matrix);

/* Degrees clockwise, of the rotation alone. */
int praxi_orientation_degrees (PraxiOrientation orientation);

/* Copies a picture of width × height elements, upright.
 * element_bytes: 1, 3 or 4; target: [transpose ? width : height] rows
 */
void praxi_orientation_apply (PraxiOrientation orientation,
                              int width,
                              int height,
                              int element_bytes,
                              const guint8 *source,
                              gsize source_stride,
                              guint8 *target,
                              gsize target_stride);

/* picture: its content is moved into the result */
PraxiFrame *
praxi_frame_new (AVFrame *picture, int ordinal, gint64 pts_ns, PraxiOrientation orientation);

/* Bytes the decoded picture occupies. */
gsize praxi_frame_bytes (const PraxiFrame *frame);

/* Pixel aspect of the picture as stored; 1/1 when unknown or absurd. */
AVRational praxi_frame_aspect (const PraxiFrame *frame);

/* Luma from 0 to 255 instead of 16 to 235. */
gboolean praxi_frame_is_full_range (const PraxiFrame *frame);

/* Scales and converts, as stored (not turned).
 * in:     format: of the result; packed RGB kinds; flags: of swscale
 *         cache: kept between calls, freed by the caller with sws_freeContext; may be NULL
 * out:    dense rows of stride_bytes, which is a multiple of 64; owned by the caller, av_free
 * Errors: UNSUPPORTED, MEMORY
 */
guint8 *praxi_frame_convert (const PraxiFrame *frame,
                             enum AVPixelFormat format,
                             int width,
                             int height,
                             int flags,
                             struct SwsContext **cache,
                             int *stride_bytes,
                             GError **error);

G_END_DECLS
