/* The loss's derivative by what makes the decision. The inside of trainable. */
#pragma once

#include "engine/train/gradient.h"
#include "engine/train/trainable.h"

G_BEGIN_DECLS

#define PRAXI_LOSS_PREFIX "loss/" /* of the names of its nodes */

/* The last Sigmoid or Softmax on the way to the scores; scores that are logits get the softmax that
 * the executor would apply. NULL where there is none.
 */
PraxiNode *praxi_loss_decision (PraxiGraph *graph, gboolean is_logits);

/* Adds the inputs "target", "weight" and, with a teacher, "soft" and "soft weight" to the graph,
 * and what computes the derivative of
 *
 *   weight · cross-entropy (or focal loss) (decision, target)
 *     + soft weight · temperature² · cross-entropy (decision at the temperature, soft)
 *
 * by the decision's input.
 */
PraxiGradientSeed
praxi_loss_add (PraxiGraph *graph, const PraxiNode *decision, const PraxiTrainableOptions *options);

/* Adds the inputs "hint/NAME" and "hint weight", and a derivative (value − hint) hint weight a
 * hint.
 * seeds:  of PraxiGradientSeed, appended to
 * Errors: UNSUPPORTED (no value of that name)
 */
gboolean
praxi_loss_add_hints (PraxiGraph *graph, const char *const *names, GArray *seeds, GError **error);

G_END_DECLS
