#include "ui/export.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>

#include "engine/core/error.h"

enum { PNG_SCALE = 2 };

static cairo_surface_t *
make_surface (const char *path, double width, double height)
{
  if (g_str_has_suffix (path, ".svg"))
    return cairo_svg_surface_create (path, width, height);
  if (g_str_has_suffix (path, ".pdf"))
    return cairo_pdf_surface_create (path, width, height);
  if (!g_str_has_suffix (path, ".png"))
    return NULL;
  cairo_surface_t *surface = cairo_image_surface_create (
      CAIRO_FORMAT_RGB24, (int) ceil (width * PNG_SCALE), (int) ceil (height * PNG_SCALE));
  cairo_surface_set_device_scale (surface, PNG_SCALE, PNG_SCALE);
  return surface;
}

static cairo_status_t
finish (cairo_surface_t *surface, const char *path)
{
  cairo_status_t status = cairo_surface_status (surface);
  if (status == CAIRO_STATUS_SUCCESS && g_str_has_suffix (path, ".png"))
    status = cairo_surface_write_to_png (surface, path);
  cairo_surface_finish (surface);
  return status != CAIRO_STATUS_SUCCESS ? status : cairo_surface_status (surface);
}

gboolean
praxi_export_save (const char *path,
                   double width,
                   double height,
                   PraxiExportDraw draw,
                   gpointer data,
                   GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  cairo_surface_t *surface = make_surface (path, width, height);
  if (surface == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "%s: not a picture's ending; use .png, .svg or .pdf", shown);
    return FALSE;
  }
  cairo_t *cr = cairo_create (surface);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  draw (data, cr, width, height, (GdkRGBA){0.1f, 0.1f, 0.1f, 1});
  cairo_show_page (cr);
  cairo_destroy (cr);
  const cairo_status_t status = finish (surface, path);
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s; choose another place", shown,
                 cairo_status_to_string (status));
  return status == CAIRO_STATUS_SUCCESS;
}

double
praxi_export_text (cairo_t *cr,
                   const char *text,
                   double x,
                   double y,
                   double align,
                   double max_width,
                   double size)
{
  g_autoptr (PangoLayout) layout = pango_cairo_create_layout (cr);
  PangoFontDescription *font = pango_font_description_from_string ("sans-serif");
  pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, text, -1);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  int width;
  pango_layout_get_pixel_size (layout, &width, NULL);
  if (max_width > 0 && width > max_width) {
    pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_width (layout, (int) (max_width * PANGO_SCALE));
    width = (int) max_width;
  }
  cairo_move_to (cr, x - align * width, y);
  pango_cairo_show_layout (cr, layout);
  return width;
}
