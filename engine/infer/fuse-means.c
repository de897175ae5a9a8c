/* A global mean of dequantized bytes, or of what a chain makes of them, becomes one of the bytes:
 * nothing in floats is stored before.
 */
#include "kernels/chain.h"

#include "engine/infer/fuse-pattern.h"
#include "engine/infer/fuse.h"

static void
fuse_dequantized (PraxiPattern *pattern, PraxiNode *mean, const PraxiNode *dequantize)
{
  PraxiOp op = mean->op;
  praxi_pattern_scalar (pattern, dequantize->in[1], &op.alpha);
  if (dequantize->n_in > 2 && dequantize->in[2] >= 0)
    op.value = (double) praxi_tensor_get_int (praxi_pattern_tensor (pattern, dequantize->in[2]), 0);
  op.to = PRAXI_F32;
  praxi_pattern_replace (mean, &op, dequantize->in, 1, NULL, 0);
}

/* Of bytes alone, which nobody else reads the results of. */
static gboolean
is_chain_of_bytes (const PraxiPattern *pattern, const PraxiNode *node)
{
  return node->op.kind == PRAXI_OP_CHAIN && node->n_in == 1 && node->op.to == PRAXI_F32 &&
         praxi_dtype_is_byte (praxi_pattern_tensor (pattern, node->in[0])->dtype) &&
         praxi_pattern_is_used_once (pattern, node->out[0]);
}

static void
fuse_chain (PraxiNode *mean, const PraxiNode *chain)
{
  const gsize bytes = sizeof (PraxiChainStep) * (gsize) chain->op.n_chain;
  PraxiChainStep *steps = g_memdup2 (chain->op.chain, bytes);
  PraxiOp op = mean->op;
  op.to = PRAXI_F32;
  op.chain = steps;
  op.n_chain = chain->op.n_chain;
  praxi_pattern_replace (mean, &op, chain->in, 1, steps, bytes);
}

void
praxi_fuse_means (PraxiGraph *graph)
{
  PraxiPattern pattern = praxi_pattern_begin (graph);
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind != PRAXI_OP_GLOBAL_AVERAGE_POOL)
      continue;
    const PraxiNode *maker = praxi_pattern_maker (&pattern, node->in[0]);
    if (maker != NULL && praxi_pattern_is_dequantized (&pattern, maker))
      fuse_dequantized (&pattern, node, maker);
    else if (maker != NULL && is_chain_of_bytes (&pattern, maker))
      fuse_chain (node, maker);
  }
  praxi_pattern_end (&pattern);
}
