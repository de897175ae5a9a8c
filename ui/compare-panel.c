#include "ui/compare-panel.h"

#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"
#include "ui/compare-plots.h"
#include "ui/compare-report.h"
#include "ui/confusion-view.h"
#include "ui/file-dialog.h"
#include "ui/jump-list.h"
#include "ui/plot-view.h"
#include "ui/session-analysis.h"
#include "ui/strip.h"

struct _PraxiComparePanel {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkStack *stack;
  GtkLabel *subject;
  GtkGrid *measures;
  GtkDrawingArea *confusions[2];
  PraxiConfusion matrices[2];
  GtkDrawingArea *confusion_original, *confusion_light;
  GtkLabel *light_title;
  GtkBox *plots_place;
  PraxiPlotView *plots[PRAXI_COMPARE_N_PLOTS];
  GtkLabel *disagreements_title;
  GtkBox *disagreements_place;
  PraxiJumpList *disagreements;
  GtkButton *folder_button, *project_button;
  char *wanted_media; /* jump to wanted_s once its frames are known */
  double wanted_s;
};

enum { PLOT_HEIGHT_PX = 210 };

static guint chosen_signal;

G_DEFINE_FINAL_TYPE (PraxiComparePanel, praxi_compare_panel, GTK_TYPE_BOX)

static JsonObject *
member_object (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
member_array (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static const char *
member_text (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  const gboolean is_text = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                           json_node_get_value_type (node) == G_TYPE_STRING;
  return is_text ? json_node_get_string (node) : "";
}

/* --- the table ----------------------------------------------------------------------------- */

static void
put_text (PraxiComparePanel *self, const char *text, int column, int row, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0 : 1);
  gtk_label_set_ellipsize (GTK_LABEL (label),
                           column == 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  gtk_widget_set_hexpand (label, column == 0);
  if (column == 0)
    gtk_label_set_width_chars (GTK_LABEL (label), 14);
  gtk_widget_add_css_class (label, "numeric");
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  gtk_grid_attach (self->measures, label, column, row, 1, 1);
}

/* Two thin bars on one scale: what the original measures, and what the light model does. */
static void
draw_bar_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  const double *values = user_data;
  const double most = fmax (values[0], values[1]);
  GdkRGBA ink;
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (area)), &ink);
  for (int i = 0; i < 2 && most > 0; i++) {
    if (isnan (values[i]))
      continue;
    cairo_set_source_rgba (cr, i == 0 ? (double) ink.red : 0.21, i == 0 ? (double) ink.green : 0.52,
                           i == 0 ? (double) ink.blue : 0.89, i == 0 ? 0.35 : 1);
    cairo_rectangle (cr, 0, i * 3, fmax (1, width * values[i] / most), 2);
    cairo_fill (cr);
  }
}

static void
put_bar (PraxiComparePanel *self, int row, double before, double after)
{
  const double values[] = {before, after};
  GtkWidget *bar = g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role",
                                 GTK_ACCESSIBLE_ROLE_PRESENTATION, "content-height", 5, NULL);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (bar), draw_bar_cb,
                                  g_memdup2 (values, sizeof values), g_free);
  gtk_grid_attach (self->measures, bar, 0, row, 4, 1);
}

static const char *
model_name (const PraxiComparePanel *self, int model)
{
  return praxi_report_model_name (praxi_session_report (self->session), model);
}

static void
put_measure (PraxiComparePanel *self,
             const PraxiMeasure *measure,
             int row,
             JsonObject *original,
             JsonObject *light)
{
  static const char *const verdict_classes[] = {"worse", "dim-label", "better"};
  int verdict;
  const double before = praxi_report_value (original, measure->path);
  const double after = praxi_report_value (light, measure->path);
  g_autofree char *before_text = praxi_measure_text (measure, before);
  g_autofree char *after_text = praxi_measure_text (measure, after);
  g_autofree char *delta = praxi_measure_delta (measure, before, after, &verdict);
  put_text (self, _ (measure->title), 0, row, NULL);
  gtk_widget_set_tooltip_text (gtk_grid_get_child_at (self->measures, 0, row), _ (measure->tip));
  put_text (self, before_text, 1, row, NULL);
  put_text (self, after_text, 2, row, NULL);
  put_text (self, delta, 3, row, verdict_classes[verdict + 1]);
  put_bar (self, row + 1, before, after);
}

