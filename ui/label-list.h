/* The labels of the open media as a list. */
#pragma once

#include "ui/jump-list.h"
#include "ui/session.h"

G_BEGIN_DECLS

/* A jump list of the open media's labels; choosing one selects it and seeks to its start. */
GtkWidget *praxi_label_list_new (PraxiSession *session);

G_END_DECLS
