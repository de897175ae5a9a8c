/* dL/dx of y = f (x), given dy = dL/dy. Shapes of the forward values are known; those of what is
 * added here are inferred when the graph is resolved again.
 */
#include "engine/train/gradient-build.h"

#include <math.h>
#include <string.h>

/* --- element by element --------------------------------------------------------------------- */

static void
back_broadcast (PraxiBackward *b, const PraxiNode *node, int i, int gradient)
{
  if (praxi_backward_wants (b, node, i))
    praxi_backward_give (b, node->in[i],
                         praxi_backward_sum_to (b, gradient,
                                                praxi_backward_tensor (b, node->out[0]),
                                                praxi_backward_tensor (b, node->in[i])));
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
  if (praxi_backward_wants (b, node, 1))
    back_broadcast (b, node, 1, praxi_backward_unary (b, PRAXI_OP_NEG, dy));
}

static void
back_mul (PraxiBackward *b, const PraxiNode *node, int dy)
{
  for (int i = 0; i < 2; i++)
    if (praxi_backward_wants (b, node, i))
      back_broadcast (b, node, i, praxi_backward_multiply (b, dy, node->in[1 - i]));
}

/* y = u / v: dy / v and −dy y / v */
static void
back_div (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int du = praxi_backward_binary (b, PRAXI_OP_DIV, dy, node->in[1]);
  back_broadcast (b, node, 0, du);
  if (praxi_backward_wants (b, node, 1))
    back_broadcast (
        b, node, 1,
        praxi_backward_unary (b, PRAXI_OP_NEG, praxi_backward_multiply (b, du, node->out[0])));
}

static void
back_relu (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0],
                       praxi_backward_multiply (b, dy, praxi_backward_above_0 (b, node->out[0])));
}

/* What Clip changed has no derivative. */
static void
back_clip (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (
      b, node->in[0],
      praxi_backward_multiply (b, dy,
                               praxi_backward_mask (b, PRAXI_OP_EQUAL, node->out[0], node->in[0])));
}

/* y (1 − y) */
static void
back_sigmoid (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int slope = praxi_backward_multiply (
      b, y, praxi_backward_binary (b, PRAXI_OP_SUB, praxi_backward_number (b, 1), y));
  praxi_backward_give (b, node->in[0], praxi_backward_multiply (b, dy, slope));
}

/* 1 − y² */
static void
back_tanh (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int slope = praxi_backward_binary (b, PRAXI_OP_SUB, praxi_backward_number (b, 1),
                                           praxi_backward_multiply (b, y, y));
  praxi_backward_give (b, node->in[0], praxi_backward_multiply (b, dy, slope));
}

/* alpha where 0 < y < 1 */
static void
back_hard_sigmoid (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int rest = praxi_backward_binary (b, PRAXI_OP_SUB, praxi_backward_number (b, 1), y);
  const int inside = praxi_backward_above_0 (b, praxi_backward_multiply (b, y, rest));
  praxi_backward_give (
      b, node->in[0],
      praxi_backward_scaled (b, praxi_backward_multiply (b, dy, inside), node->op.alpha));
}

/* x hs (x) with hs = clip (x/6 + 1/2, 0, 1): hs + x/6 where −3 < x < 3 */
static void
back_hard_swish (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0];
  const PraxiOp op = {.kind = PRAXI_OP_HARD_SIGMOID, .alpha = 1.f / 6, .beta = 0.5f};
  const int hard = praxi_backward_op (b, &op, &x, 1);
  const int size = praxi_backward_unary (b, PRAXI_OP_ABS, x);
  const int inside = praxi_backward_above_0 (
      b, praxi_backward_binary (b, PRAXI_OP_SUB, praxi_backward_number (b, 3), size));
  const int slope = praxi_backward_binary (
      b, PRAXI_OP_ADD, hard,
      praxi_backward_multiply (b, inside, praxi_backward_scaled (b, x, 1.f / 6)));
  praxi_backward_give (b, x, praxi_backward_multiply (b, dy, slope));
}

