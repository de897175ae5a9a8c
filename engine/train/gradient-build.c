#include "engine/train/gradient-build.h"

#include <string.h>

#define HUGE_FACTOR 1e30f /* the least distance of floats around 1 becomes far more than 1 */

const PraxiTensor *
praxi_backward_tensor (const PraxiBackward *b, int value)
{
  return &praxi_graph_value (b->graph, value)->tensor;
}

/* --- building ------------------------------------------------------------------------------- */

int
praxi_backward_op (PraxiBackward *b, const PraxiOp *op, const int *in, int n_in)
{
  g_autofree char *name = g_strdup_printf ("backward/%d/%s", b->next++, praxi_op_name (op->kind));
  const int out = praxi_graph_add_value (b->graph, name, &(PraxiTensor){.rank = -1});
  praxi_graph_add_node (b->graph, name, op, in, n_in, &out, 1);
  return out;
}

int
praxi_backward_unary (PraxiBackward *b, PraxiOpKind kind, int x)
{
  return praxi_backward_op (b, &(PraxiOp){.kind = kind}, &x, 1);
}

int
praxi_backward_binary (PraxiBackward *b, PraxiOpKind kind, int x, int y)
{
  return praxi_backward_op (b, &(PraxiOp){.kind = kind}, (int[2]){x, y}, 2);
}

int
praxi_backward_multiply (PraxiBackward *b, int x, int y)
{
  return praxi_backward_binary (b, PRAXI_OP_MUL, x, y);
}

int
praxi_backward_number (PraxiBackward *b, float value)
{
  g_autofree char *name = g_strdup_printf ("backward/%d/number", b->next++);
  const double wide = (double) value;
  const gboolean is_wide = b->dtype == PRAXI_F64;
  g_autoptr (GBytes) bytes =
      is_wide ? g_bytes_new (&wide, sizeof wide) : g_bytes_new (&value, sizeof value);
  const PraxiTensor tensor = {.dtype = is_wide ? PRAXI_F64 : PRAXI_F32};
  return praxi_graph_add_constant (b->graph, name, &tensor, bytes);
}

int
praxi_backward_integers (PraxiBackward *b, const int64_t *values, int n)
{
  g_autofree char *name = g_strdup_printf ("backward/%d/integers", b->next++);
  const PraxiTensor tensor = {.dtype = PRAXI_S64, .rank = 1, .dims = {n}};
  g_autoptr (GBytes) bytes = g_bytes_new (values, sizeof *values * (gsize) n);
  return praxi_graph_add_constant (b->graph, name, &tensor, bytes);
}

int
praxi_backward_scaled (PraxiBackward *b, int x, float by)
{
  return by == 1 ? x : praxi_backward_multiply (b, x, praxi_backward_number (b, by));
}

int
praxi_backward_reshaped (PraxiBackward *b, int x, const PraxiTensor *like)
{
  const int in[2] = {x, praxi_backward_integers (b, like->dims, like->rank)};
  return praxi_backward_op (b, &(PraxiOp){.kind = PRAXI_OP_RESHAPE}, in, 2);
}

/* 1 where the condition holds, else 0. */
int
praxi_backward_mask (PraxiBackward *b, PraxiOpKind condition, int x, int y)
{
  const int holds = praxi_backward_binary (b, condition, x, y);
  return praxi_backward_op (b, &(PraxiOp){.kind = PRAXI_OP_CAST, .to = b->dtype}, &holds, 1);
}

int
praxi_backward_above_0 (PraxiBackward *b, int x)
{
  const PraxiOp op = {
      .kind = PRAXI_OP_CLIP, .alpha = 0, .beta = 1, .has_min = true, .has_max = true};
  const int large = praxi_backward_scaled (b, x, HUGE_FACTOR);
  return praxi_backward_op (b, &op, &large, 1);
}

int
praxi_backward_summed (PraxiBackward *b, int x, const int64_t *axes, int n_axes, bool keepdims)
{
  PraxiOp op = {.kind = PRAXI_OP_REDUCE_SUM, .n_axes = n_axes, .keepdims = keepdims};
  if (n_axes == 0)
    return x;
  memcpy (op.axes, axes, sizeof *axes * (gsize) n_axes);
  return praxi_backward_op (b, &op, &x, 1);
}

/* The sum of dy, of the shape of y, over what x was repeated along. */
int
praxi_backward_sum_to (PraxiBackward *b, int dy, const PraxiTensor *y, const PraxiTensor *x)
{
  int64_t axes[PRAXI_MAX_RANK];
  int n = 0;
  const int lead = y->rank - x->rank;
  for (int d = 0; d < y->rank; d++)
    if (d < lead || (x->dims[d - lead] == 1 && y->dims[d] != 1))
      axes[n++] = d;
  if (n == 0)
    return dy;
  const int sum = praxi_backward_summed (b, dy, axes, n, true);
  return lead > 0 ? praxi_backward_reshaped (b, sum, x) : sum;
}

/* Several uses of a value: their derivatives add up. */
void
praxi_backward_give (PraxiBackward *b, int value, int gradient)
{
  if (value < 0 || !b->needed[value])
    return;
  int *so_far = &b->gradients[value];
  *so_far = *so_far < 0 ? gradient : praxi_backward_binary (b, PRAXI_OP_ADD, *so_far, gradient);
}

gboolean
praxi_backward_wants (const PraxiBackward *b, const PraxiNode *node, int i)
{
  return i < node->n_in && node->in[i] >= 0 && b->needed[node->in[i]];
}
