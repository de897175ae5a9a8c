#include "engine/infer/fuse-pattern.h"

PraxiPattern
praxi_pattern_begin (PraxiGraph *graph)
{
  return (PraxiPattern){graph, praxi_graph_makers (graph), praxi_graph_uses (graph),
                        (int) graph->values->len};
}

void
praxi_pattern_end (PraxiPattern *pattern)
{
  g_clear_pointer (&pattern->makers, g_free);
  g_clear_pointer (&pattern->uses, g_free);
  praxi_graph_prune (pattern->graph);
}

const PraxiTensor *
praxi_pattern_tensor (const PraxiPattern *pattern, int value)
{
  return &praxi_graph_value (pattern->graph, value)->tensor;
}

PraxiNode *
praxi_pattern_maker (const PraxiPattern *pattern, int value)
{
  if (value < 0 || value >= pattern->n_values || pattern->makers[value] < 0)
    return NULL;
  return praxi_graph_node (pattern->graph, pattern->makers[value]);
}

gboolean
praxi_pattern_is_used_once (const PraxiPattern *pattern, int value)
{
  return value >= 0 && value < pattern->n_values && pattern->uses[value] == 1;
}

gboolean
praxi_pattern_scalar (const PraxiPattern *pattern, int value, float *scalar)
{
  int64_t count = 0;
  if (value < 0)
    return FALSE;
  const PraxiTensor *tensor = praxi_pattern_tensor (pattern, value);
  if (tensor->data == NULL || tensor->dtype != PRAXI_F32 ||
      praxi_tensor_count (tensor, &count) != PRAXI_OK || count != 1)
    return FALSE;
  *scalar = *(const float *) tensor->data;
  return TRUE;
}

gboolean
praxi_pattern_is_dequantized (const PraxiPattern *pattern, const PraxiNode *node)
{
  float scale;
  if (node->op.kind != PRAXI_OP_DEQUANTIZE_LINEAR ||
      !praxi_pattern_scalar (pattern, node->in[1], &scale))
    return FALSE;
  const PraxiTensor *bytes = praxi_pattern_tensor (pattern, node->in[0]);
  return bytes->data == NULL && praxi_dtype_is_byte (bytes->dtype) &&
         (node->n_in < 3 || node->in[2] < 0 ||
          praxi_pattern_tensor (pattern, node->in[2])->data != NULL);
}

int
praxi_pattern_add (PraxiPattern *pattern,
                   const char *name,
                   const char *suffix,
                   const PraxiTensor *shape,
                   gpointer data)
{
  gsize size = 0;
  praxi_tensor_bytes (shape, &size);
  g_autofree char *full = g_strdup_printf ("%s/%s", name, suffix);
  g_autoptr (GBytes) bytes = g_bytes_new_take (data, size);
  return praxi_graph_add_constant (pattern->graph, full, shape, bytes);
}

void
praxi_pattern_replace (PraxiNode *node,
                       const PraxiOp *op,
                       const int *in,
                       int n_in,
                       gpointer owned,
                       gsize owned_bytes)
{
  node->op = *op;
  g_free (node->in);
  node->in = g_memdup2 (in, sizeof *in * (gsize) n_in);
  node->n_in = n_in;
  if (owned == NULL)
    return;
  if (node->owned == NULL)
    node->owned = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (node->owned, g_bytes_new_take (owned, owned_bytes));
}

void
praxi_pattern_rename (PraxiNode *node, const PraxiNode *after)
{
  char *name = g_strdup (after->name);
  g_free (node->name);
  node->name = name;
}
