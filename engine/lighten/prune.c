#include "engine/lighten/prune.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/lighten/channels.h"
#include "engine/lighten/prune-choose.h"

static const char *const importance_names[] = {
    [PRAXI_IMPORTANCE_MAGNITUDE] = "magnitude",
    [PRAXI_IMPORTANCE_NORM_SCALE] = "norm-scale",
    [PRAXI_IMPORTANCE_TAYLOR] = "taylor",
};

gboolean
praxi_importance_parse (const char *text, PraxiImportance *importance)
{
  for (guint i = 0; i < G_N_ELEMENTS (importance_names); i++)
    if (g_str_equal (text, importance_names[i])) {
      *importance = (PraxiImportance) i;
      return TRUE;
    }
  return FALSE;
}

const char *
praxi_importance_name (PraxiImportance importance)
{
  return importance_names[importance];
}

typedef struct {
  PraxiChannels *channels;
  const gboolean *goes; /* root → whether it goes */
  PraxiGraph *graph;    /* a copy that is being changed; same numbers as the channels' graph */
  PraxiPruneReport report;
} Prune;

/* --- masks ---------------------------------------------------------------------------------- */

static gboolean
stays (const Prune *prune, float label)
{
  return label <= 0 || !prune->goes[praxi_channels_root (prune->channels, (int) label)];
}

/* Which indices of an axis stay: those whose elements do. */
static gboolean *
mask_of (const Prune *prune, const float *labels, const PraxiTensor *shape, int axis)
{
  const gsize size = (gsize) shape->dims[axis];
  gboolean *mask = g_new (gboolean, size + 1);
  int64_t count = 0;
  gsize inner = 1;
  praxi_tensor_count (shape, &count);
  for (int d = axis + 1; d < shape->rank; d++)
    inner *= (gsize) shape->dims[d];
  for (gsize c = 0; c < size; c++)
    mask[c] = labels == NULL;
  /* An index goes when all that lies there goes. */
  for (gsize i = 0; labels != NULL && i < (gsize) count; i++)
    if (stays (prune, labels[i]))
      mask[i / inner % size] = TRUE;
  return mask;
}

static gsize
count_kept (const gboolean *mask, gsize n)
{
  gsize kept = 0;
  for (gsize i = 0; i < n; i++)
    kept += mask[i] != 0;
  return kept;
}

static gboolean *
own_mask (const Prune *prune, int number)
{
  const int n = prune->channels->n_channels[number];
  gboolean *mask = g_new (gboolean, n + 1);
  for (int o = 0; o < n; o++)
    mask[o] = stays (prune, (float) (prune->channels->first_channel[number] + o));
  return mask;
}

/* --- constants ------------------------------------------------------------------------------ */

static int
add_constant (const Prune *prune,
              const PraxiNode *node,
              int j,
              const PraxiTensor *shape,
              GBytes *bytes)
{
  g_autofree char *name = g_strdup_printf (
      "%s/%s/pruned", praxi_graph_value (prune->graph, node->in[j])->name, node->name);
  const int value = praxi_graph_add_constant (prune->graph, name, shape, bytes);
  return value;
}

/* Input j of a node, a constant, without the indices of an axis that go. */
static void
cut_constant (const Prune *prune, PraxiNode *node, int j, int axis, const gboolean *mask)
{
  const PraxiTensor *old = &praxi_graph_value (prune->graph, node->in[j])->tensor;
  const gsize size = (gsize) old->dims[axis], kept = count_kept (mask, size);
  if (kept == size)
    return;
  gsize bytes = 0, block = praxi_dtype_size (old->dtype), done = 0;
  praxi_tensor_bytes (old, &bytes);
  for (int d = axis + 1; d < old->rank; d++)
    block *= (gsize) old->dims[d];
  guint8 *data = g_malloc (bytes + 1);
  for (gsize i = 0; i < bytes / block; i++)
    if (mask[i % size]) {
      memcpy (data + done, (const guint8 *) old->data + i * block, block);
      done += block;
    }
  PraxiTensor shape = *old;
  shape.dims[axis] = (int64_t) kept;
  g_autoptr (GBytes) made = g_bytes_new_take (data, done);
  node->in[j] = add_constant (prune, node, j, &shape, made);
}

