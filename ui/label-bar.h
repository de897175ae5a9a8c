/* The classes with their colours and keys, and the buttons that mark and label. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_LABEL_BAR (praxi_label_bar_get_type ())
G_DECLARE_FINAL_TYPE (PraxiLabelBar, praxi_label_bar, PRAXI, LABEL_BAR, GtkBox)

/* session: ref'd; set once */
void praxi_label_bar_set_session (PraxiLabelBar *bar, PraxiSession *session);

G_END_DECLS
