#include "engine/lighten/quantize-plan.h"

#include "engine/infer/fuse.h"
#include "engine/model/fold.h"

gboolean
praxi_quantize_is_move (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_RESHAPE:
  case PRAXI_OP_TRANSPOSE:
  case PRAXI_OP_FLATTEN:
  case PRAXI_OP_SQUEEZE:
  case PRAXI_OP_UNSQUEEZE:
  case PRAXI_OP_SLICE:
  case PRAXI_OP_GATHER:
  case PRAXI_OP_CONCAT:
  case PRAXI_OP_SPLIT:
    return TRUE;
  default:
    return FALSE;
  }
}

/* Runs as it is between DequantizeLinear and QuantizeLinear of one scale. */
static gboolean
keeps_scale (PraxiOpKind kind)
{
  return praxi_quantize_is_move (kind) || kind == PRAXI_OP_MAX_POOL;
}

/* Elementwise, of the size of its input: stays INT8 behind the last convolution too. */
static gboolean
is_elementwise (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_RELU:
  case PRAXI_OP_LEAKY_RELU:
  case PRAXI_OP_CLIP:
  case PRAXI_OP_SIGMOID:
  case PRAXI_OP_HARD_SIGMOID:
  case PRAXI_OP_HARD_SWISH:
  case PRAXI_OP_TANH:
  case PRAXI_OP_ADD:
  case PRAXI_OP_MUL:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
is_pool (PraxiOpKind kind)
{
  return kind == PRAXI_OP_AVERAGE_POOL || kind == PRAXI_OP_GLOBAL_AVERAGE_POOL ||
         kind == PRAXI_OP_REDUCE_MEAN;
}

int
praxi_quantize_n_data (const PraxiNode *node)
{
  const PraxiOpKind kind = node->op.kind;
  if (kind == PRAXI_OP_CONCAT)
    return node->n_in;
  return kind == PRAXI_OP_ADD || kind == PRAXI_OP_MUL ? 2 : 1;
}

const PraxiTensor *
praxi_quantize_shape (const PraxiQuantizePlan *plan, int value)
{
  const int number = value >= 0 && value < plan->n_values ? plan->shape_of[value] : -1;
  return number >= 0 ? &praxi_graph_value (plan->resolved, number)->tensor : NULL;
}

int
praxi_quantize_group (const PraxiQuantizePlan *plan, int value)
{
  while (plan->group[value] != value)
    value = plan->group[value];
  return value;
}

static void
join (PraxiQuantizePlan *plan, int a, int b)
{
  const int x = praxi_quantize_group (plan, a), y = praxi_quantize_group (plan, b);
  plan->group[MAX (x, y)] = MIN (x, y);
}

static const PraxiValue *
constant (const PraxiGraph *graph, int value)
{
  const PraxiValue *found = value >= 0 ? praxi_graph_value (graph, value) : NULL;
  return found != NULL && found->bytes != NULL ? found : NULL;
}

int
praxi_quantize_weights (const PraxiGraph *graph, const PraxiNode *node)
{
  const PraxiOpKind kind = node->op.kind;
  if ((kind != PRAXI_OP_CONV && kind != PRAXI_OP_GEMM && kind != PRAXI_OP_MATMUL) || node->n_in < 2)
    return -1;
  const PraxiValue *w = constant (graph, node->in[1]);
  return w != NULL && w->tensor.dtype == PRAXI_F32 && w->tensor.rank >= 2 ? node->in[1] : -1;
}

/* Weights that somebody reads as something else stay as they are. */
static gboolean
has_own_weights (const PraxiQuantizePlan *plan, const PraxiNode *node)
{
  const int w = praxi_quantize_weights (plan->graph, node);
  const gboolean has_bias = node->n_in > 2 && node->in[2] >= 0;
  return w >= 0 && plan->uses[w] == 1 && (!has_bias || constant (plan->graph, node->in[2]) != NULL);
}

/* --- which nodes ---------------------------------------------------------------------------- */

static gboolean
makes_output (const PraxiQuantizePlan *plan, const PraxiNode *node)
{
  for (guint i = 0; i < plan->graph->outputs->len; i++)
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] == g_array_index (plan->graph->outputs, int, i))
        return TRUE;
  return FALSE;
}

/* Convolutions with others behind them, or matrices; the last ones are the head. */
static void
choose_convolutions (PraxiQuantizePlan *plan)
{
  g_autoptr (GHashTable) learners = praxi_fuse_learners (plan->resolved);
  g_autofree gboolean *is_followed = g_new0 (gboolean, plan->n_values + 1);
  for (int i = plan->n_nodes - 1; i >= 0; i--) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    gboolean followed = FALSE;
    for (int j = 0; j < node->n_out; j++)
      followed = followed || (node->out[j] >= 0 && is_followed[node->out[j]]);
    const gboolean learns = (learners == NULL || g_hash_table_contains (learners, node->name)) &&
                            has_own_weights (plan, node);
    plan->is_int8[i] = learns && followed && node->op.kind == PRAXI_OP_CONV &&
                       praxi_quantize_shape (plan, node->out[0]) != NULL &&
                       praxi_quantize_shape (plan, node->in[0]) != NULL &&
                       praxi_quantize_shape (plan, node->in[0])->dtype == PRAXI_F32 &&
                       !makes_output (plan, node);
    plan->is_head[i] = learns && !plan->is_int8[i];
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0)
        is_followed[node->in[j]] = is_followed[node->in[j]] || followed || learns;
  }
}

