#include "ui/tune-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/page-parts.h"
#include "ui/plot-view.h"
#include "ui/session-labels.h"
#include "ui/session-made.h"
#include "ui/session-tune.h"

struct _PraxiTunePage {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkSpinButton *count;
  GtkWidget *tune, *cancel, *state, *trials, *plot, *use_row;
  GtkSwitch *use;
};

enum { TRIALS = 12, MOST_TRIALS = 500 };

static const GdkRGBA trial_color = {0.5f, 0.5f, 0.5f, 1}, front_color = {0.21f, 0.52f, 0.89f, 1};

G_DEFINE_FINAL_TYPE (PraxiTunePage, praxi_tune_page, GTK_TYPE_BOX)

/* --- plot ---------------------------------------------------------------------------------- */

static gboolean
has_both (const PraxiUiTrial *trial)
{
  return isfinite (trial->score) && isfinite (trial->latency_ms);
}

static gboolean
is_beaten (const PraxiUiTrial *trial, const GPtrArray *trials)
{
  for (guint i = 0; i < trials->len; i++) {
    const PraxiUiTrial *other = trials->pdata[i];
    if (has_both (other) && other->score >= trial->score &&
        other->latency_ms <= trial->latency_ms &&
        (other->score > trial->score || other->latency_ms < trial->latency_ms))
      return TRUE;
  }
  return FALSE;
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  const PraxiPlotPoint *x = a, *y = b;
  return (x->x > y->x) - (x->x < y->x);
}

/* Every trial is a dot of its own; the front is a line through those that none beats. */
static PraxiPlot *
make_plot (const GPtrArray *trials)
{
  PraxiPlot *plot =
      praxi_plot_new (_ ("Accuracy against latency"), _ ("Latency, ms"), _ ("Accuracy"));
  PraxiPlotSeries *dots = praxi_plot_add (plot, _ ("Trials"), trial_color);
  PraxiPlotSeries *front = praxi_plot_add (plot, _ ("None is better"), front_color);
  plot->is_share_y = TRUE;
  plot->y_max = 1;
  plot->x_max = 1;
  dots->has_dots = front->has_dots = TRUE;
  for (guint i = 0; i < trials->len; i++) {
    const PraxiUiTrial *trial = trials->pdata[i];
    if (!has_both (trial))
      continue;
    praxi_plot_add_point (dots, trial->latency_ms, trial->score);
    praxi_plot_add_point (dots, trial->latency_ms, NAN); /* no line between trials */
    if (!is_beaten (trial, trials))
      praxi_plot_add_point (front, trial->latency_ms, trial->score);
    plot->x_max = MAX (plot->x_max, ceil (trial->latency_ms));
  }
  g_array_sort (front->points, compare_cb);
  if (front->points->len > 0)
    return plot;
  praxi_plot_free (plot);
  return NULL;
}

/* --- table --------------------------------------------------------------------------------- */

static const char *
state_name (const char *state)
{
  if (g_str_equal (state, "done"))
    return _ ("Done");
  return g_str_equal (state, "stopped") ? _ ("Stopped early") : _ ("Failed");
}

static void
add_trial (GtkWidget *grid, const PraxiUiTrial *trial, int row)
{
  g_autofree char *score =
      isfinite (trial->score) ? g_strdup_printf ("%.1f %%", trial->score * 100) : g_strdup ("–");
  praxi_page_cell (grid, state_name (trial->state), 0, row);
  praxi_page_cell (grid, trial->values, 1, row);
  praxi_page_cell (grid, score, 2, row);
}

static void
fill_trials (PraxiTunePage *self, const GPtrArray *trials)
{
  praxi_page_clear_table (self->trials);
  gtk_widget_set_visible (self->trials, trials->len > 0);
  if (trials->len == 0)
    return;
  praxi_page_cell (self->trials, _ ("Trial"), 0, 0);
  praxi_page_cell (self->trials, _ ("Values"), 1, 0);
  praxi_page_cell (self->trials, _ ("Accuracy"), 2, 0);
  for (guint i = 0; i < trials->len; i++)
    add_trial (self->trials, trials->pdata[trials->len - 1 - i], (int) i + 1);
}

