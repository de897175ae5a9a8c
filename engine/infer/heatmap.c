#include "engine/infer/heatmap.h"

#include <cairo.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>

#include "engine/core/error.h"
#include "engine/core/text.h"

#define SECOND_NS G_GINT64_CONSTANT (1000000000)

enum {
  MARGIN = 16,
  TITLE = 30,
  ROW = 36,
  BARS = 12,
  GAP = 10,
  RULER = 30,
  LEGEND = 34,
  LEGEND_WIDTH = 160,
  TICK_DISTANCE = 90, /* at least, between two labels of the ruler */
  FONT = 13,
};

typedef struct {
  cairo_t *cairo;
  const PraxiScoreTrack *track;
  const PraxiHeatmapOptions *options;
  gint64 start_ns, end_ns;
  int left, width; /* of the rows */
  int top;         /* of the first row */
} Page;

static void
set_ink (cairo_t *cairo, double grey)
{
  cairo_set_source_rgb (cairo, grey, grey, grey);
}

static void
set_color (cairo_t *cairo, guint32 color)
{
  cairo_set_source_rgb (cairo, ((color >> 16) & 0xff) / 255.0, ((color >> 8) & 0xff) / 255.0,
                        (color & 0xff) / 255.0);
}

static double
text_width (cairo_t *cairo, const char *text)
{
  cairo_text_extents_t extents;
  cairo_text_extents (cairo, text, &extents);
  return extents.x_advance;
}

/* The text, shortened in the middle with an ellipsis where it is wider than max. */
static char *
fit_text (cairo_t *cairo, const char *text, double max)
{
  glong n = g_utf8_strlen (text, -1);
  g_autofree char *shown = g_strdup (text);
  while (n > 4 && text_width (cairo, shown) > max) {
    n--;
    g_autofree char *head = g_utf8_substring (text, 0, n / 2);
    const char *tail = g_utf8_offset_to_pointer (text, g_utf8_strlen (text, -1) - (n - n / 2));
    g_free (shown);
    shown = g_strconcat (head, "…", tail, NULL);
  }
  return g_steal_pointer (&shown);
}

static void
show_text (cairo_t *cairo, double x, double y, const char *text)
{
  cairo_move_to (cairo, x, y);
  cairo_show_text (cairo, text);
}

/* A raster of u32 pixels as an image at (x, y). */
static void
paint_pixels (cairo_t *cairo, guint32 *pixels, int width, int height, int x, int y)
{
  cairo_surface_t *image = cairo_image_surface_create_for_data (
      (unsigned char *) pixels, CAIRO_FORMAT_ARGB32, width, height, width * 4);
  cairo_set_source_surface (cairo, image, x, y);
  cairo_rectangle (cairo, x, y, width, height);
  cairo_fill (cairo);
  cairo_surface_destroy (image);
}

static double
x_of (const Page *page, gint64 t_ns)
{
  const double share = (double) (t_ns - page->start_ns) / (double) (page->end_ns - page->start_ns);
  return page->left + CLAMP (share, 0, 1) * page->width;
}

static void
draw_events (const Page *page, int class_index, int y)
{
  for (guint i = 0; page->options->events != NULL && i < page->options->events->len; i++) {
    const PraxiEvent *event = &g_array_index (page->options->events, PraxiEvent, i);
    if (event->class_index != class_index || event->end_ns <= page->start_ns ||
        event->start_ns >= page->end_ns)
      continue;
    const double from = x_of (page, event->start_ns);
    const double to = MAX (x_of (page, event->end_ns), from + 2);
    cairo_rectangle (page->cairo, from, y + 3, to - from, BARS - 5);
    set_ink (page->cairo, 0.15);
    cairo_fill (page->cairo);
  }
}

static void
draw_row (const Page *page, int class_index)
{
  const int y = page->top + class_index * (ROW + BARS + GAP);
  const PraxiHeatRow row = {.palette = page->options->palette,
                            .class_index = class_index,
                            .start_ns = page->start_ns,
                            .end_ns = page->end_ns};
  g_autofree guint32 *pixels = g_new (guint32, (gsize) page->width * ROW);
  praxi_heat_raster (page->track, &row, pixels, page->width, ROW, page->width);
  paint_pixels (page->cairo, pixels, page->width, ROW, page->left, y);

  set_ink (page->cairo, 0.1);
  const char *name = praxi_score_track_class_name (page->track, class_index);
  g_autofree char *shown = fit_text (page->cairo, name, page->left - 2 * MARGIN);
  const double text_x = page->left - MARGIN / 2.0 - text_width (page->cairo, shown);
  show_text (page->cairo, text_x, y + ROW / 2.0 + FONT * 0.35, shown);
  draw_events (page, class_index, y + ROW);
}

/* The first step of 1, 2, 5, 10, 15, 30 s, … that leaves room for the labels. */
static gint64
ruler_step_ns (const Page *page)
{
  static const int steps_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200};
  const double per_px_s = (double) (page->end_ns - page->start_ns) / 1e9 / page->width;
  for (guint i = 0; i < G_N_ELEMENTS (steps_s); i++)
    if (steps_s[i] >= per_px_s * TICK_DISTANCE)
      return steps_s[i] * SECOND_NS;
  return (gint64) ceil (per_px_s * TICK_DISTANCE / 14400) * 14400 * SECOND_NS;
}

