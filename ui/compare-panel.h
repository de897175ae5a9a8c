/* Both models side by side on the same labelled clips: measures, confusion, disagreements. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_COMPARE_PANEL (praxi_compare_panel_get_type ())
G_DECLARE_FINAL_TYPE (PraxiComparePanel, praxi_compare_panel, PRAXI, COMPARE_PANEL, GtkBox)

/* Signal "chosen" (gint64): a disagreement was chosen; its media is open and the playhead there. */
GtkWidget *praxi_compare_panel_new (PraxiSession *session);

G_END_DECLS
