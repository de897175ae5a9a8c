#include "tests/infer/time-nets.h"

#include <math.h>

#include "engine/infer/fuse.h"
#include "engine/model/builder.h"

struct Net {
  PraxiBuilder *builder;
  GRand *random;
  int channels, batch;
};

static int
floats (Net *net, int rank, const int64_t *dims, double low, double high)
{
  int64_t count = 1;
  for (int d = 0; d < rank; d++)
    count *= dims[d];
  g_autofree float *data = g_new (float, count);
  for (int64_t i = 0; i < count; i++)
    data[i] = (float) g_rand_double_range (net->random, low, high);
  return praxi_builder_constant (net->builder, PRAXI_F32, rank, dims, data);
}

typedef struct {
  int64_t kernel, stride, dilation, before, after; /* along time */
  int64_t side;                                    /* of the kernel in space */
} Taps;

static const Taps centred = {3, 1, 1, 1, 1, 1}, causal = {3, 1, 1, 2, 0, 1},
                  cube = {3, 1, 1, 1, 1, 3}, dilated = {3, 1, 2, 2, 2, 1},
                  halving = {3, 2, 1, 1, 1, 3}, flat = {1, 1, 1, 0, 0, 3},
                  bare = {4, 1, 1, 0, 0, 1};

static PraxiOp
conv_op (const Taps *taps, int64_t group)
{
  const PraxiWindow window = {.n_spatial = 3,
                              .kernel = {taps->kernel, taps->side, taps->side},
                              .stride = {taps->stride, 1, 1},
                              .dilation = {taps->dilation, 1, 1},
                              .pad_begin = {taps->before, taps->side / 2, taps->side / 2},
                              .pad_end = {taps->after, taps->side / 2, taps->side / 2},
                              .group = group};
  return (PraxiOp){.kind = PRAXI_OP_CONV, .window = window};
}

static int
conv (Net *net, int x, int out, const Taps *taps, gboolean is_depthwise)
{
  const int64_t group = is_depthwise ? net->channels : 1;
  const int64_t dims[5] = {out, net->channels / group, taps->kernel, taps->side, taps->side};
  const int64_t bias[1] = {out};
  const PraxiOp op = conv_op (taps, group);
  const int in[3] = {x, floats (net, 5, dims, -0.4, 0.4), floats (net, 1, bias, -1, 1)};
  net->channels = out;
  return praxi_builder_op (net->builder, &op, NULL, in, 3);
}

static int
relu (Net *net, int x)
{
  return praxi_builder_unary (net->builder, PRAXI_OP_RELU, x);
}

/* (2+1)D with a residual over it, then half the rate, and a mean over all. */
static int
residual_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 8, &flat, FALSE));
  const int skip = x;
  x = relu (net, conv (net, x, 8, &centred, TRUE));
  x = conv (net, x, 8, &flat, FALSE);
  x = relu (net, praxi_builder_binary (net->builder, PRAXI_OP_ADD, x, skip));
  x = relu (net, conv (net, x, 8, &halving, FALSE));
  return relu (net, conv (net, x, 8, &cube, FALSE));
}

static int
causal_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 8, &causal, FALSE));
  x = relu (net, conv (net, x, 8, &causal, TRUE));
  x = relu (net, conv (net, x, 8, &dilated, FALSE));
  return conv (net, x, 5, &bare, FALSE);
}

static int
cut (Net *net, int x, int axis, int64_t start, int64_t end)
{
  const PraxiOp op = {.kind = PRAXI_OP_SLICE};
  const int64_t starts[1] = {start}, ends[1] = {end}, axes[1] = {axis};
  const int in[4] = {x, praxi_builder_ints (net->builder, starts, 1),
                     praxi_builder_ints (net->builder, ends, 1),
                     praxi_builder_ints (net->builder, axes, 1)};
  return praxi_builder_op (net->builder, &op, NULL, in, 4);
}

static int
concat (Net *net, const int *parts, int n)
{
  const PraxiOp op = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  return praxi_builder_op (net->builder, &op, NULL, parts, n);
}

