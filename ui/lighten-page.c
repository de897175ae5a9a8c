#include "ui/lighten-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/page-parts.h"
#include "ui/plot-view.h"
#include "ui/session-labels.h"
#include "ui/session-lighten.h"
#include "ui/session-made.h"

struct _PraxiLightenPage {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkDropDown *of;
  GtkRange *drop, *size, *fps;
  GtkWidget *lighten, *cancel, *state, *passes, *plot, *compare, *use_row;
  GtkSwitch *use;
};

enum { MOST_DROP = 10, MOST_KB = 400, MOST_FPS = 500 };

static const GdkRGBA color = {0.21f, 0.52f, 0.89f, 1};

G_DEFINE_FINAL_TYPE (PraxiLightenPage, praxi_lighten_page, GTK_TYPE_BOX)

/* --- limits -------------------------------------------------------------------------------- */

/* At the far end a slider is no limit. */
static PraxiUiLimits
limits_of (const PraxiLightenPage *self)
{
  const double drop = gtk_range_get_value (self->drop), size = gtk_range_get_value (self->size);
  return (PraxiUiLimits){.max_drop = drop < MOST_DROP ? drop : -1,
                         .most_bytes = size < MOST_KB ? size * 1000 : 0,
                         .least_fps = gtk_range_get_value (self->fps),
                         .of_own = gtk_drop_down_get_selected (self->of) == 1};
}

static char *
format_drop_cb (GtkScale *scale, double value, gpointer data)
{
  return value < MOST_DROP ? g_strdup_printf (_ ("%.1f points"), value) : g_strdup (_ ("no limit"));
}

static char *
format_size_cb (GtkScale *scale, double value, gpointer data)
{
  return value < MOST_KB ? g_strdup_printf (_ ("%.0f kB"), value) : g_strdup (_ ("no limit"));
}

static char *
format_fps_cb (GtkScale *scale, double value, gpointer data)
{
  return value > 0 ? g_strdup_printf ("%.0f", value) : g_strdup (_ ("no limit"));
}

/* --- what came out ------------------------------------------------------------------------- */

static const char *
pass_name (const char *pass)
{
  if (g_str_equal (pass, "before"))
    return _ ("Original");
  if (g_str_equal (pass, "prune"))
    return _ ("Channels removed");
  if (g_str_equal (pass, "quantize"))
    return _ ("In INT8");
  return _ ("Learned again");
}

static void
add_pass_row (GtkWidget *grid, const PraxiUiPass *pass, int row)
{
  g_autofree char *size = g_strdup_printf (_ ("%.0f kB"), pass->file_bytes / 1000);
  g_autofree char *accuracy = isfinite (pass->accuracy)
                                  ? g_strdup_printf ("%.1f %%", pass->accuracy * 100)
                                  : g_strdup ("–");
  g_autofree char *fps =
      isfinite (pass->fps) ? g_strdup_printf ("%.0f", pass->fps) : g_strdup ("–");
  praxi_page_cell (grid, pass_name (pass->pass), 0, row);
  praxi_page_cell (grid, size, 1, row);
  praxi_page_cell (grid, accuracy, 2, row);
  praxi_page_cell (grid, fps, 3, row);
}

static void
fill_passes (PraxiLightenPage *self, const GArray *passes)
{
  praxi_page_clear_table (self->passes);
  gtk_widget_set_visible (self->passes, passes->len > 0);
  if (passes->len == 0)
    return;
  praxi_page_cell (self->passes, "", 0, 0);
  praxi_page_cell (self->passes, _ ("Size"), 1, 0);
  praxi_page_cell (self->passes, _ ("Accuracy"), 2, 0);
  praxi_page_cell (self->passes, _ ("Frames/s"), 3, 0);
  for (guint i = 0; i < passes->len; i++)
    add_pass_row (self->passes, &g_array_index (passes, PraxiUiPass, i), (int) i + 1);
}

static PraxiPlot *
make_plot (const GArray *passes)
{
  PraxiPlot *plot = praxi_plot_new (_ ("What accuracy costs"), _ ("Size, kB"), _ ("Accuracy"));
  PraxiPlotSeries *series = praxi_plot_add (plot, NULL, color);
  gboolean any = FALSE;
  plot->is_share_y = TRUE;
  plot->y_max = 1;
  series->has_dots = TRUE;
  for (guint i = 0; i < passes->len; i++) {
    const PraxiUiPass *pass = &g_array_index (passes, PraxiUiPass, i);
    praxi_plot_add_point (series, pass->file_bytes / 1000, pass->accuracy);
    plot->x_max = MAX (plot->x_max, ceil (pass->file_bytes / 1e5) * 100);
    any = any || isfinite (pass->accuracy);
  }
  if (any)
    return plot;
  praxi_plot_free (plot);
  return NULL;
}

static void
update_state (PraxiLightenPage *self, gboolean is_running, const GArray *passes)
{
  const char *unmet = praxi_session_unmet_limit (self->session);
  const char *text = "";
  if (is_running)
    text = passes->len == 0 ? _ ("Reading and judging the labelled clips…")
                            : _ ("The next pass is running…");
  else if (unmet != NULL)
    text = unmet;
  gtk_label_set_text (GTK_LABEL (self->state), text);
  gtk_widget_set_visible (self->state, *text != '\0');
}

