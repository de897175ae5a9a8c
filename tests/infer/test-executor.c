/* The executor: fused equals unfused, cpu equals ref, a shifted run equals a whole one. */
#include "engine/infer/executor.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/builder.h"

typedef struct {
  float *data[2];
  PraxiTensor tensors[2];
} Result;

static void
result_clear (Result *result)
{
  g_free (result->data[0]);
  g_free (result->data[1]);
}

/* Runs a graph with one f32 or u8 input on random data; outputs are given as floats. */
static Result
run (const PraxiGraph *graph, const PraxiExecutorOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new_for_graph (graph, NULL, 0, options, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0), out[2];
  Result result = {{NULL}};
  int64_t count = 0;
  gsize bytes = 0;
  praxi_tensor_count (&in, &count);
  praxi_tensor_bytes (&in, &bytes);
  in.data = g_malloc (bytes);
  for (int64_t i = 0; i < count; i++)
    praxi_tensor_set (&in, i,
                      in.dtype == PRAXI_F32 ? g_rand_double_range (random, -2, 2)
                                            : g_rand_int_range (random, 0, 256));
  const int n_out = praxi_executor_n_outputs (executor);
  for (int i = 0; i < n_out; i++) {
    out[i] = *praxi_executor_output (executor, i);
    praxi_tensor_bytes (&out[i], &bytes);
    out[i].data = g_malloc0 (bytes + 1);
  }
  g_assert_true (praxi_executor_run_tensors (executor, &in, out, &error));
  g_assert_no_error (error);
  for (int i = 0; i < n_out; i++) {
    praxi_tensor_count (&out[i], &count);
    result.tensors[i] = out[i];
    result.data[i] = g_new (float, count + 1);
    for (int64_t k = 0; k < count; k++)
      result.data[i][k] = (float) praxi_tensor_get (&out[i], k);
    g_free (out[i].data);
    result.tensors[i].data = NULL;
  }
  g_free (in.data);
  return result;
}

static double
largest_difference (const Result *a, const Result *b, int i)
{
  int64_t count = 0;
  double largest = 0;
  praxi_tensor_count (&a->tensors[i], &count);
  g_assert_cmpint (a->tensors[i].rank, ==, b->tensors[i].rank);
  g_assert_cmpint (count, >, 0);
  for (int64_t k = 0; k < count; k++)
    largest = fmax (largest, fabs ((double) a->data[i][k] - (double) b->data[i][k]));
  return largest;
}

/* A net whose output has gone flat would agree with anything. */
static void
assert_varied (const Result *result)
{
  gboolean seen[256] = {FALSE};
  int64_t count = 0;
  int n_seen = 0;
  praxi_tensor_count (&result->tensors[0], &count);
  for (int64_t k = 0; k < count; k++) {
    const int bucket = (int) (fabs ((double) result->data[0][k]) * 16) % 256;
    n_seen += !seen[bucket];
    seen[bucket] = TRUE;
  }
  g_assert_cmpint (n_seen, >=, 8);
}

static void
assert_close (const PraxiGraph *graph,
              const PraxiExecutorOptions *a,
              const PraxiExecutorOptions *b,
              double limit)
{
  Result left = run (graph, a), right = run (graph, b);
  assert_varied (&left);
  g_assert_cmpfloat (largest_difference (&left, &right, 0), <=, limit);
  result_clear (&left);
  result_clear (&right);
}

/* Whether an operator is of this name, or its kernel. */
static gboolean
has_op (const PraxiGraph *graph, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor = praxi_executor_new_for_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (GArray) profile = praxi_executor_profile (executor);
  gboolean found = FALSE;
  for (guint i = 0; i < profile->len; i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (profile, PraxiExecutorOpProfile, i);
    found = found || g_str_equal (op->op, name) || g_strcmp0 (op->kernel, name) == 0;
  }
  return found;
}

typedef struct {
  PraxiBuilder *builder;
  GRand *random;
} Net;

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

