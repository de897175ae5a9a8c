/* Rules of operators that pick, repeat or blend elements: each is a product with a small matrix. */
#include <string.h>

#include "engine/train/gradient-build.h"

/* x < 0: w, else 1; the slope of w gets x where x < 0. */
void
praxi_back_prelu (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const int x = node->in[0], w = node->in[1];
  const int below = praxi_backward_mask (b, PRAXI_OP_LESS, x, praxi_backward_number (b, 0));
  if (praxi_backward_wants (b, node, 0)) {
    const int off = praxi_backward_binary (b, PRAXI_OP_SUB, w, praxi_backward_number (b, 1));
    const int slope = praxi_backward_binary (
        b, PRAXI_OP_ADD, praxi_backward_multiply (b, below, off), praxi_backward_number (b, 1));
    praxi_backward_give (b, x, praxi_backward_multiply (b, dy, slope));
  }
  if (praxi_backward_wants (b, node, 1)) {
    const int own = praxi_backward_multiply (b, dy, praxi_backward_multiply (b, x, below));
    praxi_backward_give (b, w,
                         praxi_backward_sum_to (b, own, praxi_backward_tensor (b, node->out[0]),
                                                praxi_backward_tensor (b, w)));
  }
}

static int
as_shape (PraxiBackward *b, int x, const int64_t *dims, int rank)
{
  const int in[2] = {x, praxi_backward_integers (b, dims, rank)};
  return praxi_backward_op (b, &(PraxiOp){.kind = PRAXI_OP_RESHAPE}, in, 2);
}

/* [0, 1 … n − 1] of the shape [n, 1] or, for a stack of lines, [1, n, 1]. */
static int
numbers_from_0 (PraxiBackward *b, int64_t n, int rank)
{
  g_autofree int64_t *values = g_new (int64_t, n + 1);
  int64_t dims[3] = {1, 1, 1};
  for (int64_t i = 0; i < n; i++)
    values[i] = i;
  dims[rank - 2] = n;
  return as_shape (b, praxi_backward_integers (b, values, (int) n), dims, rank);
}

/* 1 where the number i stands among the indices, which may count from the end. */
static int
one_hot (PraxiBackward *b, int64_t n, int rank, int indices)
{
  const int numbers = numbers_from_0 (b, n, rank);
  const int from_end = praxi_backward_binary (b, PRAXI_OP_SUB, numbers,
                                              praxi_backward_integers (b, (const int64_t[]){n}, 1));
  return praxi_backward_binary (b, PRAXI_OP_ADD,
                                praxi_backward_mask (b, PRAXI_OP_EQUAL, numbers, indices),
                                praxi_backward_mask (b, PRAXI_OP_EQUAL, from_end, indices));
}

static int
as_s64 (PraxiBackward *b, int indices)
{
  const PraxiOp op = {.kind = PRAXI_OP_CAST, .to = PRAXI_S64};
  return praxi_backward_tensor (b, indices)->dtype == PRAXI_S64
             ? indices
             : praxi_backward_op (b, &op, &indices, 1);
}

/* dx [before, n, after] = one-hot [n, picks] dy [before, picks, after] */
void
praxi_back_gather (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor x = *praxi_backward_tensor (b, node->in[0]);
  const int axis = (int) node->op.axis;
  int64_t picks = 0, before = 1, after = 1;
  praxi_tensor_count (praxi_backward_tensor (b, node->in[1]), &picks);
  for (int d = 0; d < x.rank; d++) {
    before *= d < axis ? x.dims[d] : 1;
    after *= d > axis ? x.dims[d] : 1;
  }
  const int line = as_shape (b, as_s64 (b, node->in[1]), (const int64_t[]){1, picks}, 2);
  const int matrix = one_hot (b, x.dims[axis], 2, line);
  const int stack = as_shape (b, dy, (const int64_t[]){before, picks, after}, 3);
  const int product = praxi_backward_binary (b, PRAXI_OP_MATMUL, matrix, stack);
  praxi_backward_give (b, node->in[0], praxi_backward_reshaped (b, product, &x));
}

/* The axis goes to the end, or from there back. */
static int
moved (PraxiBackward *b, int x, int rank, int axis, gboolean back)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = rank};
  if (axis == rank - 1)
    return x;
  for (int d = 0; d < rank; d++) {
    const int to = d == rank - 1 ? axis : d < axis ? d : d + 1;
    if (back)
      op.perm[to] = d;
    else
      op.perm[d] = to;
  }
  return praxi_backward_op (b, &op, &x, 1);
}

