/* Activations and residual sums that alone read a Conv become its epilogue; HardSwish becomes one
 * operator wherever it is two.
 */
#include <math.h>

#include "engine/infer/fuse-pattern.h"
#include "engine/infer/fuse.h"

/* The Conv that makes value, where nothing else reads it and nothing is fused into it yet. */
static PraxiNode *
plain_conv (const PraxiPattern *pattern, int value)
{
  PraxiNode *node = praxi_pattern_maker (pattern, value);
  if (node == NULL || node->op.kind != PRAXI_OP_CONV || node->out[0] != value ||
      node->op.activation != PRAXI_ACTIVATION_NONE ||
      praxi_pattern_tensor (pattern, value)->dtype != PRAXI_F32)
    return NULL;
  return node;
}

static gboolean
read_clip (const PraxiPattern *pattern, const PraxiNode *node, PraxiOp *conv)
{
  float low = -INFINITY, high = INFINITY;
  if ((node->n_in > 1 && node->in[1] >= 0 && !praxi_pattern_scalar (pattern, node->in[1], &low)) ||
      (node->n_in > 2 && node->in[2] >= 0 && !praxi_pattern_scalar (pattern, node->in[2], &high)))
    return FALSE;
  conv->activation = PRAXI_ACTIVATION_CLIP;
  conv->alpha = low;
  conv->beta = high;
  return TRUE;
}

static gboolean
read_activation (const PraxiPattern *pattern, const PraxiNode *node, PraxiOp *conv)
{
  switch (node->op.kind) {
  case PRAXI_OP_RELU:
    conv->activation = PRAXI_ACTIVATION_RELU;
    return TRUE;
  case PRAXI_OP_SIGMOID:
    conv->activation = PRAXI_ACTIVATION_SIGMOID;
    return TRUE;
  case PRAXI_OP_HARD_SWISH:
    conv->activation = PRAXI_ACTIVATION_HARD_SWISH;
    return TRUE;
  case PRAXI_OP_HARD_SIGMOID:
    conv->activation = PRAXI_ACTIVATION_HARD_SIGMOID;
    conv->alpha = node->op.alpha;
    conv->beta = node->op.beta;
    return TRUE;
  case PRAXI_OP_CLIP:
    return read_clip (pattern, node, conv);
  default:
    return FALSE;
  }
}

/* x · sigmoid (x) of a Conv that only these two read */
static gboolean
fuse_swish (PraxiPattern *pattern, PraxiNode *mul)
{
  for (int side = 0; side < 2; side++) {
    const int x = mul->in[side];
    const PraxiNode *sigmoid = praxi_pattern_maker (pattern, mul->in[1 - side]);
    PraxiNode *conv = plain_conv (pattern, x);
    if (conv == NULL || sigmoid == NULL || sigmoid->op.kind != PRAXI_OP_SIGMOID ||
        sigmoid->in[0] != x || pattern->uses[x] != 2 ||
        !praxi_pattern_is_used_once (pattern, mul->in[1 - side]))
      continue;
    PraxiOp op = conv->op;
    op.activation = PRAXI_ACTIVATION_SWISH;
    praxi_pattern_replace (mul, &op, conv->in, conv->n_in, NULL, 0);
    praxi_pattern_rename (mul, conv);
    return TRUE;
  }
  return FALSE;
}

static gboolean
fuse_unary (PraxiPattern *pattern, PraxiNode *node)
{
  PraxiNode *conv = node->n_in > 0 ? plain_conv (pattern, node->in[0]) : NULL;
  if (conv == NULL || !praxi_pattern_is_used_once (pattern, node->in[0]))
    return FALSE;
  PraxiOp op = conv->op;
  if (!read_activation (pattern, node, &op))
    return FALSE;
  praxi_pattern_replace (node, &op, conv->in, conv->n_in, NULL, 0);
  praxi_pattern_rename (node, conv);
  return TRUE;
}

static gboolean
fuse_residual (PraxiPattern *pattern, PraxiNode *add)
{
  for (int side = 0; side < 2; side++) {
    PraxiNode *conv = plain_conv (pattern, add->in[side]);
    const int other = add->in[1 - side];
    const PraxiTensor *shortcut = praxi_pattern_tensor (pattern, other);
    const PraxiTensor *sum = praxi_pattern_tensor (pattern, add->out[0]);
    if (conv == NULL || conv->op.has_residual ||
        !praxi_pattern_is_used_once (pattern, add->in[side]) || shortcut->data != NULL ||
        shortcut->dtype != sum->dtype || !praxi_tensor_is_same_shape (shortcut, sum))
      continue;
    PraxiOp op = conv->op;
    op.has_residual = true;
    const int in[4] = {conv->in[0], conv->in[1], conv->n_in > 2 ? conv->in[2] : -1, other};
    praxi_pattern_replace (add, &op, in, 4, NULL, 0);
    praxi_pattern_rename (add, conv);
    return TRUE;
  }
  return FALSE;
}

/* x · HardSigmoid (x), which HardSwish is: how opsets before 14 and some optimizers write it. */
static void
find_hard_swish (PraxiPattern *pattern, PraxiNode *mul)
{
  for (int side = 0; side < 2; side++) {
    const int x = mul->in[side];
    const PraxiNode *gate = praxi_pattern_maker (pattern, mul->in[1 - side]);
    if (gate == NULL || gate->op.kind != PRAXI_OP_HARD_SIGMOID || gate->in[0] != x ||
        gate->op.alpha != 1.f / 6 || gate->op.beta != 0.5f ||
        !praxi_pattern_is_used_once (pattern, mul->in[1 - side]))
      continue;
    praxi_pattern_replace (mul, &(PraxiOp){.kind = PRAXI_OP_HARD_SWISH}, &x, 1, NULL, 0);
    pattern->uses[x]--;
    return;
  }
}

static void
fuse_node (PraxiPattern *pattern, PraxiNode *node)
{
  if (node->op.kind == PRAXI_OP_MUL && node->n_in == 2)
    find_hard_swish (pattern, node);
  if (node->op.kind == PRAXI_OP_MUL && node->n_in == 2)
    fuse_swish (pattern, node);
  else if (node->op.kind == PRAXI_OP_ADD && node->n_in == 2)
    fuse_residual (pattern, node);
  else
    fuse_unary (pattern, node);
}

void
praxi_fuse_activations (PraxiGraph *graph)
{
  PraxiPattern pattern = praxi_pattern_begin (graph);
  for (guint i = 0; i < graph->nodes->len; i++)
    fuse_node (&pattern, praxi_graph_node (graph, (int) i));
  praxi_pattern_end (&pattern);
}
