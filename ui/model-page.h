/* The model in use: classes and thresholds, what it looks at, size, where it comes from, its
 * licence; and the way to another one.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_MODEL_PAGE (praxi_model_page_get_type ())
G_DECLARE_FINAL_TYPE (PraxiModelPage, praxi_model_page, PRAXI, MODEL_PAGE, GtkBox)

/* session: ref'd */
GtkWidget *praxi_model_page_new (PraxiSession *session);

G_END_DECLS
