#include "engine/lighten/recipe.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/core/replace-file.h"
#include "engine/core/text.h"
#include "engine/lighten/footage.h"
#include "engine/lighten/learn.h"
#include "engine/model/spec.h"

enum { NOISE_CLIPS = 8, CALIBRATION_CLIPS = 192 };

/* Shares of channels that are tried where a budget asks for fewer. */
static const double ladder[] = {0, 0.25, 0.5, 0.625, 0.75};

/* A model on its way, and the file it lies in. */
typedef struct {
  PraxiModel *model;
  char *path;
  PraxiFigures figures;
} Stand;

typedef struct {
  const PraxiRecipeOptions *options;
  PraxiRecipe *recipe;
  const char *out;
  PraxiTeacher *teacher; /* NULL without */
  char *teacher_key;
  GPtrArray *kept; /* of char *: files that go when all is done, or nobody can go on */
  int round, n_made;
} Run;

static void
stand_clear (Stand *stand)
{
  g_clear_pointer (&stand->model, praxi_model_unref);
  g_clear_pointer (&stand->path, g_free);
}

static void
step_free (gpointer data)
{
  PraxiRecipeStep *step = data;
  g_free (step->pass);
  g_free (step->what);
  g_free (step);
}

void
praxi_recipe_free (PraxiRecipe *recipe)
{
  if (recipe == NULL)
    return;
  g_ptr_array_unref (recipe->steps);
  g_free (recipe->unmet);
  g_free (recipe);
}

static void
begin_stage (const Run *run, const char *name)
{
  if (run->options->stage != NULL)
    run->options->stage (run->options->data, name);
}

static gboolean
tick_cb (gpointer data, double share)
{
  const Run *run = data;
  return run->options->tick == NULL || run->options->tick (run->options->data, share);
}

static gboolean
learning_cb (gpointer data, double done, double total)
{
  return tick_cb (data, done / MAX (total, 1));
}

/* --- figures -------------------------------------------------------------------------------- */

