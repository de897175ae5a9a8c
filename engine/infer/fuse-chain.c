/* Operators that work element by element and follow each other become one Chain. */
#include "kernels/chain.h"

#include <math.h>
#include <string.h>

#include "engine/infer/fuse-pattern.h"
#include "engine/infer/fuse.h"

/* A chain while it grows: its nodes in no order, node 0 is the last to run. */
typedef struct {
  PraxiPattern *pattern;
  int nodes[PRAXI_CHAIN_STEPS]; /* numbers in the graph */
  int n_nodes;
  int inputs[PRAXI_CHAIN_INPUTS]; /* values */
  int n_inputs;
} Chain;

static PraxiNode *
node_of (const Chain *chain, int i)
{
  return praxi_graph_node (chain->pattern->graph, chain->nodes[i]);
}

static const PraxiTensor *
tensor_of (const Chain *chain, int value)
{
  return praxi_pattern_tensor (chain->pattern, value);
}

/* A constant scale and zero point of one element each. */
static gboolean
read_quantizer (const PraxiPattern *pattern, const PraxiNode *node, float *scale, int *zero)
{
  int64_t count = 0;
  *zero = 0;
  if (node->n_in < 2 || !praxi_pattern_scalar (pattern, node->in[1], scale))
    return FALSE;
  if (node->n_in < 3 || node->in[2] < 0)
    return TRUE;
  const PraxiTensor *point = praxi_pattern_tensor (pattern, node->in[2]);
  if (point->data == NULL || praxi_tensor_count (point, &count) != PRAXI_OK || count != 1)
    return FALSE;
  *zero = (int) praxi_tensor_get_int (point, 0);
  return TRUE;
}

static gboolean
read_limits (const PraxiPattern *pattern, const PraxiNode *node, float *low, float *high)
{
  *low = node->op.has_min ? node->op.alpha : -INFINITY;
  *high = node->op.has_max ? node->op.beta : INFINITY;
  return (node->n_in < 2 || node->in[1] < 0 || praxi_pattern_scalar (pattern, node->in[1], low)) &&
         (node->n_in < 3 || node->in[2] < 0 || praxi_pattern_scalar (pattern, node->in[2], high));
}

/* Whether a node can be a step; is_last: the one whose result is stored. */
static gboolean
is_step (const PraxiPattern *pattern, const PraxiNode *node, gboolean is_last)
{
  float a, b;
  int zero;
  if (node->n_out != 1 || node->out[0] < 0 || node->n_in < 1 || node->in[0] < 0)
    return FALSE;
  const PraxiTensor *in = praxi_pattern_tensor (pattern, node->in[0]);
  const PraxiTensor *out = praxi_pattern_tensor (pattern, node->out[0]);
  const PraxiOpKind kind = node->op.kind;
  if (kind == PRAXI_OP_QUANTIZE_LINEAR)
    return is_last && in->dtype == PRAXI_F32 && praxi_dtype_is_byte (out->dtype) &&
           read_quantizer (pattern, node, &a, &zero);
  if (out->dtype != PRAXI_F32)
    return FALSE;
  if (kind == PRAXI_OP_DEQUANTIZE_LINEAR)
    return !is_last && praxi_dtype_is_byte (in->dtype) && in->data == NULL &&
           read_quantizer (pattern, node, &a, &zero);
  if (kind == PRAXI_OP_CLIP)
    return in->dtype == PRAXI_F32 && read_limits (pattern, node, &a, &b);
  if (praxi_chain_is_binary (kind))
    return node->n_in == 2 && node->in[1] >= 0 && in->dtype == PRAXI_F32;
  return praxi_chain_is_unary (kind) && node->n_in == 1 && in->dtype == PRAXI_F32;
}

static int
find_node (const Chain *chain, int node)
{
  for (int i = 0; i < chain->n_nodes; i++)
    if (chain->nodes[i] == node)
      return i;
  return -1;
}

/* Operands that are tensors: the first of unary and quantizing steps, both of binary ones. */
static int
n_operands (const PraxiNode *node)
{
  return praxi_chain_is_binary (node->op.kind) ? 2 : 1;
}

/* Lists what the chain reads from outside; FALSE where that is too much. */
static gboolean
list_inputs (Chain *chain)
{
  float scalar;
  chain->n_inputs = 0;
  for (int i = 0; i < chain->n_nodes; i++) {
    const PraxiNode *node = node_of (chain, i);
    int n_constants = 0;
    for (int j = 0; j < n_operands (node); j++) {
      const int value = node->in[j], maker = chain->pattern->makers[value];
      if (maker >= 0 && find_node (chain, maker) >= 0)
        continue;
      if (praxi_pattern_scalar (chain->pattern, value, &scalar)) {
        if (n_constants++ > 0)
          return FALSE;
        continue;
      }
      gboolean known = FALSE;
      for (int k = 0; k < chain->n_inputs; k++)
        known = known || chain->inputs[k] == value;
      if (known)
        continue;
      if (chain->n_inputs == PRAXI_CHAIN_INPUTS)
        return FALSE;
      chain->inputs[chain->n_inputs++] = value;
    }
  }
  return chain->n_inputs > 0;
}

/* How often the chain reads a value. */
static int
count_reads (const Chain *chain, int value)
{
  int n = 0;
  for (int i = 0; i < chain->n_nodes; i++)
    for (int j = 0; j < node_of (chain, i)->n_in; j++)
      n += node_of (chain, i)->in[j] == value;
  return n;
}

