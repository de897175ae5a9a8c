#include "engine/infer/layout.h"

typedef enum { ROW_MAJOR, CHANNELS_LAST } Layout;

typedef struct {
  PraxiGraph *graph;
  GPtrArray *nodes;   /* the new list: the old nodes and copies between them */
  GArray *places;     /* PraxiPlace, one a value */
  GHashTable *copies; /* (value, layout) → the copy's number + 1 */
} Chooser;

static PraxiTensor *
tensor_of (const Chooser *chooser, int value)
{
  return &praxi_graph_value (chooser->graph, value)->tensor;
}

static PraxiPlace *
place_of (const Chooser *chooser, int value)
{
  return &g_array_index (chooser->places, PraxiPlace, value);
}

static gboolean
can_be_channels_last (const PraxiTensor *tensor)
{
  return tensor->rank >= 3 && tensor->rank <= 5;
}

static gboolean
has_layout (const PraxiTensor *tensor, Layout layout)
{
  return layout == ROW_MAJOR ? praxi_tensor_is_row_major (tensor)
                             : praxi_tensor_is_channels_last (tensor);
}

static void
set_layout (PraxiTensor *tensor, Layout layout)
{
  if (layout == CHANNELS_LAST && can_be_channels_last (tensor))
    praxi_tensor_set_channels_last (tensor);
  else
    praxi_tensor_set_row_major (tensor);
}

/* A new value, laid out as the tensor is, that an Identity copies the old one to. */
static int
add_copy (Chooser *chooser, int value, const char *name, const PraxiTensor *tensor)
{
  const int copy = praxi_graph_add_value (chooser->graph, name, tensor);
  g_array_append_val (chooser->places, ((PraxiPlace){copy, 0}));
  const PraxiOp op = {.kind = PRAXI_OP_IDENTITY};
  g_ptr_array_add (chooser->nodes, praxi_node_new (name, &op, &value, 1, &copy, 1));
  return copy;
}

/* A new value with the same dims in another layout, copied by an Identity; made once. */
static int
copy_of (Chooser *chooser, int value, Layout layout)
{
  const gpointer key = GINT_TO_POINTER (value * 2 + (int) layout + 1);
  int copy = GPOINTER_TO_INT (g_hash_table_lookup (chooser->copies, key)) - 1;
  if (copy >= 0)
    return copy;
  g_autofree char *name = g_strdup_printf ("%s/%s", praxi_graph_value (chooser->graph, value)->name,
                                           layout == ROW_MAJOR ? "row-major" : "channels-last");
  PraxiTensor tensor = *tensor_of (chooser, value);
  set_layout (&tensor, layout);
  copy = add_copy (chooser, value, name, &tensor);
  g_hash_table_insert (chooser->copies, key, GINT_TO_POINTER (copy + 1));
  return copy;
}

/* What cannot be channels-last has to be row-major. */
static void
want (Chooser *chooser, PraxiNode *node, int i, Layout layout)
{
  if (i >= node->n_in || node->in[i] < 0)
    return;
  const PraxiTensor *tensor = tensor_of (chooser, node->in[i]);
  if (!can_be_channels_last (tensor))
    layout = ROW_MAJOR;
  if (tensor->data == NULL && !has_layout (tensor, layout))
    node->in[i] = copy_of (chooser, node->in[i], layout);
}

static void
set_outputs (Chooser *chooser, const PraxiNode *node, Layout layout)
{
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i] >= 0)
      set_layout (tensor_of (chooser, node->out[i]), layout);
}

/* The layout that most of a node's inputs of full shape already have. */
static Layout
layout_of_inputs (const Chooser *chooser, const PraxiNode *node, const PraxiTensor *out)
{
  int last = 0, row = 0;
  for (int i = 0; i < node->n_in; i++) {
    if (node->in[i] < 0)
      continue;
    const PraxiTensor *tensor = tensor_of (chooser, node->in[i]);
    if (tensor->data != NULL || tensor->rank != out->rank)
      continue;
    row += praxi_tensor_is_row_major (tensor);
    last += praxi_tensor_is_channels_last (tensor);
  }
  return can_be_channels_last (out) && last >= row && last > 0 ? CHANNELS_LAST : ROW_MAJOR;
}

