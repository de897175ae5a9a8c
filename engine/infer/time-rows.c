#include "engine/infer/time-rows.h"

static const PraxiTimeRows nothing = {.axis = -1};

/* One node at hand. */
typedef struct {
  const PraxiOp *op;
  const PraxiTensor *const *in;
  const PraxiTimeRows *rows;
  int n_in;
  const PraxiTensor *out;
  PraxiTimeRowRule *rule;
} Case;

static gboolean
is_constant (const Case *c, int i)
{
  return c->in[i] == NULL || c->in[i]->data != NULL;
}

/* Everything but input 0 is a constant (and residuals, which are looked at elsewhere). */
static gboolean
others_are_constant (const Case *c, int n)
{
  for (int i = 1; i < n; i++)
    if (!is_constant (c, i))
      return FALSE;
  return TRUE;
}

static PraxiTimeRows
row_by_row (const Case *c, int axis)
{
  PraxiTimeRows rows = c->rows[0];
  rows.axis = axis;
  c->rule->can_split = TRUE;
  return rows;
}

/* Joins what another input knows. FALSE: they do not go together. */
static gboolean
join (PraxiTimeRows *rows, const PraxiTimeRows *other)
{
  if (rows->axis < 0 || other->axis < 0 || rows->frames != other->frames)
    return FALSE;
  rows->begin = MAX (rows->begin, other->begin);
  rows->end = MIN (rows->end, other->end);
  return TRUE;
}

/* Broadcast inputs: dims align at the last one; constants must be the same in every row. */
static PraxiTimeRows
elementwise (const Case *c)
{
  PraxiTimeRows all = nothing;
  for (int i = 0; i < c->n_in; i++) {
    if (is_constant (c, i))
      continue;
    PraxiTimeRows rows = c->rows[i];
    if (rows.axis < 0 || c->in[i]->dims[rows.axis] == 1)
      return nothing;
    rows.axis += c->out->rank - c->in[i]->rank;
    if (all.axis >= 0 && (all.axis != rows.axis || !join (&all, &rows)))
      return nothing;
    all = all.axis < 0 ? rows : all;
  }
  for (int i = 0; all.axis >= 0 && i < c->n_in; i++) {
    const int at = c->in[i] != NULL ? all.axis - (c->out->rank - c->in[i]->rank) : -1;
    if (is_constant (c, i) && at >= 0 && c->in[i]->dims[at] != 1)
      return nothing;
  }
  c->rule->can_split = all.axis >= 0;
  return all;
}

/* Scales and zero points, or means and variances, lie along an axis of their own. */
static PraxiTimeRows
along_axis (const Case *c, gint64 axis)
{
  int64_t count = 0;
  if (!others_are_constant (c, c->n_in))
    return nothing;
  for (int i = 1; i < c->n_in; i++)
    if (c->rows[0].axis == axis && c->in[i] != NULL &&
        praxi_tensor_count (c->in[i], &count) == PRAXI_OK && count != 1)
      return nothing;
  return row_by_row (c, c->rows[0].axis);
}

static gint64
divide_up (gint64 a, gint64 b)
{
  return a > 0 ? (a + b - 1) / b : -(-a / b);
}

static gint64
divide_down (gint64 a, gint64 b)
{
  return -divide_up (-a, b);
}

/* A window of `kernel` taps slides along time: rows whose window stays within [begin, end). */
static PraxiTimeRows
slide (const Case *c, int w)
{
  const PraxiWindow *window = &c->op->window;
  const gint64 reach = (window->kernel[w] - 1) * window->dilation[w];
  PraxiTimeRows rows = c->rows[0];
  if (window->ceil_mode || window->pad_begin[w] < 0 || window->pad_begin[w] > reach ||
      window->pad_end[w] < 0 || window->pad_end[w] > reach)
    return nothing;
  rows.frames *= window->stride[w];
  rows.begin = divide_up (rows.begin + window->pad_begin[w], window->stride[w]);
  rows.end = divide_down (rows.end - 1 + window->pad_begin[w] - reach, window->stride[w]) + 1;
  rows.end = MIN (rows.end, c->out->dims[rows.axis]);
  c->rule->window = w;
  c->rule->stride = window->stride[w];
  c->rule->lead = window->pad_begin[w];
  c->rule->reach = reach + 1;
  c->rule->can_split = TRUE;
  return rows;
}

/* Convolutions and pools, over time as one of many pictures or as a dimension of their own. */
static PraxiTimeRows
sliding (const Case *c)
{
  const int axis = c->rows[0].axis;
  const int n_weights = c->n_in - c->op->has_residual;
  if (!others_are_constant (c, n_weights) || axis == 1 || axis - 2 >= c->op->window.n_spatial)
    return nothing;
  PraxiTimeRows rows = axis == 0 ? row_by_row (c, 0) : slide (c, axis - 2);
  if (c->op->has_residual &&
      (c->rows[n_weights].axis != rows.axis || !join (&rows, &c->rows[n_weights])))
    return nothing;
  return rows;
}

