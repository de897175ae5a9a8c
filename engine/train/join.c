#include "engine/train/join.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/events.h"
#include "engine/model/flow-net.h"
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

static int
find_class (const PraxiModelSpec *spec, const char *name)
{
  for (int c = 0; c < spec->n_classes; c++)
    if (g_str_equal (spec->classes[c], name))
      return c;
  return -1;
}

/* Whether a knows the background and some of the events of b. */
static gboolean
has_some_classes_of (const PraxiModelSpec *a, const PraxiModelSpec *b)
{
  gboolean good = a->n_classes > 1 && !a->is_logits && praxi_events_is_background (a->classes[0]);
  for (int c = 0; good && c < a->n_classes; c++)
    good = c == 0 ? find_class (b, a->classes[c]) == 0 : find_class (b, a->classes[c]) > 0;
  return good;
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
check (PraxiModel *const *models, int n, gboolean mirrors, GError **error)
{
  const PraxiModelSpec *first = praxi_model_spec (models[0]);
  for (int i = 0; i < n; i++) {
    const PraxiModelSpec *spec = praxi_model_spec (models[i]);
    PraxiNode *decision;
    g_autoptr (PraxiGraph) graph = praxi_graph_copy (praxi_model_graph (models[i]));
    if (spec == NULL || graph->inputs->len != 1 || graph->outputs->len < 1)
      return fail (models[i], "says nothing of its classes and input", error);
    const gboolean has_all = has_classes_of (spec, first);
    if (!has_all && !has_some_classes_of (spec, first))
      return fail (models[i], "has other classes than the first model", error);
    if (!sees_input_of (spec, first) || spec->is_logits != first->is_logits)
      return fail (models[i], "does not see what the first model sees", error);
    if (logits_of (graph, spec->is_logits, &decision) < 0)
      return fail (models[i], "no softmax or sigmoid makes its scores", error);
    if (mirrors && praxi_graph_find (graph, PRAXI_MAPS_VALUE) < 0)
      return fail (models[i], "does not begin with the motion stem, so nothing can be mirrored",
                   error);
    if (!has_all && decision->op.kind != PRAXI_OP_SIGMOID)
      return fail (models[i], "knows less than the first model, and no sigmoid decides", error);
    if (has_all && !spec->is_logits && !decides_alike (models[0], models[i]))
      return fail (models[i], "makes its scores of logits in another way than the first model",
                   error);
  }
  return TRUE;
}

/* Adds what makes a model's logits. mirrored: the maps to read instead of the model's own; −1
 * Returns the value of the logits.
 */
static int
add_logits (PraxiGraph *joined, PraxiModel *model, int mirrored)
{
  PraxiNode *decision;
  g_autoptr (PraxiGraph) from = praxi_graph_copy (praxi_model_graph (model));
  const int logits = logits_of (from, praxi_model_spec (model)->is_logits, &decision);
  g_array_set_size (from->outputs, 0);
  g_array_append_val (from->outputs, logits);
  praxi_graph_prune (from);
  g_autofree int *numbers = number_inputs (joined, from);
  praxi_graph_merge (joined, from, numbers);
  const int maps = mirrored >= 0 ? praxi_graph_find (from, PRAXI_MAPS_VALUE) : -1;
  if (maps < 0)
    return numbers[g_array_index (from->outputs, int, 0)];
  /* Once more behind other maps, with the weights that are there now. */
  g_autofree int *again = number_inputs (joined, from);
  for (guint i = 0; i < from->values->len; i++)
    if (praxi_graph_value (from, (int) i)->bytes != NULL)
      again[i] = numbers[i];
  again[maps] = mirrored;
  praxi_graph_merge (joined, from, again);
  return again[g_array_index (from->outputs, int, 0)];
}

/* a op b under a name of its own. Returns the value. */
static int
combine (PraxiGraph *graph, const PraxiOp *op, int a, int b, const char *stem)
{
  g_autofree char *name = praxi_graph_unused_name (graph, stem);
  const int out = praxi_graph_add_value (graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (graph, name, op, (int[2]){a, b}, 2, &out, 1);
  return out;
}

/* data: as many as tensor needs */
static int
constant (PraxiGraph *graph, const PraxiTensor *tensor, const void *data, const char *stem)
{
  gsize size = 0;
  praxi_tensor_bytes (tensor, &size);
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autofree char *name = praxi_graph_unused_name (graph, stem);
  return praxi_graph_add_constant (graph, name, tensor, bytes);
}

/* Logits of some events, put where those of the first model stand; 0 for the others. */
static int
spread (PraxiGraph *graph, const PraxiModelSpec *spec, const PraxiModelSpec *first, int logits)
{
  const int n = spec->n_classes - 1, n_all = first->n_classes - 1;
  g_autofree float *places = g_new0 (float, (gsize) n *(gsize) n_all);
  for (int k = 0; k < n; k++)
    places[k * n_all + find_class (first, spec->classes[k + 1]) - 1] = 1;
  const PraxiTensor tensor = {.dtype = PRAXI_F32, .rank = 2, .dims = {n, n_all}};
  return combine (graph, &(PraxiOp){.kind = PRAXI_OP_MATMUL}, logits,
                  constant (graph, &tensor, places, "joined/places"), "joined/spread");
}

/* The mean of what the models say, of each event over those that know it; logits: [n_logits], those
 * of all models once or, with mirror images, twice.
 */
static int
add_mean (PraxiGraph *graph, PraxiModel *const *models, int n, const int *logits, int n_logits)
{
  const PraxiModelSpec *first = praxi_model_spec (models[0]);
  g_autofree float *parts = g_new0 (float, first->n_classes + 1);
  int sum = -1;
  gboolean all_know = TRUE;
  for (int i = 0; i < n_logits; i++) {
    const PraxiModelSpec *spec = praxi_model_spec (models[i % n]);
    const gboolean knows = has_classes_of (spec, first);
    const int own = knows ? logits[i] : spread (graph, spec, first, logits[i]);
    sum = sum < 0 ? own : combine (graph, &(PraxiOp){.kind = PRAXI_OP_ADD}, sum, own, "joined/sum");
    for (int c = 1; c < first->n_classes; c++)
      parts[c - 1] += find_class (spec, first->classes[c]) >= 0 ? 1 : 0;
    all_know = all_know && knows;
  }
  for (int k = 0; k < first->n_classes - 1; k++)
    parts[k] = 1 / parts[k];
  const PraxiTensor each = {.dtype = PRAXI_F32, .rank = 1, .dims = {first->n_classes - 1}};
  const float part = 1 / (float) n_logits;
  const int by = all_know
                     ? constant (graph, &(PraxiTensor){.dtype = PRAXI_F32}, &part, "joined/part")
                     : constant (graph, &each, parts, "joined/part");
  return combine (graph, &(PraxiOp){.kind = PRAXI_OP_MUL}, sum, by, "joined/mean");
}

/* Maps [P,6,h,w] of the motion in a mirror: the columns the other way round; what goes to the right
 * goes to the left, and what turns turns the other way. Returns the value.
 */
static int
add_mirror (PraxiGraph *graph, const PraxiModelSpec *spec)
{
  static const float signs[PRAXI_FLOW_MAPS] = {-1, 1, 1, 1, 1, -1};
  const gint64 width = spec->width / 4;
  g_autofree gint64 *columns = g_new (gint64, width + 1);
  for (gint64 x = 0; x < width; x++)
    columns[x] = width - 1 - x;
  const PraxiTensor row = {.dtype = PRAXI_S64, .rank = 1, .dims = {width}};
  const PraxiTensor maps = {.dtype = PRAXI_F32, .rank = 4, .dims = {1, PRAXI_FLOW_MAPS, 1, 1}};
  const int order = constant (graph, &row, columns, "mirror/columns");
  const int turned = combine (graph, &(PraxiOp){.kind = PRAXI_OP_GATHER, .axis = 3},
                              praxi_graph_find (graph, PRAXI_MAPS_VALUE), order, "mirror/turned");
  return combine (graph, &(PraxiOp){.kind = PRAXI_OP_MUL}, turned,
                  constant (graph, &maps, signs, "mirror/signs"), "mirror/maps");
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

/* Adds the logits of all models but the first, whose own are there, then those of their mirror
 * images. logits: [n or 2 n]. Returns how many there are.
 */
static int
add_all (PraxiGraph *joined, PraxiModel *const *models, int n, gboolean mirrors, int *logits)
{
  for (int i = 1; i < n; i++)
    logits[i] = add_logits (joined, models[i], -1);
  if (!mirrors)
    return n;
  const int mirrored = add_mirror (joined, praxi_model_spec (models[0]));
  for (int i = 0; i < n; i++)
    logits[n + i] = add_logits (joined, models[i], mirrored);
  return 2 * n;
}

PraxiGraph *
praxi_join (PraxiModel *const *models, int n, gboolean mirrors, GError **error)
{
  if (!check (models, n, mirrors, error))
    return NULL;
  g_autoptr (PraxiGraph) joined = praxi_graph_copy (praxi_model_graph (models[0]));
  g_autofree int *logits = g_new (int, 2 * n);
  g_autoptr (GPtrArray) tail = g_ptr_array_new ();
  PraxiNode *decision;
  guint at = joined->nodes->len;
  logits[0] = logits_of (joined, praxi_model_spec (models[0])->is_logits, &decision);
  if (decision != NULL)
    g_ptr_array_find (joined->nodes, decision, &at);
  /* The decision and what follows it wait until all logits are there. */
  while (joined->nodes->len > at)
    g_ptr_array_add (tail, g_ptr_array_steal_index (joined->nodes, at));
  const int n_logits = add_all (joined, models, n, mirrors, logits);
  const int mean = add_mean (joined, models, n, logits, n_logits);
  if (decision != NULL)
    decision->in[0] = mean;
  else
    put_out (joined, mean);
  for (guint i = 0; i < tail->len; i++)
    g_ptr_array_add (joined->nodes, tail->pdata[i]);
  return praxi_graph_sort (joined, error) ? g_steal_pointer (&joined) : NULL;
}
