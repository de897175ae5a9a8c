#include "engine/model/sequence-net.h"

#include "engine/model/flow-parts.h"
#include "engine/model/net-writer.h"

enum { STAGES = 3, TAPS = 5 };

/* [N,T,J,D] → [N,J·D,T,1] */
static int
along_time (PraxiBuilder *b, const PraxiSequenceShape *shape, int x)
{
  const gint64 values = (gint64) shape->joints * shape->dims;
  x = praxi_flow_reshape (b, x, 4, (gint64[4]){-1, shape->frames, values, 1});
  return praxi_flow_transpose (b, x, 4, (gint64[4]){0, 2, 1, 3});
}

PraxiGraph *
praxi_sequence_net (const PraxiSequenceShape *shape, guint32 seed)
{
  static const gint64 channels[STAGES] = {64, 96, 128};
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  const PraxiNetWriter writer = {b, random};
  const gint64 dims[4] = {PRAXI_DIM_OPEN, shape->frames, shape->joints, shape->dims};
  gint64 in = (gint64) shape->joints * shape->dims;
  int x = along_time (b, shape, praxi_builder_input (b, "joints", PRAXI_F32, 4, dims));
  for (int i = 0; i < STAGES; i++) {
    const PraxiWindow window = {.n_spatial = 2,
                                .kernel = {TAPS, 1},
                                .stride = {i == 0 ? 1 : 2, 1},
                                .dilation = {1, 1},
                                .pad_begin = {TAPS / 2, 0},
                                .pad_end = {TAPS / 2, 0},
                                .group = 1};
    x = praxi_net_block (&writer, x, in, channels[i], &window);
    in = channels[i];
  }
  x = praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, x, 3, FALSE);
  const int both[2] = {praxi_flow_reduce (b, PRAXI_OP_REDUCE_MEAN, x, 2, FALSE),
                       praxi_flow_reduce (b, PRAXI_OP_REDUCE_MAX, x, 2, FALSE)};
  const int logits =
      praxi_net_head (&writer, praxi_flow_concat (b, both, 2, 1), 2 * in, shape->n_classes);
  praxi_builder_output (b, logits, "scores");
  return praxi_builder_finish (b);
}
