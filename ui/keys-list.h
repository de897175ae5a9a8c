/* The list of all keys, in a window of its own. */
#pragma once

#include "ui/keymap.h"

G_BEGIN_DECLS

/* A new one beside its parent, with the keys as they are now. */
GtkWindow *praxi_keys_list_new (GtkWindow *parent, PraxiKeymap *keymap);

G_END_DECLS
