#include "engine/model/net-writer.h"

#include <math.h>

#include "engine/model/flow-parts.h"

#define BATCH_NORM_EPSILON 1e-5f
#define BATCH_NORM_MOMENTUM 0.9f

/* A constant drawn evenly from ±1/√fan_in. */
static int
drawn (const PraxiNetWriter *w, int rank, const gint64 *dims, gint64 fan_in)
{
  gsize n = 1;
  for (int d = 0; d < rank; d++)
    n *= (gsize) dims[d];
  const double limit = 1 / sqrt ((double) fan_in);
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (w->random, -limit, limit);
  return praxi_builder_constant (w->b, PRAXI_F32, rank, dims, values);
}

int
praxi_net_filled (const PraxiNetWriter *w, gint64 n, float value)
{
  g_autofree float *values = g_new (float, n);
  for (gint64 i = 0; i < n; i++)
    values[i] = value;
  return praxi_flow_floats (w->b, values, (int) n);
}

int
praxi_net_batch_norm (const PraxiNetWriter *w, int x, gint64 channels)
{
  const PraxiOp op = {
      .kind = PRAXI_OP_BATCH_NORM, .epsilon = BATCH_NORM_EPSILON, .alpha = BATCH_NORM_MOMENTUM};
  const int in[5] = {x, praxi_net_filled (w, channels, 1), praxi_net_filled (w, channels, 0),
                     praxi_net_filled (w, channels, 0), praxi_net_filled (w, channels, 1)};
  return praxi_builder_op (w->b, &op, NULL, in, 5);
}

int
praxi_net_block (const PraxiNetWriter *w, int x, gint64 in, gint64 out, const PraxiWindow *window)
{
  const gint64 per_group = in / window->group;
  const gint64 dims[4] = {out, per_group, window->kernel[0], window->kernel[1]};
  const int weight = drawn (w, 4, dims, per_group * window->kernel[0] * window->kernel[1]);
  x = praxi_net_batch_norm (w, praxi_flow_conv (w->b, x, weight, window), out);
  return praxi_builder_unary (w->b, PRAXI_OP_RELU, x);
}

int
praxi_net_head (const PraxiNetWriter *w, int x, gint64 n, gint64 outputs)
{
  const PraxiOp op = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  const int normed = praxi_net_batch_norm (w, x, n);
  const int in[3] = {normed, drawn (w, 2, (gint64[2]){outputs, n}, n),
                     praxi_net_filled (w, outputs, 0)};
  return praxi_builder_op (w->b, &op, NULL, in, 3);
}
