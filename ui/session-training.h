/* Training from the window: a job that fine-tunes the light model on the project's labels, what its
 * epochs came to, and which model analyses use.
 */
#pragma once

#include <json-glib/json-glib.h>

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

/* The model that a training begins with. */
typedef enum { PRAXI_TRAIN_LIGHT, PRAXI_TRAIN_ORIGINAL, PRAXI_TRAIN_OWN } PraxiTrainFrom;

typedef enum {
  PRAXI_TRAIN_WHOLE,   /* all layers */
  PRAXI_TRAIN_QUICK,   /* the last layer, few epochs */
  PRAXI_TRAIN_LIGHTER, /* all layers of original, then made lighter within the last limits */
} PraxiTrainHow;

typedef enum {
  PRAXI_TRAIN_LABELLED, /* what the labels name: a new last layer where the model lacks some */
  PRAXI_TRAIN_KNOWN,    /* what the model knows; all else counts as normal */
} PraxiTrainClasses;

typedef struct {
  PraxiTrainFrom from;
  PraxiTrainHow how;
  PraxiTrainClasses classes;
} PraxiTrainPlan;

PraxiTrainingState praxi_session_training (PraxiSession *session);

/* Of the last training, PraxiUiEpoch, as they come. Borrowed until PRAXI_CHANGE_TRAINING. */
const GArray *praxi_session_epochs (PraxiSession *session);
int praxi_session_best_epoch (PraxiSession *session); /* place in them; 0: nothing got better */

/* What the last training came to on footage it did not learn from, as `praxi compare` says it of
 * one model; NULL without such footage. Borrowed until PRAXI_CHANGE_TRAINING.
 */
JsonObject *praxi_session_training_report (PraxiSession *session);

/* Fine-tunes on the labels of the project. */
void praxi_session_train (PraxiSession *session, const PraxiTrainPlan *plan);
/* Goes on where a training was cut off, after a restart too. */
gboolean praxi_session_can_resume_training (PraxiSession *session);
void praxi_session_resume_training (PraxiSession *session);
void praxi_session_cancel_training (PraxiSession *session);

G_END_DECLS
