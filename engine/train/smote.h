/* Clips of rare classes made of features: between one that is there and one of its nearest
 * neighbours of the same class.
 * Source: N. Chawla, K. Bowyer, L. Hall, P. Kegelmeyer, "SMOTE: Synthetic minority over-sampling
 * technique", 2002
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the last layer reads of clips, and what they show. */
typedef struct {
  int n, width, n_classes;
  float *x;      /* [n][width] */
  int *class_of; /* [n] */
  int *clip_of;  /* [n]: several changed views may be of one clip */
} PraxiFeatures;

PraxiFeatures *praxi_features_new (int n, int width, int n_classes);
void praxi_features_free (PraxiFeatures *features);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFeatures, praxi_features_free)

/* The features, and behind them made ones until every class that is there has as many as the
 * largest: x + u (y − x) with u even in 0 … 1 and y one of the nearest of another clip. A class of
 * one clip is repeated.
 * n_neighbours: 0: 5
 */
PraxiFeatures *praxi_smote (const PraxiFeatures *features, int n_neighbours, GRand *random);

G_END_DECLS
