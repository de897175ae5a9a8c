/* Gradient checkpointing as a pass (Chen et al., 2016): of the activations that derivatives read
 * only some are kept; the rest are computed again, part by part, when the derivatives get there.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* Cuts the first n_forward nodes of a graph into about √n parts, keeps what passes between them,
 * and appends copies of each part's nodes in front of the derivatives that read it. The numbers
 * that come out are the same. Outputs stay.
 */
void praxi_recompute (PraxiGraph *graph, int n_forward);

G_END_DECLS
