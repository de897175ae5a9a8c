/* Cross-layer equalisation: channels between two convolutions get ranges alike, so that one scale
 * serves them all. The function of the graph stays. Source: Nagel et al., ICCV 2019; the ranges
 * are measured here, weights having a scale each channel anyway.
 */
#pragma once

#include "engine/lighten/quantize-plan.h"

G_BEGIN_DECLS

/* A convolution whose output, through Relus alone, only another convolution reads. */
typedef struct {
  int first, second; /* nodes */
  int value;         /* what the second reads */
} PraxiConvPair;

/* Returns an array of PraxiConvPair; free with g_array_unref */
GArray *praxi_equalize_pairs (const PraxiQuantizePlan *plan);

/* Divides the channels of the first's output by what their peaks ask for, and multiplies the
 * second's weights. peaks: [channels] of the value between, measured
 */
void praxi_equalize_pair (PraxiQuantizePlan *plan, const PraxiConvPair *pair, const float *peaks);

G_END_DECLS
