/* Part of the side panel "Train": limits with sliders, a lighter model within them, what every pass
 * left, a comparison, and a switch that takes the model for analyses.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_LIGHTEN_PAGE (praxi_lighten_page_get_type ())
G_DECLARE_FINAL_TYPE (PraxiLightenPage, praxi_lighten_page, PRAXI, LIGHTEN_PAGE, GtkBox)

/* session: ref'd */
GtkWidget *praxi_lighten_page_new (PraxiSession *session);

G_END_DECLS
