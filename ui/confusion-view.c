#include "ui/confusion-view.h"

static void
draw_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer confusion)
{
  GdkRGBA ink;
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (area)), &ink);
  praxi_confusion_draw (confusion, cr, width, height, ink);
}

void
praxi_confusion_view_set (GtkDrawingArea *area, PraxiConfusion *confusion)
{
  gtk_drawing_area_set_draw_func (area, draw_cb, confusion, NULL);
}

void
praxi_confusion_view_update (GtkDrawingArea *area, const PraxiConfusion *confusion)
{
  g_autofree char *text = praxi_confusion_text (confusion);
  gtk_accessible_update_property (GTK_ACCESSIBLE (area), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
  gtk_widget_queue_draw (GTK_WIDGET (area));
}
