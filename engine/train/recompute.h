/* Gradient checkpointing as a pass (Chen et al., 2016): of the activations that derivatives read
 * only some are kept; the rest are computed again, part by part, when the derivatives get there.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* Of the first n_forward nodes those are computed again that cost next to nothing (normalization by
 * statistics that are kept, activations, a factor a channel) over what derivatives keep anyway.
 * Outputs stay, and the numbers that come out are the same, here and below.
 */
void praxi_recompute_cheap (PraxiGraph *graph, int n_forward);

/* Cuts the first n_forward nodes of a graph into parts, keeps what passes between them, and appends
 * copies of each part's nodes in front of the derivatives that read it. The last part's are still
 * there; convolutions that are the most work for the size of what they make are kept too, 30 % of
 * the multiply-adds. Of several ways to cut the one with the least alive at once is taken.
 */
void praxi_recompute (PraxiGraph *graph, int n_forward);

G_END_DECLS
