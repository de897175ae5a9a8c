/* praxi lighten: a model becomes smaller and faster, pass by pass. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/compare-child.h"
#include "app/fold-teachers.h"
#include "app/lighten-job.h"
#include "app/lighten-report.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/flow-net.h"

typedef PraxiLightenJob Lighten;

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

static void
child_cb (gpointer data, double share)
{
  praxi_lighten_share (data, share);
}

/* As `praxi compare` judges. */
static gboolean
judge_cb (gpointer data, const char *path, PraxiFigures *figures, GError **error)
{
  Lighten *lighten = data;
  const PraxiCompareChild child = {.name = path,
                                   .executor.threads = lighten->options.threads,
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

/* --- teachers and the student --------------------------------------------------------------- */

static gboolean
choose_speakers (Lighten *lighten, GError **error)
{
  if (lighten->fold_teachers == NULL)
    return TRUE;
  lighten->speakers = praxi_fold_teachers_speakers (
      lighten->teacher_places, lighten->train_flow, lighten->data, lighten->project,
      praxi_model_spec (praxi_lighten_learner (lighten)), error);
  lighten->options.distillation.speakers = lighten->speakers;
  return lighten->speakers != NULL;
}

static gboolean
load_teachers (Lighten *lighten, GError **error)
{
  lighten->more_teachers = g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_model_unref);
  for (int i = 0; lighten->teachers != NULL && lighten->teachers[i] != NULL; i++) {
    g_autofree char *path = praxi_cli_model_path (lighten->teachers[i]);
    PraxiModel *model = praxi_model_load (path, error);
    if (model == NULL)
      return FALSE;
    g_ptr_array_add (lighten->more_teachers, model);
  }
  if (lighten->fold_teachers != NULL)
    lighten->teacher_places = praxi_fold_teachers_load (
        lighten->fold_teachers, lighten->n_folds, lighten->held_out, lighten->more_teachers, error);
  lighten->options.teachers = (PraxiModel *const *) lighten->more_teachers->pdata;
  lighten->options.n_teachers = (int) lighten->more_teachers->len;
  return lighten->fold_teachers == NULL || lighten->teacher_places != NULL;
}

static void
add_choice (GString *arch, const char *key, const char *value)
{
  if (strstr (arch->str, key) != NULL)
    return;
  g_string_append_printf (arch, "%c%s%s", strchr (arch->str, ':') != NULL ? ',' : ':', key, value);
}

/* "NAME:frames=…,size=…,rate=…": a net of the zoo that sees what the model sees. */
static char *
name_student (const Lighten *lighten)
{
  const PraxiModelSpec *spec = praxi_model_spec (lighten->model);
  g_autoptr (GString) arch = g_string_new (lighten->student);
  if (g_strv_contains (praxi_flow_nets (), lighten->student))
    return g_strdup (lighten->student);
  g_autofree char *frames = g_strdup_printf ("%d", spec->frames);
  g_autofree char *size = g_strdup_printf ("%dx%d", spec->height, spec->width);
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr (rate, sizeof rate, spec->rate_hz);
  add_choice (arch, "frames=", frames);
  add_choice (arch, "size=", lighten->size != NULL ? lighten->size : size);
  add_choice (arch, "rate=", rate);
  if (lighten->width != NULL)
    add_choice (arch, "width=", lighten->width);
  return g_string_free (g_steal_pointer (&arch), FALSE);
}

/* A file, or a net with drawn weights and the model's classes. */
static gboolean
make_student (Lighten *lighten, GError **error)
{
  PraxiTrainJob *school = &lighten->school;
  if (lighten->student == NULL)
    return TRUE;
  school->seed = lighten->seed;
  if (g_str_has_suffix (lighten->student, ".onnx") || g_str_equal (lighten->student, "light") ||
      g_str_equal (lighten->student, "original")) {
    school->from = g_strdup (lighten->student);
  } else {
    school->arch = name_student (lighten);
    school->classes = g_strjoinv (",", praxi_model_spec (lighten->model)->classes);
  }
  if (!praxi_train_job_model (school, error))
    return FALSE;
  praxi_train_job_defaults (school);
  lighten->options.student = school->model;
  lighten->options.schooling = school->options;
  lighten->options.school = school->how;
  return TRUE;
}

/* --hint STUDENT=TEACHER */
static const char *
split_hints (Lighten *lighten)
{
  const guint n = lighten->hints != NULL ? g_strv_length (lighten->hints) : 0;
  lighten->pupil = g_new0 (char *, n + 1);
  lighten->master = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++) {
    const char *sign = strchr (lighten->hints[i], '=');
    if (sign == NULL || sign == lighten->hints[i] || sign[1] == '\0')
      return "--hint: give the names of a value of the student and one of the teacher, A=B";
    lighten->pupil[i] = g_strndup (lighten->hints[i], (gsize) (sign - lighten->hints[i]));
    lighten->master[i] = g_strdup (sign + 1);
  }
  if (n > 0) {
    lighten->options.distillation.student_values = (const char *const *) lighten->pupil;
    lighten->options.distillation.teacher_values = (const char *const *) lighten->master;
  }
  return NULL;
}

