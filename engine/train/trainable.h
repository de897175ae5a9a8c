/* A model taken apart for training: what comes before the first weight that learns (run as it is,
 * fused), and one step, a graph from there to the loss's derivatives. INT8 models learn in floats:
 * every forward pass rounds the weights to the model's own steps, so what is learned is what the
 * INT8 model will do (quantization-aware training; Jacob et al., 2018).
 *
 * Models with a motion stem are cut at its maps, so that clips can be changed as maps.
 */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_PARAM_F32,       /* stored as it is */
  PRAXI_PARAM_WEIGHT,    /* stored as s8 with a step a channel or one for all */
  PRAXI_PARAM_BIAS,      /* stored as s32 with a step a channel or one for all */
  PRAXI_PARAM_STATISTIC, /* mean or variance of a batch normalization: follows, never descends */
} PraxiParamKind;

typedef struct {
  char *name; /* of the constant in the model's graph */
  PraxiParamKind kind;
  PraxiTensor tensor; /* shape; data: f32, row-major, owned; what learns */
  gsize n;            /* numbers in it */
  float *steps;       /* [n_steps]; NULL for PRAXI_PARAM_F32 */
  int n_steps;        /* 1, or the length of axis */
  int axis;
  gboolean decays;      /* weights do, biases do not */
  int layer;            /* 0 is that of the scores, 1 the one before */
  double rate;          /* times the trainer's; 1 at first */
  gboolean is_borrowed; /* data is another trainable's (praxi_trainable_share) */
} PraxiParam;

typedef struct {
  int batch;                /* clips in one step; 0: 1. Models made for one clip keep to 1 */
  gboolean head_only;       /* the last products learn, all before them stays */
  gboolean freeze_norm;     /* batch normalization stays as it is */
  double dropout;           /* share of what the last products read that is left out */
  double focal;             /* γ of the focal loss (Lin et al., 2017); 0: cross-entropy */
  double temperature;       /* of a teacher's scores; 0: there is no teacher */
  const char *const *hints; /* NULL-terminated names of values that a teacher gives, or NULL */
  gboolean recompute;       /* activations are computed again for the derivatives: less memory */
  gboolean keep_all;        /* not even those that cost next to nothing are, and none is written
                               over, to compare with */
} PraxiTrainableOptions;

typedef struct {
  GPtrArray *params; /* of PraxiParam */
  PraxiGraph *front; /* from the model's input to the features of one clip; NULL: the input is the
                        feature */
  /* Inputs: features of batch clips, "param/NAME" of each parameter, a "mask/I" for each dropout,
   * f32 "target" and "weight" of the decision's shape; with a teacher "soft" and "soft weight" of
   * the decision's shape; "hint/NAME" of each hint's shape and a scalar "hint weight".
   * Outputs: "decision", the gradient of each parameter (of a statistic that of the batch), and the
   * hinted values.
   */
  PraxiGraph *step;
  PraxiGraph *decide; /* the features and parameters alone → the decision */
  int batch;
  int n_features, n_masks, n_hints;
  int n_outputs; /* numbers in the target of a clip */
  gboolean has_teacher, keeps_all;
  gboolean is_exclusive; /* softmax over all classes; else a sigmoid an event class */
  double dropout;
} PraxiTrainable;

/* model: has a spec; options: NULL for the defaults
 * Errors: UNSUPPORTED: no scores that a softmax or sigmoid makes, an operator without derivative,
 *         nothing that could learn, no value of a hint's name; MEMORY
 */
PraxiTrainable *
praxi_trainable_new (PraxiModel *model, const PraxiTrainableOptions *options, GError **error);
void praxi_trainable_free (PraxiTrainable *trainable);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTrainable, praxi_trainable_free)

/* Makes the parameters of a trainable those of another one, which must outlive it: both are of one
 * model, but for the size of its clips. FALSE where they are not.
 */
gboolean praxi_trainable_share (PraxiTrainable *trainable, const PraxiTrainable *owner);

/* The target of a class, f32 [n_outputs]: one hot, or a row of events with none set for the class
 * that says that nothing happens.
 */
void praxi_trainable_target (const PraxiTrainable *trainable,
                             const PraxiModelSpec *spec,
                             int class_index,
                             float *target);

/* The model's graph with the parameters as they are now, in the types it stores them in. */
PraxiGraph *praxi_trainable_graph (const PraxiTrainable *trainable, PraxiModel *model);

G_END_DECLS