/* Inputs of the output's own shape take its layout; broadcast ones stay as they are. */
static void
lay_elementwise (Chooser *chooser, PraxiNode *node)
{
  const PraxiTensor out = *tensor_of (chooser, node->out[0]);
  const Layout layout = layout_of_inputs (chooser, node, &out);
  for (int i = 0; i < node->n_in; i++)
    if (node->in[i] >= 0 && praxi_tensor_is_same_shape (tensor_of (chooser, node->in[i]), &out))
      want (chooser, node, i, layout);
  set_outputs (chooser, node, layout);
}

static void
lay_sliding (Chooser *chooser, PraxiNode *node)
{
  want (chooser, node, 0, CHANNELS_LAST);
  if (node->op.has_residual)
    want (chooser, node, node->n_in - 1, CHANNELS_LAST);
  set_outputs (chooser, node, CHANNELS_LAST);
}

/* Gradients read pictures and make pictures, but for those of weights. */
static void
lay_gradient (Chooser *chooser, PraxiNode *node)
{
  const PraxiOpKind kind = node->op.kind;
  want (chooser, node, 0, CHANNELS_LAST);
  if (kind != PRAXI_OP_CONV_INPUT_GRADIENT)
    want (chooser, node, 1, CHANNELS_LAST);
  set_outputs (chooser, node, kind == PRAXI_OP_CONV_WEIGHT_GRADIENT ? ROW_MAJOR : CHANNELS_LAST);
}

/* Concat, Pad, Slice …: every input of the output's rank in one dense layout. */
static void
lay_moving (Chooser *chooser, PraxiNode *node)
{
  const PraxiTensor out = *tensor_of (chooser, node->out[0]);
  const Layout layout = layout_of_inputs (chooser, node, &out);
  for (int i = 0; i < node->n_in; i++)
    if (node->in[i] >= 0 && tensor_of (chooser, node->in[i])->rank == out.rank)
      want (chooser, node, i, layout);
  set_outputs (chooser, node, layout);
}

static gboolean
is_row_major_kind (PraxiOpKind kind)
{
  switch (kind) {
  case PRAXI_OP_GEMM:
  case PRAXI_OP_MATMUL:
  case PRAXI_OP_QLINEAR_MATMUL:
  case PRAXI_OP_LAYER_NORM:
  case PRAXI_OP_SOFTMAX:
  case PRAXI_OP_TOPK:
  case PRAXI_OP_TRANSPOSE:
  case PRAXI_OP_RESHAPE:
  case PRAXI_OP_FLATTEN:
  case PRAXI_OP_SQUEEZE:
  case PRAXI_OP_UNSQUEEZE:
  case PRAXI_OP_CONSTANT_OF_SHAPE:
  case PRAXI_OP_RANGE:
  case PRAXI_OP_SHAPE:
  case PRAXI_OP_SIZE:
    return TRUE;
  default:
    return FALSE;
  }
}

static void
lay_row_major (Chooser *chooser, PraxiNode *node)
{
  for (int i = 0; i < node->n_in; i++)
    want (chooser, node, i, ROW_MAJOR);
  set_outputs (chooser, node, ROW_MAJOR);
}

/* Walks dims of both shapes together, in groups of equal product; within a group the old dims have
 * to lie as one dense run.
 */
gboolean
praxi_layout_view (const PraxiTensor *from, PraxiTensor *to)
{
  gint64 old_dims[PRAXI_MAX_RANK], old_strides[PRAXI_MAX_RANK];
  int n_old = 0, i = 0, j = 0;
  for (int d = 0; d < from->rank; d++) {
    if (from->dims[d] == 0)
      return FALSE;
    if (from->dims[d] == 1)
      continue;
    old_dims[n_old] = from->dims[d];
    old_strides[n_old++] = from->strides[d];
  }
  while (i < n_old && j < to->rank) {
    gint64 old_product = old_dims[i], new_product = to->dims[j];
    int old_end = i + 1, new_end = j + 1;
    while (old_product != new_product) {
      if (new_product < old_product && new_end < to->rank)
        new_product *= to->dims[new_end++];
      else if (old_product < new_product && old_end < n_old)
        old_product *= old_dims[old_end++];
      else
        return FALSE;
    }
    for (int k = i; k + 1 < old_end; k++)
      if (old_strides[k] != old_strides[k + 1] * old_dims[k + 1])
        return FALSE;
    gint64 stride = old_strides[old_end - 1];
    for (int k = new_end - 1; k >= j; k--) {
      to->strides[k] = stride;
      stride *= to->dims[k];
    }
    i = old_end;
    j = new_end;
  }
  for (; j < to->rank; j++) {
    if (to->dims[j] != 1)
      return FALSE;
    to->strides[j] = 1;
  }
  return i == n_old;
}

