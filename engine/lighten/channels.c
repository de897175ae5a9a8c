#include "engine/lighten/channels.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/fuse.h"
#include "engine/model/fold.h"

/* --- ties ----------------------------------------------------------------------------------- */

int
praxi_channels_root (const PraxiChannels *channels, int channel)
{
  const int *parents = (const int *) (void *) channels->parents->data;
  while (parents[channel] != channel)
    channel = parents[channel];
  return channel;
}

gboolean
praxi_channels_is_frozen (const PraxiChannels *channels, int channel)
{
  return g_array_index (channels->frozen, gboolean, praxi_channels_root (channels, channel));
}

int
praxi_channels_count (const PraxiChannels *channels)
{
  return (int) channels->parents->len - 1;
}

static void
tie (PraxiChannels *channels, int a, int b)
{
  const int x = praxi_channels_root (channels, a), y = praxi_channels_root (channels, b);
  if (x == 0 || y == 0 || x == y)
    return;
  const int first = MIN (x, y), second = MAX (x, y);
  g_array_index (channels->parents, int, second) = first;
  if (g_array_index (channels->frozen, gboolean, second))
    g_array_index (channels->frozen, gboolean, first) = TRUE;
}

static void
freeze (PraxiChannels *channels, int channel)
{
  const int root = praxi_channels_root (channels, channel);
  if (root != 0)
    g_array_index (channels->frozen, gboolean, root) = TRUE;
}

static int
add_channels (PraxiChannels *channels, int n)
{
  const int first = (int) channels->parents->len;
  for (int i = 0; i < n; i++) {
    const int number = first + i;
    const gboolean no = FALSE;
    g_array_append_val (channels->parents, number);
    g_array_append_val (channels->frozen, no);
  }
  return first;
}

/* --- looking around ------------------------------------------------------------------------- */

const PraxiTensor *
praxi_channels_shape (const PraxiChannels *channels, int value)
{
  const int number = value >= 0 ? channels->shape_of[value] : -1;
  return number >= 0 ? &praxi_graph_value (channels->resolved, number)->tensor : NULL;
}

static gsize
count_of (const PraxiTensor *tensor)
{
  int64_t count = 0;
  praxi_tensor_count (tensor, &count);
  return (gsize) count;
}

static gpointer
use_key (const PraxiChannels *channels, int node, int j)
{
  return GSIZE_TO_POINTER ((gsize) node * PRAXI_NODE_MAX_INPUTS + (gsize) j + 1);
}

const float *
praxi_channels_of_input (const PraxiChannels *channels, int node, int j, const PraxiTensor **shape)
{
  const PraxiNode *at = praxi_graph_node (channels->graph, node);
  const int value = j < at->n_in ? at->in[j] : -1;
  if (value < 0)
    return NULL;
  if (shape != NULL)
    *shape = praxi_channels_shape (channels, value);
  const float *of_constant = g_hash_table_lookup (channels->constants, use_key (channels, node, j));
  return of_constant != NULL ? of_constant : channels->labels[value];
}

/* Steps between neighbours along an axis of a row-major tensor. */
static gsize
inner_of (const PraxiTensor *shape, int axis)
{
  gsize inner = 1;
  for (int d = axis + 1; d < shape->rank; d++)
    inner *= (gsize) shape->dims[d];
  return inner;
}

static void
freeze_all (PraxiChannels *channels, const float *labels, gsize n)
{
  for (gsize i = 0; labels != NULL && i < n; i++)
    if (labels[i] > 0)
      freeze (channels, (int) labels[i]);
}

static void
freeze_inputs (PraxiChannels *channels, const PraxiNode *node)
{
  for (int j = 0; j < node->n_in; j++)
    if (node->in[j] >= 0 && channels->labels[node->in[j]] != NULL)
      freeze_all (channels, channels->labels[node->in[j]],
                  count_of (praxi_channels_shape (channels, node->in[j])));
}

/* The channel at index c of an axis: the only one there; different ones are tied. */
static int
channel_at (PraxiChannels *channels,
            const float *labels,
            const PraxiTensor *shape,
            int axis,
            gsize c)
{
  const gsize inner = inner_of (shape, axis), size = (gsize) shape->dims[axis];
  const gsize n = count_of (shape);
  int found = 0;
  for (gsize outer = 0; outer < n; outer += inner * size)
    for (gsize i = 0; i < inner; i++) {
      const int label = (int) labels[outer + c * inner + i];
      if (label != 0 && label != found) {
        tie (channels, label, found);
        found = label;
      }
    }
  return found;
}

/* --- operators ------------------------------------------------------------------------------ */

