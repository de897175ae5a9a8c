#include "engine/model/inflate.h"

#include <string.h>

#include "engine/core/error.h"

enum { DEFAULT_TIME = 3, MAX_FRAMES = 512, MAX_TIME = 15, NO_TIME = -1 };

typedef struct {
  const PraxiGraph *from; /* resolved, batch 1 */
  PraxiGraph *to;
  const PraxiInflateOptions *options;
  int time;
  gboolean is_batch_open;
  int *map;  /* of values of from: the value of to; −1 for none yet */
  int *axis; /* of values of from: where time stands in the mapped value; NO_TIME without it */
  int *still; /* of values of from: the mapped value with its time averaged away; −1 for none yet */
  int n_seeing; /* convolutions that see more than a frame */
  int next;     /* of the names made up */
} Inflater;

static gboolean
fail (GError **error, PraxiErrorCode code, const char *why)
{
  g_set_error (error, PRAXI_ERROR, code, "cannot be inflated: %s", why);
  return FALSE;
}

static const PraxiTensor *
tensor_of (const Inflater *i, int value)
{
  return &praxi_graph_value (i->from, value)->tensor;
}

static int
add_op (Inflater *i, const char *name, const PraxiOp *op, const int *in, int n_in)
{
  g_autofree char *made = g_strdup_printf ("%s/%s%d", name, praxi_op_name (op->kind), i->next++);
  const int out = praxi_graph_add_value (i->to, made, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (i->to, made, op, in, n_in, &out, 1);
  return out;
}

static int
add_ints (Inflater *i, const int64_t *values, int n)
{
  g_autofree char *name = g_strdup_printf ("inflate/ints%d", i->next++);
  const PraxiTensor tensor = {.dtype = PRAXI_S64, .rank = 1, .dims = {n}};
  g_autoptr (GBytes) bytes = g_bytes_new (values, sizeof *values * (gsize) n);
  return praxi_graph_add_constant (i->to, name, &tensor, bytes);
}

static int
copy_constant (Inflater *i, int value, const PraxiTensor *as)
{
  const PraxiValue *constant = praxi_graph_value (i->from, value);
  g_autofree char *name = praxi_graph_find (i->to, constant->name) < 0
                              ? g_strdup (constant->name)
                              : g_strdup_printf ("%s/inflated%d", constant->name, i->next++);
  return praxi_graph_add_constant (i->to, name, as, constant->bytes);
}

static gboolean
is_constant (const Inflater *i, int value)
{
  return value >= 0 && praxi_graph_value (i->from, value)->bytes != NULL;
}

/* The value without time, as it would be in the net of pictures. */
static int
without_time (Inflater *i, int value)
{
  if (value < 0)
    return -1;
  if (i->map[value] < 0)
    return i->map[value] = copy_constant (i, value, tensor_of (i, value));
  if (i->axis[value] == NO_TIME)
    return i->map[value];
  const PraxiOp mean = {
      .kind = PRAXI_OP_REDUCE_MEAN, .n_axes = 1, .axes = {i->axis[value]}, .keepdims = false};
  if (i->still[value] < 0)
    i->still[value] =
        add_op (i, praxi_graph_value (i->from, value)->name, &mean, &i->map[value], 1);
  return i->still[value];
}

/* Makes the outputs of a node values of to under their own names. */
static void
emit (Inflater *i, const PraxiNode *node, const PraxiOp *op, const int *in, int n_in, int axis)
{
  g_autofree int *out = g_new (int, node->n_out);
  for (int j = 0; j < node->n_out; j++) {
    out[j] = -1;
    if (node->out[j] < 0)
      continue;
    out[j] = praxi_graph_add_value (i->to, praxi_graph_value (i->from, node->out[j])->name,
                                    &(PraxiTensor){.rank = -1});
    i->map[node->out[j]] = out[j];
    i->axis[node->out[j]] = axis;
  }
  praxi_graph_add_node (i->to, node->name, op, in, n_in, out, node->n_out);
}

/* A Reshape whose first dim is the batch, which was resolved to 1 but stays open. */
static gboolean
keeps_batch (const Inflater *i, const PraxiNode *node)
{
  return i->is_batch_open && is_constant (i, node->in[1]) && !is_constant (i, node->in[0]) &&
         !node->op.allowzero && tensor_of (i, node->in[0])->rank > 0 &&
         tensor_of (i, node->out[0])->rank > 0 && tensor_of (i, node->in[0])->dims[0] == 1 &&
         tensor_of (i, node->out[0])->dims[0] == 1;
}

static int
batch_target (Inflater *i, const PraxiNode *node)
{
  int64_t dims[PRAXI_MAX_RANK];
  const PraxiTensor *out = tensor_of (i, node->out[0]);
  for (int d = 0; d < out->rank; d++)
    dims[d] = d == 0 ? 0 : out->dims[d];
  return add_ints (i, dims, out->rank);
}

static void
emit_still (Inflater *i, const PraxiNode *node)
{
  g_autofree int *in = g_new (int, node->n_in + 1);
  for (int j = 0; j < node->n_in; j++)
    in[j] = without_time (i, node->in[j]);
  if (node->op.kind == PRAXI_OP_RESHAPE && keeps_batch (i, node))
    in[1] = batch_target (i, node);
  emit (i, node, &node->op, in, node->n_in, NO_TIME);
}

/* Where an axis of the picture's tensor stands now. */
static int64_t
moved (const Inflater *i, int value, int64_t axis)
{
  const int rank = tensor_of (i, value)->rank;
  const int64_t at = axis < 0 ? axis + rank : axis;
  return at >= i->axis[value] ? at + 1 : at;
}

/* --- windows --------------------------------------------------------------------------------- */

static void
put_time_in_window (PraxiWindow *window, int kernel)
{
  int64_t *const fields[5] = {window->kernel, window->stride, window->dilation, window->pad_begin,
                              window->pad_end};
  const int64_t first[5] = {kernel, 1, 1, 0, 0};
  for (int f = 0; f < 5; f++) {
    const int64_t height = fields[f][0], width = fields[f][1];
    fields[f][0] = f == 2 && height == 0 ? 0 : first[f];
    fields[f][1] = height;
    fields[f][2] = width;
  }
  window->n_spatial = 3;
}

/* The first frame comes once more for each frame that a window reaches before it, the last one too.
 */
static int
repeat_ends (Inflater *i, const char *name, int x)
{
  const PraxiOp op = {.kind = PRAXI_OP_PAD, .pad_mode = PRAXI_PAD_EDGE};
  const int64_t by = i->time / 2;
  const int64_t pads[10] = {0, 0, by, 0, 0, 0, 0, by, 0, 0};
  const int in[2] = {x, add_ints (i, pads, 10)};
  return add_op (i, name, &op, in, 2);
}

/* [O,I,k,k] → [O,I,t,k,k], each t-th of the weights; t = 1 keeps the bytes. */
static int
inflate_weights (Inflater *i, int value, int time)
{
  const PraxiValue *weights = praxi_graph_value (i->from, value);
  const PraxiTensor *w = &weights->tensor;
  const PraxiTensor shape = {.dtype = PRAXI_F32,
                             .rank = 5,
                             .dims = {w->dims[0], w->dims[1], time, w->dims[2], w->dims[3]}};
  if (time == 1)
    return copy_constant (i, value, &shape);
  const gsize plane = (gsize) (w->dims[2] * w->dims[3]), n = (gsize) (w->dims[0] * w->dims[1]);
  const float *from = w->data;
  float *to = g_new (float, n *plane *(gsize) time);
  for (gsize a = 0; a < n; a++)
    for (gsize b = 0; b < (gsize) time * plane; b++)
      to[a * plane * (gsize) time + b] = from[a * plane + b % plane] / (float) time;
  g_autofree char *name = g_strdup_printf ("%s/inflated%d", weights->name, i->next++);
  g_autoptr (GBytes) bytes = g_bytes_new_take (to, n * plane * (gsize) time * sizeof *to);
  return praxi_graph_add_constant (i->to, name, &shape, bytes);
}

/* A depthwise t×1×1 whose weights are all 1/t: the mean of t frames. */
static int
add_time_conv (Inflater *i, const char *name, int x, int64_t channels)
{
  const PraxiOp op = {.kind = PRAXI_OP_CONV,
                      .window = {.n_spatial = 3,
                                 .kernel = {i->time, 1, 1},
                                 .stride = {1, 1, 1},
                                 .dilation = {1, 1, 1},
                                 .group = channels}};
  const PraxiTensor shape = {.dtype = PRAXI_F32, .rank = 5, .dims = {channels, 1, i->time, 1, 1}};
  const gsize n = (gsize) channels * (gsize) i->time;
  float *data = g_new (float, n);
  for (gsize k = 0; k < n; k++)
    data[k] = 1 / (float) i->time;
  g_autofree char *full = g_strdup_printf ("%s/time/weight", name);
  g_autoptr (GBytes) bytes = g_bytes_new_take (data, n * sizeof *data);
  const int in[2] = {repeat_ends (i, name, x),
                     praxi_graph_add_constant (i->to, full, &shape, bytes)};
  return add_op (i, name, &op, in, 2);
}

static gboolean
inflate_conv (Inflater *i, const PraxiNode *node, GError **error)
{
  const PraxiTensor *w = tensor_of (i, node->in[1]);
  if (i->axis[node->in[0]] != 2 || w->rank != 4) {
    emit_still (i, node);
    return TRUE;
  }
  if (!is_constant (i, node->in[1]) || w->dtype != PRAXI_F32)
    return fail (error, PRAXI_ERROR_UNSUPPORTED,
                 "its weights are not plain floats; inflate it before it is quantized");
  PraxiOp op = node->op;
  const gboolean is_seeing = w->dims[2] * w->dims[3] > 1;
  const gboolean is_whole = is_seeing && i->options->kind == PRAXI_INFLATE_3D;
  int in[3] = {i->map[node->in[0]], inflate_weights (i, node->in[1], is_whole ? i->time : 1), -1};
  if (node->n_in > 2)
    in[2] = without_time (i, node->in[2]);
  if (is_whole)
    in[0] = repeat_ends (i, node->name, in[0]);
  if (op.window.kernel[0] == 0) {
    op.window.kernel[0] = w->dims[2];
    op.window.kernel[1] = w->dims[3];
  }
  put_time_in_window (&op.window, is_whole ? i->time : 1);
  i->n_seeing += is_seeing;
  if (!is_seeing || is_whole) {
    emit (i, node, &op, in, node->n_in, 2);
    return TRUE;
  }
  const int space = add_op (i, node->name, &op, in, node->n_in);
  const PraxiOp same = {.kind = PRAXI_OP_IDENTITY};
  const int time = add_time_conv (i, node->name, space, w->dims[0]);
  emit (i, node, &same, &time, 1, 2);
  return TRUE;
}

static gboolean
inflate_pool (Inflater *i, const PraxiNode *node)
{
  if (i->axis[node->in[0]] != 2 || node->n_out != 1) {
    emit_still (i, node);
    return TRUE;
  }
  PraxiOp op = node->op;
  put_time_in_window (&op.window, 1);
  emit (i, node, &op, &i->map[node->in[0]], 1, 2);
  return TRUE;
}

/* --- what works element by element -------------------------------------------------------------
 */

/* A constant that reaches as far as the channels gets an axis of one frame. */
static int
broadcast_constant (Inflater *i, int value, int axis, int rank)
{
  PraxiTensor tensor = *tensor_of (i, value);
  const int at = axis - (rank - tensor.rank);
  if (at <= 0)
    return without_time (i, value);
  for (int d = tensor.rank; d > at; d--)
    tensor.dims[d] = tensor.dims[d - 1];
  tensor.dims[at] = 1;
  tensor.rank++;
  praxi_tensor_set_row_major (&tensor);
  return copy_constant (i, value, &tensor);
}

/* Whether all inputs that are computed have time in the same place, and are of one rank. */
static gboolean
agree (const Inflater *i, const PraxiNode *node, int *axis, int *rank)
{
  *axis = NO_TIME;
  *rank = 0;
  for (int j = 0; j < node->n_in; j++) {
    const int value = node->in[j];
    if (value < 0 || i->map[value] < 0 || is_constant (i, value))
      continue;
    if (*rank != 0 && (i->axis[value] != *axis || tensor_of (i, value)->rank != *rank))
      return FALSE;
    *axis = i->axis[value];
    *rank = tensor_of (i, value)->rank;
  }
  return *axis != NO_TIME;
}

static gboolean
inflate_elements (Inflater *i, const PraxiNode *node)
{
  int axis, rank;
  g_autofree int *in = g_new (int, node->n_in + 1);
  if (!agree (i, node, &axis, &rank)) {
    emit_still (i, node);
    return TRUE;
  }
  for (int j = 0; j < node->n_in; j++) {
    const int value = node->in[j];
    if (value < 0)
      in[j] = -1;
    else
      in[j] = is_constant (i, value) ? broadcast_constant (i, value, axis, rank) : i->map[value];
  }
  emit (i, node, &node->op, in, node->n_in, axis);
  return TRUE;
}

/* BatchNormalization, and the quantizers: their constants are lists along an axis. */
static gboolean
inflate_lists (Inflater *i, const PraxiNode *node)
{
  PraxiOp op = node->op;
  g_autofree int *in = g_new (int, node->n_in + 1);
  const int x = node->in[0];
  if (is_constant (i, x) || i->axis[x] == NO_TIME) {
    emit_still (i, node);
    return TRUE;
  }
  in[0] = i->map[x];
  for (int j = 1; j < node->n_in; j++)
    in[j] = without_time (i, node->in[j]);
  if (op.kind != PRAXI_OP_BATCH_NORM)
    op.axis = moved (i, x, op.axis);
  emit (i, node, &op, in, node->n_in, i->axis[x]);
  return TRUE;
}

/* --- what names axes ----------------------------------------------------------------------------
 */

static gboolean
inflate_concat (Inflater *i, const PraxiNode *node)
{
  int axis, rank;
  PraxiOp op = node->op;
  g_autofree int *in = g_new (int, node->n_in + 1);
  gboolean is_computed = agree (i, node, &axis, &rank);
  for (int j = 0; j < node->n_in; j++)
    is_computed = is_computed && !is_constant (i, node->in[j]);
  if (!is_computed) {
    emit_still (i, node);
    return TRUE;
  }
  op.axis = moved (i, node->in[0], op.axis);
  for (int j = 0; j < node->n_in; j++)
    in[j] = i->map[node->in[j]];
  emit (i, node, &op, in, node->n_in, axis);
  return TRUE;
}

/* Means and maxima over height and width go over time too; over channels alone they do not. */
static gboolean
inflate_reduce (Inflater *i, const PraxiNode *node)
{
  PraxiOp op = node->op;
  const int x = node->in[0];
  const int axis = i->axis[x], rank = tensor_of (i, x)->rank;
  gboolean takes_next = FALSE;
  if (axis == NO_TIME || node->n_in > 1 || op.kind != PRAXI_OP_REDUCE_MEAN || op.n_axes < 1) {
    emit_still (i, node);
    return TRUE;
  }
  for (int d = 0; d < op.n_axes; d++) {
    const int64_t old = op.axes[d] < 0 ? op.axes[d] + rank : op.axes[d];
    takes_next = takes_next || old == axis; /* height, which time stands before */
    op.axes[d] = moved (i, x, old);
  }
  if (!takes_next) {
    emit_still (i, node);
    return TRUE;
  }
  op.axes[op.n_axes++] = axis;
  emit (i, node, &op, &i->map[x], 1, op.keepdims ? axis : NO_TIME);
  return TRUE;
}

/* Time travels with height, which it stands before. */
static gboolean
inflate_transpose (Inflater *i, const PraxiNode *node)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE};
  const int x = node->in[0], rank = tensor_of (i, x)->rank;
  if (i->axis[x] == NO_TIME || node->op.n_axes != rank) {
    emit_still (i, node);
    return TRUE;
  }
  int axis = 0;
  for (int d = 0; d < rank; d++) {
    if (node->op.perm[d] == i->axis[x]) {
      axis = op.n_axes;
      op.perm[op.n_axes++] = i->axis[x];
    }
    op.perm[op.n_axes++] = moved (i, x, node->op.perm[d]);
  }
  emit (i, node, &op, &i->map[x], 1, axis);
  return TRUE;
}

