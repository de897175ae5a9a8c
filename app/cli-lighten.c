/* praxi lighten: a model becomes smaller and faster, pass by pass. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/analysis.h"
#include "app/compare-child.h"
#include "app/label-splits.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/lighten/footage.h"
#include "engine/lighten/quantize.h"
#include "engine/model/spec.h"

enum { CALIBRATION_SAMPLES = 64, CALIBRATION_CLIPS = 192, NOISE_CLIPS = 8, SHARE_STEPS = 1000 };

typedef struct {
  char *data, *project, *quantize, *ranges, *out, *progress;
  int clips, threads;
  double stride_s;
  gboolean no_equalize, no_bias_correction, json, json_progress;

  char *path; /* of the model it begins with */
  PraxiModel *model;
  PraxiDataset *train, *val;
  PraxiClips *train_clips;
  PraxiCliProgress *bar;
  GPtrArray *steps; /* of JsonNode *: {pass, report} */
} Lighten;

/* --- progress ------------------------------------------------------------------------------- */

static gboolean
share_cb (gpointer data, double share)
{
  const Lighten *lighten = data;
  praxi_cli_progress_update (lighten->bar, MIN (share, 0.9999) * SHARE_STEPS, SHARE_STEPS);
  return !praxi_cli_cancelled;
}

static void
child_cb (gpointer data, double share)
{
  share_cb (data, share);
}

static void
begin_stage (Lighten *lighten, const char *stage)
{
  lighten->bar = praxi_cli_progress_new (lighten->json_progress, stage);
}

static void
end_stage (Lighten *lighten, gboolean is_done)
{
  if (is_done)
    praxi_cli_progress_update (lighten->bar, SHARE_STEPS, SHARE_STEPS);
  g_clear_pointer (&lighten->bar, praxi_cli_progress_free);
}

/* --- judging -------------------------------------------------------------------------------- */

/* The Report of a model on the validation footage; NULL without any. */
static JsonObject *
judge (Lighten *lighten, const char *path, GError **error)
{
  const PraxiCompareChild child = {.name = path,
                                   .threads = lighten->threads,
                                   .stride_s = lighten->stride_s,
                                   .progress = child_cb,
                                   .data = lighten};
  if (lighten->val == NULL)
    return NULL;
  begin_stage (lighten, "validation");
  g_autoptr (JsonNode) judged = praxi_compare_child_run (&child, lighten->val, error);
  end_stage (lighten, judged != NULL);
  if (judged == NULL)
    return NULL;
  return json_object_ref (json_object_get_object_member (json_node_get_object (judged), "report"));
}

static void
add_figures (JsonBuilder *builder, const PraxiModel *model, JsonObject *report)
{
  static const char *const kept[] = {
      "accuracy", "macro_f1",   "auc_pr",         "clips_per_s",
      "fps",      "latency_ms", "peak_rss_bytes", "peak_device_bytes"};
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "file_bytes", praxi_model_file_bytes (model));
  praxi_json_add_int (builder, "weights_bytes", praxi_model_weights_bytes (model));
  praxi_json_add_int (builder, "params", praxi_model_params (model));
  praxi_json_add_int (builder, "macs", praxi_model_macs (model));
  praxi_json_add_string (builder, "precision", praxi_model_precision (model));
  for (guint i = 0; report != NULL && i < G_N_ELEMENTS (kept); i++)
    if (json_object_has_member (report, kept[i])) {
      json_builder_set_member_name (builder, kept[i]);
      json_builder_add_value (builder, json_node_copy (json_object_get_member (report, kept[i])));
    }
  json_builder_end_object (builder);
}

/* --- clips ---------------------------------------------------------------------------------- */

static gboolean
read_clips (Lighten *lighten, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (lighten->model);
  if (lighten->data == NULL && lighten->project == NULL)
    return TRUE;
  if (!praxi_label_splits_load (lighten->data, lighten->project, spec, &lighten->train,
                                &lighten->val, error))
    return FALSE;
  praxi_footage_thin (lighten->train, CALIBRATION_SAMPLES);
  const PraxiClipsOptions options = {.stride_s = lighten->stride_s,
                                     .threads = lighten->threads,
                                     .tick = share_cb,
                                     .data = lighten};
  begin_stage (lighten, "clips");
  lighten->train_clips = praxi_clips_load (spec, lighten->train, &options, error);
  end_stage (lighten, lighten->train_clips != NULL);
  if (lighten->train_clips != NULL)
    praxi_label_splits_print_warnings (lighten->train_clips->warnings);
  return lighten->train_clips != NULL;
}

/* --- passes --------------------------------------------------------------------------------- */

