/* dL/dx of y = f (x), given dy = dL/dy. Shapes of the forward values are known; those of what is
 * added here are inferred when the graph is resolved again.
 */
#include "engine/train/gradient-rules.h"

#include <math.h>
#include <string.h>

static const PraxiTensor *
tensor_of (const PraxiBackward *b, int value)
{
  return &praxi_graph_value (b->graph, value)->tensor;
}

/* --- building ------------------------------------------------------------------------------- */

static int
add_op (PraxiBackward *b, const PraxiOp *op, const int *in, int n_in)
{
  g_autofree char *name = g_strdup_printf ("backward/%d/%s", b->next++, praxi_op_name (op->kind));
  const int out = praxi_graph_add_value (b->graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (b->graph, name, op, in, n_in, &out, 1);
  return out;
}

static int
unary (PraxiBackward *b, PraxiOpKind kind, int x)
{
  return add_op (b, &(PraxiOp){.kind = kind}, &x, 1);
}

static int
binary (PraxiBackward *b, PraxiOpKind kind, int x, int y)
{
  return add_op (b, &(PraxiOp){.kind = kind}, (int[2]){x, y}, 2);
}

static int
multiply (PraxiBackward *b, int x, int y)
{
  return binary (b, PRAXI_OP_MUL, x, y);
}

static int
number (PraxiBackward *b, float value)
{
  g_autofree char *name = g_strdup_printf ("backward/%d/number", b->next++);
  g_autoptr (GBytes) bytes = g_bytes_new (&value, sizeof value);
  return praxi_graph_add_constant (b->graph, name, &(PraxiTensor){.dtype = PRAXI_F32}, bytes);
}

static int
integers (PraxiBackward *b, const int64_t *values, int n)
{
  g_autofree char *name = g_strdup_printf ("backward/%d/integers", b->next++);
  const PraxiTensor tensor = {.dtype = PRAXI_S64, .rank = 1, .dims = {n}};
  g_autoptr (GBytes) bytes = g_bytes_new (values, sizeof *values * (gsize) n);
  return praxi_graph_add_constant (b->graph, name, &tensor, bytes);
}

static int
scaled (PraxiBackward *b, int x, float by)
{
  return by == 1 ? x : multiply (b, x, number (b, by));
}

static int
reshaped (PraxiBackward *b, int x, const PraxiTensor *like)
{
  const int in[2] = {x, integers (b, like->dims, like->rank)};
  return add_op (b, &(PraxiOp){.kind = PRAXI_OP_RESHAPE}, in, 2);
}

/* 1 where the condition holds, else 0. */
static int
mask (PraxiBackward *b, PraxiOpKind condition, int x, int y)
{
  const int holds = binary (b, condition, x, y);
  return add_op (b, &(PraxiOp){.kind = PRAXI_OP_CAST, .to = PRAXI_F32}, &holds, 1);
}

static int
summed (PraxiBackward *b, int x, const int64_t *axes, int n_axes, bool keepdims)
{
  PraxiOp op = {.kind = PRAXI_OP_REDUCE_SUM, .n_axes = n_axes, .keepdims = keepdims};
  if (n_axes == 0)
    return x;
  memcpy (op.axes, axes, sizeof *axes * (gsize) n_axes);
  return add_op (b, &op, &x, 1);
}

/* The sum of dy, of the shape of y, over what x was repeated along. */
static int
sum_to (PraxiBackward *b, int dy, const PraxiTensor *y, const PraxiTensor *x)
{
  int64_t axes[PRAXI_MAX_RANK];
  int n = 0;
  const int lead = y->rank - x->rank;
  for (int d = 0; d < y->rank; d++)
    if (d < lead || (x->dims[d - lead] == 1 && y->dims[d] != 1))
      axes[n++] = d;
  if (n == 0)
    return dy;
  const int sum = summed (b, dy, axes, n, true);
  return lead > 0 ? reshaped (b, sum, x) : sum;
}

/* Several uses of a value: their derivatives add up. */
static void
give (PraxiBackward *b, int value, int gradient)
{
  if (value < 0 || !b->needed[value])
    return;
  int *so_far = &b->gradients[value];
  *so_far = *so_far < 0 ? gradient : binary (b, PRAXI_OP_ADD, *so_far, gradient);
}

static gboolean
wants (const PraxiBackward *b, const PraxiNode *node, int i)
{
  return i < node->n_in && node->in[i] >= 0 && b->needed[node->in[i]];
}

/* --- element by element --------------------------------------------------------------------- */

static void
back_broadcast (PraxiBackward *b, const PraxiNode *node, int i, int gradient)
{
  if (wants (b, node, i))
    give (b, node->in[i],
          sum_to (b, gradient, tensor_of (b, node->out[0]), tensor_of (b, node->in[i])));
}

static void
back_add (PraxiBackward *b, const PraxiNode *node, int dy)
{
  for (int i = 0; i < node->n_in; i++)
    back_broadcast (b, node, i, dy);
}

static void
back_sub (PraxiBackward *b, const PraxiNode *node, int dy)
{
  back_broadcast (b, node, 0, dy);
  if (wants (b, node, 1))
    back_broadcast (b, node, 1, unary (b, PRAXI_OP_NEG, dy));
}

static void
back_mul (PraxiBackward *b, const PraxiNode *node, int dy)
{
  for (int i = 0; i < 2; i++)
    if (wants (b, node, i))
      back_broadcast (b, node, i, multiply (b, dy, node->in[1 - i]));
}

/* y = u / v: dy / v and −dy y / v */
static void
back_div (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int du = binary (b, PRAXI_OP_DIV, dy, node->in[1]);
  back_broadcast (b, node, 0, du);
  if (wants (b, node, 1))
    back_broadcast (b, node, 1, unary (b, PRAXI_OP_NEG, multiply (b, du, node->out[0])));
}

static void
back_relu (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], multiply (b, dy, mask (b, PRAXI_OP_GREATER, node->out[0], number (b, 0))));
}

