/* The list of classes: rename, recolour, give keys, reorder, add and delete, each undoable. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* A new one beside its parent. session: ref'd */
GtkWindow *praxi_class_dialog_new (GtkWindow *parent, PraxiSession *session);

G_END_DECLS
