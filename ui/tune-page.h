/* Part of the side panel "Train": trials of other ways to train, as they end, and accuracy against
 * latency with the front that no other trial beats.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_TUNE_PAGE (praxi_tune_page_get_type ())
G_DECLARE_FINAL_TYPE (PraxiTunePage, praxi_tune_page, PRAXI, TUNE_PAGE, GtkBox)

/* session: ref'd */
GtkWidget *praxi_tune_page_new (PraxiSession *session);

G_END_DECLS
