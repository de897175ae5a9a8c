/* AdamW (Loshchilov and Hutter, 2019) or SGD with Nesterov's momentum over the parameters of a
 * model. The trainer's inside.
 */
#pragma once

#include "engine/train/trainable.h"

G_BEGIN_DECLS

typedef enum { PRAXI_OPTIMIZER_ADAMW, PRAXI_OPTIMIZER_SGD } PraxiOptimizerKind;

/* What it remembers; a checkpoint keeps it. */
typedef struct {
  const PraxiTrainable *trainable;
  PraxiOptimizerKind kind;
  double weight_decay, momentum;
  float **first, **second; /* moments, [n_params][n of each]; SGD has no second */
  gint64 n_steps;
} PraxiOptimizer;

/* momentum: of SGD; 0: 0.9 */
PraxiOptimizer *praxi_optimizer_new (const PraxiTrainable *trainable,
                                     PraxiOptimizerKind kind,
                                     double weight_decay,
                                     double momentum);
void praxi_optimizer_free (PraxiOptimizer *optimizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiOptimizer, praxi_optimizer_free)

/* Moves the parameters against the gradients [n_params][n of each], which together are shortened to
 * a length of 1 where they are longer. Statistics follow those of the batch instead.
 */
void praxi_optimizer_step (PraxiOptimizer *optimizer, float *const *gradients, double rate);

/* One room of floats a parameter, of its size, zeros. */
float **praxi_rooms_new (const PraxiTrainable *trainable);
void praxi_rooms_free (const PraxiTrainable *trainable, float **rooms);

G_END_DECLS