/* A constant that carries labels: along every axis. */
static void
cut_labelled (const Prune *prune, int number, PraxiNode *node, int j)
{
  const PraxiTensor *shape = NULL;
  const float *labels = praxi_channels_of_input (prune->channels, number, j, &shape);
  if (labels == NULL || node->in[j] < 0 ||
      praxi_graph_value (prune->graph, node->in[j])->bytes == NULL)
    return;
  const int rank = shape->rank;
  for (int axis = 0; axis < rank; axis++) {
    g_autofree gboolean *mask = mask_of (prune, labels, shape, axis);
    cut_constant (prune, node, j, axis, mask);
  }
}

static void
set_integers (const Prune *prune, PraxiNode *node, int j, const int64_t *values, int n)
{
  const PraxiTensor shape = {.dtype = PRAXI_S64, .rank = 1, .dims = {n}};
  g_autoptr (GBytes) bytes = g_bytes_new (values, sizeof *values * (gsize) n);
  node->in[j] = add_constant (prune, node, j, &shape, bytes);
}

/* --- operators ------------------------------------------------------------------------------ */

static gint64
macs_of (const Prune *prune, const PraxiNode *node)
{
  const PraxiGraph *resolved = prune->channels->resolved;
  for (guint i = 0; i < resolved->nodes->len; i++) {
    const PraxiNode *same = praxi_graph_node (resolved, (int) i);
    if (!g_str_equal (same->name, node->name))
      continue;
    const PraxiTensor *in[4] = {NULL};
    for (int j = 0; j < MIN (same->n_in, 4); j++)
      in[j] = same->in[j] >= 0 ? &praxi_graph_value (resolved, same->in[j])->tensor : NULL;
    return praxi_op_macs (&same->op, in, &praxi_graph_value (resolved, same->out[0])->tensor);
  }
  return 0;
}

static void
predict (Prune *prune, const PraxiNode *node, gsize in, gsize kept_in, gsize out, gsize kept_out)
{
  const gint64 macs = macs_of (prune, node);
  const gint64 each = macs / (gint64) MAX (in * out, 1);
  prune->report.predicted_macs += each * (gint64) (kept_in * kept_out) - macs;
  prune->report.n_channels += (int) out;
  prune->report.n_kept += (int) kept_out;
}

static void
cut_conv (Prune *prune, int number, PraxiNode *node)
{
  const PraxiTensor *shape = NULL;
  const float *labels = praxi_channels_of_input (prune->channels, number, 0, &shape);
  const PraxiTensor w = praxi_graph_value (prune->graph, node->in[1])->tensor;
  const gsize n_out = (gsize) w.dims[0], n_in = (gsize) w.dims[1];
  g_autofree gboolean *out = own_mask (prune, number);
  g_autofree gboolean *in = mask_of (prune, labels, shape, 1);
  const gboolean is_depthwise = n_in == 1 && node->op.window.group > 1;
  predict (prune, node, n_in, is_depthwise ? 1 : count_kept (in, n_in), n_out,
           count_kept (out, n_out));
  cut_constant (prune, node, 1, 0, out);
  if (is_depthwise)
    node->op.window.group = (int64_t) count_kept (out, n_out);
  else
    cut_constant (prune, node, 1, 1, in); /* groups are alike: the first one's channels tell */
  if (node->n_in > 2 && node->in[2] >= 0)
    cut_constant (prune, node, 2, 0, out);
}

