#include "ui/session-settings.h"

#include "ui/session-private.h"

void
praxi_session_set_settings (PraxiSession *self, PraxiSettings *settings)
{
  g_set_object (&self->settings, settings);
}

PraxiSettings *
praxi_session_settings (PraxiSession *self)
{
  if (self->settings == NULL)
    self->settings = praxi_settings_new (NULL);
  return self->settings;
}
