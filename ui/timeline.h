/* The timeline: a column of strips over one span of time. It alone handles gestures and keys on
 * them and tells the session what a person wants.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_TIMELINE (praxi_timeline_get_type ())
G_DECLARE_FINAL_TYPE (PraxiTimeline, praxi_timeline, PRAXI, TIMELINE, GtkWidget)

/* session: ref'd; set once */
void praxi_timeline_set_session (PraxiTimeline *timeline, PraxiSession *session);

/* Where a time stands, in pixels from the timeline's left edge. */
double praxi_timeline_x (PraxiTimeline *timeline, gint64 time_ns);

/* Shows where to write the note of the selected label, beside it. */
void praxi_timeline_edit_note (PraxiTimeline *timeline);

G_END_DECLS