typedef struct {
  PraxiChannels *channels;
  int number;
  const PraxiNode *node;
  const PraxiTensor *x, *y; /* shapes of the first input and output */
  const float *in;          /* labels of the first input; NULL without any */
} Site;

static float *
new_labels (const Site *site, int j)
{
  const PraxiTensor *shape = praxi_channels_shape (site->channels, site->node->out[j]);
  return site->channels->labels[site->node->out[j]] = g_new0 (float, count_of (shape) + 1);
}

static void
label_constant (const Site *site, int j, float *labels)
{
  g_hash_table_insert (site->channels->constants, use_key (site->channels, site->number, j),
                       labels);
}

/* Labels every element of a tensor by its index along an axis. */
static void
fill_axis (float *labels, const PraxiTensor *shape, int axis, const int *channels)
{
  const gsize inner = inner_of (shape, axis), n = count_of (shape);
  for (gsize i = 0; i < n; i++)
    labels[i] = (float) channels[i / inner % (gsize) shape->dims[axis]];
}

/* New channels along an axis of the output. */
static int *
make_channels (const Site *site, gsize n)
{
  PraxiChannels *channels = site->channels;
  const int first = add_channels (channels, (int) n);
  int *numbers = g_new (int, n + 1);
  channels->first_channel[site->number] = first;
  channels->n_channels[site->number] = (int) n;
  for (gsize o = 0; o < n; o++)
    numbers[o] = first + (int) o;
  return numbers;
}

/* Depthwise convolutions give the channels on, others make new ones. Channels at the same place of
 * several groups are tied: groups stay alike.
 */
static void
pass_conv (const Site *site)
{
  PraxiChannels *channels = site->channels;
  const PraxiTensor *w = praxi_channels_shape (channels, site->node->in[1]);
  const gsize groups = (gsize) MAX (site->node->op.window.group, 1);
  const gsize n_out = (gsize) w->dims[0], n_in = (gsize) site->x->dims[1];
  const gsize out_per = n_out / groups, in_per = n_in / groups;
  g_autofree int *out = make_channels (site, n_out), *in = g_new0 (int, n_in + 1);
  for (gsize c = 0; c < n_in && site->in != NULL; c++)
    in[c] = channel_at (channels, site->in, site->x, 1, c);
  for (gsize o = 0; o < n_out && in_per == 1 && groups > 1; o++) {
    if (in[o / out_per] == 0) /* what the groups are is not known */
      freeze (channels, out[o]);
    tie (channels, out[o], in[o / out_per]);
  }
  for (gsize o = out_per; o < n_out && in_per > 1; o++)
    tie (channels, out[o], out[o % out_per]);
  for (gsize c = in_per; c < n_in && in_per > 1; c++) {
    if ((in[c] == 0) != (in[c % in_per] == 0)) {
      freeze (channels, in[c]);
      freeze (channels, in[c % in_per]);
    }
    tie (channels, in[c], in[c % in_per]);
  }
  for (gsize o = 1; o < out_per && in_per == 1 && groups > 1; o++)
    freeze (channels, out[o]); /* several outputs a channel: as they are */
  fill_axis (new_labels (site, 0), site->y, 1, out);
}

/* Gemm, MatMul with constant weights on the right. */
static void
pass_product (const Site *site)
{
  g_autofree int *out = make_channels (site, (gsize) site->y->dims[site->y->rank - 1]);
  fill_axis (new_labels (site, 0), site->y, site->y->rank - 1, out);
}

/* The index in a tensor that broadcasts to the output, for element i of it. */
static gsize
broadcast_index (const PraxiTensor *shape, const PraxiTensor *y, gsize i)
{
  gsize index = 0, step = 1;
  for (int d = y->rank - 1; d >= 0; d--) {
    const gsize at = i % (gsize) y->dims[d];
    const int own = d - (y->rank - shape->rank);
    i /= (gsize) y->dims[d];
    if (own < 0)
      continue;
    index += shape->dims[own] > 1 ? at * step : 0;
    step *= (gsize) shape->dims[own];
  }
  return index;
}

/* A constant's element belongs to the channel that all it meets belongs to. */
static void
spread_to_constant (const Site *site, int j, const float *labels)
{
  const PraxiTensor *shape = praxi_channels_shape (site->channels, site->node->in[j]);
  const gsize n = count_of (site->y), count = count_of (shape);
  if (count <= 1)
    return;
  float *own = g_new0 (float, count + 1);
  for (gsize i = 0; i < n; i++) {
    const gsize at = broadcast_index (shape, site->y, i);
    own[at] = own[at] == 0 || own[at] == labels[i] ? labels[i] : -1;
  }
  gboolean any = FALSE;
  for (gsize i = 0; i < count; i++) {
    own[i] = MAX (own[i], 0);
    any = any || own[i] > 0;
  }
  if (any)
    label_constant (site, j, own);
  else
    g_free (own);
}