static PraxiOp
conv_op (int kernel, int stride, int group)
{
  PraxiOp op = {.kind = PRAXI_OP_CONV, .window = {.n_spatial = 2, .group = group}};
  for (int i = 0; i < 2; i++) {
    op.window.kernel[i] = kernel;
    op.window.stride[i] = stride;
    op.window.dilation[i] = 1;
    op.window.pad_begin[i] = op.window.pad_end[i] = kernel / 2;
  }
  return op;
}

static int
float_conv (Net *net, int x, int64_t in, int64_t out, int kernel, int group)
{
  const int64_t w_dims[4] = {out, in / group, kernel, kernel}, b_dims[1] = {out};
  const PraxiOp op = conv_op (kernel, 1, group);
  const int inputs[3] = {x, floats (net, 4, w_dims, -0.3, 0.3), floats (net, 1, b_dims, -1, 1)};
  return praxi_builder_op (net->builder, &op, NULL, inputs, 3);
}

static int
batch_norm (Net *net, int x, int64_t channels)
{
  const int64_t dims[1] = {channels};
  const PraxiOp op = {.kind = PRAXI_OP_BATCH_NORM, .epsilon = 1e-5f};
  const int in[5] = {x, floats (net, 1, dims, 0.5, 1.5), floats (net, 1, dims, -1, 1),
                     floats (net, 1, dims, -1, 1), floats (net, 1, dims, 0.5, 2)};
  return praxi_builder_op (net->builder, &op, NULL, in, 5);
}

/* A batch norm and two products of it, one with its weights turned. */
static int
head (Net *net, int x, int64_t depth)
{
  enum { MIDDLE = 30, OUTPUTS = 24 };
  const int64_t turned[2] = {MIDDLE, depth}, plain[2] = {MIDDLE, OUTPUTS}, bias[2] = {1, OUTPUTS};
  const PraxiOp first = {.kind = PRAXI_OP_GEMM, .alpha = 0.7f, .beta = 1, .transpose_b = true};
  const PraxiOp second = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 0.5f};
  const int in[2] = {batch_norm (net, x, depth), floats (net, 2, turned, -0.1, 0.1)};
  x = batch_norm (net, praxi_builder_op (net->builder, &first, NULL, in, 2), MIDDLE);
  const int then[3] = {x, floats (net, 2, plain, -0.3, 0.3), floats (net, 2, bias, -1, 1)};
  return praxi_builder_op (net->builder, &second, NULL, then, 3);
}

/* HardSwish as opsets before 14 say it. */
static int
hard_swish_pair (PraxiBuilder *builder, int x)
{
  const PraxiOp sigmoid = {.kind = PRAXI_OP_HARD_SIGMOID, .alpha = 1.f / 6, .beta = 0.5f};
  const int gate = praxi_builder_op (builder, &sigmoid, NULL, &x, 1);
  return praxi_builder_binary (builder, PRAXI_OP_MUL, gate, x);
}

/* Conv, batch norm, Relu6, a residual with Relu, swish, hard swish, depthwise, transposes, Gemm. */
static PraxiGraph *
float_net (void)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (9);
  Net net = {builder, random};
  const int64_t dims[4] = {2, 5, 9, 11}, flat[2] = {2, -1};
  int x = praxi_builder_input (builder, "x", PRAXI_F32, 4, dims);
  const PraxiOp clip = {.kind = PRAXI_OP_CLIP};
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 4, .perm = {0, 1, 3, 2}};
  const PraxiOp reshape = {.kind = PRAXI_OP_RESHAPE};
  x = batch_norm (&net, float_conv (&net, x, 5, 8, 3, 1), 8);
  const int six[3] = {x, praxi_builder_f32 (builder, 0), praxi_builder_f32 (builder, 6)};
  x = praxi_builder_op (builder, &clip, NULL, six, 3);
  const int branch = float_conv (&net, x, 8, 8, 3, 8);
  x = praxi_builder_unary (builder, PRAXI_OP_RELU,
                           praxi_builder_binary (builder, PRAXI_OP_ADD, x, branch));
  x = float_conv (&net, x, 8, 16, 1, 1);
  x = praxi_builder_binary (builder, PRAXI_OP_MUL, x,
                            praxi_builder_unary (builder, PRAXI_OP_SIGMOID, x));
  x = hard_swish_pair (builder, float_conv (&net, x, 16, 16, 1, 1));
  x = praxi_builder_op (builder, &turn, NULL, &x, 1);
  x = praxi_builder_unary (builder, PRAXI_OP_HARD_SWISH, float_conv (&net, x, 16, 4, 3, 2));
  const int in[2] = {x, praxi_builder_ints (builder, flat, 2)};
  x = head (&net, praxi_builder_op (builder, &reshape, NULL, in, 2), 4 * 11 * 9);
  praxi_builder_output (builder, x, "y");
  return praxi_builder_finish (builder);
}

