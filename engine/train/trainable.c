#include "engine/train/trainable.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/model/flow-net.h"
#include "engine/train/gradient.h"
#include "engine/train/loss.h"
#include "engine/train/recompute.h"
#include "engine/train/trainable-params.h"

static void
param_free (gpointer data)
{
  praxi_param_free (data);
}

void
praxi_trainable_free (PraxiTrainable *trainable)
{
  if (trainable == NULL)
    return;
  g_ptr_array_unref (trainable->params);
  g_clear_pointer (&trainable->front, praxi_graph_unref);
  g_clear_pointer (&trainable->step, praxi_graph_unref);
  g_clear_pointer (&trainable->decide, praxi_graph_unref);
  g_free (trainable);
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

static gboolean
reads (const PraxiNode *node, int value)
{
  for (int j = 0; j < node->n_in; j++)
    if (value >= 0 && node->in[j] == value)
      return TRUE;
  return FALSE;
}

/* Leaves of the nodes of the step those that lead to one that learns. known: as below */
static void
drop_unread (const PraxiGraph *graph, gboolean *in_step, const gboolean *learnt, gboolean *known)
{
  g_autofree gboolean *wanted = g_new0 (gboolean, graph->values->len + 1);
  for (guint i = graph->nodes->len; i-- > 0;) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    gboolean is_wanted = learnt[i];
    for (int j = 0; j < node->n_out; j++)
      is_wanted = is_wanted || (node->out[j] >= 0 && wanted[node->out[j]]);
    in_step[i] = in_step[i] && is_wanted;
    for (int j = 0; j < node->n_in && in_step[i]; j++)
      if (node->in[j] >= 0)
        wanted[node->in[j]] = TRUE;
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0)
        known[node->out[j]] = known[node->out[j]] && in_step[i];
  }
}

/* The nodes of the step: those after a parameter; those that no input of the model leads to; those
 * after the maps of the motion stem, so that clips can be changed as maps; and the DequantizeLinear
 * of bytes that are computed, with a Transpose behind it, so that features are handed over as
 * bytes where the model has them so. *known: values that the step has itself
 */
static gboolean *
find_step_nodes (const PraxiGraph *graph, guint n_inputs, gboolean **known)
{
  gboolean *in_step = g_new0 (gboolean, graph->nodes->len + 1);
  g_autofree gboolean *learns = g_new0 (gboolean, graph->values->len + 1);
  g_autofree gboolean *computed = g_new0 (gboolean, graph->values->len + 1);
  g_autofree gboolean *learnt = g_new0 (gboolean, graph->nodes->len + 1);
  *known = g_new0 (gboolean, graph->values->len + 1);
  for (guint i = 0; i < graph->inputs->len; i++) {
    const int input = g_array_index (graph->inputs, int, i);
    computed[input] = i < n_inputs;
    learns[input] = (*known)[input] = i >= n_inputs;
  }
  const int maps = praxi_graph_find (graph, PRAXI_MAPS_VALUE);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    const gboolean is_computed = any_input (node, computed);
    const gboolean is_learnt = any_input (node, learns) || reads (node, maps);
    const gboolean follows = node->op.kind == PRAXI_OP_TRANSPOSE && (*known)[node->in[0]];
    learnt[i] = is_learnt || !is_computed;
    in_step[i] = learnt[i] || follows || node->op.kind == PRAXI_OP_DEQUANTIZE_LINEAR;
    for (int j = 0; j < node->n_out; j++)
      if (node->out[j] >= 0) {
        computed[node->out[j]] = is_computed;
        learns[node->out[j]] = is_learnt;
        (*known)[node->out[j]] = in_step[i];
      }
  }
  drop_unread (graph, in_step, learnt, *known);
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

/* The graph with features of batch clips; NULL where its shapes are made for one. */
static PraxiGraph *
widen (const PraxiTrainable *trainable, const PraxiGraph *graph, int batch)
{
  g_autoptr (PraxiGraph) wide = praxi_graph_copy (graph);
  for (int i = 0; i < trainable->n_features; i++) {
    PraxiTensor *feature = &praxi_graph_value (wide, g_array_index (wide->inputs, int, i))->tensor;
    if (feature->rank < 1)
      return NULL;
    feature->dims[0] *= batch;
    praxi_tensor_set_row_major (feature);
  }
  PraxiGraph *resolved = praxi_graph_resolve (wide, NULL, 0, 1, NULL);
  if (resolved == NULL)
    return NULL;
  int64_t one = 0, all = 0;
  const int before = g_array_index (graph->outputs, int, 0);
  const int after = g_array_index (resolved->outputs, int, 0);
  praxi_tensor_count (&praxi_graph_value (graph, before)->tensor, &one);
  praxi_tensor_count (&praxi_graph_value (resolved, after)->tensor, &all);
  if (all != one * batch)
    g_clear_pointer (&resolved, praxi_graph_unref);
  return resolved;
}

