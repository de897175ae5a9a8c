/* Edges that pull: a dragged edge stops at what is already there. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

enum { PRAXI_SNAP_PX = 6 };

/* The boundary (a frame whose start it is; one past the last frame is the end) nearest to the given
 * one among the edges of events, of labels other than label_id, and the playhead (-1 for none),
 * if it is within PRAXI_SNAP_PX on this scale; else the one given.
 */
int praxi_snap_boundary (PraxiSession *session,
                         const PraxiTimeScale *scale,
                         int boundary,
                         gint64 label_id,
                         int playhead);

G_END_DECLS
