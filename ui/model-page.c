#include "ui/model-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"
#include "ui/compare-report.h"
#include "ui/file-dialog.h"
#include "ui/said.h"
#include "ui/session-model.h"

struct _PraxiModelPage {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkWidget *facts; /* a grid: what, value */
  int n_rows;
};

G_DEFINE_FINAL_TYPE (PraxiModelPage, praxi_model_page, GTK_TYPE_BOX)

/* --- rows ---------------------------------------------------------------------------------- */

static GtkWidget *
make_text (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
add_row (PraxiModelPage *self, const char *what, const char *value)
{
  if (value == NULL || *value == '\0')
    return;
  GtkWidget *text = make_text (value, "numeric");
  gtk_label_set_selectable (GTK_LABEL (text), TRUE);
  gtk_widget_set_focusable (text, FALSE);
  gtk_widget_set_hexpand (text, TRUE);
  gtk_grid_attach (GTK_GRID (self->facts), make_text (what, "dim-label"), 0, self->n_rows, 1, 1);
  gtk_grid_attach (GTK_GRID (self->facts), text, 1, self->n_rows++, 1, 1);
}

static const char *
text_of (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, "");
}

static char *
params_text (JsonObject *info)
{
  const double params = praxi_report_value (info, "params");
  return isnan (params) ? NULL : g_strdup_printf ("%.0f", params);
}

static char *
macs_text (JsonObject *info)
{
  const double macs = praxi_report_value (info, "macs");
  return isnan (macs) ? NULL : g_strdup_printf (_ ("%.1f million a window"), macs / 1e6);
}

/* "fight · enters at 0.62, leaves at 0.41" for each class. */
static char *
class_text (JsonObject *info, const char *name)
{
  JsonObject *thresholds = json_object_has_member (info, "thresholds")
                               ? json_object_get_object_member (info, "thresholds")
                               : NULL;
  JsonObject *own = thresholds != NULL && json_object_has_member (thresholds, name)
                        ? json_object_get_object_member (thresholds, name)
                        : NULL;
  const double enter = praxi_report_value (own, "enter"), leave = praxi_report_value (own, "exit");
  if (isnan (enter) || isnan (leave))
    return g_strdup (name);
  return g_strdup_printf (_ ("%s · begins at %.0f %%, ends below %.0f %%"), name, enter * 100,
                          leave * 100);
}

static char *
classes_text (JsonObject *info)
{
  JsonNode *node = json_object_get_member (info, "classes");
  JsonArray *classes =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; classes != NULL && i < json_array_get_length (classes); i++) {
    g_autofree char *line = class_text (info, json_array_get_string_element (classes, i));
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : "", line);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
lineage_text (JsonObject *info)
{
  JsonNode *node = json_object_get_member (info, "lineage");
  JsonArray *steps =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; steps != NULL && i < json_array_get_length (steps); i++) {
    JsonObject *step = json_array_get_object_element (steps, i);
    g_autofree char *said = praxi_said_text (text_of (step, "step"));
    g_string_append_printf (text, "%s%u. %s", i > 0 ? "\n" : "", i + 1, said);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
input_text (JsonObject *info)
{
  const double frames = praxi_report_value (info, "input.frames");
  const double rate_hz = praxi_report_value (info, "input.rate_hz");
  if (isnan (frames) || isnan (rate_hz))
    return NULL;
  return g_strdup_printf (_ ("%.0f frames of %.0f × %.0f px at %.1f a second"), frames,
                          praxi_report_value (info, "input.width"),
                          praxi_report_value (info, "input.height"), rate_hz);
}

static char *
bytes_text (JsonObject *info, const char *name)
{
  const double bytes = praxi_report_value (info, name);
  return isnan (bytes) ? NULL : praxi_text_bytes ((guint64) MAX (bytes, 0));
}

static void
show_info (PraxiModelPage *self, JsonObject *info)
{
  g_autofree char *classes = classes_text (info), *lineage = lineage_text (info);
  g_autofree char *input = input_text (info), *file = bytes_text (info, "file_bytes");
  g_autofree char *weights = bytes_text (info, "weights_bytes");
  g_autofree char *params = params_text (info), *macs = macs_text (info);
  g_autofree char *path = g_canonicalize_filename (text_of (info, "file"), NULL);
  g_autofree char *precision = g_ascii_strup (text_of (info, "precision"), -1);
  add_row (self, _ ("Model"), text_of (info, "name"));
  add_row (self, _ ("File"), path);
  add_row (self, _ ("Classes"), classes);
  add_row (self, _ ("Looks at"), input);
  add_row (self, _ ("Precision"), precision);
  add_row (self, _ ("Size"), file);
  add_row (self, _ ("Weights"), weights);
  add_row (self, _ ("Parameters"), params);
  add_row (self, _ ("Multiply-adds"), macs);
  add_row (self, _ ("Made by"), lineage);
  add_row (self, _ ("Licence"), text_of (info, "licence"));
  add_row (self, _ ("SHA-256"), text_of (info, "sha256"));
}

static void
changed_cb (PraxiModelPage *self, guint changes)
{
  if (!(changes & PRAXI_CHANGE_REPORT) || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  JsonObject *info = praxi_session_model_info (self->session);
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (self->facts)) != NULL)
    gtk_grid_remove (GTK_GRID (self->facts), child);
  self->n_rows = 0;
  if (info != NULL)
    show_info (self, info);
}