static void
cut_product (Prune *prune, int number, PraxiNode *node)
{
  const PraxiTensor *shape = NULL;
  const float *labels = praxi_channels_of_input (prune->channels, number, 0, &shape);
  const PraxiTensor w = praxi_graph_value (prune->graph, node->in[1])->tensor;
  const int out_axis = node->op.kind == PRAXI_OP_GEMM && node->op.transpose_b ? 0 : 1;
  const gsize n_out = (gsize) w.dims[out_axis], n_in = (gsize) w.dims[1 - out_axis];
  g_autofree gboolean *out = own_mask (prune, number);
  g_autofree gboolean *in = mask_of (prune, labels, shape, shape->rank - 1);
  predict (prune, node, n_in, count_kept (in, n_in), n_out, count_kept (out, n_out));
  cut_constant (prune, node, 1, out_axis, out);
  cut_constant (prune, node, 1, 1 - out_axis, in);
  if (node->op.kind == PRAXI_OP_GEMM && node->n_in > 2 && node->in[2] >= 0) {
    const PraxiTensor *bias = &praxi_graph_value (prune->graph, node->in[2])->tensor;
    if (bias->rank > 0 && bias->dims[bias->rank - 1] == (int64_t) n_out)
      cut_constant (prune, node, 2, bias->rank - 1, out);
  }
}

static const PraxiTensor *
integers (const Prune *prune, const PraxiNode *node, int j)
{
  if (j >= node->n_in || node->in[j] < 0)
    return NULL;
  const PraxiValue *value = praxi_graph_value (prune->graph, node->in[j]);
  return value->bytes != NULL ? &value->tensor : NULL;
}

/* Where an index of an axis lies when those before it that go are gone. */
static int64_t
moved_index (const gboolean *mask, int64_t size, int64_t index)
{
  const int64_t at = index < 0 ? index + size : index;
  if (at > size)
    return index; /* "to the end" */
  int64_t kept = 0;
  for (int64_t i = 0; i < CLAMP (at, 0, size); i++)
    kept += mask[i] != 0;
  return kept;
}

static void
cut_slice (const Prune *prune, int number, PraxiNode *node)
{
  const PraxiTensor *shape = NULL;
  const float *labels = praxi_channels_of_input (prune->channels, number, 0, &shape);
  const PraxiTensor *axes = integers (prune, node, 3);
  if (labels == NULL)
    return;
  for (int j = 1; j <= 2; j++) {
    const PraxiTensor *old = integers (prune, node, j);
    int64_t values[PRAXI_MAX_RANK];
    const int n = old != NULL ? (int) old->dims[0] : 0;
    for (int i = 0; i < n; i++) {
      const int64_t named = axes != NULL ? praxi_tensor_get_int (axes, i) : i;
      const int axis = (int) (named < 0 ? named + shape->rank : named);
      g_autofree gboolean *mask = mask_of (prune, labels, shape, axis);
      values[i] = moved_index (mask, shape->dims[axis], praxi_tensor_get_int (old, i));
    }
    if (n > 0)
      set_integers (prune, node, j, values, n);
  }
}

static gsize
kept_along (const Prune *prune, int value, int axis)
{
  const PraxiTensor *shape = praxi_channels_shape (prune->channels, value);
  g_autofree gboolean *mask = mask_of (prune, prune->channels->labels[value], shape, axis);
  return count_kept (mask, (gsize) shape->dims[axis]);
}

/* The dims of an output as a constant input of its operator; 0 and −1 stay what they are. */
static void
cut_shape (const Prune *prune, int value, PraxiNode *node, int j)
{
  const PraxiTensor *shape = praxi_channels_shape (prune->channels, value);
  const PraxiTensor *old = integers (prune, node, j);
  int64_t values[PRAXI_MAX_RANK];
  if (old == NULL || prune->channels->labels[value] == NULL || old->rank != 1 ||
      old->dims[0] != shape->rank)
    return;
  for (int d = 0; d < shape->rank; d++) {
    const int64_t given = praxi_tensor_get_int (old, d);
    values[d] = given > 0 ? (int64_t) kept_along (prune, value, d) : given;
  }
  set_integers (prune, node, j, values, shape->rank);
}

