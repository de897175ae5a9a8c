#include "engine/train/trainer.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/spec.h"
#include "engine/train/adam.h"
#include "engine/train/augment.h"
#include "engine/train/stepper.h"

#define WARM_UP_SHARE 0.05
#define LEAST_PROBABILITY 1e-6
enum { MOST_ROLLBACKS = 4 };

typedef struct {
  PraxiTrainable *trainable;
  const PraxiModelSpec *spec;
  const PraxiClips *train, *val;
  PraxiTrainOptions options;
  PraxiTraining *training;
  PraxiStepper *stepper;
  PraxiAdam *adam;
  GRand *random;
  guint8 *clip, *room;
  float *converted; /* of models that take floats */
  float *decision, *target;
  float **sums; /* gradients of a batch, [n_params][n] */
  float **best; /* parameters of the best epoch */
  double rate;
  int n_done, n_total; /* optimizer steps */
  double done_epochs;
} Train;

static const PraxiClip *
clip_at (const PraxiClips *clips, guint i)
{
  return &g_array_index (clips->clips, PraxiClip, i);
}

/* --- parameters aside ----------------------------------------------------------------------- */

static float **
rooms_new (const PraxiTrainable *trainable)
{
  float **rooms = g_new0 (float *, trainable->params->len + 1);
  for (guint i = 0; i < trainable->params->len; i++)
    rooms[i] = g_new0 (float, ((PraxiParam *) trainable->params->pdata[i])->n);
  return rooms;
}

static void
copy_params (const Train *train, gboolean is_back)
{
  for (guint i = 0; i < train->trainable->params->len; i++) {
    const PraxiParam *param = train->trainable->params->pdata[i];
    const gsize bytes = sizeof (float) * param->n;
    if (is_back)
      memcpy (param->tensor.data, train->best[i], bytes);
    else
      memcpy (train->best[i], param->tensor.data, bytes);
  }
}

/* --- clips ---------------------------------------------------------------------------------- */

static const void *
convert_clip (const Train *train)
{
  return praxi_clip_convert (train->spec, train->clip, train->converted);
}

/* The classes' shares by the root of their clips. */
static guint
draw_clip (const Train *train, const GArray *const *by_class)
{
  double shares[PRAXI_SPEC_MAX_CLASSES], sum = 0;
  const int C = train->spec->n_classes;
  for (int c = 0; c < C; c++)
    sum += shares[c] = sqrt ((double) by_class[c]->len);
  double at = g_rand_double (train->random) * sum;
  int c = 0;
  while (c < C - 1 && (by_class[c]->len == 0 || at >= shares[c]))
    at -= shares[c++];
  while (by_class[c]->len == 0)
    c--;
  const guint i = (guint) g_rand_int_range (train->random, 0, (gint32) by_class[c]->len);
  return g_array_index (by_class[c], guint, i);
}

/* --- loss ----------------------------------------------------------------------------------- */

/* Cross-entropy of the decision with the target, a sum over the sigmoids where there are several.
 */
static double
loss_of (const Train *train, const float *target)
{
  double loss = 0;
  for (int i = 0; i < train->trainable->n_outputs; i++) {
    const double p = CLAMP ((double) train->decision[i], LEAST_PROBABILITY, 1 - LEAST_PROBABILITY);
    loss -= (double) target[i] * log (p);
    if (!train->trainable->is_exclusive)
      loss -= (1 - (double) target[i]) * log (1 - p);
  }
  return isfinite (train->decision[0]) ? loss : (double) NAN;
}

static void
smooth_target (const Train *train, float *target)
{
  const double s = MAX (train->options.smoothing, 0);
  const double rest = train->trainable->is_exclusive ? s / train->trainable->n_outputs : s / 2;
  for (int i = 0; i < train->trainable->n_outputs; i++)
    target[i] = (float) ((double) target[i] * (1 - s) + rest);
}

/* Scores of all classes: what is left over is the first one's. */
static void
scores_of (const Train *train, float *scores)
{
  const int C = train->spec->n_classes, n = train->trainable->n_outputs;
  float most = 0;
  for (int i = 0; i < n; i++) {
    scores[C - n + i] = train->decision[i];
    most = MAX (most, train->decision[i]);
  }
  if (n < C)
    scores[0] = 1 - most;
}

/* --- validation ----------------------------------------------------------------------------- */

