#include "ui/confusion-plot.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static void
show_text (cairo_t *cr, const char *text, double x, double y, double max_width)
{
  cairo_text_extents_t extents;
  g_autofree char *cut = g_strdup (text);
  cairo_text_extents (cr, cut, &extents);
  while (extents.width > max_width && g_utf8_strlen (cut, -1) > 1) {
    *g_utf8_offset_to_pointer (cut, g_utf8_strlen (cut, -1) - 1) = '\0';
    cairo_text_extents (cr, cut, &extents);
  }
  cairo_move_to (cr, x - extents.width / 2 - extents.x_bearing, y);
  cairo_show_text (cr, cut);
}

static double
row_sum (const PraxiConfusion *confusion, int row)
{
  double sum = 0;
  for (int c = 0; c < confusion->n_classes; c++)
    sum += confusion->counts[row][c];
  return sum;
}

static void
draw_cell (const PraxiConfusion *confusion,
           cairo_t *cr,
           int row,
           int column,
           const double box[4],
           GdkRGBA ink)
{
  const double sum = row_sum (confusion, row);
  const double share = sum > 0 ? confusion->counts[row][column] / sum : 0;
  const double alpha = 0.06 + 0.74 * share;
  cairo_set_source_rgba (cr, ink.red, ink.green, ink.blue, alpha);
  cairo_rectangle (cr, box[0], box[1], box[2] - 2, box[3] - 2);
  cairo_fill (cr);
  /* Over half covered with ink, the number is written in its opposite. */
  const double level = alpha > 0.5 ? 1 - ink.red : ink.red;
  cairo_set_source_rgb (cr, level, level, level);
  char text[32];
  g_snprintf (text, sizeof text, "%.0f", confusion->counts[row][column]);
  show_text (cr, text, box[0] + box[2] / 2 - 1, box[1] + box[3] / 2 + 4, box[2] - 6);
}

void
praxi_confusion_draw (const PraxiConfusion *confusion,
                      cairo_t *cr,
                      double width,
                      double height,
                      GdkRGBA ink)
{
  const int n = confusion->n_classes;
  if (n == 0)
    return;
  const double left = MIN (42, width * 0.32), top = 18;
  const double cell_width = (width - left) / n, cell_height = (height - top) / n;
  cairo_select_font_face (cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cr, 10);
  for (int i = 0; i < n; i++) {
    cairo_set_source_rgba (cr, ink.red, ink.green, ink.blue, 0.8);
    show_text (cr, confusion->names[i], left + (i + 0.5) * cell_width - 1, 12, cell_width);
    show_text (cr, confusion->names[i], left / 2 - 2, top + (i + 0.5) * cell_height + 4, left - 6);
  }
  for (int row = 0; row < n; row++)
    for (int column = 0; column < n; column++) {
      const double box[] = {left + column * cell_width, top + row * cell_height, cell_width,
                            cell_height};
      draw_cell (confusion, cr, row, column, box, ink);
    }
}

char *
praxi_confusion_text (const PraxiConfusion *confusion)
{
  GString *text = g_string_new (NULL);
  for (int row = 0; row < confusion->n_classes; row++)
    for (int column = 0; column < confusion->n_classes; column++)
      g_string_append_printf (text, _ ("%s called %s: %.0f; "), confusion->names[row],
                              confusion->names[column], confusion->counts[row][column]);
  return g_string_free (text, FALSE);
}

void
praxi_confusion_clear (PraxiConfusion *confusion)
{
  for (int i = 0; i < confusion->n_classes; i++)
    g_free (confusion->names[i]);
  memset (confusion, 0, sizeof *confusion);
}
