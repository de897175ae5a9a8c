/* "Go to": a small entry that takes a time or a frame and seeks there. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_GO_TO (praxi_go_to_get_type ())
G_DECLARE_FINAL_TYPE (PraxiGoTo, praxi_go_to, PRAXI, GO_TO, GtkPopover)

/* session: ref'd; set once */
void praxi_go_to_set_session (PraxiGoTo *go_to, PraxiSession *session);

/* What "1:02:03.5", "63.5", "f1234" or "#1234" means in footage of n_frames; times count from the
 * first frame, at start_ns.
 * is_frame: whether *value is a frame, else it is a pts in ns
 * Returns NULL, or one sentence that says what would be accepted. Free with g_free.
 */
char *praxi_go_to_parse (const char *text,
                         int n_frames,
                         gint64 start_ns,
                         gint64 end_ns,
                         gboolean *is_frame,
                         gint64 *value);

G_END_DECLS
