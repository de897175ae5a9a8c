/* What is selected, what the pointer is over, and the running job with progress and cancel. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_STATUS_BAR (praxi_status_bar_get_type ())
G_DECLARE_FINAL_TYPE (PraxiStatusBar, praxi_status_bar, PRAXI, STATUS_BAR, GtkBox)

/* session: ref'd; set once */
void praxi_status_bar_set_session (PraxiStatusBar *bar, PraxiSession *session);

G_END_DECLS
