#include "ui/strip.h"

#include <math.h>

#include "ui/session-labels.h"

void
praxi_strip_text (const PraxiStripContext *context,
                  GtkSnapshot *snapshot,
                  const char *text,
                  const GdkRGBA *color,
                  graphene_rect_t box,
                  PraxiTextSide side)
{
  int width, height;
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (context->widget, text);
  pango_layout_set_width (layout, (int) (box.size.width * PANGO_SCALE));
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_alignment (layout, side == PRAXI_TEXT_LEFT     ? PANGO_ALIGN_LEFT
                                      : side == PRAXI_TEXT_CENTRE ? PANGO_ALIGN_CENTER
                                                                  : PANGO_ALIGN_RIGHT);
  pango_layout_get_pixel_size (layout, &width, &height);
  gtk_snapshot_save (snapshot);
  const float y = box.origin.y + floorf ((box.size.height - (float) height) / 2);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (box.origin.x, y));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

void
praxi_strip_name (const PraxiStripContext *context,
                  GtkSnapshot *snapshot,
                  const char *name,
                  float y,
                  float height)
{
  const graphene_rect_t box = GRAPHENE_RECT_INIT (0, y, (float) context->gutter_px - 10, height);
  praxi_strip_text (context, snapshot, name, &context->dim_text, box, PRAXI_TEXT_RIGHT);
}

void
praxi_strip_bed (const PraxiStripContext *context, GtkSnapshot *snapshot, float y, float height)
{
  gtk_snapshot_append_color (snapshot, &context->bed,
                             &GRAPHENE_RECT_INIT ((float) context->time.left_px, y,
                                                  (float) context->time.width_px, height));
}

gboolean
praxi_strip_box (const PraxiStripContext *context,
                 PraxiTimeSpan span,
                 float y,
                 float height,
                 graphene_rect_t *box)
{
  if (!praxi_time_span_overlaps (span, context->time.span))
    return FALSE;
  const double left = context->time.left_px, right = left + context->time.width_px;
  const double x0 = CLAMP (praxi_time_scale_x (&context->time, span.start_ns), left, right);
  const double x1 = CLAMP (praxi_time_scale_x (&context->time, span.end_ns), left, right);
  const double x = MIN (round (x0), right - 2);
  *box = GRAPHENE_RECT_INIT ((float) x, y, (float) MAX (2, round (x1) - x), height);
  return TRUE;
}

static double
linear (double value)
{
  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

GdkRGBA
praxi_strip_text_on (const GdkRGBA *color)
{
  const double luminance =
      0.2126 * linear (color->red) + 0.7152 * linear (color->green) + 0.0722 * linear (color->blue);
  /* (L + 0.05) / 0.05 against 1.05 / (L + 0.05) are equal at 0.179 */
  const float level = luminance > 0.179 ? 0 : 1;
  return (GdkRGBA){level, level, level, 1};
}

GdkRGBA
praxi_strip_class_color (PraxiSession *session, const char *class_name)
{
  const PraxiUiClass *cls = praxi_session_find_class_named (session, class_name);
  return cls != NULL ? cls->color : (GdkRGBA){0.55f, 0.55f, 0.55f, 1};
}