static void
test_float_net (void)
{
  g_autoptr (PraxiGraph) graph = float_net ();
  const PraxiExecutorOptions plain = {.backend = "ref", .no_fuse = TRUE, .threads = 1};
  const PraxiExecutorOptions fused_ref = {.backend = "ref", .threads = 1};
  const PraxiExecutorOptions fused_cpu = {.backend = "cpu", .threads = 2};
  const PraxiExecutorOptions plain_cpu = {.backend = "cpu", .no_fuse = TRUE, .threads = 2};
  assert_close (graph, &plain, &fused_ref, 1e-4);
  assert_close (graph, &plain, &fused_cpu, 1e-4);
  assert_close (graph, &plain, &plain_cpu, 1e-4);
  g_assert_false (has_op (graph, "BatchNormalization"));
  g_assert_false (has_op (graph, "Clip"));
  g_assert_false (has_op (graph, "Add"));
  g_assert_false (has_op (graph, "Sigmoid"));
  g_assert_false (has_op (graph, "HardSigmoid"));
  g_assert_false (has_op (graph, "Mul"));
}

typedef struct {
  int q; /* bytes */
  float scale;
  int zero;
} Bytes;

static int
to_float (Net *net, Bytes x)
{
  return praxi_builder_dequantize (net->builder, x.q, x.scale, x.zero);
}

static Bytes
to_bytes (Net *net, int x, float scale, int zero)
{
  return (Bytes){praxi_builder_quantize (net->builder, x, scale, zero), scale, zero};
}

static int
list_f32 (Net *net, int64_t n, double low, double high)
{
  const int64_t dims[1] = {n};
  return floats (net, 1, dims, low, high);
}

/* DequantizeLinear of random s8 weights, one scale an output channel. */
static int
byte_weights (Net *net, int rank, const int64_t *dims)
{
  int64_t count = 1;
  for (int d = 0; d < rank; d++)
    count *= dims[d];
  g_autofree gint8 *data = g_new (gint8, count), *zeros = g_new0 (gint8, dims[0]);
  for (int64_t i = 0; i < count; i++)
    data[i] = (gint8) g_rand_int_range (net->random, -127, 128);
  const PraxiOp op = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = 0};
  const int in[3] = {praxi_builder_constant (net->builder, PRAXI_S8, rank, dims, data),
                     list_f32 (net, dims[0], 0.001, 0.01),
                     praxi_builder_constant (net->builder, PRAXI_S8, 1, dims, zeros)};
  return praxi_builder_op (net->builder, &op, NULL, in, 3);
}

static int
byte_conv (Net *net, Bytes x, int64_t in, int64_t out, int kernel, int stride, int group)
{
  const int64_t dims[4] = {out, in / group, kernel, kernel};
  const PraxiOp op = conv_op (kernel, stride, group);
  const int inputs[3] = {to_float (net, x), byte_weights (net, 4, dims),
                         list_f32 (net, out, -1, 1)};
  return praxi_builder_op (net->builder, &op, NULL, inputs, 3);
}

static int
byte_product (Net *net, Bytes x, int64_t in, int64_t out)
{
  const int64_t dims[2] = {out, in};
  const PraxiOp flatten = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .transpose_b = true, .alpha = 1, .beta = 1};
  const int pixels = to_float (net, x);
  const Bytes row =
      to_bytes (net, praxi_builder_op (net->builder, &flatten, NULL, &pixels, 1), x.scale, x.zero);
  const int inputs[3] = {to_float (net, row), byte_weights (net, 2, dims),
                         list_f32 (net, out, -1, 1)};
  return praxi_builder_op (net->builder, &gemm, NULL, inputs, 3);
}