static gboolean
make_view (Chooser *chooser, const PraxiNode *node, int value, gint64 offset)
{
  const PraxiPlace *of = place_of (chooser, node->in[0]);
  if (tensor_of (chooser, node->in[0])->data != NULL)
    return FALSE;
  *place_of (chooser, value) = (PraxiPlace){of->root, of->offset + offset};
  return TRUE;
}

static gboolean
view_transpose (Chooser *chooser, const PraxiNode *node)
{
  const PraxiTensor *in = tensor_of (chooser, node->in[0]);
  PraxiTensor *out = tensor_of (chooser, node->out[0]);
  if (!make_view (chooser, node, node->out[0], 0))
    return FALSE;
  for (int d = 0; d < out->rank; d++)
    out->strides[d] = in->strides[node->op.perm[d]];
  return TRUE;
}

static gboolean
view_reshape (Chooser *chooser, const PraxiNode *node)
{
  PraxiTensor to = *tensor_of (chooser, node->out[0]);
  if (!praxi_layout_view (tensor_of (chooser, node->in[0]), &to) ||
      !make_view (chooser, node, node->out[0], 0))
    return FALSE;
  *tensor_of (chooser, node->out[0]) = to;
  return TRUE;
}

/* A part of a dense tensor that is dense itself needs no copy. */
static gboolean
view_slice (Chooser *chooser, const PraxiNode *node)
{
  const PraxiTensor *in = tensor_of (chooser, node->in[0]);
  PraxiTensor to = *tensor_of (chooser, node->out[0]);
  gint64 offset = 0, count = 0;
  for (int d = 0; d < to.rank; d++)
    to.strides[d] = in->strides[d];
  for (int i = 0; i < node->op.n_axes; i++) {
    if (node->op.steps[i] != 1)
      return FALSE;
    offset += node->op.starts[i] * in->strides[node->op.axes[i]];
  }
  if (praxi_tensor_count (&to, &count) != PRAXI_OK || count == 0 ||
      !(praxi_tensor_is_row_major (&to) || praxi_tensor_is_channels_last (&to)) ||
      !make_view (chooser, node, node->out[0], offset))
    return FALSE;
  *tensor_of (chooser, node->out[0]) = to;
  return TRUE;
}

static gboolean
try_view (Chooser *chooser, const PraxiNode *node)
{
  if (node->out[0] < 0 || node->in[0] < 0)
    return FALSE;
  switch (node->op.kind) {
  case PRAXI_OP_TRANSPOSE:
    return view_transpose (chooser, node);
  case PRAXI_OP_RESHAPE:
  case PRAXI_OP_FLATTEN:
  case PRAXI_OP_SQUEEZE:
  case PRAXI_OP_UNSQUEEZE:
  case PRAXI_OP_IDENTITY:
    return view_reshape (chooser, node);
  case PRAXI_OP_SLICE:
    return view_slice (chooser, node);
  default:
    return FALSE;
  }
}

/* What the nodes that read a value would have it copied to. */
static Layout
layout_for_readers (const Chooser *chooser, int value)
{
  for (guint i = 0; i < chooser->graph->nodes->len; i++) {
    const PraxiNode *node = chooser->graph->nodes->pdata[i];
    for (int j = 0; node != NULL && j < node->n_in; j++)
      if (node->in[j] == value && is_row_major_kind (node->op.kind))
        return ROW_MAJOR;
  }
  return can_be_channels_last (tensor_of (chooser, value)) ? CHANNELS_LAST : ROW_MAJOR;
}

