/* A small window that waits for the key that is to lead to an action. */
#pragma once

#include "ui/keymap.h"

G_BEGIN_DECLS

/* Shows it; it changes the map and closes itself. A key that somebody has is told by name first.
 * action: one of the tables
 */
void praxi_key_dialog_show (GtkWindow *parent, PraxiKeymap *keymap, const PraxiAction *action);

G_END_DECLS
