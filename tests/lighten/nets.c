#include "tests/lighten/nets.h"

#include <math.h>

#include "engine/infer/executor.h"

const char *const net_kinds[] = {"residual", "depthwise", "squeeze", "concat",
                                 "split",    "grouped",   "shuffle", NULL};

static int
constant (PraxiBuilder *builder,
          GRand *random,
          int rank,
          const int64_t *dims,
          double low,
          double high)
{
  gsize n = 1;
  for (int d = 0; d < rank; d++)
    n *= (gsize) dims[d];
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, low, high);
  return praxi_builder_constant (builder, PRAXI_F32, rank, dims, values);
}

int
net_conv (PraxiBuilder *builder, GRand *random, int x, const NetConv *conv)
{
  const int64_t dims[4] = {conv->out, conv->in / conv->group, conv->kernel, conv->kernel};
  const double reach = 1.7 / MAX (1, sqrt ((double) (dims[1] * conv->kernel * conv->kernel)));
  const int64_t pad = conv->kernel / 2;
  const PraxiOp op = {.kind = PRAXI_OP_CONV,
                      .window = {.n_spatial = 2,
                                 .kernel = {conv->kernel, conv->kernel},
                                 .stride = {conv->stride, conv->stride},
                                 .dilation = {1, 1},
                                 .pad_begin = {pad, pad},
                                 .pad_end = {pad, pad},
                                 .group = conv->group}};
  const int in[3] = {x, constant (builder, random, 4, dims, -reach, reach),
                     constant (builder, random, 1, dims, -0.2, 0.2)};
  const int y = praxi_builder_op (builder, &op, NULL, in, 3);
  if (!conv->has_norm)
    return y;
  const PraxiOp norm = {.kind = PRAXI_OP_BATCH_NORM, .epsilon = 1e-5f};
  const int norm_in[5] = {y, constant (builder, random, 1, dims, 0.3, 1.5),
                          constant (builder, random, 1, dims, -0.3, 0.3),
                          constant (builder, random, 1, dims, -0.1, 0.1),
                          constant (builder, random, 1, dims, 0.2, 0.5)};
  return praxi_builder_op (builder, &norm, NULL, norm_in, 5);
}

int
net_relu (PraxiBuilder *builder, int x)
{
  return praxi_builder_unary (builder, PRAXI_OP_RELU, x);
}

int
net_hard_swish (PraxiBuilder *builder, int x)
{
  return praxi_builder_unary (builder, PRAXI_OP_HARD_SWISH, x);
}

int
net_squeeze (PraxiBuilder *builder, GRand *random, int x, int channels, int between)
{
  const NetConv down = {channels, between, 1, 1, 1, FALSE},
                up = {between, channels, 1, 1, 1, FALSE};
  const PraxiOp gate = {.kind = PRAXI_OP_HARD_SIGMOID, .alpha = 1.0f / 6, .beta = 0.5f};
  int s = praxi_builder_unary (builder, PRAXI_OP_GLOBAL_AVERAGE_POOL, x);
  s = net_relu (builder, net_conv (builder, random, s, &down));
  s = net_conv (builder, random, s, &up);
  s = praxi_builder_op (builder, &gate, NULL, &s, 1);
  return praxi_builder_binary (builder, PRAXI_OP_MUL, x, s);
}

PraxiGraph *
net_finish (PraxiBuilder *builder, GRand *random, int x, int channels, int classes)
{
  const PraxiOp flatten = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  const int64_t dims[2] = {classes, channels};
  int in[2] = {praxi_builder_unary (builder, PRAXI_OP_GLOBAL_AVERAGE_POOL, x)};
  in[0] = praxi_builder_op (builder, &flatten, NULL, in, 1);
  in[1] = constant (builder, random, 2, dims, -1, 1);
  praxi_builder_output (builder, praxi_builder_op (builder, &gemm, NULL, in, 2), "scores");
  return praxi_builder_finish (builder);
}

static int
slice (PraxiBuilder *builder, int x, int64_t begin, int64_t end)
{
  const int64_t axis = 1;
  const int in[4] = {x, praxi_builder_ints (builder, &begin, 1),
                     praxi_builder_ints (builder, &end, 1), praxi_builder_ints (builder, &axis, 1)};
  const PraxiOp op = {.kind = PRAXI_OP_SLICE};
  return praxi_builder_op (builder, &op, NULL, in, 4);
}

static int
concat (PraxiBuilder *builder, int a, int b)
{
  const PraxiOp op = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  return praxi_builder_op (builder, &op, NULL, (int[2]){a, b}, 2);
}

