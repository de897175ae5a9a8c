/* Another video of the scene, in sync with the open one: its pictures come from a decode helper of
 * its own and follow the time of the open footage. Times are pts, distances never pile up: every
 * picture is looked up anew.
 *
 * Signals:
 *   changed  another picture, distance or error; the first frames are known
 *
 * Thread: main
 */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_COMPANION (praxi_companion_get_type ())
G_DECLARE_FINAL_TYPE (PraxiCompanion, praxi_companion, PRAXI, COMPANION, GObject)

/* item: its footage; ref'd */
PraxiCompanion *praxi_companion_new (const char *praxi_path, PraxiMediaItem *item);

/* Ends the helper; nothing is emitted afterwards. */
void praxi_companion_close (PraxiCompanion *companion);

PraxiMediaItem *praxi_companion_item (PraxiCompanion *companion); /* borrowed */
const char *praxi_companion_error (PraxiCompanion *companion);    /* NULL while there is none */

/* Its id in the project, 0 while that is unknown. */
gint64 praxi_companion_media_id (PraxiCompanion *companion);
void praxi_companion_set_media_id (PraxiCompanion *companion, gint64 media_id);

/* Its frames; 0 until they are known. */
int praxi_companion_n_frames (PraxiCompanion *companion);
PraxiTimeSpan praxi_companion_footage (PraxiCompanion *companion);
PraxiTimeSpan praxi_companion_frame_span (PraxiCompanion *companion, int ordinal);
int praxi_companion_frame_at (PraxiCompanion *companion, gint64 time_ns);
void praxi_companion_frame_size (PraxiCompanion *companion, int *width_px, int *height_px);

/* Its pts minus those of the open footage at the same moment. has_delta is FALSE until it was set.
 */
gboolean praxi_companion_has_delta (PraxiCompanion *companion);
gint64 praxi_companion_delta_ns (PraxiCompanion *companion);
void praxi_companion_set_delta_ns (PraxiCompanion *companion, gint64 delta_ns);

/* The open footage shows this time now.
 * exact: as in praxi_decode_client_request
 */
void praxi_companion_follow (PraxiCompanion *companion, gint64 time_ns, gboolean exact);

/* The frame at that time, -1 while it was not recording or nothing is known. */
int praxi_companion_frame (PraxiCompanion *companion);

/* is_current: the picture is that frame, exactly */
PraxiPicture praxi_companion_picture (PraxiCompanion *companion);
void praxi_companion_set_picture_size (PraxiCompanion *companion, int width_px, int height_px);

G_END_DECLS
