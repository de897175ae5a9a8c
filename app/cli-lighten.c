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
#include "engine/lighten/recipe.h"

enum { CALIBRATION_SAMPLES = 64, SHARE_STEPS = 1000 };

typedef struct {
  char *data, *project, *quantize, *ranges, *importance, *out, *progress;
  char *budget_bytes, *budget_vram;
  PraxiRecipeOptions options;
  double stride_s;
  gboolean json, json_progress;

  char *path; /* of the model it begins with */
  PraxiModel *model;
  PraxiDataset *train, *val;
  PraxiClips *train_clips, *val_clips;
  PraxiCliProgress *bar;
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

static double
number_in (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : (double) NAN;
}

static gint64
whole_in (JsonObject *object, const char *name)
{
  const double number = number_in (object, name);
  return isfinite (number) ? (gint64) number : 0;
}

/* As `praxi compare` judges. */
static gboolean
judge_cb (gpointer data, const char *path, PraxiFigures *figures, GError **error)
{
  Lighten *lighten = data;
  const PraxiCompareChild child = {.name = path,
                                   .threads = lighten->options.threads,
                                   .stride_s = lighten->stride_s,
                                   .progress = child_cb,
                                   .data = lighten};
  if (lighten->val == NULL)
    return FALSE;
  g_autoptr (JsonNode) judged = praxi_compare_child_run (&child, lighten->val, error);
  if (judged == NULL)
    return FALSE;
  JsonObject *report = json_object_get_object_member (json_node_get_object (judged), "report");
  figures->accuracy = number_in (report, "accuracy");
  figures->macro_f1 = number_in (report, "macro_f1");
  figures->auc_pr = number_in (report, "auc_pr");
  figures->clips_per_s = number_in (report, "clips_per_s");
  figures->fps = number_in (report, "fps");
  figures->latency_p50_ms = number_in (json_object_get_object_member (report, "latency_ms"), "p50");
  figures->peak_rss_bytes = whole_in (report, "peak_rss_bytes");
  figures->peak_device_bytes = whole_in (report, "peak_device_bytes");
  return TRUE;
}

/* --- clips ---------------------------------------------------------------------------------- */

static gboolean
learns (const Lighten *lighten)
{
  const PraxiRecipeOptions *options = &lighten->options;
  return options->epochs > 0 &&
         (options->prune > 0 || options->max_drop >= 0 || options->budget_bytes > 0 ||
          options->budget_vram > 0 || options->min_fps > 0);
}

static PraxiClips *
load_clips (Lighten *lighten, const PraxiDataset *dataset, GError **error)
{
  const PraxiClipsOptions options = {.stride_s = lighten->stride_s,
                                     .threads = lighten->options.threads,
                                     .tick = share_cb,
                                     .data = lighten};
  begin_stage (lighten, "clips");
  PraxiClips *clips =
      praxi_clips_load (praxi_model_spec (lighten->model), dataset, &options, error);
  end_stage (lighten, clips != NULL);
  if (clips != NULL)
    praxi_label_splits_print_warnings (clips->warnings);
  return clips;
}

static gboolean
read_clips (Lighten *lighten, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (lighten->model);
  if (lighten->data == NULL && lighten->project == NULL)
    return TRUE;
  if (!praxi_label_splits_load (lighten->data, lighten->project, spec, &lighten->train,
                                &lighten->val, error))
    return FALSE;
  if (!learns (lighten)) /* a few are enough to calibrate with */
    praxi_footage_thin (lighten->train, CALIBRATION_SAMPLES);
  lighten->train_clips = load_clips (lighten, lighten->train, error);
  if (lighten->train_clips != NULL && learns (lighten) && lighten->val != NULL)
    lighten->val_clips = load_clips (lighten, lighten->val, error);
  lighten->options.train = lighten->train_clips;
  lighten->options.val = lighten->val_clips;
  return lighten->train_clips != NULL &&
         (!learns (lighten) || lighten->val == NULL || lighten->val_clips != NULL);
}

/* --- telling -------------------------------------------------------------------------------- */

static void
add_figures (JsonBuilder *builder, const char *name, const PraxiFigures *figures)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "file_bytes", figures->file_bytes);
  praxi_json_add_int (builder, "weights_bytes", figures->weights_bytes);
  praxi_json_add_int (builder, "params", figures->params);
  praxi_json_add_int (builder, "macs", figures->macs);
  praxi_json_add_double (builder, "accuracy", figures->accuracy);
  praxi_json_add_double (builder, "macro_f1", figures->macro_f1);
  praxi_json_add_double (builder, "auc_pr", figures->auc_pr);
  praxi_json_add_double (builder, "clips_per_s", figures->clips_per_s);
  praxi_json_add_double (builder, "fps", figures->fps);
  praxi_json_add_double (builder, "latency_p50_ms", figures->latency_p50_ms);
  praxi_json_add_int (builder, "peak_rss_bytes", figures->peak_rss_bytes);
  praxi_json_add_int (builder, "peak_device_bytes", figures->peak_device_bytes);
  json_builder_end_object (builder);
}

