/* Small nets for the tests of passes: every way that channels go, in a few operators. */
#pragma once

#include "engine/model/builder.h"

/* A Conv with random weights; kernel is odd and padded so that the size stays at stride 1. */
typedef struct {
  int in, out, kernel, stride, group;
  gboolean has_norm; /* a BatchNormalization behind it */
} NetConv;

int net_conv (PraxiBuilder *builder, GRand *random, int x, const NetConv *conv);
int net_relu (PraxiBuilder *builder, int x);
int net_hard_swish (PraxiBuilder *builder, int x);

/* x · HardSigmoid (Conv (Relu (Conv (mean x)))) */
int net_squeeze (PraxiBuilder *builder, GRand *random, int x, int channels, int between);

/* Mean, Flatten, Gemm; the output is "scores". */
PraxiGraph *net_finish (PraxiBuilder *builder, GRand *random, int x, int channels, int classes);

/* "residual", "depthwise", "squeeze", "concat", "split", "grouped", "shuffle"; input f32
 * [N,3,16,16] with N open, 5 scores.
 */
PraxiGraph *net_new (const char *kind, guint32 seed);
extern const char *const net_kinds[]; /* NULL-terminated */

/* Scores of 4 pictures of noise, f32 [4,5]; free with g_free. */
float *net_scores (const PraxiGraph *graph);

/* Fills a tensor with noise in −1 … 1. */
void net_noise (GRand *random, const PraxiTensor *tensor);
