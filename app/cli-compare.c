/* praxi compare: two models on the same labelled clips. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/analysis.h"
#include "app/compare-child.h"
#include "app/compare-curves.h"
#include "app/compare-table.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/train/metrics.h"

typedef struct {
  char *original, *light, *data, *project, *split, *progress;
  PraxiCliDevice device;
  double stride_s;
  gboolean json;

  PraxiExecutorOptions executor; /* of each model */
  PraxiDataset *dataset;
  char **classes;
  gboolean json_progress;
  PraxiCliProgress *bar;
  int n_models_done;
} Compare;

static void
progress_cb (gpointer data, double share)
{
  const Compare *compare = data;
  praxi_cli_progress_update (compare->bar, MIN (compare->n_models_done + share, 1.9999), 2);
}

/* The classes of a model, read and let go again, so that the memory of the processes that evaluate
 * holds one model only.
 */
static char **
read_classes (const char *name, GError **error)
{
  g_autoptr (PraxiModel) model = praxi_cli_load_with_spec (name, error);
  return model != NULL ? g_strdupv (praxi_model_spec (model)->classes) : NULL;
}

static gboolean
check_classes (Compare *compare, GError **error)
{
  compare->classes = read_classes (compare->original, error);
  g_auto (GStrv) others = compare->classes != NULL ? read_classes (compare->light, error) : NULL;
  if (others == NULL)
    return FALSE;
  if (g_strv_equal ((const char *const *) compare->classes, (const char *const *) others))
    return TRUE;
  g_autofree char *these = g_strjoinv (", ", compare->classes);
  g_autofree char *those = g_strjoinv (", ", others);
  return praxi_error_fail_file (
      error, PRAXI_ERROR_UNSUPPORTED, compare->light,
      "knows the classes %s, the original %s; compare models of the same classes", those, these);
}

static gboolean
load_dataset (Compare *compare, GError **error)
{
  const PraxiDatasetOptions options = {.classes = (const char *const *) compare->classes,
                                       .n_classes = (int) g_strv_length (compare->classes),
                                       .split = compare->split};
  if (compare->data != NULL) {
    compare->dataset = praxi_dataset_load_folder (compare->data, &options, error);
  } else {
    g_autoptr (PraxiStore) store =
        praxi_store_open (compare->project, PRAXI_STORE_READ_ONLY, error);
    if (store != NULL)
      compare->dataset = praxi_dataset_load_project (store, &options, error);
  }
  for (guint i = 0; compare->dataset != NULL && i < compare->dataset->warnings->len; i++)
    fprintf (stderr, "praxi: %s\n",
             (const char *) g_ptr_array_index (compare->dataset->warnings, i));
  return compare->dataset != NULL;
}

static JsonObject *
evaluate_model (Compare *compare, const char *name, GError **error)
{
  const PraxiCompareChild child = {.name = name,
                                   .executor = compare->executor,
                                   .stride_s = compare->stride_s,
                                   .progress = progress_cb,
                                   .data = compare};
  g_autoptr (JsonNode) node = praxi_compare_child_run (&child, compare->dataset, error);
  compare->n_models_done++;
  if (node == NULL)
    return NULL;
  return json_object_ref (json_node_get_object (node));
}

static void
print_warnings (JsonObject *result)
{
  JsonArray *warnings = json_object_get_array_member (result, "warnings");
  for (guint i = 0; i < json_array_get_length (warnings); i++)
    fprintf (stderr, "praxi: %s; its labels are left out\n",
             json_array_get_string_element (warnings, i));
}

/* The decision for sample i and its score; −1 where there is none. */
static int
decision (JsonObject *result, guint i, double *p)
{
  JsonArray *all = json_object_get_array_member (result, "scores");
  if (JSON_NODE_HOLDS_NULL (json_array_get_element (all, i)))
    return -1;
  JsonArray *scores = json_array_get_array_element (all, i);
  const guint n = json_array_get_length (scores);
  g_autofree float *values = g_new (float, n + 1);
  for (guint c = 0; c < n; c++)
    values[c] = (float) json_array_get_double_element (scores, c);
  const int best = praxi_metrics_decide (values, (int) n);
  *p = json_array_get_double_element (scores, (guint) best);
  return best;
}

static void
add_disagreement (const Compare *compare, JsonBuilder *builder, guint i, JsonObject *results[2])
{
  const PraxiSample *sample = g_ptr_array_index (compare->dataset->samples, i);
  double p[2];
  const int original = decision (results[0], i, &p[0]);
  const int light = decision (results[1], i, &p[1]);
  if (original == light || original < 0 || light < 0)
    return;
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "file", sample->file);
  g_autofree char *path = g_filename_display_name (sample->path);
  praxi_json_add_string (builder, "path", path);
  praxi_json_add_string (builder, "class", compare->classes[sample->class_index]);
  praxi_json_add_double (builder, "start_s",
                         sample->is_timed ? (double) sample->start_ns / 1e9 : (double) NAN);
  praxi_json_add_double (builder, "end_s",
                         sample->is_timed ? (double) sample->end_ns / 1e9 : (double) NAN);
  praxi_json_add_string (builder, "original", compare->classes[original]);
  praxi_json_add_string (builder, "light", compare->classes[light]);
  praxi_json_add_double (builder, "p_original", p[0]);
  praxi_json_add_double (builder, "p_light", p[1]);
  json_builder_end_object (builder);
}

static void
add_member (JsonBuilder *builder, const char *name, JsonObject *result)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_value (builder, json_node_copy (json_object_get_member (result, "report")));
}

