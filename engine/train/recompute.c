#include "engine/train/recompute.h"

#include <math.h>
#include <string.h>

/* Forward node i belongs to part i / length. */
typedef struct {
  PraxiGraph *graph;
  int n_forward, length, n_parts;
  int *makers;    /* forward node of each value that was there at first; −1 for none */
  int n_values;   /* of then */
  int *copies;    /* of each value its second copy; −1 for none yet */
  gboolean *kept; /* values that pass between parts, are outputs, or no node makes */
  GPtrArray *nodes;
} Recompute;

static int
part_of (const Recompute *r, int value)
{
  return value >= 0 && value < r->n_values && r->makers[value] >= 0 ? r->makers[value] / r->length
                                                                    : -1;
}

static void
find_kept (Recompute *r)
{
  for (int i = 0; i < r->n_forward; i++) {
    const PraxiNode *node = praxi_graph_node (r->graph, i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0 && part_of (r, node->in[j]) != i / r->length)
        r->kept[node->in[j]] = TRUE;
  }
  for (guint i = 0; i < r->graph->outputs->len; i++)
    r->kept[g_array_index (r->graph->outputs, int, i)] = TRUE;
  /* Small things are not worth it. */
  for (int v = 0; v < r->n_values; v++) {
    int64_t count = 0;
    const PraxiTensor *tensor = &praxi_graph_value (r->graph, v)->tensor;
    if (tensor->rank >= 0 && praxi_tensor_count (tensor, &count) == PRAXI_OK && count < 1024)
      r->kept[v] = TRUE;
  }
}

static int copy_of (Recompute *r, int value);

static void
copy_node (Recompute *r, const PraxiNode *node)
{
  g_autofree int *in = g_new (int, node->n_in + 1), *out = g_new (int, node->n_out + 1);
  for (int j = 0; j < node->n_in; j++)
    in[j] = copy_of (r, node->in[j]);
  for (int j = 0; j < node->n_out; j++) {
    out[j] = -1;
    if (node->out[j] < 0)
      continue;
    g_autofree char *name =
        g_strconcat ("again/", praxi_graph_value (r->graph, node->out[j])->name, NULL);
    const PraxiTensor tensor = praxi_graph_value (r->graph, node->out[j])->tensor;
    out[j] = praxi_graph_add_value (r->graph, name, &tensor);
    r->copies[node->out[j]] = out[j];
  }
  g_autofree char *name = g_strconcat ("again/", node->name, NULL);
  PraxiNode *copy = praxi_node_new (name, &node->op, in, node->n_in, out, node->n_out);
  if (node->owned != NULL) {
    copy->owned = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
    for (guint i = 0; i < node->owned->len; i++)
      g_ptr_array_add (copy->owned, g_bytes_ref (node->owned->pdata[i]));
  }
  g_ptr_array_add (r->nodes, copy);
}

/* The value as derivatives shall read it: itself where it is kept, else computed again. */
static int
copy_of (Recompute *r, int value)
{
  if (value < 0 || value >= r->n_values || r->makers[value] < 0 || r->kept[value])
    return value;
  if (r->copies[value] < 0)
    copy_node (r, praxi_graph_node (r->graph, r->makers[value]));
  return r->copies[value];
}

void
praxi_recompute (PraxiGraph *graph, int n_forward)
{
  const int n = MIN (n_forward, (int) graph->nodes->len), n_all = (int) graph->nodes->len;
  Recompute r = {.graph = graph,
                 .n_forward = n,
                 .length = MAX ((int) ceil (sqrt (n)), 1),
                 .n_values = (int) graph->values->len,
                 .nodes = g_ptr_array_new ()};
  g_autofree int *makers = r.makers = g_new (int, r.n_values + 1);
  g_autofree int *copies = r.copies = g_new (int, r.n_values + 1);
  g_autofree gboolean *kept = r.kept = g_new0 (gboolean, r.n_values + 1);
  for (int v = 0; v < r.n_values; v++)
    makers[v] = copies[v] = -1;
  for (int i = 0; i < n; i++) {
    const PraxiNode *node = praxi_graph_node (graph, i);
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        makers[node->out[j]] = i;
  }
  find_kept (&r);
  for (int i = 0; i < n; i++)
    g_ptr_array_add (r.nodes, praxi_graph_node (graph, i));
  for (int i = n; i < n_all; i++) {
    PraxiNode *node = praxi_graph_node (graph, i);
    for (int j = 0; j < node->n_in; j++)
      node->in[j] = copy_of (&r, node->in[j]);
    g_ptr_array_add (r.nodes, node);
  }
  g_ptr_array_set_free_func (graph->nodes, NULL);
  g_ptr_array_set_size (graph->nodes, 0);
  g_ptr_array_set_free_func (graph->nodes, (GDestroyNotify) praxi_node_free);
  for (guint i = 0; i < r.nodes->len; i++)
    g_ptr_array_add (graph->nodes, r.nodes->pdata[i]);
  g_ptr_array_unref (r.nodes);
}
