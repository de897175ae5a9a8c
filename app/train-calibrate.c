/* praxi train --folds --judge --calibrate: what scores mean, and which ones make events, by footage
 * that the models held out.
 */
#include <math.h>
#include <string.h>

#include "app/train-folds.h"
#include "engine/core/error.h"
#include "engine/infer/events.h"
#include "engine/model/spec.h"

/* --- scores --------------------------------------------------------------------------------- */

/* Fits the scores of what was held out, but for one fold (−1: for none). *n: of how many samples */
static gboolean
fit (const PraxiTrainFolds *folds,
     const PraxiTrainable *trainable,
     int but,
     PraxiTemper *temper,
     int *n,
     GError **error)
{
  const GPtrArray *samples = folds->job->train->samples;
  const gsize C = (gsize) folds->n_classes;
  g_autofree float *scores = g_new (float, samples->len *C + 1);
  g_autofree int *truth = g_new (int, samples->len + 1);
  *n = 0;
  for (guint i = 0; i < samples->len; i++) {
    const float *from = folds->scores + i * C;
    if (folds->fold_of[i] == but || isnan (from[0]))
      continue;
    memcpy (scores + (gsize) *n * C, from, sizeof *scores * C);
    truth[(*n)++] = ((const PraxiSample *) samples->pdata[i])->class_index;
  }
  if (praxi_temper_fit (scores, truth, *n, folds->n_classes, trainable->n_outputs,
                        trainable->is_exclusive, temper))
    return TRUE;
  return praxi_error_fail (error, PRAXI_ERROR_FAILED,
                           "--calibrate: what the other folds hold out does not show every class");
}

/* What a score becomes. */
static double
tempered (const PraxiTemper *temper, int k, double score)
{
  return 1 / (1 + exp (-(temper->slope[k] * log (score / (1 - score)) + temper->shift[k])));
}

/* --- thresholds ----------------------------------------------------------------------------- */

gboolean
praxi_train_alarms_parse (const PraxiTrainJob *job, double **limits, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (job->model);
  g_auto (GStrv) parts = g_strsplit (job->alarms != NULL ? job->alarms : "", ",", -1);
  *limits = g_new (double, spec->n_classes + 1);
  for (int c = 0; c < spec->n_classes; c++)
    (*limits)[c] = (double) NAN;
  for (int i = 0; parts[i] != NULL; i++) {
    const char *sign = strrchr (parts[i], '=');
    char *end = NULL;
    const double limit = sign != NULL ? g_ascii_strtod (sign + 1, &end) : (double) NAN;
    int class = -1;
    for (int c = 0; sign != NULL && c < spec->n_classes; c++)
      if (strlen (spec->classes[c]) == (gsize) (sign - parts[i]) &&
          g_str_has_prefix (parts[i], spec->classes[c]) &&
          !praxi_events_is_background (spec->classes[c]))
        class = c;
    if (class < 0 || end == sign + 1 || *end != '\0' || !(limit >= 0 && limit <= 1e6))
      return praxi_error_fail (
          error, PRAXI_ERROR_USAGE,
          "--alarms: give events of the model and false ones an hour, as in fall=20");
    (*limits)[class] = limit;
  }
  return TRUE;
}

/* The threshold of a class that the footage of all folds but one speaks for, before calibration:
 * whole events are counted, so that a limit an hour means something on little footage.
 */
static double
choose (const PraxiTrainFolds *folds, int class_index, int but, double limit)
{
  PraxiEventCount sum[PRAXI_THRESHOLDS] = {{0}};
  double hours = 0;
  for (int fold = 0; fold < folds->job->folds; fold++) {
    if (fold == but)
      continue;
    const int row = fold * folds->n_classes + class_index;
    hours += folds->quiet_hours[row];
    for (int i = 0; i < PRAXI_THRESHOLDS; i++) {
      sum[i].n_found += folds->tried[row * PRAXI_THRESHOLDS + i].n_found;
      sum[i].n_false += folds->tried[row * PRAXI_THRESHOLDS + i].n_false;
    }
  }
  return praxi_threshold_at (praxi_threshold_choose (sum, (int) lrint (limit * hours)));
}