/* --- telling -------------------------------------------------------------------------------- */

static void
step_cb (gpointer data, const PraxiRecipeStep *step)
{
  const Lighten *lighten = data;
  if (lighten->json_progress) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    praxi_lighten_add_step (builder, step);
    praxi_json_write (builder, stderr, FALSE);
  } else if (!lighten->json) {
    praxi_lighten_print_figures (step->pass, &step->after);
  }
}

static void
stage_cb (gpointer data, const char *name)
{
  Lighten *lighten = data;
  if (name != NULL)
    praxi_lighten_begin_stage (lighten, name);
  else
    praxi_lighten_end_stage (lighten, !praxi_cli_cancelled);
}

/* --- the whole ------------------------------------------------------------------------------ */

static PraxiExit
finish (const Lighten *lighten, const PraxiRecipe *recipe)
{
  g_autofree char *name = praxi_text_file_name (lighten->out);
  if (lighten->json) {
    praxi_lighten_print_json (recipe);
  } else {
    praxi_lighten_print_figures ("before", &recipe->first);
    praxi_lighten_print_figures ("after", &recipe->last);
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
  const char *labels = lighten->data != NULL ? lighten->data : lighten->project;
  const gboolean has_labels = labels != NULL;
  lighten->path = praxi_cli_model_path (name);
  g_autofree char *shown = praxi_text_file_name (lighten->path);
  lighten->model = has_labels ? praxi_cli_load_with_spec (name, &error)
                              : praxi_model_load (lighten->path, &error);
  if (lighten->model == NULL)
    return praxi_cli_fail (&error);
  if (!has_labels)
    fputs ("praxi: no labelled footage given: calibrated on noise, good for measuring speed and "
           "nothing else\n",
           stderr);
  if (!load_teachers (lighten, &error) || !make_student (lighten, &error) ||
      !praxi_lighten_read_footage (lighten, &error) || !choose_speakers (lighten, &error))
    return praxi_cli_fail (&error);
  g_autofree char *data_key = g_strdup_printf ("%s %s %s", has_labels ? labels : "",
                                               lighten->fold != NULL ? lighten->fold : "",
                                               lighten->more != NULL ? lighten->more : "");
  lighten->options.data_key = data_key;
  lighten->options.judge = judge_cb;
  lighten->options.stage = stage_cb;
  lighten->options.tick = praxi_lighten_share;
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

/* "2/5" */
static gboolean
parse_fold (Lighten *lighten)
{
  char end = 0;
  return lighten->fold == NULL ||
         (sscanf (lighten->fold, "%d/%d%c", &lighten->held_out, &lighten->n_folds, &end) == 2 &&
          lighten->n_folds >= 2 && lighten->n_folds <= 100 && lighten->held_out >= 1 &&
          lighten->held_out <= lighten->n_folds);
}

static const char *
find_teaching_problem (const Lighten *lighten)
{
  const PraxiRecipeOptions *options = &lighten->options;
  if ((lighten->student != NULL || options->distills) && lighten->data == NULL &&
      lighten->project == NULL)
    return "--student, --distill: nothing can be learned without --data or --project";
  if ((lighten->width != NULL || lighten->size != NULL) &&
      (lighten->student == NULL || g_strv_contains (praxi_flow_nets (), lighten->student)))
    return "--width, --size: go with --student and a net of the zoo";
  if ((lighten->teachers != NULL || lighten->fold_teachers != NULL) && !options->distills)
    return "--teacher, --fold-teachers: go with --distill";
  if (lighten->fold_teachers != NULL && lighten->hints != NULL)
    return "--fold-teachers, --hint: give one of them";
  if (!(options->distillation.temperature >= 0 && options->distillation.temperature <= 100))
    return "--temperature: give more than 0 and at most 100";
  if (!(options->distillation.share >= 0 && options->distillation.share <= 1))
    return "--teacher-share: give more than 0 and at most 1";
  if (!(options->distillation.hint_weight >= 0))
    return "--hint-weight: give more than 0";
  if (lighten->school.options.average >= 1)
    return "--student-average: give 0 or more and less than 1";
  if (lighten->school.options.mix.mixup > 10 || lighten->school.options.rate > 1)
    return "--student-mixup: give 0 to 10; --student-rate: give more than 0 and at most 1";
  return NULL;
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
  if (!options->quantize && !(options->prune > 0) && !has_limit && lighten->student == NULL)
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
    return "--importance: give magnitude, norm-scale or taylor";
  if (options->importance == PRAXI_IMPORTANCE_TAYLOR && lighten->data == NULL &&
      lighten->project == NULL)
    return "--importance taylor: goes with --data or --project";
  const char *problem = find_teaching_problem (lighten);
  if (problem != NULL)
    return problem;
  if (!parse_fold (lighten))
    return "--fold: give which of how many, as in 2/5";
  if (lighten->fold != NULL && lighten->data == NULL && lighten->project == NULL)
    return "--fold: goes with --data or --project";
  if (lighten->more != NULL && lighten->data == NULL)
    return "--more: goes with --data";
  if (options->budget_bytes < 0 || options->budget_vram < 0)
    return "--budget-bytes, --budget-vram: give bytes, such as 54k or 4G";
  if (options->quantizer.weight_bits != 0 && options->quantizer.weight_bits != 7 &&
      options->quantizer.weight_bits != 8)
    return "--weight-bits: give 8 or 7";
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
    problem = split_hints (lighten);
  lighten->options.seed = (guint32) lighten->seed;
  if (problem == NULL)
    return praxi_cli_wants_json_progress (lighten->progress, &lighten->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

static void
clear (Lighten *lighten)
{
  praxi_flow_clips_free (lighten->train_flow);
  praxi_flow_clips_free (lighten->val_flow);
  praxi_clips_free (lighten->train_clips);
  praxi_clips_free (lighten->val_clips);
  praxi_dataset_free (lighten->train);
  praxi_dataset_free (lighten->val);
  praxi_dataset_free (lighten->few);
  praxi_clips_free (lighten->teacher_clips);
  praxi_train_job_clear (&lighten->school);
  g_clear_pointer (&lighten->more_teachers, g_ptr_array_unref);
  g_strfreev (lighten->teachers);
  g_strfreev (lighten->hints);
  g_clear_pointer (&lighten->teacher_places, g_array_unref);
  g_free (lighten->speakers);
  g_strfreev (lighten->pupil);
  g_strfreev (lighten->master);
  g_clear_pointer (&lighten->model, praxi_model_unref);
  char *const texts[] = {lighten->data,        lighten->project,      lighten->quantize,
                         lighten->ranges,      lighten->out,          lighten->progress,
                         lighten->path,        lighten->importance,   lighten->budget_bytes,
                         lighten->budget_vram, lighten->student,      lighten->width,
                         lighten->size,        lighten->fold,         lighten->more,
                         lighten->cache,       lighten->fold_teachers};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

/* Options of distillation; main has no room for them. */
static void
list_distillation (Lighten *l, GArray *entries)
{
  PraxiDistillOptions *d = &l->options.distillation;
  const GOptionEntry more[] = {
      {"student", 0, 0, G_OPTION_ARG_STRING, &l->student,
       "What takes the model's place and learns: flow-light, flow-wide, a net of the zoo, a file",
       "NET"},
      {"width", 0, 0, G_OPTION_ARG_STRING, &l->width, "Of a student of the zoo, times its own",
       "W"},
      {"size", 0, 0, G_OPTION_ARG_STRING, &l->size, "Of its pictures (those of the model)", "PX"},
      {"student-epochs", 0, 0, G_OPTION_ARG_INT, &l->school.options.epochs,
       "Its rounds of learning (as in 'praxi train')", "N"},
      {"student-average", 0, 0, G_OPTION_ARG_DOUBLE, &l->school.options.average,
       "Keeps a moving average of its weights (as in 'praxi train')", "K"},
      {"student-mixup", 0, 0, G_OPTION_ARG_DOUBLE, &l->school.options.mix.mixup,
       "Blends its clips (as in 'praxi train')", "A"},
      {"student-rate", 0, 0, G_OPTION_ARG_DOUBLE, &l->school.options.rate,
       "Length of its steps (as in 'praxi train')", "R"},
      {"distill", 0, 0, G_OPTION_ARG_NONE, &l->options.distills,
       "Whatever learns imitates the model beside the labels", NULL},
      {"teacher", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &l->teachers,
       "Another one to imitate; may be given again", "MODEL"},
      {"fold-teachers", 0, 0, G_OPTION_ARG_FILENAME, &l->fold_teachers,
       "OUT-J.onnx teaches what fold J of 'praxi train --folds' holds out, the others --more",
       "OUT.onnx"},
      {"temperature", 0, 0, G_OPTION_ARG_DOUBLE, &d->temperature, "Of what is imitated (2)", "T"},
      {"teacher-share", 0, 0, G_OPTION_ARG_DOUBLE, &d->share,
       "Of the loss; the rest is the labels' (0.6)", "S"},
      {"hint", 0, 0, G_OPTION_ARG_STRING_ARRAY, &l->hints,
       "Values inside that are to be alike, STUDENT=TEACHER; may be given again", "A=B"},
      {"hint-weight", 0, 0, G_OPTION_ARG_DOUBLE, &d->hint_weight, "Of all hints (1)", "W"},
      {"fold", 0, 0, G_OPTION_ARG_STRING, &l->fold,
       "Learns from all but what this fold of 'praxi train --folds' holds out", "I/K"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &l->seed, "Of what is drawn by chance (0)", "N"},
      {"resume", 0, 0, G_OPTION_ARG_NONE, &l->options.resume,
       "Goes on where the same run was cut off", NULL},
      {"checkpoint", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_DOUBLE, &l->options.checkpoint_s, NULL,
       NULL},
  };
  g_array_append_vals (entries, more, G_N_ELEMENTS (more));
}

PraxiExit
praxi_cli_lighten (int argc, char **argv)
{
  Lighten l = {.options = {.epochs = 10, .max_drop = -1, .multiple = 16, .calibration_clips = 192},
               .stride_s = 0.5};
  PraxiRecipeOptions *o = &l.options;
  praxi_train_job_init (&l.school);
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &l.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &l.project, "The labels of a project", "FILE.praxi"},
      {"more", 0, 0, G_OPTION_ARG_FILENAME, &l.more,
       "Footage that is learned from too, an eighth of what is shown (as in 'praxi train')", "DIR"},
      {"cache", 0, 0, G_OPTION_ARG_FILENAME, &l.cache,
       "Keeps the motion of footage there (as in 'praxi train')", "DIR"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &l.out, "Where to write the model", "OUT.onnx"},
      {"prune", 0, 0, G_OPTION_ARG_DOUBLE, &o->prune, "The share of channels that go", "R"},
      {"importance", 0, 0, G_OPTION_ARG_STRING, &l.importance,
       "Which stay: by magnitude (default), norm-scale, or taylor, what the loss feels", "NAME"},
      {"multiple", 0, 0, G_OPTION_ARG_INT, &o->multiple, "Layers stay a multiple wide (16)", "N"},
      {"epochs", 0, 0, G_OPTION_ARG_INT, &o->epochs, "Rounds of learning again (10)", "N"},
      {"quantize", 0, 0, G_OPTION_ARG_STRING, &l.quantize, "Work on bytes", "int8"},
      {"ranges", 0, 0, G_OPTION_ARG_STRING, &l.ranges,
       "How bytes are laid over values: percentile (default), min-max or entropy", "METHOD"},
      {"clips", 0, 0, G_OPTION_ARG_INT, &o->calibration_clips, "To calibrate with (192)", "N"},
      {"weight-bits", 0, 0, G_OPTION_ARG_INT, &o->quantizer.weight_bits,
       "8 (default), or 7 for runtimes that add products in 16 bits", "N"},
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
      {"progress", 0, 0, G_OPTION_ARG_STRING, &l.progress, "Print progress to stderr", "json"}};
  PraxiExit status;
  g_autoptr (GArray) all = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_array_append_vals (all, entries, G_N_ELEMENTS (entries));
  list_distillation (&l, all);
  if (praxi_cli_parse (&argc, &argv, (const GOptionEntry *) (const void *) all->data, "MODEL",
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