/* Everything between the first and the last quantization runs on bytes. */
static PraxiGraph *
byte_net (void)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (21);
  Net net = {builder, random};
  const int64_t dims[4] = {1, 6, 12, 10};
  const PraxiOp pool = {.kind = PRAXI_OP_MAX_POOL,
                        .window = {.n_spatial = 2, .kernel = {2, 2}, .stride = {2, 2}}};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 4, dims);
  Bytes q = to_bytes (&net, x, 0.02f, 110);
  q = to_bytes (&net,
                praxi_builder_unary (builder, PRAXI_OP_RELU, byte_conv (&net, q, 6, 16, 3, 1, 1)),
                0.03f, 0);
  const Bytes skip = q;
  q = to_bytes (&net, byte_conv (&net, q, 16, 16, 3, 1, 16), 0.02f, 120); /* depthwise */
  q = to_bytes (
      &net, praxi_builder_binary (builder, PRAXI_OP_ADD, to_float (&net, q), to_float (&net, skip)),
      0.04f, 90);
  const int s = to_float (&net, q); /* swish: a table */
  q = to_bytes (&net,
                praxi_builder_binary (builder, PRAXI_OP_MUL, s,
                                      praxi_builder_unary (builder, PRAXI_OP_SIGMOID, s)),
                0.025f, 12);
  const int pooled_in = to_float (&net, q);
  q = to_bytes (&net, praxi_builder_op (builder, &pool, NULL, &pooled_in, 1), q.scale, q.zero);
  /* residual without a quantization between, then Relu */
  const int sum = praxi_builder_binary (builder, PRAXI_OP_ADD, byte_conv (&net, q, 16, 16, 1, 1, 1),
                                        to_float (&net, q));
  q = to_bytes (&net, praxi_builder_unary (builder, PRAXI_OP_RELU, sum), 0.05f, 0);
  q = to_bytes (&net, byte_product (&net, q, 16 * 6 * 5, 40), 0.1f, 128);
  praxi_builder_output (builder, q.q, "y");
  return praxi_builder_finish (builder);
}

static void
test_byte_net (void)
{
  g_autoptr (PraxiGraph) graph = byte_net ();
  const PraxiExecutorOptions plain = {.backend = "ref", .no_fuse = TRUE, .threads = 1};
  const PraxiExecutorOptions ref = {.backend = "ref", .threads = 1};
  const PraxiExecutorOptions cpu = {.backend = "cpu", .threads = 2};
  assert_close (graph, &ref, &cpu, 0);
  /* One float epilogue rounds where QDQ rounds a product, a sum and a quotient: some bytes tip. */
  assert_close (graph, &plain, &ref, 2);
  static const char *const gone[] = {"Conv", "DequantizeLinear", "Relu", "Sigmoid", "Add", "Mul",
                                     "Gemm"};
  for (gsize i = 0; i < G_N_ELEMENTS (gone); i++)
    g_assert_false (has_op (graph, gone[i]));
  g_assert_true (has_op (graph, "QConv"));
  g_assert_true (has_op (graph, "QAdd"));
  g_assert_true (has_op (graph, "QTable"));
}

/* Squeeze-and-excitation: a mean of floats that are never stored. */
static PraxiGraph *
excited_net (gboolean in_pairs)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (23);
  Net net = {builder, random};
  const int64_t dims[4] = {2, 6, 14, 11};
  const PraxiOp mean = {.kind = PRAXI_OP_GLOBAL_AVERAGE_POOL};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 4, dims);
  Bytes q = to_bytes (&net, x, 0.02f, 110);
  q = to_bytes (&net, byte_conv (&net, q, 6, 24, 3, 1, 1), 0.04f, 120);
  const int from = to_float (&net, q);
  const int swish = in_pairs ? hard_swish_pair (builder, from)
                             : praxi_builder_unary (builder, PRAXI_OP_HARD_SWISH, from);
  const int gate = praxi_builder_unary (builder, PRAXI_OP_SIGMOID,
                                        praxi_builder_op (builder, &mean, NULL, &swish, 1));
  q = to_bytes (&net, praxi_builder_binary (builder, PRAXI_OP_MUL, swish, gate), 0.02f, 20);
  praxi_builder_output (builder, q.q, "y");
  return praxi_builder_finish (builder);
}