/* Only what leaves height and width alone, as mixing channels does. */
static gboolean
inflate_reshape (Inflater *i, const PraxiNode *node)
{
  const int x = node->in[0];
  const PraxiTensor *in = tensor_of (i, x), *out = tensor_of (i, node->out[0]);
  const gboolean is_kept = i->axis[x] == in->rank - 2 && out->rank >= 3 &&
                           out->rank < PRAXI_MAX_RANK && is_constant (i, node->in[1]) &&
                           in->dims[in->rank - 1] == out->dims[out->rank - 1] &&
                           in->dims[in->rank - 2] == out->dims[out->rank - 2];
  if (!is_kept) {
    emit_still (i, node);
    return TRUE;
  }
  int64_t dims[PRAXI_MAX_RANK];
  int n = 0;
  for (int d = 0; d < out->rank; d++) {
    if (d == out->rank - 2)
      dims[n++] = i->options->frames;
    dims[n++] = d == 0 && in->dims[0] == out->dims[0] ? 0 : out->dims[d];
  }
  const int inputs[2] = {i->map[x], add_ints (i, dims, n)};
  const PraxiOp op = {.kind = PRAXI_OP_RESHAPE};
  emit (i, node, &op, inputs, 2, out->rank - 2);
  return TRUE;
}

