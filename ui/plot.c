#include "ui/plot.h"

#include <glib/gi18n.h>
#include <math.h>

enum { TEXT = 10, LEGEND_ROW = 15 };

/* Where the data lies inside the picture. */
typedef struct {
  const PraxiPlot *plot;
  cairo_t *cr;
  double left, top, width, height;
  GdkRGBA ink;
} Frame;

static void
series_free (gpointer data)
{
  PraxiPlotSeries *series = data;
  g_free (series->name);
  g_array_unref (series->points);
  g_free (series);
}

PraxiPlot *
praxi_plot_new (const char *title, const char *x_label, const char *y_label)
{
  PraxiPlot *plot = g_new0 (PraxiPlot, 1);
  plot->title = g_strdup (title);
  plot->x_label = g_strdup (x_label);
  plot->y_label = g_strdup (y_label);
  plot->x_max = plot->y_max = 1;
  plot->series = g_ptr_array_new_with_free_func (series_free);
  return plot;
}

void
praxi_plot_free (PraxiPlot *plot)
{
  if (plot == NULL)
    return;
  g_free (plot->title);
  g_free (plot->x_label);
  g_free (plot->y_label);
  g_strfreev (plot->categories);
  g_ptr_array_unref (plot->series);
  g_free (plot);
}

PraxiPlotSeries *
praxi_plot_add (PraxiPlot *plot, const char *name, GdkRGBA color)
{
  PraxiPlotSeries *series = g_new0 (PraxiPlotSeries, 1);
  series->name = g_strdup (name);
  series->color = color;
  series->points = g_array_new (FALSE, FALSE, sizeof (PraxiPlotPoint));
  g_ptr_array_add (plot->series, series);
  return series;
}

void
praxi_plot_add_point (PraxiPlotSeries *series, double x, double y)
{
  g_array_append_val (series->points, ((PraxiPlotPoint){x, y}));
}

/* --- scales -------------------------------------------------------------------------------- */

static double
x_at (const Frame *frame, double x)
{
  const PraxiPlot *plot = frame->plot;
  return frame->left + (x - plot->x_min) / (plot->x_max - plot->x_min) * frame->width;
}

static double
y_at (const Frame *frame, double y)
{
  const PraxiPlot *plot = frame->plot;
  return frame->top + frame->height -
         (y - plot->y_min) / (plot->y_max - plot->y_min) * frame->height;
}

