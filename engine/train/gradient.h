/* Backward operators as a pass over a graph: what computes the derivative of some values by others,
 * in ONNX's operators and the few gradient operators of kernels/op.h.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* One value and the derivative of the loss by it, where backward begins. */
typedef struct {
  int value;
  int gradient; /* a value of the same shape */
} PraxiGradientSeed;

/* Appends to a resolved graph what computes the derivative of the loss by the wanted values.
 * QuantizeLinear passes a derivative straight through where it did not clip (Bengio et al., 2013);
 * its scale counts as constant. BatchNormalization uses the statistics it has.
 * wanted:    [n_wanted] values; n_wanted > 0
 * gradients: [n_wanted] f32 values of the same shapes; −1 where no seed depends on one
 * Errors:    UNSUPPORTED: an operator in between has no derivative here; names it
 */
gboolean praxi_gradient_add (PraxiGraph *graph,
                             const PraxiGradientSeed *seeds,
                             int n_seeds,
                             const int *wanted,
                             int n_wanted,
                             int *gradients,
                             GError **error);

G_END_DECLS