/* Slices and pads say with numbers in inputs what they do to which axis. */
static gboolean
inflate_slice (Inflater *i, const PraxiNode *node)
{
  const int x = node->in[0];
  g_autofree int *in = g_new (int, node->n_in + 1);
  const gboolean names_axes = node->n_in > 3 && is_constant (i, node->in[3]);
  if (i->axis[x] == NO_TIME || !names_axes) {
    emit_still (i, node);
    return TRUE;
  }
  int64_t axes[PRAXI_MAX_RANK];
  const PraxiTensor *old = tensor_of (i, node->in[3]);
  const int n = (int) MIN (old->dims[0], PRAXI_MAX_RANK);
  for (int d = 0; d < n; d++)
    axes[d] = moved (i, x, praxi_tensor_get_int (old, d));
  for (int j = 0; j < node->n_in; j++)
    in[j] = j == 0 ? i->map[x] : without_time (i, node->in[j]);
  in[3] = add_ints (i, axes, n);
  emit (i, node, &node->op, in, node->n_in, i->axis[x]);
  return TRUE;
}

static gboolean
inflate_pad (Inflater *i, const PraxiNode *node)
{
  const int x = node->in[0], rank = tensor_of (i, x)->rank;
  int64_t pads[2 * PRAXI_MAX_RANK] = {0};
  if (i->axis[x] == NO_TIME || node->n_in < 2 || node->n_in > 3 || !is_constant (i, node->in[1]) ||
      tensor_of (i, node->in[1])->dims[0] != 2 * rank) {
    emit_still (i, node);
    return TRUE;
  }
  for (int d = 0; d < rank; d++)
    for (int end = 0; end < 2; end++)
      pads[moved (i, x, d) + end * (rank + 1)] =
          praxi_tensor_get_int (tensor_of (i, node->in[1]), d + end * rank);
  const int in[3] = {i->map[x], add_ints (i, pads, 2 * (rank + 1)),
                     node->n_in > 2 ? without_time (i, node->in[2]) : -1};
  emit (i, node, &node->op, in, node->n_in, i->axis[x]);
  return TRUE;
}

