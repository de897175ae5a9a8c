/* A small card over the timeline: what the footage shows where the pointer is, and the numbers
 * there. It hears of the pointer from the session and takes no events itself.
 */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"
#include "ui/timeline.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_HOVER_CARD (praxi_hover_card_get_type ())
G_DECLARE_FINAL_TYPE (PraxiHoverCard, praxi_hover_card, PRAXI, HOVER_CARD, GtkBox)

/* Adds a card to the overlay, which holds the timeline; it stands above the timeline, where the
 * pointer's time is.
 */
void praxi_hover_card_add (GtkOverlay *overlay, PraxiTimeline *timeline, PraxiSession *session);

G_END_DECLS