static gboolean
is_scalar (const PraxiGraph *graph, int value)
{
  int64_t count = 0;
  const PraxiValue *found = constant (graph, value);
  return found != NULL && found->tensor.dtype == PRAXI_F32 &&
         praxi_tensor_count (&found->tensor, &count) == PRAXI_OK && count == 1;
}

/* Whether an operator can take bytes where `bytes` says which values have them. */
static gboolean
can_flow (const PraxiQuantizePlan *plan, const PraxiNode *node, const gboolean *bytes)
{
  const PraxiOpKind kind = node->op.kind;
  if (!is_elementwise (kind) && !is_pool (kind) && !keeps_scale (kind))
    return FALSE;
  if (makes_output (plan, node) || (node->n_out != 1 && kind != PRAXI_OP_SPLIT))
    return FALSE;
  const int n_data = praxi_quantize_n_data (node);
  int n_bytes = 0;
  for (int j = 0; j < n_data; j++) {
    const gboolean has_bytes = node->in[j] >= 0 && bytes[node->in[j]];
    n_bytes += has_bytes;
    if (!has_bytes && (keeps_scale (kind) || !is_scalar (plan->graph, node->in[j])))
      return FALSE;
  }
  for (int j = n_data; j < node->n_in; j++)
    if (node->in[j] >= 0 && constant (plan->graph, node->in[j]) == NULL)
      return FALSE;
  return n_bytes > 0 && praxi_quantize_shape (plan, node->out[0]) != NULL;
}

/* Adds what can flow between convolutions; returns whether a value lost its bytes. */
static void
flow_forward (PraxiQuantizePlan *plan, gboolean *bytes, const gboolean *leads)
{
  for (int i = 0; i < plan->n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    const gboolean is_conv = plan->is_int8[i] && node->op.kind == PRAXI_OP_CONV;
    if (!is_conv)
      plan->is_int8[i] = can_flow (plan, node, bytes) &&
                         (leads == NULL || is_elementwise (node->op.kind) || leads[node->out[0]] ||
                          (node->n_out > 1 && node->out[1] >= 0 && leads[node->out[1]]));
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        bytes[node->out[j]] = bytes[node->out[j]] || plan->is_int8[i];
  }
}

static void
begin_bytes (const PraxiQuantizePlan *plan, gboolean *bytes)
{
  for (int i = 0; i < plan->n_values; i++)
    bytes[i] = FALSE;
  for (int i = 0; i < plan->n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    if (plan->is_int8[i] && node->op.kind == PRAXI_OP_CONV)
      bytes[node->in[0]] = TRUE;
  }
}

/* Values that reach a convolution on bytes through what flows. */
static void
find_leading (const PraxiQuantizePlan *plan, gboolean *leads)
{
  for (int i = plan->n_nodes - 1; i >= 0; i--) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    gboolean leading = node->op.kind == PRAXI_OP_CONV;
    for (int j = 0; j < node->n_out; j++)
      leading = leading || (node->out[j] >= 0 && leads[node->out[j]]);
    for (int j = 0; plan->is_int8[i] && leading && j < praxi_quantize_n_data (node); j++)
      if (node->in[j] >= 0)
        leads[node->in[j]] = TRUE;
  }
}

static void
choose_flow (PraxiQuantizePlan *plan)
{
  g_autofree gboolean *bytes = g_new0 (gboolean, plan->n_values + 1);
  g_autofree gboolean *leads = g_new0 (gboolean, plan->n_values + 1);
  begin_bytes (plan, bytes);
  flow_forward (plan, bytes, NULL);
  find_leading (plan, leads);
  begin_bytes (plan, bytes);
  flow_forward (plan, bytes, leads);
}

/* --- where values become bytes -------------------------------------------------------------- */

/* The only node that reads a value; NULL where there are more. */
static const PraxiNode *
only_reader (const PraxiQuantizePlan *plan, int value, int *number)
{
  if (plan->uses[value] != 1)
    return NULL;
  for (int i = 0; i < plan->n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] == value) {
        *number = i;
        return node;
      }
  }
  return NULL;
}

static gboolean
is_limit (const PraxiGraph *graph, const PraxiNode *node)
{
  if (node->op.kind == PRAXI_OP_RELU)
    return TRUE;
  if (node->op.kind != PRAXI_OP_CLIP)
    return FALSE;
  for (int j = 1; j < node->n_in; j++)
    if (node->in[j] >= 0 && !is_scalar (graph, node->in[j]))
      return FALSE;
  return TRUE;
}