static void
test_excited_net (void)
{
  const PraxiExecutorOptions ref = {.backend = "ref", .threads = 1};
  const PraxiExecutorOptions cpu = {.backend = "cpu", .threads = 2};
  for (int in_pairs = 0; in_pairs < 2; in_pairs++) {
    g_autoptr (PraxiGraph) graph = excited_net (in_pairs);
    assert_close (graph, &ref, &cpu, 1); /* a mean that is a little another one */
    g_assert_true (has_op (graph, "mean-chain"));
    g_assert_false (has_op (graph, "DequantizeLinear"));
  }
}

/* A bias for each row, of as many rows as there are outputs, is not one for each output. */
static void
test_row_bias (void)
{
  enum { N = 12 };
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (22);
  Net net = {builder, random};
  const int64_t dims[2] = {N, N}, column[2] = {N, 1};
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .transpose_b = true, .alpha = 1, .beta = 1};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 2, dims);
  const int in[3] = {to_float (&net, to_bytes (&net, x, 0.02f, 110)), byte_weights (&net, 2, dims),
                     floats (&net, 2, column, -1, 1)};
  praxi_builder_output (
      builder, to_bytes (&net, praxi_builder_op (builder, &gemm, NULL, in, 3), 0.01f, 128).q, "y");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
  const PraxiExecutorOptions plain = {.backend = "ref", .no_fuse = TRUE, .threads = 1};
  const PraxiExecutorOptions cpu = {.backend = "cpu", .threads = 2};
  assert_close (graph, &plain, &cpu, 1);
  g_assert_true (has_op (graph, "Gemm"));
}

/* Concat and MaxPool of bytes of two scales, quantized only behind both. */
static PraxiGraph *
moved_net (void)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  Net net = {builder, NULL};
  const int64_t dims[4] = {1, 6, 12, 10};
  const PraxiOp concat = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  const PraxiOp pool = {.kind = PRAXI_OP_MAX_POOL,
                        .window = {.n_spatial = 2, .kernel = {3, 2}, .stride = {1, 2}}};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 4, dims);
  const Bytes a = to_bytes (&net, x, 0.02f, 110);
  const Bytes b = to_bytes (&net, praxi_builder_unary (builder, PRAXI_OP_NEG, x), 0.013f, 140);
  const int in[2] = {to_float (&net, a), to_float (&net, b)};
  const int both = praxi_builder_op (builder, &concat, NULL, in, 2);
  const Bytes most =
      to_bytes (&net, praxi_builder_op (builder, &pool, NULL, &both, 1), b.scale, b.zero);
  praxi_builder_output (builder, most.q, "y");
  return praxi_builder_finish (builder);
}

static void
test_moved_net (void)
{
  g_autoptr (PraxiGraph) graph = moved_net ();
  const PraxiExecutorOptions plain = {.backend = "ref", .no_fuse = TRUE, .threads = 1};
  const PraxiExecutorOptions ref = {.backend = "ref", .threads = 1};
  const PraxiExecutorOptions cpu = {.backend = "cpu", .threads = 2};
  assert_close (graph, &plain, &ref, 0);
  assert_close (graph, &ref, &cpu, 0);
  g_assert_false (has_op (graph, "DequantizeLinear"));
  g_assert_true (has_op (graph, "QTable")); /* of a alone: b has the scale it comes to */
}

static PraxiModel *
bundled (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (PRAXI_SOURCE_ROOT, "data/models", name, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_autofree char *why = g_strdup_printf ("%s is not there", path);
    g_test_skip (why);
    return NULL;
  }
  PraxiModel *model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  return model;
}

