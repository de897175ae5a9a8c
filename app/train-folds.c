/* praxi train --folds: grouped cross-validation. Every piece of footage is held out once, and
 * judged as `praxi compare` judges by the model that the rest made.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/label-splits.h"
#include "app/train-folds.h"
#include "app/train-record.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/replace-file.h"
#include "engine/core/text.h"
#include "engine/infer/events.h"
#include "engine/model/spec.h"
#include "engine/train/folds.h"

typedef PraxiTrainFolds Folds;

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

char *
praxi_train_fold_path (const char *out, int number)
{
  const gsize length = strlen (out) - (g_str_has_suffix (out, ".onnx") ? strlen (".onnx") : 0);
  return g_strdup_printf ("%.*s-%d.onnx", (int) length, out, number);
}

static gboolean
evaluate_cb (gpointer data, double done_s, double total_s)
{
  return !praxi_cli_cancelled;
}

/* Keeps what thresholds do on the fold's footage. */
static void
add_tried (Folds *folds, int fold, const PraxiEvaluation *evaluation)
{
  for (guint i = 0; i < evaluation->event_figures->len; i++) {
    const PraxiEventFigures *figures =
        &g_array_index (evaluation->event_figures, PraxiEventFigures, i);
    if (g_str_equal (figures->part, "all"))
      folds->quiet_hours[fold * folds->n_classes + figures->class_index] = figures->quiet_hours;
  }
  const gsize n = (gsize) folds->n_classes * PRAXI_THRESHOLDS;
  if (evaluation->tried != NULL)
    memcpy (folds->tried + (gsize) fold * n, evaluation->tried, sizeof *folds->tried * n);
}

/* Judges a model file on the samples of the fold's files. */
static gboolean
judge (Folds *folds, int fold, const char *path, GError **error)
{
  const PraxiTrainJob *job = folds->job;
  g_autoptr (GPtrArray) samples = g_ptr_array_new ();
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint s = 0; s < job->train->samples->len; s++)
    if (folds->fold_of[s] == fold) {
      g_ptr_array_add (samples, job->train->samples->pdata[s]);
      g_array_append_val (numbers, s);
    }
  const PraxiDataset held_out = {
      .samples = samples, .warnings = job->train->warnings, .starts_at_0 = job->train->starts_at_0};
  if (samples->len == 0)
    return TRUE; /* a split has nothing of this fold */
  PraxiCliModel model;
  const PraxiExecutorOptions how = {.threads = job->options.threads};
  if (!praxi_cli_model_open (&model, path, &how, error))
    return FALSE;
  g_autofree PraxiEventOptions *events = praxi_cli_model_events (praxi_model_spec (model.model));
  const PraxiEvaluateOptions options = {.events = events,
                                        .tries = job->alarms != NULL || job->curves != NULL,
                                        .stride_s = job->stride_s,
                                        .threads = model.threads,
                                        .tick = evaluate_cb};
  g_autoptr (PraxiEvaluation) evaluation =
      praxi_evaluate (&model.scorer, &held_out, &options, error);
  const gsize C = (gsize) folds->n_classes;
  for (guint i = 0; evaluation != NULL && i < numbers->len; i++)
    memcpy (folds->scores + g_array_index (numbers, guint, i) * C,
            evaluation->scores + (gsize) i * C, sizeof (float) * C);
  if (evaluation != NULL) {
    add_figures (folds->figures, evaluation->event_figures);
    add_tried (folds, fold, evaluation);
  }
  praxi_cli_model_close (&model);
  return evaluation != NULL;
}

/* Where the model of a fold goes: beside --out, or to a file that is gone afterwards. */
static char *
path_of (const PraxiTrainJob *job, int fold, GError **error)
{
  char *path = NULL;
  if (job->out != NULL)
    return praxi_train_fold_path (job->out, fold + 1);
  const int file = g_file_open_tmp ("praxiscope-fold-XXXXXX.onnx", &path, error);
  if (file >= 0)
    close (file);
  return path;
}

