#include "engine/train/trainer.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/spec.h"
#include "engine/train/checkpoint.h"

#define WARM_UP_SHARE 0.05
#define LEAST_PROBABILITY 1e-6
#define CHECKPOINT_S 20.0
#define AVERAGE_START 10.0
enum { MOST_ROLLBACKS = 4 };

typedef struct {
  PraxiTrainable *trainable;
  const PraxiModelSpec *spec;
  const PraxiSource *train, *val;
  PraxiTrainOptions options;
  PraxiTraining *training;
  PraxiStepper *stepper; /* of trainable */
  PraxiTrainStage stage; /* that learns now */
  PraxiStepper *learner; /* of its trainable; stepper where that is trainable */
  PraxiTrainState state;
  float **sums;           /* gradients of a step, [n_params][n] */
  guint *clips;           /* [batch of the learner] */
  gint64 n_total;         /* optimizer steps */
  int epoch_steps, parts; /* steps of an epoch; runs of the stepper in a step */
  gint64 kept_us;         /* when the last checkpoint was written */
} Train;

static PraxiParam *
param_at (const PraxiTrainable *trainable, guint i)
{
  return trainable->params->pdata[i];
}

/* --- parameters aside ----------------------------------------------------------------------- */

static void
copy_params (const Train *train, float **rooms, gboolean is_back)
{
  for (guint i = 0; i < train->trainable->params->len; i++) {
    const PraxiParam *param = param_at (train->trainable, i);
    const gsize bytes = sizeof (float) * param->n;
    if (is_back)
      memcpy (param->tensor.data, rooms[i], bytes);
    else
      memcpy (rooms[i], param->tensor.data, bytes);
  }
}

static void
swap_average (const Train *train)
{
  for (guint i = 0; i < train->trainable->params->len && train->options.average > 0; i++) {
    float *x = param_at (train->trainable, i)->tensor.data, *y = train->state.average[i];
    for (gsize k = 0; k < param_at (train->trainable, i)->n; k++) {
      const float old = x[k];
      x[k] = y[k];
      y[k] = old;
    }
  }
}

/* The first steps count more, so that the beginning is soon forgotten. */
static void
update_average (Train *train)
{
  if (train->options.average <= 0)
    return;
  const double n = (double) ++train->state.n_averaged;
  const float keep = (float) MIN (train->options.average, n / (n + AVERAGE_START));
  for (guint i = 0; i < train->trainable->params->len; i++) {
    const float *x = param_at (train->trainable, i)->tensor.data;
    float *y = train->state.average[i];
    for (gsize k = 0; k < param_at (train->trainable, i)->n; k++)
      y[k] = keep * y[k] + (1 - keep) * x[k];
  }
}

/* --- loss ----------------------------------------------------------------------------------- */

/* Cross-entropy of the decision with the target, a sum over the sigmoids where there are several.
 */
static double
loss_of (const PraxiTrainable *trainable, const float *decision, const float *target)
{
  double loss = 0;
  for (int i = 0; i < trainable->n_outputs; i++) {
    const double p = CLAMP ((double) decision[i], LEAST_PROBABILITY, 1 - LEAST_PROBABILITY);
    loss -= (double) target[i] * log (p);
    if (!trainable->is_exclusive)
      loss -= (1 - (double) target[i]) * log (1 - p);
  }
  return isfinite (decision[0]) ? loss : (double) NAN;
}

static void
smooth_target (const Train *train, float *target)
{
  const double s = MAX (train->options.smoothing, 0);
  const double rest = train->trainable->is_exclusive ? s / train->trainable->n_outputs : s / 2;
  for (int i = 0; i < train->trainable->n_outputs; i++)
    target[i] = (float) ((double) target[i] * (1 - s) + rest);
}

/* w y log p + (1 − y) log (1 − p) is W (y' log p + (1 − y') log (1 − p)) with W = 1 + (w − 1) y and
 * y' = w y / W; a softmax has W for all classes.
 */
static void
weigh_outputs (const Train *train, float *target, float *weight)
{
  const double *w = train->options.output_weights;
  const int n = train->trainable->n_outputs;
  double all = 0;
  if (w == NULL)
    return;
  for (int i = 0; i < n; i++) {
    const double y = (double) target[i], factor = 1 + (w[i] - 1) * y;
    all += w[i] * y;
    if (train->trainable->is_exclusive)
      continue;
    weight[i] = (float) ((double) weight[i] * factor);
    target[i] = (float) (w[i] * y / factor);
  }
  for (int i = 0; i < n && train->trainable->is_exclusive; i++)
    weight[i] = (float) ((double) weight[i] * all);
}

