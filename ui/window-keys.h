/* The keys of a window: shortcuts, and what tooltips say of them. */
#pragma once

#include "ui/keymap.h"

G_BEGIN_DECLS

/* Gives the window the keys of the map, now and whenever it changes, and says the current key in
 * every tooltip below it: what stands there in brackets at the end names the key by default. Keys
 * come after the focused widget had its turn, so that letters can be typed in entries.
 */
void praxi_window_keys_follow (GtkWidget *window, PraxiKeymap *keymap);

/* The tooltips alone, of a widget that joined the window later. */
void praxi_window_keys_name (GtkWidget *widget, PraxiKeymap *keymap);

G_END_DECLS
