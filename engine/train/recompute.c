#include "engine/train/recompute.h"

#include <math.h>
#include <string.h>

enum { SMALL = 1024 /* numbers that are not worth it */ };
#define COPY_PREFIX "again/" /* of the names of copies */
#define LARGEST_PART 0.5     /* of all bytes that derivatives read */
#define SMALLEST_PART 0.02
#define PART_STEP 0.75
#define MOST_WORK 0.7   /* of the multiply-adds that are done twice */
#define LEAST_GAIN 0.98 /* smaller parts cost more time */

/* The rest of the nodes are derivatives. */
typedef struct {
  PraxiGraph *graph;
  int n_forward;        /* the first ones, and with them copies of theirs */
  gboolean *is_forward; /* [nodes] of then */
  int *makers;          /* forward node of each value that was there at first; −1 for none */
  int n_values;         /* of then */
  int *copies;          /* of each value its second copy; −1 for none yet */
  gboolean *kept;       /* values that derivatives read as they are */
  gboolean *read;       /* values that derivatives read */
  GPtrArray *nodes;
} Recompute;

static gboolean
is_small (const Recompute *r, int value)
{
  int64_t count = 0;
  const PraxiTensor *tensor = &praxi_graph_value (r->graph, value)->tensor;
  return tensor->rank >= 0 && praxi_tensor_count (tensor, &count) == PRAXI_OK && count < SMALL;
}

static double
bytes_of (const Recompute *r, int value)
{
  gsize bytes = 0;
  praxi_tensor_bytes (&praxi_graph_value (r->graph, value)->tensor, &bytes);
  return (double) bytes;
}

static gboolean
is_made (const Recompute *r, int value)
{
  return value >= 0 && value < r->n_values && r->makers[value] >= 0;
}

static void
begin (Recompute *r, PraxiGraph *graph, int n_forward)
{
  const int n_values = (int) graph->values->len;
  *r = (Recompute){.graph = graph,
                   .n_forward = MIN (n_forward, (int) graph->nodes->len),
                   .n_values = n_values,
                   .is_forward = g_new0 (gboolean, graph->nodes->len + 1),
                   .makers = g_new (int, n_values + 1),
                   .copies = g_new (int, n_values + 1),
                   .kept = g_new0 (gboolean, n_values + 1),
                   .read = g_new0 (gboolean, n_values + 1),
                   .nodes = g_ptr_array_new ()};
  for (int v = 0; v < n_values; v++)
    r->makers[v] = r->copies[v] = -1;
  for (int i = 0; i < (int) graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, i);
    const gboolean is_forward = r->is_forward[i] =
        i < r->n_forward || g_str_has_prefix (node->name, COPY_PREFIX);
    for (int j = 0; j < node->n_out && is_forward; j++)
      if (node->out[j] >= 0)
        r->makers[node->out[j]] = i;
    for (int j = 0; j < node->n_in && !is_forward; j++)
      if (node->in[j] >= 0)
        r->read[node->in[j]] = TRUE;
  }
}

/* --- copies --------------------------------------------------------------------------------- */

static int copy_of (Recompute *r, int value);

/* Normalization by the batch that puts its statistics out is, by those, as cheap as an activation.
 */
static gboolean
has_statistics (const PraxiNode *node)
{
  return node->op.kind == PRAXI_OP_BATCH_NORM && node->op.training_mode && node->n_out == 3 &&
         node->op.alpha == 0 && node->out[1] >= 0 && node->out[2] >= 0;
}

