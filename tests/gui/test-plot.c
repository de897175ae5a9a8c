/* Plots without a display: every kind of file is written and can be read back, tables are the same
 * in every locale, and what a spreadsheet would run is text.
 */
#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "ui/plot.h"

static const GdkRGBA blue = {0.1f, 0.4f, 0.9f, 1};

static PraxiPlot *
make_plot (void)
{
  PraxiPlot *plot = praxi_plot_new ("F1 by class", "Class", "F1");
  plot->categories = g_strsplit ("normal|=cmd|\"quoted\"", "|", 0);
  plot->x_max = 3;
  plot->is_share_y = TRUE;
  PraxiPlotSeries *series = praxi_plot_add (plot, "Light", blue);
  series->is_bars = TRUE;
  praxi_plot_add_point (series, 0, 0.5);
  praxi_plot_add_point (series, 1, 1);
  praxi_plot_add_point (series, 2, NAN);
  return plot;
}

static void
test_csv (void)
{
  g_autoptr (PraxiPlot) plot = make_plot ();
  g_autofree char *csv = praxi_plot_csv (plot);
  g_assert_cmpstr (csv, ==,
                   "series,x,y\n\"Light\",\"normal\",0.5\n\"Light\",\"'=cmd\",1\n"
                   "\"Light\",\"\"\"quoted\"\"\",\n");
}

static void
test_words (void)
{
  g_autoptr (PraxiPlot) plot = make_plot ();
  g_autofree char *text = praxi_plot_text (plot);
  g_assert_nonnull (strstr (text, "F1 over Class"));
  g_assert_nonnull (strstr (text, "normal 0.50"));
}

static char *
save (const char *folder, const char *name)
{
  g_autoptr (PraxiPlot) plot = make_plot ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_assert_true (praxi_export_save (path, 300, 200, praxi_plot_draw, plot, &error));
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

static void
assert_holds (const char *path, const char *begin, const char *inside)
{
  g_autofree char *text = NULL;
  gsize length;
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_assert_true (length > 500 && strncmp (text, begin, strlen (begin)) == 0);
  g_assert_nonnull (memmem (text, length, inside, strlen (inside)));
}

/* The bar of height 1 is blue in the middle of the second of three categories. */
static void
assert_bar (const char *path)
{
  cairo_surface_t *surface = cairo_image_surface_create_from_png (path);
  g_assert_cmpint (cairo_image_surface_get_width (surface), ==, 600);
  g_assert_cmpint (cairo_image_surface_get_height (surface), ==, 400);
  const int x = 2 * (38 + (300 - 38 - 20) / 2), y = 2 * 100;
  const guint8 *pixel =
      cairo_image_surface_get_data (surface) + y * cairo_image_surface_get_stride (surface) + x * 4;
  g_assert_cmpint (pixel[0], >, 200); /* blue comes first */
  g_assert_cmpint (pixel[2], <, 60);
  cairo_surface_destroy (surface);
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("praxi-plot-XXXXXX", NULL);
  g_autofree char *png = save (folder, "a.png");
  g_autofree char *svg = save (folder, "a.svg");
  g_autofree char *pdf = save (folder, "a.pdf");
  assert_bar (png);
  assert_holds (svg, "<?xml", "</svg>");
  assert_holds (pdf, "%PDF-", "%%EOF");
  g_remove (png);
  g_remove (svg);
  g_remove (pdf);
  g_rmdir (folder);
}

static void
test_refused (void)
{
  g_autoptr (PraxiPlot) plot = make_plot ();
  g_autoptr (GError) ending = NULL, place = NULL;
  g_assert_false (praxi_export_save ("/tmp/a.bmp", 9, 9, praxi_plot_draw, plot, &ending));
  g_assert_error (ending, PRAXI_ERROR, PRAXI_ERROR_USAGE);
  g_assert_false (praxi_export_save ("/nowhere/a.png", 300, 200, praxi_plot_draw, plot, &place));
  g_assert_error (place, PRAXI_ERROR, PRAXI_ERROR_DISK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plot/csv", test_csv);
  g_test_add_func ("/plot/words", test_words);
  g_test_add_func ("/plot/files", test_files);
  g_test_add_func ("/plot/refused", test_refused);
  return g_test_run ();
}
