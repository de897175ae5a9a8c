/* The jobs behind a button of the header: what runs, what waits, how far it is, and an end to each.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* Gives the button its popover and keeps its number and tooltip true.
 * session: ref'd while the button lives
 */
void praxi_jobs_popover_attach (GtkMenuButton *button, PraxiSession *session);

G_END_DECLS
