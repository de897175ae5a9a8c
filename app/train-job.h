/* One training of `praxi train`: what it is asked, what it read, what it makes. */
#pragma once

#include "app/analysis.h"
#include "engine/train/flow-source.h"
#include "engine/train/sequence-source.h"
#include "engine/train/temper.h"
#include "engine/train/trainer.h"

G_BEGIN_DECLS

typedef struct {
  char *data, *project, *from, *arch, *classes, *out, *progress, *optimizer, *balance;
  PraxiTrainOptions options;
  PraxiTrainableOptions how;
  gint64 seed;
  double stride_s, positive_weight, memory_mb;
  int folds;
  gboolean json, json_progress, maps, keeps_last;
  gboolean calibrates; /* scores are fitted to the validation footage when all is learned */

  PraxiModel *model;
  PraxiDataset *train, *val; /* val: NULL for none */
  PraxiClips *train_clips, *val_clips;
  PraxiFlowClips *train_flow, *val_flow;           /* instead, of models with a motion stem */
  PraxiSequences *train_sequences, *val_sequences; /* and of models that read joints */
  PraxiSource *train_source, *val_source;
  PraxiTrainable *trainable;
  PraxiTraining *training;
  PraxiTemper temper; /* n is 0 where nothing was calibrated */
  PraxiCliProgress *bar;
  double *output_weights;
  char *checkpoint, *key;
  char *scores; /* where --folds writes what every sample held out was given */
  char *judged; /* whose models of each fold --folds judges instead of training any */
} PraxiTrainJob;

/* Nothing is asked yet: praxi_train_job_defaults fills in what stays so. */
void praxi_train_job_init (PraxiTrainJob *job);

/* Loads the model that is named, or builds the architecture with drawn weights. */
gboolean praxi_train_job_model (PraxiTrainJob *job, GError **error);

/* Takes what the architecture is best trained with where nothing else was asked. */
void praxi_train_job_defaults (PraxiTrainJob *job);

/* Samples of a split: "train", "val", "all". */
PraxiDataset *praxi_train_job_split (const PraxiTrainJob *job, const char *split, GError **error);

/* Reads footage, as motion where the model begins with it. */
gboolean praxi_train_job_read (PraxiTrainJob *job, GError **error);

/* The widest trainable that fits into the memory asked for, and sources of what was read.
 * files: [of train_flow] that are learned from, NULL: all
 */
gboolean praxi_train_job_prepare (PraxiTrainJob *job, const gboolean *files, GError **error);
gboolean praxi_train_job_reads_joints (const PraxiTrainJob *job);
gboolean praxi_train_job_learn (PraxiTrainJob *job, GError **error);

/* Prepares, learns and saves: what stands at path afterwards learned from these files. */
gboolean
praxi_train_job_make (PraxiTrainJob *job, const gboolean *files, const char *path, GError **error);
/* Where calibrates says so: fits the scores, which saving then puts into the graph. */
gboolean praxi_train_job_calibrate (PraxiTrainJob *job, GError **error);
gboolean praxi_train_job_save (const PraxiTrainJob *job, const char *path, GError **error);

/* Grouped cross-validation: trains once a fold, or judges what was trained, and prints figures over
 * all held-out samples. With out the models are kept.
 */
PraxiExit praxi_train_folds (PraxiTrainJob *job);

/* "OUT-1.onnx" of "OUT.onnx" and 1, the first fold. */
char *praxi_train_fold_path (const char *out, int number);

void praxi_train_job_clear (PraxiTrainJob *job);
/* What one training made, so that the next can begin. */
void praxi_train_job_forget (PraxiTrainJob *job);

G_END_DECLS
