#include "engine/model/graph.h"

#include "engine/core/error.h"

gboolean
praxi_tensor_bytes (const PraxiTensor *tensor, gsize *bytes)
{
  int64_t count;
  return praxi_tensor_count (tensor, &count) == PRAXI_OK &&
         g_size_checked_mul (bytes, (gsize) count, praxi_dtype_size (tensor->dtype)) &&
         *bytes <= G_MAXSSIZE;
}

gboolean
praxi_tensor_allocate (PraxiTensor *tensor, GError **error)
{
  gsize bytes;
  praxi_tensor_set_row_major (tensor);
  if (praxi_tensor_bytes (tensor, &bytes) && (tensor->data = g_try_malloc0 (bytes + 1)) != NULL)
    return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY,
                       "not enough memory for what the model computes; close other programs");
  return FALSE;
}

static void
value_free (gpointer data)
{
  PraxiValue *value = data;
  g_free (value->name);
  g_clear_pointer (&value->bytes, g_bytes_unref);
  g_free (value);
}

void
praxi_node_free (PraxiNode *node)
{
  if (node == NULL)
    return;
  g_free (node->name);
  g_free (node->in);
  g_free (node->out);
  g_clear_pointer (&node->owned, g_ptr_array_unref);
  g_free (node);
}

static void
node_free_cb (gpointer data)
{
  praxi_node_free (data);
}

PraxiGraph *
praxi_graph_new (void)
{
  PraxiGraph *graph = g_new0 (PraxiGraph, 1);
  graph->ref_count = 1;
  graph->own_bytes = G_MAXSIZE;
  graph->values = g_ptr_array_new_with_free_func (value_free);
  graph->nodes = g_ptr_array_new_with_free_func (node_free_cb);
  graph->inputs = g_array_new (FALSE, FALSE, sizeof (int));
  graph->outputs = g_array_new (FALSE, FALSE, sizeof (int));
  return graph;
}

PraxiGraph *
praxi_graph_ref (PraxiGraph *graph)
{
  g_atomic_int_inc (&graph->ref_count);
  return graph;
}

void
praxi_graph_unref (PraxiGraph *graph)
{
  if (!g_atomic_int_dec_and_test (&graph->ref_count))
    return;
  g_ptr_array_unref (graph->values);
  g_ptr_array_unref (graph->nodes);
  g_array_unref (graph->inputs);
  g_array_unref (graph->outputs);
  g_free (graph);
}

PraxiNode *
praxi_node_new (const char *name,
                const PraxiOp *op,
                const int *in,
                int n_in,
                const int *out,
                int n_out)
{
  PraxiNode *node = g_new0 (PraxiNode, 1);
  node->name = g_strdup (name);
  node->op = *op;
  node->n_in = n_in;
  node->n_out = n_out;
  node->in = g_memdup2 (in, sizeof *in * (gsize) n_in);
  node->out = g_memdup2 (out, sizeof *out * (gsize) n_out);
  return node;
}

PraxiNode *
praxi_graph_add_node (PraxiGraph *graph,
                      const char *name,
                      const PraxiOp *op,
                      const int *in,
                      int n_in,
                      const int *out,
                      int n_out)
{
  PraxiNode *node = praxi_node_new (name, op, in, n_in, out, n_out);
  g_ptr_array_add (graph->nodes, node);
  return node;
}

PraxiValue *
praxi_graph_value (const PraxiGraph *graph, int value)
{
  return g_ptr_array_index (graph->values, value);
}

PraxiNode *
praxi_graph_node (const PraxiGraph *graph, int node)
{
  return g_ptr_array_index (graph->nodes, node);
}

int
praxi_graph_find (const PraxiGraph *graph, const char *name)
{
  for (guint i = 0; i < graph->values->len; i++)
    if (g_str_equal (praxi_graph_value (graph, (int) i)->name, name))
      return (int) i;
  return -1;
}

int
praxi_graph_add_value (PraxiGraph *graph, const char *name, const PraxiTensor *tensor)
{
  PraxiValue *value = g_new0 (PraxiValue, 1);
  value->name = g_strdup (name);
  value->tensor = *tensor;
  value->tensor.data = NULL;
  g_ptr_array_add (graph->values, value);
  return (int) graph->values->len - 1;
}

void
praxi_value_set_bytes (PraxiValue *value, GBytes *bytes)
{
  GBytes *const before = value->bytes;
  value->bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL;
  value->tensor.data = bytes != NULL ? (void *) g_bytes_get_data (bytes, NULL) : NULL;
  g_bytes_unref (before);
}

