/* AdamW over the parameters of a model apart. Source: Loshchilov and Hutter, "Decoupled weight
 * decay regularization", ICLR 2019.
 */
#pragma once

#include "engine/train/trainable.h"

G_BEGIN_DECLS

typedef struct PraxiAdam PraxiAdam;

/* trainable: borrowed */
PraxiAdam *praxi_adam_new (const PraxiTrainable *trainable, double weight_decay);
void praxi_adam_free (PraxiAdam *adam);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiAdam, praxi_adam_free)

/* One step along gradients [n_params][n of each], at most of length 1 together. */
void praxi_adam_step (PraxiAdam *adam, float *const *gradients, double rate);

G_END_DECLS