static void
add_step (JsonBuilder *builder, const PraxiRecipeStep *step)
{
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "pass", step->pass);
  praxi_json_add_int (builder, "round", step->round);
  json_builder_set_member_name (builder, "report");
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "what", step->what);
  add_figures (builder, "before", &step->before);
  add_figures (builder, "after", &step->after);
  praxi_json_add_double (builder, "drop_points",
                         (step->before.accuracy - step->after.accuracy) * 100);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
}

static void
print_json (const PraxiRecipe *recipe)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "steps");
  json_builder_begin_array (builder);
  for (guint i = 0; i < recipe->steps->len; i++)
    add_step (builder, recipe->steps->pdata[i]);
  json_builder_end_array (builder);
  add_figures (builder, "before", &recipe->first);
  add_figures (builder, "after", &recipe->last);
  praxi_json_add_double (builder, "drop_points",
                         (recipe->first.accuracy - recipe->last.accuracy) * 100);
  if (recipe->unmet != NULL)
    praxi_json_add_string (builder, "unmet", recipe->unmet);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
print_figures (const char *label, const PraxiFigures *figures)
{
  g_autofree char *size = praxi_text_bytes ((guint64) figures->file_bytes);
  printf ("%-16s %9s   %7.1f M multiply-adds", label, size, (double) figures->macs / 1e6);
  if (isfinite (figures->accuracy))
    printf ("   accuracy %5.1f %%   %6.1f clips/s   %6.0f frames/s", figures->accuracy * 100,
            figures->clips_per_s, figures->fps);
  putchar ('\n');
  fflush (stdout);
}

static void
step_cb (gpointer data, const PraxiRecipeStep *step)
{
  const Lighten *lighten = data;
  if (lighten->json_progress) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    add_step (builder, step);
    praxi_json_write (builder, stderr, FALSE);
  } else if (!lighten->json) {
    print_figures (step->pass, &step->after);
  }
}

static void
stage_cb (gpointer data, const char *name)
{
  Lighten *lighten = data;
  if (name != NULL)
    begin_stage (lighten, name);
  else
    end_stage (lighten, !praxi_cli_cancelled);
}

/* --- the whole ------------------------------------------------------------------------------ */

static PraxiExit
finish (const Lighten *lighten, const PraxiRecipe *recipe)
{
  g_autofree char *name = praxi_text_file_name (lighten->out);
  if (lighten->json) {
    print_json (recipe);
  } else {
    print_figures ("before", &recipe->first);
    print_figures ("after", &recipe->last);
    printf ("%s: written\n", name);
  }
  if (recipe->unmet == NULL)
    return PRAXI_EXIT_DONE;
  fprintf (stderr, "praxi: %s: %s\n", name, recipe->unmet);
  return PRAXI_EXIT_FAILED;
}

static PraxiExit
lighten_model (Lighten *lighten, const char *name)
{
  g_autoptr (GError) error = NULL;
  lighten->path = praxi_cli_model_path (name);
  lighten->model = praxi_model_load (lighten->path, &error);
  if (lighten->model == NULL)
    return praxi_cli_fail (&error);
  const gboolean has_labels = lighten->data != NULL || lighten->project != NULL;
  g_autofree char *shown = praxi_text_file_name (lighten->path);
  if (praxi_model_spec (lighten->model) == NULL && has_labels) {
    g_set_error (&error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: says nothing of its classes and input; give it a spec with 'praxi convert'",
                 shown);
    return praxi_cli_fail (&error);
  }
  if (!has_labels)
    fputs ("praxi: no labelled footage given: calibrated on noise, good for measuring speed and "
           "nothing else\n",
           stderr);
  if (!read_clips (lighten, &error))
    return praxi_cli_fail (&error);
  lighten->options.judge = judge_cb;
  lighten->options.stage = stage_cb;
  lighten->options.tick = share_cb;
  lighten->options.step = step_cb;
  lighten->options.data = lighten;
  g_autoptr (PraxiRecipe) recipe =
      praxi_recipe_run (lighten->model, lighten->path, lighten->out, &lighten->options, &error);
  if (recipe != NULL)
    return finish (lighten, recipe);
  if (!g_str_has_prefix (error->message, shown) &&
      !g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED))
    g_prefix_error (&error, "%s: ", shown);
  return praxi_cli_fail (&error);
}

/* "54000", "54k", "1.5M", "4G"; 0 without a text, −1 where it is none. */
static gint64
parse_bytes (const char *text)
{
  static const char units[] = "kMG";
  char *end = NULL;
  if (text == NULL)
    return 0;
  double bytes = g_ascii_strtod (text, &end);
  const char *unit = *end != '\0' ? strchr (units, *end) : NULL;
  for (const char *at = units; unit != NULL && at <= unit; at++)
    bytes *= 1000;
  end += unit != NULL;
  return end == text || *end != '\0' || !(bytes >= 1 && bytes < 1e15) ? -1 : (gint64) bytes;
}