static char *
write_spec (const Lighten *lighten, const char *step)
{
  const PraxiModelSpec *before = praxi_model_spec (lighten->model);
  if (before == NULL)
    return NULL;
  PraxiModelSpec spec = *before;
  g_autofree char *base = g_path_get_basename (lighten->out);
  g_autofree char *name =
      g_str_has_suffix (base, ".onnx") ? g_strndup (base, strlen (base) - 5) : g_strdup (base);
  g_autofree PraxiLineageStep *lineage = g_new (PraxiLineageStep, spec.n_lineage + 1);
  memcpy (lineage, spec.lineage, sizeof *lineage * (gsize) spec.n_lineage);
  lineage[spec.n_lineage++] = (PraxiLineageStep){.name = spec.name, .step = (char *) step};
  g_autofree char *valid = praxi_text_file_name (name);
  spec.lineage = lineage;
  spec.name = valid;
  spec.precision = (char *) "int8";
  return praxi_model_spec_write (&spec);
}

/* Writes what the pass made to --out. */
static gboolean
quantize (Lighten *lighten, JsonBuilder *details, GError **error)
{
  PraxiQuantizeOptions options = {.no_equalize = lighten->no_equalize,
                                  .no_bias_correction = lighten->no_bias_correction};
  if (lighten->ranges != NULL)
    praxi_range_method_parse (lighten->ranges, &options.method);
  g_autoptr (PraxiFootage) footage = NULL;
  PraxiCalibrationClips clips = praxi_calibration_noise (NOISE_CLIPS);
  if (lighten->train_clips != NULL) {
    footage =
        praxi_footage_new (praxi_model_spec (lighten->model), lighten->train_clips, lighten->clips);
    clips = praxi_footage_calibration (footage);
  } else {
    fputs ("praxi: no labelled footage given: calibrated on noise, good for measuring speed and "
           "nothing else\n",
           stderr);
  }
  clips.tick = share_cb;
  clips.tick_data = lighten;
  clips.threads = lighten->threads;
  PraxiQuantizeReport report = {0};
  begin_stage (lighten, "calibration");
  g_autoptr (PraxiGraph) graph =
      praxi_quantize (praxi_model_graph (lighten->model), &options, &clips, &report, error);
  end_stage (lighten, graph != NULL);
  if (graph == NULL)
    return FALSE;
  praxi_json_add_string (details, "ranges", praxi_range_method_name (options.method));
  praxi_json_add_int (details, "calibration_clips", clips.n_clips);
  praxi_json_add_boolean (details, "noise", footage == NULL);
  praxi_json_add_int (details, "int8_convolutions", report.n_int8);
  praxi_json_add_int (details, "equalized_pairs", report.n_equalized);
  praxi_json_add_int (details, "packed_matrices", report.n_packed);
  g_autofree char *step = g_strdup_printf ("quantized: INT8, ranges by %s over %d %s",
                                           praxi_range_method_name (options.method), clips.n_clips,
                                           footage != NULL ? "clips" : "clips of noise");
  g_autofree char *spec = write_spec (lighten, step);
  return praxi_model_save (graph, spec, lighten->out, error);
}

/* --- the whole ------------------------------------------------------------------------------ */

static double
accuracy_of (JsonObject *report)
{
  return report != NULL && json_object_has_member (report, "accuracy")
             ? json_object_get_double_member (report, "accuracy")
             : (double) NAN;
}

static JsonNode *
quantize_step (Lighten *lighten, GError **error)
{
  g_autoptr (JsonObject) before = NULL, after = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GError) unjudged = NULL;
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "pass", "quantize");
  json_builder_set_member_name (builder, "report");
  json_builder_begin_object (builder);
  if (!quantize (lighten, builder, error))
    return NULL;
  g_autoptr (PraxiModel) made = praxi_model_load (lighten->out, error);
  if (made == NULL)
    return NULL;
  before = judge (lighten, lighten->path, &unjudged);
  if (before != NULL)
    after = judge (lighten, lighten->out, &unjudged);
  if (unjudged != NULL && *unjudged->message != '\0')
    fprintf (stderr, "praxi: the model is kept, but was not judged: %s\n", unjudged->message);
  json_builder_set_member_name (builder, "before");
  add_figures (builder, lighten->model, before);
  json_builder_set_member_name (builder, "after");
  add_figures (builder, made, after);
  praxi_json_add_double (builder, "drop_points",
                         (accuracy_of (before) - accuracy_of (after)) * 100);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  return json_builder_get_root (builder);
}

static void
print_json (const Lighten *lighten)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "steps");
  json_builder_begin_array (builder);
  for (guint i = 0; i < lighten->steps->len; i++)
    json_builder_add_value (builder, json_node_copy (lighten->steps->pdata[i]));
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
print_figure (JsonObject *figures, const char *label)
{
  g_autofree char *size =
      praxi_text_bytes ((guint64) json_object_get_int_member (figures, "file_bytes"));
  printf ("  %-7s %s, %.1f M multiply-adds", label, size,
          (double) json_object_get_int_member (figures, "macs") / 1e6);
  if (json_object_has_member (figures, "accuracy"))
    printf (", accuracy %.1f %%, %.1f clips/s",
            json_object_get_double_member (figures, "accuracy") * 100,
            json_object_get_double_member (figures, "clips_per_s"));
  putchar ('\n');
}

