/* The preferences' page of keys: every action with its key, to be changed. */
#pragma once

#include <adwaita.h>

#include "ui/keymap.h"

G_BEGIN_DECLS

/* keymap: ref'd while the page lives */
AdwPreferencesPage *praxi_keys_page_new (PraxiKeymap *keymap);

G_END_DECLS
