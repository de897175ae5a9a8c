/* The keys of a window: shortcuts, what tooltips say of them, the list of all. */
#pragma once

#include "ui/keymap.h"

G_BEGIN_DECLS

/* Gives the window the keys of the map, now and whenever it changes, and says the current key in
 * every tooltip below it: what stands there in brackets at the end names the key by default. Keys
 * come after the focused widget had its turn, so that letters can be typed in entries.
 */
void praxi_window_keys_follow (GtkWidget *window, PraxiKeymap *keymap);

/* A window with all keys. */
GtkWindow *praxi_window_keys_list (GtkWindow *parent, PraxiKeymap *keymap);

G_END_DECLS