static void
print_text (const Lighten *lighten)
{
  g_autofree char *name = praxi_text_file_name (lighten->out);
  for (guint i = 0; i < lighten->steps->len; i++) {
    JsonObject *step = json_node_get_object (lighten->steps->pdata[i]);
    JsonObject *report = json_object_get_object_member (step, "report");
    printf ("%s\n", json_object_get_string_member (step, "pass"));
    print_figure (json_object_get_object_member (report, "before"), "before");
    print_figure (json_object_get_object_member (report, "after"), "after");
  }
  printf ("%s: written\n", name);
}

static PraxiExit
lighten_model (Lighten *lighten, const char *name)
{
  g_autoptr (GError) error = NULL;
  lighten->path = praxi_cli_model_path (name);
  lighten->model = praxi_model_load (lighten->path, &error);
  if (lighten->model == NULL)
    return praxi_cli_fail (&error);
  g_autofree char *shown = praxi_text_file_name (lighten->path);
  if (praxi_model_spec (lighten->model) == NULL &&
      (lighten->data != NULL || lighten->project != NULL)) {
    g_set_error (&error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: says nothing of its classes and input; give it a spec with 'praxi convert'",
                 shown);
    return praxi_cli_fail (&error);
  }
  JsonNode *step = read_clips (lighten, &error) ? quantize_step (lighten, &error) : NULL;
  if (step == NULL) {
    g_prefix_error (&error, "%s: ", shown);
    return praxi_cli_fail (&error);
  }
  g_ptr_array_add (lighten->steps, step);
  if (lighten->json)
    print_json (lighten);
  else
    print_text (lighten);
  return PRAXI_EXIT_DONE;
}

static gboolean
check_options (Lighten *lighten, GError **error)
{
  PraxiRangeMethod method;
  const char *problem = NULL;
  if (lighten->data != NULL && lighten->project != NULL)
    problem = "lighten: give --data or --project, not both";
  else if (lighten->out == NULL)
    problem = "lighten: say with --out where the model shall go";
  else if (lighten->quantize == NULL)
    problem = "lighten: say what to do; see 'praxi lighten --help'";
  else if (!g_str_equal (lighten->quantize, "int8"))
    problem = "--quantize: give int8";
  else if (lighten->ranges != NULL && !praxi_range_method_parse (lighten->ranges, &method))
    problem = "--ranges: give percentile, min-max or entropy";
  else if (lighten->clips < 1 || lighten->clips > 100000)
    problem = "--clips: give 1 to 100000";
  else if (lighten->threads < 0 || lighten->threads > 1024)
    problem = "--threads: give 1 to 1024";
  else if (!(lighten->stride_s > 0 && lighten->stride_s < 1e6))
    problem = "--stride: give seconds";
  if (problem == NULL)
    return praxi_cli_wants_json_progress (lighten->progress, &lighten->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

static void
clear (Lighten *lighten)
{
  praxi_clips_free (lighten->train_clips);
  praxi_dataset_free (lighten->train);
  praxi_dataset_free (lighten->val);
  g_clear_pointer (&lighten->model, praxi_model_unref);
  g_ptr_array_unref (lighten->steps);
  char *const texts[] = {lighten->data, lighten->project,  lighten->quantize, lighten->ranges,
                         lighten->out,  lighten->progress, lighten->path};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

PraxiExit
praxi_cli_lighten (int argc, char **argv)
{
  Lighten l = {.clips = CALIBRATION_CLIPS, .stride_s = 0.5};
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &l.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &l.project, "The labels of a project", "FILE.praxi"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &l.out, "Where to write the model", "OUT.onnx"},
      {"quantize", 0, 0, G_OPTION_ARG_STRING, &l.quantize, "Work on bytes", "int8"},
      {"ranges", 0, 0, G_OPTION_ARG_STRING, &l.ranges,
       "How bytes are laid over values: percentile (default), min-max or entropy", "METHOD"},
      {"clips", 0, 0, G_OPTION_ARG_INT, &l.clips, "Clips to calibrate with (192)", "N"},
      {"no-equalize", 0, 0, G_OPTION_ARG_NONE, &l.no_equalize, "Leave channels as they are", NULL},
      {"no-bias-correction", 0, 0, G_OPTION_ARG_NONE, &l.no_bias_correction,
       "Leave biases as they are", NULL},
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &l.stride_s, "Seconds between windows (0.5)", "S"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &l.threads, "Threads (default: one per core)", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &l.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &l.progress, "Print progress to stderr", "json"},
      {NULL}};
  PraxiExit status;
  l.steps = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  if (praxi_cli_parse (&argc, &argv, entries, "MODEL",
                       "Makes a model smaller and faster. MODEL: a file, or original, or light.",
                       &status)) {
    g_autoptr (GError) error = NULL;
    praxi_cli_catch_signals ();
    if (argc != 2)
      g_set_error_literal (&error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                           "lighten takes one model; see 'praxi lighten --help'");
    status = error == NULL && check_options (&l, &error) ? lighten_model (&l, argv[1])
                                                         : praxi_cli_fail (&error);
  }
  clear (&l);
  return status;
}
