/* Side panel "Train": training, lightening and tuning, one beside the other. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* session: ref'd by the pages */
GtkWidget *praxi_learn_page_new (PraxiSession *session);

G_END_DECLS
