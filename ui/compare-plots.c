#include "ui/compare-plots.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/compare-report.h"
#include "ui/session-analysis.h"
#include "ui/strip.h"

enum { N_LATENCY_BINS = 12 };

static const char *const members[] = {"original", "light"};

static const GdkRGBA model_colors[] = {{0.5f, 0.5f, 0.5f, 1}, {0.21f, 0.52f, 0.89f, 1}};

static JsonObject *
object_of (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
array_of (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static double
number_at (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);
  return JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

static const char *
text_at (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);
  const gboolean is_text =
      JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
  return is_text ? json_node_get_string (node) : "";
}

static void
add_pairs (PraxiPlotSeries *series, JsonArray *pairs)
{
  for (guint i = 0; i < json_array_get_length (pairs); i++) {
    JsonNode *node = json_array_get_element (pairs, i);
    JsonArray *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
    if (pair != NULL && json_array_get_length (pair) == 2)
      praxi_plot_add_point (series, number_at (pair, 0), number_at (pair, 1));
  }
}

/* Colours are classes; a dashed line is the original. */
static PraxiPlot *
make_curves (PraxiSession *session, JsonObject *document, gboolean is_roc)
{
  PraxiPlot *plot =
      is_roc ? praxi_plot_new (_ ("ROC"), _ ("False alarms"), _ ("Found"))
             : praxi_plot_new (_ ("Precision and recall"), _ ("Recall"), _ ("Precision"));
  JsonArray *classes = array_of (document, "classes");
  plot->is_share_x = plot->is_share_y = TRUE;
  plot->has_diagonal = is_roc;
  for (guint c = 0; classes != NULL && c < json_array_get_length (classes); c++)
    for (int model = 0; model < 2; model++) {
      JsonObject *curves = object_of (object_of (document, "curves"), members[model]);
      JsonArray *pairs = array_of (object_of (curves, is_roc ? "roc" : "pr"), text_at (classes, c));
      if (pairs == NULL || json_array_get_length (pairs) == 0)
        continue;
      g_autofree char *name = g_strdup_printf ("%s · %s", text_at (classes, c),
                                               praxi_report_model_name (document, model));
      PraxiPlotSeries *series =
          praxi_plot_add (plot, name, praxi_strip_class_color (session, text_at (classes, c)));
      series->is_dashed = model == 0;
      add_pairs (series, pairs);
    }
  return plot;
}

static PraxiPlot *
make_classes (JsonObject *document)
{
  PraxiPlot *plot = praxi_plot_new (_ ("F1 by class"), _ ("Class"), _ ("F1"));
  JsonArray *classes = array_of (document, "classes");
  const guint n = classes != NULL ? json_array_get_length (classes) : 0;
  plot->is_share_y = TRUE;
  plot->x_max = MAX (n, 1);
  plot->categories = g_new0 (char *, n + 1);
  for (guint c = 0; c < n; c++)
    plot->categories[c] = g_strdup (text_at (classes, c));
  for (int model = 0; model < 2; model++) {
    JsonObject *per_class = object_of (object_of (document, members[model]), "per_class");
    if (per_class == NULL)
      continue;
    PraxiPlotSeries *series =
        praxi_plot_add (plot, praxi_report_model_name (document, model), model_colors[model]);
    series->is_bars = TRUE;
    for (guint c = 0; c < n; c++)
      praxi_plot_add_point (series, c,
                            praxi_report_value (object_of (per_class, plot->categories[c]), "f1"));
  }
  return plot;
}

static PraxiPlot *
make_reliability (JsonObject *document)
{
  PraxiPlot *plot =
      praxi_plot_new (_ ("Reliability"), _ ("How sure the model was"), _ ("How often right"));
  plot->is_share_x = plot->is_share_y = TRUE;
  plot->has_diagonal = TRUE;
  for (int model = 0; model < 2; model++) {
    JsonArray *bins =
        array_of (object_of (object_of (document, "curves"), members[model]), "reliability");
    if (bins == NULL)
      continue;
    PraxiPlotSeries *series =
        praxi_plot_add (plot, praxi_report_model_name (document, model), model_colors[model]);
    series->has_dots = TRUE;
    series->is_dashed = model == 0;
    for (guint i = 0; i < json_array_get_length (bins); i++) {
      JsonNode *node = json_array_get_element (bins, i);
      JsonObject *bin = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const double x = praxi_report_value (bin, "confidence");
      if (!isnan (x))
        praxi_plot_add_point (series, x, praxi_report_value (bin, "accuracy"));
    }
  }
  return plot;
}

static JsonArray *
latencies (JsonObject *document, int model)
{
  return array_of (object_of (object_of (document, members[model]), "latency_ms"), "samples");
}

/* The slowest one in a hundred of either model would make the rest a single bar. */
static double
latency_limit (JsonObject *document)
{
  double limit = 0;
  for (int model = 0; model < 2; model++) {
    JsonArray *samples = latencies (document, model);
    const guint n = samples != NULL ? json_array_get_length (samples) : 0;
    if (n > 0)
      limit = fmax (limit, number_at (samples, (n - 1) * 99 / 100));
  }
  return limit;
}

static PraxiPlot *
make_latency (JsonObject *document)
{
  const double limit = latency_limit (document);
  PraxiPlot *plot = praxi_plot_new (_ ("Latency of one window"), _ ("Milliseconds"), _ ("Windows"));
  const double step = limit > 0 ? limit * 1.0001 / N_LATENCY_BINS : 1;
  plot->x_max = step * N_LATENCY_BINS;
  plot->y_max = 1;
  for (int model = 0; model < 2; model++) {
    JsonArray *samples = latencies (document, model);
    if (samples == NULL || limit <= 0)
      continue;
    int counts[N_LATENCY_BINS] = {0};
    for (guint i = 0; i < json_array_get_length (samples); i++)
      counts[CLAMP ((int) (number_at (samples, i) / step), 0, N_LATENCY_BINS - 1)]++;
    PraxiPlotSeries *series =
        praxi_plot_add (plot, praxi_report_model_name (document, model), model_colors[model]);
    series->is_dashed = model == 0;
    for (int b = 0; b < N_LATENCY_BINS; b++) {
      praxi_plot_add_point (series, b * step, counts[b]);
      praxi_plot_add_point (series, (b + 1) * step, counts[b]);
      plot->y_max = fmax (plot->y_max, counts[b] * 1.05);
    }
  }
  return plot;
}

PraxiPlot *
praxi_compare_plot_new (PraxiComparePlot kind, PraxiSession *session)
{
  JsonObject *document = praxi_session_report (session);
  g_autoptr (PraxiPlot) plot = NULL;
  if (document == NULL)
    return NULL;
  if (kind == PRAXI_COMPARE_PR || kind == PRAXI_COMPARE_ROC)
    plot = make_curves (session, document, kind == PRAXI_COMPARE_ROC);
  else if (kind == PRAXI_COMPARE_CLASSES)
    plot = make_classes (document);
  else if (kind == PRAXI_COMPARE_RELIABILITY)
    plot = make_reliability (document);
  else
    plot = make_latency (document);
  return plot->series->len > 0 ? g_steal_pointer (&plot) : NULL;
}
