/* What learns in a graph: constants that multiply become inputs. */
#include "engine/train/trainable-params.h"

#include <math.h>
#include <string.h>

#include "engine/infer/fuse.h"
#include "engine/model/flow-net.h"

void
praxi_param_free (PraxiParam *param)
{
  g_free (param->name);
  if (!param->is_borrowed)
    g_free (param->tensor.data);
  g_free (param->steps);
  g_free (param);
}

typedef struct {
  GPtrArray *params;
  const PraxiTrainableOptions *options;
  PraxiGraph *graph;
  PraxiNode **makers; /* of the values that were there at first; NULL for inputs and constants */
  int n_values;
} Build;

static PraxiNode *
maker_of (const Build *build, int value)
{
  return value >= 0 && value < build->n_values ? build->makers[value] : NULL;
}

static const PraxiValue *
constant_of (const Build *build, int value)
{
  const PraxiValue *found = value >= 0 ? praxi_graph_value (build->graph, value) : NULL;
  return found != NULL && found->bytes != NULL ? found : NULL;
}

/* The step of element i of a row-major tensor. */
static float
step_at (const PraxiParam *param, gsize i)
{
  gsize inner = 1;
  if (param->n_steps <= 1)
    return param->n_steps == 1 ? param->steps[0] : 1;
  for (int d = param->axis + 1; d < param->tensor.rank; d++)
    inner *= (gsize) param->tensor.dims[d];
  return param->steps[i / inner % (gsize) param->n_steps];
}

static PraxiParam *
param_new (const PraxiValue *constant, PraxiParamKind kind)
{
  int64_t count = 0;
  PraxiParam *param = g_new0 (PraxiParam, 1);
  param->name = g_strdup (constant->name);
  param->kind = kind;
  param->tensor = constant->tensor;
  param->tensor.dtype = PRAXI_F32;
  praxi_tensor_set_row_major (&param->tensor);
  praxi_tensor_count (&param->tensor, &count);
  param->n = (gsize) count;
  param->tensor.data = g_new0 (float, param->n + 1);
  return param;
}

static void
fill_param (PraxiParam *param, const PraxiTensor *stored)
{
  float *to = param->tensor.data;
  for (gsize i = 0; i < param->n; i++)
    to[i] = (float) praxi_tensor_get (stored, (int64_t) i) * step_at (param, i);
}

static gboolean
is_nought (const PraxiTensor *tensor)
{
  int64_t count = 0;
  praxi_tensor_count (tensor, &count);
  for (int64_t i = 0; i < count; i++)
    if (praxi_tensor_get_int (tensor, i) != 0)
      return FALSE;
  return TRUE;
}

/* The scale of a DequantizeLinear, a constant, with a zero point of 0 everywhere. */
static gboolean
take_steps (const Build *build, const PraxiNode *node, PraxiParam *param)
{
  const PraxiValue *scale = constant_of (build, node->in[1]);
  const PraxiValue *zero = node->n_in > 2 ? constant_of (build, node->in[2]) : NULL;
  int64_t count = 0;
  if (scale == NULL || scale->tensor.dtype != PRAXI_F32 ||
      praxi_tensor_count (&scale->tensor, &count) != PRAXI_OK)
    return FALSE;
  if (zero != NULL && !is_nought (&zero->tensor))
    return FALSE;
  param->axis = (int) node->op.axis;
  param->n_steps = (int) count;
  if (count > 1 && (param->axis < 0 || param->axis >= param->tensor.rank ||
                    param->tensor.dims[param->axis] != count))
    return FALSE;
  param->steps = g_memdup2 (scale->tensor.data, sizeof (float) * (gsize) count);
  return TRUE;
}

static int
add_param_input (Build *build, const PraxiParam *param)
{
  g_autofree char *name = g_strconcat ("param/", param->name, NULL);
  PraxiTensor tensor = param->tensor;
  tensor.data = NULL;
  const int value = praxi_graph_add_value (build->graph, name, &tensor);
  g_array_append_val (build->graph->inputs, value);
  return value;
}

/* The weights go through QuantizeLinear in front of the DequantizeLinear that is there. */
static void
round_weights (Build *build, const PraxiParam *param, PraxiNode *dequantize, int input)
{
  g_autofree char *name = g_strconcat ("rounded/", param->name, NULL);
  const PraxiOp op = {
      .kind = PRAXI_OP_QUANTIZE_LINEAR, .axis = dequantize->op.axis, .to = PRAXI_S8};
  PraxiTensor tensor = param->tensor;
  tensor.dtype = PRAXI_S8;
  tensor.data = NULL;
  const int rounded = praxi_graph_add_value (build->graph, name, &tensor);
  const int in[3] = {input, dequantize->in[1], dequantize->n_in > 2 ? dequantize->in[2] : -1};
  PraxiNode *node = praxi_node_new (name, &op, in, dequantize->n_in > 2 ? 3 : 2, &rounded, 1);
  guint at = 0;
  g_ptr_array_find (build->graph->nodes, dequantize, &at);
  g_ptr_array_insert (build->graph->nodes, (int) at, node);
  dequantize->in[0] = rounded;
}