/* Moves x along time by one frame, zeros fill the gap. */
static int
shifted (Net *net, int x, gboolean forward)
{
  const PraxiOp op = {.kind = PRAXI_OP_PAD};
  const int64_t pads[10] = {0, 0, forward, 0, 0, 0, 0, !forward, 0, 0};
  x = forward ? cut (net, x, 2, 0, -1) : cut (net, x, 2, 1, FRAMES);
  const int in[2] = {x, praxi_builder_ints (net->builder, pads, 10)};
  return praxi_builder_op (net->builder, &op, NULL, in, 2);
}

/* The temporal shift module, and differences of neighbours. */
static int
shift_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 8, &flat, FALSE));
  const int parts[3] = {shifted (net, cut (net, x, 1, 0, 2), TRUE),
                        shifted (net, cut (net, x, 1, 2, 4), FALSE), cut (net, x, 1, 4, 8)};
  x = concat (net, parts, 3);
  x = relu (net, conv (net, x, 8, &flat, FALSE));
  return praxi_builder_binary (net->builder, PRAXI_OP_SUB, cut (net, x, 2, 1, FRAMES),
                               cut (net, x, 2, 0, -1));
}

/* Pictures as a batch, then time again: views in between; a pool along time. */
static int
folded_net (Net *net, int x)
{
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 5, .perm = {0, 2, 1, 3, 4}};
  const PraxiOp reshape = {.kind = PRAXI_OP_RESHAPE};
  const int64_t batch[4] = {FRAMES * net->batch, CHANNELS, SIDE, SIDE};
  const int64_t back[5] = {net->batch, FRAMES, 8, SIDE, SIDE};
  const PraxiOp pool = {.kind = PRAXI_OP_MAX_POOL,
                        .window = {.n_spatial = 3, .kernel = {2, 2, 2}, .stride = {2, 2, 2}}};
  x = praxi_builder_op (net->builder, &turn, NULL, &x, 1);
  const int in[2] = {x, praxi_builder_ints (net->builder, batch, 4)};
  x = praxi_builder_op (net->builder, &reshape, NULL, in, 2);
  const PraxiOp op = {.kind = PRAXI_OP_CONV,
                      .window = {.n_spatial = 2,
                                 .kernel = {3, 3},
                                 .stride = {1, 1},
                                 .dilation = {1, 1},
                                 .pad_begin = {1, 1},
                                 .pad_end = {1, 1},
                                 .group = 1}};
  const int64_t dims[4] = {8, CHANNELS, 3, 3};
  const int conv_in[2] = {x, floats (net, 4, dims, -0.4, 0.4)};
  x = relu (net, praxi_builder_op (net->builder, &op, NULL, conv_in, 2));
  net->channels = 8;
  const int back_in[2] = {x, praxi_builder_ints (net->builder, back, 5)};
  x = praxi_builder_op (net->builder, &reshape, NULL, back_in, 2);
  x = praxi_builder_op (net->builder, &turn, NULL, &x, 1);
  x = conv (net, x, 8, &centred, FALSE);
  return praxi_builder_op (net->builder, &pool, NULL, &x, 1);
}

static int
bytes (Net *net, int x, float scale, int zero)
{
  return praxi_builder_dequantize (
      net->builder, praxi_builder_quantize (net->builder, x, scale, zero), scale, zero);
}

static int
byte_conv (Net *net, int x, int out, const Taps *taps, gboolean is_depthwise)
{
  const int64_t group = is_depthwise ? net->channels : 1;
  const int64_t dims[5] = {out, net->channels / group, taps->kernel, taps->side, taps->side};
  const gsize count = (gsize) (out * dims[1] * taps->kernel * taps->side * taps->side);
  g_autofree gint8 *data = g_new (gint8, count), *zeros = g_new0 (gint8, out);
  for (gsize i = 0; i < count; i++)
    data[i] = (gint8) g_rand_int_range (net->random, -63, 64);
  const PraxiOp dequantize = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = 0};
  const int64_t list[1] = {out};
  const int w[3] = {praxi_builder_constant (net->builder, PRAXI_S8, 5, dims, data),
                    floats (net, 1, list, 0.002, 0.01),
                    praxi_builder_constant (net->builder, PRAXI_S8, 1, list, zeros)};
  const PraxiOp op = conv_op (taps, group);
  const int in[3] = {x, praxi_builder_op (net->builder, &dequantize, NULL, w, 3),
                     floats (net, 1, list, -1, 1)};
  net->channels = out;
  return praxi_builder_op (net->builder, &op, NULL, in, 3);
}