/* Scores of all classes: what is left over is the first one's. */
static void
scores_of (const PraxiTrainable *trainable, int n_classes, const float *decision, float *scores)
{
  const int n = trainable->n_outputs;
  float most = 0;
  for (int i = 0; i < n; i++) {
    scores[n_classes - n + i] = decision[i];
    most = MAX (most, decision[i]);
  }
  if (n < n_classes)
    scores[0] = 1 - most;
}

/* --- validation ----------------------------------------------------------------------------- */

/* loss: NULL, or the mean is put there */
static float *
score (const PraxiTrainable *trainable,
       const PraxiModelSpec *spec,
       PraxiStepper *stepper,
       const PraxiSource *source,
       double *loss,
       GError **error)
{
  const guint B = (guint) trainable->batch, n = source->n;
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  g_autofree float *scores = g_new0 (float, (gsize) n *(gsize) spec->n_classes + 1);
  double sum = 0;
  for (guint first = 0; first < n; first += B) {
    for (guint b = 0; b < B; b++)
      if (!source->load (source->data, stepper, MIN (first + b, n - 1), NULL, (int) b, error))
        return NULL;
    if (!praxi_stepper_decide (stepper, error))
      return NULL;
    for (guint b = 0; b < B && first + b < n; b++) {
      const guint at = b * (guint) trainable->n_outputs;
      sum += loss_of (trainable, batch->decision + at, batch->target + at);
      scores_of (trainable, spec->n_classes, batch->decision + at,
                 scores + (gsize) (first + b) * (gsize) spec->n_classes);
    }
  }
  if (loss != NULL)
    *loss = sum / MAX (n, 1);
  return g_steal_pointer (&scores);
}

float *
praxi_train_score (const PraxiTrainable *trainable,
                   const PraxiModelSpec *spec,
                   PraxiStepper *stepper,
                   const PraxiSource *source,
                   GError **error)
{
  return score (trainable, spec, stepper, source, NULL, error);
}

gboolean
praxi_train_judge (const PraxiTrainable *trainable,
                   const PraxiModelSpec *spec,
                   PraxiStepper *stepper,
                   const PraxiSource *val,
                   PraxiEpoch *epoch,
                   GError **error)
{
  epoch->val_loss = epoch->val_accuracy = epoch->val_f1 = NAN;
  epoch->val_auc_pr = epoch->val_auc_roc = NAN;
  if (val == NULL || val->n == 0)
    return TRUE;
  g_autofree float *scores = score (trainable, spec, stepper, val, &epoch->val_loss, error);
  if (scores == NULL)
    return FALSE;
  g_autofree int *truth = g_new (int, val->n);
  for (guint i = 0; i < val->n; i++)
    truth[i] = val->class_of (val->data, i);
  g_autoptr (PraxiMetrics) metrics =
      praxi_metrics_new (truth, scores, NULL, (int) val->n, spec->n_classes);
  epoch->val_accuracy = metrics->accuracy;
  epoch->val_f1 = metrics->macro_f1;
  epoch->val_auc_pr = metrics->auc_pr;
  epoch->val_auc_roc = metrics->auc_roc;
  return TRUE;
}

static gboolean
is_better (const Train *train, const PraxiEpoch *epoch)
{
  const GArray *epochs = train->training->epochs;
  if (epochs->len == 0 || train->options.keeps_last)
    return TRUE;
  const PraxiEpoch *best = &g_array_index (epochs, PraxiEpoch, (guint) train->state.best_epoch);
  if (train->val == NULL)
    return isnan (best->train_loss) || epoch->train_loss < best->train_loss;
  return epoch->val_f1 > best->val_f1 ||
         (epoch->val_f1 >= best->val_f1 && epoch->val_loss < best->val_loss);
}

/* The average is what is validated and kept. */
static gboolean
close_epoch (Train *train, PraxiEpoch *epoch, GError **error)
{
  swap_average (train);
  const gboolean good =
      praxi_train_judge (train->trainable, train->spec, train->stepper, train->val, epoch, error);
  if (good && is_better (train, epoch)) {
    train->state.best_epoch = epoch->epoch;
    copy_params (train, train->state.best, FALSE);
  }
  swap_average (train);
  if (!good)
    return FALSE;
  g_array_append_val (train->training->epochs, *epoch);
  if (train->options.epoch != NULL)
    train->options.epoch (train->options.data, epoch);
  return TRUE;
}

