#include "engine/model/flow-parts.h"

#include <string.h>

#define TINY 1e-12f

int
praxi_flow_op (PraxiBuilder *b, PraxiOp op, int x, int y)
{
  return praxi_builder_op (b, &op, NULL, (int[2]){x, y}, y < 0 ? 1 : 2);
}

int
praxi_flow_floats (PraxiBuilder *b, const float *values, int n)
{
  return praxi_builder_constant (b, PRAXI_F32, 1, (gint64[1]){n}, values);
}

int
praxi_flow_scaled (PraxiBuilder *b, int x, float by)
{
  return praxi_builder_binary (b, PRAXI_OP_MUL, x, praxi_builder_f32 (b, by));
}

int
praxi_flow_plus (PraxiBuilder *b, int x, float more)
{
  return praxi_builder_binary (b, PRAXI_OP_ADD, x, praxi_builder_f32 (b, more));
}

int
praxi_flow_slice (PraxiBuilder *b, int x, gint64 start, gint64 end, gint64 axis)
{
  const gint64 last = end == PRAXI_FLOW_END ? G_MAXINT64 : end;
  const int in[4] = {x, praxi_builder_ints (b, &start, 1), praxi_builder_ints (b, &last, 1),
                     praxi_builder_ints (b, &axis, 1)};
  return praxi_builder_op (b, &(PraxiOp){.kind = PRAXI_OP_SLICE}, NULL, in, 4);
}

int
praxi_flow_pad (PraxiBuilder *b, int x, PraxiPadMode mode, const gint64 begin[4], gboolean is_both)
{
  gint64 pads[8] = {0};
  memcpy (pads, begin, sizeof *begin * 4);
  if (is_both)
    memcpy (pads + 4, begin, sizeof *begin * 4);
  return praxi_flow_op (b, (PraxiOp){.kind = PRAXI_OP_PAD, .pad_mode = mode}, x,
                        praxi_builder_ints (b, pads, 8));
}

int
praxi_flow_pool (PraxiBuilder *b, int x, gint64 height, gint64 width, gboolean strides)
{
  const PraxiOp op = {.kind = PRAXI_OP_AVERAGE_POOL,
                      .window = {.n_spatial = 2,
                                 .kernel = {height, width},
                                 .stride = {strides ? height : 1, strides ? width : 1},
                                 .dilation = {1, 1},
                                 .group = 1}};
  return praxi_flow_op (b, op, x, -1);
}

int
praxi_flow_reshape (PraxiBuilder *b, int x, int rank, const gint64 *dims)
{
  return praxi_flow_op (b, (PraxiOp){.kind = PRAXI_OP_RESHAPE}, x,
                        praxi_builder_ints (b, dims, rank));
}

int
praxi_flow_transpose (PraxiBuilder *b, int x, int rank, const gint64 *perm)
{
  PraxiOp op = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = rank};
  memcpy (op.perm, perm, sizeof *perm * (gsize) rank);
  return praxi_flow_op (b, op, x, -1);
}

int
praxi_flow_reduce (PraxiBuilder *b, PraxiOpKind kind, int x, gint64 axis, gboolean keep)
{
  PraxiOp op = {.kind = kind, .keepdims = keep};
  if (kind == PRAXI_OP_REDUCE_SUM)
    return praxi_flow_op (b, op, x, praxi_builder_ints (b, &axis, 1));
  op.n_axes = 1;
  op.axes[0] = axis;
  return praxi_flow_op (b, op, x, -1);
}

int
praxi_flow_concat (PraxiBuilder *b, const int *values, int n, gint64 axis)
{
  return praxi_builder_op (b, &(PraxiOp){.kind = PRAXI_OP_CONCAT, .axis = axis}, NULL, values, n);
}

int
praxi_flow_conv (PraxiBuilder *b, int x, int weight, const PraxiWindow *window)
{
  return praxi_flow_op (b, (PraxiOp){.kind = PRAXI_OP_CONV, .window = *window}, x, weight);
}

int
praxi_flow_top (PraxiBuilder *b, int x, gint64 k, gint64 axis)
{
  const PraxiOp op = {.kind = PRAXI_OP_TOPK, .axis = axis, .largest = true, .sorted = true};
  const int in[2] = {x, praxi_builder_ints (b, &k, 1)};
  int out[2];
  praxi_builder_outputs (b, &op, in, 2, out, 2);
  return out[0];
}

int
praxi_flow_length (PraxiBuilder *b, int x)
{
  const int square = praxi_builder_binary (b, PRAXI_OP_MUL, x, x);
  const int sum = praxi_flow_reduce (b, PRAXI_OP_REDUCE_SUM, square, 1, TRUE);
  return praxi_builder_unary (b, PRAXI_OP_SQRT, praxi_flow_plus (b, sum, TINY));
}

int
praxi_flow_gradient (PraxiBuilder *b, int x, gint64 axis)
{
  const gint64 margin[4] = {0, 0, axis == 2, axis == 3};
  const int padded = praxi_flow_pad (b, x, PRAXI_PAD_EDGE, margin, TRUE);
  const int after = praxi_flow_slice (b, padded, 2, PRAXI_FLOW_END, axis);
  const int before = praxi_flow_slice (b, padded, 0, -2, axis);
  return praxi_flow_scaled (b, praxi_builder_binary (b, PRAXI_OP_SUB, after, before), 0.25f);
}
