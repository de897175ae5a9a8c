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
  gboolean pairs;               /* a model for every two folds, judged by none */
  gboolean smote, has_new_head; /* the last layer is drawn anew for the classes asked for */
  int ensemble;                 /* last layers on balanced parts of the clips, averaged; 0: none */
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
  const gboolean *files; /* that were prepared; borrowed while it learns */
  char *checkpoint, *key;
  char *scores;    /* where --folds writes what every sample held out was given */
  char *split;     /* --folds takes the footage of; NULL: all */
  char *curves;    /* where --folds writes what thresholds find */
  char *sizes;     /* sides of the clips by share of the epochs, the model's own last */
  GArray *stages;  /* of PraxiTrainStage, for those but the last; NULL without sizes */
  GPtrArray *made; /* of the stages: models, trainables and sources */
  char *alarms;    /* false events an hour that calibrated thresholds allow, "fall=20" */
  char *cache;     /* a folder that motion is kept in */
  char *licence;   /* of the weights, in words, for the spec; NULL: as it is */
  char *more;      /* a folder of extra footage */
  char *judged;    /* whose models of each fold --folds judges instead of training any */
} PraxiTrainJob;

/* Nothing is asked yet: praxi_train_job_defaults fills in what stays so. */
void praxi_train_job_init (PraxiTrainJob *job);

/* Loads the model that is named, or builds the architecture with drawn weights. */
gboolean praxi_train_job_model (PraxiTrainJob *job, GError **error);

/* What the model is as a file's: a graph as a model, by way of a file that is gone at once. */
PraxiModel *praxi_train_model_of (const PraxiGraph *graph, const char *spec, GError **error);

/* Gives the model a new last layer where the labels are of other classes than its own, --classes
 * says so, or the last layer has to be fitted and is not one; says so in a sentence.
 */
gboolean praxi_train_job_choose_head (PraxiTrainJob *job, GError **error);

/* Fits the last layer to what it reads of the footage that was prepared. loss: mean cross-entropy
 */
gboolean praxi_train_job_fit_head (PraxiTrainJob *job, double *loss, GError **error);

/* Takes what the architecture is best trained with where nothing else was asked. */
void praxi_train_job_defaults (PraxiTrainJob *job);

/* Adds the samples of more to those to learn from. Errors: UNSUPPORTED: the model reads no motion
 */
gboolean praxi_train_job_add_more (PraxiTrainJob *job, GError **error);

/* Reads footage, as motion where the model begins with it. */
gboolean praxi_train_job_read (PraxiTrainJob *job, GError **error);

/* The widest trainable that fits into the memory asked for, and sources of what was read.
 * files: [of train_flow] that are learned from, NULL: all
 */
gboolean praxi_train_job_prepare (PraxiTrainJob *job, const gboolean *files, GError **error);
gboolean praxi_train_job_reads_joints (const PraxiTrainJob *job);
/* The widest trainable of a model, at most of batch clips, that fits into the memory asked for. */
PraxiTrainable *
praxi_train_job_fit_memory (const PraxiTrainJob *job, PraxiModel *model, int batch, GError **error);
/* Makes ready what learns at the smaller sizes asked for. */
gboolean praxi_train_job_stage (PraxiTrainJob *job, GError **error);
gboolean praxi_train_job_learn (PraxiTrainJob *job, GError **error);

/* What two trainings have to share so that one can go on where the other was. Free with g_free. */
char *praxi_train_job_key (const PraxiTrainJob *job);

/* Of what was prepared: checkpoints go beside the file that it shall become. */
void praxi_train_job_keep (PraxiTrainJob *job, const char *path);

/* Prepares, learns and saves: what stands at path afterwards learned from these files. With out its
 * checkpoint stays beside it.
 */
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