/* --- learning ------------------------------------------------------------------------------- */

static double
rate_now (const Train *train)
{
  const double share = (double) train->state.n_done / (double) MAX (train->n_total, 1);
  const double warm = share < WARM_UP_SHARE ? share / WARM_UP_SHARE + 1e-3 : 1;
  return train->state.rate * MIN (warm, 1) * 0.5 * (1 + cos (G_PI * share));
}

static void
take_step (Train *train)
{
  praxi_optimizer_step (train->state.optimizer, train->sums, rate_now (train));
  train->state.n_done++;
  update_average (train);
  for (guint i = 0; i < train->trainable->params->len; i++)
    memset (train->sums[i], 0, sizeof (float) * param_at (train->trainable, i)->n);
}

/* What is drawn by chance depends on the seed and on how much was drawn before, nothing else. */
static GRand *
random_now (Train *train)
{
  const guint64 n = (guint64) train->state.n_drawn++;
  const guint32 seeds[3] = {train->options.seed, (guint32) n, (guint32) (n >> 32)};
  return g_rand_new_with_seed_array (seeds, 3);
}

static void
fill_masks (const Train *train, GRand *random)
{
  const PraxiBatch *batch = praxi_stepper_batch (train->learner);
  const double drop = train->stage.trainable->dropout;
  for (int i = 0; i < train->stage.trainable->n_masks; i++)
    for (gsize k = 0; k < batch->mask_numbers[i]; k++)
      batch->masks[i][k] = g_rand_double (random) < drop ? 0 : (float) (1 / (1 - drop));
}

static gboolean
fill_batch (Train *train, GRand *random, GError **error)
{
  const PraxiBatch *batch = praxi_stepper_batch (train->learner);
  const PraxiTrainable *trainable = train->stage.trainable;
  const int B = trainable->batch, n = trainable->n_outputs;
  const float share = 1 / (float) (B * train->parts);
  for (int b = 0; b < B; b++) {
    train->clips[b] = train->stage.train->draw (train->stage.train->data, random);
    if (!train->stage.train->load (train->stage.train->data, train->learner, train->clips[b],
                                   random, b, error))
      return FALSE;
    smooth_target (train, batch->target + b * n);
    weigh_outputs (train, batch->target + b * n, batch->weight + b * n);
    for (int k = 0; k < n; k++) {
      batch->weight[b * n + k] *= share;
      if (batch->soft_weight != NULL)
        batch->soft_weight[b * n + k] = 0;
    }
  }
  const PraxiTrainOptions *options = &train->options;
  const PraxiLesson lesson = {
      train->stage.trainable, train->stage.train, train->learner, train->clips, B, share};
  if (options->teach != NULL && !options->teach (options->teacher, &lesson, error))
    return FALSE;
  praxi_mix (train->stage.trainable, train->learner, &options->mix, random);
  fill_masks (train, random);
  return TRUE;
}

static gboolean
learn_batch (Train *train, GError **error)
{
  g_autoptr (GRand) random = random_now (train);
  const PraxiBatch *batch = praxi_stepper_batch (train->learner);
  const int n = train->stage.trainable->n_outputs;
  if (!fill_batch (train, random, error) ||
      !praxi_stepper_learn (train->learner, train->sums, error))
    return FALSE;
  for (int b = 0; b < train->stage.trainable->batch; b++)
    train->state.loss +=
        loss_of (train->stage.trainable, batch->decision + b * n, batch->target + b * n);
  return TRUE;
}

static gboolean
goes_on (Train *train, double share)
{
  const PraxiTrainOptions *options = &train->options;
  train->training->is_cancelled =
      train->training->is_cancelled ||
      (options->tick != NULL &&
       !options->tick (options->data, train->state.epoch - 1 + share, options->epochs));
  return !train->training->is_cancelled;
}

static gboolean
keep_checkpoint (Train *train, gboolean is_due, GError **error)
{
  const PraxiTrainOptions *options = &train->options;
  const double every_s = options->checkpoint_s > 0 ? options->checkpoint_s : CHECKPOINT_S;
  const gint64 now_us = g_get_monotonic_time ();
  if (options->checkpoint == NULL ||
      (!is_due && (double) (now_us - train->kept_us) / 1e6 < every_s))
    return TRUE;
  train->kept_us = now_us;
  return praxi_checkpoint_save (&train->state,
                                options->checkpoint_key != NULL ? options->checkpoint_key : "",
                                options->checkpoint, error);
}

