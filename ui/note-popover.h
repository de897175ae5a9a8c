/* A small window beside a label in which a person writes its note. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

/* Shows it; it goes away by itself. What was typed is kept with Enter or by leaving it, not with
 * Escape.
 * parent: it points at `at` inside it, and the keys are its again afterwards
 */
void praxi_note_popover_show (GtkWidget *parent,
                              const GdkRectangle *at,
                              PraxiSession *session,
                              gint64 label_id);

G_END_DECLS