static gboolean
validate (Train *train, PraxiEpoch *epoch, GError **error)
{
  epoch->val_loss = epoch->val_accuracy = epoch->val_f1 = NAN;
  if (train->val == NULL)
    return TRUE;
  const guint n = train->val->clips->len;
  const int C = train->spec->n_classes;
  g_autofree float *scores = g_new0 (float, (gsize) n *(gsize) C);
  g_autofree int *truth = g_new (int, n);
  double sum = 0;
  for (guint i = 0; i < n; i++) {
    if (!praxi_clips_read (train->val, i, train->clip, error) ||
        !praxi_stepper_decide (train->stepper, convert_clip (train), train->decision, error))
      return FALSE;
    truth[i] = clip_at (train->val, i)->class_index;
    praxi_trainable_target (train->trainable, train->spec, truth[i], train->target);
    sum += loss_of (train, train->target);
    scores_of (train, scores + (gsize) i * (gsize) C);
  }
  g_autoptr (PraxiMetrics) metrics = praxi_metrics_new (truth, scores, NULL, (int) n, C);
  epoch->val_loss = sum / n;
  epoch->val_accuracy = metrics->accuracy;
  epoch->val_f1 = metrics->macro_f1;
  return TRUE;
}

static gboolean
is_better (const Train *train, const PraxiEpoch *epoch)
{
  const GArray *epochs = train->training->epochs;
  if (epochs->len == 0)
    return TRUE;
  const PraxiEpoch *best = &g_array_index (epochs, PraxiEpoch, (guint) train->training->best_epoch);
  if (train->val == NULL)
    return isnan (best->train_loss) || epoch->train_loss < best->train_loss;
  return epoch->val_f1 > best->val_f1 ||
         (epoch->val_f1 >= best->val_f1 && epoch->val_loss < best->val_loss);
}

static void
record_epoch (Train *train, const PraxiEpoch *epoch)
{
  const gboolean better = is_better (train, epoch);
  g_array_append_val (train->training->epochs, *epoch);
  if (better) {
    train->training->best_epoch = epoch->epoch;
    copy_params (train, FALSE);
  }
  if (train->options.epoch != NULL)
    train->options.epoch (train->options.data, epoch);
}

/* --- learning ------------------------------------------------------------------------------- */

static double
rate_now (const Train *train)
{
  const double share = (double) train->n_done / MAX (train->n_total, 1);
  const double warm = share < WARM_UP_SHARE ? share / WARM_UP_SHARE + 1e-3 : 1;
  return train->rate * MIN (warm, 1) * 0.5 * (1 + cos (G_PI * share));
}

static void
take_step (Train *train)
{
  praxi_adam_step (train->adam, train->sums, rate_now (train));
  train->n_done++;
  for (guint i = 0; i < train->trainable->params->len; i++)
    memset (train->sums[i], 0,
            sizeof (float) * ((PraxiParam *) train->trainable->params->pdata[i])->n);
}

static gboolean
learn_clip (Train *train, guint i, double *loss, GError **error)
{
  const PraxiModelSpec *spec = train->spec;
  if (!praxi_clips_read (train->train, i, train->clip, error))
    return FALSE;
  if (!train->options.no_augment)
    praxi_augment_clip (train->clip, train->room, spec->frames, spec->height, spec->width,
                        train->random);
  praxi_trainable_target (train->trainable, spec, clip_at (train->train, i)->class_index,
                          train->target);
  smooth_target (train, train->target);
  if (!praxi_stepper_learn (train->stepper, convert_clip (train), train->target,
                            1.0f / (float) train->options.batch, train->decision, train->sums,
                            error))
    return FALSE;
  *loss += loss_of (train, train->target);
  return TRUE;
}

static gboolean
goes_on (Train *train, double share)
{
  const PraxiTrainOptions *options = &train->options;
  train->training->is_cancelled =
      train->training->is_cancelled ||
      (options->tick != NULL &&
       !options->tick (options->data, train->done_epochs + share, options->epochs));
  return !train->training->is_cancelled;
}

/* One epoch draws as many clips as there are. */
static gboolean
learn_epoch (Train *train, const GArray *const *by_class, double *loss, GError **error)
{
  const guint n = train->train->clips->len;
  const guint batch = (guint) train->options.batch;
  *loss = 0;
  for (guint i = 0; i < n && goes_on (train, (double) i / n); i++) {
    if (!learn_clip (train, draw_clip (train, by_class), loss, error))
      return FALSE;
    if ((i + 1) % batch == 0 || i + 1 == n)
      take_step (train);
  }
  *loss /= n;
  return TRUE;
}

static void
begin_optimizer (Train *train)
{
  g_clear_pointer (&train->adam, praxi_adam_free);
  train->adam = praxi_adam_new (train->trainable, MAX (train->options.weight_decay, 0));
}