static gboolean
measure (const Run *run, Stand *stand, GError **error)
{
  stand->figures = (PraxiFigures){.accuracy = NAN,
                                  .macro_f1 = NAN,
                                  .auc_pr = NAN,
                                  .clips_per_s = NAN,
                                  .fps = NAN,
                                  .latency_p50_ms = NAN};
  g_autoptr (GError) why = NULL;
  begin_stage (run, "validation");
  if (run->options->judge != NULL)
    run->options->judge (run->options->data, stand->path, &stand->figures, &why);
  begin_stage (run, NULL);
  stand->figures.file_bytes = praxi_model_file_bytes (stand->model);
  stand->figures.weights_bytes = praxi_model_weights_bytes (stand->model);
  stand->figures.params = praxi_model_params (stand->model);
  stand->figures.macs = praxi_model_macs (stand->model);
  if (why == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

static double
drop_of (const Run *run, const PraxiFigures *figures)
{
  return (run->recipe->first.accuracy - figures->accuracy) * 100;
}

/* Nothing was judged, or not too much was lost. */
static gboolean
keeps_accuracy (const Run *run, const PraxiFigures *figures)
{
  const double drop = drop_of (run, figures);
  return run->options->max_drop < 0 || isnan (drop) || drop <= run->options->max_drop + 1e-9;
}

static gint64
memory_of (const PraxiFigures *figures)
{
  return figures->peak_device_bytes > 0 ? figures->peak_device_bytes : figures->peak_rss_bytes;
}

/* The first budget that is not met, in words; NULL when all are. */
static char *
unmet_budget (const Run *run, const PraxiFigures *figures)
{
  const PraxiRecipeOptions *options = run->options;
  if (options->budget_bytes > 0 && figures->file_bytes > options->budget_bytes) {
    g_autofree char *has = praxi_text_bytes ((guint64) figures->file_bytes);
    g_autofree char *may = praxi_text_bytes ((guint64) options->budget_bytes);
    return g_strdup_printf ("--budget-bytes %s: the file has %s", may, has);
  }
  if (options->budget_vram > 0 && memory_of (figures) > options->budget_vram) {
    g_autofree char *has = praxi_text_bytes ((guint64) memory_of (figures));
    g_autofree char *may = praxi_text_bytes ((guint64) options->budget_vram);
    return g_strdup_printf ("--budget-vram %s: it takes %s", may, has);
  }
  if (options->min_fps > 0 && figures->fps < options->min_fps)
    return g_strdup_printf ("--min-fps %.0f: it makes %.0f", options->min_fps, figures->fps);
  return NULL;
}

/* --- from one stand to the next ------------------------------------------------------------- */

/* The spec of what a pass made: as before, one more step, a name of its own. NULL without one. */
static char *
write_spec (const Run *run, const Stand *from, const char *what, const char *precision)
{
  const PraxiModelSpec *before = praxi_model_spec (from->model);
  if (before == NULL)
    return NULL;
  PraxiModelSpec spec = *before;
  if (precision != NULL)
    spec.precision = (char *) precision;
  return praxi_model_spec_write_step (&spec, run->out, what);
}

static gboolean
write_to (const Run *run,
          const Stand *stand,
          const PraxiGraph *graph,
          const char *path,
          const char *pass,
          const char *what,
          GError **error)
{
  const gboolean is_int8 = g_str_equal (pass, "quantize");
  g_autofree char *spec = write_spec (run, stand, what, is_int8 ? "int8" : NULL);
  return praxi_model_save (graph, spec, path, error);
}

/* Puts what a pass made in the place of what there was, measures it and keeps the report. */
static gboolean
move_to (Run *run,
         Stand *stand,
         const char *path,
         const char *pass,
         const char *what,
         GError **error)
{
  Stand next = {.path = g_strdup (path), .model = praxi_model_load (path, error)};
  if (next.model == NULL || !measure (run, &next, error)) {
    stand_clear (&next);
    return FALSE;
  }
  PraxiRecipeStep *step = g_new0 (PraxiRecipeStep, 1);
  *step = (PraxiRecipeStep){.pass = g_strdup (pass),
                            .what = g_strdup (what),
                            .before = stand->figures,
                            .after = next.figures,
                            .round = run->round};
  g_ptr_array_add (run->recipe->steps, step);
  if (run->options->step != NULL)
    run->options->step (run->options->data, step);
  stand_clear (stand);
  *stand = next;
  return TRUE;
}

static gboolean
move_on (Run *run,
         Stand *stand,
         const PraxiGraph *graph,
         const char *pass,
         const char *what,
         GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s.%d.part", run->out, run->n_made++);
  g_ptr_array_add (run->kept, g_strdup (path));
  return write_to (run, stand, graph, path, pass, what, error) &&
         move_to (run, stand, path, pass, what, error);
}

static PraxiLearn
learning_of (Run *run, gboolean is_student)
{
  return (PraxiLearn){.options = run->options,
                      .out = run->out,
                      .teacher = run->teacher,
                      .teacher_key = run->teacher_key,
                      .is_student = is_student,
                      .tick = learning_cb,
                      .data = run};
}

static gboolean
has_footage (const Run *run)
{
  return run->options->train != NULL || run->options->train_flow != NULL;
}

static const float *
slope_cb (gpointer data, const char *constant)
{
  return g_hash_table_lookup (data, constant);
}

static gboolean
prune (Run *run, Stand *stand, double ratio, GError **error)
{
  PraxiPruneOptions options = {
      .ratio = ratio, .multiple = run->options->multiple, .importance = run->options->importance};
  g_autoptr (GHashTable) slopes = NULL;
  if (options.importance == PRAXI_IMPORTANCE_TAYLOR && has_footage (run)) {
    const PraxiLearn how = learning_of (run, FALSE);
    begin_stage (run, "slopes");
    slopes = praxi_learn_slopes (&how, stand->model, error);
    begin_stage (run, NULL);
    if (slopes == NULL)
      return FALSE;
    options.gradient = slope_cb;
    options.data = slopes;
  }
  PraxiPruneReport report;
  g_autoptr (PraxiGraph) graph =
      praxi_prune (praxi_model_graph (stand->model), &options, &report, error);
  if (graph == NULL)
    return FALSE;
  g_autofree char *what =
      g_strdup_printf ("pruned: %d of %d channels by %s", report.n_channels - report.n_kept,
                       report.n_channels, praxi_importance_name (options.importance));
  return move_on (run, stand, graph, "prune", what, error);
}

/* An earlier run's work, where it lies there whole. */
static char *
find_kept (const Run *run, const char *path)
{
  g_autoptr (PraxiModel) model = run->options->resume ? praxi_model_load (path, NULL) : NULL;
  const PraxiModelSpec *spec = model != NULL ? praxi_model_spec (model) : NULL;
  return spec != NULL && spec->n_lineage > 0 ? g_strdup (spec->lineage[spec->n_lineage - 1].step)
                                             : NULL;
}

static gboolean
learn (Run *run, Stand *stand, const char *pass, GError **error)
{
  const PraxiRecipeOptions *options = run->options;
  const PraxiLearn how = learning_of (run, g_str_equal (pass, "student"));
  const int epochs = how.is_student ? options->schooling.epochs : options->epochs;
  if (!has_footage (run) || epochs < 1)
    return TRUE;
  g_autofree char *path = praxi_learn_path (&how, stand->model, pass);
  g_autofree char *what = find_kept (run, path);
  g_ptr_array_add (run->kept, g_strdup (path));
  if (what != NULL)
    return move_to (run, stand, path, pass, what, error);
  begin_stage (run, pass);
  g_autoptr (PraxiGraph) graph = praxi_learn (&how, stand->model, path, &what, error);
  begin_stage (run, NULL);
  return graph != NULL && write_to (run, stand, graph, path, pass, what, error) &&
         move_to (run, stand, path, pass, what, error);
}

static gboolean
quantize (Run *run, Stand *stand, GError **error)
{
  const PraxiRecipeOptions *options = run->options;
  g_autoptr (PraxiFootage) footage = NULL;
  PraxiCalibrationClips clips = praxi_calibration_noise (NOISE_CLIPS);
  if (options->train != NULL) {
    footage = praxi_footage_new (praxi_model_spec (stand->model), options->train,
                                 options->calibration_clips > 0 ? options->calibration_clips
                                                                : CALIBRATION_CLIPS);
    clips = praxi_footage_calibration (footage);
  }
  clips.tick = tick_cb;
  clips.tick_data = run;
  clips.threads = options->threads;
  PraxiQuantizeReport report;
  begin_stage (run, "calibration");
  g_autoptr (PraxiGraph) graph = praxi_quantize (praxi_model_graph (stand->model),
                                                 &options->quantizer, &clips, &report, error);
  begin_stage (run, NULL);
  if (graph == NULL)
    return FALSE;
  g_autofree char *what =
      g_strdup_printf ("quantized: %d convolutions in INT8, ranges by %s over %d %s", report.n_int8,
                       praxi_range_method_name (options->quantizer.method), clips.n_clips,
                       footage != NULL ? "clips" : "clips of noise");
  return move_on (run, stand, graph, "quantize", what, error);
}

/* --- the recipe ----------------------------------------------------------------------------- */

static gboolean
run_passes (Run *run, Stand *stand, double ratio, GError **error)
{
  const PraxiRecipeOptions *options = run->options;
  if (ratio > 0 && (!prune (run, stand, ratio, error) || !learn (run, stand, "fine-tune", error)))
    return FALSE;
  if (!options->quantize)
    return TRUE;
  if (!quantize (run, stand, error))
    return FALSE;
  return keeps_accuracy (run, &stand->figures) || !isfinite (stand->figures.accuracy) ||
         learn (run, stand, "fine-tune int8", error);
}

/* Of two outcomes the one that keeps the accuracy; of two that do the smaller file, of two that do
 * not the more accurate one.
 */
static gboolean
is_better (const Run *run, const PraxiFigures *a, const PraxiFigures *b)
{
  const gboolean keeps_a = keeps_accuracy (run, a), keeps_b = keeps_accuracy (run, b);
  if (keeps_a != keeps_b)
    return keeps_a;
  return keeps_a ? a->file_bytes < b->file_bytes : a->accuracy > b->accuracy;
}

static char *
describe (const Run *run, const PraxiFigures *figures, const char *budget)
{
  g_autofree char *size = praxi_text_bytes ((guint64) figures->file_bytes);
  const gboolean keeps = keeps_accuracy (run, figures);
  g_autofree char *limit = keeps ? g_strdup (budget != NULL ? budget : "")
                                 : g_strdup_printf ("--max-drop %.1f: it loses %.1f points",
                                                    run->options->max_drop, drop_of (run, figures));
  return g_strdup_printf ("cannot meet %s; the best found has %s, %.1f M multiply-adds, accuracy "
                          "%.1f %% (%+.1f points), %.0f frames a second",
                          limit, size, (double) figures->macs / 1e6, figures->accuracy * 100,
                          -drop_of (run, figures), figures->fps);
}

static gboolean
keep (const Run *run, const Stand *stand, GError **error)
{
  g_autofree char *text = NULL;
  gsize n = 0;
  return g_file_get_contents (stand->path, &text, &n, error) &&
         praxi_replace_file (run->out, text, n, error);
}

static gboolean
run_round (Run *run, const Stand *first, double ratio, Stand *best, GError **error)
{
  Stand stand = {.model = praxi_model_ref (first->model),
                 .path = g_strdup (first->path),
                 .figures = first->figures};
  if (!run_passes (run, &stand, ratio, error)) {
    stand_clear (&stand);
    return FALSE;
  }
  if (best->model != NULL && !is_better (run, &stand.figures, &best->figures)) {
    stand_clear (&stand);
    return TRUE;
  }
  stand_clear (best);
  *best = stand;
  return TRUE;
}

/* One round where the share is given; else as many as the budgets take. */
static gboolean
run_rounds (Run *run, const Stand *first, Stand *best, GError **error)
{
  if (run->options->prune > 0)
    return run_round (run, first, run->options->prune, best, error);
  for (guint i = 0; i < G_N_ELEMENTS (ladder); i++, run->round++) {
    g_autoptr (GError) why = NULL;
    if (!run_round (run, first, ladder[i], best, &why)) {
      if (best->model != NULL && g_error_matches (why, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED))
        return TRUE; /* no more channels can go */
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
    g_autofree char *unmet = unmet_budget (run, &best->figures);
    if (unmet == NULL || !keeps_accuracy (run, &best->figures))
      return TRUE;
  }
  return TRUE;
}

/* The model it all begins with and those beside it. */
static gboolean
hire_teacher (Run *run, PraxiModel *model, GError **error)
{
  const PraxiRecipeOptions *options = run->options;
  const PraxiClips *clips =
      options->teacher_clips != NULL ? options->teacher_clips : options->train;
  g_autoptr (GPtrArray) models = g_ptr_array_new ();
  g_autoptr (GString) key = g_string_new ("");
  PraxiDistillOptions distillation = options->distillation;
  if (options->distills && (clips != NULL || options->train_flow != NULL)) {
    g_ptr_array_add (models, model);
    for (int i = 0; i < options->n_teachers; i++)
      g_ptr_array_add (models, options->teachers[i]);
    for (guint i = 0; i < models->len; i++)
      g_string_append (key, praxi_model_sha256 (models->pdata[i]));
    distillation.threads = options->threads;
    run->teacher = praxi_teacher_new ((PraxiModel *const *) models->pdata, (int) models->len, clips,
                                      options->train_flow, &distillation, error);
    if (run->teacher == NULL)
      return FALSE;
  }
  run->teacher_key = g_string_free (g_steal_pointer (&key), FALSE);
  return TRUE;
}

/* The student stands where the model stood, with its thresholds and its lineage, and learns. */
static gboolean
bring_student (Run *run, Stand *first, GError **error)
{
  PraxiModel *student = run->options->student;
  if (student == NULL)
    return TRUE;
  PraxiModelSpec spec = *praxi_model_spec (student);
  const PraxiModelSpec *before = praxi_model_spec (first->model);
  spec.enter = before->enter;
  spec.exit = before->exit;
  spec.lineage = before->lineage;
  spec.n_lineage = before->n_lineage;
  spec.name = before->name; /* of whom the step in the lineage is told */
  g_autofree char *json = praxi_model_spec_write (&spec);
  g_autofree char *path = g_strconcat (run->out, ".student.part", NULL);
  g_ptr_array_add (run->kept, g_strdup (path));
  Stand stand = {.path = g_strdup (path), .figures = first->figures};
  if (praxi_model_save (praxi_model_graph (student), json, path, error))
    stand.model = praxi_model_load (path, error);
  const gboolean good = stand.model != NULL && learn (run, &stand, "student", error);
  stand_clear (first);
  *first = stand;
  return good;
}

/* Not the model that was written. */
static void
remove_kept (const Run *run)
{
  for (guint i = 0; i < run->kept->len; i++) {
    g_autofree char *checkpoint = g_strconcat (run->kept->pdata[i], ".checkpoint", NULL);
    g_unlink (run->kept->pdata[i]);
    g_unlink (checkpoint);
  }
}

PraxiRecipe *
praxi_recipe_run (PraxiModel *model,
                  const char *path,
                  const char *out,
                  const PraxiRecipeOptions *options,
                  GError **error)
{
  g_autoptr (PraxiRecipe) recipe = g_new0 (PraxiRecipe, 1);
  Run run = {.options = options,
             .recipe = recipe,
             .out = out,
             .kept = g_ptr_array_new_with_free_func (g_free)};
  Stand first = {.model = praxi_model_ref (model), .path = g_strdup (path)}, best = {0};
  recipe->steps = g_ptr_array_new_with_free_func (step_free);
  gboolean good = measure (&run, &first, error);
  recipe->first = first.figures;
  good = good && hire_teacher (&run, model, error) && bring_student (&run, &first, error) &&
         run_rounds (&run, &first, &best, error) && keep (&run, &best, error);
  if (good) {
    g_autofree char *budget = unmet_budget (&run, &best.figures);
    recipe->last = best.figures;
    if (budget != NULL || !keeps_accuracy (&run, &best.figures))
      recipe->unmet = describe (&run, &best.figures, budget);
  }
  stand_clear (&best);
  stand_clear (&first);
  if (good || !g_error_matches (error != NULL ? *error : NULL, PRAXI_ERROR, PRAXI_ERROR_CANCELLED))
    remove_kept (&run);
  g_clear_pointer (&run.teacher, praxi_teacher_free);
  g_free (run.teacher_key);
  g_ptr_array_unref (run.kept);
  return good ? g_steal_pointer (&recipe) : NULL;
}