static void
pass_elementwise (const Site *site)
{
  PraxiChannels *channels = site->channels;
  const gsize n = count_of (site->y);
  float *out = new_labels (site, 0);
  for (int j = 0; j < site->node->n_in; j++) {
    const float *in = site->node->in[j] >= 0 ? channels->labels[site->node->in[j]] : NULL;
    const PraxiTensor *shape = praxi_channels_shape (channels, site->node->in[j]);
    for (gsize i = 0; in != NULL && i < n; i++) {
      const float label = in[broadcast_index (shape, site->y, i)];
      if (out[i] > 0 && label > 0 && label != out[i])
        tie (channels, (int) out[i], (int) label);
      out[i] = out[i] > 0 ? out[i] : label;
    }
  }
  for (int j = 0; j < site->node->n_in; j++) {
    const int value = site->node->in[j];
    if (value >= 0 && channels->labels[value] == NULL) {
      if (praxi_graph_value (channels->graph, value)->bytes != NULL)
        spread_to_constant (site, j, out);
      else if (count_of (praxi_channels_shape (channels, value)) > 1)
        freeze_all (channels, out, n); /* computed from elsewhere, as wide as it is */
    }
  }
}

static void
pass_norm (const Site *site)
{
  float *out = new_labels (site, 0);
  memcpy (out, site->in, sizeof *out * count_of (site->y));
  for (int j = 1; j < site->node->n_in; j++) {
    const PraxiTensor *shape = praxi_channels_shape (site->channels, site->node->in[j]);
    float *own = g_new0 (float, count_of (shape) + 1);
    for (gsize c = 0; c < (gsize) shape->dims[0]; c++)
      own[c] = (float) channel_at (site->channels, site->in, site->x, 1, c);
    label_constant (site, j, own);
  }
}

/* Runs an operator on labels as `ref` would on data. parameters of the node stay what they are. */
static gboolean
run (const Site *site, const PraxiOp *op, const float *const *labels, float **made)
{
  const PraxiNode *node = site->node;
  g_autofree PraxiTensor *tensors = g_new0 (PraxiTensor, node->n_in + node->n_out + 1);
  g_autofree const PraxiTensor **in = g_new0 (const PraxiTensor *, node->n_in + 1);
  g_autofree GBytes **bytes = g_new0 (GBytes *, node->n_out + 1);
  PraxiTensor *out = tensors + node->n_in;
  for (int j = 0; j < node->n_in; j++) {
    if (node->in[j] < 0 || praxi_channels_shape (site->channels, node->in[j]) == NULL)
      continue;
    tensors[j] = *praxi_channels_shape (site->channels, node->in[j]);
    if (labels[j] != NULL) {
      tensors[j].dtype = PRAXI_F32;
      tensors[j].data = (void *) labels[j];
      praxi_tensor_set_row_major (&tensors[j]);
    }
    in[j] = &tensors[j];
  }
  char why[PRAXI_OP_WHY_BYTES];
  PraxiOp copy = *op;
  if (praxi_op_infer (&copy, in, node->n_in, out, node->n_out, why) != PRAXI_OK ||
      praxi_fold_run (&copy, in, node->n_in, out, node->n_out, bytes) != PRAXI_OK)
    return FALSE;
  for (int j = 0; j < node->n_out; j++) {
    const gsize n = count_of (&out[j]);
    made[j] = g_new (float, n + 1);
    memcpy (made[j], out[j].data, sizeof (float) * n);
    g_bytes_unref (bytes[j]);
  }
  return TRUE;
}

/* Labels that differ along several axes (a channel axis taken apart, for a shuffle): those at the
 * same place of the last one are tied, so that what is left is a grid again.
 */
static void
tie_to_last_axis (const Site *site, const float *labels, const PraxiTensor *shape)
{
  const gsize n = count_of (shape);
  int last = -1, n_varying = 0;
  for (int d = 0; d < shape->rank; d++) {
    const gsize inner = inner_of (shape, d), size = (gsize) shape->dims[d];
    gboolean varies = FALSE;
    for (gsize i = 0; i < n && !varies; i++)
      varies = i / inner % size > 0 && labels[i] != labels[i - inner];
    if (varies) {
      n_varying++;
      last = d;
    }
  }
  for (gsize c = 0; n_varying > 1 && c < (gsize) shape->dims[last]; c++)
    channel_at (site->channels, labels, shape, last, c);
}

