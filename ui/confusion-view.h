/* A confusion matrix in a drawing area, in the colours of its surroundings. */
#pragma once

#include <gtk/gtk.h>

#include "ui/confusion-plot.h"

G_BEGIN_DECLS

/* confusion: borrowed for as long as the area lives */
void praxi_confusion_view_set (GtkDrawingArea *area, PraxiConfusion *confusion);

/* The matrix is another one now. */
void praxi_confusion_view_update (GtkDrawingArea *area, const PraxiConfusion *confusion);

G_END_DECLS