static void
update_measures (PraxiComparePanel *self, JsonObject *original, JsonObject *light)
{
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->measures))) != NULL)
    gtk_grid_remove (self->measures, child);
  put_text (self, _ ("Measure"), 0, 0, "dim-label");
  put_text (self, model_name (self, 0), 1, 0, "heading");
  put_text (self, model_name (self, 1), 2, 0, "heading");
  put_text (self, _ ("Change"), 3, 0, "dim-label");
  int row = 1;
  for (int i = 0; i < praxi_n_measures; i++) {
    const gboolean is_device = g_str_equal (praxi_measures[i].path, "peak_device_bytes");
    if (is_device && !(praxi_report_value (original, "peak_device_bytes") > 0 ||
                       praxi_report_value (light, "peak_device_bytes") > 0))
      continue;
    put_measure (self, &praxi_measures[i], row, original, light);
    row += 2;
  }
}

/* --- confusion ----------------------------------------------------------------------------- */

static void
update_confusion (PraxiComparePanel *self, int index, JsonObject *report, JsonArray *classes)
{
  praxi_report_confusion (report, classes, &self->matrices[index]);
  praxi_confusion_view_update (self->confusions[index], &self->matrices[index]);
}

static void
draw_both (gpointer data, cairo_t *cr, double width, double height, GdkRGBA ink)
{
  const PraxiComparePanel *self = data;
  const double half = width / 2;
  for (int i = 0; i < 2; i++) {
    cairo_save (cr);
    cairo_translate (cr, i * half + 8, 8);
    cairo_set_source_rgb (cr, (double) ink.red, (double) ink.green, (double) ink.blue);
    praxi_export_text (cr, model_name (self, i), (half - 16) / 2, 0, 0.5, 0, 12);
    cairo_translate (cr, 0, 20);
    praxi_confusion_draw (&self->matrices[i], cr, half - 16, height - 36, ink);
    cairo_restore (cr);
  }
}

static char *
confusion_csv (const PraxiComparePanel *self)
{
  g_autoptr (PraxiPlot) plot = praxi_plot_new ("", "", "");
  for (int i = 0; i < 2; i++)
    for (int row = 0; row < self->matrices[i].n_classes; row++) {
      g_autofree char *name =
          g_strdup_printf ("%s: %s", model_name (self, i), self->matrices[i].names[row]);
      PraxiPlotSeries *series = praxi_plot_add (plot, name, (GdkRGBA){0});
      for (int column = 0; column < self->matrices[i].n_classes; column++)
        praxi_plot_add_point (series, column, self->matrices[i].counts[row][column]);
    }
  const int n = self->matrices[0].n_classes;
  plot->categories = g_new0 (char *, n + 1);
  for (int c = 0; c < n; c++)
    plot->categories[c] = g_strdup (self->matrices[0].names[c]);
  return praxi_plot_csv (plot);
}

static void
export_confusion_cb (PraxiComparePanel *self)
{
  g_autofree char *csv = confusion_csv (self);
  praxi_plot_view_ask_export (GTK_WIDGET (self), _ ("Confusion"), 520, 260, draw_both, self, csv);
}

/* --- disagreements ------------------------------------------------------------------------- */

static PraxiJumpRow *
make_row (PraxiComparePanel *self, JsonObject *entry, int index)
{
  const char *truth = member_text (entry, "class");
  const GdkRGBA color = praxi_strip_class_color (self->session, truth);
  g_autofree char *base = g_path_get_basename (member_text (entry, "file"));
  g_autofree char *name = praxi_text_file_name (base);
  const double start_s = praxi_report_value (entry, "start_s");
  g_autofree char *time = praxi_text_time ((gint64) (isnan (start_s) ? 0 : start_s * 1e9), 1);
  g_autofree char *detail =
      g_strdup_printf (_ ("is %s · original: %s · light: %s"), truth,
                       member_text (entry, "original"), member_text (entry, "light"));
  return praxi_jump_row_new (index, &color, name, detail, isnan (start_s) ? "" : time);
}

