/* Rules of operators that attention, shifts and smooth activations are made of. */
#include <math.h>
#include <string.h>

#include "engine/train/gradient-build.h"

static int
add (PraxiBackward *b, int x, int y)
{
  return praxi_backward_binary (b, PRAXI_OP_ADD, x, y);
}

static int
minus (PraxiBackward *b, int x, int y)
{
  return praxi_backward_binary (b, PRAXI_OP_SUB, x, y);
}

static void
give_sum (PraxiBackward *b, const PraxiNode *node, int i, int gradient)
{
  praxi_backward_give (b, node->in[i],
                       praxi_backward_sum_to (b, gradient, praxi_backward_tensor (b, node->out[0]),
                                              praxi_backward_tensor (b, node->in[i])));
}

/* What was put around goes. */
void
praxi_back_pad (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *x = praxi_backward_tensor (b, node->in[0]);
  PraxiOp op = {.kind = PRAXI_OP_PAD};
  int64_t pads[2 * PRAXI_MAX_RANK];
  for (int d = 0; d < x->rank; d++) {
    pads[d] = -node->op.pads_begin[d];
    pads[x->rank + d] = -node->op.pads_end[d];
  }
  const int in[2] = {dy, praxi_backward_integers (b, pads, 2 * x->rank)};
  praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, in, 2));
}

/* The parts one after another; noughts for those that the loss does not depend on. */
void
praxi_back_split (PraxiBackward *b, const PraxiNode *node)
{
  g_autofree int *parts = g_new (int, node->n_out + 1);
  const PraxiOp op = {.kind = PRAXI_OP_CONCAT, .axis = node->op.axis};
  for (int j = 0; j < node->n_out; j++) {
    const int out = node->out[j], gradient = out < b->n_values ? b->gradients[out] : -1;
    parts[j] =
        gradient >= 0 ? gradient : praxi_backward_multiply (b, out, praxi_backward_number (b, 0));
  }
  praxi_backward_give (b, node->in[0], praxi_backward_op (b, &op, parts, node->n_out));
}

/* The last two axes changed for each other. */
static int
turned (PraxiBackward *b, int x, int rank)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = rank};
  for (int d = 0; d < rank; d++)
    op.perm[d] = d < rank - 2 ? d : 2 * rank - 3 - d;
  return praxi_backward_op (b, &op, &x, 1);
}

/* Y = A B plane by plane: dA = dY Bᵀ, dB = Aᵀ dY, summed over what was repeated. */
void
praxi_back_matmul (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor *A = praxi_backward_tensor (b, node->in[0]);
  const PraxiTensor *B = praxi_backward_tensor (b, node->in[1]);
  const PraxiTensor *Y = praxi_backward_tensor (b, node->out[0]);
  if (A->rank < 2 || B->rank < 2)
    return;
  for (int i = 0; i < 2; i++) {
    if (!praxi_backward_wants (b, node, i))
      continue;
    PraxiTensor whole = *Y; /* of the product, before the sum over repeated planes */
    const PraxiTensor *own = i == 0 ? A : B;
    whole.dims[Y->rank - 2] = own->dims[own->rank - 2];
    whole.dims[Y->rank - 1] = own->dims[own->rank - 1];
    const int product =
        i == 0 ? praxi_backward_binary (b, PRAXI_OP_MATMUL, dy, turned (b, node->in[1], B->rank))
               : praxi_backward_binary (b, PRAXI_OP_MATMUL, turned (b, node->in[0], A->rank), dy);
    praxi_backward_give (b, node->in[i], praxi_backward_sum_to (b, product, &whole, own));
  }
}

static int
mean_over (PraxiBackward *b, int x, int64_t axis, int rank)
{
  PraxiOp op = {.kind = PRAXI_OP_REDUCE_MEAN, .keepdims = true};
  for (int64_t d = axis; d < rank; d++)
    op.axes[op.n_axes++] = d;
  return praxi_backward_op (b, &op, &x, 1);
}

/* With h = (x − μ) σ⁻¹ and g = dy scale: dx = σ⁻¹ (g − mean g − h mean (g h)), dscale = Σ dy h,
 * dbias = Σ dy
 */
void
praxi_back_layer_norm (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0], rank = praxi_backward_tensor (b, x)->rank;
  const int64_t axis = node->op.axis;
  const int off = minus (b, x, mean_over (b, x, axis, rank));
  const int variance = mean_over (b, praxi_backward_multiply (b, off, off), axis, rank);
  const int deviation = praxi_backward_unary (
      b, PRAXI_OP_SQRT, add (b, variance, praxi_backward_number (b, node->op.epsilon)));
  const int h = praxi_backward_binary (b, PRAXI_OP_DIV, off, deviation);
  const int g = praxi_backward_multiply (b, dy, node->in[1]);
  const int along =
      praxi_backward_multiply (b, h, mean_over (b, praxi_backward_multiply (b, g, h), axis, rank));
  const int rest = minus (b, minus (b, g, mean_over (b, g, axis, rank)), along);
  praxi_backward_give (b, x, praxi_backward_binary (b, PRAXI_OP_DIV, rest, deviation));
  if (praxi_backward_wants (b, node, 1))
    give_sum (b, node, 1, praxi_backward_multiply (b, dy, h));
  if (praxi_backward_wants (b, node, 2))
    give_sum (b, node, 2, dy);
}