static void
cut_split (const Prune *prune, PraxiNode *node)
{
  int64_t sizes[PRAXI_NODE_MAX_INPUTS];
  const PraxiTensor *shape = praxi_channels_shape (prune->channels, node->in[0]);
  const int axis = (int) (node->op.axis < 0 ? node->op.axis + shape->rank : node->op.axis);
  if (prune->channels->labels[node->in[0]] == NULL || node->n_out > PRAXI_NODE_MAX_INPUTS)
    return;
  for (int j = 0; j < node->n_out; j++)
    sizes[j] = (int64_t) kept_along (prune, node->out[j], axis);
  if (node->n_in < 2) {
    const int in[2] = {node->in[0], node->in[0]};
    g_free (node->in);
    node->in = g_memdup2 (in, sizeof in);
    node->n_in = 2;
  }
  set_integers (prune, node, 1, sizes, node->n_out);
}

static void
cut_node (Prune *prune, int number, PraxiNode *node)
{
  if (prune->channels->n_channels[number] > 0) {
    if (node->op.kind == PRAXI_OP_CONV)
      cut_conv (prune, number, node);
    else
      cut_product (prune, number, node);
    return;
  }
  switch (node->op.kind) {
  case PRAXI_OP_SLICE:
    cut_slice (prune, number, node);
    return;
  case PRAXI_OP_SPLIT:
    cut_split (prune, node);
    return;
  case PRAXI_OP_RESHAPE:
  case PRAXI_OP_EXPAND:
    cut_shape (prune, node->out[0], node, 1);
    return;
  case PRAXI_OP_RESIZE:
    cut_shape (prune, node->out[0], node, 3);
    return;
  default:
    for (int j = 0; j < node->n_in; j++)
      cut_labelled (prune, number, node, j);
  }
}

/* --- the whole ------------------------------------------------------------------------------ */

static gboolean
is_int8 (const PraxiGraph *graph)
{
  for (guint i = 0; i < graph->nodes->len; i++)
    if (praxi_graph_node (graph, (int) i)->op.kind == PRAXI_OP_QUANTIZE_LINEAR)
      return TRUE;
  return FALSE;
}

/* What the file said about values in between is not true any more. */
static void
forget_shapes (PraxiGraph *graph)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    for (int j = 0; j < node->n_out; j++) {
      gboolean is_output = FALSE;
      for (guint k = 0; k < graph->outputs->len; k++)
        is_output = is_output || g_array_index (graph->outputs, int, k) == node->out[j];
      if (node->out[j] >= 0 && !is_output)
        praxi_graph_value (graph, node->out[j])->tensor = (PraxiTensor){.rank = -1};
    }
  }
}

PraxiGraph *
praxi_prune (const PraxiGraph *graph,
             const PraxiPruneOptions *options,
             PraxiPruneReport *report,
             GError **error)
{
  if (is_int8 (graph)) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                         "is INT8: channels go before quantizing; begin with the float model");
    return NULL;
  }
  g_autoptr (PraxiGraph) copy = praxi_graph_copy (graph);
  g_autoptr (PraxiChannels) channels = praxi_channels_new (copy, error);
  if (channels == NULL)
    return NULL;
  g_autofree gboolean *goes = praxi_prune_choose (channels, options);
  g_autoptr (PraxiGraph) pruned = praxi_graph_copy (graph);
  Prune prune = {.channels = channels, .goes = goes, .graph = pruned};
  prune.report.macs = prune.report.predicted_macs = praxi_graph_macs (channels->resolved);
  for (int i = 0; i < channels->n_nodes; i++)
    cut_node (&prune, i, praxi_graph_node (pruned, i));
  if (prune.report.n_kept == prune.report.n_channels) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 prune.report.n_channels == 0
                     ? "has no float weights that could go"
                     : "no channel can go: layers are too narrow for a multiple of %d; give a "
                       "smaller one or a higher share",
                 options->multiple > 0 ? options->multiple : 16);
    return NULL;
  }
  forget_shapes (pruned);
  praxi_graph_prune (pruned);
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (pruned, NULL, 0, 1, error);
  if (resolved == NULL)
    return NULL;
  if (report != NULL)
    *report = prune.report;
  return g_steal_pointer (&pruned);
}