static void
update_disagreements (PraxiComparePanel *self, JsonArray *entries)
{
  const guint n_entries = entries != NULL ? json_array_get_length (entries) : 0;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n_entries; i++) {
    JsonNode *node = json_array_get_element (entries, i);
    if (JSON_NODE_HOLDS_OBJECT (node))
      g_ptr_array_add (rows, make_row (self, json_node_get_object (node), (int) i));
  }
  praxi_jump_list_set_rows (self->disagreements, rows);
  g_autofree char *title =
      g_strdup_printf (ngettext ("%u disagreement", "%u disagreements", n_entries), n_entries);
  gtk_label_set_text (self->disagreements_title, title);
}

static char *
locate (PraxiComparePanel *self, JsonObject *entry)
{
  const char *path = member_text (entry, "path"), *file = member_text (entry, "file");
  if (g_path_is_absolute (path))
    return g_strdup (path);
  if (g_path_is_absolute (file))
    return g_strdup (file);
  const char *subject = praxi_session_report_subject (self->session);
  g_autofree char *folder =
      g_file_test (subject, G_FILE_TEST_IS_DIR) ? g_strdup (subject) : g_path_get_dirname (subject);
  return g_build_filename (folder, file, NULL);
}

static void
jump_when_ready (PraxiComparePanel *self)
{
  PraxiMediaItem *media = praxi_session_media (self->session);
  if (self->wanted_media == NULL || media == NULL ||
      !g_str_equal (praxi_media_item_path (media), self->wanted_media) ||
      praxi_session_n_frames (self->session) == 0)
    return;
  g_clear_pointer (&self->wanted_media, g_free);
  const gint64 time_ns = (gint64) llround (self->wanted_s * 1e9);
  praxi_session_seek (self->session, praxi_session_frame_at (self->session, time_ns));
}

static void
chosen_cb (PraxiJumpList *list, gint64 id, PraxiComparePanel *self)
{
  JsonArray *entries = member_array (praxi_session_report (self->session), "disagreements");
  if (entries == NULL || id < 0 || id >= json_array_get_length (entries))
    return;
  JsonObject *entry = json_array_get_object_element (entries, (guint) id);
  const double start_s = praxi_report_value (entry, "start_s");
  g_autofree char *path = locate (self, entry);
  g_free (self->wanted_media);
  self->wanted_media = g_canonicalize_filename (path, NULL);
  self->wanted_s = isnan (start_s) ? 0 : start_s;
  praxi_session_add_media (self->session, self->wanted_media);
  jump_when_ready (self);
  g_signal_emit (self, chosen_signal, 0, id);
}

/* --- what a person does -------------------------------------------------------------------- */

static void
folder_chosen_cb (const char *const *paths, gpointer user_data)
{
  PraxiComparePanel *self = user_data;
  if (paths != NULL)
    praxi_session_compare (self->session, paths[0]);
}

static void
compare_folder_cb (PraxiComparePanel *self)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_ ("Folder with labels.csv"), window,
                                                              GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                                                              _ ("_Compare"), _ ("_Cancel"));
  praxi_file_dialog_show (dialog, folder_chosen_cb, self);
}

