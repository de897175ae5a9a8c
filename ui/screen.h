/* The picture, as large as fits, on black. It tells the session how large pictures need to be. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_SCREEN (praxi_screen_get_type ())
G_DECLARE_FINAL_TYPE (PraxiScreen, praxi_screen, PRAXI, SCREEN, GtkWidget)

/* session: ref'd; set once */
void praxi_screen_set_session (PraxiScreen *screen, PraxiSession *session);

G_END_DECLS
