/* Pictures on their way out: the same drawing goes to the screen, PNG, SVG and PDF. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Draws into cr, width × height units (pixels, points). ink: colour of text and lines */
typedef void (
    *PraxiExportDraw) (gpointer data, cairo_t *cr, double width, double height, GdkRGBA ink);

/* Writes the drawing in black on white; the file's ending says how: .png (at twice the size), .svg
 * or .pdf.
 * Errors: USAGE (another ending), DISK
 */
gboolean praxi_export_save (const char *path,
                            double width,
                            double height,
                            PraxiExportDraw draw,
                            gpointer data,
                            GError **error);

/* One line of text with Pango, so that every script is shown. x is the left edge, the middle or the
 * right edge (align 0, 0.5, 1), y the top; cut with "…" at max_width (0: never). Returns the width.
 */
double praxi_export_text (cairo_t *cr,
                          const char *text,
                          double x,
                          double y,
                          double align,
                          double max_width,
                          double size);

G_END_DECLS
