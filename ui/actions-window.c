/* What a person can do with the program itself. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/guide.h"
#include "ui/keys-list.h"
#include "ui/preferences.h"
#include "ui/session-settings.h"
#include "ui/window-private.h"

static void
preferences_cb (PraxiWindow *self)
{
  praxi_preferences_show (GTK_WINDOW (self), praxi_session_settings (self->session), self->keymap);
}

static void
keys_cb (PraxiWindow *self)
{
  gtk_window_present (praxi_keys_list_new (GTK_WINDOW (self), self->keymap));
}

static void
guide_cb (PraxiWindow *self)
{
  praxi_guide_show (GTK_WINDOW (self));
}

static const PraxiAction actions[] = {
    {"preferences", N_ ("Preferences"), preferences_cb, NULL, "<Control>comma"},
    {"keys", N_ ("Show all keys"), keys_cb, NULL, "<Control>question"},
    {"guide", N_ ("Open the guide"), guide_cb, NULL, "F1"},
};

const PraxiActionGroup praxi_actions_window = {N_ ("Program"), actions, G_N_ELEMENTS (actions)};