static int
byte_net (Net *net, int x)
{
  x = bytes (net, x, 0.02f, 110);
  x = bytes (net, relu (net, byte_conv (net, x, 16, &flat, FALSE)), 0.03f, 0);
  const int skip = x;
  x = bytes (net, byte_conv (net, x, 16, &centred, TRUE), 0.03f, 120);
  x = bytes (net, praxi_builder_binary (net->builder, PRAXI_OP_ADD, x, skip), 0.04f, 90);
  x = bytes (net, relu (net, byte_conv (net, x, 16, &cube, FALSE)), 0.05f, 0);
  return bytes (net, byte_conv (net, x, 16, &halving, FALSE), 0.1f, 128);
}

static int
pool_near (Net *net, int x)
{
  const PraxiOp pool = {.kind = PRAXI_OP_MAX_POOL,
                        .window = {.n_spatial = 3,
                                   .kernel = {3, 3, 3},
                                   .stride = {1, 1, 1},
                                   .pad_begin = {1, 1, 1},
                                   .pad_end = {1, 1, 1}}};
  return praxi_builder_op (net->builder, &pool, NULL, &x, 1);
}

/* As Inception has them. */
static int
branches_net (Net *net, int x)
{
  int parts[3];
  x = relu (net, conv (net, x, 16, &flat, FALSE));
  parts[0] = relu (net, conv (net, x, 13, &flat, FALSE));
  net->channels = 16;
  parts[1] = relu (net, conv (net, x, 40, &cube, FALSE));
  parts[2] = pool_near (net, x);
  x = concat (net, parts, 3);
  net->channels = 13 + 40 + 16;
  return conv (net, x, 8, &centred, FALSE);
}

/* One part has the scale of the whole, others get another through a table. */
static int
byte_branches_net (Net *net, int x)
{
  int parts[4];
  x = bytes (net, x, 0.02f, 110);
  x = bytes (net, relu (net, byte_conv (net, x, 16, &flat, FALSE)), 0.03f, 0);
  parts[0] = bytes (net, byte_conv (net, x, 13, &flat, FALSE), 0.04f, 100);
  net->channels = 16;
  parts[1] = bytes (net, byte_conv (net, x, 48, &cube, FALSE), 0.05f, 128);
  parts[2] = pool_near (net, x);
  net->channels = 16;
  parts[3] = bytes (net, byte_conv (net, x, 16, &flat, FALSE), 0.03f, 120);
  parts[3] =
      bytes (net, praxi_builder_binary (net->builder, PRAXI_OP_ADD, x, parts[3]), 0.05f, 128);
  x = bytes (net, concat (net, parts, 4), 0.05f, 128);
  net->channels = 13 + 48 + 16 + 16;
  return bytes (net, byte_conv (net, x, 16, &halving, FALSE), 0.1f, 128);
}

/* Every fourth frame beside all of them, which join it at its rate. */
static int
lanes_net (Net *net, int x)
{
  static const Taps quarter = {5, 4, 1, 2, 2, 1};
  const PraxiOp op = {.kind = PRAXI_OP_SLICE};
  const int64_t starts[1] = {1}, ends[1] = {FRAMES}, axes[1] = {2}, steps[1] = {4};
  int in[5] = {
      x, praxi_builder_ints (net->builder, starts, 1), praxi_builder_ints (net->builder, ends, 1),
      praxi_builder_ints (net->builder, axes, 1), praxi_builder_ints (net->builder, steps, 1)};
  x = in[0] = relu (net, conv (net, x, 8, &flat, FALSE));
  const int slow = conv (net, praxi_builder_op (net->builder, &op, NULL, in, 5), 24, &flat, FALSE);
  net->channels = 8;
  const int fast = relu (net, conv (net, x, 8, &cube, FALSE));
  const int parts[2] = {relu (net, slow), conv (net, fast, 16, &quarter, FALSE)};
  net->channels = 24 + 16;
  return conv (net, concat (net, parts, 2), 8, &cube, FALSE);
}

/* Squeeze and excitation: what all of the clip says weighs every row. */
static int
gated_net (Net *net, int x)
{
  x = relu (net, conv (net, x, 16, &flat, FALSE));
  x = relu (net, conv (net, x, 16, &cube, TRUE));
  int gate = praxi_builder_unary (net->builder, PRAXI_OP_GLOBAL_AVERAGE_POOL, x);
  const Taps point = {1, 1, 1, 0, 0, 1};
  gate = praxi_builder_unary (net->builder, PRAXI_OP_SIGMOID, conv (net, gate, 16, &point, FALSE));
  x = praxi_builder_binary (net->builder, PRAXI_OP_MUL, x, gate);
  return conv (net, relu (net, conv (net, x, 16, &cube, TRUE)), 4, &flat, FALSE);
}