/* 1 / (2 y) */
static void
back_sqrt (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (
      b, node->in[0],
      praxi_backward_binary (b, PRAXI_OP_DIV, praxi_backward_scaled (b, dy, 0.5f), node->out[0]));
}

static void
back_exp (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0], praxi_backward_multiply (b, dy, node->out[0]));
}

static void
back_log (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0], praxi_backward_binary (b, PRAXI_OP_DIV, dy, node->in[0]));
}

static void
back_neg (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0], praxi_backward_unary (b, PRAXI_OP_NEG, dy));
}

/* The sign of x: [x > 0] − [x < 0] */
static void
back_abs (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0], zero = praxi_backward_number (b, 0);
  const int sign =
      praxi_backward_binary (b, PRAXI_OP_SUB, praxi_backward_mask (b, PRAXI_OP_GREATER, x, zero),
                             praxi_backward_mask (b, PRAXI_OP_LESS, x, zero));
  praxi_backward_give (b, x, praxi_backward_multiply (b, dy, sign));
}

/* y (dy − Σ dy y) along the axis */
static void
back_softmax (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int y = node->out[0];
  const int64_t axis = node->op.axis;
  const int sum = praxi_backward_summed (b, praxi_backward_multiply (b, dy, y), &axis, 1, true);
  praxi_backward_give (
      b, node->in[0],
      praxi_backward_multiply (b, y, praxi_backward_binary (b, PRAXI_OP_SUB, dy, sum)));
}

/* --- reductions and pools ------------------------------------------------------------------- */

static void
reduced_axes (const PraxiBackward *b, const PraxiNode *node, gboolean *reduced)
{
  const PraxiTensor *x = praxi_backward_tensor (b, node->in[0]);
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
  PraxiTensor like = *praxi_backward_tensor (b, node->in[0]);
  *count = 1;
  reduced_axes (b, node, reduced);
  for (int d = 0; d < like.rank; d++)
    if (reduced[d]) {
      *count *= (double) like.dims[d];
      like.dims[d] = 1;
    }
  return praxi_backward_reshaped (b, value, &like);
}

static int
expanded (PraxiBackward *b, int value, const PraxiTensor *like)
{
  const int in[2] = {value, praxi_backward_integers (b, like->dims, like->rank)};
  return praxi_backward_op (b, &(PraxiOp){.kind = PRAXI_OP_EXPAND}, in, 2);
}

static void
back_mean (PraxiBackward *b, const PraxiNode *node, int dy)
{
  double count;
  const gboolean is_sum = node->op.kind == PRAXI_OP_REDUCE_SUM;
  const int share = kept (b, node, dy, &count);
  praxi_backward_give (b, node->in[0],
                       expanded (b,
                                 praxi_backward_scaled (b, share, is_sum ? 1 : (float) (1 / count)),
                                 praxi_backward_tensor (b, node->in[0])));
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
  for (int d = 0; d < praxi_backward_tensor (b, x)->rank; d++)
    if (reduced[d])
      axes[n++] = d;
  const int is_it =
      praxi_backward_mask (b, PRAXI_OP_EQUAL, x, kept (b, node, node->out[0], &count));
  const int share = praxi_backward_binary (b, PRAXI_OP_DIV, kept (b, node, dy, &count),
                                           praxi_backward_summed (b, is_it, axes, n, true));
  praxi_backward_give (b, x, praxi_backward_multiply (b, is_it, share));
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
  const PraxiOp op =
      gradient_op (node, PRAXI_OP_AVERAGE_POOL_GRADIENT, praxi_backward_tensor (b, node->in[0]));
  praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, &dy, 1));
}

static void
back_max_pool (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiOp op =
      gradient_op (node, PRAXI_OP_MAX_POOL_GRADIENT, praxi_backward_tensor (b, node->in[0]));
  praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, (int[2]){node->in[0], dy}, 2));
}

/* --- convolutions and products -------------------------------------------------------------- */

