#include "engine/train/trainable.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/fuse.h"
#include "engine/train/gradient.h"

static void
param_free (gpointer data)
{
  PraxiParam *param = data;
  g_free (param->name);
  g_free (param->tensor.data);
  g_free (param->steps);
  g_free (param);
}

void
praxi_trainable_free (PraxiTrainable *trainable)
{
  if (trainable == NULL)
    return;
  g_ptr_array_unref (trainable->params);
  g_clear_pointer (&trainable->front, praxi_graph_unref);
  g_clear_pointer (&trainable->step, praxi_graph_unref);
  g_free (trainable);
}

/* --- what learns ---------------------------------------------------------------------------- */

typedef struct {
  PraxiTrainable *trainable;
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
    param_free (param);
    return NULL;
  }
  fill_param (param, &stored->tensor);
  return param;
}

/* Makes a parameter of what input i of the node reads, where that is a constant or dequantized. */
static void
take_param (Build *build, PraxiNode *node, int i)
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
    return;
  param->decays = i == 1;
  g_ptr_array_add (build->trainable->params, param);
}

/* Names of the nodes that stay when the motion stem is fused; NULL where there is none. The stem is
 * a formula in plain operators, its filters do not learn.
 */
static GHashTable *
find_learners (const PraxiGraph *graph)
{
  g_autoptr (PraxiGraph) fused = praxi_graph_copy (graph);
  if (!praxi_fuse_motion_stem (fused))
    return NULL;
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < fused->nodes->len; i++)
    g_hash_table_add (names, g_strdup (praxi_graph_node (fused, (int) i)->name));
  return names;
}

static void
take_params (PraxiTrainable *trainable, PraxiGraph *graph)
{
  g_autoptr (GHashTable) learners = find_learners (graph);
  const guint n_nodes = graph->nodes->len;
  g_autofree PraxiNode **nodes = g_memdup2 (graph->nodes->pdata, sizeof (PraxiNode *) * n_nodes);
  g_autofree PraxiNode **makers = g_new0 (PraxiNode *, graph->values->len + 1);
  Build build = {.trainable = trainable,
                 .graph = graph,
                 .makers = makers,
                 .n_values = (int) graph->values->len};
  for (guint i = 0; i < n_nodes; i++) {
    PraxiNode *node = nodes[i];
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        makers[node->out[j]] = node;
  }
  for (guint i = 0; i < n_nodes; i++) {
    PraxiNode *node = nodes[i];
    const gboolean multiplies = node->op.kind == PRAXI_OP_CONV || node->op.kind == PRAXI_OP_GEMM ||
                                node->op.kind == PRAXI_OP_MATMUL;
    const gboolean learns = learners == NULL || g_hash_table_contains (learners, node->name);
    for (int j = 1; multiplies && learns && j <= 2; j++)
      take_param (&build, node, j);
  }
}

/* --- where the loss is ---------------------------------------------------------------------- */

/* The last Sigmoid or Softmax on the way to the scores: there the derivative of the cross-entropy
 * by what goes in is decision − target.
 */
static PraxiNode *
find_decision (const PraxiGraph *graph)
{
  for (guint i = graph->nodes->len; i-- > 0;) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind == PRAXI_OP_SIGMOID || node->op.kind == PRAXI_OP_SOFTMAX)
      return node;
  }
  return NULL;
}

/* Scores that are logits get the softmax that the executor would apply. */
static PraxiNode *
add_softmax (PraxiGraph *graph, int scores)
{
  const PraxiTensor *tensor = &praxi_graph_value (graph, scores)->tensor;
  const PraxiOp op = {.kind = PRAXI_OP_SOFTMAX, .axis = tensor->rank - 1};
  const int out = praxi_graph_add_value (graph, "softmax of scores", tensor);
  return praxi_graph_add_node (graph, "softmax of scores", &op, &scores, 1, &out, 1);
}

static int
add_input (PraxiGraph *graph, const char *name, const PraxiTensor *tensor)
{
  const int value = praxi_graph_add_value (graph, name, tensor);
  g_array_append_val (graph->inputs, value);
  return value;
}