/* The places, which the forward operator may not have put out so far. */
static int
places_of (PraxiBackward *b, const PraxiNode *node)
{
  if (node->n_out > 1 && node->out[1] >= 0)
    return node->out[1];
  guint at = 0;
  g_ptr_array_find (b->graph->nodes, node, &at);
  PraxiNode *own = praxi_graph_node (b->graph, (int) at);
  g_autofree char *name = g_strdup_printf ("%s/places", node->name);
  PraxiTensor tensor = *praxi_backward_tensor (b, node->out[0]);
  tensor.dtype = PRAXI_S64;
  tensor.data = NULL;
  praxi_tensor_set_row_major (&tensor);
  own->out = g_renew (int, own->out, 2);
  own->n_out = 2;
  own->out[1] = praxi_graph_add_value (b->graph, name, &tensor);
  return own->out[1];
}

/* Line by line along the axis: dx_i = Σ_k dy_k where k's place is i */
void
praxi_back_topk (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor x = *praxi_backward_tensor (b, node->in[0]);
  const int axis = (int) node->op.axis, rank = x.rank;
  const int64_t n = x.dims[axis], k = praxi_backward_tensor (b, node->out[0])->dims[axis];
  int64_t count = 0;
  praxi_tensor_count (&x, &count);
  const int64_t lines = n > 0 ? count / n : 0, dims[3] = {lines, 1, k};
  const int places = as_shape (b, moved (b, places_of (b, node), rank, axis, FALSE), dims, 3);
  const int own = as_shape (b, moved (b, dy, rank, axis, FALSE), dims, 3);
  const int spread = praxi_backward_multiply (b, one_hot (b, n, 3, places), own);
  const int summed = praxi_backward_summed (b, spread, (const int64_t[]){2}, 1, false);
  PraxiTensor turned = x;
  for (int d = axis; d < rank - 1; d++)
    turned.dims[d] = x.dims[d + 1];
  turned.dims[rank - 1] = n;
  praxi_backward_give (b, node->in[0],
                       moved (b, praxi_backward_reshaped (b, summed, &turned), rank, axis, TRUE));
}

/* What the operator makes of the unit vectors of one axis, [in, out]. */
static int
resized_units (PraxiBackward *b, const PraxiNode *node, int axis, int64_t in, int64_t out)
{
  const int column = numbers_from_0 (b, in, 2);
  const int row = as_shape (b, column, (const int64_t[]){1, in}, 2);
  PraxiOp op = node->op;
  op.scales[0] = 1;
  op.scales[1] = node->op.scales[axis];
  memset (op.roi, 0, sizeof op.roi);
  const int units = praxi_backward_mask (b, PRAXI_OP_EQUAL, column, row);
  const int with_sizes[4] = {units, -1, -1,
                             praxi_backward_integers (b, (const int64_t[]){in, out}, 2)};
  return praxi_backward_op (b, &op, with_sizes, node->op.has_sizes ? 4 : 1);
}

/* Axis by axis dx = dy Mᵀ, M what becomes of the axis' unit vectors. A region of interest is no
 * product of axes, for what lies outside it.
 */
gboolean
praxi_back_resize (PraxiBackward *b, const PraxiNode *node, int dy)
{
  const PraxiTensor x = *praxi_backward_tensor (b, node->in[0]);
  const PraxiTensor y = *praxi_backward_tensor (b, node->out[0]);
  if (node->op.resize_coord == PRAXI_COORD_TF_CROP_AND_RESIZE)
    return FALSE;
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 2, .perm = {1, 0}};
  for (int d = 0; d < x.rank; d++) {
    if (x.dims[d] == y.dims[d] && node->op.scales[d] == 1)
      continue;
    const int units = resized_units (b, node, d, x.dims[d], y.dims[d]);
    const int line = moved (b, dy, x.rank, d, FALSE);
    const int product =
        praxi_backward_binary (b, PRAXI_OP_MATMUL, line, praxi_backward_op (b, &turn, &units, 1));
    dy = moved (b, product, x.rank, d, TRUE);
  }
  praxi_backward_give (b, node->in[0], dy);
  return TRUE;
}