static PraxiTimeRows
reduce (const Case *c)
{
  int before = 0;
  for (int i = 0; i < c->op->n_axes; i++) {
    if (c->op->axes[i] == c->rows[0].axis)
      return nothing;
    before += c->op->axes[i] < c->rows[0].axis;
  }
  if (c->op->n_axes == 0 || !others_are_constant (c, c->n_in))
    return nothing;
  return row_by_row (c, c->rows[0].axis - (c->op->keepdims ? 0 : before));
}

/* The rows move by `offset` and every `step`th stays. */
static PraxiTimeRows
move (const Case *c, gint64 offset, gint64 step)
{
  PraxiTimeRows rows = c->rows[0];
  rows.frames *= step;
  rows.begin = MAX (divide_up (rows.begin + offset, step), 0);
  rows.end = MIN (divide_down (rows.end - 1 + offset, step) + 1, c->out->dims[rows.axis]);
  return rows;
}

static PraxiTimeRows
slice (const Case *c)
{
  const PraxiOp *op = c->op;
  for (int i = 0; i < op->n_axes; i++) {
    if (op->axes[i] != c->rows[0].axis)
      continue;
    if (op->steps[i] < 1)
      return nothing;
    c->rule->slice = i;
    c->rule->stride = op->steps[i];
    c->rule->lead = -op->starts[i];
    c->rule->can_split = TRUE;
    return move (c, -op->starts[i], op->steps[i]);
  }
  return row_by_row (c, c->rows[0].axis);
}

static PraxiTimeRows
pad (const Case *c)
{
  const int axis = c->rows[0].axis;
  if (!others_are_constant (c, c->n_in))
    return nothing;
  if (c->op->pads_begin[axis] == 0 && c->op->pads_end[axis] == 0)
    return row_by_row (c, axis);
  return move (c, c->op->pads_begin[axis], 1);
}

/* Along time: the longest input has the rows, what stands before and behind it is edge. */
static PraxiTimeRows
concat_time (const Case *c)
{
  gint64 offset = 0, at = 0;
  int longest = -1;
  for (int i = 0; i < c->n_in; i++) {
    const gint64 length = c->in[i] != NULL ? c->in[i]->dims[c->op->axis] : 0;
    const gboolean has_rows = !is_constant (c, i) && c->rows[i].axis == c->op->axis;
    if (has_rows && (longest < 0 || length > c->in[longest]->dims[c->op->axis])) {
      longest = i;
      offset = at;
    }
    at += length;
  }
  if (longest < 0)
    return nothing;
  Case moved = *c;
  moved.rows = &c->rows[longest];
  return move (&moved, offset, 1);
}

static PraxiTimeRows
concat (const Case *c)
{
  PraxiTimeRows all = c->rows[0];
  for (int i = 0; i < c->n_in; i++)
    if (is_constant (c, i) || c->rows[i].axis < 0 || c->rows[i].axis == c->op->axis)
      return concat_time (c);
  for (int i = 1; i < c->n_in; i++)
    if (c->rows[i].axis != all.axis || !join (&all, &c->rows[i]))
      return nothing;
  c->rule->can_split = all.axis >= 0;
  return all;
}

static PraxiTimeRows
gather (const Case *c)
{
  const int axis = c->rows[0].axis;
  if (!is_constant (c, 1))
    return nothing;
  const PraxiTensor *indices = c->in[1];
  if (axis != c->op->axis)
    return row_by_row (c, axis < c->op->axis ? axis : axis + indices->rank - 1);
  if (indices->rank != 1 || indices->dims[0] < 2)
    return nothing;
  const gint64 first = praxi_tensor_get_int (indices, 0);
  const gint64 step = praxi_tensor_get_int (indices, 1) - first;
  for (gint64 i = 0; i < indices->dims[0]; i++)
    if (first < 0 || step < 1 || praxi_tensor_get_int (indices, i) != first + i * step)
      return nothing;
  return move (c, -first, step);
}

static PraxiTimeRows
product (const Case *c)
{
  const PraxiOp *op = c->op;
  const int axis = c->rows[0].axis, rank = c->in[0]->rank;
  if (!others_are_constant (c, c->n_in) || axis >= rank - 1 || c->in[1] == NULL)
    return nothing;
  if (op->kind == PRAXI_OP_GEMM) {
    const PraxiTensor *bias = c->n_in > 2 ? c->in[2] : NULL;
    const gboolean varies = bias != NULL && bias->rank == 2 && bias->dims[0] != 1;
    return op->transpose_a || varies ? nothing : row_by_row (c, axis);
  }
  return c->in[1]->rank != 2 ? nothing : row_by_row (c, axis);
}

