/* Which key leads to which action: what the tables in actions-*.c say by default, and what this
 * person made of it. A key a person gave to one action is taken from every other.
 *
 * Keys are written as in GTK: "<Control>o", "bracketleft".
 *
 * Signals:
 *   changed ()  any key leads elsewhere now
 *
 * Thread: main
 */
#pragma once

#include "ui/actions.h"
#include "ui/settings.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_KEYMAP (praxi_keymap_get_type ())
G_DECLARE_FINAL_TYPE (PraxiKeymap, praxi_keymap, PRAXI, KEYMAP, GObject)

/* settings: ref'd; holds what differs from the tables */
PraxiKeymap *praxi_keymap_new (PraxiSettings *settings);

/* The keys of an action, the one to show first; none is an empty list. Free with g_strfreev. */
char **praxi_keymap_keys (PraxiKeymap *keymap, const PraxiAction *action);

/* "Ctrl+O": the first key of the action as people read it; empty for none. Free with g_free. */
char *praxi_keymap_label (PraxiKeymap *keymap, const PraxiAction *action);

gboolean praxi_keymap_is_changed (PraxiKeymap *keymap, const PraxiAction *action);

/* Who has this key.
 * action: out, NULL when it is a key that cannot be given away (a digit, Tab …)
 * Returns the title of what it does, translated; NULL when nobody has it. Borrowed.
 */
const char *praxi_keymap_find (PraxiKeymap *keymap, const char *key, const PraxiAction **action);

/* Gives the action this key instead of all it had; NULL for none. Who had it loses it. */
void praxi_keymap_set (PraxiKeymap *keymap, const PraxiAction *action, const char *key);

void praxi_keymap_reset (PraxiKeymap *keymap, const PraxiAction *action);
void praxi_keymap_reset_all (PraxiKeymap *keymap);

/* A key press as a key of this map; NULL for a modifier alone. Free with g_free. */
char *praxi_key_name (guint keyval, GdkModifierType state, GdkModifierType consumed);

/* "Ctrl+O". Free with g_free. */
char *praxi_key_label (const char *key);

G_END_DECLS
