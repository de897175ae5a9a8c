/* praxi train --folds: grouped cross-validation. Every piece of footage is held out once, and
 * judged as `praxi compare` judges by the model that the rest made.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/label-splits.h"
#include "app/train-job.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/train/evaluate.h"

typedef struct {
  PraxiTrainJob *job;
  int *fold_of;    /* [files] */
  float *scores;   /* [samples, classes] */
  GArray *figures; /* of PraxiEventFigures, over all folds */
  int n_classes;
} Folds;

/* One group's files by class and kind of footage. */
typedef struct {
  char *name;
  double counts[64];
  double size;
  int fold;
} Group;

static const PraxiSample *
first_sample (const PraxiTrainJob *job, guint file)
{
  const PraxiFlowFile *of = job->train_flow->files->pdata[file];
  return job->train->samples->pdata[of->first];
}

static void
group_free (gpointer data)
{
  g_free (((Group *) data)->name);
  g_free (data);
}

/* Which of a few kinds a file is of: class and folder. */
static guint
kind_of (const PraxiTrainJob *job, guint file, GPtrArray *kinds)
{
  const PraxiFlowFile *of = job->train_flow->files->pdata[file];
  g_autofree char *key = g_strdup_printf ("%d %s", first_sample (job, file)->class_index, of->kind);
  guint at = 0;
  if (g_ptr_array_find_with_equal_func (kinds, key, g_str_equal, &at))
    return MIN (at, 63);
  g_ptr_array_add (kinds, g_steal_pointer (&key));
  return MIN (kinds->len - 1, 63);
}

static gint
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = *(Group *const *) a, *y = *(Group *const *) b;
  if (x->size != y->size)
    return x->size < y->size ? 1 : -1;
  return strcmp (x->name, y->name);
}

/* Large groups first, each to the fold that is left most even. */
static void
assign_groups (const GPtrArray *groups, int n_folds)
{
  double ideal[64] = {0};
  g_autofree double *total = g_new0 (double, 64 * n_folds);
  for (guint g = 0; g < groups->len; g++)
    for (int k = 0; k < 64; k++)
      ideal[k] += ((Group *) groups->pdata[g])->counts[k] / n_folds;
  for (guint g = 0; g < groups->len; g++) {
    Group *group = groups->pdata[g];
    double least = INFINITY;
    for (int f = 0; f < n_folds; f++) {
      double more = 0;
      for (int k = 0; k < 64; k++) {
        const double before = total[f * 64 + k] - ideal[k], after = before + group->counts[k];
        more += after * after - before * before;
      }
      if (more < least) {
        least = more;
        group->fold = f;
      }
    }
    for (int k = 0; k < 64; k++)
      total[group->fold * 64 + k] += group->counts[k];
  }
}

static void
make_folds (Folds *folds)
{
  const PraxiTrainJob *job = folds->job;
  const guint n = job->train_flow->files->len;
  g_autoptr (GPtrArray) kinds = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func (group_free);
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < n; i++) {
    const char *name = first_sample (job, i)->group;
    Group *group = g_hash_table_lookup (found, name);
    if (group == NULL) {
      group = g_new0 (Group, 1);
      group->name = g_strdup (name);
      g_ptr_array_add (groups, group);
      g_hash_table_insert (found, group->name, group);
    }
    group->counts[kind_of (job, i, kinds)]++;
    group->size++;
  }
  g_ptr_array_sort (groups, compare_groups);
  assign_groups (groups, job->folds);
  for (guint i = 0; i < n; i++)
    folds->fold_of[i] = ((Group *) g_hash_table_lookup (found, first_sample (job, i)->group))->fold;
}

static void
add_figures (GArray *all, const GArray *some)
{
  for (guint i = 0; i < some->len; i++) {
    const PraxiEventFigures *figures = &g_array_index (some, PraxiEventFigures, i);
    guint j = 0;
    for (; j < all->len; j++) {
      PraxiEventFigures *sum = &g_array_index (all, PraxiEventFigures, j);
      if (sum->class_index != figures->class_index || !g_str_equal (sum->part, figures->part))
        continue;
      sum->n_spans += figures->n_spans;
      sum->n_found += figures->n_found;
      sum->n_false += figures->n_false;
      sum->quiet_hours += figures->quiet_hours;
      break;
    }
    if (j < all->len)
      continue;
    PraxiEventFigures fresh = *figures;
    fresh.part = g_strdup (figures->part);
    g_array_append_val (all, fresh);
  }
}