int
praxi_graph_add_constant (PraxiGraph *graph,
                          const char *name,
                          const PraxiTensor *tensor,
                          GBytes *bytes)
{
  const int number = praxi_graph_add_value (graph, name, tensor);
  PraxiValue *value = praxi_graph_value (graph, number);
  praxi_tensor_set_row_major (&value->tensor);
  praxi_value_set_bytes (value, bytes);
  return number;
}

static PraxiNode *
node_copy (const PraxiNode *from)
{
  PraxiNode *node =
      praxi_node_new (from->name, &from->op, from->in, from->n_in, from->out, from->n_out);
  if (from->owned != NULL)
    node->owned = g_ptr_array_ref (from->owned);
  return node;
}

PraxiGraph *
praxi_graph_copy (const PraxiGraph *graph)
{
  PraxiGraph *copy = praxi_graph_new ();
  copy->opset = graph->opset;
  for (guint i = 0; i < graph->values->len; i++) {
    const PraxiValue *value = praxi_graph_value (graph, (int) i);
    if (value->bytes != NULL)
      praxi_graph_add_constant (copy, value->name, &value->tensor, value->bytes);
    else
      praxi_graph_add_value (copy, value->name, &value->tensor);
  }
  for (guint i = 0; i < graph->nodes->len; i++)
    g_ptr_array_add (copy->nodes, node_copy (praxi_graph_node (graph, (int) i)));
  g_array_append_vals (copy->inputs, graph->inputs->data, graph->inputs->len);
  g_array_append_vals (copy->outputs, graph->outputs->data, graph->outputs->len);
  return copy;
}

int *
praxi_graph_makers (const PraxiGraph *graph)
{
  int *makers = g_new (int, graph->values->len + 1);
  for (guint i = 0; i < graph->values->len; i++)
    makers[i] = -1;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        makers[node->out[j]] = (int) i;
  }
  return makers;
}

int *
praxi_graph_matches (const PraxiGraph *graph, const PraxiGraph *other)
{
  int *matches = g_new (int, graph->values->len + 1);
  g_autoptr (GHashTable) numbers = g_hash_table_new (g_str_hash, g_str_equal); /* + 1 */
  for (guint i = 0; i < other->values->len; i++)
    g_hash_table_insert (numbers, praxi_graph_value (other, (int) i)->name,
                         GINT_TO_POINTER ((int) i + 1));
  for (guint i = 0; i < graph->values->len; i++) {
    const char *name = praxi_graph_value (graph, (int) i)->name;
    matches[i] = GPOINTER_TO_INT (g_hash_table_lookup (numbers, name)) - 1;
  }
  return matches;
}

int *
praxi_graph_uses (const PraxiGraph *graph)
{
  int *uses = g_new0 (int, graph->values->len + 1);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0)
        uses[node->in[j]]++;
  }
  for (guint i = 0; i < graph->outputs->len; i++)
    uses[g_array_index (graph->outputs, int, i)]++;
  return uses;
}

gint64
praxi_graph_macs (const PraxiGraph *graph)
{
  gint64 macs = 0;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    const PraxiTensor **in = g_new0 (const PraxiTensor *, (gsize) node->n_in + 1);
    for (int j = 0; j < node->n_in; j++)
      in[j] = node->in[j] >= 0 ? &praxi_graph_value (graph, node->in[j])->tensor : NULL;
    if (node->n_in > 0 && node->n_out > 0 && node->out[0] >= 0)
      macs += praxi_op_macs (&node->op, in, &praxi_graph_value (graph, node->out[0])->tensor);
    g_free (in);
  }
  return macs;
}

/* Integers wider than a byte are shapes and axes, not weights. */
static gboolean
is_weight (PraxiDType dtype)
{
  return dtype != PRAXI_S64 && dtype != PRAXI_BOOL && dtype != PRAXI_STRING;
}

gint64
praxi_graph_params (const PraxiGraph *graph)
{
  gint64 params = 0;
  for (guint i = 0; i < graph->values->len; i++) {
    const PraxiValue *value = praxi_graph_value (graph, (int) i);
    int64_t count = 0;
    if (value->bytes != NULL && is_weight (value->tensor.dtype) &&
        praxi_tensor_count (&value->tensor, &count) == PRAXI_OK)
      params += count;
  }
  return params;
}

gint64
praxi_graph_constant_bytes (const PraxiGraph *graph)
{
  gint64 bytes = 0;
  for (guint i = 0; i < graph->values->len; i++) {
    const PraxiValue *value = praxi_graph_value (graph, (int) i);
    if (value->bytes != NULL)
      bytes += (gint64) g_bytes_get_size (value->bytes);
  }
  return bytes;
}
