/* The picture, the number of the frame it shows, and the buttons that move it.
 *
 * Signals:
 *   chosen ()  a menu or the entry closed: the keys may go back to the timeline
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_PLAYER_VIEW (praxi_player_view_get_type ())
G_DECLARE_FINAL_TYPE (PraxiPlayerView, praxi_player_view, PRAXI, PLAYER_VIEW, GtkBox)

/* session: ref'd; set once */
void praxi_player_view_set_session (PraxiPlayerView *view, PraxiSession *session);

/* As in PraxiScreen: 0 fits, 1 shows the picture's own pixels. */
void praxi_player_view_set_zoom (PraxiPlayerView *view, double zoom);
void praxi_player_view_zoom_by (PraxiPlayerView *view, double factor);

/* Opens the entry for a time or a frame. */
void praxi_player_view_go_to (PraxiPlayerView *view);

G_END_DECLS
