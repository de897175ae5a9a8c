/* What there is to learn from: the labels of the project a class, and what is missing. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* A column that follows the session. */
GtkWidget *praxi_learn_data_new (PraxiSession *session);

G_END_DECLS
