#include "engine/infer/layout.h"

enum { MOST_PARTS = 64 }; /* of a Concat: those that the kernel takes */

/* What is known of each value. */
typedef struct {
  const PraxiNode *maker;
  int n_uses; /* by nodes, as an output of the graph, and by views of it */
} Use;

static Use *
find_uses (const PraxiGraph *graph, const PraxiPlace *places)
{
  Use *uses = g_new0 (Use, graph->values->len + 1);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0)
        uses[node->in[j]].n_uses++;
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        uses[node->out[j]].maker = node;
  }
  for (guint i = 0; i < graph->outputs->len; i++)
    uses[g_array_index (graph->outputs, int, i)].n_uses++;
  for (int v = 0; v < (int) graph->values->len; v++)
    if (places[v].root != v)
      uses[places[v].root].n_uses++;
  return uses;
}

/* Whether a kernel of the processor leaves room between the pixels that it writes. */
static gboolean
can_write_apart (const PraxiNode *node)
{
  switch (node->op.kind) {
  case PRAXI_OP_CONV:
  case PRAXI_OP_QCONV:
    return node->op.window.group == 1 && !node->op.has_residual;
  case PRAXI_OP_MAX_POOL:
  case PRAXI_OP_QADD:
  case PRAXI_OP_QTABLE:
    return node->n_out == 1;
  default:
    return FALSE;
  }
}

static gboolean
joins_channels (const PraxiGraph *graph, const PraxiNode *node, const PraxiPlace *places)
{
  if (node->op.kind != PRAXI_OP_CONCAT || node->op.axis != 1 || node->n_in > MOST_PARTS)
    return FALSE;
  return places[node->out[0]].root == node->out[0] &&
         praxi_tensor_is_channels_last (&praxi_graph_value (graph, node->out[0])->tensor);
}

void
praxi_layout_join (PraxiGraph *graph, PraxiPlace *places)
{
  g_autofree Use *uses = find_uses (graph, places);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (!joins_channels (graph, node, places))
      continue;
    const PraxiTensor *whole = &praxi_graph_value (graph, node->out[0])->tensor;
    gint64 offset = 0;
    for (int j = 0; j < node->n_in; j++) {
      const int part = node->in[j];
      if (part < 0)
        continue;
      const Use *use = &uses[part];
      PraxiTensor *tensor = &praxi_graph_value (graph, part)->tensor;
      if (use->n_uses == 1 && use->maker != NULL && can_write_apart (use->maker) &&
          places[part].root == part && praxi_tensor_is_channels_last (tensor)) {
        places[part] = (PraxiPlace){node->out[0], offset};
        for (int d = 0; d < tensor->rank; d++)
          tensor->strides[d] = whole->strides[d];
      }
      offset += tensor->dims[1];
    }
  }
}