static int
steps_of (const PraxiTrainStage *stage)
{
  return MAX (((int) stage->train->n + stage->batch - 1) / stage->batch, 1);
}

static PraxiTrainStage
stage_of (const Train *train, int epoch)
{
  const PraxiTrainOptions *options = &train->options;
  const int at = (epoch - 1) * (options->n_stages + 1) / MAX (options->epochs, 1);
  if (at < options->n_stages)
    return options->stages[at];
  return (PraxiTrainStage){train->trainable, train->train, options->batch};
}

/* Makes ready for the epoch's stage what is not yet. */
static gboolean
enter_stage (Train *train, GError **error)
{
  const PraxiTrainStage stage = stage_of (train, train->state.epoch);
  const int B = stage.trainable->batch;
  if (train->learner != NULL && stage.trainable == train->stage.trainable)
    return TRUE;
  if (train->learner != train->stepper)
    praxi_stepper_free (train->learner);
  train->learner = stage.trainable == train->trainable
                       ? train->stepper
                       : praxi_stepper_new (stage.trainable, train->options.threads, error);
  train->stage = stage;
  train->parts = MAX ((stage.batch + B - 1) / B, 1);
  train->epoch_steps = steps_of (&stage);
  train->clips = g_renew (guint, train->clips, B + 1);
  return train->learner != NULL;
}

/* From where the state is to the end of the epoch. */
static gboolean
learn_epoch (Train *train, GError **error)
{
  if (!enter_stage (train, error))
    return FALSE;
  for (; train->state.step < train->epoch_steps; train->state.step++) {
    if (!keep_checkpoint (train, FALSE, error))
      return FALSE;
    for (int part = 0; part < train->parts; part++) {
      const double done = train->state.step + (double) part / train->parts;
      if (!goes_on (train, done / train->epoch_steps))
        return TRUE;
      if (!learn_batch (train, error))
        return FALSE;
    }
    take_step (train);
  }
  return TRUE;
}

static void
begin_optimizer (Train *train)
{
  g_clear_pointer (&train->state.optimizer, praxi_optimizer_free);
  train->state.optimizer =
      praxi_optimizer_new (train->trainable, train->options.optimizer,
                           MAX (train->options.weight_decay, 0), train->options.momentum);
}

static gboolean
roll_back (Train *train, GError **error)
{
  copy_params (train, train->state.best, TRUE);
  copy_params (train, train->state.average, FALSE);
  begin_optimizer (train);
  train->state.rate /= 2;
  if (++train->state.rollbacks <= MOST_ROLLBACKS)
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                       "the loss is not a number however small the steps are; train from another "
                       "model");
  return FALSE;
}