static gboolean
evaluate_cb (gpointer data, double done_s, double total_s)
{
  return !praxi_cli_cancelled;
}

/* Judges a model file on the samples of the fold's files. */
static gboolean
judge (Folds *folds, int fold, const char *path, GError **error)
{
  const PraxiTrainJob *job = folds->job;
  g_autoptr (GPtrArray) samples = g_ptr_array_new ();
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < job->train_flow->files->len; i++) {
    const PraxiFlowFile *file = job->train_flow->files->pdata[i];
    for (guint s = file->first; s < file->end && folds->fold_of[i] == fold; s++) {
      g_ptr_array_add (samples, job->train->samples->pdata[s]);
      g_array_append_val (numbers, s);
    }
  }
  const PraxiDataset held_out = {
      .samples = samples, .warnings = job->train->warnings, .starts_at_0 = job->train->starts_at_0};
  PraxiCliModel model;
  const PraxiExecutorOptions how = {.threads = job->options.threads};
  if (!praxi_cli_model_open (&model, path, &how, error))
    return FALSE;
  const PraxiEvaluateOptions options = {
      .stride_s = job->stride_s, .threads = model.threads, .tick = evaluate_cb};
  g_autoptr (PraxiEvaluation) evaluation =
      praxi_evaluate (&model.scorer, &held_out, &options, error);
  const gsize C = (gsize) folds->n_classes;
  for (guint i = 0; evaluation != NULL && i < numbers->len; i++)
    memcpy (folds->scores + g_array_index (numbers, guint, i) * C,
            evaluation->scores + (gsize) i * C, sizeof (float) * C);
  if (evaluation != NULL)
    add_figures (folds->figures, evaluation->event_figures);
  praxi_cli_model_close (&model);
  return evaluation != NULL;
}

static gboolean
run_fold (Folds *folds, int fold, GError **error)
{
  PraxiTrainJob *job = folds->job;
  const guint n = job->train_flow->files->len;
  g_autofree gboolean *files = g_new (gboolean, n + 1);
  g_autofree char *path = NULL;
  for (guint i = 0; i < n; i++)
    files[i] = folds->fold_of[i] != fold;
  const int file = g_file_open_tmp ("praxiscope-fold-XXXXXX.onnx", &path, error);
  if (file < 0)
    return FALSE;
  close (file);
  const gboolean good =
      praxi_train_job_make (job, files, path, error) && judge (folds, fold, path, error);
  g_unlink (path);
  praxi_train_job_forget (job);
  return good;
}

/* --- figures -------------------------------------------------------------------------------- */

typedef struct {
  int n, n_right, n_groups;
  double accuracy, low, high, auc, auc_within;
} Fit;

/* Samples of an event, and those without one in the folder that is named so, or all such. */
static GArray *
list_samples (const Folds *folds, int event)
{
  const PraxiTrainJob *job = folds->job;
  const int background = job->train_flow->background;
  const char *name = background >= 0 ? praxi_model_spec (job->model)->classes[background] : "";
  GArray *list = g_array_new (FALSE, FALSE, sizeof (guint));
  for (int pass = 0; pass < 2 && list->len == 0; pass++) {
    gboolean any = FALSE;
    for (guint i = 0; i < job->train->samples->len; i++) {
      const PraxiSample *sample = job->train->samples->pdata[i];
      const gboolean is_quiet = sample->class_index == background &&
                                (pass == 1 || (g_str_has_prefix (sample->file, name) &&
                                               sample->file[strlen (name)] == '/'));
      if (isnan (folds->scores[(gsize) i * (gsize) folds->n_classes]) ||
          (sample->class_index != event && !is_quiet))
        continue;
      any = any || is_quiet;
      g_array_append_val (list, i);
    }
    if (!any)
      g_array_set_size (list, 0);
  }
  return list;
}