static void
draw_ruler (const Page *page, int y)
{
  const gint64 step_ns = ruler_step_ns (page);
  const gint64 first_ns = (page->start_ns + step_ns - 1) / step_ns * step_ns;
  cairo_set_line_width (page->cairo, 1);
  for (gint64 t_ns = first_ns; t_ns <= page->end_ns; t_ns += step_ns) {
    const double x = floor (x_of (page, t_ns)) + 0.5;
    set_ink (page->cairo, 0.45);
    cairo_move_to (page->cairo, x, y);
    cairo_line_to (page->cairo, x, y + 6);
    cairo_stroke (page->cairo);
    g_autofree char *text = praxi_text_time (t_ns, 0);
    const double half = text_width (page->cairo, text) / 2;
    set_ink (page->cairo, 0.2);
    show_text (page->cairo, CLAMP (x - half, page->left, page->left + page->width - 2 * half),
               y + 8 + FONT, text);
  }
}

static void
draw_legend (const Page *page, int y)
{
  guint32 scale[LEGEND_WIDTH * 12], hatch[24 * 12];
  for (int i = 0; i < LEGEND_WIDTH * 12; i++)
    scale[i] =
        praxi_heat_color (page->options->palette, (float) (i % LEGEND_WIDTH) / (LEGEND_WIDTH - 1));
  for (int i = 0; i < 24 * 12; i++)
    hatch[i] =
        praxi_heat_hatch (i % 24, i / 24) ? PRAXI_HEAT_MISSING_DARK : PRAXI_HEAT_MISSING_LIGHT;
  cairo_t *cairo = page->cairo;
  double x = page->left;
  const double base = y + 11;
  set_ink (cairo, 0.2);
  show_text (cairo, x, base, "score 0");
  x += text_width (cairo, "score 0") + 8;
  paint_pixels (cairo, scale, LEGEND_WIDTH, 12, (int) x, y);
  x = (int) x + LEGEND_WIDTH + 8;
  set_ink (cairo, 0.2);
  show_text (cairo, x, base, "1");
  x += 28;
  paint_pixels (cairo, hatch, 24, 12, (int) x, y);
  set_ink (cairo, 0.2);
  show_text (cairo, x + 32, base, "not analysed");
  x += 32 + text_width (cairo, "not analysed") + 28;
  cairo_rectangle (cairo, x, y + 3, 24, BARS - 5);
  set_ink (cairo, 0.15);
  cairo_fill (cairo);
  show_text (cairo, x + 32, base, "event");
}

static void
draw_page (Page *page, int width, int height)
{
  cairo_t *cairo = page->cairo;
  const int n_classes = praxi_score_track_n_classes (page->track);
  set_color (cairo, 0xffffffffu);
  cairo_paint (cairo);
  cairo_select_font_face (cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (cairo, FONT);

  double widest = 40;
  for (int c = 0; c < n_classes; c++)
    widest = MAX (widest, text_width (cairo, praxi_score_track_class_name (page->track, c)));
  page->left = (int) MIN (widest, width / 4.0) + 2 * MARGIN;
  page->width = MAX (width - page->left - MARGIN, 1);
  page->top = MARGIN + TITLE;
  if (page->options->title != NULL) {
    g_autofree char *shown = fit_text (cairo, page->options->title, page->width);
    set_ink (cairo, 0);
    show_text (cairo, page->left, MARGIN + FONT, shown);
  }
  for (int c = 0; c < n_classes; c++)
    draw_row (page, c);
  draw_ruler (page, page->top + n_classes * (ROW + BARS + GAP) - GAP);
  draw_legend (page, height - LEGEND);
}

static void
whole_track (const PraxiScoreTrack *track, gint64 *start_ns, gint64 *end_ns)
{
  gint64 ignored;
  praxi_score_track_window_span (track, 0, start_ns, &ignored);
  praxi_score_track_window_span (track, MAX (praxi_score_track_n_windows (track) - 1, 0), &ignored,
                                 end_ns);
}

static gboolean
write_png (cairo_surface_t *surface, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".part", NULL);
  g_autofree char *name = praxi_text_file_name (path);
  const cairo_status_t status = cairo_surface_write_to_png (surface, temporary);
  if (status == CAIRO_STATUS_SUCCESS && g_rename (temporary, path) == 0)
    return TRUE;
  const char *why =
      status == CAIRO_STATUS_SUCCESS ? g_strerror (errno) : cairo_status_to_string (status);
  g_unlink (temporary);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK,
               "%s: cannot write the picture (%s); choose another file", name, why);
  return FALSE;
}

gboolean
praxi_heatmap_write (const PraxiScoreTrack *track,
                     const PraxiHeatmapOptions *options,
                     const char *path,
                     GError **error)
{
  static const PraxiHeatmapOptions defaults = {0};
  Page page = {.track = track, .options = options != NULL ? options : &defaults};
  page.start_ns = page.options->start_ns;
  page.end_ns = page.options->end_ns;
  if (page.end_ns <= page.start_ns)
    whole_track (track, &page.start_ns, &page.end_ns);
  const int width = page.options->width_px > 0 ? CLAMP (page.options->width_px, 320, 16000) : 1200;
  const int height = 2 * MARGIN + TITLE + RULER + LEGEND +
                     praxi_score_track_n_classes (track) * (ROW + BARS + GAP);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  page.cairo = cairo_create (surface);
  draw_page (&page, width, height);
  const gboolean is_drawn = cairo_status (page.cairo) == CAIRO_STATUS_SUCCESS;
  cairo_destroy (page.cairo);
  if (!is_drawn)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY, "%s: not enough memory for the picture",
                 path);
  const gboolean good = is_drawn && write_png (surface, path, error);
  cairo_surface_destroy (surface);
  return good;
}