static void
replace_uses (PraxiGraph *graph, int value, int by)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] == value)
        node->in[j] = by;
  }
}

static PraxiParam *
quantized_param (const Build *build, const PraxiNode *dequantize)
{
  const PraxiValue *stored = constant_of (build, dequantize->in[0]);
  if (stored == NULL || (stored->tensor.dtype != PRAXI_S8 && stored->tensor.dtype != PRAXI_S32))
    return NULL;
  PraxiParam *param =
      param_new (stored, stored->tensor.dtype == PRAXI_S8 ? PRAXI_PARAM_WEIGHT : PRAXI_PARAM_BIAS);
  if (!take_steps (build, dequantize, param)) {
    praxi_param_free (param);
    return NULL;
  }
  fill_param (param, &stored->tensor);
  return param;
}

/* Makes a parameter of what input i of the node reads, where that is a constant or dequantized. */
static PraxiParam *
take_param (Build *build, PraxiNode *node, int i, int layer)
{
  const int value = i < node->n_in ? node->in[i] : -1;
  const PraxiValue *constant = constant_of (build, value);
  PraxiNode *dequantize = maker_of (build, value);
  PraxiParam *param = NULL;
  if (constant != NULL && constant->tensor.dtype == PRAXI_F32) {
    param = param_new (constant, PRAXI_PARAM_F32);
    fill_param (param, &constant->tensor);
    replace_uses (build->graph, value, add_param_input (build, param));
  } else if (dequantize != NULL && dequantize->op.kind == PRAXI_OP_DEQUANTIZE_LINEAR) {
    param = quantized_param (build, dequantize);
    if (param != NULL && param->kind == PRAXI_PARAM_WEIGHT)
      round_weights (build, param, dequantize, add_param_input (build, param));
    else if (param != NULL)
      replace_uses (build->graph, value, add_param_input (build, param));
  }
  if (param == NULL)
    return NULL;
  param->rate = 1;
  param->layer = layer;
  g_ptr_array_add (build->params, param);
  return param;
}

static gboolean
multiplies (const PraxiNode *node)
{
  return node->op.kind == PRAXI_OP_CONV || node->op.kind == PRAXI_OP_GEMM ||
         node->op.kind == PRAXI_OP_MATMUL;
}

static gboolean
all_constant (const Build *build, const PraxiNode *node)
{
  for (int i = 1; i < node->n_in; i++)
    if (constant_of (build, node->in[i]) == NULL ||
        constant_of (build, node->in[i])->tensor.dtype != PRAXI_F32)
      return FALSE;
  return TRUE;
}

/* Weight and bias of a product, scale, offset and statistics of a normalization. */
static void
take_node (Build *build, PraxiNode *node, int layer)
{
  const gboolean is_norm = node->op.kind == PRAXI_OP_BATCH_NORM && !node->op.training_mode &&
                           !build->options->freeze_norm && all_constant (build, node);
  const gboolean is_affine = node->op.kind == PRAXI_OP_LAYER_NORM;
  if (!multiplies (node) && !is_norm && !is_affine)
    return;
  for (int j = 1; j <= (is_norm ? 4 : 2); j++) {
    PraxiParam *param = take_param (build, node, j, layer);
    if (param == NULL)
      continue;
    param->decays = j == 1 && multiplies (node);
    if (is_norm && j > 2)
      param->kind = PRAXI_PARAM_STATISTIC;
  }
}

gboolean *
praxi_trainable_heads (const PraxiGraph *graph)
{
  g_autofree gboolean *leads = g_new0 (gboolean, graph->values->len + 1);
  gboolean *heads = g_new0 (gboolean, graph->nodes->len + 1);
  for (guint i = graph->nodes->len; i-- > 0;) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    gboolean any = FALSE;
    for (int j = 0; j < node->n_out; j++)
      any = any || (node->out[j] >= 0 && leads[node->out[j]]);
    heads[i] = multiplies (node) && !any;
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0 && (any || multiplies (node)))
        leads[node->in[j]] = TRUE;
  }
  return heads;
}