/* [N,g·c,H,W] → [N,g,c,H,W] → [N,c,g,H,W] → [N,c·g,H,W] */
static int
shuffle (PraxiBuilder *builder, int x, int channels, int groups)
{
  const int64_t apart[5] = {0, groups, channels / groups, 16, 16}, flat[4] = {0, channels, 16, 16};
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 5, .perm = {0, 2, 1, 3, 4}};
  const PraxiOp reshape = {.kind = PRAXI_OP_RESHAPE};
  int y = praxi_builder_op (builder, &reshape, NULL,
                            (int[2]){x, praxi_builder_ints (builder, apart, 5)}, 2);
  y = praxi_builder_op (builder, &turn, NULL, &y, 1);
  return praxi_builder_op (builder, &reshape, NULL,
                           (int[2]){y, praxi_builder_ints (builder, flat, 4)}, 2);
}

static int
body (PraxiBuilder *b, GRand *random, const char *kind, int x)
{
  const NetConv same = {32, 32, 3, 1, 1, TRUE}, point = {32, 32, 1, 1, 1, TRUE};
  const NetConv deep = {32, 32, 3, 1, 32, TRUE}, grouped = {32, 32, 3, 1, 4, TRUE};
  const NetConv half = {16, 16, 3, 1, 1, TRUE}, wide = {32, 64, 1, 1, 1, TRUE};
  const NetConv wide_deep = {64, 64, 3, 1, 64, TRUE}, narrow = {64, 32, 1, 1, 1, TRUE};
  if (g_str_equal (kind, "residual")) {
    int y = net_relu (b, net_conv (b, random, x, &same));
    y = net_relu (b, praxi_builder_binary (b, PRAXI_OP_ADD, net_conv (b, random, y, &same), x));
    const int side = net_conv (b, random, y, &point);
    y = net_conv (b, random, net_relu (b, net_conv (b, random, y, &same)), &same);
    return net_relu (b, praxi_builder_binary (b, PRAXI_OP_ADD, y, side));
  }
  if (g_str_equal (kind, "depthwise")) {
    int y = net_relu (b, net_conv (b, random, x, &wide));
    y = net_relu (b, net_conv (b, random, y, &wide_deep));
    return praxi_builder_binary (b, PRAXI_OP_ADD, x, net_conv (b, random, y, &narrow));
  }
  if (g_str_equal (kind, "squeeze")) {
    int y = net_hard_swish (b, net_conv (b, random, x, &wide));
    y = net_hard_swish (b, net_conv (b, random, y, &wide_deep));
    y = net_squeeze (b, random, y, 64, 16);
    return praxi_builder_binary (b, PRAXI_OP_ADD, x, net_conv (b, random, y, &narrow));
  }
  if (g_str_equal (kind, "concat")) {
    const int y = net_relu (b, net_conv (b, random, x, &same));
    return net_relu (b, net_conv (b, random, concat (b, y, x), &narrow));
  }
  if (g_str_equal (kind, "split")) {
    const int a = slice (b, x, 0, 16), c = slice (b, x, 16, 32);
    const int y = net_relu (b, net_conv (b, random, c, &half));
    return net_relu (b, net_conv (b, random, concat (b, a, y), &same));
  }
  if (g_str_equal (kind, "grouped")) {
    const int y = net_relu (b, net_conv (b, random, x, &grouped));
    return net_relu (b, net_conv (b, random, y, &point));
  }
  const int y = net_relu (b, net_conv (b, random, x, &deep));
  const int a = slice (b, y, 0, 16), c = slice (b, y, 16, 32);
  const int d = concat (b, a, net_relu (b, net_conv (b, random, c, &half)));
  return net_relu (b, net_conv (b, random, shuffle (b, d, 32, 2), &same));
}

PraxiGraph *
net_new (const char *kind, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  const NetConv first = {3, 32, 3, 1, 1, TRUE};
  int x = praxi_builder_input (b, "x", PRAXI_F32, 4, (int64_t[]){PRAXI_DIM_OPEN, 3, 16, 16});
  x = net_relu (b, net_conv (b, random, x, &first));
  return net_finish (b, random, body (b, random, kind, x), 32, 5);
}

void
net_noise (GRand *random, const PraxiTensor *tensor)
{
  int64_t count = 0;
  praxi_tensor_count (tensor, &count);
  for (int64_t i = 0; i < count; i++)
    ((float *) tensor->data)[i] = (float) g_rand_double_range (random, -1, 1);
}

float *
net_scores (const PraxiGraph *graph)
{
  enum { PICTURES = 4 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (99);
  const PraxiExecutorOptions options = {.threads = 1, .batch = PICTURES};
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new_for_graph (graph, NULL, 0, &options, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0), out = *praxi_executor_output (executor, 0);
  gsize bytes;
  g_assert_true (praxi_tensor_bytes (&in, &bytes));
  g_autofree float *pixels = g_malloc (bytes);
  in.data = pixels;
  net_noise (random, &in);
  g_assert_true (praxi_tensor_bytes (&out, &bytes));
  out.data = g_malloc (bytes);
  g_assert_true (praxi_executor_run_tensors (executor, &in, &out, &error));
  return out.data;
}
