#include "ui/train-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/compare-report.h"
#include "ui/confusion-view.h"
#include "ui/learn-data.h"
#include "ui/page-parts.h"
#include "ui/plot-view.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"
#include "ui/session-made.h"
#include "ui/session-training.h"

struct _PraxiTrainPage {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkDropDown *from, *how, *classes;
  GtkWidget *choices, *train, *resume, *cancel, *state, *compare, *use_row;
  GtkSwitch *use;
  GtkWidget *loss, *f1;
  GtkDrawingArea *confusion;
  PraxiConfusion matrix;
};

static const GdkRGBA train_color = {0.5f, 0.5f, 0.5f, 1}, val_color = {0.21f, 0.52f, 0.89f, 1};

enum { CONFUSION_PX = 200 };

G_DEFINE_FINAL_TYPE (PraxiTrainPage, praxi_train_page, GTK_TYPE_BOX)

/* --- plots --------------------------------------------------------------------------------- */

static void
add_line (PraxiPlot *plot, const GArray *epochs, const char *name, GdkRGBA color, gsize offset)
{
  PraxiPlotSeries *series = praxi_plot_add (plot, name, color);
  series->has_dots = TRUE;
  series->is_dashed = offset == G_STRUCT_OFFSET (PraxiUiEpoch, train_loss);
  for (guint i = 0; i < epochs->len; i++) {
    const PraxiUiEpoch *epoch = &g_array_index (epochs, PraxiUiEpoch, i);
    const double y = G_STRUCT_MEMBER (double, epoch, offset);
    praxi_plot_add_point (series, epoch->epoch, y);
    if (isfinite (y))
      plot->y_max = MAX (plot->y_max, ceil (y * 5) / 5);
  }
  plot->x_max = MAX (epochs->len - 1, 1);
}

static PraxiPlot *
make_loss (const GArray *epochs)
{
  PraxiPlot *plot = praxi_plot_new (_ ("Loss"), _ ("Epoch"), _ ("Cross-entropy"));
  plot->y_max = 0.2;
  add_line (plot, epochs, _ ("Learnt clips"), train_color,
            G_STRUCT_OFFSET (PraxiUiEpoch, train_loss));
  add_line (plot, epochs, _ ("Other footage"), val_color, G_STRUCT_OFFSET (PraxiUiEpoch, val_loss));
  return plot;
}

static PraxiPlot *
make_f1 (const GArray *epochs)
{
  PraxiPlot *plot = praxi_plot_new (_ ("Macro-F1 on other footage"), _ ("Epoch"), _ ("Macro-F1"));
  plot->y_max = 1;
  add_line (plot, epochs, NULL, val_color, G_STRUCT_OFFSET (PraxiUiEpoch, val_f1));
  return plot;
}

/* --- words --------------------------------------------------------------------------------- */

static char *
running_text (PraxiSession *session)
{
  const GArray *epochs = praxi_session_epochs (session);
  if (epochs->len == 0)
    return g_strdup (_ ("Reading the labelled clips…"));
  const PraxiUiEpoch *last = &g_array_index (epochs, PraxiUiEpoch, epochs->len - 1);
  if (last->epoch == 0)
    return g_strdup (_ ("Learning the first epoch…"));
  return g_strdup_printf (_ ("Epoch %d is done, loss %.3f"), last->epoch, last->train_loss);
}

static char *
done_text (PraxiSession *session)
{
  const GArray *epochs = praxi_session_epochs (session);
  const PraxiUiEpoch *first = &g_array_index (epochs, PraxiUiEpoch, 0);
  const PraxiUiEpoch *best =
      &g_array_index (epochs, PraxiUiEpoch, (guint) praxi_session_best_epoch (session));
  if (best == first)
    return g_strdup (_ ("No epoch was better than the model it began with. More labels, of more "
                        "footage, help most."));
  if (isnan (best->val_f1))
    return g_strdup_printf (_ ("Epoch %d is kept. All labels are of one piece of footage: nothing "
                               "was left to validate with."),
                            best->epoch);
  return g_strdup_printf (_ ("Epoch %d is kept: macro-F1 %.2f, %.2f before"), best->epoch,
                          best->val_f1, first->val_f1);
}