static void
copy_node (Recompute *r, const PraxiNode *node)
{
  const gboolean is_norm = has_statistics (node);
  const int n_out = is_norm ? 1 : node->n_out;
  g_autofree int *in = g_new (int, node->n_in + 1), *out = g_new (int, node->n_out + 1);
  for (int j = 0; j < node->n_in; j++)
    in[j] = is_norm && j > 2 ? node->out[j - 2] : copy_of (r, node->in[j]);
  for (int j = 0; j < n_out; j++) {
    out[j] = -1;
    if (node->out[j] < 0)
      continue;
    g_autofree char *name =
        g_strconcat (COPY_PREFIX, praxi_graph_value (r->graph, node->out[j])->name, NULL);
    const PraxiTensor tensor = praxi_graph_value (r->graph, node->out[j])->tensor;
    out[j] = praxi_graph_add_value (r->graph, name, &tensor);
    r->copies[node->out[j]] = out[j];
  }
  g_autofree char *name = g_strconcat (COPY_PREFIX, node->name, NULL);
  PraxiOp op = node->op;
  op.training_mode = op.training_mode && !is_norm;
  PraxiNode *copy = praxi_node_new (name, &op, in, node->n_in, out, n_out);
  if (node->owned != NULL) {
    copy->owned = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
    for (guint i = 0; i < node->owned->len; i++)
      g_ptr_array_add (copy->owned, g_bytes_ref (node->owned->pdata[i]));
  }
  g_ptr_array_add (r->nodes, copy);
}

/* The value as derivatives shall read it: itself where it is kept, else computed again. */
static int
copy_of (Recompute *r, int value)
{
  if (!is_made (r, value) || r->kept[value])
    return value;
  if (r->copies[value] < 0)
    copy_node (r, praxi_graph_node (r->graph, r->makers[value]));
  return r->copies[value];
}

/* Puts copies in front of the derivatives that read what is not kept. */
static void
rewrite (Recompute *r)
{
  PraxiGraph *graph = r->graph;
  const int n_all = (int) graph->nodes->len;
  for (int i = 0; i < n_all; i++) {
    PraxiNode *node = praxi_graph_node (graph, i);
    for (int j = 0; j < node->n_in && !r->is_forward[i]; j++)
      node->in[j] = copy_of (r, node->in[j]);
    g_ptr_array_add (r->nodes, node);
  }
  g_ptr_array_set_free_func (graph->nodes, NULL);
  g_ptr_array_set_size (graph->nodes, 0);
  g_ptr_array_set_free_func (graph->nodes, (GDestroyNotify) praxi_node_free);
  for (guint i = 0; i < r->nodes->len; i++)
    g_ptr_array_add (graph->nodes, r->nodes->pdata[i]);
  g_ptr_array_unref (r->nodes);
  g_free (r->is_forward);
  g_free (r->makers);
  g_free (r->copies);
  g_free (r->kept);
  g_free (r->read);
}

static void
keep_outputs (Recompute *r)
{
  for (guint i = 0; i < r->graph->outputs->len; i++)
    r->kept[g_array_index (r->graph->outputs, int, i)] = TRUE;
}

/* --- what costs next to nothing ------------------------------------------------------------- */

static gboolean
is_cheap (const PraxiNode *node)
{
  switch (node->op.kind) {
  case PRAXI_OP_RELU:
  case PRAXI_OP_HARD_SWISH:
  case PRAXI_OP_CLIP:
  case PRAXI_OP_MUL:
  case PRAXI_OP_DEQUANTIZE_LINEAR:
  case PRAXI_OP_TRANSPOSE:
  case PRAXI_OP_RESHAPE:
    return TRUE;
  case PRAXI_OP_BATCH_NORM:
    return !node->op.training_mode || has_statistics (node);
  default:
    return FALSE;
  }
}

/* Whether nothing has to be kept for longer so that the node can run again. */
static gboolean
can_run_again (const Recompute *r, const PraxiNode *node, const gboolean *cheap)
{
  for (int j = 0; j < node->n_in; j++) {
    const int value = node->in[j];
    if (is_made (r, value) && !cheap[value] && !is_small (r, value) && !r->read[value])
      return FALSE;
  }
  return is_cheap (node);
}

/* Of each value whether it is so. */
static gboolean *
find_cheap (const Recompute *r)
{
  gboolean *cheap = g_new0 (gboolean, r->n_values + 1);
  for (int i = 0; i < (int) r->graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (r->graph, i);
    const int out = r->is_forward[i] ? node->out[0] : -1;
    if (out >= 0 && !is_small (r, out))
      cheap[out] = can_run_again (r, node, cheap);
  }
  return cheap;
}