/* The chance that of two samples of one group the event scores higher. */
static double
auc_within_groups (const float *scores, const gboolean *positives, const char *const *groups, int n)
{
  double won = 0, pairs = 0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      if (positives[i] && !positives[j] && g_str_equal (groups[i], groups[j])) {
        pairs++;
        won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
  return pairs > 0 ? won / pairs : (double) NAN;
}

static Fit
fit_of (const Folds *folds, int event)
{
  const PraxiTrainJob *job = folds->job;
  g_autoptr (GArray) list = list_samples (folds, event);
  const int n = (int) list->len;
  g_autofree float *scores = g_new (float, n + 1), *both = g_new (float, 2 * n + 1);
  g_autofree int *truth = g_new (int, n + 1);
  g_autofree gboolean *positives = g_new (gboolean, n + 1);
  g_autofree const char **groups = g_new (const char *, n + 1);
  Fit fit = {.n = n};
  for (int i = 0; i < n; i++) {
    const guint s = g_array_index (list, guint, i);
    const PraxiSample *sample = job->train->samples->pdata[s];
    scores[i] = folds->scores[(gsize) s * (gsize) folds->n_classes + (gsize) event];
    both[2 * i] = 1 - scores[i];
    both[2 * i + 1] = scores[i];
    truth[i] = positives[i] = sample->class_index == event;
    groups[i] = sample->group;
  }
  if (n == 0)
    return fit;
  g_autoptr (PraxiMetrics) metrics = praxi_metrics_new (truth, both, groups, n, 2);
  fit.accuracy = metrics->accuracy;
  fit.low = metrics->accuracy_low;
  fit.high = metrics->accuracy_high;
  fit.auc = praxi_metrics_auc_roc (scores, positives, n);
  fit.auc_within = auc_within_groups (scores, positives, groups, n);
  return fit;
}

static void
print_text (const Folds *folds)
{
  const PraxiModelSpec *spec = praxi_model_spec (folds->job->model);
  for (int c = 0; c < spec->n_classes; c++) {
    if (c == folds->job->train_flow->background)
      continue;
    const Fit fit = fit_of (folds, c);
    printf ("%s against %s: %d samples, accuracy %.3f [%.3f, %.3f], AUC %.3f, within groups %.3f\n",
            spec->classes[c], spec->classes[0], fit.n, fit.accuracy, fit.low, fit.high, fit.auc,
            fit.auc_within);
    for (guint i = 0; i < folds->figures->len; i++) {
      const PraxiEventFigures *f = &g_array_index (folds->figures, PraxiEventFigures, i);
      if (f->class_index == c)
        printf ("  events in %s: %d of %d found, %d false in %.0f s\n", f->part, f->n_found,
                f->n_spans, f->n_false, f->quiet_hours * 3600);
    }
  }
}

static void
add_events (JsonBuilder *builder, const Folds *folds, int event)
{
  json_builder_set_member_name (builder, "events");
  json_builder_begin_array (builder);
  for (guint i = 0; i < folds->figures->len; i++) {
    const PraxiEventFigures *f = &g_array_index (folds->figures, PraxiEventFigures, i);
    if (f->class_index != event)
      continue;
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "part", f->part);
    praxi_json_add_int (builder, "spans", f->n_spans);
    praxi_json_add_int (builder, "found", f->n_found);
    praxi_json_add_int (builder, "false", f->n_false);
    praxi_json_add_double (builder, "quiet_hours", f->quiet_hours);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
print_json (const Folds *folds)
{
  const PraxiModelSpec *spec = praxi_model_spec (folds->job->model);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "folds", folds->job->folds);
  json_builder_set_member_name (builder, "classes");
  json_builder_begin_array (builder);
  for (int c = 0; c < spec->n_classes; c++) {
    if (c == folds->job->train_flow->background)
      continue;
    const Fit fit = fit_of (folds, c);
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "class", spec->classes[c]);
    praxi_json_add_int (builder, "samples", fit.n);
    praxi_json_add_double (builder, "accuracy", fit.accuracy);
    praxi_json_add_double (builder, "accuracy_low", fit.low);
    praxi_json_add_double (builder, "accuracy_high", fit.high);
    praxi_json_add_double (builder, "auc_roc", fit.auc);
    praxi_json_add_double (builder, "auc_roc_within_groups", fit.auc_within);
    add_events (builder, folds, c);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
add_field (GString *text, const char *field)
{
  g_autofree char *safe = g_strdup (field);
  g_strdelimit (safe, "\"\r\n", '_');
  g_string_append_printf (text, "\"%s\",", safe);
}

/* file,group,class,start_s,end_s and a column of scores a class; numbers have a point everywhere */
static gboolean
write_scores (const Folds *folds, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (folds->job->model);
  const GPtrArray *samples = folds->job->train->samples;
  g_autoptr (GString) text = g_string_new ("file,group,class,start_s,end_s");
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  for (int c = 0; c < spec->n_classes; c++)
    g_string_append_printf (text, ",%s", spec->classes[c]);
  g_string_append_c (text, '\n');
  for (guint i = 0; i < samples->len; i++) {
    const PraxiSample *sample = samples->pdata[i];
    add_field (text, sample->file);
    add_field (text, sample->group);
    add_field (text, spec->classes[sample->class_index]);
    g_ascii_formatd (number, sizeof number, "%.3f", (double) sample->start_ns / 1e9);
    g_string_append_printf (text, "%s,", number);
    g_ascii_formatd (number, sizeof number, "%.3f", (double) sample->end_ns / 1e9);
    g_string_append (text, number);
    for (int c = 0; c < spec->n_classes; c++) {
      g_ascii_formatd (number, sizeof number, "%.6f",
                       (double) folds->scores[(gsize) i * (gsize) spec->n_classes + (gsize) c]);
      g_string_append_printf (text, ",%s", number);
    }
    g_string_append_c (text, '\n');
  }
  return g_file_set_contents (folds->job->scores, text->str, (gssize) text->len, error);
}

static void
figures_clear (gpointer data)
{
  g_free (((PraxiEventFigures *) data)->part);
}

static gboolean
run_folds (Folds *folds, GError **error)
{
  for (int fold = 0; fold < folds->job->folds; fold++) {
    const gint64 begin_us = g_get_monotonic_time ();
    if (!run_fold (folds, fold, error))
      return FALSE;
    if (!folds->job->json)
      fprintf (stderr, "praxi: fold %d of %d after %.0f s\n", fold + 1, folds->job->folds,
               (double) (g_get_monotonic_time () - begin_us) / 1e6);
  }
  return TRUE;
}

PraxiExit
praxi_train_folds (PraxiTrainJob *job)
{
  g_autoptr (GError) error = NULL;
  job->train = praxi_train_job_split (job, "all", &error);
  if (job->train == NULL)
    return praxi_cli_fail (&error);
  praxi_label_splits_print_warnings (job->train->warnings);
  if (!praxi_flow_clips_fit (job->model)) {
    g_set_error_literal (&error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "--folds: works with models that begin with the motion stem");
    return praxi_cli_fail (&error);
  }
  if (!praxi_train_job_read (job, &error))
    return praxi_cli_fail (&error);
  const gsize n_classes = (gsize) praxi_model_spec (job->model)->n_classes;
  Folds folds = {.job = job,
                 .fold_of = g_new0 (int, job->train_flow->files->len + 1),
                 .scores = g_new (float, job->train->samples->len *n_classes + 1),
                 .figures = g_array_new (FALSE, FALSE, sizeof (PraxiEventFigures)),
                 .n_classes = (int) n_classes};
  g_array_set_clear_func (folds.figures, figures_clear);
  for (gsize i = 0; i < job->train->samples->len * n_classes; i++)
    folds.scores[i] = NAN;
  make_folds (&folds);
  job->options.keeps_last = TRUE;
  const gboolean good =
      run_folds (&folds, &error) && (job->scores == NULL || write_scores (&folds, &error));
  if (good && job->json)
    print_json (&folds);
  else if (good)
    print_text (&folds);
  g_free (folds.fold_of);
  g_free (folds.scores);
  g_array_unref (folds.figures);
  return good ? PRAXI_EXIT_DONE : praxi_cli_fail (&error);
}
