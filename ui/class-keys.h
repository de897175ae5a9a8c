/* The keys of classes: pressed, held and released, which a shortcut cannot tell apart. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* Keys are handled after the focused widget had its turn, so that digits can be typed in entries.
 * session: borrowed; must outlive the window
 */
void praxi_class_keys_add (GtkWindow *window, PraxiSession *session);

G_END_DECLS