void
praxi_recompute_cheap (PraxiGraph *graph, int n_forward)
{
  Recompute r;
  begin (&r, graph, n_forward);
  g_autofree gboolean *cheap = find_cheap (&r);
  for (int v = 0; v < r.n_values; v++)
    r.kept[v] = !cheap[v];
  keep_outputs (&r);
  rewrite (&r);
}

/* --- parts ---------------------------------------------------------------------------------- */

/* Costs of cutting behind each forward node. */
typedef struct {
  int n;
  double *passing; /* [n + 1]: bytes that pass between node i − 1 and node i; 0 at both ends */
  double *made;    /* [n + 1]: bytes that the nodes before i make and derivatives want */
} Costs;

static void
find_costs (const Recompute *r, Costs *costs)
{
  const int n = costs->n = r->n_forward;
  g_autofree int *last = g_new (int, r->n_values + 1);
  costs->passing = g_new0 (double, n + 1);
  costs->made = g_new0 (double, n + 1);
  for (int v = 0; v < r->n_values; v++)
    last[v] = -1;
  for (int i = 0; i < n; i++) {
    const PraxiNode *node = praxi_graph_node (r->graph, i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0)
        last[node->in[j]] = i;
  }
  for (int v = 0; v < r->n_values; v++) {
    if (r->makers[v] < 0 || is_small (r, v) || r->kept[v])
      continue;
    for (int i = r->makers[v] + 1; i <= last[v]; i++)
      costs->passing[i] += bytes_of (r, v);
    for (int i = r->makers[v] + 1; i <= n && r->read[v]; i++)
      costs->made[i] += bytes_of (r, v);
  }
}

/* The cuts with which least passes while no part makes more than `most`: of each place the cut
 * before it. Returns the bytes that pass, ∞ where a single node makes more.
 */
static double
cut_within (const Costs *costs, double most, double *passed, int *before)
{
  passed[0] = 0;
  for (int i = 1; i <= costs->n; i++) {
    passed[i] = INFINITY;
    before[i] = i - 1;
    for (int j = i - 1; j >= 0 && costs->made[i] - costs->made[j] <= most; j--)
      if (passed[j] + costs->passing[i] < passed[i]) {
        passed[i] = passed[j] + costs->passing[i];
        before[i] = j;
      }
  }
  return passed[costs->n];
}

/* Multiply-adds of a convolution; 0 of anything else. */
static double
work_of (const Recompute *r, const PraxiNode *node)
{
  int64_t out = 0, weights = 0;
  if (node->op.kind != PRAXI_OP_CONV || node->out[0] < 0)
    return 0;
  const PraxiTensor *weight = &praxi_graph_value (r->graph, node->in[1])->tensor;
  praxi_tensor_count (&praxi_graph_value (r->graph, node->out[0])->tensor, &out);
  praxi_tensor_count (weight, &weights);
  return (double) out * (double) weights / (double) MAX (weight->dims[0], 1);
}

typedef struct {
  int value;
  double work, per_byte;
} Heavy;

static gint
compare_heavy (gconstpointer a, gconstpointer b)
{
  const double x = ((const Heavy *) a)->per_byte, y = ((const Heavy *) b)->per_byte;
  return (x < y) - (x > y);
}

/* Keeps what is small for the work that it is, until the rest is little enough to be done twice. */
static void
keep_heavy (Recompute *r)
{
  double all = 0, kept = 0;
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (Heavy));
  for (int i = 0; i < r->n_forward; i++) {
    const PraxiNode *node = praxi_graph_node (r->graph, i);
    const double work = work_of (r, node);
    all += work;
    if (work <= 0)
      continue;
    const Heavy heavy = {node->out[0], work, work / MAX (bytes_of (r, node->out[0]), 1)};
    g_array_append_val (list, heavy);
  }
  g_array_sort (list, compare_heavy);
  for (guint i = 0; i < list->len && all - kept > MOST_WORK * all; i++) {
    const Heavy *heavy = &g_array_index (list, Heavy, i);
    r->kept[heavy->value] = TRUE;
    kept += heavy->work;
  }
}

