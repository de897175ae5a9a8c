/* One video in sync with the open one: its picture, its name, how far it is apart.
 *
 * Signals:
 *   chosen ()  the person is done with its controls
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session-scene.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_COMPANION_VIEW (praxi_companion_view_get_type ())
G_DECLARE_FINAL_TYPE (PraxiCompanionView, praxi_companion_view, PRAXI, COMPANION_VIEW, GtkBox)

GtkWidget *praxi_companion_view_new (PraxiSession *session, PraxiCompanion *companion);
gboolean praxi_companion_view_shows (PraxiCompanionView *view, PraxiCompanion *companion);

G_END_DECLS
