/* A small net of convolutions over time for sequences of joints (poses, gestures).
 *
 * joints f32 [N,T,J,D] → three stages over time, each half as long as the one before → mean and
 * most over time → logits f32 [N,classes]
 *
 * Source: S. Bai et al., "An empirical evaluation of generic convolutional and recurrent networks
 *         for sequence modeling", 2018, without its causality
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

#define PRAXI_SEQUENCE_NET "sequence"

typedef struct {
  int frames, joints, dims, n_classes;
} PraxiSequenceShape;

PraxiGraph *praxi_sequence_net (const PraxiSequenceShape *shape, guint32 seed);

G_END_DECLS
