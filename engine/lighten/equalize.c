#include "engine/lighten/equalize.h"

#include <math.h>

/* A channel's range grows at most so much; one that is always 0 stays. */
#define LEAST_FACTOR 0.02f

static int
only_reader (const PraxiQuantizePlan *plan, int value)
{
  int number = -1;
  for (int i = 0; i < plan->n_nodes && plan->uses[value] == 1; i++) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] == value)
        number = i;
  }
  return number;
}

/* Depthwise or dense: in groups between it is not clear which weights read a channel. */
static gboolean
can_be_second (const PraxiQuantizePlan *plan, int number)
{
  const PraxiNode *node = praxi_graph_node (plan->graph, number);
  const PraxiTensor *w = &praxi_graph_value (plan->graph, node->in[1])->tensor;
  return node->op.window.group == 1 || (w->dims[1] == 1 && w->dims[0] == node->op.window.group);
}

GArray *
praxi_equalize_pairs (const PraxiQuantizePlan *plan)
{
  GArray *pairs = g_array_new (FALSE, FALSE, sizeof (PraxiConvPair));
  for (int i = 0; i < plan->n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (plan->graph, i);
    if (node->op.kind != PRAXI_OP_CONV || !plan->is_int8[i])
      continue;
    PraxiConvPair pair = {.first = i, .value = node->out[0]};
    int next = only_reader (plan, pair.value);
    while (next >= 0 && praxi_graph_node (plan->graph, next)->op.kind == PRAXI_OP_RELU) {
      pair.value = praxi_graph_node (plan->graph, next)->out[0];
      next = only_reader (plan, pair.value);
    }
    if (next < 0 || praxi_graph_node (plan->graph, next)->op.kind != PRAXI_OP_CONV ||
        !plan->is_int8[next] || !can_be_second (plan, next))
      continue;
    pair.second = next;
    g_array_append_val (pairs, pair);
  }
  return pairs;
}

static float *
own_copy (PraxiGraph *graph, int value, gsize *n)
{
  PraxiValue *constant = praxi_graph_value (graph, value);
  gsize bytes;
  float *copy = g_memdup2 (constant->tensor.data, g_bytes_get_size (constant->bytes));
  bytes = g_bytes_get_size (constant->bytes);
  g_bytes_unref (constant->bytes);
  constant->bytes = g_bytes_new_take (copy, bytes);
  constant->tensor.data = copy;
  *n = bytes / sizeof *copy;
  return copy;
}

/* Peaks of all channels meet at the largest where the second has a scale of its own for each
 * (depthwise), half-way there where it has not: what the activations gain the weights lose.
 */
static float
factor_of (float peak, float largest, gboolean is_depthwise)
{
  if (!(peak > 0) || !(largest > 0))
    return 1;
  const float ratio = peak / largest;
  return CLAMP (is_depthwise ? ratio : sqrtf (ratio), LEAST_FACTOR, 1);
}

void
praxi_equalize_pair (PraxiQuantizePlan *plan, const PraxiConvPair *pair, const float *peaks)
{
  PraxiGraph *graph = plan->graph;
  const PraxiNode *first = praxi_graph_node (graph, pair->first);
  const PraxiNode *second = praxi_graph_node (graph, pair->second);
  const PraxiTensor *w2_shape = &praxi_graph_value (graph, second->in[1])->tensor;
  const gsize channels = (gsize) praxi_graph_value (graph, first->in[1])->tensor.dims[0];
  const gboolean is_depthwise = second->op.window.group > 1;
  gsize n1, n2, n_bias = 0;
  float *w1 = own_copy (graph, first->in[1], &n1), *w2 = own_copy (graph, second->in[1], &n2);
  float *bias =
      first->n_in > 2 && first->in[2] >= 0 ? own_copy (graph, first->in[2], &n_bias) : NULL;
  const gsize per_output = (gsize) w2_shape->dims[1];
  const gsize window = n2 / (gsize) (w2_shape->dims[0] * w2_shape->dims[1]);
  float largest = 0;
  for (gsize c = 0; c < channels; c++)
    largest = MAX (largest, peaks[c]);
  for (gsize i = 0; i < n1; i++)
    w1[i] /= factor_of (peaks[i / (n1 / channels)], largest, is_depthwise);
  for (gsize c = 0; bias != NULL && c < channels; c++)
    bias[c] /= factor_of (peaks[c], largest, is_depthwise);
  for (gsize i = 0; i < n2; i++) {
    const gsize c = is_depthwise ? i / window : i / window % per_output;
    w2[i] *= factor_of (peaks[c], largest, is_depthwise);
  }
}
