/* The preferences: everything takes effect at once. */
#pragma once

#include <adwaita.h>

#include "ui/keymap.h"

G_BEGIN_DECLS

void praxi_preferences_show (GtkWindow *parent, PraxiSettings *settings, PraxiKeymap *keymap);

/* Follows the person's wish of light or dark, now and later. settings: must outlive the program's
 * style manager's use, as the application's own do.
 */
void praxi_preferences_follow_theme (PraxiSettings *settings);

G_END_DECLS