static void
update_state (PraxiTrainPage *self)
{
  const PraxiTrainingState state = praxi_session_training (self->session);
  g_autofree char *text = state == PRAXI_TRAINING_RUNNING ? running_text (self->session)
                          : state == PRAXI_TRAINING_DONE  ? done_text (self->session)
                                                          : g_strdup ("");
  gtk_label_set_text (GTK_LABEL (self->state), text);
  gtk_widget_set_visible (self->state, *text != '\0');
}

/* --- following the session ----------------------------------------------------------------- */

static void
update_plots (PraxiTrainPage *self)
{
  const GArray *epochs = praxi_session_epochs (self->session);
  const gboolean has_epochs = epochs->len > 1;
  const gboolean has_val = has_epochs && !isnan (g_array_index (epochs, PraxiUiEpoch, 1).val_f1);
  praxi_plot_view_set_plot (PRAXI_PLOT_VIEW (self->loss), has_epochs ? make_loss (epochs) : NULL);
  praxi_plot_view_set_plot (PRAXI_PLOT_VIEW (self->f1), has_val ? make_f1 (epochs) : NULL);
}

/* The classes of a report in their order. Free with json_array_unref. */
static JsonArray *
class_names (JsonObject *report)
{
  JsonArray *names = json_array_new ();
  JsonNode *node = json_object_get_member (report, "per_class");
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return names;
  g_autoptr (GList) members = json_object_get_members (json_node_get_object (node));
  for (GList *at = members; at != NULL; at = at->next)
    json_array_add_string_element (names, at->data);
  return names;
}

static void
update_confusion (PraxiTrainPage *self)
{
  JsonObject *report = praxi_session_training_report (self->session);
  gtk_widget_set_visible (GTK_WIDGET (self->confusion), report != NULL);
  if (report == NULL)
    return;
  g_autoptr (JsonArray) names = class_names (report);
  praxi_report_confusion (report, names, &self->matrix);
  praxi_confusion_view_update (self->confusion, &self->matrix);
}

/* What a person can do now. */
static void
update_controls (PraxiTrainPage *self)
{
  const gboolean is_running = praxi_session_training (self->session) == PRAXI_TRAINING_RUNNING;
  const gboolean has_model = praxi_session_has_made (self->session, PRAXI_MADE_OWN);
  gtk_widget_set_visible (self->choices, !is_running);
  gtk_widget_set_visible (self->train, !is_running);
  gtk_widget_set_visible (self->resume, praxi_session_can_resume_training (self->session));
  gtk_widget_set_visible (self->cancel, is_running);
  gtk_widget_set_sensitive (self->train, praxi_session_media (self->session) != NULL);
  gtk_widget_set_visible (self->compare, has_model && !is_running);
  gtk_widget_set_visible (self->use_row, has_model);
  gtk_switch_set_active (self->use, praxi_session_uses_made (self->session, PRAXI_MADE_OWN));
}

static void
changed_cb (PraxiTrainPage *self, guint changes)
{
  if (changes &
      (PRAXI_CHANGE_TRAINING | PRAXI_CHANGE_JOB | PRAXI_CHANGE_LABELS | PRAXI_CHANGE_REPORT)) {
    update_controls (self);
    update_state (self);
  }
  if (changes & PRAXI_CHANGE_TRAINING) {
    update_plots (self);
    update_confusion (self);
  }
}

/* --- asked for ----------------------------------------------------------------------------- */

static void
train_cb (PraxiTrainPage *self)
{
  const PraxiTrainPlan plan = {
      .from = (PraxiTrainFrom) gtk_drop_down_get_selected (self->from),
      .how = (PraxiTrainHow) gtk_drop_down_get_selected (self->how),
      .classes = (PraxiTrainClasses) gtk_drop_down_get_selected (self->classes),
  };
  praxi_session_train (self->session, &plan);
}

static void
resume_cb (PraxiTrainPage *self)
{
  praxi_session_resume_training (self->session);
}

static void
compare_cb (PraxiTrainPage *self)
{
  praxi_session_compare_made (self->session, PRAXI_MADE_OWN);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-compare", NULL);
}

static void
cancel_cb (PraxiTrainPage *self)
{
  praxi_session_cancel_training (self->session);
}

static void
use_cb (PraxiTrainPage *self)
{
  praxi_session_use_made (self->session, PRAXI_MADE_OWN, gtk_switch_get_active (self->use));
}

/* --- life ---------------------------------------------------------------------------------- */