static int
add_binary (PraxiGraph *graph, PraxiOpKind kind, const char *name, int a, int b)
{
  const PraxiOp op = {.kind = kind};
  PraxiTensor tensor = praxi_graph_value (graph, a)->tensor;
  tensor.data = NULL;
  const int out = praxi_graph_add_value (graph, name, &tensor);
  praxi_graph_add_node (graph, name, &op, (int[2]){a, b}, 2, &out, 1);
  return out;
}

/* (decision − target) weight */
static PraxiGradientSeed
add_loss (PraxiGraph *graph, const PraxiNode *decision)
{
  PraxiTensor shape = praxi_graph_value (graph, decision->out[0])->tensor;
  shape.data = NULL;
  const PraxiTensor scalar = {.dtype = PRAXI_F32};
  const int target = add_input (graph, "target", &shape);
  const int weight = add_input (graph, "weight", &scalar);
  const int off = add_binary (graph, PRAXI_OP_SUB, "off", decision->out[0], target);
  return (PraxiGradientSeed){.value = decision->in[0],
                             .gradient =
                                 add_binary (graph, PRAXI_OP_MUL, "off weighted", off, weight)};
}

/* --- cutting -------------------------------------------------------------------------------- */

static gboolean
any_input (const PraxiNode *node, const gboolean *values)
{
  for (int j = 0; j < node->n_in; j++)
    if (node->in[j] >= 0 && values[node->in[j]])
      return TRUE;
  return FALSE;
}

/* The nodes of the step: those after a parameter; those that no input of the model leads to; and
 * the DequantizeLinear of bytes that are computed, so that features are handed over as bytes where
 * the model has them so. *known: values that the step has itself
 */
static gboolean *
find_step_nodes (const PraxiGraph *graph, guint n_inputs, gboolean **known)
{
  gboolean *in_step = g_new0 (gboolean, graph->nodes->len + 1);
  g_autofree gboolean *learns = g_new0 (gboolean, graph->values->len + 1);
  g_autofree gboolean *computed = g_new0 (gboolean, graph->values->len + 1);
  *known = g_new0 (gboolean, graph->values->len + 1);
  for (guint i = 0; i < graph->inputs->len; i++) {
    const int input = g_array_index (graph->inputs, int, i);
    computed[input] = i < n_inputs;
    learns[input] = (*known)[input] = i >= n_inputs;
  }
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    const gboolean is_computed = any_input (node, computed), is_learnt = any_input (node, learns);
    in_step[i] = is_learnt || !is_computed || node->op.kind == PRAXI_OP_DEQUANTIZE_LINEAR;
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0) {
        computed[node->out[j]] = is_computed;
        learns[node->out[j]] = is_learnt;
        (*known)[node->out[j]] = in_step[i];
      }
  }
  return in_step;
}

/* Values that step nodes read and others compute. */
static GArray *
find_features (const PraxiGraph *graph, const gboolean *in_step, gboolean *known)
{
  GArray *features = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_in && in_step[i]; j++) {
      const int value = node->in[j];
      if (value < 0 || known[value] || praxi_graph_value (graph, value)->bytes != NULL)
        continue;
      known[value] = TRUE;
      g_array_append_val (features, value);
    }
  }
  return features;
}

/* A copy of the graph that ends at the features; NULL where they are the graph's inputs. */
static PraxiGraph *
cut_front (const PraxiGraph *graph, const GArray *features, guint n_inputs)
{
  g_autofree int *makers = praxi_graph_makers (graph);
  gboolean any = FALSE;
  for (guint i = 0; i < features->len; i++)
    any = any || makers[g_array_index (features, int, i)] >= 0;
  if (!any)
    return NULL;
  PraxiGraph *front = praxi_graph_copy (graph);
  g_array_set_size (front->inputs, n_inputs);
  g_array_set_size (front->outputs, 0);
  g_array_append_vals (front->outputs, features->data, features->len);
  praxi_graph_prune (front);
  return front;
}

/* Drops what the front does and makes the features inputs. */
static void
cut_step (PraxiGraph *graph, const gboolean *in_step, const GArray *features, guint n_inputs)
{
  GArray *inputs = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_vals (inputs, features->data, features->len);
  for (guint i = n_inputs; i < graph->inputs->len; i++)
    g_array_append_val (inputs, g_array_index (graph->inputs, int, i));
  g_array_unref (graph->inputs);
  graph->inputs = inputs;
  for (guint i = graph->nodes->len; i-- > 0;)
    if (!in_step[i])
      g_ptr_array_remove_index (graph->nodes, i);
}

