#include "engine/train/loss.h"

#include "engine/core/error.h"

#define SURE 1e-6f

typedef struct {
  PraxiGraph *graph;
  int next; /* of the names made up */
} Loss;

static int
add (Loss *loss, const PraxiOp *op, int a, int b)
{
  g_autofree char *name =
      g_strdup_printf (PRAXI_LOSS_PREFIX "%d/%s", loss->next++, praxi_op_name (op->kind));
  const int out = praxi_graph_add_value (loss->graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (loss->graph, name, op, (int[2]){a, b}, b < 0 ? 1 : 2, &out, 1);
  return out;
}

static int
unary (Loss *loss, PraxiOpKind kind, int a)
{
  return add (loss, &(PraxiOp){.kind = kind}, a, -1);
}

static int
binary (Loss *loss, PraxiOpKind kind, int a, int b)
{
  return add (loss, &(PraxiOp){.kind = kind}, a, b);
}

static int
times (Loss *loss, int a, int b)
{
  return binary (loss, PRAXI_OP_MUL, a, b);
}

static int
number (Loss *loss, double value)
{
  const float number = (float) value;
  g_autofree char *name = g_strdup_printf (PRAXI_LOSS_PREFIX "%d/number", loss->next++);
  g_autoptr (GBytes) bytes = g_bytes_new (&number, sizeof number);
  return praxi_graph_add_constant (loss->graph, name, &(PraxiTensor){.dtype = PRAXI_F32}, bytes);
}

static int
power (Loss *loss, int a, double exponent)
{
  return binary (loss, PRAXI_OP_POW, a, number (loss, exponent));
}

static int
less_from_one (Loss *loss, int a)
{
  return binary (loss, PRAXI_OP_SUB, number (loss, 1), a);
}

static int
clamped (Loss *loss, int p)
{
  const PraxiOp op = {
      .kind = PRAXI_OP_CLIP, .alpha = SURE, .beta = 1 - SURE, .has_min = true, .has_max = true};
  return add (loss, &op, p, -1);
}

static int
add_input (Loss *loss, const char *name, int like)
{
  PraxiTensor tensor = praxi_graph_value (loss->graph, like)->tensor;
  tensor.data = NULL;
  praxi_tensor_set_row_major (&tensor);
  const int value = praxi_graph_add_value (loss->graph, name, &tensor);
  g_array_append_val (loss->graph->inputs, value);
  return value;
}

/* d = p − y; |d|^γ d + γ |d|^(γ−1) sign (d) p (1 − p) CE, of the loss |d|^γ CE with
 * CE = −y log p − (1 − y) log (1 − p)
 */
static int
focal_sigmoid (Loss *loss, int decision, int target, double gamma)
{
  const int p = clamped (loss, decision), d = binary (loss, PRAXI_OP_SUB, p, target);
  const int rest = less_from_one (loss, p);
  const int size = binary (loss, PRAXI_OP_MAX, unary (loss, PRAXI_OP_ABS, d), number (loss, SURE));
  const int yes = times (loss, target, unary (loss, PRAXI_OP_LOG, p));
  const int no = times (loss, less_from_one (loss, target), unary (loss, PRAXI_OP_LOG, rest));
  const int entropy = unary (loss, PRAXI_OP_NEG, binary (loss, PRAXI_OP_ADD, yes, no));
  const int slope = times (loss, times (loss, p, rest), entropy);
  const int along = times (loss, times (loss, power (loss, size, gamma - 2), number (loss, gamma)),
                           times (loss, d, slope));
  return binary (loss, PRAXI_OP_ADD, times (loss, power (loss, size, gamma), d), along);
}

/* h − p Σ h with h = y (γ (1 − p)^(γ−1) p log p − (1 − p)^γ), of the loss −Σ y (1 − p)^γ log p */
static int
focal_softmax (Loss *loss, int decision, int target, double gamma)
{
  const int p = clamped (loss, decision), rest = less_from_one (loss, p);
  const int log = times (loss, p, unary (loss, PRAXI_OP_LOG, p));
  const int first =
      times (loss, times (loss, power (loss, rest, gamma - 1), number (loss, gamma)), log);
  const int h = times (loss, target, binary (loss, PRAXI_OP_SUB, first, power (loss, rest, gamma)));
  const PraxiTensor *tensor = &praxi_graph_value (loss->graph, decision)->tensor;
  const PraxiOp sum = {
      .kind = PRAXI_OP_REDUCE_SUM, .n_axes = 1, .axes = {tensor->rank - 1}, .keepdims = true};
  return binary (loss, PRAXI_OP_SUB, h, times (loss, p, add (loss, &sum, h, -1)));
}

/* T (decision of logits / T − soft) */
static int
soft_part (Loss *loss, const PraxiNode *decision, double temperature)
{
  const int soft = add_input (loss, "soft", decision->out[0]);
  const int weight = add_input (loss, "soft weight", decision->out[0]);
  const int cooled = times (loss, decision->in[0], number (loss, 1 / temperature));
  const int off = binary (loss, PRAXI_OP_SUB, add (loss, &decision->op, cooled, -1), soft);
  return times (loss, times (loss, off, number (loss, temperature)), weight);
}

PraxiNode *
praxi_loss_decision (PraxiGraph *graph, gboolean is_logits)
{
  for (guint i = graph->nodes->len; i-- > 0 && !is_logits;) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind == PRAXI_OP_SIGMOID || node->op.kind == PRAXI_OP_SOFTMAX)
      return node;
  }
  if (!is_logits)
    return NULL;
  const int scores = g_array_index (graph->outputs, int, 0);
  PraxiTensor tensor = praxi_graph_value (graph, scores)->tensor;
  const PraxiOp op = {.kind = PRAXI_OP_SOFTMAX, .axis = tensor.rank - 1};
  tensor.data = NULL;
  const int out = praxi_graph_add_value (graph, "softmax of scores", &tensor);
  return praxi_graph_add_node (graph, "softmax of scores", &op, &scores, 1, &out, 1);
}

