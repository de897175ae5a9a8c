/* Runs clips through a model that learns: front, decision, derivatives. The trainer's inside. */
#pragma once

#include "engine/infer/executor.h"
#include "engine/train/trainable.h"

G_BEGIN_DECLS

typedef struct PraxiStepper PraxiStepper;

/* trainable: borrowed. Errors: UNSUPPORTED, MEMORY */
PraxiStepper *praxi_stepper_new (const PraxiTrainable *trainable, int threads, GError **error);
void praxi_stepper_free (PraxiStepper *stepper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStepper, praxi_stepper_free)

/* The decision for a clip, f32 [n_outputs].
 * clip: what the model's input takes: u8 [T,H,W,3] or f32 [3,T,H,W]
 */
gboolean
praxi_stepper_decide (PraxiStepper *stepper, const void *clip, float *decision, GError **error);

/* The same, and the gradient of the cross-entropy with the target, times weight, is added to sums
 * [n_params][n of each].
 */
gboolean praxi_stepper_learn (PraxiStepper *stepper,
                              const void *clip,
                              const float *target,
                              float weight,
                              float *decision,
                              float *const *sums,
                              GError **error);

G_END_DECLS
