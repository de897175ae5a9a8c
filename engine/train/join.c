#include "engine/train/join.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/merge.h"
#include "engine/model/spec.h"
#include "engine/train/loss.h"

static gboolean
fail (PraxiModel *model, const char *why, GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED, "%s: %s", praxi_model_name (model),
               why);
  return FALSE;
}

static gboolean
has_classes_of (const PraxiModelSpec *a, const PraxiModelSpec *b)
{
  gboolean same = a->n_classes == b->n_classes;
  for (int c = 0; same && c < a->n_classes; c++)
    same = g_str_equal (a->classes[c], b->classes[c]);
  return same;
}

static gboolean
sees_input_of (const PraxiModelSpec *a, const PraxiModelSpec *b)
{
  gboolean same = a->frames == b->frames && a->height == b->height && a->width == b->width &&
                  fabs (a->rate_hz - b->rate_hz) < 1e-9 && a->layout == b->layout &&
                  a->is_float == b->is_float;
  for (int c = 0; c < 3; c++)
    same = same && fabsf (a->mean[c] - b->mean[c]) < 1e-6f && fabsf (a->std[c] - b->std[c]) < 1e-6f;
  return same;
}

/* The value of the logits: what the decision reads, or the scores where those are logits; −1
 * without any. decision: out, NULL where the scores are logits
 */
static int
logits_of (PraxiGraph *graph, gboolean is_logits, PraxiNode **decision)
{
  *decision = is_logits ? NULL : praxi_loss_decision (graph, FALSE);
  if (is_logits)
    return g_array_index (graph->outputs, int, 0);
  return *decision != NULL ? (*decision)->in[0] : -1;
}

/* Numbers for praxi_graph_merge: of one graph's inputs in another. */
static int *
number_inputs (const PraxiGraph *into, const PraxiGraph *from)
{
  int *numbers = g_new (int, from->values->len + 1);
  for (guint i = 0; i < from->values->len; i++)
    numbers[i] = -1;
  for (guint i = 0; i < from->inputs->len; i++)
    numbers[g_array_index (from->inputs, int, i)] = g_array_index (into->inputs, int, i);
  return numbers;
}

/* Whether both make scores of logits in the same way: over the first one's logits the second one's
 * scores are the first one's.
 */
static gboolean
decides_alike (PraxiModel *first, PraxiModel *model)
{
  PraxiNode *ours, *theirs;
  g_autoptr (PraxiGraph) into = praxi_graph_copy (praxi_model_graph (first));
  g_autoptr (PraxiGraph) from = praxi_graph_copy (praxi_model_graph (model));
  const int logits = logits_of (into, FALSE, &ours),
            their_logits = logits_of (from, FALSE, &theirs);
  g_autofree int *numbers = number_inputs (into, from);
  numbers[their_logits] = logits;
  praxi_graph_merge (into, from, numbers);
  return numbers[g_array_index (from->outputs, int, 0)] == g_array_index (into->outputs, int, 0);
}

static gboolean
check (PraxiModel *const *models, int n, GError **error)
{
  const PraxiModelSpec *first = praxi_model_spec (models[0]);
  for (int i = 0; i < n; i++) {
    const PraxiModelSpec *spec = praxi_model_spec (models[i]);
    PraxiNode *decision;
    g_autoptr (PraxiGraph) graph = praxi_graph_copy (praxi_model_graph (models[i]));
    if (spec == NULL || graph->inputs->len != 1 || graph->outputs->len < 1)
      return fail (models[i], "says nothing of its classes and input", error);
    if (!has_classes_of (spec, first))
      return fail (models[i], "has other classes than the first model", error);
    if (!sees_input_of (spec, first) || spec->is_logits != first->is_logits)
      return fail (models[i], "does not see what the first model sees", error);
    if (logits_of (graph, spec->is_logits, &decision) < 0)
      return fail (models[i], "no softmax or sigmoid makes its scores", error);
    if (!spec->is_logits && !decides_alike (models[0], models[i]))
      return fail (models[i], "makes its scores of logits in another way than the first model",
                   error);
  }
  return TRUE;
}

/* Adds what makes a model's logits. Returns their value. */
static int
add_logits (PraxiGraph *joined, PraxiModel *model)
{
  PraxiNode *decision;
  g_autoptr (PraxiGraph) from = praxi_graph_copy (praxi_model_graph (model));
  const int logits = logits_of (from, praxi_model_spec (model)->is_logits, &decision);
  g_array_set_size (from->outputs, 0);
  g_array_append_val (from->outputs, logits);
  praxi_graph_prune (from);
  g_autofree int *numbers = number_inputs (joined, from);
  praxi_graph_merge (joined, from, numbers);
  return numbers[g_array_index (from->outputs, int, 0)];
}

/* a op b under a name of its own. Returns the value. */
static int
combine (PraxiGraph *graph, PraxiOpKind kind, int a, int b, const char *stem)
{
  g_autofree char *name = praxi_graph_unused_name (graph, stem);
  const int out = praxi_graph_add_value (graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (graph, name, &(PraxiOp){.kind = kind}, (int[2]){a, b}, 2, &out, 1);
  return out;
}

static int
add_mean (PraxiGraph *graph, const int *logits, int n)
{
  const float part = 1 / (float) n;
  g_autoptr (GBytes) bytes = g_bytes_new (&part, sizeof part);
  g_autofree char *name = praxi_graph_unused_name (graph, "joined/part");
  int sum = logits[0];
  for (int i = 1; i < n; i++)
    sum = combine (graph, PRAXI_OP_ADD, sum, logits[i], "joined/sum");
  const int constant =
      praxi_graph_add_constant (graph, name, &(PraxiTensor){.dtype = PRAXI_F32}, bytes);
  return combine (graph, PRAXI_OP_MUL, sum, constant, "joined/mean");
}

/* The scores are what the mean is now, under the name they had. */
static void
put_out (PraxiGraph *graph, int mean)
{
  const int before = g_array_index (graph->outputs, int, 0);
  char **a = &praxi_graph_value (graph, before)->name;
  char **b = &praxi_graph_value (graph, mean)->name;
  char *name = *a;
  *a = *b;
  *b = name;
  g_array_index (graph->outputs, int, 0) = mean;
}

PraxiGraph *
praxi_join (PraxiModel *const *models, int n, GError **error)
{
  if (!check (models, n, error))
    return NULL;
  g_autoptr (PraxiGraph) joined = praxi_graph_copy (praxi_model_graph (models[0]));
  g_autofree int *logits = g_new (int, n);
  g_autoptr (GPtrArray) tail = g_ptr_array_new ();
  PraxiNode *decision;
  guint at = joined->nodes->len;
  logits[0] = logits_of (joined, praxi_model_spec (models[0])->is_logits, &decision);
  if (decision != NULL)
    g_ptr_array_find (joined->nodes, decision, &at);
  /* The decision and what follows it wait until all logits are there. */
  while (joined->nodes->len > at)
    g_ptr_array_add (tail, g_ptr_array_steal_index (joined->nodes, at));
  for (int i = 1; i < n; i++)
    logits[i] = add_logits (joined, models[i]);
  const int mean = add_mean (joined, logits, n);
  if (decision != NULL)
    decision->in[0] = mean;
  else
    put_out (joined, mean);
  for (guint i = 0; i < tail->len; i++)
    g_ptr_array_add (joined->nodes, tail->pdata[i]);
  return praxi_graph_sort (joined, error) ? g_steal_pointer (&joined) : NULL;
}