/* The choices stand in the order of PraxiTrainFrom, PraxiTrainHow and PraxiTrainClasses. */
static void
add_choices (PraxiTrainPage *self, GtkWidget *column)
{
  const char *const from[] = {_ ("The light model"), _ ("The original model"),
                              _ ("This project’s model"), NULL};
  const char *const how[] = {_ ("The whole network"), _ ("Quickly: the last layer"),
                             _ ("The original, then lighter"), NULL};
  const char *const classes[] = {_ ("All labelled classes"), _ ("The classes the model knows"),
                                 NULL};
  self->choices = gtk_box_new (GTK_ORIENTATION_VERTICAL, PRAXI_PAGE_SPACING_PX);
  gtk_box_append (GTK_BOX (column), self->choices);
  self->from = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (from));
  self->how = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (how));
  self->classes = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (classes));
  praxi_page_row (self->choices, _ ("Begin with"), GTK_WIDGET (self->from));
  praxi_page_row (self->choices, _ ("Train"), GTK_WIDGET (self->how));
  praxi_page_row (self->choices, _ ("Tell apart"), GTK_WIDGET (self->classes));
  gtk_widget_set_tooltip_text (
      GTK_WIDGET (self->classes),
      _ ("A model that lacks a labelled class gets a new last layer; else such labels count as "
         "normal"));
}

static void
add_buttons (PraxiTrainPage *self, GtkWidget *column)
{
  self->train =
      praxi_page_button (column, _ ("Train on these labels"), G_CALLBACK (train_cb), self);
  gtk_widget_add_css_class (self->train, "suggested-action");
  self->resume =
      praxi_page_button (column, _ ("Go on where it was cut off"), G_CALLBACK (resume_cb), self);
  self->cancel = praxi_page_button (column, _ ("Stop training"), G_CALLBACK (cancel_cb), self);
  gtk_widget_set_tooltip_text (self->cancel, _ ("The best epoch so far is kept"));
}

static void
add_outcome (PraxiTrainPage *self, GtkWidget *column)
{
  self->state = praxi_page_text (column, "", NULL);
  self->loss = praxi_plot_view_new (PRAXI_PAGE_PLOT_PX);
  self->f1 = praxi_plot_view_new (PRAXI_PAGE_PLOT_PX);
  gtk_box_append (GTK_BOX (column), self->loss);
  gtk_box_append (GTK_BOX (column), self->f1);
  self->confusion = GTK_DRAWING_AREA (gtk_drawing_area_new ());
  gtk_drawing_area_set_content_height (self->confusion, CONFUSION_PX);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->confusion), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Confusion on other footage"), -1);
  praxi_confusion_view_set (self->confusion, &self->matrix);
  gtk_box_append (GTK_BOX (column), GTK_WIDGET (self->confusion));
  self->compare =
      praxi_page_button (column, _ ("Compare with the original"), G_CALLBACK (compare_cb), self);
  self->use = GTK_SWITCH (gtk_switch_new ());
  self->use_row = praxi_page_row (column, _ ("Analyses use this model"), GTK_WIDGET (self->use));
  g_signal_connect_object (self->use, "notify::active", G_CALLBACK (use_cb), self,
                           G_CONNECT_SWAPPED);
}

GtkWidget *
praxi_train_page_new (PraxiSession *session)
{
  PraxiTrainPage *self = g_object_new (PRAXI_TYPE_TRAIN_PAGE, NULL);
  GtkWidget *column = praxi_page_column (GTK_WIDGET (self));
  self->session = g_object_ref (session);
  praxi_page_text (column,
                   _ ("Fine-tunes a model on the labels of this project, here on this computer. "
                      "The epoch that does best on footage it did not learn from is kept."),
                   "dim-label");
  gtk_box_append (GTK_BOX (column), praxi_learn_data_new (session));
  add_choices (self, column);
  add_buttons (self, column);
  add_outcome (self, column);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return GTK_WIDGET (self);
}

static void
praxi_train_page_dispose (GObject *object)
{
  g_clear_object (&PRAXI_TRAIN_PAGE (object)->session);
  praxi_confusion_clear (&PRAXI_TRAIN_PAGE (object)->matrix);
  G_OBJECT_CLASS (praxi_train_page_parent_class)->dispose (object);
}

static void
praxi_train_page_class_init (PraxiTrainPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = praxi_train_page_dispose;
}

static void
praxi_train_page_init (PraxiTrainPage *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
}