void
praxi_back_leaky_relu (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int zero = praxi_backward_number (b, 0);
  const int above = praxi_backward_mask (b, PRAXI_OP_GREATER, node->in[0], zero);
  const int slope = add (b, praxi_backward_scaled (b, above, 1 - node->op.alpha),
                         praxi_backward_number (b, node->op.alpha));
  praxi_backward_give (b, node->in[0], praxi_backward_multiply (b, dy, slope));
}

/* 2/√π e^(−x²) */
static int
erf_slope (PraxiBackward *b, int x)
{
  const int square = praxi_backward_multiply (b, x, x);
  const int bell =
      praxi_backward_unary (b, PRAXI_OP_EXP, praxi_backward_unary (b, PRAXI_OP_NEG, square));
  return praxi_backward_scaled (b, bell, (float) (2 / sqrt (G_PI)));
}

void
praxi_back_erf (PraxiBackward *b, const PraxiNode *node, int dy)
{
  praxi_backward_give (b, node->in[0], praxi_backward_multiply (b, dy, erf_slope (b, node->in[0])));
}

/* y = x (1 + s) / 2, s = erf (x/√2) or tanh (√(2/π) (x + 0.044715 x³)): (1 + s + x s') / 2 */
void
praxi_back_gelu (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0], one = praxi_backward_number (b, 1);
  const float root = (float) sqrt (2 / G_PI);
  int s, slope;
  if (node->op.gelu_tanh) {
    const int square = praxi_backward_multiply (b, x, x);
    const int inner =
        praxi_backward_multiply (b, x, add (b, one, praxi_backward_scaled (b, square, 0.044715f)));
    s = praxi_backward_unary (b, PRAXI_OP_TANH, praxi_backward_scaled (b, inner, root));
    const int inside = add (b, one, praxi_backward_scaled (b, square, 3 * 0.044715f));
    slope = praxi_backward_multiply (b, minus (b, one, praxi_backward_multiply (b, s, s)),
                                     praxi_backward_scaled (b, inside, root));
  } else {
    const int scaled = praxi_backward_scaled (b, x, (float) G_SQRT2 / 2);
    s = praxi_backward_unary (b, PRAXI_OP_ERF, scaled);
    slope = praxi_backward_scaled (b, erf_slope (b, scaled), (float) G_SQRT2 / 2);
  }
  const int both = add (b, add (b, one, s), praxi_backward_multiply (b, x, slope));
  praxi_backward_give (b, x,
                       praxi_backward_multiply (b, dy, praxi_backward_scaled (b, both, 0.5f)));
}

/* y = x^p: dx = dy p x^(p−1), dp = dy y log x */
void
praxi_back_pow (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0], p = node->in[1];
  const int less = minus (b, p, praxi_backward_number (b, 1));
  const int slope =
      praxi_backward_multiply (b, p, praxi_backward_binary (b, PRAXI_OP_POW, x, less));
  if (praxi_backward_wants (b, node, 0))
    give_sum (b, node, 0, praxi_backward_multiply (b, dy, slope));
  if (praxi_backward_wants (b, node, 1))
    give_sum (
        b, node, 1,
        praxi_backward_multiply (
            b, dy,
            praxi_backward_multiply (b, node->out[0], praxi_backward_unary (b, PRAXI_OP_LOG, x))));
}

/* −y² */
void
praxi_back_reciprocal (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int square = praxi_backward_multiply (b, node->out[0], node->out[0]);
  praxi_backward_give (
      b, node->in[0],
      praxi_backward_unary (b, PRAXI_OP_NEG, praxi_backward_multiply (b, dy, square)));
}

/* Min and Max: the inputs that are the extremum, the first of equals. */
void
praxi_back_least (PraxiBackward *b, const PraxiNode *node, int dy)
{
  int left = dy; /* derivative that nobody took yet */
  for (int i = 0; i < node->n_in; i++) {
    const int is_it = praxi_backward_mask (b, PRAXI_OP_EQUAL, node->out[0], node->in[i]);
    const int own = praxi_backward_multiply (b, left, is_it);
    if (praxi_backward_wants (b, node, i))
      give_sum (b, node, i, own);
    left = minus (b, left, own);
  }
}

void
praxi_back_where (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiOp op = {.kind = PRAXI_OP_CAST, .to = b->dtype};
  const int picks = praxi_backward_op (b, &op, &node->in[0], 1);
  const int first = praxi_backward_multiply (b, dy, picks);
  if (praxi_backward_wants (b, node, 1))
    give_sum (b, node, 1, first);
  if (praxi_backward_wants (b, node, 2))
    give_sum (b, node, 2, minus (b, dy, first));
}