static void
cut (PraxiTrainable *trainable, PraxiGraph *graph, guint n_inputs)
{
  g_autofree gboolean *known = NULL;
  g_autofree gboolean *in_step = find_step_nodes (graph, n_inputs, &known);
  g_autoptr (GArray) features = find_features (graph, in_step, known);
  trainable->n_features = (int) features->len;
  trainable->front = cut_front (graph, features, n_inputs);
  cut_step (graph, in_step, features, n_inputs);
}

/* --- the whole ------------------------------------------------------------------------------ */

static gboolean
fail (GError **error, const char *why)
{
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED, why);
  return FALSE;
}

/* Puts the gradients of the parameters among the graph's outputs. */
static gboolean
add_backward (const PraxiTrainable *trainable,
              PraxiGraph *graph,
              const PraxiGradientSeed *seed,
              GError **error)
{
  const int n_params = (int) trainable->params->len;
  g_autofree int *gradients = g_new (int, n_params);
  g_autofree int *params = g_memdup2 (&g_array_index (graph->inputs, int, trainable->n_features),
                                      sizeof (int) * (gsize) n_params);
  if (!praxi_gradient_add (graph, seed, 1, params, n_params, gradients, error))
    return FALSE;
  for (int i = 0; i < n_params; i++) {
    if (gradients[i] < 0)
      return fail (error, "cannot train this model: its scores do not depend on all its weights");
    g_array_append_val (graph->outputs, gradients[i]);
  }
  return TRUE;
}

static gboolean
build_step (PraxiTrainable *trainable, PraxiGraph *graph, gboolean is_logits, GError **error)
{
  const PraxiNode *decision = is_logits
                                  ? add_softmax (graph, g_array_index (graph->outputs, int, 0))
                                  : find_decision (graph);
  int64_t count = 0;
  if (decision == NULL)
    return fail (error, "cannot train this model: no softmax or sigmoid makes its scores");
  praxi_tensor_count (&praxi_graph_value (graph, decision->out[0])->tensor, &count);
  trainable->n_outputs = (int) count;
  trainable->is_exclusive = decision->op.kind == PRAXI_OP_SOFTMAX;
  const PraxiGradientSeed seed = add_loss (graph, decision);
  g_array_set_size (graph->outputs, 0);
  g_array_append_val (graph->outputs, decision->out[0]);
  if (!add_backward (trainable, graph, &seed, error))
    return FALSE;
  praxi_graph_prune (graph);
  return TRUE;
}

PraxiTrainable *
praxi_trainable_new (PraxiModel *model, GError **error)
{
  g_autoptr (PraxiTrainable) trainable = g_new0 (PraxiTrainable, 1);
  trainable->params = g_ptr_array_new_with_free_func (param_free);
  trainable->step = praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, error);
  if (trainable->step == NULL)
    return NULL;
  PraxiGraph *graph = trainable->step;
  const guint n_inputs = graph->inputs->len;
  take_params (trainable, graph);
  if (trainable->params->len == 0) {
    fail (error, "nothing in this model can learn: it has no convolutions or matrix products");
    return NULL;
  }
  cut (trainable, graph, n_inputs);
  if (!build_step (trainable, graph, praxi_model_spec (model)->is_logits, error))
    return NULL;
  return g_steal_pointer (&trainable);
}

void
praxi_trainable_target (const PraxiTrainable *trainable,
                        const PraxiModelSpec *spec,
                        int class_index,
                        float *target)
{
  /* With a sigmoid an event class the class left over, the first, is that nothing happens. */
  const int first = spec->n_classes - trainable->n_outputs;
  for (int i = 0; i < trainable->n_outputs; i++)
    target[i] = i + first == class_index;
}

/* --- back ----------------------------------------------------------------------------------- */

static GBytes *
stored (const PraxiParam *param)
{
  const float *from = param->tensor.data;
  if (param->kind == PRAXI_PARAM_F32)
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
    PraxiValue *value = praxi_graph_value (graph, number);
    g_bytes_unref (value->bytes);
    value->bytes = stored (param);
    value->tensor.data = (void *) g_bytes_get_data (value->bytes, NULL);
  }
  return graph;
}
