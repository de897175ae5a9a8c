/* Blending the clips of a batch with each other. */
#pragma once

#include "engine/train/stepper.h"

G_BEGIN_DECLS

typedef struct {
  double mixup;  /* α of the share's Beta (α, α) (Zhang et al., 2018); 0: none */
  double cutmix; /* how often, 0 … 1, a box or a stretch of time of another clip is put in instead
                    (Yun et al., 2019) */
} PraxiMixOptions;

/* Blends the features that are floats, targets and weights, a teacher's too, of all clips in the
 * stepper's batch.
 */
void praxi_mix (const PraxiTrainable *trainable,
                PraxiStepper *stepper,
                const PraxiMixOptions *options,
                GRand *random);

/* A number of the distribution Beta (alpha, alpha). Source: Jöhnk, 1964 */
double praxi_mix_share (double alpha, GRand *random);

G_END_DECLS
