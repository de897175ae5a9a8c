/* Training: the parameters of a model apart learn from clips; the best epoch is what stays. */
#pragma once

#include "engine/train/clips.h"
#include "engine/train/metrics.h"
#include "engine/train/trainable.h"

G_BEGIN_DECLS

typedef struct {
  int epoch; /* 0: before anything was learned */
  double train_loss;
  double val_loss; /* NaN without validation clips, as the two below */
  double val_accuracy;
  double val_f1; /* macro */
} PraxiEpoch;

typedef struct {
  int epochs;          /* 0: 20 */
  int batch;           /* clips whose gradients are added up before a step; 0: 16 */
  double rate;         /* at its highest; 0: 0.001 */
  double weight_decay; /* < 0: none; 0: 0.01 */
  double smoothing;    /* of labels: < 0: none; 0: 0.05 */
  int patience;        /* epochs without a better one before it stops; 0: 8 */
  gboolean no_augment; /* clips as they are */
  guint32 seed;        /* the same seed, clips and threads give the same model */
  int threads;         /* 0: one per core */
  /* Called after every clip; FALSE stops: the best epoch so far stays. */
  gboolean (*tick) (gpointer data, double done_epochs, double total_epochs);
  void (*epoch) (gpointer data, const PraxiEpoch *epoch);
  gpointer data;
} PraxiTrainOptions;

typedef struct {
  GArray *epochs; /* of PraxiEpoch */
  int best_epoch; /* 0: nothing got better than what was there */
  gboolean is_cancelled;
} PraxiTraining;

/* AdamW (Loshchilov and Hutter, 2019), warm-up and cosine. Classes are drawn by the root of how
 * many clips they have. An epoch is better when its macro-F1 on the validation clips is higher, or
 * equal with a lower loss; without such clips when its training loss is lower. Where a loss is not
 * a number any more the best epoch returns and the rate is halved.
 * model:   what trainable was made of
 * val:     NULL for none
 * Errors:  UNSUPPORTED, MEMORY, DISK, FAILED (the loss never was a number). The parameters are
 *          those of the best epoch in any case.
 */
PraxiTraining *praxi_train (PraxiTrainable *trainable,
                            PraxiModel *model,
                            const PraxiClips *train,
                            const PraxiClips *val,
                            const PraxiTrainOptions *options,
                            GError **error);
void praxi_training_free (PraxiTraining *training);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTraining, praxi_training_free)

G_END_DECLS
