/* Runs batches of clips through a model that learns: front, decision, derivatives. The trainer's
 * inside, and what a teacher looks into.
 */
#pragma once

#include "engine/infer/executor.h"
#include "engine/train/trainable.h"

G_BEGIN_DECLS

typedef struct PraxiStepper PraxiStepper;

/* trainable: borrowed. Errors: UNSUPPORTED, MEMORY */
PraxiStepper *praxi_stepper_new (const PraxiTrainable *trainable, int threads, GError **error);
void praxi_stepper_free (PraxiStepper *stepper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStepper, praxi_stepper_free)

/* Bytes that activations, derivatives and weights take while it learns. */
gsize praxi_stepper_peak_bytes (const PraxiStepper *stepper);

/* What runs a step, for who wants to time its operators. */
PraxiExecutor *praxi_stepper_executor (const PraxiStepper *stepper);

/* What is filled in before a run; each is [batch][…], owned by the stepper. */
typedef struct {
  void *const *features;     /* [n_features] */
  gsize *feature_bytes;      /* [n_features], of one clip */
  float *target, *weight;    /* [batch][n_outputs]; a weight of 0 leaves a clip out */
  float *soft, *soft_weight; /* NULL without a teacher; weights start as 0 */
  float *const *hints;       /* [n_hints][…] */
  gsize *hint_numbers;       /* [n_hints], of one clip */
  float *hint_weight;        /* one number; NULL without hints */
  float *const *masks;       /* [n_masks][…] */
  gsize *mask_numbers;       /* [n_masks] */
  const float *decision;     /* [batch][n_outputs]: what came out */
} PraxiBatch;

const PraxiBatch *praxi_stepper_batch (const PraxiStepper *stepper);

/* What the last learning made of the value hinted at, f32 [batch][…]. */
const float *praxi_stepper_hinted (const PraxiStepper *stepper, int hint);

/* Runs the front on a clip and keeps what it makes as features of one place in the batch.
 * clip:   what the model's input takes: u8 [T,H,W,3] or f32 [3,T,H,W]
 * Errors: as praxi_executor_run_tensors, as those below
 */
gboolean praxi_stepper_see (PraxiStepper *stepper, const void *clip, int place, GError **error);

/* The batch's decision. */
gboolean praxi_stepper_decide (PraxiStepper *stepper, GError **error);

/* The same, and the gradients are added to sums [n_params][n of each]; of a statistic its place
 * becomes that of the batch.
 */
gboolean praxi_stepper_learn (PraxiStepper *stepper, float *const *sums, GError **error);

G_END_DECLS
