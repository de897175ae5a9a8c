/* The picture on black: as large as fits, or at a zoom of its own pixels and then moved by
 * dragging. It tells the session how large pictures need to be.
 *
 * Signals:
 *   zoomed ()  the zoom is another one
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/companion.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_SCREEN (praxi_screen_get_type ())
G_DECLARE_FINAL_TYPE (PraxiScreen, praxi_screen, PRAXI, SCREEN, GtkWidget)

/* session: ref'd; set once */
void praxi_screen_set_session (PraxiScreen *screen, PraxiSession *session);

/* Shows this video of the scene instead of the open one. companion: ref'd; set once */
void praxi_screen_set_companion (PraxiScreen *screen, PraxiCompanion *companion);

/* Pixels of the display per pixel of the picture; 0 fits the picture into the screen. Clamped to
 * 0.1 … 16. The middle of what is seen stays where it is.
 */
void praxi_screen_set_zoom (PraxiScreen *screen, double zoom);
void praxi_screen_zoom_by (PraxiScreen *screen, double factor);

/* As above; fits: whether the picture follows the screen's size. */
double praxi_screen_zoom (PraxiScreen *screen, gboolean *fits);

G_END_DECLS
