/* Layers with weights drawn by chance, for nets that are trained here from nothing. */
#pragma once

#include "engine/model/builder.h"

G_BEGIN_DECLS

typedef struct {
  PraxiBuilder *b;
  GRand *random;
} PraxiNetWriter;

/* f32 [n], all the same */
int praxi_net_filled (const PraxiNetWriter *writer, gint64 n, float value);
/* x: [N,channels,…] */
int praxi_net_batch_norm (const PraxiNetWriter *writer, int x, gint64 channels);
/* Convolution over two axes, batch normalization, ReLU; depthwise where the group is the channels.
 * x: [N,in,H,W]; weights are drawn evenly from ±1/√fan_in, here and below
 */
int praxi_net_block (const PraxiNetWriter *writer,
                     int x,
                     gint64 in,
                     gint64 out,
                     const PraxiWindow *window);
/* Batch normalization and a fully connected layer: [N,n] → [N,outputs] */
int praxi_net_head (const PraxiNetWriter *writer, int x, gint64 n, gint64 outputs);

G_END_DECLS