static gboolean
run_epochs (Train *train, GError **error)
{
  const PraxiTrainOptions *options = &train->options;
  PraxiTrainState *state = &train->state;
  while (state->epoch <= options->epochs) {
    if (options->patience > 0 && state->epoch - 1 - state->best_epoch >= options->patience)
      return TRUE;
    if (!learn_epoch (train, error))
      return FALSE;
    if (train->training->is_cancelled)
      return TRUE;
    PraxiEpoch epoch = {.epoch = state->epoch,
                        .train_loss = state->loss / ((double) train->epoch_steps * train->parts *
                                                     train->stage.trainable->batch)};
    state->loss = state->step = 0;
    if (!isfinite (epoch.train_loss)) {
      if (!roll_back (train, error))
        return FALSE;
      continue;
    }
    if (!close_epoch (train, &epoch, error))
      return FALSE;
    state->epoch++;
    if (!keep_checkpoint (train, TRUE, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
resume (Train *train, gboolean *is_there, GError **error)
{
  const PraxiTrainOptions *options = &train->options;
  *is_there = FALSE;
  if (!options->resume || options->checkpoint == NULL)
    return TRUE;
  if (!praxi_checkpoint_load (&train->state,
                              options->checkpoint_key != NULL ? options->checkpoint_key : "",
                              options->checkpoint, is_there, error))
    return FALSE;
  if (*is_there)
    train->training->resumed_at = train->state.epoch - 1;
  return TRUE;
}

static gboolean
run (Train *train, GError **error)
{
  gboolean is_there;
  PraxiEpoch before = {.train_loss = NAN};
  if (!resume (train, &is_there, error))
    return FALSE;
  if (!is_there) {
    copy_params (train, train->state.average, FALSE);
    if (!close_epoch (train, &before, error))
      return FALSE;
  }
  const gboolean good = run_epochs (train, error);
  if (train->training->epochs->len > 0)
    copy_params (train, train->state.best, TRUE);
  train->training->best_epoch = train->state.best_epoch;
  return good;
}

static void
set_defaults (PraxiTrainOptions *options)
{
  options->epochs = options->epochs == 0 ? 20 : MAX (options->epochs, 0);
  options->batch = options->batch > 0 ? options->batch : 16;
  options->rate = options->rate > 0 ? options->rate : 0.001;
  options->patience = options->patience == 0 ? 8 : options->patience;
  if (options->weight_decay == 0)
    options->weight_decay = 0.01;
  if (options->smoothing == 0)
    options->smoothing = 0.05;
}

static void
set_rates (Train *train)
{
  const PraxiTrainOptions *options = &train->options;
  for (guint i = 0; i < train->trainable->params->len; i++) {
    PraxiParam *param = param_at (train->trainable, i);
    if (options->layer_decay > 0)
      param->rate *= pow (options->layer_decay, param->layer);
    if (options->backbone_rate > 0 && param->layer > 0)
      param->rate *= options->backbone_rate;
  }
}

static void
begin (Train *train, const PraxiTrainOptions *options)
{
  if (options != NULL)
    train->options = *options;
  set_defaults (&train->options);
  for (int epoch = 1; epoch <= train->options.epochs; epoch++) {
    const PraxiTrainStage stage = stage_of (train, epoch);
    train->n_total += steps_of (&stage);
  }
  train->sums = praxi_rooms_new (train->trainable);
  train->kept_us = g_get_monotonic_time ();
  train->state = (PraxiTrainState){.trainable = train->trainable,
                                   .epochs = train->training->epochs,
                                   .best = praxi_rooms_new (train->trainable),
                                   .average = praxi_rooms_new (train->trainable),
                                   .epoch = 1,
                                   .rate = train->options.rate};
  set_rates (train);
  begin_optimizer (train);
}

static void
end (Train *train)
{
  praxi_rooms_free (train->trainable, train->sums);
  praxi_rooms_free (train->trainable, train->state.best);
  praxi_rooms_free (train->trainable, train->state.average);
  praxi_optimizer_free (train->state.optimizer);
  if (train->learner != train->stepper)
    praxi_stepper_free (train->learner);
  praxi_stepper_free (train->stepper);
  g_free (train->clips);
}

PraxiTraining *
praxi_train_on (PraxiTrainable *trainable,
                const PraxiModelSpec *spec,
                const PraxiSource *source,
                const PraxiSource *val,
                const PraxiTrainOptions *options,
                GError **error)
{
  g_autoptr (PraxiTraining) training = g_new0 (PraxiTraining, 1);
  training->epochs = g_array_new (FALSE, FALSE, sizeof (PraxiEpoch));
  training->resumed_at = -1;
  PraxiStepper *stepper =
      praxi_stepper_new (trainable, options != NULL ? options->threads : 0, error);
  if (stepper == NULL)
    return NULL;
  Train train = {.trainable = trainable,
                 .spec = spec,
                 .train = source,
                 .val = val,
                 .training = training,
                 .stepper = stepper};
  begin (&train, options);
  const gboolean good = run (&train, error);
  end (&train);
  return good ? g_steal_pointer (&training) : NULL;
}

PraxiTraining *
praxi_train (PraxiTrainable *trainable,
             PraxiModel *model,
             const PraxiClips *clips,
             const PraxiClips *val,
             const PraxiTrainOptions *options,
             GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const PraxiBalance balance = options != NULL ? options->balance : PRAXI_BALANCE_ROOT;
  const gboolean augments = options == NULL || !options->no_augment;
  g_autoptr (PraxiSource) source =
      praxi_source_of_clips (clips, trainable, spec, balance, augments);
  g_autoptr (PraxiSource) val_source =
      val != NULL ? praxi_source_of_clips (val, trainable, spec, balance, FALSE) : NULL;
  return praxi_train_on (trainable, spec, source, val_source, options, error);
}

void
praxi_training_free (PraxiTraining *training)
{
  if (training == NULL)
    return;
  g_array_unref (training->epochs);
  g_free (training);
}