/* What Clip changed has no derivative. */
static void
back_clip (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], multiply (b, dy, mask (b, PRAXI_OP_EQUAL, node->out[0], node->in[0])));
}

/* y (1 − y) */
static void
back_sigmoid (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int slope = multiply (b, y, binary (b, PRAXI_OP_SUB, number (b, 1), y));
  give (b, node->in[0], multiply (b, dy, slope));
}

/* 1 − y² */
static void
back_tanh (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int slope = binary (b, PRAXI_OP_SUB, number (b, 1), multiply (b, y, y));
  give (b, node->in[0], multiply (b, dy, slope));
}

/* alpha where 0 < y < 1 */
static void
back_hard_sigmoid (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int inside = multiply (b, mask (b, PRAXI_OP_GREATER, y, number (b, 0)),
                               mask (b, PRAXI_OP_LESS, y, number (b, 1)));
  give (b, node->in[0], scaled (b, multiply (b, dy, inside), node->op.alpha));
}

/* x hs (x) with hs = clip (x/6 + 1/2, 0, 1): hs + x/6 where −3 < x < 3 */
static void
back_hard_swish (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0];
  const PraxiOp op = {.kind = PRAXI_OP_HARD_SIGMOID, .alpha = 1.f / 6, .beta = 0.5f};
  const int hard = add_op (b, &op, &x, 1);
  const int inside = multiply (b, mask (b, PRAXI_OP_GREATER, x, number (b, -3)),
                               mask (b, PRAXI_OP_LESS, x, number (b, 3)));
  const int slope = binary (b, PRAXI_OP_ADD, hard, multiply (b, inside, scaled (b, x, 1.f / 6)));
  give (b, x, multiply (b, dy, slope));
}

/* 1 / (2 y) */
static void
back_sqrt (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], binary (b, PRAXI_OP_DIV, scaled (b, dy, 0.5f), node->out[0]));
}

static void
back_exp (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], multiply (b, dy, node->out[0]));
}

static void
back_log (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], binary (b, PRAXI_OP_DIV, dy, node->in[0]));
}

static void
back_neg (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], unary (b, PRAXI_OP_NEG, dy));
}

/* The sign of x: [x > 0] − [x < 0] */
static void
back_abs (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0], zero = number (b, 0);
  const int sign = binary (b, PRAXI_OP_SUB, mask (b, PRAXI_OP_GREATER, x, zero),
                           mask (b, PRAXI_OP_LESS, x, zero));
  give (b, x, multiply (b, dy, sign));
}

/* y (dy − Σ dy y) along the axis */
static void
back_softmax (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int64_t axis = node->op.axis;
  const int sum = summed (b, multiply (b, dy, y), &axis, 1, true);
  give (b, node->in[0], multiply (b, y, binary (b, PRAXI_OP_SUB, dy, sum)));
}

/* --- reductions and pools ------------------------------------------------------------------- */

