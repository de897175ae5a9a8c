/* Static shapes: binds inputs, infers, folds. */
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/fold.h"

/* A model that wants more than this for one value or for all it computes at load is a bomb. */
#define VALUE_LIMIT_BYTES ((gsize) 8 << 30)
#define FOLD_LIMIT_BYTES ((gsize) 256 << 20)
#define FOLD_LIMIT_MACS G_GINT64_CONSTANT (1000000000)

typedef struct {
  PraxiGraph *graph;
  gboolean fold_dequantize;
  gsize folded_bytes;
  gint64 folded_macs;
  int *alias; /* value → the value that stands for it; itself where nothing does */
} Resolver;

static gboolean
fail_node (const PraxiNode *node, PraxiStatus status, const char *why, GError **error)
{
  const char *name = praxi_op_name (node->op.kind);
  if (status == PRAXI_STATUS_UNSUPPORTED)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED, "unsupported: %s: %s", name, why);
  else
    g_set_error (error, PRAXI_ERROR,
                 status == PRAXI_STATUS_MEMORY ? PRAXI_ERROR_MEMORY : PRAXI_ERROR_FORMAT,
                 "%s '%s': %s", name, node->name, why);
  return FALSE;
}

static gboolean
bind_input (PraxiGraph *graph, int number, const PraxiBinding *binding, int batch, GError **error)
{
  PraxiValue *value = praxi_graph_value (graph, number);
  PraxiTensor *tensor = &value->tensor;
  if (binding != NULL) {
    if (tensor->dtype != 0 && tensor->dtype != binding->tensor.dtype) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "input '%s' is %s, not %s", value->name,
                   praxi_dtype_name (tensor->dtype), praxi_dtype_name (binding->tensor.dtype));
      return FALSE;
    }
    *tensor = binding->tensor;
    tensor->data = NULL;
  }
  if (tensor->rank > 0 && tensor->dims[0] == PRAXI_DIM_OPEN)
    tensor->dims[0] = batch;
  gboolean is_open = tensor->rank < 0 || tensor->dtype == 0;
  for (int d = 0; d < tensor->rank; d++)
    is_open = is_open || tensor->dims[d] < 0;
  gsize bytes;
  if (is_open || !praxi_tensor_bytes (tensor, &bytes) || bytes > VALUE_LIMIT_BYTES) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "the shape of input '%s' is %s",
                 value->name, is_open ? "left open" : "impossible");
    return FALSE;
  }
  praxi_tensor_set_row_major (tensor);
  return TRUE;
}

static const PraxiBinding *
find_binding (const PraxiBinding *bindings, int n_bindings, const char *name)
{
  for (int i = 0; i < n_bindings; i++)
    if (g_str_equal (bindings[i].name, name))
      return &bindings[i];
  return NULL;
}

static void
make_constant (PraxiValue *value, const PraxiTensor *tensor, GBytes *bytes)
{
  value->tensor = *tensor;
  value->bytes = bytes;
  value->tensor.data = (void *) g_bytes_get_data (bytes, NULL);
}

static gboolean
bind_inputs (PraxiGraph *graph,
             const PraxiBinding *bindings,
             int n_bindings,
             int batch,
             GError **error)
{
  for (guint i = 0; i < graph->inputs->len;) {
    const int number = g_array_index (graph->inputs, int, i);
    PraxiValue *value = praxi_graph_value (graph, number);
    const PraxiBinding *binding = find_binding (bindings, n_bindings, value->name);
    if (!bind_input (graph, number, binding, batch, error))
      return FALSE;
    if (binding == NULL || binding->tensor.data == NULL) {
      i++;
      continue;
    }
    gsize bytes = 0;
    praxi_tensor_bytes (&binding->tensor, &bytes);
    const PraxiTensor tensor = value->tensor;
    make_constant (value, &tensor, g_bytes_new (binding->tensor.data, bytes));
    g_array_remove_index (graph->inputs, i);
  }
  return TRUE;
}

static gboolean
is_output (const PraxiGraph *graph, int value)
{
  for (guint i = 0; i < graph->outputs->len; i++)
    if (g_array_index (graph->outputs, int, i) == value)
      return TRUE;
  return FALSE;
}

static void
fold_shape (Resolver *resolver, const PraxiNode *node)
{
  const PraxiTensor *in = &praxi_graph_value (resolver->graph, node->in[0])->tensor;
  const gint64 start = node->op.starts[0], end = node->op.ends[0];
  const gint64 first = CLAMP (start < 0 ? start + in->rank : start, 0, in->rank);
  const gint64 last = CLAMP (end < 0 ? end + in->rank : end, first, in->rank);
  PraxiTensor out = {.dtype = PRAXI_S64, .rank = 1, .dims = {last - first}, .strides = {1}};
  GBytes *bytes = g_bytes_new (in->dims + first, sizeof (int64_t) * (gsize) (last - first));
  make_constant (praxi_graph_value (resolver->graph, node->out[0]), &out, bytes);
}