static void
add_curves (const Compare *compare, JsonBuilder *builder, JsonObject *results[2])
{
  static const char *const names[] = {"original", "light"};
  json_builder_set_member_name (builder, "curves");
  json_builder_begin_object (builder);
  for (int i = 0; i < 2 && results[i] != NULL; i++) {
    json_builder_set_member_name (builder, names[i]);
    praxi_compare_curves_add (builder, compare->dataset, compare->classes,
                              json_object_get_array_member (results[i], "scores"));
  }
  json_builder_end_object (builder);
}

/* results: [0] original, [1] light; NULL where it was cancelled before */
static JsonBuilder *
build_document (const Compare *compare, JsonObject *results[2])
{
  JsonBuilder *builder = json_builder_new ();
  json_builder_begin_object (builder);
  if (results[0] != NULL)
    add_member (builder, "original", results[0]);
  if (results[1] != NULL)
    add_member (builder, "light", results[1]);
  add_curves (compare, builder, results);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int c = 0; compare->classes[c] != NULL; c++)
    json_builder_add_string_value (builder, compare->classes[c]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "disagreements");
  json_builder_begin_array (builder);
  for (guint i = 0; results[1] != NULL && i < compare->dataset->samples->len; i++)
    add_disagreement (compare, builder, i, results);
  json_builder_end_array (builder);
  praxi_json_add_boolean (
      builder, "same_input",
      results[1] != NULL &&
          g_str_equal (json_object_get_string_member (results[0], "input_checksum"),
                       json_object_get_string_member (results[1], "input_checksum")));
  praxi_json_add_boolean (builder, "partial", results[1] == NULL);
  json_builder_end_object (builder);
  return builder;
}

static void
print_document (const Compare *compare, JsonObject *results[2])
{
  g_autoptr (JsonBuilder) builder = build_document (compare, results);
  if (compare->json) {
    praxi_json_write (builder, stdout, FALSE);
    return;
  }
  JsonNode *root = json_builder_get_root (builder);
  praxi_compare_table_print (json_node_get_object (root), stdout);
  json_node_unref (root);
}

static PraxiExit
compare_models (Compare *compare)
{
  g_autoptr (GError) error = NULL;
  if (!check_classes (compare, &error) || !load_dataset (compare, &error))
    return praxi_cli_fail (&error);
  compare->bar = praxi_cli_progress_new (compare->json_progress, "models");
  JsonObject *results[2] = {evaluate_model (compare, compare->original, &error), NULL};
  if (results[0] != NULL)
    results[1] = evaluate_model (compare, compare->light, &error);
  if (results[1] != NULL)
    praxi_cli_progress_update (compare->bar, 2, 2);
  praxi_cli_progress_free (compare->bar);
  const gboolean is_cancelled = g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED);
  if (results[1] != NULL)
    print_warnings (results[1]);
  if (results[1] != NULL || (results[0] != NULL && is_cancelled))
    print_document (compare, results);
  g_clear_pointer (&results[0], json_object_unref);
  g_clear_pointer (&results[1], json_object_unref);
  if (error == NULL)
    return PRAXI_EXIT_DONE;
  /* An empty message: the process that evaluated has told it already. */
  return *error->message != '\0' ? praxi_cli_fail (&error) : PRAXI_EXIT_FAILED;
}

static gboolean
check_options (Compare *compare, GError **error)
{
  const char *problem = NULL;
  if ((compare->data == NULL) == (compare->project == NULL))
    problem = "compare: give either --data DIR or --project FILE; see 'praxi compare --help'";
  else if (compare->stride_s < 0 || compare->stride_s > 1e6)
    problem = "--stride: give seconds";
  if (problem != NULL) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
    return FALSE;
  }
  if (compare->original == NULL)
    compare->original = g_strdup ("original");
  if (compare->light == NULL)
    compare->light = g_strdup ("light");
  return praxi_cli_wants_json_progress (compare->progress, &compare->json_progress, error);
}

PraxiExit
praxi_cli_compare (int argc, char **argv)
{
  Compare c = {0};
  char **rest = NULL;
  const GOptionEntry entries[] = {
      {"original", 0, 0, G_OPTION_ARG_FILENAME, &c.original, "The first model (default: original)",
       "MODEL"},
      {"light", 0, 0, G_OPTION_ARG_FILENAME, &c.light, "The second model (default: light)",
       "MODEL"},
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &c.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &c.project, "The labels of a project", "FILE.praxi"},
      {"split", 0, 0, G_OPTION_ARG_STRING, &c.split,
       "Which clips (default: val where there are any, else all)", "train|val|test|all"},
      PRAXI_CLI_DEVICE_ENTRIES (c.device),
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &c.stride_s, "Seconds between windows (default: 0.5)",
       "S"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &c.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &c.progress, "Print progress to stderr", "json"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (&argc, &argv, entries, "", "Compares two models on the same labelled clips.",
                       &status)) {
    g_autoptr (GError) error = NULL;
    praxi_cli_catch_signals ();
    if (rest != NULL)
      g_set_error (&error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                   "compare %s: name the models with --original and --light", rest[0]);
    status = error == NULL && check_options (&c, &error) &&
                     praxi_cli_device_options (&c.device, &c.executor, &error)
                 ? compare_models (&c)
                 : praxi_cli_fail (&error);
  }
  praxi_dataset_free (c.dataset);
  g_strfreev (c.classes);
  g_strfreev (rest);
  praxi_cli_device_clear (&c.device);
  char *const texts[] = {c.original, c.light, c.data, c.project, c.split, c.progress};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  return status;
}
