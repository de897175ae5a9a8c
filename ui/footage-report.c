#include "ui/footage-report.h"

#include <cairo-pdf.h>
#include <glib/gi18n.h>

#include "engine/core/error.h"

/* Points; A4. */
enum {
  PAGE_WIDTH = 595,
  PAGE_HEIGHT = 842,
  MARGIN = 42,
  ROW_HEIGHT = 46,
  HEAT_ROW = 16,
  NAME_WIDTH = 74,
};

static const GdkRGBA black = {0.1f, 0.1f, 0.1f, 1};

/* Where on which page the next thing goes. */
typedef struct {
  cairo_t *cr;
  double y;
  int page;
} Cursor;

static void
row_free (gpointer data)
{
  PraxiReportRow *row = data;
  g_free (row->class_name);
  g_free (row->times);
  g_free (row->detail);
  g_clear_pointer (&row->picture, cairo_surface_destroy);
  g_free (row);
}

PraxiFootageReport *
praxi_footage_report_new (void)
{
  PraxiFootageReport *report = g_new0 (PraxiFootageReport, 1);
  report->facts = g_ptr_array_new_with_free_func (g_free);
  report->ticks = g_ptr_array_new_with_free_func (g_free);
  report->heat_names = g_ptr_array_new_with_free_func (g_free);
  report->heat = g_ptr_array_new_with_free_func ((GDestroyNotify) cairo_surface_destroy);
  report->events = g_ptr_array_new_with_free_func (row_free);
  report->labels = g_ptr_array_new_with_free_func (row_free);
  return report;
}

void
praxi_footage_report_free (PraxiFootageReport *report)
{
  if (report == NULL)
    return;
  g_free (report->title);
  g_ptr_array_unref (report->facts);
  g_ptr_array_unref (report->ticks);
  g_ptr_array_unref (report->heat_names);
  g_ptr_array_unref (report->heat);
  g_ptr_array_unref (report->events);
  g_ptr_array_unref (report->labels);
  g_free (report);
}

PraxiReportRow *
praxi_report_row_add (GPtrArray *rows)
{
  PraxiReportRow *row = g_new0 (PraxiReportRow, 1);
  g_ptr_array_add (rows, row);
  return row;
}

static void
set_ink (cairo_t *cr, GdkRGBA ink, double alpha)
{
  cairo_set_source_rgba (cr, (double) ink.red, (double) ink.green, (double) ink.blue, alpha);
}

/* --- the timeline -------------------------------------------------------------------------- */

static double
timeline_height (const PraxiFootageReport *report)
{
  return 18 + report->heat->len * HEAT_ROW + 2 * (HEAT_ROW + 2);
}

static void
draw_picture (cairo_t *cr,
              cairo_surface_t *picture,
              double x,
              double y,
              double width,
              double height)
{
  const double scale_x = width / cairo_image_surface_get_width (picture);
  const double scale_y = height / cairo_image_surface_get_height (picture);
  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_scale (cr, scale_x, scale_y);
  cairo_set_source_surface (cr, picture, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_BILINEAR);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD); /* edges stay sharp */
  cairo_rectangle (cr, 0, 0, cairo_image_surface_get_width (picture),
                   cairo_image_surface_get_height (picture));
  cairo_clip (cr);
  cairo_paint (cr);
  cairo_restore (cr);
}

static void
draw_spans (const PraxiFootageReport *report,
            cairo_t *cr,
            const GPtrArray *rows,
            double left,
            double y,
            double width)
{
  const double length_ns = (double) MAX (praxi_time_span_length (report->span), 1);
  cairo_set_source_rgb (cr, 0.94, 0.94, 0.94);
  cairo_rectangle (cr, left, y, width, HEAT_ROW);
  cairo_fill (cr);
  for (guint i = 0; i < rows->len; i++) {
    const PraxiReportRow *row = rows->pdata[i];
    const double start = (double) (row->span.start_ns - report->span.start_ns) / length_ns;
    const double length = (double) praxi_time_span_length (row->span) / length_ns;
    set_ink (cr, row->color, 0.85);
    cairo_rectangle (cr, left + start * width, y, MAX (length * width, 1), HEAT_ROW);
    cairo_fill (cr);
  }
}

static void
draw_ticks (const PraxiFootageReport *report, cairo_t *cr, double left, double width, GdkRGBA ink)
{
  const guint n = report->ticks->len;
  set_ink (cr, ink, 0.8);
  for (guint i = 0; i < n && n > 1; i++) {
    const double share = (double) i / (n - 1);
    praxi_export_text (cr, report->ticks->pdata[i], left + share * width, 0, share, 0, 8);
  }
}

/* A PraxiExportDraw. */
static void
draw_timeline (gpointer data, cairo_t *cr, double width, double height, GdkRGBA ink)
{
  const PraxiFootageReport *report = data;
  const double left = NAME_WIDTH, strip = width - left;
  const GPtrArray *const spans[] = {report->events, report->labels};
  const char *const names[] = {_ ("Events"), _ ("Labels")};
  double y = 16;
  draw_ticks (report, cr, left, strip, ink);
  for (guint i = 0; i < report->heat->len; i++, y += HEAT_ROW) {
    draw_picture (cr, report->heat->pdata[i], left, y, strip, HEAT_ROW - 1);
    set_ink (cr, ink, 1);
    praxi_export_text (cr, report->heat_names->pdata[i], left - 6, y + 2, 1, left - 8, 9);
  }
  for (int i = 0; i < 2; i++, y += HEAT_ROW + 2) {
    draw_spans (report, cr, spans[i], left, y + 2, strip);
    set_ink (cr, ink, 1);
    praxi_export_text (cr, names[i], left - 6, y + 4, 1, left - 8, 9);
  }
}

