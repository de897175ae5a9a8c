/* A global mean of dequantized bytes becomes one of the bytes: nothing in floats is stored before.
 */
#include "engine/infer/fuse-pattern.h"
#include "engine/infer/fuse.h"

static void
fuse_mean (PraxiPattern *pattern, PraxiNode *node)
{
  const PraxiNode *dequantize = praxi_pattern_maker (pattern, node->in[0]);
  PraxiOp op = node->op;
  if (dequantize == NULL || !praxi_pattern_is_dequantized (pattern, dequantize))
    return;
  praxi_pattern_scalar (pattern, dequantize->in[1], &op.alpha);
  if (dequantize->n_in > 2 && dequantize->in[2] >= 0)
    op.value = (double) praxi_tensor_get_int (praxi_pattern_tensor (pattern, dequantize->in[2]), 0);
  op.to = PRAXI_F32;
  praxi_pattern_replace (node, &op, dequantize->in, 1, NULL, 0);
}

void
praxi_fuse_means (PraxiGraph *graph)
{
  PraxiPattern pattern = praxi_pattern_begin (graph);
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind == PRAXI_OP_GLOBAL_AVERAGE_POOL)
      fuse_mean (&pattern, node);
  }
  praxi_pattern_end (&pattern);
}
