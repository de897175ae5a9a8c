#include "ui/plot-view.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ui/file-dialog.h"
#include "ui/window-private.h"

enum { EXPORT_WIDTH = 480, EXPORT_HEIGHT = 320 };

struct _PraxiPlotView {
  GtkBox parent_instance;
  GtkLabel *title;
  GtkDrawingArea *area;
  PraxiPlot *plot;
};

G_DEFINE_FINAL_TYPE (PraxiPlotView, praxi_plot_view, GTK_TYPE_BOX)

/* --- export -------------------------------------------------------------------------------- */

typedef struct {
  GtkWidget *widget;
  double width, height;
  PraxiExportDraw draw;
  gpointer data;
  char *csv;
} Export;

static void
export_free (Export *export)
{
  g_object_unref (export->widget);
  g_free (export->csv);
  g_free (export);
}

static void
say (Export *export, const char *text)
{
  GtkRoot *root = gtk_widget_get_root (export->widget);
  if (PRAXI_IS_WINDOW (root))
    praxi_window_say (PRAXI_WINDOW (root), text);
}

static void
write_file (Export *export, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = g_filename_display_basename (path);
  const gboolean is_good = g_str_has_suffix (path, ".csv") && export->csv != NULL
                               ? g_file_set_contents (path, export->csv, -1, &error)
                               : praxi_export_save (path, export->width, export->height,
                                                    export->draw, export->data, &error);
  g_autofree char *text =
      is_good ? g_strdup_printf (_ ("Exported %s"), shown) : g_strdup (error->message);
  say (export, text);
}

static void
chosen_cb (const char *const *paths, gpointer user_data)
{
  Export *export = user_data;
  if (paths != NULL)
    write_file (export, paths[0]);
  export_free (export);
}

void
praxi_plot_view_ask_export (GtkWidget *widget,
                            const char *name,
                            double width,
                            double height,
                            PraxiExportDraw draw,
                            gpointer data,
                            const char *csv)
{
  Export *export = g_new0 (Export, 1);
  *export = (Export){g_object_ref (widget), width, height, draw, data, g_strdup (csv)};
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      csv != NULL ? _ ("Export as PNG, SVG, PDF or CSV") : _ ("Export as PNG, SVG or PDF"),
      GTK_WINDOW (gtk_widget_get_root (widget)), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"),
      _ ("_Cancel"));
  g_autofree char *file_name = g_strconcat (name, ".png", NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), file_name);
  praxi_file_dialog_add_filter (dialog, _ ("PNG picture"), NULL, "png");
  praxi_file_dialog_add_filter (dialog, _ ("SVG drawing"), NULL, "svg");
  praxi_file_dialog_add_filter (dialog, _ ("PDF document"), NULL, "pdf");
  if (csv != NULL)
    praxi_file_dialog_add_filter (dialog, _ ("CSV table"), NULL, "csv");
  praxi_file_dialog_show (dialog, chosen_cb, export);
}

static void
export_cb (PraxiPlotView *self)
{
  if (self->plot == NULL)
    return;
  g_autofree char *csv = praxi_plot_csv (self->plot);
  praxi_plot_view_ask_export (GTK_WIDGET (self), self->plot->title, EXPORT_WIDTH, EXPORT_HEIGHT,
                              praxi_plot_draw, self->plot, csv);
}

/* --- the view ------------------------------------------------------------------------------ */

static void
draw_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  const PraxiPlotView *self = user_data;
  GdkRGBA ink;
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (area)), &ink);
  if (self->plot != NULL)
    praxi_plot_draw (self->plot, cr, width, height, ink);
}

void
praxi_plot_view_set_plot (PraxiPlotView *self, PraxiPlot *plot)
{
  g_clear_pointer (&self->plot, praxi_plot_free);
  self->plot = plot;
  gtk_widget_set_visible (GTK_WIDGET (self), plot != NULL);
  if (plot == NULL)
    return;
  g_autofree char *text = praxi_plot_text (plot);
  gtk_label_set_text (self->title, plot->title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->area), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  plot->title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self->area));
}

static void
praxi_plot_view_finalize (GObject *object)
{
  g_clear_pointer (&PRAXI_PLOT_VIEW (object)->plot, praxi_plot_free);
  G_OBJECT_CLASS (praxi_plot_view_parent_class)->finalize (object);
}

static void
praxi_plot_view_class_init (PraxiPlotViewClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_plot_view_finalize;
}

static void
praxi_plot_view_init (PraxiPlotView *self)
{
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *button = gtk_button_new_from_icon_name ("document-save-symbolic");
  self->title = GTK_LABEL (gtk_label_new (NULL));
  self->area =
      g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_label_set_xalign (self->title, 0);
  gtk_label_set_ellipsize (self->title, PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (GTK_WIDGET (self->title), "heading");
  gtk_widget_set_hexpand (GTK_WIDGET (self->title), TRUE);
  gtk_widget_set_tooltip_text (button, _ ("Export as PNG, SVG, PDF or CSV…"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Export this picture…"), -1);
  gtk_widget_add_css_class (button, "flat");
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (export_cb), self);
  gtk_drawing_area_set_draw_func (self->area, draw_cb, self, NULL);
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (self->title));
  gtk_box_append (GTK_BOX (head), button);
  gtk_box_append (GTK_BOX (self), head);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->area));
}

GtkWidget *
praxi_plot_view_new (int height_px)
{
  PraxiPlotView *self = g_object_new (PRAXI_TYPE_PLOT_VIEW, NULL);
  gtk_drawing_area_set_content_height (self->area, height_px);
  return GTK_WIDGET (self);
}
