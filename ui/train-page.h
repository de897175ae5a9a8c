/* Side panel "Train": one button makes a model of the project's labels; loss and macro-F1 are drawn
 * as the epochs come; a switch says which model analyses use.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_TRAIN_PAGE (praxi_train_page_get_type ())
G_DECLARE_FINAL_TYPE (PraxiTrainPage, praxi_train_page, PRAXI, TRAIN_PAGE, GtkBox)

/* session: ref'd */
GtkWidget *praxi_train_page_new (PraxiSession *session);

G_END_DECLS
