/* The parameters of a graph. The inside of trainable. */
#pragma once

#include "engine/train/trainable.h"

G_BEGIN_DECLS

/* Makes inputs "param/NAME" of the constants that learn, and lists them in the order of the inputs.
 */
void
praxi_trainable_take (PraxiGraph *graph, const PraxiTrainableOptions *options, GPtrArray *params);

/* For each node whether it is a product with no other one behind it; free with g_free. */
gboolean *praxi_trainable_heads (const PraxiGraph *graph);

void praxi_param_free (PraxiParam *param);

G_END_DECLS