/* --- another model ------------------------------------------------------------------------- */

static void
chosen_cb (const char *const *paths, gpointer user_data)
{
  PraxiModelPage *self = user_data;
  if (paths != NULL)
    praxi_session_set_model (self->session, paths[0]);
}

static void
choose_cb (PraxiModelPage *self)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      _ ("Choose a model"), GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
      GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Use this model"), _ ("_Cancel"));
  praxi_file_dialog_add_filter (dialog, _ ("Models (ONNX)"), NULL, "onnx");
  praxi_file_dialog_show (dialog, chosen_cb, self);
}

static void
use_light_cb (PraxiModelPage *self)
{
  praxi_session_set_model (self->session, "light");
}

static void
use_original_cb (PraxiModelPage *self)
{
  praxi_session_set_model (self->session, "original");
}

static void
add_button (PraxiModelPage *self,
            GtkWidget *box,
            const char *label,
            const char *tip,
            GCallback done)
{
  GtkWidget *button = gtk_button_new_with_label (label);
  gtk_widget_set_tooltip_text (button, tip);
  gtk_widget_add_css_class (button, "compact");
  g_signal_connect_swapped (button, "clicked", done, self);
  gtk_box_append (GTK_BOX (box), button);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
praxi_model_page_dispose (GObject *object)
{
  g_clear_object (&PRAXI_MODEL_PAGE (object)->session);
  G_OBJECT_CLASS (praxi_model_page_parent_class)->dispose (object);
}

static void
praxi_model_page_class_init (PraxiModelPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = praxi_model_page_dispose;
}

static void
praxi_model_page_init (PraxiModelPage *self)
{
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *scroll = gtk_scrolled_window_new ();
  self->facts = gtk_grid_new ();
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 8);
  gtk_box_set_homogeneous (GTK_BOX (buttons), TRUE);
  gtk_widget_set_margin_start (buttons, 12);
  gtk_widget_set_margin_end (buttons, 12);
  add_button (self, buttons, _ ("Light"), _ ("Analyse with the bundled light model"),
              G_CALLBACK (use_light_cb));
  add_button (self, buttons, _ ("Original"), _ ("Analyse with the bundled original model"),
              G_CALLBACK (use_original_cb));
  add_button (self, buttons, _ ("Other…"), _ ("Analyse with a model file of your own"),
              G_CALLBACK (choose_cb));
  gtk_grid_set_row_spacing (GTK_GRID (self->facts), 8);
  gtk_grid_set_column_spacing (GTK_GRID (self->facts), 10);
  gtk_widget_set_margin_start (self->facts, 12);
  gtk_widget_set_margin_end (self->facts, 12);
  gtk_widget_set_margin_bottom (self->facts, 12);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroll), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroll), self->facts);
  gtk_widget_set_vexpand (scroll, TRUE);
  gtk_box_append (GTK_BOX (self), buttons);
  gtk_box_append (GTK_BOX (self), scroll);
}

/* Asked for when the page is first seen, not at the start. */
static void
mapped_cb (PraxiModelPage *self)
{
  changed_cb (self, PRAXI_CHANGE_REPORT);
}

GtkWidget *
praxi_model_page_new (PraxiSession *session)
{
  PraxiModelPage *self = g_object_new (PRAXI_TYPE_MODEL_PAGE, NULL);
  self->session = g_object_ref (session);
  g_signal_connect (self, "map", G_CALLBACK (mapped_cb), NULL);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}