static int
input_of (const PraxiGraph *graph, int i)
{
  return g_array_index (graph->inputs, int, i);
}

/* Normalizations whose statistics are inputs use those of the batch and put them out. */
static void
normalize_by_batch (const PraxiTrainable *trainable, PraxiGraph *graph, int *statistics)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (guint k = 0; k < trainable->params->len && node->op.kind == PRAXI_OP_BATCH_NORM; k++) {
      const PraxiParam *param = trainable->params->pdata[k];
      const int value = input_of (graph, trainable->n_features + (int) k);
      if (param->kind != PRAXI_PARAM_STATISTIC || (node->in[3] != value && node->in[4] != value))
        continue;
      const int at = node->in[3] == value ? 1 : 2;
      if (node->n_out < 3) {
        node->out = g_renew (int, node->out, 3);
        for (int j = 1; j < 3; j++) {
          g_autofree char *name = g_strdup_printf ("%s/batch-%d", node->name, j);
          PraxiTensor tensor = param->tensor;
          tensor.data = NULL;
          node->out[j] = praxi_graph_add_value (graph, name, &tensor);
        }
        node->n_out = 3;
        node->op.training_mode = true;
        node->op.alpha = 0;
      }
      statistics[k] = node->out[at];
    }
  }
}

/* What the last products read is multiplied by masks. */
static void
add_masks (PraxiTrainable *trainable, PraxiGraph *graph)
{
  g_autofree gboolean *heads = praxi_trainable_heads (graph);
  const guint n_nodes = graph->nodes->len;
  g_autofree PraxiNode **nodes = g_memdup2 (graph->nodes->pdata, sizeof (PraxiNode *) * n_nodes);
  for (guint i = 0; i < n_nodes && trainable->dropout > 0; i++) {
    if (!heads[i])
      continue;
    guint at = 0;
    PraxiTensor tensor = praxi_graph_value (graph, nodes[i]->in[0])->tensor;
    if (tensor.dtype != PRAXI_F32 || tensor.data != NULL)
      continue;
    g_autofree char *name = g_strdup_printf ("mask/%d", trainable->n_masks++);
    g_autofree char *masked = g_strconcat ("masked ", name, NULL);
    praxi_tensor_set_row_major (&tensor);
    const int mask = praxi_graph_add_value (graph, name, &tensor);
    const int out = praxi_graph_add_value (graph, masked, &tensor);
    g_array_append_val (graph->inputs, mask);
    const PraxiOp op = {.kind = PRAXI_OP_MUL};
    g_ptr_array_find (graph->nodes, nodes[i], &at);
    g_ptr_array_insert (graph->nodes, (int) at,
                        praxi_node_new (masked, &op, (int[2]){nodes[i]->in[0], mask}, 2, &out, 1));
    nodes[i]->in[0] = out;
  }
}

/* Puts the gradients of the parameters among the graph's outputs. */
static gboolean
add_backward (const PraxiTrainable *trainable,
              PraxiGraph *graph,
              const GArray *seeds,
              const int *statistics,
              GError **error)
{
  const int n_params = (int) trainable->params->len;
  g_autofree int *gradients = g_new (int, n_params);
  g_autofree int *params = g_memdup2 (&g_array_index (graph->inputs, int, trainable->n_features),
                                      sizeof (int) * (gsize) n_params);
  if (!praxi_gradient_add (graph, (const PraxiGradientSeed *) (const void *) seeds->data,
                           (int) seeds->len, params, n_params, gradients, error))
    return FALSE;
  for (int i = 0; i < n_params; i++) {
    const int out = statistics[i] >= 0 ? statistics[i] : gradients[i];
    if (out < 0)
      return praxi_error_fail (
          error, PRAXI_ERROR_UNSUPPORTED,
          "cannot train this model: its scores do not depend on all its weights");
    g_array_append_val (graph->outputs, out);
  }
  return TRUE;
}