static gboolean
inflate_global_pool (Inflater *i, const PraxiNode *node)
{
  if (i->axis[node->in[0]] != 2)
    emit_still (i, node);
  else
    emit (i, node, &node->op, &i->map[node->in[0]], 1, 2);
  return TRUE;
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static gboolean
inflate_node (Inflater *i, const PraxiNode *node, GError **error)
{
  switch (node->op.kind) {
  case PRAXI_OP_CONV:
    return inflate_conv (i, node, error);
  case PRAXI_OP_MAX_POOL:
  case PRAXI_OP_AVERAGE_POOL:
    return inflate_pool (i, node);
  case PRAXI_OP_GLOBAL_AVERAGE_POOL:
  case PRAXI_OP_GLOBAL_MAX_POOL:
    return inflate_global_pool (i, node);
  case PRAXI_OP_BATCH_NORM:
  case PRAXI_OP_QUANTIZE_LINEAR:
  case PRAXI_OP_DEQUANTIZE_LINEAR:
    return inflate_lists (i, node);
  case PRAXI_OP_CONCAT:
    return inflate_concat (i, node);
  case PRAXI_OP_REDUCE_MEAN:
    return inflate_reduce (i, node);
  case PRAXI_OP_TRANSPOSE:
    return inflate_transpose (i, node);
  case PRAXI_OP_RESHAPE:
    return inflate_reshape (i, node);
  case PRAXI_OP_SLICE:
    return inflate_slice (i, node);
  case PRAXI_OP_PAD:
    return inflate_pad (i, node);
  default:
    if ((node->op.kind >= PRAXI_OP_RELU && node->op.kind <= PRAXI_OP_CAST) ||
        (node->op.kind >= PRAXI_OP_ADD && node->op.kind <= PRAXI_OP_WHERE))
      return inflate_elements (i, node);
    emit_still (i, node);
    return TRUE;
  }
}

/* The input of clips for an input of pictures. */
static gboolean
inflate_input (Inflater *i, GError **error)
{
  if (i->from->inputs->len != 1)
    return fail (error, PRAXI_ERROR_UNSUPPORTED, "it has not one input but several");
  const int number = g_array_index (i->from->inputs, int, 0);
  const PraxiValue *value = praxi_graph_value (i->from, number);
  PraxiTensor tensor = value->tensor;
  const gboolean is_first = tensor.rank == 4 && (tensor.dims[1] == 3 || tensor.dims[1] == 1);
  const gboolean is_last = tensor.rank == 4 && (tensor.dims[3] == 3 || tensor.dims[3] == 1);
  if (!is_first && !is_last)
    return fail (error, PRAXI_ERROR_UNSUPPORTED,
                 "its input is no picture, [N,3,height,width] or [N,height,width,3]");
  const int axis = is_first ? 2 : 1;
  for (int d = 4; d > axis; d--)
    tensor.dims[d] = tensor.dims[d - 1];
  tensor.dims[axis] = i->options->frames;
  tensor.rank = 5;
  if (i->is_batch_open)
    tensor.dims[0] = PRAXI_DIM_OPEN;
  const int input = praxi_graph_add_value (i->to, value->name, &tensor);
  g_array_append_val (i->to->inputs, input);
  i->map[number] = input;
  i->axis[number] = axis;
  return TRUE;
}

static void
take_outputs (Inflater *i)
{
  for (guint k = 0; k < i->from->outputs->len; k++) {
    const int number = g_array_index (i->from->outputs, int, k);
    const int output = without_time (i, number);
    g_array_append_val (i->to->outputs, output);
  }
}

static gboolean
check_options (const PraxiInflateOptions *options, int time, GError **error)
{
  if (options->frames < 1 || options->frames > MAX_FRAMES)
    return fail (error, PRAXI_ERROR_USAGE, "clips have 1 to 512 frames");
  if (time < 1 || time > MAX_TIME || time % 2 == 0)
    return fail (error, PRAXI_ERROR_USAGE, "kernels see an odd number of frames, at most 15");
  return TRUE;
}

static gboolean
inflate_all (Inflater *i, GError **error)
{
  if (!inflate_input (i, error))
    return FALSE;
  for (guint n = 0; n < i->from->nodes->len; n++)
    if (!inflate_node (i, praxi_graph_node (i->from, (int) n), error))
      return FALSE;
  take_outputs (i);
  return i->n_seeing > 0 ||
         fail (error, PRAXI_ERROR_UNSUPPORTED, "none of its convolutions could see time");
}

PraxiGraph *
praxi_inflate (const PraxiGraph *graph, const PraxiInflateOptions *options, GError **error)
{
  const int time = options->time != 0 ? options->time : DEFAULT_TIME;
  if (!check_options (options, time, error))
    return NULL;
  g_autoptr (PraxiGraph) from = praxi_graph_resolve (graph, NULL, 0, 1, error);
  if (from == NULL)
    return NULL;
  g_autoptr (PraxiGraph) to = praxi_graph_new ();
  const guint n = from->values->len + 1;
  g_autofree int *map = g_new (int, n), *axis = g_new (int, n), *still = g_new (int, n);
  for (guint v = 0; v < n; v++)
    map[v] = axis[v] = still[v] = -1;
  Inflater inflater = {.from = from,
                       .to = to,
                       .options = options,
                       .time = time,
                       .map = map,
                       .axis = axis,
                       .still = still};
  const int input = graph->inputs->len > 0 ? g_array_index (graph->inputs, int, 0) : -1;
  const PraxiTensor *tensor = input >= 0 ? &praxi_graph_value (graph, input)->tensor : NULL;
  inflater.is_batch_open = tensor != NULL && tensor->rank > 0 && tensor->dims[0] < 0;
  to->opset = 17;
  if (!inflate_all (&inflater, error))
    return NULL;
  g_autoptr (PraxiGraph) checked = praxi_graph_resolve (to, NULL, 0, 1, error);
  return checked != NULL ? g_steal_pointer (&to) : NULL;
}
