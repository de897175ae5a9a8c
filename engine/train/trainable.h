/* A model taken apart for training: what comes before the first weight that learns (run as it is,
 * fused), and one step, a graph from there to the loss's derivatives. INT8 models learn in floats:
 * every forward pass rounds the weights to the model's own steps, so what is learned is what the
 * INT8 model will do (quantization-aware training; Jacob et al., 2018).
 */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_PARAM_F32,    /* stored as it is */
  PRAXI_PARAM_WEIGHT, /* stored as s8 with a step a channel or one for all */
  PRAXI_PARAM_BIAS,   /* stored as s32 with a step a channel or one for all */
} PraxiParamKind;

typedef struct {
  char *name; /* of the constant in the model's graph */
  PraxiParamKind kind;
  PraxiTensor tensor; /* shape; data: f32, row-major, owned; what learns */
  gsize n;            /* numbers in it */
  float *steps;       /* [n_steps]; NULL for PRAXI_PARAM_F32 */
  int n_steps;        /* 1, or the length of axis */
  int axis;
  gboolean decays; /* weights do, biases do not */
} PraxiParam;

typedef struct {
  GPtrArray *params; /* of PraxiParam */
  PraxiGraph *front; /* from the model's input to the features; NULL: the input is the feature */
  /* Inputs: features, then "param/NAME" of each parameter, "target", "weight".
   * Outputs: "decision" f32 of the target's shape, then the gradient of each parameter.
   */
  PraxiGraph *step;
  int n_features;
  int n_outputs;         /* numbers in a target */
  gboolean is_exclusive; /* softmax over all classes; else a sigmoid an event class */
} PraxiTrainable;

/* model: has a spec
 * Errors: UNSUPPORTED: no scores that a softmax or sigmoid makes, an operator without derivative,
 *         nothing that could learn; MEMORY
 */
PraxiTrainable *praxi_trainable_new (PraxiModel *model, GError **error);
void praxi_trainable_free (PraxiTrainable *trainable);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiTrainable, praxi_trainable_free)

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