/* n frames of moving stripes. */
static guint8 *
stripes (const PraxiModelSpec *spec, int n)
{
  guint8 *frames = g_malloc ((gsize) n * (gsize) spec->height * (gsize) spec->width * 3),
         *at = frames;
  for (int t = 0; t < n; t++)
    for (int y = 0; y < spec->height; y++)
      for (int x = 0; x < spec->width; x++)
        for (int c = 0; c < 3; c++)
          *at++ = (guint8) (128 + 60 * sin ((x + 3 * t) / 9.0 + c) + 50 * cos ((y - 2 * t) / 7.0));
  return frames;
}

/* The stem's nodes one by one, and as one kernel. */
static void
test_motion_stem (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = bundled ("light.onnx");
  if (model == NULL)
    return;
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const PraxiExecutorOptions plain = {.threads = 1, .no_fuse = TRUE}, fused = {.threads = 2};
  g_autoptr (PraxiExecutor) a = praxi_executor_new (model, &plain, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiExecutor) b = praxi_executor_new (model, &fused, &error);
  g_assert_no_error (error);
  g_autoptr (GArray) profile = praxi_executor_profile (b);
  g_assert_cmpstr (g_array_index (profile, PraxiExecutorOpProfile, 0).op, ==, "MotionStem");
  g_autofree guint8 *clip = stripes (spec, spec->frames);
  g_autofree float *left = g_new (float, spec->n_classes), *right = g_new (float, spec->n_classes);
  g_assert_true (praxi_executor_run (a, clip, 1, left, &error));
  g_assert_true (praxi_executor_run (b, clip, 1, right, &error));
  for (int c = 0; c < spec->n_classes; c++)
    g_assert_cmpfloat_with_epsilon (left[c], right[c], 1e-3);
}

static void
test_shifted (void)
{
  enum { STEPS = 4, NEW = 5 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = bundled ("light.onnx");
  if (model == NULL)
    return;
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const gsize frame = (gsize) spec->height * (gsize) spec->width * 3;
  const gsize bytes = sizeof (float) * (gsize) spec->n_classes;
  g_autofree guint8 *frames = stripes (spec, spec->frames + STEPS * NEW);
  g_autofree float *whole = g_malloc (bytes), *shifted = g_malloc (bytes);
  g_autoptr (PraxiExecutor) a = praxi_executor_new (model, NULL, &error);
  g_autoptr (PraxiExecutor) b = praxi_executor_new (model, NULL, &error);
  g_assert_no_error (error);
  for (int k = 0; k <= STEPS; k++) {
    const guint8 *clip = frames + frame * (gsize) (k * NEW);
    g_assert_true (praxi_executor_run (a, clip, 1, whole, &error));
    g_assert_true (
        praxi_executor_run_shifted (b, clip, k == 0 ? spec->frames : NEW, shifted, &error));
    g_assert_cmpmem (whole, bytes, shifted, bytes);
  }
}

/* The integer part of the bundled model: bit for bit on both backends. */
static void
test_bundled_bytes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = bundled ("light.onnx");
  if (model == NULL)
    return;
  g_autoptr (PraxiGraph) graph =
      praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, &error);
  g_assert_no_error (error);
  int first = -1, last = -1;
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind != PRAXI_OP_QUANTIZE_LINEAR)
      continue;
    first = first < 0 ? (int) i : first;
    last = (int) i;
  }
  g_assert_cmpint (last, >, first);
  const int in = praxi_graph_node (graph, first)->out[0];
  const int out = praxi_graph_node (graph, last)->out[0];
  g_ptr_array_remove_index (graph->nodes, (guint) first);
  g_array_set_size (graph->inputs, 0);
  g_array_set_size (graph->outputs, 0);
  g_array_append_val (graph->inputs, in);
  g_array_append_val (graph->outputs, out);
  praxi_graph_prune (graph);
  const PraxiExecutorOptions ref = {.backend = "ref", .threads = 1};
  const PraxiExecutorOptions cpu = {.backend = "cpu", .threads = 2};
  assert_close (graph, &ref, &cpu, 0);
}

enum { PIXELS = 40 * 40, IN = 24, OUT = 16 };