static gboolean
run_epochs (Train *train, const GArray *const *by_class, GError **error)
{
  const PraxiTrainOptions *options = &train->options;
  int rollbacks = 0;
  for (int e = 1; e <= options->epochs; e++) {
    PraxiEpoch epoch = {.epoch = e};
    if (!learn_epoch (train, by_class, &epoch.train_loss, error))
      return FALSE;
    if (train->training->is_cancelled)
      return TRUE;
    if (!isfinite (epoch.train_loss)) {
      copy_params (train, TRUE);
      begin_optimizer (train);
      train->rate /= 2;
      if (++rollbacks > MOST_ROLLBACKS) {
        g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                             "the loss is not a number however small the steps are; train from "
                             "another model");
        return FALSE;
      }
      e--;
      continue;
    }
    if (!validate (train, &epoch, error))
      return FALSE;
    record_epoch (train, &epoch);
    train->done_epochs = e;
    if (e - train->training->best_epoch >= options->patience)
      break;
  }
  return TRUE;
}

static gboolean
run (Train *train, GError **error)
{
  const int C = train->spec->n_classes;
  GArray *by_class[PRAXI_SPEC_MAX_CLASSES];
  for (int c = 0; c < C; c++)
    by_class[c] = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < train->train->clips->len; i++)
    g_array_append_val (by_class[clip_at (train->train, i)->class_index], i);
  PraxiEpoch before = {.train_loss = NAN};
  gboolean good = validate (train, &before, error);
  if (good)
    record_epoch (train, &before);
  good = good && run_epochs (train, (const GArray *const *) by_class, error);
  if (train->training->epochs->len > 0)
    copy_params (train, TRUE);
  for (int c = 0; c < C; c++)
    g_array_unref (by_class[c]);
  return good;
}

static void
set_defaults (PraxiTrainOptions *options)
{
  options->epochs = options->epochs > 0 ? options->epochs : 20;
  options->batch = options->batch > 0 ? options->batch : 16;
  options->rate = options->rate > 0 ? options->rate : 0.001;
  options->patience = options->patience > 0 ? options->patience : 8;
  if (options->weight_decay == 0)
    options->weight_decay = 0.01;
  if (options->smoothing == 0)
    options->smoothing = 0.05;
}

static void
begin (Train *train, const PraxiTrainOptions *options)
{
  const gsize bytes = train->train->clip_bytes;
  if (options != NULL)
    train->options = *options;
  set_defaults (&train->options);
  train->rate = train->options.rate;
  const guint batch = (guint) train->options.batch;
  train->n_total = train->options.epochs * (int) ((train->train->clips->len + batch - 1) / batch);
  train->random = g_rand_new_with_seed (train->options.seed);
  train->clip = g_malloc (bytes);
  train->room = g_malloc (bytes);
  train->converted = train->spec->is_float ? g_new (float, bytes) : NULL;
  train->decision = g_new0 (float, train->trainable->n_outputs + 1);
  train->target = g_new0 (float, train->trainable->n_outputs + 1);
  train->sums = rooms_new (train->trainable);
  train->best = rooms_new (train->trainable);
  begin_optimizer (train);
}

static void
end (Train *train)
{
  for (guint i = 0; i < train->trainable->params->len; i++) {
    g_free (train->sums[i]);
    g_free (train->best[i]);
  }
  g_free (train->sums);
  g_free (train->best);
  g_free (train->clip);
  g_free (train->room);
  g_free (train->converted);
  g_free (train->decision);
  g_free (train->target);
  g_rand_free (train->random);
  praxi_adam_free (train->adam);
  praxi_stepper_free (train->stepper);
}

PraxiTraining *
praxi_train (PraxiTrainable *trainable,
             PraxiModel *model,
             const PraxiClips *clips,
             const PraxiClips *val,
             const PraxiTrainOptions *options,
             GError **error)
{
  g_autoptr (PraxiTraining) training = g_new0 (PraxiTraining, 1);
  training->epochs = g_array_new (FALSE, FALSE, sizeof (PraxiEpoch));
  PraxiStepper *stepper =
      praxi_stepper_new (trainable, options != NULL ? options->threads : 0, error);
  if (stepper == NULL)
    return NULL;
  Train train = {.trainable = trainable,
                 .spec = praxi_model_spec (model),
                 .train = clips,
                 .val = val,
                 .training = training,
                 .stepper = stepper};
  begin (&train, options);
  const gboolean good = run (&train, error);
  end (&train);
  return good ? g_steal_pointer (&training) : NULL;
}

void
praxi_training_free (PraxiTraining *training)
{
  if (training == NULL)
    return;
  g_array_unref (training->epochs);
  g_free (training);
}
