/* The settings all views share. */
#pragma once

#include "ui/session.h"
#include "ui/settings.h"

G_BEGIN_DECLS

/* Before it is called the session has settings of its own, in memory. settings: ref'd */
void praxi_session_set_settings (PraxiSession *session, PraxiSettings *settings);

PraxiSettings *praxi_session_settings (PraxiSession *session); /* borrowed, never NULL */

G_END_DECLS
