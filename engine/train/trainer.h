/* Training: the parameters of a model apart learn from clips; the best epoch is what stays.
 *
 * For a student that learns from a teacher: make the trainable with a temperature (and the names of
 * values to imitate as hints), and give the options a `teach`. It is called for every batch after
 * the clips were put in and changed, before they are mixed, and writes into praxi_stepper_batch:
 * `soft` (scores at that temperature) with `soft_weight`, `hints` with `hint_weight`, or simply
 * other targets and weights. Hints are not mixed.
 */
#pragma once

#include "engine/train/metrics.h"
#include "engine/train/mix.h"
#include "engine/train/optimizer.h"
#include "engine/train/source.h"

G_BEGIN_DECLS

typedef struct {
  int epoch; /* 0: before anything was learned */
  double train_loss;
  double val_loss; /* NaN without validation clips, as all below */
  double val_accuracy;
  double val_f1; /* macro */
  double val_auc_pr, val_auc_roc;
} PraxiEpoch;

/* A batch about to be learned from. */
typedef struct {
  const PraxiTrainable *trainable;
  const PraxiSource *source;
  PraxiStepper *stepper;
  const guint *clips; /* [n] of the source, in the order of their places */
  int n;
  float share; /* of one clip in a step: what a weight of 1 becomes */
} PraxiLesson;

/* The same parameters (praxi_trainable_share) on clips of another size. */
typedef struct {
  const PraxiTrainable *trainable;
  const PraxiSource *train;
  int batch; /* clips a step */
} PraxiTrainStage;

typedef struct {
  int epochs;          /* 0: 20; < 0: none, what there is is judged */
  int batch;           /* clips whose gradients are added up before a step; 0: 16 */
  double rate;         /* at its highest; 0: 0.001 */
  double weight_decay; /* < 0: none; 0: 0.01 */
  double smoothing;    /* of labels: < 0: none; 0: 0.05 */
  int patience;        /* epochs without a better one before it stops; 0: 8; < 0: never */
  gboolean no_augment; /* clips as they are */
  guint32 seed;        /* the same seed, clips and threads give the same model */
  int threads;         /* 0: one per core */
  PraxiOptimizerKind optimizer;
  double momentum;      /* of SGD; 0: 0.9 */
  double average;       /* share that the moving average of weights keeps a step, which is then what
                           is validated and stays; 0: none */
  double layer_decay;   /* of the rate from a layer to the one before; 0: 1 */
  double backbone_rate; /* of all layers but the last, times rate; 0: 1 */
  const double *output_weights; /* [n_outputs], of what is positive; NULL: 1 */
  PraxiMixOptions mix;
  PraxiBalance balance; /* of praxi_train; a source has its own */
  gboolean keeps_last;  /* the last epoch stays, not the best */

  /* The epochs are split evenly among these and, at the end, what praxi_train_on is given. */
  const PraxiTrainStage *stages;
  int n_stages;

  const char *checkpoint;     /* a file; NULL: none is written */
  double checkpoint_s;        /* between two; 0: 20 */
  const char *checkpoint_key; /* what the run is about: another one's checkpoint is refused */
  gboolean resume;            /* goes on from the checkpoint where there is one */

  /* Called after every batch; FALSE stops: the best epoch so far stays. */
  gboolean (*tick) (gpointer data, double done_epochs, double total_epochs);
  void (*epoch) (gpointer data, const PraxiEpoch *epoch);
  gpointer data;
  gboolean (*teach) (gpointer teacher, const PraxiLesson *lesson, GError **error);
  gpointer teacher;
} PraxiTrainOptions;

typedef struct {
  GArray *epochs; /* of PraxiEpoch */
  int best_epoch; /* 0: nothing got better than what was there */
  int resumed_at; /* epochs that a checkpoint had behind it; −1: there was none */
  gboolean is_cancelled;
} PraxiTraining;

/* Warm-up and cosine. An epoch is better when its macro-F1 on the validation clips is higher, or
 * equal with a lower loss; without such clips when its training loss is lower. Where a loss is not
 * a number any more the best epoch returns and the rate is halved. The parameters are those of the
 * best epoch in any case.
 * spec:   of the model that trainable was made of
 * val:    NULL for none
 * Errors: UNSUPPORTED, MEMORY, DISK, FORMAT (the checkpoint is another run's), FAILED (the loss
 *         never was a number)
 */
PraxiTraining *praxi_train_on (PraxiTrainable *trainable,
                               const PraxiModelSpec *spec,
                               const PraxiSource *train,
                               const PraxiSource *val,
                               const PraxiTrainOptions *options,
                               GError **error);

/* The same on decoded clips.
 * model:  what trainable was made of
 * Errors: as praxi_train_on
 */
PraxiTraining *praxi_train (PraxiTrainable *trainable,
                            PraxiModel *model,
                            const PraxiClips *train,
                            const PraxiClips *val,
                            const PraxiTrainOptions *options,
                            GError **error);
void praxi_training_free (PraxiTraining *training);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTraining, praxi_training_free)

/* Puts what the validation clips say of a trainable as it is now into an epoch; NaN where val is
 * NULL or has none.
 * Errors: those of the source's load, of praxi_stepper_see and praxi_stepper_decide
 */
gboolean praxi_train_judge (const PraxiTrainable *trainable,
                            const PraxiModelSpec *spec,
                            PraxiStepper *stepper,
                            const PraxiSource *val,
                            PraxiEpoch *epoch,
                            GError **error);

/* Scores of all clips of a source as they are, f32 [n, classes]; free with g_free.
 * Errors: as praxi_train_judge
 */
float *praxi_train_score (const PraxiTrainable *trainable,
                          const PraxiModelSpec *spec,
                          PraxiStepper *stepper,
                          const PraxiSource *source,
                          GError **error);

G_END_DECLS