static void
reduced_axes (const PraxiBackward *b, const PraxiNode *node, gboolean *reduced)
{
  const PraxiTensor *x = tensor_of (b, node->in[0]);
  const gboolean is_pool =
      node->op.kind == PRAXI_OP_GLOBAL_AVERAGE_POOL || node->op.kind == PRAXI_OP_GLOBAL_MAX_POOL;
  for (int d = 0; d < x->rank; d++)
    reduced[d] = is_pool ? d >= 2 : node->op.n_axes == 0 && !node->op.noop_with_empty_axes;
  for (int i = 0; !is_pool && i < node->op.n_axes; i++)
    reduced[node->op.axes[i]] = TRUE;
}

/* A value of the output's elements with the reduced axes as 1; *count: elements in one of them. */
static int
kept (PraxiBackward *b, const PraxiNode *node, int value, double *count)
{
  gboolean reduced[PRAXI_MAX_RANK];
  PraxiTensor like = *tensor_of (b, node->in[0]);
  *count = 1;
  reduced_axes (b, node, reduced);
  for (int d = 0; d < like.rank; d++)
    if (reduced[d]) {
      *count *= (double) like.dims[d];
      like.dims[d] = 1;
    }
  return reshaped (b, value, &like);
}

static int
expanded (PraxiBackward *b, int value, const PraxiTensor *like)
{
  const int in[2] = {value, integers (b, like->dims, like->rank)};
  return add_op (b, &(PraxiOp){.kind = PRAXI_OP_EXPAND}, in, 2);
}

static void
back_mean (PraxiBackward *b, const PraxiNode *node, int dy)
{
  double count;
  const gboolean is_sum = node->op.kind == PRAXI_OP_REDUCE_SUM;
  const int share = kept (b, node, dy, &count);
  give (b, node->in[0],
        expanded (b, scaled (b, share, is_sum ? 1 : (float) (1 / count)),
                  tensor_of (b, node->in[0])));
}

/* The elements that are the extremum share its derivative. */
static void
back_extremum (PraxiBackward *b, const PraxiNode *node, int dy)
{
  double count;
  gboolean reduced[PRAXI_MAX_RANK];
  int64_t axes[PRAXI_MAX_RANK];
  int n = 0;
  const int x = node->in[0];
  reduced_axes (b, node, reduced);
  for (int d = 0; d < tensor_of (b, x)->rank; d++)
    if (reduced[d])
      axes[n++] = d;
  const int is_it = mask (b, PRAXI_OP_EQUAL, x, kept (b, node, node->out[0], &count));
  const int share =
      binary (b, PRAXI_OP_DIV, kept (b, node, dy, &count), summed (b, is_it, axes, n, true));
  give (b, x, multiply (b, is_it, share));
}

static PraxiOp
gradient_op (const PraxiNode *node, PraxiOpKind kind, const PraxiTensor *like)
{
  PraxiOp op = {.kind = kind, .window = node->op.window};
  memcpy (op.shape, like->dims, sizeof op.shape);
  return op;
}

static void
back_average_pool (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiOp op = gradient_op (node, PRAXI_OP_AVERAGE_POOL_GRADIENT, tensor_of (b, node->in[0]));
  give (b, node->in[0], add_op (b, &op, &dy, 1));
}

static void
back_max_pool (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiOp op = gradient_op (node, PRAXI_OP_MAX_POOL_GRADIENT, tensor_of (b, node->in[0]));
  give (b, node->in[0], add_op (b, &op, (int[2]){node->in[0], dy}, 2));
}

/* --- convolutions and products -------------------------------------------------------------- */

static void
back_conv (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *x = tensor_of (b, node->in[0]), *w = tensor_of (b, node->in[1]);
  const PraxiTensor *y = tensor_of (b, node->out[0]);
  if (wants (b, node, 0)) {
    const PraxiOp op = gradient_op (node, PRAXI_OP_CONV_INPUT_GRADIENT, x);
    give (b, node->in[0], add_op (b, &op, (int[2]){dy, node->in[1]}, 2));
  }
  if (wants (b, node, 1)) {
    const PraxiOp op = gradient_op (node, PRAXI_OP_CONV_WEIGHT_GRADIENT, w);
    give (b, node->in[1], add_op (b, &op, (int[2]){node->in[0], dy}, 2));
  }
  if (wants (b, node, 2)) {
    int64_t axes[PRAXI_MAX_RANK];
    int n = 0;
    for (int d = 0; d < y->rank; d++)
      if (d != 1)
        axes[n++] = d;
    give (b, node->in[2], summed (b, dy, axes, n, false));
  }
}

