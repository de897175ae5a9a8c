/* Several models that see the same footage become one: what they compute alike, such as the motion
 * stem, is computed once, and the mean of their logits decides.
 */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

/* The graph of the joined model, with the first one's inputs and outputs. A model that is given
 * twice counts twice and costs nothing more.
 * models: [n], n ≥ 1, with specs
 * Errors: UNSUPPORTED: classes or input differ, or no sigmoid or softmax makes the scores; names
 *         the model
 */
PraxiGraph *praxi_join (PraxiModel *const *models, int n, GError **error);

G_END_DECLS