static void
fold_size (Resolver *resolver, const PraxiNode *node)
{
  const PraxiTensor *in = &praxi_graph_value (resolver->graph, node->in[0])->tensor;
  const PraxiTensor out = {.dtype = PRAXI_S64};
  int64_t count = 0;
  praxi_tensor_count (in, &count);
  make_constant (praxi_graph_value (resolver->graph, node->out[0]), &out,
                 g_bytes_new (&count, sizeof count));
}

/* Scales have to be finite and above zero, zero points of biases zero. */
static gboolean
check_scale (const PraxiGraph *graph, const PraxiNode *node, int i, GError **error)
{
  if (i >= node->n_in || node->in[i] < 0)
    return TRUE;
  const PraxiValue *value = praxi_graph_value (graph, node->in[i]);
  int64_t count = 0;
  if (value->bytes == NULL || value->tensor.dtype != PRAXI_F32 ||
      praxi_tensor_count (&value->tensor, &count) != PRAXI_OK)
    return TRUE;
  const float *scales = value->tensor.data;
  for (int64_t k = 0; k < count; k++)
    if (!(scales[k] >= 1e-38f && scales[k] <= 1e38f)) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                   "%s '%s': scale '%s' is not above zero; quantize the model again",
                   praxi_op_name (node->op.kind), node->name, value->name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_scales (const PraxiGraph *graph, const PraxiNode *node, GError **error)
{
  switch (node->op.kind) {
  case PRAXI_OP_QUANTIZE_LINEAR:
  case PRAXI_OP_DEQUANTIZE_LINEAR:
    return check_scale (graph, node, 1, error);
  case PRAXI_OP_QLINEAR_CONV:
  case PRAXI_OP_QLINEAR_MATMUL:
    return check_scale (graph, node, 1, error) && check_scale (graph, node, 4, error) &&
           check_scale (graph, node, 6, error);
  default:
    return TRUE;
  }
}

static gboolean
all_constant (const PraxiTensor *const *in, int n_in)
{
  for (int i = 0; i < n_in; i++)
    if (in[i] != NULL && in[i]->data == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
out_bytes (const PraxiTensor *out, int n_out, gsize *total)
{
  *total = 0;
  for (int i = 0; i < n_out; i++) {
    gsize bytes;
    if (!praxi_tensor_bytes (&out[i], &bytes) || bytes > VALUE_LIMIT_BYTES)
      return FALSE;
    *total += bytes;
  }
  return TRUE;
}

/* Computes a node whose inputs are all known. Leaves it in place where `ref` lacks it or the result
 * is too large to keep.
 */
static gboolean
fold_node (Resolver *resolver,
           const PraxiNode *node,
           const PraxiTensor *const *in,
           PraxiTensor *out,
           gsize total)
{
  const gint64 macs = praxi_op_macs (&node->op, in, out);
  if (resolver->folded_bytes + total > FOLD_LIMIT_BYTES ||
      macs > FOLD_LIMIT_MACS - resolver->folded_macs)
    return FALSE;
  g_autofree GBytes **bytes = g_new0 (GBytes *, (gsize) node->n_out);
  if (praxi_fold_run (&node->op, in, node->n_in, out, node->n_out, bytes) != PRAXI_OK)
    return FALSE;
  resolver->folded_bytes += total;
  resolver->folded_macs += macs;
  for (int i = 0; i < node->n_out; i++) {
    if (node->out[i] >= 0)
      make_constant (praxi_graph_value (resolver->graph, node->out[i]), &out[i], bytes[i]);
    else
      g_bytes_unref (bytes[i]);
  }
  return TRUE;
}

static gboolean
check_softmax (const PraxiNode *node, const PraxiTensor *in, GError **error)
{
  const gint64 axis = node->op.axis < 0 ? node->op.axis + in->rank : node->op.axis;
  for (gint64 d = axis + 1; d > 0 && d < in->rank; d++)
    if (in->dims[d] != 1)
      return fail_node (node, PRAXI_STATUS_UNSUPPORTED,
                        "over several axes at once, as before operator set 13", error);
  return TRUE;
}

/* Infers one node. *is_done: it needs no running any more. */
static gboolean
resolve_node (Resolver *resolver, PraxiNode *node, gboolean *is_done, GError **error)
{
  PraxiGraph *graph = resolver->graph;
  char why[PRAXI_OP_WHY_BYTES] = "";
  g_autofree const PraxiTensor **in = g_new0 (const PraxiTensor *, (gsize) node->n_in + 1);
  g_autofree PraxiTensor *out = g_new0 (PraxiTensor, (gsize) node->n_out);
  for (int i = 0; i < node->n_in; i++) {
    if (node->in[i] < 0)
      continue;
    node->in[i] = resolver->alias[node->in[i]];
    in[i] = &praxi_graph_value (graph, node->in[i])->tensor;
  }
  *is_done = FALSE;
  if (node->op.kind == PRAXI_OP_SOFTMAX && node->op.n_axes == 1 && node->n_in == 1 &&
      in[0] != NULL && !check_softmax (node, in[0], error))
    return FALSE;
  if (!check_scales (graph, node, error))
    return FALSE;
  const PraxiStatus status = praxi_op_infer (&node->op, in, node->n_in, out, node->n_out, why);
  if (status != PRAXI_OK)
    return fail_node (node, status, why, error);
  gsize total;
  if (!out_bytes (out, node->n_out, &total))
    return fail_node (node, PRAXI_STATUS_SHAPE, "asks for an impossible amount of memory", error);

  if (node->op.kind == PRAXI_OP_SHAPE || node->op.kind == PRAXI_OP_SIZE) {
    if (node->op.kind == PRAXI_OP_SHAPE)
      fold_shape (resolver, node);
    else
      fold_size (resolver, node);
    *is_done = TRUE;
    return TRUE;
  }
  if (node->op.kind == PRAXI_OP_IDENTITY && !is_output (graph, node->out[0])) {
    resolver->alias[node->out[0]] = node->in[0];
    *is_done = TRUE;
    return TRUE;
  }
  const gboolean keeps = node->op.kind == PRAXI_OP_DEQUANTIZE_LINEAR && !resolver->fold_dequantize;
  if (!keeps && all_constant (in, node->n_in))
    *is_done = fold_node (resolver, node, in, out, total);
  for (int i = 0; i < node->n_out && !*is_done; i++)
    if (node->out[i] >= 0)
      praxi_graph_value (graph, node->out[i])->tensor = out[i];
  return TRUE;
}

static gboolean
resolve_nodes (Resolver *resolver, GError **error)
{
  GPtrArray *nodes = resolver->graph->nodes;
  guint kept = 0;
  gboolean good = TRUE;
  for (guint i = 0; i < nodes->len; i++) {
    PraxiNode *node = nodes->pdata[i];
    gboolean is_done = FALSE;
    good = good && resolve_node (resolver, node, &is_done, error);
    if (is_done)
      praxi_node_free (node);
    else
      nodes->pdata[kept++] = node;
  }
  for (guint i = kept; i < nodes->len; i++)
    nodes->pdata[i] = NULL;
  g_ptr_array_set_size (nodes, (int) kept);
  return good;
}

static gboolean
resolve (PraxiGraph *graph, gboolean fold_dequantize, GError **error)
{
  g_autofree int *alias = g_new (int, graph->values->len + 1);
  for (guint i = 0; i < graph->values->len; i++)
    alias[i] = (int) i;
  Resolver resolver = {.graph = graph, .fold_dequantize = fold_dequantize, .alias = alias};
  if (!resolve_nodes (&resolver, error))
    return FALSE;
  praxi_graph_prune (graph);
  return TRUE;
}

/* Kernels write every output up to the last one wanted: one that nobody wants gets a value too. */
static void
name_outputs (PraxiGraph *graph)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++) {
      if (node->out[j] >= 0)
        continue;
      g_autofree char *name = g_strdup_printf ("%s/unwanted-%d", node->name, j);
      node->out[j] = praxi_graph_add_value (graph, name, &(PraxiTensor){.rank = -1});
    }
  }
}

PraxiGraph *
praxi_graph_resolve (const PraxiGraph *graph,
                     const PraxiBinding *bindings,
                     int n_bindings,
                     int batch,
                     GError **error)
{
  g_autoptr (PraxiGraph) copy = praxi_graph_copy (graph);
  name_outputs (copy);
  if (!bind_inputs (copy, bindings, n_bindings, MAX (batch, 1), error) ||
      !resolve (copy, FALSE, error))
    return NULL;
  return g_steal_pointer (&copy);
}

gboolean
praxi_graph_fold (PraxiGraph *graph, GError **error)
{
  return resolve (graph, TRUE, error);
}
