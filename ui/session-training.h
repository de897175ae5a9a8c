/* Training from the window: a job that fine-tunes the light model on the project's labels, what its
 * epochs came to, and which model analyses use.
 */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

typedef struct {
  int epoch; /* 0: the model it began with */
  double train_loss, val_loss;
  double val_accuracy, val_f1; /* NaN without footage to validate with */
} PraxiUiEpoch;

typedef enum {
  PRAXI_TRAINING_NONE, /* nothing was trained in this sitting */
  PRAXI_TRAINING_RUNNING,
  PRAXI_TRAINING_DONE,
} PraxiTrainingState;

PraxiTrainingState praxi_session_training (PraxiSession *session);

/* Of the last training, PraxiUiEpoch, as they come. Borrowed until PRAXI_CHANGE_TRAINING. */
const GArray *praxi_session_epochs (PraxiSession *session);
int praxi_session_best_epoch (PraxiSession *session); /* place in them; 0: nothing got better */

/* Fine-tunes light on the labels of the project. */
void praxi_session_train (PraxiSession *session);
void praxi_session_cancel_training (PraxiSession *session);

G_END_DECLS