static PraxiTimeRows
norm (const Case *c)
{
  const gboolean crosses = c->op->kind == PRAXI_OP_SOFTMAX ? c->rows[0].axis == c->op->axis
                                                           : c->rows[0].axis >= c->op->axis;
  return crosses || !others_are_constant (c, c->n_in) ? nothing : row_by_row (c, c->rows[0].axis);
}

static PraxiTimeRows
dispatch (const Case *c)
{
  switch (c->op->kind) {
  case PRAXI_OP_CONV:
  case PRAXI_OP_QCONV:
  case PRAXI_OP_MAX_POOL:
  case PRAXI_OP_AVERAGE_POOL:
    return sliding (c);
  case PRAXI_OP_GLOBAL_AVERAGE_POOL:
  case PRAXI_OP_GLOBAL_MAX_POOL:
    return c->rows[0].axis == 0 ? row_by_row (c, 0) : nothing;
  case PRAXI_OP_REDUCE_MEAN:
  case PRAXI_OP_REDUCE_MAX:
  case PRAXI_OP_REDUCE_MIN:
  case PRAXI_OP_REDUCE_SUM:
    return reduce (c);
  case PRAXI_OP_SOFTMAX:
  case PRAXI_OP_LAYER_NORM:
    return norm (c);
  case PRAXI_OP_QUANTIZE_LINEAR:
  case PRAXI_OP_DEQUANTIZE_LINEAR:
    return along_axis (c, c->op->axis);
  case PRAXI_OP_BATCH_NORM:
    return along_axis (c, 1);
  case PRAXI_OP_SLICE:
    return slice (c);
  case PRAXI_OP_PAD:
    return pad (c);
  case PRAXI_OP_GATHER:
    return gather (c);
  case PRAXI_OP_GEMM:
  case PRAXI_OP_MATMUL:
    return product (c);
  default:
    return nothing;
  }
}

gboolean
praxi_time_rows_is_elementwise (PraxiOpKind kind)
{
  return (kind >= PRAXI_OP_RELU && kind <= PRAXI_OP_CAST) ||
         (kind >= PRAXI_OP_ADD && kind <= PRAXI_OP_WHERE) || kind == PRAXI_OP_QADD ||
         kind == PRAXI_OP_QTABLE || kind == PRAXI_OP_CHAIN;
}

PraxiTimeRows
praxi_time_rows_of_node (const PraxiNode *node,
                         const PraxiTensor *const *in,
                         const PraxiTimeRows *in_rows,
                         const PraxiTensor *out,
                         PraxiTimeRowRule *rule)
{
  *rule = (PraxiTimeRowRule){.window = -1, .slice = -1, .stride = 1, .reach = 1};
  const Case c = {&node->op, in, in_rows, node->n_in, out, rule};
  PraxiTimeRows rows = nothing;
  if (praxi_time_rows_is_elementwise (node->op.kind))
    rows = elementwise (&c);
  else if (node->op.kind == PRAXI_OP_CONCAT)
    rows = concat (&c);
  else if (node->n_in > 0 && in_rows[0].axis >= 0)
    rows = dispatch (&c);
  if (rows.axis < 0 || rows.begin >= rows.end || !praxi_time_rows_are_outermost (out, rows.axis))
    rows = nothing;
  rule->can_split = rule->can_split && rows.axis >= 0;
  return rows;
}

void
praxi_time_rows_behind (const PraxiTimeRowRule *rule,
                        int input,
                        gint64 n_rows,
                        gint64 *first,
                        gint64 *end)
{
  if (input != 0)
    return;
  *first = MAX (*first * rule->stride - rule->lead, 0);
  *end = MIN ((*end - 1) * rule->stride - rule->lead + rule->reach, n_rows);
}

gboolean
praxi_time_rows_are_outermost (const PraxiTensor *tensor, int axis)
{
  gint64 inner = 1;
  for (int d = 0; d < tensor->rank; d++) {
    if (d == axis || tensor->dims[d] == 1)
      continue;
    if (tensor->strides[d] >= tensor->strides[axis])
      return FALSE;
    inner *= tensor->dims[d];
  }
  return tensor->dims[axis] > 1 && tensor->strides[axis] == inner;
}

PraxiTimeRows
praxi_time_rows_of_view (const PraxiTensor *of,
                         const PraxiTimeRows *rows,
                         const PraxiTensor *view,
                         gint64 offset,
                         gint64 *shift)
{
  *shift = 0;
  if (rows->axis < 0)
    return nothing;
  const gint64 stride = of->strides[rows->axis];
  for (int d = 0; d < view->rank; d++) {
    if (view->dims[d] <= 1 || view->strides[d] != stride || offset % stride != 0 ||
        !praxi_time_rows_are_outermost (view, d))
      continue;
    *shift = offset / stride;
    return (PraxiTimeRows){.axis = d,
                           .frames = rows->frames,
                           .begin = MAX (rows->begin - *shift, 0),
                           .end = MIN (rows->end - *shift, view->dims[d])};
  }
  return nothing;
}