static void
pass_move (const Site *site)
{
  const PraxiNode *node = site->node;
  const int n_data = node->op.kind == PRAXI_OP_CONCAT ? node->n_in : 1;
  g_autofree const float **labels = g_new0 (const float *, node->n_in + 1);
  g_autoptr (GPtrArray) zeros = g_ptr_array_new_with_free_func (g_free);
  g_autofree float **made = g_new0 (float *, node->n_out + 1);
  for (int j = 0; j < n_data; j++) {
    labels[j] = site->channels->labels[node->in[j]];
    if (labels[j] != NULL)
      continue;
    const PraxiTensor *shape = praxi_channels_shape (site->channels, node->in[j]);
    g_ptr_array_add (zeros, g_new0 (float, count_of (shape) + 1));
    labels[j] = zeros->pdata[zeros->len - 1];
  }
  PraxiOp op = node->op;
  if (op.kind == PRAXI_OP_PAD && op.pads_begin[1] == 0 && op.pads_end[1] == 0)
    op.pad_mode = PRAXI_PAD_EDGE;
  if (op.kind == PRAXI_OP_RESIZE)
    op.resize_mode = PRAXI_RESIZE_NEAREST;
  if (!run (site, &op, labels, made)) {
    freeze_inputs (site->channels, node);
    return;
  }
  for (int j = 0; j < node->n_out; j++) {
    if (node->out[j] < 0) {
      g_free (made[j]);
      continue;
    }
    site->channels->labels[node->out[j]] = made[j];
    tie_to_last_axis (site, made[j], praxi_channels_shape (site->channels, node->out[j]));
  }
}

/* Pools and reductions: where largest and smallest number of what is joined agree, that is it;
 * where they do not, channels are mixed.
 */
static void
pass_join (const Site *site, PraxiOpKind largest)
{
  const gsize n_in = count_of (site->x), n = count_of (site->y);
  g_autofree float *negative = g_new (float, n_in + 1);
  g_autofree const float **labels = g_new0 (const float *, site->node->n_in + 1);
  float *most = NULL, *least = NULL;
  PraxiOp op = site->node->op;
  op.kind = largest;
  for (gsize i = 0; i < n_in; i++)
    negative[i] = -site->in[i];
  labels[0] = site->in;
  gboolean good = run (site, &op, labels, &most);
  labels[0] = negative;
  good = good && run (site, &op, labels, &least);
  gboolean is_mixed = !good;
  for (gsize i = 0; good && i < n; i++)
    is_mixed = is_mixed || most[i] != -least[i];
  g_free (least);
  if (!is_mixed) {
    site->channels->labels[site->node->out[0]] = most;
    return;
  }
  g_free (most);
  freeze_inputs (site->channels, site->node);
}

static gboolean
is_weighted (const Site *site)
{
  const PraxiNode *node = site->node;
  if (node->n_in < 2 || node->in[1] < 0 || site->y == NULL || site->x == NULL)
    return FALSE;
  const PraxiValue *w = praxi_graph_value (site->channels->graph, node->in[1]);
  return w->bytes != NULL && w->tensor.dtype == PRAXI_F32 && w->tensor.rank >= 2;
}

static gboolean
is_between (PraxiOpKind kind, PraxiOpKind first, PraxiOpKind last)
{
  return kind >= first && kind <= last;
}

/* Gather, and Slice with steps, would need their indices worked out anew. */
static gboolean
picks_elements (const Site *site)
{
  const PraxiNode *node = site->node;
  const PraxiTensor *steps = node->op.kind == PRAXI_OP_SLICE && node->n_in > 4
                                 ? praxi_channels_shape (site->channels, node->in[4])
                                 : NULL;
  for (gsize i = 0; steps != NULL && i < count_of (steps); i++)
    if (steps->data == NULL || praxi_tensor_get_int (steps, (int64_t) i) != 1)
      return TRUE;
  return node->op.kind == PRAXI_OP_GATHER;
}