static const char *
find_problem (Lighten *lighten)
{
  PraxiRecipeOptions *options = &lighten->options;
  options->quantize = lighten->quantize != NULL;
  options->budget_bytes = parse_bytes (lighten->budget_bytes);
  options->budget_vram = parse_bytes (lighten->budget_vram);
  const gboolean has_limit =
      options->budget_bytes != 0 || options->budget_vram != 0 || options->min_fps > 0;
  if (lighten->data != NULL && lighten->project != NULL)
    return "lighten: give --data or --project, not both";
  if (lighten->out == NULL)
    return "lighten: say with --out where the model shall go";
  if (!options->quantize && !(options->prune > 0) && !has_limit)
    return "lighten: say what to do; see 'praxi lighten --help'";
  if (lighten->quantize != NULL && !g_str_equal (lighten->quantize, "int8"))
    return "--quantize: give int8";
  if (!(options->prune >= 0 && options->prune < 1))
    return "--prune: give a share of channels, 0 to 0.95";
  if (lighten->ranges != NULL &&
      !praxi_range_method_parse (lighten->ranges, &options->quantizer.method))
    return "--ranges: give percentile, min-max or entropy";
  if (lighten->importance != NULL &&
      !praxi_importance_parse (lighten->importance, &options->importance))
    return "--importance: give magnitude or norm-scale";
  if (options->budget_bytes < 0 || options->budget_vram < 0)
    return "--budget-bytes, --budget-vram: give bytes, such as 54k or 4G";
  if (options->multiple < 1 || options->multiple > 1024)
    return "--multiple: give 1 to 1024";
  if (options->calibration_clips < 1 || options->calibration_clips > 100000)
    return "--clips: give 1 to 100000";
  if (options->epochs < 0 || options->epochs > 10000)
    return "--epochs: give 0 to 10000";
  if (options->threads < 0 || options->threads > 1024)
    return "--threads: give 1 to 1024";
  return lighten->stride_s > 0 && lighten->stride_s < 1e6 ? NULL : "--stride: give seconds";
}

static gboolean
check_options (Lighten *lighten, GError **error)
{
  const char *problem = find_problem (lighten);
  if (problem == NULL)
    return praxi_cli_wants_json_progress (lighten->progress, &lighten->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

static void
clear (Lighten *lighten)
{
  praxi_clips_free (lighten->train_clips);
  praxi_clips_free (lighten->val_clips);
  praxi_dataset_free (lighten->train);
  praxi_dataset_free (lighten->val);
  g_clear_pointer (&lighten->model, praxi_model_unref);
  char *const texts[] = {lighten->data,       lighten->project,    lighten->quantize,
                         lighten->ranges,     lighten->out,        lighten->progress,
                         lighten->path,       lighten->importance, lighten->budget_bytes,
                         lighten->budget_vram};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

PraxiExit
praxi_cli_lighten (int argc, char **argv)
{
  Lighten l = {.options = {.epochs = 10, .max_drop = -1, .multiple = 16, .calibration_clips = 192},
               .stride_s = 0.5};
  PraxiRecipeOptions *o = &l.options;
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &l.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &l.project, "The labels of a project", "FILE.praxi"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &l.out, "Where to write the model", "OUT.onnx"},
      {"prune", 0, 0, G_OPTION_ARG_DOUBLE, &o->prune, "The share of channels that go", "R"},
      {"importance", 0, 0, G_OPTION_ARG_STRING, &l.importance,
       "Which go first: magnitude (default) or norm-scale", "NAME"},
      {"multiple", 0, 0, G_OPTION_ARG_INT, &o->multiple, "Layers stay a multiple wide (16)", "N"},
      {"epochs", 0, 0, G_OPTION_ARG_INT, &o->epochs, "Rounds of learning again (10)", "N"},
      {"quantize", 0, 0, G_OPTION_ARG_STRING, &l.quantize, "Work on bytes", "int8"},
      {"ranges", 0, 0, G_OPTION_ARG_STRING, &l.ranges,
       "How bytes are laid over values: percentile (default), min-max or entropy", "METHOD"},
      {"clips", 0, 0, G_OPTION_ARG_INT, &o->calibration_clips, "To calibrate with (192)", "N"},
      {"no-equalize", 0, 0, G_OPTION_ARG_NONE, &o->quantizer.no_equalize,
       "Leave channels as they are", NULL},
      {"no-bias-correction", 0, 0, G_OPTION_ARG_NONE, &o->quantizer.no_bias_correction,
       "Leave biases as they are", NULL},
      {"max-drop", 0, 0, G_OPTION_ARG_DOUBLE, &o->max_drop, "Accuracy that may be lost", "POINTS"},
      {"budget-bytes", 0, 0, G_OPTION_ARG_STRING, &l.budget_bytes, "Size of the file", "54k"},
      {"budget-vram", 0, 0, G_OPTION_ARG_STRING, &l.budget_vram, "Memory while it runs", "4G"},
      {"min-fps", 0, 0, G_OPTION_ARG_DOUBLE, &o->min_fps, "Frames of footage a second", "N"},
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &l.stride_s, "Seconds between windows (0.5)", "S"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &o->threads, "Threads (default: one per core)", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &l.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &l.progress, "Print progress to stderr", "json"},
      {NULL}};
  PraxiExit status;
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
