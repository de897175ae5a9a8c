#include "engine/infer/fuse-moves.h"

/* Operators that give out elements of their inputs as they are, and the largest of some:
 * quantizing, which never puts one number above a larger one, gives the same before and after.
 */
static gboolean
moves (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_RESHAPE:
  case PRAXI_OP_TRANSPOSE:
  case PRAXI_OP_FLATTEN:
  case PRAXI_OP_SQUEEZE:
  case PRAXI_OP_UNSQUEEZE:
  case PRAXI_OP_EXPAND:
  case PRAXI_OP_SLICE:
  case PRAXI_OP_GATHER:
  case PRAXI_OP_MAX_POOL:
  case PRAXI_OP_REDUCE_MAX:
  case PRAXI_OP_CONCAT:
    return TRUE;
  default:
    return FALSE;
  }
}

static int
n_moved (const PraxiNode *move)
{
  return move->op.kind == PRAXI_OP_CONCAT ? move->n_in : 1;
}

static int
zero_of (const PraxiPattern *pattern, const PraxiNode *node)
{
  return node->n_in < 3 || node->in[2] < 0
             ? 0
             : (int) praxi_tensor_get_int (praxi_pattern_tensor (pattern, node->in[2]), 0);
}

static gboolean
can_quantize (const PraxiPattern *pattern, int value)
{
  const PraxiNode *node = praxi_pattern_maker (pattern, value);
  if (node == NULL)
    return FALSE;
  if (praxi_pattern_is_dequantized (pattern, node))
    return TRUE;
  if (!moves (node->op.kind) || node->n_out != 1 || !praxi_pattern_is_used_once (pattern, value))
    return FALSE;
  for (int i = 0; i < n_moved (node); i++)
    if (!can_quantize (pattern, node->in[i]))
      return FALSE;
  return TRUE;
}

/* Whether quantizing gives back the very bytes. */
static gboolean
undoes (const PraxiPattern *pattern, const PraxiNode *quantize, const PraxiNode *dequantize)
{
  float to, from;
  const int zero = zero_of (pattern, quantize);
  return praxi_pattern_scalar (pattern, quantize->in[1], &to) &&
         praxi_pattern_scalar (pattern, dequantize->in[1], &from) && to == from &&
         zero == zero_of (pattern, dequantize) &&
         praxi_pattern_tensor (pattern, quantize->out[0])->dtype ==
             praxi_pattern_tensor (pattern, dequantize->in[0])->dtype;
}

/* A node like another whose output is bytes; returns the output. */
static int
add_like (PraxiPattern *pattern,
          const PraxiNode *node,
          const PraxiNode *quantize,
          int shape,
          const int *in)
{
  static const char suffix[] = "/bytes";
  PraxiTensor tensor = *praxi_pattern_tensor (pattern, shape);
  tensor.dtype = praxi_pattern_tensor (pattern, quantize->out[0])->dtype;
  const int n = (int) pattern->graph->values->len;
  g_autofree char *name = g_strdup_printf ("%s%s%d", node->name, suffix, n);
  const int out = praxi_graph_add_value (pattern->graph, name, &tensor);
  praxi_graph_add_node (pattern->graph, name, &node->op, in, node->n_in, &out, 1);
  return out;
}

/* The number of what a value is as bytes. */
static int
quantized (PraxiPattern *pattern, const PraxiNode *quantize, int value)
{
  const PraxiNode *node = praxi_pattern_maker (pattern, value);
  if (praxi_pattern_is_dequantized (pattern, node)) {
    if (undoes (pattern, quantize, node))
      return node->in[0];
    g_autofree int *in = g_memdup2 (quantize->in, sizeof (int) * (gsize) quantize->n_in);
    in[0] = value;
    return add_like (pattern, quantize, quantize, value, in);
  }
  g_autofree int *in = g_memdup2 (node->in, sizeof (int) * (gsize) node->n_in);
  for (int i = 0; i < n_moved (node); i++)
    in[i] = quantized (pattern, quantize, node->in[i]);
  return add_like (pattern, node, quantize, value, in);
}

gboolean
praxi_fuse_moves (PraxiPattern *pattern, PraxiNode *quantize)
{
  float scale;
  const PraxiNode *move = praxi_pattern_maker (pattern, quantize->in[0]);
  if (move == NULL || !moves (move->op.kind) || !can_quantize (pattern, quantize->in[0]) ||
      !praxi_pattern_scalar (pattern, quantize->in[1], &scale))
    return FALSE;
  g_autofree int *in = g_memdup2 (move->in, sizeof (int) * (gsize) move->n_in);
  for (int i = 0; i < n_moved (move); i++)
    in[i] = quantized (pattern, quantize, move->in[i]);
  praxi_pattern_replace (quantize, &move->op, in, move->n_in, NULL, 0);
  praxi_pattern_rename (quantize, move);
  return TRUE;
}