/* --- pages --------------------------------------------------------------------------------- */

static void
end_page (Cursor *cursor)
{
  char number[16];
  g_snprintf (number, sizeof number, "%d", ++cursor->page);
  set_ink (cursor->cr, black, 0.6);
  praxi_export_text (cursor->cr, number, PAGE_WIDTH / 2.0, PAGE_HEIGHT - 30, 0.5, 0, 9);
  cairo_show_page (cursor->cr);
  cursor->y = MARGIN;
}

static void
need (Cursor *cursor, double height)
{
  if (cursor->y + height > PAGE_HEIGHT - MARGIN)
    end_page (cursor);
}

static void
draw_text (Cursor *cursor, const char *text, double size, double alpha)
{
  need (cursor, size * 1.6);
  set_ink (cursor->cr, black, alpha);
  praxi_export_text (cursor->cr, text, MARGIN, cursor->y, 0, PAGE_WIDTH - 2 * MARGIN, size);
  cursor->y += size * 1.6;
}

static void
draw_row (Cursor *cursor, const PraxiReportRow *row)
{
  need (cursor, ROW_HEIGHT);
  const double y = cursor->y, text_x = MARGIN + 84;
  cairo_set_source_rgb (cursor->cr, 0.9, 0.9, 0.9);
  cairo_rectangle (cursor->cr, MARGIN, y, 72, 40);
  cairo_fill (cursor->cr);
  if (row->picture != NULL) {
    const double width = cairo_image_surface_get_width (row->picture);
    const double height = cairo_image_surface_get_height (row->picture);
    const double scale = MIN (72 / width, 40 / height);
    draw_picture (cursor->cr, row->picture, MARGIN + (72 - width * scale) / 2,
                  y + (40 - height * scale) / 2, width * scale, height * scale);
  }
  set_ink (cursor->cr, row->color, 1);
  cairo_rectangle (cursor->cr, MARGIN + 74, y, 4, 40);
  cairo_fill (cursor->cr);
  set_ink (cursor->cr, black, 1);
  praxi_export_text (cursor->cr, row->class_name, text_x, y + 1, 0, 200, 11);
  praxi_export_text (cursor->cr, row->times, text_x, y + 16, 0, PAGE_WIDTH - MARGIN - text_x, 9);
  set_ink (cursor->cr, black, 0.65);
  praxi_export_text (cursor->cr, row->detail, text_x, y + 28, 0, PAGE_WIDTH - MARGIN - text_x, 8);
  cursor->y += ROW_HEIGHT;
}

static void
draw_rows (Cursor *cursor, const char *heading, const GPtrArray *rows, const char *none)
{
  cursor->y += 10;
  need (cursor, 24 + ROW_HEIGHT);
  draw_text (cursor, heading, 13, 1);
  cursor->y += 3;
  if (rows->len == 0)
    draw_text (cursor, none, 9, 0.65);
  for (guint i = 0; i < rows->len; i++)
    draw_row (cursor, rows->pdata[i]);
}

static void
draw_pages (PraxiFootageReport *report, cairo_t *cr)
{
  Cursor cursor = {.cr = cr, .y = MARGIN};
  g_autofree char *events = g_strdup_printf (
      ngettext ("%u event", "%u events", report->events->len), report->events->len);
  g_autofree char *labels = g_strdup_printf (
      ngettext ("%u label", "%u labels", report->labels->len), report->labels->len);
  draw_text (&cursor, report->title, 18, 1);
  for (guint i = 0; i < report->facts->len; i++)
    draw_text (&cursor, report->facts->pdata[i], 9, 0.75);
  cursor.y += 10;
  need (&cursor, timeline_height (report));
  cairo_save (cr);
  cairo_translate (cr, MARGIN, cursor.y);
  draw_timeline (report, cr, PAGE_WIDTH - 2 * MARGIN, timeline_height (report), black);
  cairo_restore (cr);
  cursor.y += timeline_height (report);
  draw_rows (&cursor, events, report->events, _ ("The model found none, or nobody asked it yet."));
  draw_rows (&cursor, labels, report->labels, _ ("Nobody labelled anything yet."));
  draw_text (&cursor, _ ("A score is a hint for a person and no evidence."), 8, 0.65);
  end_page (&cursor);
}

static gboolean
save_pdf (PraxiFootageReport *report, const char *path, GError **error)
{
  cairo_surface_t *surface = cairo_pdf_surface_create (path, PAGE_WIDTH, PAGE_HEIGHT);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, report->title);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Praxiscope");
  cairo_t *cr = cairo_create (surface);
  draw_pages (report, cr);
  cairo_destroy (cr);
  cairo_surface_finish (surface);
  const cairo_status_t status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_autofree char *shown = g_filename_display_name (path);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s; choose another place", shown,
               cairo_status_to_string (status));
  return FALSE;
}

gboolean
praxi_footage_report_save (PraxiFootageReport *report, const char *path, GError **error)
{
  if (g_str_has_suffix (path, ".pdf"))
    return save_pdf (report, path, error);
  return praxi_export_save (path, 1200, timeline_height (report), draw_timeline, report, error);
}
