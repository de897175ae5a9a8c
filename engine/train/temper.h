/* Scores that mean what they say: slope and shift of each event's logit, or one temperature of a
 * softmax, from footage the model did not learn from, put into its graph. Sources: Platt,
 * "Probabilistic outputs for support vector machines", 1999; Guo et al., "On calibration of modern
 * neural networks", ICML 2017.
 */
#pragma once

#include "engine/train/trainable.h"

G_BEGIN_DECLS

typedef struct {
  int n;                       /* numbers below: one an event, or 1 of a softmax */
  double slope[64], shift[64]; /* of logits; a softmax has no shift */
  double before, after;        /* mean cross-entropy of what it was fitted on */
} PraxiTemper;

/* scores: f32 [n, n_classes], as the model gives them
 * truth:  [n] classes
 * n_outputs, is_exclusive: of the trainable
 * FALSE: there are too many outputs, or an event that no clip, or each one, shows
 */
gboolean praxi_temper_fit (const float *scores,
                           const int *truth,
                           int n,
                           int n_classes,
                           int n_outputs,
                           gboolean is_exclusive,
                           PraxiTemper *temper);

/* Puts it before what makes the scores. is_logits: of the model's spec */
void praxi_temper_apply (PraxiGraph *graph, const PraxiTemper *temper, gboolean is_logits);

G_END_DECLS