/* As ShuffleNet does: channels of two groups in turns. */
static int
shuffled_net (Net *net, int x)
{
  const PraxiOp reshape = {.kind = PRAXI_OP_RESHAPE};
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 6, .perm = {0, 2, 1, 3, 4, 5}};
  const int64_t split[6] = {net->batch, 2, 8, FRAMES, SIDE, SIDE};
  const int64_t back[5] = {net->batch, 16, FRAMES, SIDE, SIDE};
  int in[2] = {relu (net, conv (net, x, 16, &flat, FALSE)),
               praxi_builder_ints (net->builder, split, 6)};
  x = praxi_builder_op (net->builder, &reshape, NULL, in, 2);
  in[0] = praxi_builder_op (net->builder, &turn, NULL, &x, 1);
  in[1] = praxi_builder_ints (net->builder, back, 5);
  x = praxi_builder_op (net->builder, &reshape, NULL, in, 2);
  return conv (net, relu (net, conv (net, x, 16, &cube, TRUE)), 4, &centred, FALSE);
}

/* Floats are summed in an order that depends on how many pixels there are: last bits may differ. */
const TimeNet time_nets[TIME_NETS] = {
    {"residual", residual_net, 1e-4, 0.3, TRUE, TRUE},
    {"causal", causal_net, 1e-4, 0.3, TRUE, TRUE},
    {"shift", shift_net, 1e-4, 0.6, FALSE, TRUE}, /* Pad along time has no rows */
    {"folded", folded_net, 1e-4, 0.6, TRUE, FALSE},
    {"bytes", byte_net, 0, 0.4, TRUE, TRUE},
    {"branches", branches_net, 1e-4, 0.3, TRUE, TRUE},
    {"byte-branches", byte_branches_net, 0, 0.3, TRUE, TRUE},
    {"lanes", lanes_net, 1e-4, 0.3, TRUE, TRUE},
    {"gated", gated_net, 1e-4, 0.1, TRUE, TRUE},
    {"shuffled", shuffled_net, 1e-4, 0.3, TRUE, TRUE}};
PraxiGraph *
time_net_build (const TimeNet *kind, int batch)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (77);
  g_autoptr (GError) error = NULL;
  Net net = {builder, random, CHANNELS, batch};
  const int64_t dims[5] = {batch, CHANNELS, FRAMES, SIDE, SIDE};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 5, dims);
  praxi_builder_output (builder, kind->build (&net, x), "y");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
  PraxiGraph *resolved = praxi_graph_resolve (graph, NULL, 0, 1, &error);
  g_assert_no_error (error);
  /* as the executor tells inputs of models it knows */
  praxi_tensor_set_channels_last (&praxi_graph_value (resolved, 0)->tensor);
  g_assert_true (praxi_fuse (resolved, &error));
  return resolved;
}

TimeNetRunner
time_net_runner (const TimeNet *net,
                 int batch,
                 const PraxiBackend *backend,
                 PraxiProgramOptions options)
{
  TimeNetRunner self = {NULL};
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = time_net_build (net, batch);
  g_assert_cmpint (praxi_pool_new (2, &self.pool), ==, PRAXI_OK);
  self.program = praxi_program_new (graph, backend, self.pool, &options, &error);
  g_assert_no_error (error);
  return self;
}

void
time_net_runner_clear (TimeNetRunner *runner)
{
  praxi_program_free (runner->program);
  praxi_pool_free (runner->pool);
}

double
time_net_difference (const PraxiTensor *a, const PraxiTensor *b, double *range)
{
  int64_t count = 0;
  double largest = 0;
  praxi_tensor_count (a, &count);
  g_assert_cmpint (count, >, 0);
  for (int64_t i = 0; i < count; i++) {
    largest = fmax (largest, fabs (praxi_tensor_get (a, i) - praxi_tensor_get (b, i)));
    *range = fmax (*range, fabs (praxi_tensor_get (a, i)));
  }
  return largest;
}