/* For each node whether the statistics of the flow are made of it: a formula too. */
static gboolean *
find_formula (const PraxiGraph *graph)
{
  gboolean *inside = g_new0 (gboolean, graph->nodes->len + 1);
  const int statistics = praxi_graph_find (graph, PRAXI_STATISTICS_VALUE);
  g_autofree gboolean *leads = g_new0 (gboolean, graph->values->len + 1);
  if (statistics < 0)
    return inside;
  leads[statistics] = TRUE;
  for (guint i = graph->nodes->len; i-- > 0;) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++)
      inside[i] = inside[i] || (node->out[j] >= 0 && leads[node->out[j]]);
    for (int j = 0; j < node->n_in && inside[i]; j++)
      if (node->in[j] >= 0)
        leads[node->in[j]] = TRUE;
  }
  return inside;
}

void
praxi_trainable_take (PraxiGraph *graph, const PraxiTrainableOptions *options, GPtrArray *params)
{
  g_autoptr (GHashTable) learners = praxi_fuse_learners (graph);
  const guint n_nodes = graph->nodes->len;
  g_autofree gboolean *heads = praxi_trainable_heads (graph);
  g_autofree gboolean *formula = find_formula (graph);
  g_autofree PraxiNode **nodes = g_memdup2 (graph->nodes->pdata, sizeof (PraxiNode *) * n_nodes);
  g_autofree PraxiNode **makers = g_new0 (PraxiNode *, graph->values->len + 1);
  Build build = {.params = params,
                 .options = options,
                 .graph = graph,
                 .makers = makers,
                 .n_values = (int) graph->values->len};
  for (guint i = 0; i < n_nodes; i++) {
    PraxiNode *node = nodes[i];
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        makers[node->out[j]] = node;
  }
  int layer = 0;
  for (guint i = 0; i < n_nodes; i++)
    if ((learners == NULL || g_hash_table_contains (learners, nodes[i]->name)) && !formula[i] &&
        (heads[i] || !options->head_only)) {
      layer += multiplies (nodes[i]);
      take_node (&build, nodes[i], layer);
    }
  for (guint i = 0; i < params->len; i++) {
    PraxiParam *param = params->pdata[i];
    param->layer = layer - param->layer;
  }
}

gboolean
praxi_trainable_share (PraxiTrainable *trainable, const PraxiTrainable *owner)
{
  gboolean fits = trainable->params->len == owner->params->len;
  for (guint i = 0; i < trainable->params->len && fits; i++) {
    const PraxiParam *ours = trainable->params->pdata[i], *theirs = owner->params->pdata[i];
    fits = ours->n == theirs->n && ours->kind == theirs->kind &&
           g_str_equal (ours->name, theirs->name);
  }
  for (guint i = 0; i < trainable->params->len && fits; i++) {
    PraxiParam *param = trainable->params->pdata[i];
    if (!param->is_borrowed)
      g_free (param->tensor.data);
    param->tensor.data = ((const PraxiParam *) owner->params->pdata[i])->tensor.data;
    param->is_borrowed = TRUE;
  }
  return fits;
}

static GBytes *
stored (const PraxiParam *param)
{
  const float *from = param->tensor.data;
  if (param->kind == PRAXI_PARAM_F32 || param->kind == PRAXI_PARAM_STATISTIC)
    return g_bytes_new (from, sizeof *from * param->n);
  const double limit = param->kind == PRAXI_PARAM_WEIGHT ? 127 : G_MAXINT32;
  g_autofree gint32 *rounded = g_new (gint32, param->n + 1);
  for (gsize i = 0; i < param->n; i++)
    rounded[i] =
        (gint32) CLAMP (rint ((double) from[i] / (double) step_at (param, i)), -limit, limit);
  if (param->kind == PRAXI_PARAM_BIAS)
    return g_bytes_new (rounded, sizeof *rounded * param->n);
  gint8 *bytes = g_new (gint8, param->n + 1);
  for (gsize i = 0; i < param->n; i++)
    bytes[i] = (gint8) rounded[i];
  return g_bytes_new_take (bytes, param->n);
}

PraxiGraph *
praxi_trainable_graph (const PraxiTrainable *trainable, PraxiModel *model)
{
  PraxiGraph *graph = praxi_graph_copy (praxi_model_graph (model));
  for (guint i = 0; i < trainable->params->len; i++) {
    const PraxiParam *param = trainable->params->pdata[i];
    const int number = praxi_graph_find (graph, param->name);
    if (number < 0)
      continue;
    g_autoptr (GBytes) bytes = stored (param);
    praxi_value_set_bytes (praxi_graph_value (graph, number), bytes);
  }
  return graph;
}
