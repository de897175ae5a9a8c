/* The chain rule, operator by operator. The gradient pass's inside. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct {
  PraxiGraph *graph;
  int *gradients; /* [capacity] of each value so far; −1 for none */
  const gboolean *needed;
  int n_values;     /* of the graph as it was: those have entries in gradients and needed */
  int next;         /* of the names made up */
  PraxiDType dtype; /* of what learns: f32, or f64 where rules are tested */
} PraxiBackward;

/* Adds the contributions of one node to the gradients of its inputs.
 * dy: of its first output
 * FALSE: there is no rule for this operator
 */
gboolean praxi_backward_node (PraxiBackward *backward, const PraxiNode *node, int dy);

G_END_DECLS
