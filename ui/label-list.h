/* The side panel's list of people's intervals, with a search over class, note and author. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_LABEL_LIST (praxi_label_list_get_type ())
G_DECLARE_FINAL_TYPE (PraxiLabelList, praxi_label_list, PRAXI, LABEL_LIST, GtkBox)

/* Signal "chosen" (gint64 id): a row was clicked or activated. */
GtkWidget *praxi_label_list_new (PraxiSession *session);

/* The keys go to the search. */
void praxi_label_list_search (PraxiLabelList *list);

G_END_DECLS
