#include "ui/compare-report.h"

#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"

const PraxiMeasure praxi_measures[] = {
    {N_ ("Accuracy"), N_ ("Share of clips answered rightly"), "accuracy", PRAXI_MEASURE_SHARE,
     TRUE},
    {N_ ("Macro F1"), N_ ("Mean over the classes of F1"), "macro_f1", PRAXI_MEASURE_SHARE, TRUE},
    {N_ ("AUC-PR"), N_ ("Area under precision over recall"), "auc_pr", PRAXI_MEASURE_SHARE, TRUE},
    {N_ ("FPS with decode"), N_ ("Frames of footage per second, decoding included"), "fps",
     PRAXI_MEASURE_RATE, TRUE},
    {N_ ("FPS model only"), N_ ("Frames of footage per second, the model alone"), "fps_no_decode",
     PRAXI_MEASURE_RATE, TRUE},
    {N_ ("Latency p50"), N_ ("Half of the windows take no longer"), "latency_ms.p50",
     PRAXI_MEASURE_MS, FALSE},
    {N_ ("Latency p95"), N_ ("Of 100 windows 95 take no longer"), "latency_ms.p95",
     PRAXI_MEASURE_MS, FALSE},
    {N_ ("Peak memory"), N_ ("Resident memory of the whole process"), "peak_rss_bytes",
     PRAXI_MEASURE_BYTES, FALSE},
    {N_ ("Peak GPU mem."), N_ ("Memory on the GPU"), "peak_device_bytes", PRAXI_MEASURE_BYTES,
     FALSE},
    {N_ ("File size"), N_ ("The model file on the disk"), "file_bytes", PRAXI_MEASURE_BYTES, FALSE},
};
const int praxi_n_measures = G_N_ELEMENTS (praxi_measures);

static double
node_value (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : NAN;
}

double
praxi_report_value (JsonObject *report, const char *path)
{
  g_auto (GStrv) keys = g_strsplit (path, ".", 0);
  JsonObject *object = report;
  for (int i = 0; object != NULL && keys[i] != NULL; i++) {
    JsonNode *node = json_object_get_member (object, keys[i]);
    if (keys[i + 1] == NULL)
      return node_value (node);
    object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  }
  return NAN;
}

char *
praxi_measure_text (const PraxiMeasure *measure, double value)
{
  if (isnan (value))
    return g_strdup ("–");
  switch (measure->unit) {
  case PRAXI_MEASURE_SHARE:
    return g_strdup_printf ("%.1f %%", value * 100);
  case PRAXI_MEASURE_RATE:
    return g_strdup_printf (value < 100 ? "%.1f" : "%.0f", value);
  case PRAXI_MEASURE_MS:
    return g_strdup_printf (_ ("%.1f ms"), value);
  case PRAXI_MEASURE_BYTES:
    return praxi_text_bytes ((guint64) MAX (value, 0));
  }
  return g_strdup ("–");
}

/* Shares differ by points; everything else by how many times, which reads better than per cents
 * when it is many.
 */
static char *
format_change (const PraxiMeasure *measure, double original, double light)
{
  if (measure->unit == PRAXI_MEASURE_SHARE)
    return g_strdup_printf (_ ("%+.1f pts"), (light - original) * 100);
  const double ratio = original > 0 ? light / original : NAN;
  if (isnan (ratio))
    return g_strdup ("");
  if (ratio >= 2)
    return g_strdup_printf ("×%.1f", ratio);
  if (ratio > 0 && ratio <= 0.5)
    return g_strdup_printf ("÷%.1f", 1 / ratio);
  return g_strdup_printf ("%+.0f %%", (ratio - 1) * 100);
}

char *
praxi_measure_delta (const PraxiMeasure *measure, double original, double light, int *verdict)
{
  *verdict = 0;
  if (isnan (original) || isnan (light))
    return g_strdup ("");
  if (light == original)
    return g_strdup ("=");
  *verdict = (light > original) == measure->more_is_better ? 1 : -1;
  g_autofree char *change = format_change (measure, original, light);
  return g_strdup_printf ("%s %s", light > original ? "▲" : "▼", change);
}

const char *
praxi_report_model_name (JsonObject *document, int model)
{
  static const char *const members[] = {"original", "light"};
  JsonNode *node = document != NULL ? json_object_get_member (document, members[model]) : NULL;
  const char *name = NULL;
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    name = json_object_get_string_member_with_default (json_node_get_object (node), "model", NULL);
  if (name == NULL || g_str_equal (name, members[model]))
    return model == 0 ? _ ("Original") : _ ("Light");
  return name;
}

void
praxi_report_confusion (JsonObject *report, JsonArray *classes, PraxiConfusion *confusion)
{
  praxi_confusion_clear (confusion);
  JsonNode *node = report != NULL ? json_object_get_member (report, "confusion") : NULL;
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return;
  JsonArray *rows = json_node_get_array (node);
  const int n = (int) MIN (json_array_get_length (rows), PRAXI_CONFUSION_MAX_CLASSES);
  confusion->n_classes = n;
  for (int row = 0; row < n; row++) {
    const gboolean is_named = classes != NULL && (int) json_array_get_length (classes) > row;
    const char *name = is_named ? json_array_get_string_element (classes, (guint) row) : NULL;
    confusion->names[row] = name != NULL ? g_strdup (name) : g_strdup_printf ("%d", row);
    JsonNode *line = json_array_get_element (rows, (guint) row);
    if (!JSON_NODE_HOLDS_ARRAY (line))
      continue;
    JsonArray *cells = json_node_get_array (line);
    for (int column = 0; column < n && column < (int) json_array_get_length (cells); column++) {
      const double count = node_value (json_array_get_element (cells, (guint) column));
      confusion->counts[row][column] = isnan (count) ? 0 : count;
    }
  }
}
