#include "engine/lighten/learn.h"

#include <glib/gstdio.h>
#include <math.h>

#include "engine/core/error.h"
#include "engine/train/flow-source.h"
#include "engine/train/optimizer.h"

/* What there is learns again with small steps. */
#define AGAIN_RATE 0.0005
enum { AGAIN_BATCH = 16, SLOPE_CLIPS = 512 };

static PraxiTrainOptions
training_of (const PraxiLearn *learn)
{
  const PraxiRecipeOptions *options = learn->options;
  const gboolean is_flow = options->train_flow != NULL;
  PraxiTrainOptions training = learn->options->schooling;
  if (!learn->is_student)
    training = (PraxiTrainOptions){.epochs = options->epochs,
                                   .batch = AGAIN_BATCH,
                                   .rate = options->rate > 0 ? options->rate : AGAIN_RATE,
                                   .average = is_flow ? 0.98 : 0,
                                   .mix.mixup = is_flow ? 0.4 : 0};
  else if (training.patience == 0)
    training.patience = -1;
  if (options->distillation.student_values != NULL && learn->teacher != NULL)
    training.mix = (PraxiMixOptions){0}; /* hints are not mixed */
  training.keeps_last = learn->is_student;
  training.seed = options->seed;
  training.threads = options->threads;
  training.tick = learn->tick;
  training.data = learn->data;
  training.teach = learn->teacher != NULL ? praxi_teacher_teach : NULL;
  training.teacher = learn->teacher;
  return training;
}

/* The pass's options as text: two runs with the same go on with each other's work. */
static char *
key_of (const PraxiLearn *learn, PraxiModel *model, const char *pass)
{
  const PraxiRecipeOptions *o = learn->options;
  const PraxiTrainOptions training = training_of (learn);
  const PraxiDistillOptions *d = &o->distillation;
  return g_strdup_printf (
      "%s|%s|%s|%s|%d|%d|%g|%g|%g|%g|%g|%g|%u|%g|%g|%g|%u", pass, praxi_model_sha256 (model),
      learn->teacher_key, o->data_key != NULL ? o->data_key : "", training.epochs, training.batch,
      training.rate, training.weight_decay, training.smoothing, training.mix.mixup,
      training.average, o->school.dropout, o->seed, d->temperature, d->share, d->hint_weight,
      o->train_flow != NULL ? o->train_flow->files->len : o->train->clips->len);
}

char *
praxi_learn_path (const PraxiLearn *learn, PraxiModel *model, const char *pass)
{
  g_autofree char *key = key_of (learn, model, pass);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  return g_strdup_printf ("%s.%.12s.part", learn->out, digest);
}

static PraxiTrainable *
make_trainable (const PraxiLearn *learn, PraxiModel *model, GError **error)
{
  const PraxiRecipeOptions *options = learn->options;
  const gboolean is_flow = options->train_flow != NULL;
  PraxiTrainableOptions how = {.batch = is_flow ? AGAIN_BATCH : 1};
  if (learn->is_student) {
    how = options->school;
    how.batch = options->schooling.batch;
  }
  if (learn->teacher != NULL) {
    how.temperature = praxi_teacher_temperature (learn->teacher);
    how.hints = learn->is_student ? options->distillation.student_values : NULL;
  }
  return praxi_trainable_new (model, &how, error);
}

/* What the model draws from; val: FALSE for training. NULL where there is nothing. */
static PraxiSource *
source_of (const PraxiLearn *learn,
           const PraxiTrainable *trainable,
           const PraxiModelSpec *spec,
           gboolean val)
{
  const PraxiRecipeOptions *options = learn->options;
  const PraxiFlowSourceOptions of = {
      .clips = val ? options->val_flow : options->train_flow, .trainable = trainable, .spec = spec};
  if (of.clips != NULL)
    return val ? praxi_flow_source_new_val (&of) : praxi_flow_source_new (&of);
  const PraxiClips *clips = val ? options->val : options->train;
  return clips != NULL && options->train_flow == NULL
             ? praxi_source_of_clips (clips, trainable, spec, PRAXI_BALANCE_ROOT, !val)
             : NULL;
}

static PraxiTraining *
train (const PraxiLearn *learn,
       PraxiTrainable *trainable,
       PraxiModel *model,
       const PraxiTrainOptions *training,
       GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (model);
  g_autoptr (PraxiSource) source = source_of (learn, trainable, spec, FALSE);
  g_autoptr (PraxiSource) val = source_of (learn, trainable, spec, TRUE);
  return praxi_train_on (trainable, spec, source, val, training, error);
}

