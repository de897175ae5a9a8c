/* The last layer fitted to features of all clips at once: a logistic regression, which has one best
 * answer and needs no epochs.
 *
 * Against rare classes that are overlooked: SMOTE (smote.h), or an ensemble of layers, each fitted
 * to as many clips of every class as the rarest has. The mean of linear layers is linear, so what
 * comes out is one layer.
 * Source: X.-Y. Liu, J. Wu, Z.-H. Zhou, "Exploratory undersampling for class-imbalance learning"
 * (EasyEnsemble), 2009; its members boost, these are linear
 */
#pragma once

#include "engine/train/smote.h"
#include "engine/train/source.h"

G_BEGIN_DECLS

typedef struct {
  int n_outputs;         /* of the layer: all classes, or all but the first */
  gboolean is_exclusive; /* softmax over all; else a sigmoid each */
  PraxiBalance balance;  /* of classes where neither of the following is asked for */
  gboolean smote;
  int ensemble; /* layers fitted to balanced parts; 0: one to all */
  guint32 seed;
} PraxiHeadFit;

/* weights: [n_outputs][width], bias: [n_outputs], caller-allocated; fitted with an L2 penalty on
 * features of mean 0 and deviation 1, and given for the features as they are
 * Returns the mean cross-entropy over the features, made ones left out
 */
double praxi_head_fit (const PraxiFeatures *features,
                       const PraxiHeadFit *how,
                       float *weights,
                       float *bias);

/* Whether one fully connected layer of floats makes the logits, so that it can be fitted. */
gboolean praxi_head_is_single (const PraxiTrainable *trainable);

/* What that layer reads of all clips of a source: each as it is and, with random, in n_views − 1
 * changed views. stepper: of trainable
 * Errors: those of praxi_head_is_single's FALSE (UNSUPPORTED), of the source and the executor
 */
PraxiFeatures *praxi_head_features (const PraxiTrainable *trainable,
                                    const PraxiModelSpec *spec,
                                    PraxiStepper *stepper,
                                    const PraxiSource *source,
                                    int n_views,
                                    GRand *random,
                                    int threads,
                                    GError **error);

/* Puts weights and bias as praxi_head_fit gives them into the layer. */
void praxi_head_put (PraxiTrainable *trainable, const float *weights, const float *bias);

G_END_DECLS
