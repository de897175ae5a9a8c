#include "engine/train/new-head.h"

#include <math.h>

#include "engine/core/error.h"
#include "engine/infer/events.h"
#include "engine/model/merge.h"
#include "engine/model/spec.h"
#include "engine/train/loss.h"
#include "engine/train/trainable-params.h"

enum { MOST_FEATURES = 256 };

static PraxiGraph *
fail (PraxiModel *model, const char *why, GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED, "%s: cannot get other classes: %s",
               praxi_model_name (model), why);
  return NULL;
}

/* An operator under a name of its own, at the graph's end. Returns its value. */
static int
add (PraxiGraph *graph, const PraxiOp *op, const int *in, int n_in, const char *stem)
{
  g_autofree char *name = praxi_graph_unused_name (graph, stem);
  const int out = praxi_graph_add_value (graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (graph, name, op, in, n_in, &out, 1);
  return out;
}

static int
constant (PraxiGraph *graph, int rank, const int64_t *dims, const float *data, const char *stem)
{
  PraxiTensor tensor = {.dtype = PRAXI_F32, .rank = rank};
  gsize size = 0;
  for (int d = 0; d < rank; d++)
    tensor.dims[d] = dims[d];
  praxi_tensor_set_row_major (&tensor);
  praxi_tensor_bytes (&tensor, &size);
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autofree char *name = praxi_graph_unused_name (graph, stem);
  return praxi_graph_add_constant (graph, name, &tensor, bytes);
}

/* What a last product reads, as [N,channels]: the mean over places commutes with a product that
 * sees one place at a time. −1 where it sees several.
 */
static int
flat_feature (PraxiGraph *graph, const PraxiNode *node, const PraxiGraph *resolved, int64_t *n)
{
  const int known = praxi_graph_find (resolved, praxi_graph_value (graph, node->in[0])->name);
  const PraxiTensor *shape = known >= 0 ? &praxi_graph_value (resolved, known)->tensor : NULL;
  const gboolean is_conv = node->op.kind == PRAXI_OP_CONV;
  if (shape == NULL || shape->dtype != PRAXI_F32 || shape->rank < 2 || node->op.transpose_a)
    return -1;
  for (int i = 0; is_conv && i < node->op.window.n_spatial; i++)
    if (node->op.window.kernel[i] != 1)
      return -1;
  PraxiOp mean = {.kind = PRAXI_OP_REDUCE_MEAN, .n_axes = shape->rank - 2};
  for (int i = 0; i < mean.n_axes; i++)
    mean.axes[i] = is_conv ? 2 + i : 1 + i;
  *n = shape->dims[is_conv ? 1 : shape->rank - 1];
  const int flat = mean.n_axes == 0 ? node->in[0] : add (graph, &mean, node->in, 1, "head/mean");
  /* Of one clip several rows: views of it, whose mean decides. */
  const PraxiOp views = {.kind = PRAXI_OP_REDUCE_MEAN, .n_axes = 1, .axes = {0}, .keepdims = true};
  return shape->dims[0] == 1 ? flat : add (graph, &views, &flat, 1, "head/views");
}

/* All that the last products read, side by side [N,n]; −1 where that is no list of numbers. */
static int
features (PraxiGraph *graph, const PraxiGraph *resolved, int64_t *n)
{
  g_autofree gboolean *heads = praxi_trainable_heads (graph);
  int all[MOST_FEATURES], seen[MOST_FEATURES], n_all = 0;
  const guint n_nodes = graph->nodes->len;
  const PraxiOp concat = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  *n = 0;
  for (guint i = 0; i < n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    int64_t channels = 0;
    gboolean is_known = !heads[i];
    for (int k = 0; k < n_all; k++)
      is_known = is_known || seen[k] == node->in[0];
    if (is_known)
      continue;
    if (n_all == MOST_FEATURES)
      return -1;
    seen[n_all] = node->in[0];
    all[n_all] = flat_feature (graph, node, resolved, &channels);
    if (all[n_all++] < 0)
      return -1;
    *n += channels;
  }
  if (n_all == 0)
    return -1;
  return n_all == 1 ? all[0] : add (graph, &concat, all, n_all, "head/features");
}

static int
linear (PraxiGraph *graph, int x, int64_t n, int n_outputs, guint32 seed)
{
  const PraxiOp op = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  const gsize count = (gsize) n * (gsize) n_outputs;
  const double most = 1 / sqrt ((double) n);
  g_autofree float *weights = g_new (float, count + 1), *bias = g_new0 (float, n_outputs);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  for (gsize i = 0; i < count; i++)
    weights[i] = (float) g_rand_double_range (random, -most, most);
  const int in[3] = {x, constant (graph, 2, (int64_t[2]){n_outputs, n}, weights, "head/weight"),
                     constant (graph, 1, (int64_t[1]){n_outputs}, bias, "head/bias")};
  return add (graph, &op, in, 3, "head/logits");
}

/* Sigmoids of the events, and in front of them one less the largest. */
static int
events_with_rest (PraxiGraph *graph, int logits)
{
  const float one = 1;
  const PraxiOp sigmoid = {.kind = PRAXI_OP_SIGMOID};
  const PraxiOp most = {.kind = PRAXI_OP_REDUCE_MAX, .n_axes = 1, .axes = {1}, .keepdims = true};
  const PraxiOp sub = {.kind = PRAXI_OP_SUB}, concat = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  const int events = add (graph, &sigmoid, &logits, 1, "head/events");
  const int in[2] = {constant (graph, 0, NULL, &one, "head/one"),
                     add (graph, &most, &events, 1, "head/most")};
  const int rest = add (graph, &sub, in, 2, "head/rest");
  return add (graph, &concat, (int[2]){rest, events}, 2, "head/scores");
}

/* The scores are what the value is now, under the name they had. */
static void
put_out (PraxiGraph *graph, int value)
{
  const int before = g_array_index (graph->outputs, int, 0);
  char **a = &praxi_graph_value (graph, before)->name;
  char **b = &praxi_graph_value (graph, value)->name;
  char *name = *a;
  *a = *b;
  *b = name;
  g_array_set_size (graph->outputs, 0);
  g_array_append_val (graph->outputs, value);
}

PraxiGraph *
praxi_new_head (PraxiModel *model, const char *const *classes, guint32 seed, GError **error)
{
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const int n = (int) g_strv_length ((char **) classes);
  const PraxiOp softmax = {.kind = PRAXI_OP_SOFTMAX, .axis = 1};
  int64_t channels = 0;
  g_autoptr (PraxiGraph) graph = praxi_graph_copy (praxi_model_graph (model));
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (graph, NULL, 0, 1, error);
  if (resolved == NULL)
    return NULL;
  const PraxiNode *decision = spec->is_logits ? NULL : praxi_loss_decision (graph, FALSE);
  if (!spec->is_logits && decision == NULL)
    return fail (model, "no softmax or sigmoid makes its scores", error);
  const gboolean has_rest = decision != NULL && decision->op.kind == PRAXI_OP_SIGMOID &&
                            praxi_events_is_background (classes[0]);
  const int x = features (graph, resolved, &channels);
  if (x < 0)
    return fail (model, "no matrix product of features makes its scores", error);
  const int logits = linear (graph, x, channels, has_rest ? n - 1 : n, seed);
  put_out (graph, has_rest          ? events_with_rest (graph, logits)
                  : spec->is_logits ? logits
                                    : add (graph, &softmax, &logits, 1, "head/scores"));
  praxi_graph_prune (graph);
  return g_steal_pointer (&graph);
}

char *
praxi_new_head_spec (PraxiModel *model, const char *const *classes)
{
  PraxiModelSpec spec = *praxi_model_spec (model);
  const int n = (int) g_strv_length ((char **) classes);
  g_autofree double *none = g_new (double, n + 1);
  g_autofree char *list = g_strjoinv (", ", (char **) classes);
  g_autofree char *step = g_strconcat ("new last layer: ", list, NULL);
  for (int i = 0; i < n; i++)
    none[i] = (double) NAN;
  spec.classes = (char **) classes;
  spec.n_classes = n;
  spec.enter = spec.exit = none;
  return praxi_model_spec_write_step (&spec, spec.name, step);
}
