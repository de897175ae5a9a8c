/* A plot in the window: heading, picture, and a menu to export it. */
#pragma once

#include "ui/plot.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_PLOT_VIEW (praxi_plot_view_get_type ())
G_DECLARE_FINAL_TYPE (PraxiPlotView, praxi_plot_view, PRAXI, PLOT_VIEW, GtkBox)

GtkWidget *praxi_plot_view_new (int height_px);

/* plot: taken over; NULL hides the view */
void praxi_plot_view_set_plot (PraxiPlotView *view, PraxiPlot *plot);

/* Asks for a file and writes the drawing, or csv for an ending of .csv.
 * name: proposed, without an ending; csv: NULL when there is none
 */
void praxi_plot_view_ask_export (GtkWidget *widget,
                                 const char *name,
                                 double width,
                                 double height,
                                 PraxiExportDraw draw,
                                 gpointer data,
                                 const char *csv);

G_END_DECLS