/* Whether a value is made of nothing but bytes and constants, in at most so many steps. */
static gboolean
is_of_bytes (const PraxiPattern *pattern, int value, int steps)
{
  float scalar;
  const PraxiNode *maker = praxi_pattern_maker (pattern, value);
  if (maker == NULL || steps == 0 || !is_step (pattern, maker, FALSE))
    return maker == NULL && praxi_pattern_scalar (pattern, value, &scalar);
  if (maker->op.kind == PRAXI_OP_DEQUANTIZE_LINEAR)
    return TRUE;
  for (int j = 0; j < n_operands (maker); j++)
    if (!is_of_bytes (pattern, maker->in[j], steps - 1))
      return FALSE;
  return TRUE;
}

static gboolean
is_read_by_chain_alone (const Chain *chain, int value)
{
  return count_reads (chain, value) == chain->pattern->uses[value];
}

/* Whether the chain may do a node's work: nobody else wants its result, or to do it once more is
 * less than to read four times the bytes.
 */
static gboolean
may_take (const Chain *chain, int value)
{
  enum { MOST_STEPS_AGAIN = 3 }; /* as x HardSigmoid (x) has */
  return is_read_by_chain_alone (chain, value) ||
         is_of_bytes (chain->pattern, value, MOST_STEPS_AGAIN);
}

/* Takes one more node into the chain; FALSE where there is none. */
static gboolean
grow (Chain *chain)
{
  const PraxiTensor *out = tensor_of (chain, node_of (chain, 0)->out[0]);
  for (int i = 0; i < chain->n_nodes && chain->n_nodes < PRAXI_CHAIN_STEPS; i++) {
    const PraxiNode *reader = node_of (chain, i);
    for (int j = 0; j < n_operands (reader); j++) {
      const int value = reader->in[j];
      const PraxiNode *maker = praxi_pattern_maker (chain->pattern, value);
      if (maker == NULL || find_node (chain, chain->pattern->makers[value]) >= 0 ||
          !is_step (chain->pattern, maker, FALSE) ||
          !praxi_tensor_is_same_shape (tensor_of (chain, value), out) || !may_take (chain, value))
        continue;
      chain->nodes[chain->n_nodes++] = chain->pattern->makers[value];
      if (list_inputs (chain))
        return TRUE;
      chain->n_nodes--;
    }
  }
  return FALSE;
}

static int
compare_nodes (gconstpointer a, gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

static int
operand_of (const Chain *chain, int value, float *constant)
{
  const int maker = chain->pattern->makers[value];
  const int step = maker >= 0 ? find_node (chain, maker) : -1;
  if (step >= 0)
    return -1 - step;
  for (int i = 0; i < chain->n_inputs; i++)
    if (chain->inputs[i] == value)
      return i;
  praxi_pattern_scalar (chain->pattern, value, constant);
  return PRAXI_CHAIN_CONSTANT;
}

/* Nodes are in the order of the graph now, which is one they can run in. */
static void
write_step (const Chain *chain, int i, PraxiChainStep *step)
{
  const PraxiNode *node = node_of (chain, i);
  *step = (PraxiChainStep){.kind = node->op.kind, .alpha = node->op.alpha, .beta = node->op.beta};
  if (step->kind == PRAXI_OP_CLIP)
    read_limits (chain->pattern, node, &step->alpha, &step->beta);
  if (step->kind == PRAXI_OP_QUANTIZE_LINEAR || step->kind == PRAXI_OP_DEQUANTIZE_LINEAR)
    read_quantizer (chain->pattern, node, &step->alpha, &step->zero);
  step->a = operand_of (chain, node->in[0], &step->constant);
  if (praxi_chain_is_binary (step->kind))
    step->b = operand_of (chain, node->in[1], &step->constant);
}

static void
replace (Chain *chain)
{
  PraxiNode *last = node_of (chain, 0);
  qsort (chain->nodes, (size_t) chain->n_nodes, sizeof *chain->nodes, compare_nodes);
  const gsize bytes = sizeof (PraxiChainStep) * (gsize) chain->n_nodes;
  PraxiChainStep *steps = g_malloc0 (bytes);
  list_inputs (chain);
  for (int i = 0; i < chain->n_nodes; i++)
    write_step (chain, i, &steps[i]);
  const PraxiOp op = {.kind = PRAXI_OP_CHAIN,
                      .to = tensor_of (chain, last->out[0])->dtype,
                      .chain = steps,
                      .n_chain = chain->n_nodes};
  praxi_pattern_replace (last, &op, chain->inputs, chain->n_inputs, steps, bytes);
}

void
praxi_fuse_chains (PraxiGraph *graph)
{
  PraxiPattern pattern = praxi_pattern_begin (graph);
  g_autofree gboolean *taken = g_new0 (gboolean, graph->nodes->len + 1);
  for (int i = (int) graph->nodes->len - 1; i >= 0; i--) {
    Chain chain = {.pattern = &pattern, .nodes = {i}, .n_nodes = 1};
    if (taken[i] || !is_step (&pattern, praxi_graph_node (graph, i), TRUE) || !list_inputs (&chain))
      continue;
    while (grow (&chain))
      continue;
    if (chain.n_nodes < 2)
      continue;
    for (int k = 0; k < chain.n_nodes; k++)
      taken[chain.nodes[k]] =
          k == 0 || is_read_by_chain_alone (&chain, node_of (&chain, k)->out[0]);
    replace (&chain);
  }
  praxi_pattern_end (&pattern);
}