/* --- following the session ----------------------------------------------------------------- */

static void
changed_cb (PraxiTunePage *self, guint changes)
{
  if ((changes &
       (PRAXI_CHANGE_TRAINING | PRAXI_CHANGE_JOB | PRAXI_CHANGE_LABELS | PRAXI_CHANGE_REPORT)) == 0)
    return;
  const gboolean is_running = praxi_session_is_tuning (self->session);
  const GPtrArray *trials = praxi_session_trials (self->session);
  gtk_widget_set_visible (self->tune, !is_running);
  gtk_widget_set_visible (self->cancel, is_running);
  gtk_widget_set_sensitive (self->tune, praxi_session_media (self->session) != NULL);
  gtk_widget_set_visible (self->use_row, praxi_session_has_made (self->session, PRAXI_MADE_TUNED));
  gtk_switch_set_active (self->use, praxi_session_uses_made (self->session, PRAXI_MADE_TUNED));
  gtk_widget_set_visible (self->state, is_running);
  if (changes & PRAXI_CHANGE_TRAINING) {
    fill_trials (self, trials);
    praxi_plot_view_set_plot (PRAXI_PLOT_VIEW (self->plot),
                              trials->len > 0 ? make_plot (trials) : NULL);
  }
}

static void
tune_cb (PraxiTunePage *self)
{
  praxi_session_tune (self->session, gtk_spin_button_get_value_as_int (self->count));
}

static void
cancel_cb (PraxiTunePage *self)
{
  praxi_session_cancel_tuning (self->session);
}

static void
use_cb (PraxiTunePage *self)
{
  praxi_session_use_made (self->session, PRAXI_MADE_TUNED, gtk_switch_get_active (self->use));
}

/* --- life ---------------------------------------------------------------------------------- */

GtkWidget *
praxi_tune_page_new (PraxiSession *session)
{
  PraxiTunePage *self = g_object_new (PRAXI_TYPE_TUNE_PAGE, NULL);
  GtkWidget *box = praxi_page_column (GTK_WIDGET (self));
  self->session = g_object_ref (session);
  praxi_page_text (
      box,
      _ ("Tries other ways of training on the labels of this project and trains a model with "
         "what did best. What was tried is kept: a later search goes on from there."),
      "dim-label");
  self->count = GTK_SPIN_BUTTON (gtk_spin_button_new_with_range (1, MOST_TRIALS, 1));
  gtk_spin_button_set_value (self->count, TRIALS);
  praxi_page_row (box, _ ("Trials in all"), GTK_WIDGET (self->count));
  self->tune = praxi_page_button (box, _ ("Search"), G_CALLBACK (tune_cb), self);
  gtk_widget_add_css_class (self->tune, "suggested-action");
  self->cancel = praxi_page_button (box, _ ("Stop"), G_CALLBACK (cancel_cb), self);
  self->state = praxi_page_text (box, _ ("Trials are running…"), NULL);
  self->plot = praxi_plot_view_new (PRAXI_PAGE_PLOT_PX);
  gtk_box_append (GTK_BOX (box), self->plot);
  self->trials = praxi_page_table (box);
  self->use = GTK_SWITCH (gtk_switch_new ());
  self->use_row = praxi_page_row (box, _ ("Analyses use the best model"), GTK_WIDGET (self->use));
  g_signal_connect_object (self->use, "notify::active", G_CALLBACK (use_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return GTK_WIDGET (self);
}

static void
praxi_tune_page_dispose (GObject *object)
{
  g_clear_object (&PRAXI_TUNE_PAGE (object)->session);
  G_OBJECT_CLASS (praxi_tune_page_parent_class)->dispose (object);
}

static void
praxi_tune_page_class_init (PraxiTunePageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = praxi_tune_page_dispose;
}

static void
praxi_tune_page_init (PraxiTunePage *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
}
