#include "engine/train/gradient.h"

#include "engine/core/error.h"
#include "engine/train/gradient-rules.h"

/* Values that a wanted one leads to. */
static gboolean *
find_dependants (const PraxiGraph *graph, const int *wanted, int n_wanted)
{
  gboolean *depends = g_new0 (gboolean, graph->values->len + 1);
  for (int i = 0; i < n_wanted; i++)
    depends[wanted[i]] = TRUE;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    gboolean any = FALSE;
    for (int j = 0; j < node->n_in; j++)
      any = any || (node->in[j] >= 0 && depends[node->in[j]]);
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        depends[node->out[j]] = depends[node->out[j]] || any;
  }
  return depends;
}

/* The first output that the loss depends on and a wanted value leads to; −1 for none. */
static int
first_with_gradient (const PraxiBackward *backward, const PraxiNode *node)
{
  for (int j = 0; j < node->n_out; j++) {
    const int out = node->out[j];
    if (out >= 0 && out < backward->n_values && backward->needed[out] &&
        backward->gradients[out] >= 0)
      return out;
  }
  return -1;
}

static gboolean
go_back (PraxiBackward *backward, int n_nodes, GError **error)
{
  for (int i = n_nodes - 1; i >= 0; i--) {
    const PraxiNode *node = praxi_graph_node (backward->graph, i);
    const int out = first_with_gradient (backward, node);
    if (out < 0)
      continue;
    if (praxi_backward_node (backward, node, backward->gradients[out]))
      continue;
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "cannot train through the operator %s ('%s')", praxi_op_name (node->op.kind),
                 node->name);
    return FALSE;
  }
  return TRUE;
}

gboolean
praxi_gradient_add (PraxiGraph *graph,
                    const PraxiGradientSeed *seeds,
                    int n_seeds,
                    const int *wanted,
                    int n_wanted,
                    int *gradients,
                    GError **error)
{
  const int n_values = (int) graph->values->len;
  g_autofree gboolean *needed = find_dependants (graph, wanted, n_wanted);
  g_autofree int *all = g_new (int, n_values + 1);
  for (int i = 0; i < n_values; i++)
    all[i] = -1;
  for (int i = 0; i < n_seeds; i++)
    all[seeds[i].value] = seeds[i].gradient;
  PraxiBackward backward = {.graph = graph,
                            .gradients = all,
                            .needed = needed,
                            .n_values = n_values,
                            .dtype = praxi_graph_value (graph, wanted[0])->tensor.dtype == PRAXI_F64
                                         ? PRAXI_F64
                                         : PRAXI_F32};
  if (!go_back (&backward, (int) graph->nodes->len, error))
    return FALSE;
  for (int i = 0; i < n_wanted; i++)
    gradients[i] = all[wanted[i]];
  return TRUE;
}