/* Runs a graph of byte inputs of one shape and one byte output. */
static guint8 *
run_bytes (const PraxiGraph *graph, guint8 *const *in, int n_in, gsize n_out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor = praxi_executor_new_for_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  PraxiTensor inputs[2], out = *praxi_executor_output (executor, 0);
  for (int i = 0; i < n_in; i++) {
    inputs[i] = *praxi_executor_input (executor, i);
    inputs[i].data = in[i];
  }
  out.data = g_malloc0 (n_out);
  g_assert_true (praxi_executor_run_tensors (executor, inputs, &out, &error));
  g_assert_no_error (error);
  return out.data;
}

static guint8 *
random_bytes (GRand *random, gsize n)
{
  guint8 *bytes = g_malloc (n);
  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) g_rand_int (random);
  return bytes;
}

static guint8
to_byte (float v)
{
  return (guint8) CLAMP (rintf (v), 0, 255);
}

/* QLinearConv of ONNX Runtime: the bias is added to the sum of products, and the scales' product is
 * a float before it is divided. Here that makes factors of exactly a half and its doubles, and
 * every odd sum a tie; with more digits the factor would be 0.49999997.
 */
static void
test_conv_rounds_as_onnxruntime (void)
{
  enum { IN_ZERO = 117, OUT_ZERO = 121 };
  const float in_scale = 0.03547847f, w_scale = 0.0018093601f;
  const float out_scale = 2 * (in_scale * w_scale);
  const int64_t dims[4] = {1, IN, 40, 40}, w_dims[4] = {OUT, IN, 1, 1}, list[1] = {OUT};
  const PraxiOp dequantize = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = 0};
  const PraxiOp conv = {
      .kind = PRAXI_OP_CONV,
      .window = {
          .n_spatial = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .group = 1}};
  g_autoptr (GRand) random = g_rand_new_with_seed (21);
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  gint8 w[OUT * IN], zeros[OUT] = {0};
  int32_t bias[OUT], no_zeros[OUT] = {0};
  float scales[OUT], steps[OUT];
  for (int i = 0; i < OUT * IN; i++)
    w[i] = (gint8) (g_rand_int_range (random, 0, 9) == 0 ? g_rand_int_range (random, -1, 2) : 0);
  for (int o = 0; o < OUT; o++) {
    bias[o] = g_rand_int_range (random, -30, 30);
    scales[o] = w_scale * (float) (1 << o % 3);
    steps[o] = in_scale * scales[o];
  }
  const int x = praxi_builder_input (builder, "x", PRAXI_U8, 4, dims);
  const int w_in[3] = {praxi_builder_constant (builder, PRAXI_S8, 4, w_dims, w),
                       praxi_builder_constant (builder, PRAXI_F32, 1, list, scales),
                       praxi_builder_constant (builder, PRAXI_S8, 1, list, zeros)};
  const int b_in[3] = {praxi_builder_constant (builder, PRAXI_S32, 1, list, bias),
                       praxi_builder_constant (builder, PRAXI_F32, 1, list, steps),
                       praxi_builder_constant (builder, PRAXI_S32, 1, list, no_zeros)};
  const int in[3] = {praxi_builder_dequantize (builder, x, in_scale, IN_ZERO),
                     praxi_builder_op (builder, &dequantize, NULL, w_in, 3),
                     praxi_builder_op (builder, &dequantize, NULL, b_in, 3)};
  const int y = praxi_builder_op (builder, &conv, NULL, in, 3);
  praxi_builder_output (builder, praxi_builder_quantize (builder, y, out_scale, OUT_ZERO), "y");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
  for (int k = 0; k < 40; k++) {
    g_autofree guint8 *data = random_bytes (random, IN * PIXELS);
    g_autofree guint8 *out = run_bytes (graph, &data, 1, OUT * PIXELS);
    for (int o = 0; o < OUT; o++)
      for (int p = 0; p < PIXELS; p++) {
        int32_t sum = bias[o];
        for (int c = 0; c < IN; c++)
          sum += (data[c * PIXELS + p] - IN_ZERO) * w[o * IN + c];
        const float v = rintf ((float) sum * (in_scale * scales[o] / out_scale));
        g_assert_cmpint (out[o * PIXELS + p], ==, to_byte (v + OUT_ZERO));
      }
  }
}