/* Cuts so that no part makes more than a share of all. part_of: [n_forward], out. Returns the last
 * part; −1 where a single node makes more.
 */
static int
choose_parts (const Costs *costs, double share, int *part_of)
{
  const int n = costs->n;
  int n_parts = 0;
  g_autofree double *passed = g_new (double, n + 1);
  g_autofree int *before = g_new0 (int, n + 1);
  if (isinf (cut_within (costs, costs->made[n] * share, passed, before)))
    return -1;
  for (int i = n; i > 0; i = before[i])
    n_parts++;
  for (int i = n, part = n_parts - 1; i > 0; i = before[i], part--)
    for (int j = before[i]; j < i; j++)
      part_of[j] = part;
  return n_parts - 1;
}

/* Within a part what is cheap is once more computed again. FALSE where there are no such parts. */
static gboolean
recompute_parts (PraxiGraph *graph, int n_forward, double share)
{
  Recompute r;
  Costs costs;
  begin (&r, graph, n_forward);
  keep_heavy (&r);
  find_costs (&r, &costs);
  g_autofree int *part_of = g_new0 (int, r.n_forward + 1);
  const int last = choose_parts (&costs, share, part_of);
  for (int i = 0; i < r.n_forward && last >= 0; i++) {
    const PraxiNode *node = praxi_graph_node (graph, i);
    for (int j = 0; j < node->n_in; j++)
      if (is_made (&r, node->in[j]) && part_of[r.makers[node->in[j]]] != part_of[i])
        r.kept[node->in[j]] = TRUE;
  }
  for (int v = 0; v < r.n_values; v++)
    if (last < 0 || !is_made (&r, v) || is_small (&r, v) || part_of[r.makers[v]] == last)
      r.kept[v] = TRUE;
  keep_outputs (&r);
  rewrite (&r);
  g_free (costs.passing);
  g_free (costs.made);
  praxi_recompute_cheap (graph, n_forward);
  return last >= 0;
}

/* The most bytes of values that live at once; ∞ where the shapes do not fit. */
static double
most_alive (const PraxiGraph *graph)
{
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (graph, NULL, 0, 1, NULL);
  if (resolved == NULL)
    return INFINITY;
  const int n = (int) resolved->nodes->len;
  g_autofree double *change = g_new0 (double, n + 2);
  g_autofree int *makers = praxi_graph_makers (resolved);
  g_autofree int *last = g_new0 (int, resolved->values->len + 1);
  for (int i = 0; i < n; i++) {
    const PraxiNode *node = praxi_graph_node (resolved, i);
    for (int j = 0; j < node->n_in; j++)
      if (node->in[j] >= 0)
        last[node->in[j]] = i;
  }
  for (guint i = 0; i < resolved->outputs->len; i++)
    last[g_array_index (resolved->outputs, int, i)] = n;
  for (guint v = 0; v < resolved->values->len; v++) {
    gsize bytes = 0;
    if (makers[v] < 0)
      continue;
    praxi_tensor_bytes (&praxi_graph_value (resolved, (int) v)->tensor, &bytes);
    change[makers[v]] += (double) bytes;
    change[MAX (last[v], makers[v]) + 1] -= (double) bytes;
  }
  double now = 0, most = 0;
  for (int i = 0; i < n; i++) {
    now += change[i];
    most = MAX (most, now);
  }
  return most;
}

void
praxi_recompute (PraxiGraph *graph, int n_forward)
{
  double best = 1, least = INFINITY;
  for (double share = LARGEST_PART; share > SMALLEST_PART; share *= PART_STEP) {
    g_autoptr (PraxiGraph) tried = praxi_graph_copy (graph);
    if (!recompute_parts (tried, n_forward, share))
      break;
    const double most = most_alive (tried);
    if (most < least * LEAST_GAIN) {
      least = most;
      best = share;
    }
  }
  recompute_parts (graph, n_forward, best);
}