static void
changed_cb (PraxiLightenPage *self, guint changes)
{
  if ((changes &
       (PRAXI_CHANGE_TRAINING | PRAXI_CHANGE_JOB | PRAXI_CHANGE_LABELS | PRAXI_CHANGE_REPORT)) == 0)
    return;
  const gboolean is_running = praxi_session_is_lightening (self->session);
  const gboolean has_model = praxi_session_has_made (self->session, PRAXI_MADE_LIGHTER);
  const GArray *passes = praxi_session_passes (self->session);
  gtk_widget_set_visible (self->lighten, !is_running);
  gtk_widget_set_visible (self->cancel, is_running);
  gtk_widget_set_sensitive (self->lighten, praxi_session_media (self->session) != NULL);
  gtk_widget_set_visible (self->compare, has_model && !is_running);
  gtk_widget_set_visible (self->use_row, has_model);
  gtk_switch_set_active (self->use, praxi_session_uses_made (self->session, PRAXI_MADE_LIGHTER));
  update_state (self, is_running, passes);
  if (changes & PRAXI_CHANGE_TRAINING) {
    fill_passes (self, passes);
    praxi_plot_view_set_plot (PRAXI_PLOT_VIEW (self->plot),
                              passes->len > 1 ? make_plot (passes) : NULL);
  }
}

/* --- asked for ----------------------------------------------------------------------------- */

static void
lighten_cb (PraxiLightenPage *self)
{
  const PraxiUiLimits limits = limits_of (self);
  praxi_session_lighten (self->session, &limits);
}

static void
cancel_cb (PraxiLightenPage *self)
{
  praxi_session_cancel_lightening (self->session);
}

static void
compare_cb (PraxiLightenPage *self)
{
  praxi_session_compare_made (self->session, PRAXI_MADE_LIGHTER);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-compare", NULL);
}

static void
use_cb (PraxiLightenPage *self)
{
  praxi_session_use_made (self->session, PRAXI_MADE_LIGHTER, gtk_switch_get_active (self->use));
}

/* --- life ---------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  double most, step, begin;
  GtkScaleFormatValueFunc format;
} Slider;

static GtkRange *
add_slider (GtkWidget *box, const Slider *slider)
{
  GtkWidget *scale =
      gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 0, slider->most, slider->step);
  praxi_page_text (box, slider->name, NULL);
  gtk_scale_set_draw_value (GTK_SCALE (scale), TRUE);
  gtk_scale_set_value_pos (GTK_SCALE (scale), GTK_POS_RIGHT);
  gtk_scale_set_format_value_func (GTK_SCALE (scale), slider->format, NULL, NULL);
  gtk_range_set_value (GTK_RANGE (scale), slider->begin);
  gtk_accessible_update_property (GTK_ACCESSIBLE (scale), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  slider->name, -1);
  gtk_box_append (GTK_BOX (box), scale);
  return GTK_RANGE (scale);
}

static void
add_sliders (PraxiLightenPage *self, GtkWidget *box)
{
  const Slider drop = {_ ("Accuracy may fall by"), MOST_DROP, 0.5, PRAXI_UI_USUAL_DROP,
                       format_drop_cb};
  const Slider size = {_ ("The file may have"), MOST_KB, 10, MOST_KB, format_size_cb};
  const Slider fps = {_ ("Frames a second at least"), MOST_FPS, 10, 0, format_fps_cb};
  self->drop = add_slider (box, &drop);
  self->size = add_slider (box, &size);
  self->fps = add_slider (box, &fps);
}

/* The second choice is the project's own model. */
static void
add_source (PraxiLightenPage *self, GtkWidget *box)
{
  const char *const models[] = {_ ("The original model"), _ ("This project’s model"), NULL};
  self->of = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (models));
  praxi_page_row (box, _ ("Make it of"), GTK_WIDGET (self->of));
}

GtkWidget *
praxi_lighten_page_new (PraxiSession *session)
{
  PraxiLightenPage *self = g_object_new (PRAXI_TYPE_LIGHTEN_PAGE, NULL);
  GtkWidget *box = praxi_page_column (GTK_WIDGET (self));
  self->session = g_object_ref (session);
  praxi_page_text (
      box,
      _ ("Makes a smaller, faster model within these limits, judged on the labels of this "
         "project."),
      "dim-label");
  add_source (self, box);
  add_sliders (self, box);
  self->lighten =
      praxi_page_button (box, _ ("Make a lighter model"), G_CALLBACK (lighten_cb), self);
  gtk_widget_add_css_class (self->lighten, "suggested-action");
  self->cancel = praxi_page_button (box, _ ("Stop"), G_CALLBACK (cancel_cb), self);
  self->state = praxi_page_text (box, "", NULL);
  self->passes = praxi_page_table (box);
  self->plot = praxi_plot_view_new (PRAXI_PAGE_PLOT_PX);
  gtk_box_append (GTK_BOX (box), self->plot);
  self->compare =
      praxi_page_button (box, _ ("Compare with the original"), G_CALLBACK (compare_cb), self);
  self->use = GTK_SWITCH (gtk_switch_new ());
  self->use_row =
      praxi_page_row (box, _ ("Analyses use the lighter model"), GTK_WIDGET (self->use));
  g_signal_connect_object (self->use, "notify::active", G_CALLBACK (use_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
  return GTK_WIDGET (self);
}

static void
praxi_lighten_page_dispose (GObject *object)
{
  g_clear_object (&PRAXI_LIGHTEN_PAGE (object)->session);
  G_OBJECT_CLASS (praxi_lighten_page_parent_class)->dispose (object);
}

static void
praxi_lighten_page_class_init (PraxiLightenPageClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = praxi_lighten_page_dispose;
}

static void
praxi_lighten_page_init (PraxiLightenPage *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
}