/* Goes on where a run with the same options was cut off, or begins anew. */
static gboolean
begin_record (Folds *folds, GError **error)
{
  const PraxiTrainJob *job = folds->job;
  if (job->out == NULL || job->judged != NULL)
    return TRUE;
  folds->record = g_strconcat (job->out, ".folds", NULL);
  folds->key = praxi_train_job_key (job);
  return job->options.resume
             ? praxi_train_record_read (folds->record, folds->key, &folds->n_made, error)
             : praxi_train_record_write (folds->record, folds->key, 0, error);
}

/* Learns from the footage of all folds but one and another, which may be the same. */
static gboolean
learn_rest (const Folds *folds, int fold, int other, const char *path, GError **error)
{
  PraxiTrainJob *job = folds->job;
  const GPtrArray *all = job->train_flow->files;
  g_autofree gboolean *files = g_new (gboolean, all->len + 1);
  for (guint i = 0; i < all->len; i++) {
    const int own = folds->fold_of[((const PraxiFlowFile *) all->pdata[i])->first];
    files[i] = own != fold && own != other;
  }
  const gboolean good = praxi_train_job_make (job, files, path, error);
  praxi_train_job_forget (job);
  return good;
}

/* Makes a model, the number-th from 0, unless the run that this one goes on with did. */
static gboolean
make_model (Folds *folds, int number, int fold, int other, const char *path, GError **error)
{
  if (number < folds->n_made && g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autofree char *checkpoint = g_strconcat (path, ".checkpoint", NULL);
  if (!folds->job->options.resume || number != folds->n_made)
    g_unlink (checkpoint); /* of an older training */
  const gboolean good =
      learn_rest (folds, fold, other, path, error) &&
      (folds->record == NULL || praxi_train_record_write (folds->record, folds->key,
                                                          MAX (number + 1, folds->n_made), error));
  if (good)
    g_unlink (checkpoint);
  return good;
}

static gboolean
run_fold (Folds *folds, int fold, GError **error)
{
  const PraxiTrainJob *job = folds->job;
  if (job->judged != NULL) {
    g_autofree char *judged = praxi_train_fold_path (job->judged, fold + 1);
    return judge (folds, fold, judged, error);
  }
  g_autofree char *path = path_of (job, fold, error);
  if (path == NULL)
    return FALSE;
  const gboolean good =
      make_model (folds, fold, fold, fold, path, error) && judge (folds, fold, path, error);
  if (job->out == NULL)
    g_unlink (path);
  return good;
}

/* Learns once for every two folds from what neither holds out. */
static gboolean
make_pairs (Folds *folds, GError **error)
{
  const PraxiTrainJob *job = folds->job;
  int number = 0;
  for (int fold = 0; fold < job->folds; fold++) {
    g_autofree char *first = praxi_train_fold_path (job->out, fold + 1);
    for (int other = fold + 1; other < job->folds; other++) {
      g_autofree char *path = praxi_train_fold_path (first, other + 1);
      if (!make_model (folds, number++, fold, other, path, error))
        return FALSE;
      if (!job->json)
        fprintf (stderr, "praxi: without folds %d and %d: written\n", fold + 1, other + 1);
    }
  }
  return TRUE;
}

/* --- figures -------------------------------------------------------------------------------- */

typedef struct {
  int n, n_right, n_groups;
  double accuracy, low, high, auc, auc_within;
} Fit;

GArray *
praxi_train_folds_list (const Folds *folds, int event)
{
  const PraxiTrainJob *job = folds->job;
  const int background = folds->background;
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
  g_autoptr (GArray) list = praxi_train_folds_list (folds, event);
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
    if (c == folds->background)
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
    if (c == folds->background)
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
    if (sample->is_extra)
      continue;
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
  return praxi_replace_file (folds->job->scores, text->str, text->len, error);
}

static void
figures_clear (gpointer data)
{
  g_free (((PraxiEventFigures *) data)->part);
}

gboolean
praxi_train_folds_run (Folds *folds, GError **error)
{
  for (gsize i = 0; i < folds->job->train->samples->len * (gsize) folds->n_classes; i++)
    folds->scores[i] = NAN;
  g_array_set_size (folds->figures, 0);
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

/* --- the whole ------------------------------------------------------------------------------ */

/* The footage, and which fold of all there is holds each sample out; NULL on error. */
static int *
load_footage (PraxiTrainJob *job, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  g_autoptr (GHashTable) folds =
      praxi_label_splits_folds (job->data, job->project, spec, job->folds, error);
  if (folds == NULL)
    return NULL;
  job->train = praxi_label_splits_load_one (job->data, job->project, spec,
                                            job->split != NULL ? job->split : "all", error);
  if (job->train == NULL)
    return NULL;
  praxi_label_splits_print_warnings (job->train->warnings);
  if (job->judged == NULL && !praxi_train_job_add_more (job, error))
    return NULL;
  int *fold_of = g_new (int, job->train->samples->len + 1);
  for (guint i = 0; i < job->train->samples->len; i++) {
    const PraxiSample *sample = job->train->samples->pdata[i];
    fold_of[i] = sample->is_extra
                     ? PRAXI_FOLDS_NONE
                     : GPOINTER_TO_INT (g_hash_table_lookup (folds, sample->group)) - 1;
  }
  return fold_of;
}

static gboolean
read_flow (PraxiTrainJob *job, GError **error)
{
  if (praxi_flow_clips_fit (job->model))
    return praxi_train_job_read (job, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                       "--folds: works with models that begin with the motion stem");
  return FALSE;
}

PraxiExit
praxi_train_folds (PraxiTrainJob *job)
{
  g_autoptr (GError) error = NULL;
  g_autofree double *limits = NULL; /* wrong ones are refused before anything takes long */
  if (!praxi_train_alarms_parse (job, &limits, &error))
    return praxi_cli_fail (&error);
  g_autofree int *fold_of = load_footage (job, &error);
  if (fold_of == NULL || (job->judged == NULL && !read_flow (job, &error)))
    return praxi_cli_fail (&error);
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  const gsize n_scores = job->train->samples->len * (gsize) spec->n_classes;
  const gsize n_counts = (gsize) job->folds * (gsize) spec->n_classes;
  Folds folds = {
      .job = job,
      .fold_of = fold_of,
      .scores = g_new (float, n_scores + 1),
      .figures = g_array_new (FALSE, FALSE, sizeof (PraxiEventFigures)),
      .tried = g_new0 (PraxiEventCount, n_counts * PRAXI_THRESHOLDS),
      .quiet_hours = g_new0 (double, n_counts + 1),
      .n_classes = spec->n_classes,
      .background = praxi_events_background ((const char *const *) spec->classes, spec->n_classes)};
  g_array_set_clear_func (folds.figures, figures_clear);
  job->options.keeps_last = TRUE;
  const gboolean good =
      begin_record (&folds, &error) &&
      (job->pairs ? make_pairs (&folds, &error) : praxi_train_folds_run (&folds, &error)) &&
      (!job->calibrates || praxi_train_calibrate (&folds, &error)) &&
      (job->scores == NULL || write_scores (&folds, &error)) &&
      (job->curves == NULL || praxi_train_curves_write (&folds, &error));
  if (good && folds.record != NULL)
    g_unlink (folds.record);
  if (good && job->json)
    print_json (&folds);
  else if (good && !job->pairs)
    print_text (&folds);
  g_free (folds.record);
  g_free (folds.key);
  g_free (folds.scores);
  g_free (folds.tried);
  g_free (folds.quiet_hours);
  g_array_unref (folds.figures);
  return good ? PRAXI_EXIT_DONE : praxi_cli_fail (&error);
}