PraxiGraph *
praxi_learn (const PraxiLearn *learn,
             PraxiModel *model,
             const char *path,
             char **what,
             GError **error)
{
  g_autofree char *checkpoint = g_strconcat (path, ".checkpoint", NULL);
  PraxiTrainOptions training = training_of (learn);
  training.checkpoint = checkpoint;
  training.checkpoint_key = path;
  training.checkpoint_s = learn->options->checkpoint_s;
  training.resume = learn->options->resume;
  g_autoptr (PraxiTrainable) trainable = make_trainable (learn, model, error);
  if (trainable == NULL)
    return NULL;
  g_autoptr (PraxiTraining) trained = train (learn, trainable, model, &training, error);
  if (trained == NULL)
    return NULL;
  if (trained->is_cancelled) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "cancelled");
    return NULL;
  }
  g_unlink (checkpoint);
  const char *how = learn->is_student ? "learned" : "fine-tuned";
  *what =
      g_strdup_printf ("%s%s: epoch %d of %u", how, learn->teacher != NULL ? " from a teacher" : "",
                       trained->best_epoch, trained->epochs->len - 1);
  return praxi_trainable_graph (trainable, model);
}

/* --- slopes --------------------------------------------------------------------------------- */

static gboolean
fill_batch (const PraxiTrainable *trainable,
            PraxiStepper *stepper,
            const PraxiSource *source,
            GRand *random,
            GError **error)
{
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  for (int b = 0; b < trainable->batch; b++) {
    const guint clip = source->draw (source->data, random);
    if (!source->load (source->data, stepper, clip, random, b, error))
      return FALSE;
  }
  for (int k = 0; k < trainable->batch * trainable->n_outputs; k++)
    batch->weight[k] /= (float) trainable->batch;
  return TRUE;
}

static gboolean
add_squares (const PraxiTrainable *trainable,
             PraxiStepper *stepper,
             float *const *squares,
             GError **error)
{
  float **sums = praxi_rooms_new (trainable);
  const gboolean good = praxi_stepper_learn (stepper, sums, error);
  for (guint i = 0; good && i < trainable->params->len; i++) {
    const PraxiParam *param = trainable->params->pdata[i];
    for (gsize k = 0; k < param->n; k++)
      squares[i][k] += sums[i][k] * sums[i][k];
  }
  praxi_rooms_free (trainable, sums);
  return good;
}

GHashTable *
praxi_learn_slopes (const PraxiLearn *learn, PraxiModel *model, GError **error)
{
  const PraxiRecipeOptions *options = learn->options;
  const PraxiTrainableOptions how = {.batch = options->train_flow != NULL ? AGAIN_BATCH : 1,
                                     .freeze_norm = TRUE};
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, &how, error);
  if (trainable == NULL)
    return NULL;
  g_autoptr (PraxiStepper) stepper = praxi_stepper_new (trainable, options->threads, error);
  if (stepper == NULL)
    return NULL;
  g_autoptr (PraxiSource) source = source_of (learn, trainable, praxi_model_spec (model), FALSE);
  g_autoptr (GRand) random = g_rand_new_with_seed (options->seed);
  const int n = MAX (SLOPE_CLIPS / trainable->batch, 1);
  float **squares = praxi_rooms_new (trainable);
  gboolean good = TRUE;
  for (int i = 0; good && i < n; i++) {
    good = fill_batch (trainable, stepper, source, random, error) &&
           add_squares (trainable, stepper, squares, error);
    if (good && !learn->tick (learn->data, i + 1, n)) {
      g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "cancelled");
      good = FALSE;
    }
  }
  GHashTable *slopes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < trainable->params->len; i++) {
    const PraxiParam *param = trainable->params->pdata[i];
    for (gsize k = 0; k < param->n; k++)
      squares[i][k] = sqrtf (squares[i][k] / (float) n);
    g_hash_table_insert (slopes, g_strdup (param->name),
                         g_memdup2 (squares[i], sizeof (float) * param->n));
  }
  praxi_rooms_free (trainable, squares);
  if (!good)
    g_clear_pointer (&slopes, g_hash_table_unref);
  return slopes;
}
