/* A cross-validation under way: what `praxi train --folds` and the calibration by it share. */
#pragma once

#include "app/train-job.h"
#include "engine/train/evaluate.h"

G_BEGIN_DECLS

typedef struct {
  PraxiTrainJob *job;
  int *fold_of;    /* [samples] */
  float *scores;   /* [samples, classes] */
  GArray *figures; /* of PraxiEventFigures, over all folds */
  PraxiEventCount
      *tried; /* [folds, classes, PRAXI_THRESHOLDS], where the job names alarms or wants curves */
  double *quiet_hours; /* [folds, classes]: footage without that event */
  int n_classes, background;
  char *record; /* beside out: how many models are made; NULL where none stay */
  char *key;    /* what they are made with */
  int n_made;   /* by the run that this one goes on with */
} PraxiTrainFolds;

/* Trains or judges fold by fold, and fills scores, figures, tried and quiet_hours. */
gboolean praxi_train_folds_run (PraxiTrainFolds *folds, GError **error);

/* After a run that judged: every fold's model is fitted to what the other folds held out, then the
 * model that none of them is to all of it; the figures become those of the calibrated ones.
 */
gboolean praxi_train_calibrate (PraxiTrainFolds *folds, GError **error);

/* Samples of an event, and those without one in the folder that is named so, or all such; of those
 * that were scored. Returns guint numbers; free with g_array_unref
 */
GArray *praxi_train_folds_list (const PraxiTrainFolds *folds, int event);

/* After a run: the job's table of curves, "class,curve,x,y,threshold" with x and y of
 * events: false ones an hour, share of spans found, one threshold in all folds
 * roc:    share of other samples taken for the event, share of its own found
 * pr:     share found, share of those taken that are right
 * Errors: DISK
 */
gboolean praxi_train_curves_write (const PraxiTrainFolds *folds, GError **error);

/* Checks "fight=60,fall=20": false events an hour. limits: [classes of the model], NaN where none
 * is named; free with g_free
 * Errors: USAGE
 */
gboolean praxi_train_alarms_parse (const PraxiTrainJob *job, double **limits, GError **error);

G_END_DECLS