static void
compare_project_cb (PraxiComparePanel *self)
{
  praxi_session_compare (self->session, NULL);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
update_report (PraxiComparePanel *self)
{
  JsonObject *document = praxi_session_report (self->session);
  gtk_stack_set_visible_child_name (self->stack, document != NULL ? "report" : "empty");
  if (document == NULL)
    return;
  JsonObject *original = member_object (document, "original");
  JsonObject *light = member_object (document, "light");
  JsonArray *classes = member_array (document, "classes");
  g_autofree char *base = g_path_get_basename (praxi_session_report_subject (self->session));
  g_autofree char *name = praxi_text_file_name (base);
  g_autofree char *text = g_strdup_printf (_ ("Measured on %s"), name);
  gtk_label_set_text (self->subject, text);
  update_measures (self, original, light);
  gtk_label_set_text (self->light_title, model_name (self, 1));
  update_confusion (self, 0, original, classes);
  update_confusion (self, 1, light, classes);
  for (int i = 0; i < PRAXI_COMPARE_N_PLOTS; i++)
    praxi_plot_view_set_plot (self->plots[i],
                              praxi_compare_plot_new ((PraxiComparePlot) i, self->session));
  update_disagreements (self, member_array (document, "disagreements"));
}

static void
changed_cb (PraxiComparePanel *self, guint changes)
{
  if (changes & PRAXI_CHANGE_REPORT)
    update_report (self);
  if (changes & PRAXI_CHANGE_MEDIA)
    jump_when_ready (self);
  if (changes & PRAXI_CHANGE_JOB) {
    const gboolean is_free = !praxi_session_is_comparing (self->session);
    gtk_widget_set_sensitive (GTK_WIDGET (self->folder_button), is_free);
    gtk_widget_set_sensitive (GTK_WIDGET (self->project_button), is_free);
  }
}

static void
praxi_compare_panel_dispose (GObject *object)
{
  PraxiComparePanel *self = PRAXI_COMPARE_PANEL (object);
  g_clear_object (&self->session);
  g_clear_pointer (&self->wanted_media, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_COMPARE_PANEL);
  G_OBJECT_CLASS (praxi_compare_panel_parent_class)->dispose (object);
}

static void
praxi_compare_panel_finalize (GObject *object)
{
  PraxiComparePanel *self = PRAXI_COMPARE_PANEL (object);
  praxi_confusion_clear (&self->matrices[0]);
  praxi_confusion_clear (&self->matrices[1]);
  G_OBJECT_CLASS (praxi_compare_panel_parent_class)->finalize (object);
}

static void
praxi_compare_panel_class_init (PraxiComparePanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_compare_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = praxi_compare_panel_finalize;
  chosen_signal = g_signal_new ("chosen", PRAXI_TYPE_COMPARE_PANEL, G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/compare-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, stack);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, subject);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, measures);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, confusion_original);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, confusion_light);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, light_title);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, plots_place);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, disagreements_title);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, disagreements_place);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, folder_button);
  gtk_widget_class_bind_template_child (widget_class, PraxiComparePanel, project_button);
  gtk_widget_class_bind_template_callback (widget_class, compare_folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, compare_project_cb);
  gtk_widget_class_bind_template_callback (widget_class, export_confusion_cb);
}

static void
praxi_compare_panel_init (PraxiComparePanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->confusions[0] = self->confusion_original;
  self->confusions[1] = self->confusion_light;
  for (int i = 0; i < 2; i++)
    praxi_confusion_view_set (self->confusions[i], &self->matrices[i]);
  for (int i = 0; i < PRAXI_COMPARE_N_PLOTS; i++) {
    self->plots[i] = PRAXI_PLOT_VIEW (praxi_plot_view_new (PLOT_HEIGHT_PX));
    gtk_box_append (self->plots_place, GTK_WIDGET (self->plots[i]));
  }
  self->disagreements = PRAXI_JUMP_LIST (
      praxi_jump_list_new (_ ("Disagreements"), _ ("The two models agree on every clip.")));
  gtk_box_append (self->disagreements_place, GTK_WIDGET (self->disagreements));
  g_signal_connect (self->disagreements, "chosen", G_CALLBACK (chosen_cb), self);
}

GtkWidget *
praxi_compare_panel_new (PraxiSession *session)
{
  PraxiComparePanel *self = g_object_new (PRAXI_TYPE_COMPARE_PANEL, NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return GTK_WIDGET (self);
}
