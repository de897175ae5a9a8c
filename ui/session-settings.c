#include "ui/session-settings.h"

#include "ui/session-private.h"

static void
changed_cb (PraxiSession *self, const char *name)
{
  if (g_str_has_prefix (name, "event-"))
    praxi_session_form_events (self);
}

void
praxi_session_set_settings (PraxiSession *self, PraxiSettings *settings)
{
  g_set_object (&self->settings, settings);
  g_signal_connect_object (settings, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

PraxiSettings *
praxi_session_settings (PraxiSession *self)
{
  if (self->settings == NULL)
    self->settings = praxi_settings_new (NULL);
  return self->settings;
}
