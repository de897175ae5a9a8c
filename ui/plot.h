/* A small plot: axes with ticks, lines and bars, a legend; drawn with Cairo, the same for the
 * screen and for a file.
 *
 * Thread: any, one at a time for each plot
 */
#pragma once

#include "ui/export.h"

G_BEGIN_DECLS

typedef struct {
  double x, y;
} PraxiPlotPoint;

typedef struct {
  char *name; /* in the legend; NULL: not there */
  GdkRGBA color;
  gboolean is_bars;   /* x counts the categories; several series stand side by side */
  gboolean is_dashed; /* told apart without colour */
  gboolean has_dots;
  GArray *points; /* PraxiPlotPoint; NaN in y is a gap */
} PraxiPlotSeries;

typedef struct {
  char *title, *x_label, *y_label;
  double x_min, x_max, y_min, y_max;
  gboolean has_diagonal;
  gboolean is_share_x, is_share_y; /* ticks are percentages */
  char **categories;               /* under the bars; NULL: numbers */
  GPtrArray *series;               /* PraxiPlotSeries */
} PraxiPlot;

/* Strings are copied. */
PraxiPlot *praxi_plot_new (const char *title, const char *x_label, const char *y_label);
void praxi_plot_free (PraxiPlot *plot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiPlot, praxi_plot_free)

/* Borrowed; belongs to the plot. name: copied, may be NULL */
PraxiPlotSeries *praxi_plot_add (PraxiPlot *plot, const char *name, GdkRGBA color);
void praxi_plot_add_point (PraxiPlotSeries *series, double x, double y);

/* A PraxiExportDraw; data: PraxiPlot. */
void praxi_plot_draw (gpointer data, cairo_t *cr, double width, double height, GdkRGBA ink);

/* "series,x,y" lines, numbers with a point in every locale. Free with g_free. */
char *praxi_plot_csv (const PraxiPlot *plot);

/* What a screen reader says. Free with g_free. */
char *praxi_plot_text (const PraxiPlot *plot);

G_END_DECLS
