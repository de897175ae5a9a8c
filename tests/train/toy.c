#include "tests/train/toy.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "engine/model/builder.h"

enum { T = 2, H = 6, W = 8 };

static const char spec[] =
    "{\"name\":\"small\",\"classes\":[\"left\",\"right\"],"
    "\"input\":{\"name\":\"frames\",\"frames\":2,\"height\":6,\"width\":8,\"rate_hz\":10,"
    "\"layout\":\"NTHWC\",\"type\":\"uint8\"},"
    "\"output\":{\"name\":\"scores\",\"kind\":\"%s\"},\"precision\":\"%s\","
    "\"lineage\":[],\"licence\":\"\"}";

static int
drawn (PraxiBuilder *b, GRand *random, int rank, const int64_t *dims)
{
  gsize n = 1;
  for (int d = 0; d < rank; d++)
    n *= (gsize) dims[d];
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, -0.3, 0.3);
  return praxi_builder_constant (b, PRAXI_F32, rank, dims, values);
}

/* s8 weights and their DequantizeLinear, a step a channel. */
static int
drawn_bytes (PraxiBuilder *b, GRand *random, int rank, const int64_t *dims)
{
  gsize n = 1;
  for (int d = 0; d < rank; d++)
    n *= (gsize) dims[d];
  g_autofree gint8 *values = g_new (gint8, n);
  g_autofree float *steps = g_new (float, dims[0]);
  for (gsize i = 0; i < n; i++)
    values[i] = (gint8) g_rand_int_range (random, -60, 60);
  for (int64_t o = 0; o < dims[0]; o++)
    steps[o] = 0.01f;
  const PraxiOp op = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = 0};
  const int in[2] = {praxi_builder_constant (b, PRAXI_S8, rank, dims, values),
                     praxi_builder_constant (b, PRAXI_F32, 1, dims, steps)};
  return praxi_builder_op (b, &op, NULL, in, 2);
}

PraxiModel *
toy_keep (const PraxiGraph *graph, gboolean is_int8, gboolean is_logits)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *json =
      g_strdup_printf (spec, is_logits ? "logits" : "probabilities", is_int8 ? "int8" : "f32");
  close (g_file_open_tmp ("small-XXXXXX.onnx", &path, &error));
  g_assert_true (praxi_model_save (graph, json, path, &error));
  PraxiModel *model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return model;
}

/* frames → [T,3,H,W] in 0 … 1 → Conv, ReLU → means of the halves of W → Gemm "inside" → Gemm →
 * Softmax
 */
PraxiModel *
toy_net (const ToyNet *net)
{
  const int64_t channels = net->channels;
  g_autoptr (GRand) random = g_rand_new_with_seed (net->seed);
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  const int x = praxi_builder_input (b, "frames", PRAXI_U8, 5, (int64_t[]){1, T, H, W, 3});
  const int64_t flat[4] = {T, H, W, 3}, weights[4] = {channels, 3, 3, 3};
  const int64_t inside[2] = {4, 2 * channels}, head[2] = {2, net->has_inside ? 4 : 2 * channels};
  const PraxiOp cast = {.kind = PRAXI_OP_CAST, .to = PRAXI_F32};
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 4, .perm = {0, 3, 1, 2}};
  const PraxiOp conv = {.kind = PRAXI_OP_CONV,
                        .window = {.n_spatial = 2,
                                   .kernel = {3, 3},
                                   .stride = {1, 1},
                                   .dilation = {1, 1},
                                   .pad_begin = {1, 1},
                                   .pad_end = {1, 1},
                                   .group = 1}};
  const PraxiOp pool = {.kind = PRAXI_OP_AVERAGE_POOL,
                        .window = {.n_spatial = 2,
                                   .kernel = {H, W / 2},
                                   .stride = {H, W / 2},
                                   .dilation = {1, 1},
                                   .group = 1}};
  const PraxiOp mean = {.kind = PRAXI_OP_REDUCE_MEAN, .n_axes = 1, .axes = {0}, .keepdims = true};
  const PraxiOp flatten = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  const PraxiOp soft = {.kind = PRAXI_OP_SOFTMAX, .axis = 1};
  int in[2] = {x, praxi_builder_ints (b, flat, 4)};
  in[0] = praxi_builder_op (b, &(PraxiOp){.kind = PRAXI_OP_RESHAPE}, NULL, in, 2);
  in[0] = praxi_builder_op (b, &cast, NULL, in, 1);
  in[0] = praxi_builder_op (b, &turn, NULL, in, 1);
  in[0] = praxi_builder_binary (b, PRAXI_OP_MUL, in[0], praxi_builder_f32 (b, 1.0f / 255));
  if (net->is_int8)
    in[0] = praxi_builder_dequantize (b, praxi_builder_quantize (b, in[0], 1.0f / 255, 0),
                                      1.0f / 255, 0);
  in[1] = net->is_int8 ? drawn_bytes (b, random, 4, weights) : drawn (b, random, 4, weights);
  in[0] = praxi_builder_unary (b, PRAXI_OP_RELU, praxi_builder_op (b, &conv, NULL, in, 2));
  in[0] = praxi_builder_op (b, &pool, NULL, in, 1);
  in[0] = praxi_builder_op (b, &mean, NULL, in, 1);
  in[0] = praxi_builder_op (b, &flatten, NULL, in, 1);
  if (net->has_inside) {
    in[1] = drawn (b, random, 2, inside);
    in[0] = praxi_builder_op (b, &gemm, "inside", in, 2);
  }
  in[1] = drawn (b, random, 2, head);
  in[0] = praxi_builder_op (b, &gemm, NULL, in, 2);
  if (!net->is_logits)
    in[0] = praxi_builder_op (b, &soft, NULL, in, 1);
  praxi_builder_output (b, in[0], "scores");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (b);
  return toy_keep (graph, net->is_int8, net->is_logits);
}

/* Half of each picture is lighter: the class says which, but for the share of labels that lies. */
PraxiClips *
toy_clips (guint32 seed, double lies)
{
  PraxiClips *clips = g_new0 (PraxiClips, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autofree char *name = NULL;
  clips->clips = g_array_new (FALSE, FALSE, sizeof (PraxiClip));
  clips->warnings = g_ptr_array_new ();
  clips->frames = T;
  clips->height = H;
  clips->width = W;
  clips->clip_bytes = TOY_BYTES;
  clips->file = g_file_open_tmp ("clips-XXXXXX", &name, NULL);
  g_assert_cmpint (clips->file, >=, 0);
  g_unlink (name);
  for (int k = 0; k < TOY_CLIPS; k++) {
    guint8 pixels[TOY_BYTES];
    const gboolean lie = g_rand_double (random) < lies;
    const PraxiClip clip = {.class_index = lie ? 1 - k % 2 : k % 2};
    for (gsize i = 0; i < sizeof pixels; i++)
      pixels[i] = (guint8) (60 + g_rand_int_range (random, 0, 100) +
                            ((i / 3 % W >= W / 2) == (k % 2 == 1) ? 40 : 0));
    g_assert_cmpint (write (clips->file, pixels, sizeof pixels), ==, sizeof pixels);
    g_array_append_val (clips->clips, clip);
  }
  return clips;
}