static gboolean
same_dims (const PraxiTensor *a, const PraxiTensor *b)
{
  gboolean same = a != NULL && b != NULL && a->rank == b->rank;
  for (int d = 0; same && d < a->rank; d++)
    same = a->dims[d] == b->dims[d];
  return same;
}

static const PraxiNode *
maker (const PraxiQuantizePlan *plan, int value)
{
  return value >= 0 && plan->makers[value] >= 0
             ? praxi_graph_node (plan->graph, plan->makers[value])
             : NULL;
}

static gboolean
is_free_conv (const PraxiQuantizePlan *plan, int value)
{
  const PraxiNode *made_by = maker (plan, value);
  return made_by != NULL && made_by->op.kind == PRAXI_OP_CONV && plan->uses[value] == 1 &&
         plan->is_int8[plan->makers[value]];
}

/* A sum takes one convolution into itself, the later one of two: its accumulators need no bytes. */
static gboolean
goes_into_sum (const PraxiQuantizePlan *plan, const PraxiNode *add, int value)
{
  const int other = add->in[add->in[0] == value ? 1 : 0];
  if (add->in[0] == add->in[1] ||
      !same_dims (praxi_quantize_shape (plan, other), praxi_quantize_shape (plan, add->out[0])) ||
      !same_dims (praxi_quantize_shape (plan, value), praxi_quantize_shape (plan, add->out[0])))
    return FALSE;
  return !is_free_conv (plan, other) || plan->makers[value] > plan->makers[other];
}

/* Whether a value of an INT8 node goes on in its accumulators, as the executor fuses it. */
static gboolean
is_absorbed (const PraxiQuantizePlan *plan, int value)
{
  int number = 0;
  const PraxiNode *reader = only_reader (plan, value, &number);
  const PraxiNode *made_by = maker (plan, value);
  if (reader == NULL || !plan->is_int8[number])
    return FALSE;
  if (is_limit (plan->graph, reader))
    return made_by->op.kind == PRAXI_OP_CONV || made_by->op.kind == PRAXI_OP_ADD;
  return reader->op.kind == PRAXI_OP_ADD && is_free_conv (plan, value) &&
         goes_into_sum (plan, reader, value);
}

static void
choose_values (PraxiQuantizePlan *plan)
{
  for (int i = 0; i < plan->n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    if (!plan->is_int8[i])
      continue;
    for (int j = 0; j < praxi_quantize_n_data (node); j++) /* from floats to bytes */
      if (node->in[j] >= 0 && constant (plan->graph, node->in[j]) == NULL &&
          (plan->makers[node->in[j]] < 0 || !plan->is_int8[plan->makers[node->in[j]]]))
        plan->is_quantized[node->in[j]] = TRUE;
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        plan->is_quantized[node->out[j]] = !is_absorbed (plan, node->out[j]);
    if (!keeps_scale (node->op.kind))
      continue;
    for (int j = 0; j < praxi_quantize_n_data (node); j++)
      join (plan, node->in[j], node->out[0]);
    for (int j = 1; j < node->n_out; j++)
      if (node->out[j] >= 0)
        join (plan, node->out[0], node->out[j]);
  }
}

/* --- the whole ------------------------------------------------------------------------------ */

PraxiQuantizePlan *
praxi_quantize_plan_new (PraxiGraph *graph, GError **error)
{
  g_autoptr (PraxiQuantizePlan) plan = g_new0 (PraxiQuantizePlan, 1);
  plan->graph = graph;
  plan->n_values = (int) graph->values->len;
  plan->n_nodes = (int) graph->nodes->len;
  plan->makers = praxi_graph_makers (graph);
  plan->uses = praxi_graph_uses (graph);
  plan->group = g_new (int, plan->n_values + 1);
  plan->is_int8 = g_new0 (gboolean, plan->n_nodes + 1);
  plan->is_head = g_new0 (gboolean, plan->n_nodes + 1);
  plan->is_quantized = g_new0 (gboolean, plan->n_values + 1);
  for (int i = 0; i < plan->n_values; i++)
    plan->group[i] = i;
  plan->resolved = praxi_graph_resolve (graph, NULL, 0, 1, error);
  if (plan->resolved == NULL)
    return NULL;
  plan->shape_of = praxi_graph_matches (graph, plan->resolved);
  choose_convolutions (plan);
  choose_flow (plan);
  choose_values (plan);
  return g_steal_pointer (&plan);
}

void
praxi_quantize_plan_free (PraxiQuantizePlan *plan)
{
  if (plan == NULL)
    return;
  praxi_graph_unref (plan->graph);
  g_clear_pointer (&plan->resolved, praxi_graph_unref);
  g_free (plan->shape_of);
  g_free (plan->makers);
  g_free (plan->uses);
  g_free (plan->is_int8);
  g_free (plan->is_head);
  g_free (plan->is_quantized);
  g_free (plan->group);
  g_free (plan);
}