static void
pass_weightless (const Site *site)
{
  const PraxiOpKind kind = site->node->op.kind;
  if (kind == PRAXI_OP_BATCH_NORM && site->in != NULL && site->node->n_out == 1)
    pass_norm (site);
  else if (is_between (kind, PRAXI_OP_RELU, PRAXI_OP_CAST) ||
           is_between (kind, PRAXI_OP_ADD, PRAXI_OP_MAX))
    pass_elementwise (site);
  else if ((is_between (kind, PRAXI_OP_CONCAT, PRAXI_OP_PAD) ||
            is_between (kind, PRAXI_OP_RESHAPE, PRAXI_OP_RESIZE)) &&
           !picks_elements (site))
    pass_move (site);
  else if (kind == PRAXI_OP_MAX_POOL || kind == PRAXI_OP_AVERAGE_POOL)
    pass_join (site, PRAXI_OP_MAX_POOL);
  else if (kind == PRAXI_OP_GLOBAL_AVERAGE_POOL || kind == PRAXI_OP_GLOBAL_MAX_POOL)
    pass_join (site, PRAXI_OP_GLOBAL_MAX_POOL);
  else if (is_between (kind, PRAXI_OP_REDUCE_MEAN, PRAXI_OP_REDUCE_SUM))
    pass_join (site, PRAXI_OP_REDUCE_MAX);
  else
    freeze_inputs (site->channels, site->node);
}

static void
pass (const Site *site, gboolean learns)
{
  switch (site->node->op.kind) {
  case PRAXI_OP_CONV:
    if (is_weighted (site) && learns) {
      pass_conv (site);
      return;
    }
    break;
  case PRAXI_OP_GEMM:
  case PRAXI_OP_MATMUL:
    if (is_weighted (site) && learns && !site->node->op.transpose_a) {
      pass_product (site);
      return;
    }
    break;
  default:
    break;
  }
  gboolean any = FALSE;
  for (int j = 0; j < site->node->n_in; j++)
    any = any || (site->node->in[j] >= 0 && site->channels->labels[site->node->in[j]] != NULL);
  if (!any)
    return;
  if (site->y == NULL || site->x == NULL) {
    freeze_inputs (site->channels, site->node);
    return;
  }
  pass_weightless (site);
}

/* --- the whole ------------------------------------------------------------------------------ */

static void
propagate (PraxiChannels *channels)
{
  g_autoptr (GHashTable) learners = praxi_fuse_learners (channels->resolved);
  for (int i = 0; i < channels->n_nodes; i++) {
    const PraxiNode *node = praxi_graph_node (channels->graph, i);
    const int first = node->n_in > 0 ? node->in[0] : -1;
    const Site site = {.channels = channels,
                       .number = i,
                       .node = node,
                       .x = praxi_channels_shape (channels, first),
                       .y = praxi_channels_shape (channels, node->n_out > 0 ? node->out[0] : -1),
                       .in = first >= 0 ? channels->labels[first] : NULL};
    pass (&site, learners == NULL || g_hash_table_contains (learners, node->name));
  }
  for (guint i = 0; i < channels->graph->outputs->len; i++) {
    const int value = g_array_index (channels->graph->outputs, int, i);
    const PraxiTensor *shape = praxi_channels_shape (channels, value);
    if (shape != NULL && channels->labels[value] != NULL)
      freeze_all (channels, channels->labels[value], count_of (shape));
  }
}

PraxiChannels *
praxi_channels_new (PraxiGraph *graph, GError **error)
{
  g_autoptr (PraxiChannels) channels = g_new0 (PraxiChannels, 1);
  channels->graph = praxi_graph_ref (graph);
  channels->n_values = (int) graph->values->len;
  channels->n_nodes = (int) graph->nodes->len;
  channels->labels = g_new0 (float *, channels->n_values + 1);
  channels->constants = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free);
  channels->parents = g_array_new (FALSE, FALSE, sizeof (int));
  channels->frozen = g_array_new (FALSE, FALSE, sizeof (gboolean));
  channels->first_channel = g_new0 (int, channels->n_nodes + 1);
  channels->n_channels = g_new0 (int, channels->n_nodes + 1);
  add_channels (channels, 1); /* 0: no channel */
  channels->resolved = praxi_graph_resolve (graph, NULL, 0, 1, error);
  if (channels->resolved == NULL)
    return NULL;
  channels->shape_of = praxi_graph_matches (graph, channels->resolved);
  propagate (channels);
  return g_steal_pointer (&channels);
}

void
praxi_channels_free (PraxiChannels *channels)
{
  if (channels == NULL)
    return;
  for (int i = 0; i < channels->n_values; i++)
    g_free (channels->labels[i]);
  g_free (channels->labels);
  g_hash_table_unref (channels->constants);
  g_array_unref (channels->parents);
  g_array_unref (channels->frozen);
  g_free (channels->first_channel);
  g_free (channels->n_channels);
  g_free (channels->shape_of);
  praxi_graph_unref (channels->graph);
  g_clear_pointer (&channels->resolved, praxi_graph_unref);
  g_free (channels);
}