PraxiGradientSeed
praxi_loss_add (PraxiGraph *graph, const PraxiNode *decision, const PraxiTrainableOptions *options)
{
  Loss loss = {.graph = graph};
  const gboolean is_exclusive = decision->op.kind == PRAXI_OP_SOFTMAX;
  const int p = decision->out[0];
  const int target = add_input (&loss, "target", p), weight = add_input (&loss, "weight", p);
  const int off = options->focal <= 0 ? binary (&loss, PRAXI_OP_SUB, p, target)
                  : is_exclusive      ? focal_softmax (&loss, p, target, options->focal)
                                      : focal_sigmoid (&loss, p, target, options->focal);
  int gradient = times (&loss, off, weight);
  if (options->temperature > 0)
    gradient =
        binary (&loss, PRAXI_OP_ADD, gradient, soft_part (&loss, decision, options->temperature));
  return (PraxiGradientSeed){.value = decision->in[0], .gradient = gradient};
}

gboolean
praxi_loss_add_hints (PraxiGraph *graph, const char *const *names, GArray *seeds, GError **error)
{
  Loss loss = {.graph = graph, .next = 1000};
  const guint first = seeds->len;
  for (int i = 0; names != NULL && names[i] != NULL; i++) {
    const int value = praxi_graph_find (graph, names[i]);
    g_autofree char *name = g_strconcat ("hint/", names[i], NULL);
    if (value < 0) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                   "the model has no value '%s' that a teacher could give", names[i]);
      return FALSE;
    }
    const PraxiGradientSeed seed = {
        value, binary (&loss, PRAXI_OP_SUB, value, add_input (&loss, name, value))};
    g_array_append_val (seeds, seed);
  }
  if (seeds->len == first)
    return TRUE;
  const PraxiTensor scalar = {.dtype = PRAXI_F32};
  const int weight = praxi_graph_add_value (graph, "hint weight", &scalar);
  g_array_append_val (graph->inputs, weight);
  for (guint i = first; i < seeds->len; i++) {
    PraxiGradientSeed *seed = &g_array_index (seeds, PraxiGradientSeed, i);
    seed->gradient = times (&loss, seed->gradient, weight);
  }
  return TRUE;
}