/* 1, 2 or 5 times a power of ten, so that about `wanted` steps fit. */
static double
tick_step (double span, int wanted)
{
  const double rough = span / wanted, power = pow (10, floor (log10 (rough)));
  const double lead = rough / power;
  return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

static char *
tick_text (double value, double step, gboolean is_share)
{
  if (is_share)
    return g_strdup_printf ("%.0f %%", value * 100);
  return g_strdup_printf (step < 1 ? "%.1f" : "%.0f", value);
}

static void
set_ink (const Frame *frame, double alpha)
{
  cairo_set_source_rgba (frame->cr, (double) frame->ink.red, (double) frame->ink.green,
                         (double) frame->ink.blue, alpha);
}

static void
draw_line (const Frame *frame, double x0, double y0, double x1, double y1)
{
  cairo_move_to (frame->cr, round (x0) + 0.5, round (y0) + 0.5);
  cairo_line_to (frame->cr, round (x1) + 0.5, round (y1) + 0.5);
  cairo_stroke (frame->cr);
}

/* --- axes ---------------------------------------------------------------------------------- */

static void
draw_y_axis (const Frame *frame)
{
  const PraxiPlot *plot = frame->plot;
  const double span = plot->y_max - plot->y_min, step = tick_step (span, 4);
  for (double y = ceil (plot->y_min / step) * step; y <= plot->y_max + step / 1e6; y += step) {
    g_autofree char *text = tick_text (y, step, plot->is_share_y);
    set_ink (frame, 0.12);
    draw_line (frame, frame->left, y_at (frame, y), frame->left + frame->width, y_at (frame, y));
    set_ink (frame, 0.75);
    praxi_export_text (frame->cr, text, frame->left - 4, y_at (frame, y) - TEXT * 0.65, 1, 0, TEXT);
  }
}

static void
draw_categories (const Frame *frame)
{
  const int n = (int) g_strv_length (frame->plot->categories);
  set_ink (frame, 0.75);
  for (int i = 0; i < n; i++)
    praxi_export_text (frame->cr, frame->plot->categories[i], x_at (frame, i + 0.5),
                       frame->top + frame->height + 3, 0.5, frame->width / n, TEXT);
}

static void
draw_x_axis (const Frame *frame)
{
  const PraxiPlot *plot = frame->plot;
  if (plot->categories != NULL) {
    draw_categories (frame);
    return;
  }
  const double step = tick_step (plot->x_max - plot->x_min, 4);
  for (double x = ceil (plot->x_min / step) * step; x <= plot->x_max + step / 1e6; x += step) {
    g_autofree char *text = tick_text (x, step, plot->is_share_x);
    set_ink (frame, 0.12);
    draw_line (frame, x_at (frame, x), frame->top, x_at (frame, x), frame->top + frame->height);
    set_ink (frame, 0.75);
    praxi_export_text (frame->cr, text, x_at (frame, x), frame->top + frame->height + 3, 0.5, 0,
                       TEXT);
  }
}

static void
draw_labels (const Frame *frame, double width)
{
  set_ink (frame, 0.9);
  praxi_export_text (frame->cr, frame->plot->y_label, 2, 1, 0, width - 4, TEXT);
  praxi_export_text (frame->cr, frame->plot->x_label, frame->left + frame->width,
                     frame->top + frame->height + 17, 1, frame->width, TEXT);
}

/* --- data ---------------------------------------------------------------------------------- */

static int
count_bars (const PraxiPlot *plot, const PraxiPlotSeries *until)
{
  int n = 0;
  for (guint i = 0; i < plot->series->len && plot->series->pdata[i] != until; i++)
    n += ((const PraxiPlotSeries *) plot->series->pdata[i])->is_bars;
  return n;
}

static void
draw_bars (const Frame *frame, const PraxiPlotSeries *series)
{
  const int n_groups = MAX (count_bars (frame->plot, NULL), 1);
  const double pitch = x_at (frame, 1) - x_at (frame, 0), bar = pitch * 0.76 / n_groups;
  const double offset = pitch * 0.12 + bar * count_bars (frame->plot, series);
  for (guint i = 0; i < series->points->len; i++) {
    const PraxiPlotPoint point = g_array_index (series->points, PraxiPlotPoint, i);
    if (!isfinite (point.y))
      continue;
    const double bottom = y_at (frame, frame->plot->y_min), top = y_at (frame, point.y);
    cairo_rectangle (frame->cr, x_at (frame, point.x) + offset, top, bar - 1, bottom - top);
    if (!series->is_dashed) {
      cairo_fill (frame->cr);
      continue;
    }
    cairo_set_line_width (frame->cr, 1.5);
    cairo_stroke (frame->cr);
  }
}

static void
draw_dots (const Frame *frame, const PraxiPlotSeries *series)
{
  for (guint i = 0; i < series->points->len; i++) {
    const PraxiPlotPoint point = g_array_index (series->points, PraxiPlotPoint, i);
    if (!isfinite (point.y))
      continue;
    cairo_arc (frame->cr, x_at (frame, point.x), y_at (frame, point.y), 2.5, 0, 2 * G_PI);
    cairo_fill (frame->cr);
  }
}

static void
draw_curve (const Frame *frame, const PraxiPlotSeries *series)
{
  static const double dashes[] = {4, 3};
  cairo_set_line_width (frame->cr, series->is_dashed ? 1.2 : 1.8);
  cairo_set_dash (frame->cr, dashes, series->is_dashed ? 2 : 0, 0);
  cairo_new_path (frame->cr);
  for (guint i = 0; i < series->points->len; i++) {
    const PraxiPlotPoint point = g_array_index (series->points, PraxiPlotPoint, i);
    if (isfinite (point.y))
      cairo_line_to (frame->cr, x_at (frame, point.x), y_at (frame, point.y));
    else
      cairo_new_sub_path (frame->cr); /* a gap */
  }
  cairo_stroke (frame->cr);
  cairo_set_dash (frame->cr, NULL, 0, 0);
  if (series->has_dots)
    draw_dots (frame, series);
}

static void
draw_diagonal (const Frame *frame)
{
  static const double dashes[] = {1, 3};
  set_ink (frame, 0.5);
  cairo_set_dash (frame->cr, dashes, 2, 0);
  cairo_move_to (frame->cr, x_at (frame, 0), y_at (frame, 0));
  cairo_line_to (frame->cr, x_at (frame, 1), y_at (frame, 1));
  cairo_stroke (frame->cr);
  cairo_set_dash (frame->cr, NULL, 0, 0);
}

static void
draw_data (const Frame *frame)
{
  cairo_save (frame->cr);
  cairo_rectangle (frame->cr, frame->left - 3, frame->top - 3, frame->width + 6, frame->height + 6);
  cairo_clip (frame->cr);
  for (guint i = 0; i < frame->plot->series->len; i++) {
    const PraxiPlotSeries *series = frame->plot->series->pdata[i];
    gdk_cairo_set_source_rgba (frame->cr, &series->color);
    if (series->is_bars)
      draw_bars (frame, series);
    else
      draw_curve (frame, series);
  }
  cairo_restore (frame->cr);
}

/* --- legend -------------------------------------------------------------------------------- */

static void
draw_mark (const Frame *frame, const PraxiPlotSeries *series, double x, double y)
{
  static const double dashes[] = {4, 3};
  gdk_cairo_set_source_rgba (frame->cr, &series->color);
  cairo_set_line_width (frame->cr, 2);
  cairo_set_dash (frame->cr, dashes, series->is_dashed ? 2 : 0, 0);
  cairo_move_to (frame->cr, x, y + LEGEND_ROW / 2.0);
  cairo_line_to (frame->cr, x + 16, y + LEGEND_ROW / 2.0);
  cairo_stroke (frame->cr);
  cairo_set_dash (frame->cr, NULL, 0, 0);
}

static int
count_names (const PraxiPlot *plot)
{
  int n = 0;
  for (guint i = 0; i < plot->series->len; i++)
    n += ((const PraxiPlotSeries *) plot->series->pdata[i])->name != NULL;
  return n;
}

/* Two columns below the picture. */
static void
draw_legend (const Frame *frame, double y, double width)
{
  int n = 0;
  for (guint i = 0; i < frame->plot->series->len; i++) {
    const PraxiPlotSeries *series = frame->plot->series->pdata[i];
    if (series->name == NULL)
      continue;
    const double x = 4 + (n % 2) * width / 2, row_y = y + (n / 2) * LEGEND_ROW;
    draw_mark (frame, series, x, row_y);
    set_ink (frame, 0.9);
    praxi_export_text (frame->cr, series->name, x + 21, row_y, 0, width / 2 - 26, TEXT);
    n++;
  }
}

void
praxi_plot_draw (gpointer data, cairo_t *cr, double width, double height, GdkRGBA ink)
{
  const PraxiPlot *plot = data;
  const double legend = (count_names (plot) + 1) / 2 * LEGEND_ROW;
  const Frame frame = {.plot = plot,
                       .cr = cr,
                       .left = 38,
                       .top = 20,
                       .width = MAX (width - 38 - 20, 10),
                       .height = MAX (height - 20 - 34 - legend, 10),
                       .ink = ink};
  cairo_set_line_width (cr, 1);
  draw_y_axis (&frame);
  draw_x_axis (&frame);
  draw_labels (&frame, width);
  if (plot->has_diagonal)
    draw_diagonal (&frame);
  draw_data (&frame);
  draw_legend (&frame, height - legend, width);
}

/* --- in words ------------------------------------------------------------------------------ */

/* A cell that a spreadsheet takes for text, whatever is in it. */
static void
add_cell (GString *text, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (value, "\"", 0);
  g_autofree char *quoted = g_strjoinv ("\"\"", parts);
  const gboolean is_formula = *value != '\0' && strchr ("=+-@\t\r", *value) != NULL;
  g_string_append_printf (text, "\"%s%s\"", is_formula ? "'" : "", quoted);
}

char *
praxi_plot_csv (const PraxiPlot *plot)
{
  GString *text = g_string_new ("series,x,y\n");
  const guint n_categories = plot->categories != NULL ? g_strv_length (plot->categories) : 0;
  for (guint s = 0; s < plot->series->len; s++) {
    const PraxiPlotSeries *series = plot->series->pdata[s];
    for (guint i = 0; i < series->points->len; i++) {
      const PraxiPlotPoint point = g_array_index (series->points, PraxiPlotPoint, i);
      char number[G_ASCII_DTOSTR_BUF_SIZE];
      add_cell (text, series->name != NULL ? series->name : "");
      g_string_append_c (text, ',');
      if (point.x >= 0 && point.x < n_categories)
        add_cell (text, plot->categories[(int) point.x]);
      else
        g_string_append (text, g_ascii_formatd (number, sizeof number, "%.6g", point.x));
      g_string_append_c (text, ',');
      if (isfinite (point.y))
        g_string_append (text, g_ascii_formatd (number, sizeof number, "%.6g", point.y));
      g_string_append_c (text, '\n');
    }
  }
  return g_string_free (text, FALSE);
}

char *
praxi_plot_text (const PraxiPlot *plot)
{
  GString *text = g_string_new (NULL);
  g_string_append_printf (text, _ ("%s over %s. "), plot->y_label, plot->x_label);
  for (guint s = 0; s < plot->series->len; s++) {
    const PraxiPlotSeries *series = plot->series->pdata[s];
    if (series->name == NULL || series->points->len == 0)
      continue;
    g_string_append_printf (text, "%s: ", series->name);
    for (guint i = 0; plot->categories != NULL && i < series->points->len; i++)
      g_string_append_printf (text, "%s %.2f, ", plot->categories[i],
                              g_array_index (series->points, PraxiPlotPoint, i).y);
    if (plot->categories == NULL)
      g_string_append_printf (text, ngettext ("%u point; ", "%u points; ", series->points->len),
                              series->points->len);
  }
  return g_string_free (text, FALSE);
}