static int
product (PraxiBackward *b, int x, bool transpose_x, int y, bool transpose_y, float alpha)
{
  const PraxiOp op = {.kind = PRAXI_OP_GEMM,
                      .alpha = alpha,
                      .beta = 1,
                      .transpose_a = transpose_x,
                      .transpose_b = transpose_y};
  return add_op (b, &op, (int[2]){x, y}, 2);
}

/* Y = α A' B' + β C, A' = A or Aᵀ: dA' = α dY B'ᵀ, dB' = α A'ᵀ dY */
static void
back_gemm (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const bool ta = node->op.transpose_a, tb = node->op.transpose_b;
  const float alpha = node->op.kind == PRAXI_OP_GEMM ? node->op.alpha : 1;
  const int A = node->in[0], B = node->in[1];
  if (wants (b, node, 0))
    give (b, A, ta ? product (b, B, tb, dy, true, alpha) : product (b, dy, false, B, !tb, alpha));
  if (wants (b, node, 1))
    give (b, B, tb ? product (b, dy, true, A, ta, alpha) : product (b, A, !ta, dy, false, alpha));
  if (wants (b, node, 2))
    back_broadcast (b, node, 2, scaled (b, dy, node->op.beta));
}

/* y = s (x − m) / √(v + ε) + o with fixed m and v: dx = dy s / √(v + ε) */
static gboolean
back_batch_norm (PraxiBackward *b, const PraxiNode *node, int dy)
{
  PraxiTensor row = {.rank = tensor_of (b, node->in[0])->rank};
  if (node->op.training_mode || wants (b, node, 1) || wants (b, node, 2))
    return FALSE;
  for (int d = 0; d < row.rank; d++)
    row.dims[d] = d == 1 ? tensor_of (b, node->in[1])->dims[0] : 1;
  const int variance = binary (b, PRAXI_OP_ADD, node->in[4], number (b, node->op.epsilon));
  const int slope = binary (b, PRAXI_OP_DIV, node->in[1], unary (b, PRAXI_OP_SQRT, variance));
  give (b, node->in[0], multiply (b, dy, reshaped (b, slope, &row)));
  return TRUE;
}

/* --- moving --------------------------------------------------------------------------------- */

static void
back_reshape (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], reshaped (b, dy, tensor_of (b, node->in[0])));
}

static void
back_transpose (PraxiBackward *b, const PraxiNode *node, int dy)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = tensor_of (b, node->in[0])->rank};
  for (int d = 0; d < op.n_axes; d++)
    op.perm[node->op.n_axes > 0 ? node->op.perm[d] : op.n_axes - 1 - d] = d;
  give (b, node->in[0], add_op (b, &op, &dy, 1));
}

static void
back_concat (PraxiBackward *b, const PraxiNode *node, int dy)
{
  int64_t at = 0;
  for (int i = 0; i < node->n_in; i++) {
    const int64_t length = tensor_of (b, node->in[i])->dims[node->op.axis];
    const PraxiOp op = {.kind = PRAXI_OP_SLICE,
                        .n_axes = 1,
                        .axes = {node->op.axis},
                        .starts = {at},
                        .ends = {at + length},
                        .steps = {1}};
    if (wants (b, node, i))
      give (b, node->in[i], add_op (b, &op, &dy, 1));
    at += length;
  }
}

/* Noughts where the slice took nothing; with a step of 1 only. */
static gboolean
back_slice (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *x = tensor_of (b, node->in[0]);
  PraxiOp op = {.kind = PRAXI_OP_PAD};
  int64_t pads[2 * PRAXI_MAX_RANK] = {0};
  for (int i = 0; i < node->op.n_axes; i++) {
    if (node->op.steps[i] != 1)
      return FALSE;
    pads[node->op.axes[i]] = node->op.starts[i];
    pads[x->rank + node->op.axes[i]] = x->dims[node->op.axes[i]] - node->op.ends[i];
  }
  const int in[2] = {dy, integers (b, pads, 2 * x->rank)};
  give (b, node->in[0], add_op (b, &op, in, 2));
  return TRUE;
}

static void
back_expand (PraxiBackward *b, const PraxiNode *node, int dy)
{
  back_broadcast (b, node, 0, dy);
}

/* --- quantization --------------------------------------------------------------------------- */

static gboolean
one_number (const PraxiTensor *tensor)
{
  int64_t count = 0;
  return tensor->data != NULL && praxi_tensor_count (tensor, &count) == PRAXI_OK && count == 1;
}

/* Straight through, except where x lies beyond what the bytes can say. Scales of one number only
 * clip: those of weights are made to fit them.
 */