static void
back_conv (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *x = praxi_backward_tensor (b, node->in[0]),
                    *w = praxi_backward_tensor (b, node->in[1]);
  const PraxiTensor *y = praxi_backward_tensor (b, node->out[0]);
  if (praxi_backward_wants (b, node, 0)) {
    const PraxiOp op = gradient_op (node, PRAXI_OP_CONV_INPUT_GRADIENT, x);
    praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, (int[2]){dy, node->in[1]}, 2));
  }
  if (praxi_backward_wants (b, node, 1)) {
    const PraxiOp op = gradient_op (node, PRAXI_OP_CONV_WEIGHT_GRADIENT, w);
    praxi_backward_give (b, node->in[1], praxi_backward_op (b, &op, (int[2]){node->in[0], dy}, 2));
  }
  if (praxi_backward_wants (b, node, 2)) {
    int64_t axes[PRAXI_MAX_RANK];
    int n = 0;
    for (int d = 0; d < y->rank; d++)
      if (d != 1)
        axes[n++] = d;
    praxi_backward_give (b, node->in[2], praxi_backward_summed (b, dy, axes, n, false));
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
  return praxi_backward_op (b, &op, (int[2]){x, y}, 2);
}

/* Y = α A' B' + β C, A' = A or Aᵀ: dA' = α dY B'ᵀ, dB' = α A'ᵀ dY */
static void
back_gemm (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const bool ta = node->op.transpose_a, tb = node->op.transpose_b;
  const float alpha = node->op.kind == PRAXI_OP_GEMM ? node->op.alpha : 1;
  const int A = node->in[0], B = node->in[1];
  if (praxi_backward_wants (b, node, 0))
    praxi_backward_give (
        b, A, ta ? product (b, B, tb, dy, true, alpha) : product (b, dy, false, B, !tb, alpha));
  if (praxi_backward_wants (b, node, 1))
    praxi_backward_give (
        b, B, tb ? product (b, dy, true, A, ta, alpha) : product (b, A, !ta, dy, false, alpha));
  if (praxi_backward_wants (b, node, 2))
    back_broadcast (b, node, 2, praxi_backward_scaled (b, dy, node->op.beta));
}

/* With the batch's own mean and variance these are outputs 1 and 2, of momentum 0. */
static gboolean
back_batch_norm (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const gboolean is_own = node->op.training_mode;
  const PraxiOp op = {.kind = PRAXI_OP_BATCH_NORM_GRADIENT,
                      .epsilon = node->op.epsilon,
                      .training_mode = node->op.training_mode};
  if (is_own && (node->n_out < 3 || node->op.alpha != 0))
    return FALSE;
  const int in[5] = {node->in[0], node->in[1], dy, is_own ? node->out[1] : node->in[3],
                     is_own ? node->out[2] : node->in[4]};
  int out[3];
  g_autofree char *name = g_strdup_printf ("backward/%d/BatchNormGradient", b->next++);
  for (int i = 0; i < 3; i++) {
    g_autofree char *part = g_strdup_printf ("%s/%d", name, i);
    out[i] = praxi_graph_add_value (b->graph, part, &(PraxiTensor){.rank = -1});
  }
  praxi_graph_add_node (b->graph, name, &op, in, 5, out, 3);
  for (int i = 0; i < 3; i++)
    praxi_backward_give (b, node->in[i], out[i]);
  return TRUE;
}

/* --- moving --------------------------------------------------------------------------------- */

static void
back_reshape (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0],
                       praxi_backward_reshaped (b, dy, praxi_backward_tensor (b, node->in[0])));
}

static void
back_transpose (PraxiBackward *b, const PraxiNode *node, int dy)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = praxi_backward_tensor (b, node->in[0])->rank};
  for (int d = 0; d < op.n_axes; d++)
    op.perm[node->op.n_axes > 0 ? node->op.perm[d] : op.n_axes - 1 - d] = d;
  praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, &dy, 1));
}

static void
back_concat (PraxiBackward *b, const PraxiNode *node, int dy)
{
  int64_t at = 0;
  for (int i = 0; i < node->n_in; i++) {
    const int64_t length = praxi_backward_tensor (b, node->in[i])->dims[node->op.axis];
    const PraxiOp op = {.kind = PRAXI_OP_SLICE,
                        .n_axes = 1,
                        .axes = {node->op.axis},
                        .starts = {at},
                        .ends = {at + length},
                        .steps = {1}};
    if (praxi_backward_wants (b, node, i))
      praxi_backward_give (b, node->in[i], praxi_backward_op (b, &op, &dy, 1));
    at += length;
  }
}

