/* Several models that see the same footage become one: what they compute alike, such as the motion
 * stem, is computed once, and the mean of their logits decides.
 */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

/* The graph of the joined model, with the first one's inputs and outputs. A model that is given
 * twice counts twice and costs nothing more.
 * models:  [n], n ≥ 1, with specs; one that knows the background and some of the first one's events
 *          says nothing of the others, whose mean is that of the models that know them
 * mirrors: every model is asked about the mirrored motion too, and half the mean is those answers;
 *          the stem runs once all the same
 * Errors:  UNSUPPORTED: classes differ in another way, or the input does, no sigmoid or softmax
 * makes the scores, there is no motion stem to mirror behind; names the model
 */
PraxiGraph *praxi_join (PraxiModel *const *models, int n, gboolean mirrors, GError **error);

G_END_DECLS