static void
back_quantize (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *scale = tensor_of (b, node->in[1]);
  const PraxiTensor *zero = node->n_in > 2 && node->in[2] >= 0 ? tensor_of (b, node->in[2]) : NULL;
  if (!one_number (scale) || (zero != NULL && !one_number (zero))) {
    give (b, node->in[0], dy);
    return;
  }
  const gboolean is_signed = tensor_of (b, node->out[0])->dtype == PRAXI_S8;
  const double step = praxi_tensor_get (scale, 0), at = zero ? praxi_tensor_get (zero, 0) : 0;
  const double low = ((is_signed ? -128 : 0) - at - 0.5) * step, high = low + 256 * step;
  const int inside = multiply (b, mask (b, PRAXI_OP_GREATER, node->in[0], number (b, (float) low)),
                               mask (b, PRAXI_OP_LESS, node->in[0], number (b, (float) high)));
  give (b, node->in[0], multiply (b, dy, inside));
}

static void
back_identity (PraxiBackward *b, const PraxiNode *node, int dy)
{
  give (b, node->in[0], dy);
}

/* --- the table ------------------------------------------------------------------------------ */

typedef void Rule (PraxiBackward *backward, const PraxiNode *node, int dy);

static Rule *const rules[PRAXI_OP_COUNT] = {
    [PRAXI_OP_CONV] = back_conv,
    [PRAXI_OP_GEMM] = back_gemm,
    [PRAXI_OP_MAX_POOL] = back_max_pool,
    [PRAXI_OP_AVERAGE_POOL] = back_average_pool,
    [PRAXI_OP_GLOBAL_AVERAGE_POOL] = back_mean,
    [PRAXI_OP_GLOBAL_MAX_POOL] = back_extremum,
    [PRAXI_OP_REDUCE_MEAN] = back_mean,
    [PRAXI_OP_REDUCE_SUM] = back_mean,
    [PRAXI_OP_REDUCE_MAX] = back_extremum,
    [PRAXI_OP_REDUCE_MIN] = back_extremum,
    [PRAXI_OP_RELU] = back_relu,
    [PRAXI_OP_CLIP] = back_clip,
    [PRAXI_OP_SIGMOID] = back_sigmoid,
    [PRAXI_OP_HARD_SIGMOID] = back_hard_sigmoid,
    [PRAXI_OP_HARD_SWISH] = back_hard_swish,
    [PRAXI_OP_TANH] = back_tanh,
    [PRAXI_OP_ABS] = back_abs,
    [PRAXI_OP_SQRT] = back_sqrt,
    [PRAXI_OP_EXP] = back_exp,
    [PRAXI_OP_LOG] = back_log,
    [PRAXI_OP_NEG] = back_neg,
    [PRAXI_OP_SOFTMAX] = back_softmax,
    [PRAXI_OP_IDENTITY] = back_identity,
    [PRAXI_OP_ADD] = back_add,
    [PRAXI_OP_SUB] = back_sub,
    [PRAXI_OP_MUL] = back_mul,
    [PRAXI_OP_DIV] = back_div,
    [PRAXI_OP_CONCAT] = back_concat,
    [PRAXI_OP_RESHAPE] = back_reshape,
    [PRAXI_OP_FLATTEN] = back_reshape,
    [PRAXI_OP_SQUEEZE] = back_reshape,
    [PRAXI_OP_UNSQUEEZE] = back_reshape,
    [PRAXI_OP_TRANSPOSE] = back_transpose,
    [PRAXI_OP_EXPAND] = back_expand,
    [PRAXI_OP_QUANTIZE_LINEAR] = back_quantize,
    [PRAXI_OP_DEQUANTIZE_LINEAR] = back_identity,
};

gboolean
praxi_backward_node (PraxiBackward *backward, const PraxiNode *node, int dy)
{
  const gboolean is_plane_product = node->op.kind == PRAXI_OP_MATMUL &&
                                    tensor_of (backward, node->in[0])->rank == 2 &&
                                    tensor_of (backward, node->in[1])->rank == 2;
  if (node->op.kind == PRAXI_OP_BATCH_NORM)
    return back_batch_norm (backward, node, dy);
  if (node->op.kind == PRAXI_OP_SLICE)
    return back_slice (backward, node, dy);
  if (is_plane_product)
    back_gemm (backward, node, dy);
  else if (rules[node->op.kind] != NULL)
    rules[node->op.kind](backward, node, dy);
  return is_plane_product || rules[node->op.kind] != NULL;
}