/* Thresholds move as the scores do, so that the same windows reach them as before. */
static void
set_thresholds (const PraxiTrainFolds *folds,
                const PraxiTemper *temper,
                int but,
                const double *limits,
                PraxiModelSpec *spec)
{
  spec->enter = g_memdup2 (spec->enter, sizeof *spec->enter * (gsize) spec->n_classes);
  spec->exit = g_memdup2 (spec->exit, sizeof *spec->exit * (gsize) spec->n_classes);
  for (int k = 0; k < temper->n; k++) {
    const int c = spec->n_classes - temper->n + k;
    if (isfinite (limits[c])) {
      spec->enter[c] = choose (folds, c, but, limits[c]);
      spec->exit[c] = praxi_events_resolve (&(PraxiEventOptions){.enter = spec->enter[c]}).exit;
    }
    if (isfinite (spec->enter[c])) {
      spec->enter[c] = tempered (temper, k, spec->enter[c]);
      spec->exit[c] = tempered (temper, k, spec->exit[c]);
    }
  }
}

/* --- models --------------------------------------------------------------------------------- */

static gboolean
save (const PraxiTrainFolds *folds,
      PraxiModel *model,
      const PraxiTrainable *trainable,
      const PraxiTemper *temper,
      int but,
      const char *step,
      const char *to,
      GError **error)
{
  PraxiModelSpec spec = *praxi_model_spec (model);
  if (folds->job->licence != NULL)
    spec.licence = folds->job->licence;
  g_autofree double *limits = NULL, *enter = NULL, *exit = NULL;
  if (!praxi_train_alarms_parse (folds->job, &limits, error))
    return FALSE;
  if (folds->job->alarms != NULL && trainable->is_exclusive)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED,
                             "--alarms: works with models whose events have scores of their own");
  g_autoptr (PraxiGraph) graph = praxi_graph_copy (praxi_model_graph (model));
  praxi_temper_apply (graph, temper, spec.is_logits);
  if (!trainable->is_exclusive) {
    set_thresholds (folds, temper, but, limits, &spec);
    enter = spec.enter;
    exit = spec.exit;
  }
  g_autofree char *written = praxi_model_spec_write_step (&spec, to, step);
  return praxi_model_save (graph, written, to, error);
}

/* Writes a model fitted to what all folds but one held out. */
static gboolean
calibrate (const PraxiTrainFolds *folds, const char *from, int but, const char *to, GError **error)
{
  PraxiTemper temper;
  int n = 0;
  g_autoptr (PraxiModel) model = praxi_model_load (from, error);
  if (model == NULL)
    return FALSE;
  const PraxiModelSpec *spec = praxi_model_spec (model);
  if (spec == NULL || spec->n_classes != folds->n_classes)
    return praxi_error_fail_file (error, PRAXI_ERROR_UNSUPPORTED, from,
                                  "does not have the classes of the models that are judged");
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, NULL, error);
  if (trainable == NULL || !fit (folds, trainable, but, &temper, &n, error))
    return FALSE;
  g_autofree char *step =
      g_strdup_printf ("calibrated: by %d samples held out%s%s", n,
                       folds->job->alarms != NULL ? ", false events an hour at most: " : "",
                       folds->job->alarms != NULL ? folds->job->alarms : "");
  return save (folds, model, trainable, &temper, but, step, to, error);
}

gboolean
praxi_train_calibrate (PraxiTrainFolds *folds, GError **error)
{
  PraxiTrainJob *job = folds->job;
  for (int fold = 0; fold < job->folds; fold++) {
    g_autofree char *from = praxi_train_fold_path (job->judged, fold + 1);
    g_autofree char *to = praxi_train_fold_path (job->out, fold + 1);
    if (!calibrate (folds, from, fold, to, error))
      return FALSE;
  }
  if (job->from != NULL && !calibrate (folds, job->from, -1, job->out, error))
    return FALSE;
  g_free (job->judged);
  job->judged = g_strdup (job->out);
  return praxi_train_folds_run (folds, error);
}