/* The nodes before those of the loss. */
static int
count_forward (const PraxiGraph *graph)
{
  int n = 0;
  while (n < (int) graph->nodes->len &&
         !g_str_has_prefix (praxi_graph_node (graph, n)->name, PRAXI_LOSS_PREFIX))
    n++;
  return n;
}

static gboolean
build_step (PraxiTrainable *trainable,
            PraxiNode *decision,
            const PraxiTrainableOptions *options,
            GError **error)
{
  PraxiGraph *graph = trainable->step;
  const guint n_params = trainable->params->len;
  g_autofree int *statistics = g_new (int, n_params + 1);
  g_autoptr (GArray) seeds = g_array_new (FALSE, FALSE, sizeof (PraxiGradientSeed));
  for (guint i = 0; i < n_params; i++)
    statistics[i] = -1;
  normalize_by_batch (trainable, graph, statistics);
  const PraxiTensor *shape = &praxi_graph_value (graph, decision->out[0])->tensor;
  int64_t count = 0;
  praxi_tensor_count (shape, &count);
  trainable->n_outputs = (int) (count / trainable->batch);
  trainable->is_exclusive = decision->op.kind == PRAXI_OP_SOFTMAX;
  g_array_set_size (graph->outputs, 0);
  g_array_append_val (graph->outputs, decision->out[0]);
  const PraxiGradientSeed seed = praxi_loss_add (graph, decision, options);
  g_array_append_val (seeds, seed);
  if (!praxi_loss_add_hints (graph, options->hints, seeds, error) ||
      !add_backward (trainable, graph, seeds, statistics, error))
    return FALSE;
  for (guint i = 1; i < seeds->len; i++)
    g_array_append_val (graph->outputs, g_array_index (seeds, PraxiGradientSeed, i).value);
  trainable->n_hints = (int) seeds->len - 1;
  praxi_graph_prune (graph);
  if (options->recompute)
    praxi_recompute (graph, count_forward (graph));
  else if (!options->keep_all)
    praxi_recompute_cheap (graph, count_forward (graph));
  return TRUE;
}

/* The forward graph of the widest batch that the model's shapes allow. */
static PraxiGraph *
widen_as_asked (PraxiTrainable *trainable, PraxiGraph *graph, int batch)
{
  PraxiGraph *wide = batch > 1 ? widen (trainable, graph, batch) : NULL;
  trainable->batch = wide != NULL ? batch : 1;
  return wide != NULL ? wide : praxi_graph_ref (graph);
}

static gboolean
build (PraxiTrainable *trainable,
       PraxiModel *model,
       const PraxiTrainableOptions *options,
       GError **error)
{
  const gboolean is_logits = praxi_model_spec (model)->is_logits;
  PraxiNode *decision = praxi_loss_decision (trainable->step, is_logits);
  if (decision == NULL)
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED,
                             "cannot train this model: no softmax or sigmoid makes its scores");
  trainable->decide = praxi_graph_copy (trainable->step);
  g_array_set_size (trainable->decide->outputs, 0);
  g_array_append_val (trainable->decide->outputs, decision->out[0]);
  praxi_graph_prune (trainable->decide);
  add_masks (trainable, trainable->step);
  trainable->keeps_all = options->keep_all;
  trainable->has_teacher = options->temperature > 0;
  return build_step (trainable, decision, options, error);
}

PraxiTrainable *
praxi_trainable_new (PraxiModel *model, const PraxiTrainableOptions *options, GError **error)
{
  const PraxiTrainableOptions none = {0};
  options = options != NULL ? options : &none;
  g_autoptr (PraxiTrainable) trainable = g_new0 (PraxiTrainable, 1);
  trainable->params = g_ptr_array_new_with_free_func (param_free);
  trainable->dropout = options->dropout;
  g_autoptr (PraxiGraph) graph = praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, error);
  if (graph == NULL)
    return NULL;
  const guint n_inputs = graph->inputs->len;
  praxi_trainable_take (graph, options, trainable->params);
  if (trainable->params->len == 0) {
    praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED,
                      "nothing in this model can learn: it has no convolutions or matrix products");
    return NULL;
  }
  cut (trainable, graph, n_inputs);
  trainable->step = widen_as_asked (trainable, graph, options->batch);
  if (!build (trainable, model, options, error))
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