/* A Reshape that has to move elements, behind a transposed view, moves them once, to where its
 * readers want them: that memory, seen under the input's dims, is the copy.
 */
static gboolean
reshape_by_copy (Chooser *chooser, const PraxiNode *node)
{
  if (node->op.kind != PRAXI_OP_RESHAPE || node->in[0] < 0 || node->out[0] < 0)
    return FALSE;
  PraxiTensor out = *tensor_of (chooser, node->out[0]), copied = *tensor_of (chooser, node->in[0]);
  set_layout (&out, layout_for_readers (chooser, node->out[0]));
  if (copied.data != NULL || !praxi_layout_view (&out, &copied))
    return FALSE;
  g_autofree char *name =
      g_strdup_printf ("%s/copied", praxi_graph_value (chooser->graph, node->out[0])->name);
  const int copy = add_copy (chooser, node->in[0], name, &copied);
  *tensor_of (chooser, node->out[0]) = out;
  *place_of (chooser, node->out[0]) = (PraxiPlace){copy, 0};
  return TRUE;
}

static void
lay_node (Chooser *chooser, PraxiNode *node)
{
  switch (node->op.kind) {
  case PRAXI_OP_CONV:
  case PRAXI_OP_QCONV:
  case PRAXI_OP_QLINEAR_CONV:
  case PRAXI_OP_MAX_POOL:
  case PRAXI_OP_AVERAGE_POOL:
  case PRAXI_OP_GLOBAL_AVERAGE_POOL:
  case PRAXI_OP_GLOBAL_MAX_POOL:
    lay_sliding (chooser, node);
    return;
  case PRAXI_OP_CONV_INPUT_GRADIENT:
  case PRAXI_OP_CONV_WEIGHT_GRADIENT:
  case PRAXI_OP_AVERAGE_POOL_GRADIENT:
  case PRAXI_OP_MAX_POOL_GRADIENT:
    lay_gradient (chooser, node);
    return;
  case PRAXI_OP_MOTION_STEM:
    set_layout (tensor_of (chooser, node->out[0]), CHANNELS_LAST);
    if (node->n_out > 1 && node->out[1] >= 0)
      set_layout (tensor_of (chooser, node->out[1]), ROW_MAJOR);
    return;
  case PRAXI_OP_CONCAT:
  case PRAXI_OP_SPLIT:
  case PRAXI_OP_SLICE:
  case PRAXI_OP_PAD:
  case PRAXI_OP_GATHER:
  case PRAXI_OP_RESIZE:
  case PRAXI_OP_EXPAND:
  case PRAXI_OP_REDUCE_MEAN:
  case PRAXI_OP_REDUCE_MAX:
  case PRAXI_OP_REDUCE_MIN:
  case PRAXI_OP_REDUCE_SUM:
    lay_moving (chooser, node);
    return;
  default:
    if (is_row_major_kind (node->op.kind))
      lay_row_major (chooser, node);
    else
      lay_elementwise (chooser, node);
  }
}

PraxiPlace *
praxi_layout_choose (PraxiGraph *graph)
{
  Chooser chooser = {graph, g_ptr_array_new (), g_array_new (FALSE, FALSE, sizeof (PraxiPlace)),
                     g_hash_table_new (NULL, NULL)};
  for (guint i = 0; i < graph->values->len; i++)
    g_array_append_val (chooser.places, ((PraxiPlace){(int) i, 0}));
  for (guint i = 0; i < graph->nodes->len; i++) {
    PraxiNode *node = graph->nodes->pdata[i];
    graph->nodes->pdata[i] = NULL;
    if (try_view (&chooser, node) || reshape_by_copy (&chooser, node)) {
      praxi_node_free (node);
      continue;
    }
    if (node->out[0] >= 0)
      lay_node (&chooser, node);
    g_ptr_array_add (chooser.nodes, node);
  }
  g_ptr_array_set_size (graph->nodes, 0);
  for (guint i = 0; i < chooser.nodes->len; i++)
    g_ptr_array_add (graph->nodes, chooser.nodes->pdata[i]);
  g_ptr_array_unref (chooser.nodes);
  g_hash_table_unref (chooser.copies);
  return (PraxiPlace *) (void *) g_array_free (chooser.places, FALSE);
}
