/* The picture, the number of the frame it shows, and the buttons that move it. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_PLAYER_VIEW (praxi_player_view_get_type ())
G_DECLARE_FINAL_TYPE (PraxiPlayerView, praxi_player_view, PRAXI, PLAYER_VIEW, GtkBox)

/* session: ref'd; set once */
void praxi_player_view_set_session (PraxiPlayerView *view, PraxiSession *session);

G_END_DECLS