/* Noughts where the slice took nothing; with a step of 1 only. */
static gboolean
back_slice (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *x = praxi_backward_tensor (b, node->in[0]);
  PraxiOp op = {.kind = PRAXI_OP_PAD};
  int64_t pads[2 * PRAXI_MAX_RANK] = {0};
  for (int i = 0; i < node->op.n_axes; i++) {
    if (node->op.steps[i] != 1)
      return FALSE;
    pads[node->op.axes[i]] = node->op.starts[i];
    pads[x->rank + node->op.axes[i]] = x->dims[node->op.axes[i]] - node->op.ends[i];
  }
  const int in[2] = {dy, praxi_backward_integers (b, pads, 2 * x->rank)};
  praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, in, 2));
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
  const PraxiTensor *scale = praxi_backward_tensor (b, node->in[1]);
  const PraxiTensor *zero =
      node->n_in > 2 && node->in[2] >= 0 ? praxi_backward_tensor (b, node->in[2]) : NULL;
  if (!one_number (scale) || (zero != NULL && !one_number (zero))) {
    praxi_backward_give (b, node->in[0], dy);
    return;
  }
  const gboolean is_signed = praxi_backward_tensor (b, node->out[0])->dtype == PRAXI_S8;
  const double step = praxi_tensor_get (scale, 0), at = zero ? praxi_tensor_get (zero, 0) : 0;
  const double low = ((is_signed ? -128 : 0) - at - 0.5) * step, high = low + 256 * step;
  const int inside = praxi_backward_multiply (
      b,
      praxi_backward_mask (b, PRAXI_OP_GREATER, node->in[0],
                           praxi_backward_number (b, (float) low)),
      praxi_backward_mask (b, PRAXI_OP_LESS, node->in[0], praxi_backward_number (b, (float) high)));
  praxi_backward_give (b, node->in[0], praxi_backward_multiply (b, dy, inside));
}

static void
back_identity (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0], dy);
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
    [PRAXI_OP_PAD] = praxi_back_pad,
    [PRAXI_OP_MATMUL] = praxi_back_matmul,
    [PRAXI_OP_LAYER_NORM] = praxi_back_layer_norm,
    [PRAXI_OP_LEAKY_RELU] = praxi_back_leaky_relu,
    [PRAXI_OP_PRELU] = praxi_back_prelu,
    [PRAXI_OP_GATHER] = praxi_back_gather,
    [PRAXI_OP_TOPK] = praxi_back_topk,
    [PRAXI_OP_GELU] = praxi_back_gelu,
    [PRAXI_OP_ERF] = praxi_back_erf,
    [PRAXI_OP_POW] = praxi_back_pow,
    [PRAXI_OP_RECIPROCAL] = praxi_back_reciprocal,
    [PRAXI_OP_MIN] = praxi_back_least,
    [PRAXI_OP_MAX] = praxi_back_least,
    [PRAXI_OP_WHERE] = praxi_back_where,
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
                                    praxi_backward_tensor (backward, node->in[0])->rank == 2 &&
                                    praxi_backward_tensor (backward, node->in[1])->rank == 2;
  switch (node->op.kind) {
  case PRAXI_OP_BATCH_NORM:
    return back_batch_norm (backward, node, dy);
  case PRAXI_OP_SLICE:
    return back_slice (backward, node, dy);
  case PRAXI_OP_RESIZE:
    return praxi_back_resize (backward, node, dy);
  case PRAXI_OP_SPLIT:
    praxi_back_split (backward, node);
    return TRUE;
  case PRAXI_OP_PAD:
    if (node->op.pad_mode != PRAXI_PAD_CONSTANT)
      return FALSE;
    break;
  default:
    break;
  }
  if (is_plane_product)
    back_gemm (backward, node, dy);
  else if (rules[node->op.kind] != NULL)
    rules[node->op.kind](backward, node, dy);
  return is_plane_product || rules[node->op.kind] != NULL;
}