/* QLinearAdd of ONNX Runtime, on all pairs of bytes. */
static void
test_add_rounds_as_onnxruntime (void)
{
  /* In the last one 140 + 131 makes 140.50001 exactly and 140.5 in these floats. */
  static const struct {
    float a_scale, b_scale, y_scale;
    int a_zero, b_zero, y_zero;
  } cases[] = {{0.05f, 0.05f, 0.1f, 3, 128, 120},
               {0.1109079122543335f, 0.02728034369647503f, 0.11108898371458054f, 126, 123, 120},
               {0.11108898371458054f, 0.06084969639778137f, 0.1126691922545433f, 120, 124, 117}};
  const int64_t dims[4] = {1, 1, 256, 256};
  g_autofree guint8 *a = g_malloc (256 * 256), *b = g_malloc (256 * 256);
  for (int i = 0; i < 256 * 256; i++) {
    a[i] = (guint8) i;
    b[i] = (guint8) (i >> 8);
  }
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++) {
    g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
    const int in[2] = {praxi_builder_input (builder, "a", PRAXI_U8, 4, dims),
                       praxi_builder_input (builder, "b", PRAXI_U8, 4, dims)};
    const int x = praxi_builder_dequantize (builder, in[0], cases[k].a_scale, cases[k].a_zero);
    const int z = praxi_builder_dequantize (builder, in[1], cases[k].b_scale, cases[k].b_zero);
    const int y = praxi_builder_binary (builder, PRAXI_OP_ADD, x, z);
    praxi_builder_output (
        builder, praxi_builder_quantize (builder, y, cases[k].y_scale, cases[k].y_zero), "y");
    g_autoptr (PraxiGraph) graph = praxi_builder_finish (builder);
    g_autofree guint8 *out = run_bytes (graph, (guint8 *const[]){a, b}, 2, 256 * 256);
    const float a_ratio = cases[k].a_scale / cases[k].y_scale;
    const float b_ratio = cases[k].b_scale / cases[k].y_scale;
    const float fixed = (float) cases[k].y_zero -
                        fmaf (a_ratio, (float) cases[k].a_zero, b_ratio * (float) cases[k].b_zero);
    for (int i = 0; i < 256 * 256; i++)
      g_assert_cmpint (out[i], ==, to_byte (fmaf (a[i], a_ratio, fmaf (b[i], b_ratio, fixed))));
    if (k == 2)
      g_assert_cmpint (out[131 * 256 + 140], ==, 140);
  }
}

static void
test_options (void)
{
  g_autoptr (PraxiGraph) graph = float_net ();
  g_autoptr (GError) backend = NULL, threads = NULL;
  const PraxiExecutorOptions strange = {.backend = "abacus"}, many = {.threads = 100000};
  g_assert_null (praxi_executor_new_for_graph (graph, NULL, 0, &strange, &backend));
  g_assert_error (backend, PRAXI_ERROR, PRAXI_ERROR_USAGE);
  g_assert_null (praxi_executor_new_for_graph (graph, NULL, 0, &many, &threads));
  g_assert_error (threads, PRAXI_ERROR, PRAXI_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/executor/float-net", test_float_net);
  g_test_add_func ("/executor/byte-net", test_byte_net);
  g_test_add_func ("/executor/excited-net", test_excited_net);
  g_test_add_func ("/executor/row-bias", test_row_bias);
  g_test_add_func ("/executor/moved-net", test_moved_net);
  g_test_add_func ("/executor/motion-stem", test_motion_stem);
  g_test_add_func ("/executor/shifted", test_shifted);
  g_test_add_func ("/executor/bundled-bytes", test_bundled_bytes);
  g_test_add_func ("/executor/conv-rounds", test_conv_rounds_as_onnxruntime);
  g_test_add_func ("/executor/add-rounds", test_add_rounds_as_onnxruntime);
  g_test_add_func ("/executor/options", test_options);
  return g_test_run ();
}
