/* The labels of the open media as a list, filtered. Rows are made when they are shown: ten thousand
 * labels cost what is on the screen.
 */
#pragma once

#include <gio/gio.h>

#include "ui/session-labels.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_LABEL_ITEM (praxi_label_item_get_type ())
G_DECLARE_FINAL_TYPE (PraxiLabelItem, praxi_label_item, PRAXI, LABEL_ITEM, GObject)

const PraxiUiLabel *praxi_label_item_label (PraxiLabelItem *item); /* borrowed */

#define PRAXI_TYPE_LABEL_MODEL (praxi_label_model_get_type ())
G_DECLARE_FINAL_TYPE (PraxiLabelModel, praxi_label_model, PRAXI, LABEL_MODEL, GObject)

/* Items are PraxiLabelItem. session: ref'd */
PraxiLabelModel *praxi_label_model_new (PraxiSession *session);

/* Reads the session's labels again; what stayed the same is not touched.
 * renews: all rows look different now (a class has another name or colour)
 */
void praxi_label_model_update (PraxiLabelModel *model, gboolean renews);

/* Only labels whose class, note or author holds every word of the text. */
void praxi_label_model_set_filter (PraxiLabelModel *model, const char *text);

/* Where the label stands, GTK_INVALID_LIST_POSITION (G_MAXUINT) when it is not in the list. */
guint praxi_label_model_find (PraxiLabelModel *model, gint64 label_id);

G_END_DECLS
