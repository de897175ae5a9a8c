/* Derivatives of whole graphs against central differences of the forward pass in `ref`, and against
 * what PyTorch computes.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "engine/infer/executor.h"
#include "engine/model/builder.h"
#include "engine/train/gradient.h"

/* A graph from inputs x and w to y; the loss is Σ c y with fixed numbers c. */
typedef struct {
  const char *name;
  int x_rank, w_rank;
  int64_t x[5], w[5];
  int (*build) (PraxiBuilder *builder, int x, int w);
  float low; /* inputs lie in [low, low + 2] */
} Case;

static int
op (PraxiBuilder *builder, const PraxiOp *op_, int a, int b)
{
  const int in[2] = {a, b};
  return praxi_builder_op (builder, op_, NULL, in, b < 0 ? 1 : 2);
}

static int
build_conv (PraxiBuilder *b, int x, int w)
{
  const PraxiOp conv = {.kind = PRAXI_OP_CONV,
                        .window = {.n_spatial = 2,
                                   .kernel = {3, 3},
                                   .stride = {2, 1},
                                   .dilation = {1, 1},
                                   .pad_begin = {1, 0},
                                   .pad_end = {0, 1},
                                   .group = 2}};
  return praxi_builder_unary (b, PRAXI_OP_SIGMOID, op (b, &conv, x, w));
}

static int
build_gemm (PraxiBuilder *b, int x, int w)
{
  const PraxiOp gemm = {.kind = PRAXI_OP_GEMM, .alpha = 0.5f, .beta = 1, .transpose_b = true};
  const PraxiOp soft = {.kind = PRAXI_OP_SOFTMAX, .axis = 1};
  return op (b, &soft, op (b, &gemm, x, w), -1);
}

static int
build_both_turned (PraxiBuilder *b, int x, int w)
{
  const PraxiOp gemm = {
      .kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_a = true, .transpose_b = true};
  return praxi_builder_unary (b, PRAXI_OP_TANH, op (b, &gemm, x, w));
}

static int
build_broadcast (PraxiBuilder *b, int x, int w)
{
  const int sum = praxi_builder_binary (b, PRAXI_OP_ADD, x, w);
  const int product = praxi_builder_binary (b, PRAXI_OP_MUL, sum, w);
  const int quotient = praxi_builder_binary (b, PRAXI_OP_DIV, product, x);
  return praxi_builder_binary (b, PRAXI_OP_SUB, quotient, w);
}

static int
build_roots (PraxiBuilder *b, int x, int w)
{
  const int root = praxi_builder_unary (b, PRAXI_OP_SQRT, x);
  const int both =
      praxi_builder_binary (b, PRAXI_OP_MUL, root, praxi_builder_unary (b, PRAXI_OP_LOG, w));
  return praxi_builder_unary (
      b, PRAXI_OP_EXP,
      praxi_builder_unary (b, PRAXI_OP_NEG, praxi_builder_unary (b, PRAXI_OP_ABS, both)));
}

static int
build_hard (PraxiBuilder *b, int x, int w)
{
  const PraxiOp hard = {.kind = PRAXI_OP_HARD_SIGMOID, .alpha = 0.2f, .beta = 0.5f};
  const int swish = praxi_builder_unary (b, PRAXI_OP_HARD_SWISH, x);
  const int gate = op (b, &hard, w, -1);
  return praxi_builder_binary (b, PRAXI_OP_MUL, praxi_builder_unary (b, PRAXI_OP_RELU, swish),
                               gate);
}

static int
build_pools (PraxiBuilder *b, int x, int w)
{
  const PraxiWindow window = {.n_spatial = 2,
                              .kernel = {2, 3},
                              .stride = {1, 2},
                              .dilation = {1, 1},
                              .pad_begin = {0, 1},
                              .pad_end = {1, 1},
                              .group = 1};
  const PraxiOp mean = {.kind = PRAXI_OP_AVERAGE_POOL, .window = window};
  const PraxiOp most = {.kind = PRAXI_OP_MAX_POOL, .window = window};
  const PraxiOp row = {.kind = PRAXI_OP_REDUCE_MEAN, .n_axes = 2, .axes = {2, 3}};
  const PraxiOp top = {.kind = PRAXI_OP_REDUCE_MAX, .n_axes = 1, .axes = {3}, .keepdims = true};
  const PraxiOp join = {.kind = PRAXI_OP_CONCAT, .axis = 1};
  const int pooled = op (b, &join, op (b, &mean, x, -1), op (b, &most, x, -1));
  const int turned = praxi_builder_binary (b, PRAXI_OP_MUL, op (b, &top, pooled, -1), w);
  return op (b, &row, turned, -1);
}

static int
build_moves (PraxiBuilder *b, int x, int w)
{
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 3, .perm = {2, 0, 1}};
  const PraxiOp flat = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const int all = op (b, &flat, op (b, &turn, x, -1), -1);
  return praxi_builder_binary (b, PRAXI_OP_MUL, all, w);
}

static int
build_slice (PraxiBuilder *b, int x, int w)
{
  const PraxiOp cut = {.kind = PRAXI_OP_SLICE,
                       .n_axes = 2,
                       .axes = {0, 2},
                       .starts = {1, 0},
                       .ends = {3, 3},
                       .steps = {1, 1}};
  return praxi_builder_unary (b, PRAXI_OP_SIGMOID,
                              praxi_builder_binary (b, PRAXI_OP_MUL, op (b, &cut, x, -1), w));
}

static int
build_batch_norm (PraxiBuilder *b, int x, int w)
{
  const PraxiOp norm = {.kind = PRAXI_OP_BATCH_NORM, .epsilon = 1e-3f, .training_mode = true};
  const int in[5] = {x, w, w, w, w};
  int out[3];
  praxi_builder_outputs (b, &norm, in, 5, out, 3);
  return praxi_builder_unary (b, PRAXI_OP_SIGMOID, out[0]);
}

static int
build_layer_norm (PraxiBuilder *b, int x, int w)
{
  const PraxiOp norm = {.kind = PRAXI_OP_LAYER_NORM, .axis = 1, .epsilon = 1e-3f};
  const int in[3] = {x, w, w};
  return praxi_builder_unary (b, PRAXI_OP_TANH, praxi_builder_op (b, &norm, NULL, in, 3));
}

/* softmax (x w) x: attention */
static int
build_attention (PraxiBuilder *b, int x, int w)
{
  const PraxiOp soft = {.kind = PRAXI_OP_SOFTMAX, .axis = 2};
  const int scores = op (b, &soft, praxi_builder_binary (b, PRAXI_OP_MATMUL, x, w), -1);
  return praxi_builder_binary (b, PRAXI_OP_MATMUL, scores, x);
}

static int
build_repeated_matmul (PraxiBuilder *b, int x, int w)
{
  return praxi_builder_binary (b, PRAXI_OP_MATMUL, x, w);
}

static int
build_pad (PraxiBuilder *b, int x, int w)
{
  const int64_t pads[6] = {0, 1, 2, 1, 0, 0};
  const int padded = op (b, &(PraxiOp){.kind = PRAXI_OP_PAD}, x, praxi_builder_ints (b, pads, 6));
  return praxi_builder_binary (b, PRAXI_OP_MUL, padded, w);
}

static int
build_split (PraxiBuilder *b, int x, int w)
{
  const PraxiOp cut = {.kind = PRAXI_OP_SPLIT, .axis = 1};
  const int64_t lengths[3] = {1, 2, 1};
  const int in[2] = {x, praxi_builder_ints (b, lengths, 3)};
  int out[3];
  praxi_builder_outputs (b, &cut, in, 2, out, 3);
  return praxi_builder_binary (b, PRAXI_OP_MUL, praxi_builder_unary (b, PRAXI_OP_TANH, out[1]), w);
}

static int
build_smooth (PraxiBuilder *b, int x, int w)
{
  const PraxiOp gelu = {.kind = PRAXI_OP_GELU}, fast = {.kind = PRAXI_OP_GELU, .gelu_tanh = true};
  const int both =
      praxi_builder_binary (b, PRAXI_OP_MUL, op (b, &gelu, x, -1), op (b, &fast, w, -1));
  return praxi_builder_binary (b, PRAXI_OP_ADD, both, praxi_builder_unary (b, PRAXI_OP_ERF, x));
}

static int
build_powers (PraxiBuilder *b, int x, int w)
{
  const int power = praxi_builder_binary (b, PRAXI_OP_POW, x, w);
  return praxi_builder_unary (b, PRAXI_OP_RECIPROCAL, power);
}

static int
build_choices (PraxiBuilder *b, int x, int w)
{
  const PraxiOp leaky = {.kind = PRAXI_OP_LEAKY_RELU, .alpha = 0.1f};
  const int most = praxi_builder_binary (b, PRAXI_OP_MAX, x, w);
  const int least = praxi_builder_binary (b, PRAXI_OP_MIN, x, w);
  const int is_more = praxi_builder_binary (b, PRAXI_OP_GREATER, x, w);
  const int in[3] = {is_more, praxi_builder_binary (b, PRAXI_OP_MUL, most, least),
                     op (b, &leaky, x, -1)};
  return praxi_builder_op (b, &(PraxiOp){.kind = PRAXI_OP_WHERE}, NULL, in, 3);
}

static int
build_volume (PraxiBuilder *b, int x, int w)
{
  PraxiWindow window = {.n_spatial = 3,
                        .kernel = {3, 2, 2},
                        .stride = {1, 1, 1},
                        .dilation = {1, 1, 1},
                        .pad_begin = {1, 0, 0},
                        .pad_end = {1, 0, 1},
                        .group = 2};
  const PraxiOp conv = {.kind = PRAXI_OP_CONV, .window = window};
  window.group = 1;
  const PraxiOp most = {.kind = PRAXI_OP_MAX_POOL, .window = window};
  return op (b, &most, op (b, &conv, x, w), -1);
}

static int
build_prelu (PraxiBuilder *b, int x, int w)
{
  return praxi_builder_unary (b, PRAXI_OP_TANH, praxi_builder_binary (b, PRAXI_OP_PRELU, x, w));
}

/* Some twice, one from the end. */
static int
build_gather (PraxiBuilder *b, int x, int w)
{
  const PraxiOp pick = {.kind = PRAXI_OP_GATHER, .axis = 1};
  const int64_t places[4] = {2, 0, -1, 2};
  const int picked = op (b, &pick, x, praxi_builder_ints (b, places, 4));
  return praxi_builder_binary (b, PRAXI_OP_MUL, praxi_builder_unary (b, PRAXI_OP_TANH, picked), w);
}

static int
build_topk (PraxiBuilder *b, int x, int w)
{
  const PraxiOp most = {.kind = PRAXI_OP_TOPK, .axis = 1, .largest = true, .sorted = true};
  const PraxiOp least = {.kind = PRAXI_OP_TOPK, .axis = 2, .sorted = true};
  const int two = praxi_builder_ints (b, (const int64_t[]){2}, 1);
  const int top = op (b, &most, x, two);
  return praxi_builder_binary (b, PRAXI_OP_MUL, op (b, &least, top, two), w);
}

static int
resize (PraxiBuilder *b, PraxiResizeMode mode, PraxiResizeCoord coord, const float *scales, int x)
{
  const PraxiOp op_ = {.kind = PRAXI_OP_RESIZE,
                       .resize_mode = mode,
                       .resize_coord = coord,
                       .nearest_mode = PRAXI_NEAREST_FLOOR,
                       .cubic_a = -0.75f};
  const int64_t dims[1] = {4};
  const int in[3] = {x, -1, praxi_builder_constant (b, PRAXI_F32, 1, dims, scales)};
  return praxi_builder_op (b, &op_, NULL, in, 3);
}

static int
build_resize (PraxiBuilder *b, int x, int w)
{
  static const float more[4] = {1, 1, 2, 1.5f}, less[4] = {1, 1, 0.5f, 2.0f / 3};
  const int large = resize (b, PRAXI_RESIZE_LINEAR, PRAXI_COORD_HALF_PIXEL, more, x);
  const int near = resize (b, PRAXI_RESIZE_NEAREST, PRAXI_COORD_ASYMMETRIC, more, x);
  const int cubic = resize (b, PRAXI_RESIZE_CUBIC, PRAXI_COORD_ALIGN_CORNERS, less,
                            praxi_builder_binary (b, PRAXI_OP_MUL, large, near));
  return praxi_builder_binary (b, PRAXI_OP_MUL, cubic, w);
}

static int
build_resize_to_sizes (PraxiBuilder *b, int x, int w)
{
  const PraxiOp op_ = {.kind = PRAXI_OP_RESIZE, .resize_mode = PRAXI_RESIZE_LINEAR};
  const int64_t sizes[4] = {1, 2, 7, 5};
  const int in[4] = {x, -1, -1, praxi_builder_ints (b, sizes, 4)};
  return praxi_builder_binary (b, PRAXI_OP_MUL, praxi_builder_op (b, &op_, NULL, in, 4), w);
}

static int
build_rest (PraxiBuilder *b, int x, int w)
{
  const PraxiOp clip = {
      .kind = PRAXI_OP_CLIP, .alpha = -0.5f, .beta = 0.7f, .has_min = true, .has_max = true};
  const PraxiOp sum = {.kind = PRAXI_OP_REDUCE_SUM, .n_axes = 1, .axes = {3}, .keepdims = true};
  const PraxiOp least = {.kind = PRAXI_OP_REDUCE_MIN, .n_axes = 1, .axes = {2}, .keepdims = true};
  const int mean = praxi_builder_unary (b, PRAXI_OP_GLOBAL_AVERAGE_POOL, op (b, &clip, x, -1));
  const int pooled =
      praxi_builder_binary (b, PRAXI_OP_ADD, praxi_builder_binary (b, PRAXI_OP_MUL, mean, w),
                            praxi_builder_unary (b, PRAXI_OP_GLOBAL_MAX_POOL, x));
  const int64_t wide[4] = {2, 3, 4, 1};
  const int spread =
      op (b, &(PraxiOp){.kind = PRAXI_OP_EXPAND}, pooled, praxi_builder_ints (b, wide, 4));
  const int both =
      praxi_builder_binary (b, PRAXI_OP_SUB, op (b, &sum, x, -1), op (b, &least, x, -1));
  return praxi_builder_binary (b, PRAXI_OP_MUL, spread,
                               praxi_builder_unary (b, PRAXI_OP_NEG, both));
}

static const Case cases[] = {
    {"rest", 4, 4, {2, 3, 4, 4}, {2, 3, 1, 1}, build_rest, -1},
    {"prelu", 4, 3, {2, 3, 2, 4}, {3, 1, 1}, build_prelu, -1},
    {"gather", 3, 3, {2, 4, 3}, {2, 4, 3}, build_gather, -1},
    {"topk", 3, 3, {2, 4, 5}, {2, 2, 2}, build_topk, -1},
    {"resize", 4, 4, {1, 2, 4, 6}, {1, 2, 4, 6}, build_resize, -1},
    {"resize-to-sizes", 4, 4, {1, 2, 3, 9}, {1, 2, 7, 5}, build_resize_to_sizes, -1},
    {"batch-norm", 4, 1, {3, 2, 2, 3}, {2}, build_batch_norm, 0.3},
    {"layer-norm", 2, 1, {3, 5}, {5}, build_layer_norm, -1},
    {"attention", 3, 3, {2, 3, 3}, {2, 3, 3}, build_attention, -1},
    {"repeated-matmul", 3, 2, {2, 3, 4}, {4, 2}, build_repeated_matmul, -1},
    {"pad", 3, 3, {2, 3, 2}, {3, 4, 4}, build_pad, -1},
    {"split", 2, 2, {3, 4}, {3, 2}, build_split, -1},
    {"smooth", 2, 2, {3, 4}, {3, 4}, build_smooth, -1},
    {"powers", 2, 2, {3, 4}, {3, 4}, build_powers, 0.5},
    {"choices", 2, 2, {5, 6}, {5, 6}, build_choices, -1},
    {"volume", 5, 5, {1, 2, 3, 3, 4}, {2, 1, 3, 2, 2}, build_volume, -1},
    {"conv", 4, 4, {2, 4, 5, 6}, {6, 2, 3, 3}, build_conv, -1},
    {"gemm", 2, 2, {3, 4}, {5, 4}, build_gemm, -1},
    {"both-turned", 2, 2, {4, 3}, {5, 4}, build_both_turned, -1},
    {"broadcast", 3, 3, {2, 3, 4}, {1, 3, 1}, build_broadcast, 0.5},
    {"roots", 2, 2, {3, 4}, {3, 4}, build_roots, 1.5},
    {"hard", 2, 2, {5, 7}, {1, 7}, build_hard, -1},
    {"pools", 4, 4, {1, 2, 4, 5}, {1, 4, 1, 1}, build_pools, -1},
    {"slice", 3, 3, {4, 2, 5}, {2, 2, 3}, build_slice, -1},
    {"moves", 3, 2, {2, 3, 4}, {4, 6}, build_moves, -1},
};

typedef struct {
  PraxiTensor tensors[3]; /* x, w, c */
  PraxiExecutor *executor;
  PraxiTensor out[3]; /* y, dx, dw */
} Run;

static void
allocate (PraxiTensor *tensor, GRand *random, float low)
{
  int64_t n = 0;
  praxi_tensor_set_row_major (tensor);
  praxi_tensor_count (tensor, &n);
  tensor->data = g_malloc0 ((gsize) (n + 1) * praxi_dtype_size (tensor->dtype));
  for (int64_t i = 0; i < n && random != NULL; i++)
    praxi_tensor_set (tensor, i, (double) low + 2 * g_rand_double (random));
}

static double
loss (Run *run)
{
  g_autoptr (GError) error = NULL;
  int64_t n = 0;
  double sum = 0;
  g_assert_true (praxi_executor_run_tensors (run->executor, run->tensors, run->out, &error));
  g_assert_no_error (error);
  praxi_tensor_count (&run->out[0], &n);
  for (int64_t i = 0; i < n; i++)
    sum += praxi_tensor_get (&run->out[0], i) * praxi_tensor_get (&run->tensors[2], i);
  return sum;
}

static PraxiGraph *
make_graph (const Case *c, PraxiDType dtype, PraxiTensor *shape_of_y)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  const int x = praxi_builder_input (builder, "x", dtype, c->x_rank, c->x);
  const int w = praxi_builder_input (builder, "w", dtype, c->w_rank, c->w);
  praxi_builder_output (builder, c->build (builder, x, w), "y");
  g_autoptr (PraxiGraph) bare = praxi_builder_finish (builder);
  PraxiGraph *graph = praxi_graph_resolve (bare, NULL, 0, 1, &error);
  g_assert_no_error (error);
  *shape_of_y = praxi_graph_value (graph, g_array_index (graph->outputs, int, 0))->tensor;
  shape_of_y->data = NULL;
  return graph;
}

static void
add_backward (PraxiGraph *graph, const PraxiTensor *shape_of_y)
{
  g_autoptr (GError) error = NULL;
  int gradients[2];
  const int y = g_array_index (graph->outputs, int, 0);
  const int wanted[2] = {g_array_index (graph->inputs, int, 0),
                         g_array_index (graph->inputs, int, 1)};
  const int seed = praxi_graph_add_value (graph, "c", shape_of_y);
  g_array_append_val (graph->inputs, seed);
  g_assert_true (
      praxi_gradient_add (graph, &(PraxiGradientSeed){y, seed}, 1, wanted, 2, gradients, &error));
  g_assert_no_error (error);
  g_assert_cmpint (gradients[0], >=, 0);
  g_assert_cmpint (gradients[1], >=, 0);
  g_array_append_vals (graph->outputs, gradients, 2);
}

/* Central differences. In floats an element near a kink of max or relu is judged by the wider
 * tolerance; in doubles every element has to agree to a millionth of the largest.
 */
static void
check_input (Run *run, int which, gboolean is_wide)
{
  const double step = is_wide ? 1e-5 : 2e-3, tolerance = is_wide ? 1e-6 : 1e-2;
  const PraxiTensor *x = &run->tensors[which];
  int64_t n = 0;
  praxi_tensor_count (x, &n);
  loss (run);
  g_autofree double *found = g_new (double, n);
  double most = is_wide ? 1e-3 : 1;
  for (int64_t i = 0; i < n; i++) {
    found[i] = praxi_tensor_get (&run->out[1 + which], i);
    most = MAX (most, is_wide ? fabs (found[i]) : 0);
  }
  int far = 0;
  for (int64_t i = 0; i < n; i++) {
    const double at = praxi_tensor_get (x, i);
    praxi_tensor_set (x, i, at + step);
    const double more = loss (run);
    praxi_tensor_set (x, i, at - step);
    const double less = loss (run);
    praxi_tensor_set (x, i, at);
    const double slope = (more - less) / (2 * step);
    far += fabs (slope - found[i]) > tolerance * MAX (most, is_wide ? 0 : fabs (slope));
  }
  /* At a kink the difference is wrong, not the derivative: one in thirty may lie there. */
  g_assert_cmpint (far, <=, is_wide ? 0 : (int) (n / 30));
}

static void
run_case (const Case *c, PraxiDType dtype)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  Run run = {0};
  g_autoptr (PraxiGraph) graph = make_graph (c, dtype, &run.tensors[2]);
  add_backward (graph, &run.tensors[2]);
  const PraxiExecutorOptions options = {
      .threads = 1, .no_fuse = TRUE, .backend = dtype == PRAXI_F64 ? "ref" : "cpu"};
  run.executor = praxi_executor_new_for_graph (graph, NULL, 0, &options, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 3; i++) {
    run.tensors[i] = *praxi_executor_input (run.executor, i);
    allocate (&run.tensors[i], random, i < 2 ? c->low : -1);
    run.out[i] = *praxi_executor_output (run.executor, i);
    allocate (&run.out[i], NULL, 0);
  }
  check_input (&run, 0, dtype == PRAXI_F64);
  check_input (&run, 1, dtype == PRAXI_F64);
  for (int i = 0; i < 3; i++) {
    g_free (run.tensors[i].data);
    g_free (run.out[i].data);
  }
  praxi_executor_free (run.executor);
}

static void
test_case (gconstpointer data)
{
  run_case (data, PRAXI_F32);
}

static void
test_case_wide (gconstpointer data)
{
  run_case (data, PRAXI_F64);
}

/* --- PyTorch ---------------------------------------------------------------------------------- */

enum { NAME_BYTES = 24, PARTS = 5 };

/* Finds a case in what gradient-torch.py wrote. parts: x, w, c, dx, dw */
static gboolean
find_torch (const char *name, const GByteArray *file, const float *parts[PARTS], guint32 n[PARTS])
{
  for (guint at = 0; at < file->len;) {
    const gboolean is_it = strcmp ((const char *) file->data + at, name) == 0;
    at += NAME_BYTES;
    for (int i = 0; i < PARTS; i++) {
      memcpy (&n[i], file->data + at, sizeof *n);
      parts[i] = (const float *) (const void *) (file->data + at + sizeof *n);
      at += sizeof *n + n[i] * (guint) sizeof (float);
    }
    if (is_it)
      return TRUE;
  }
  return FALSE;
}

static void
fill (PraxiTensor *tensor, const float *values, guint32 n)
{
  int64_t count = 0;
  praxi_tensor_set_row_major (tensor);
  praxi_tensor_count (tensor, &count);
  g_assert_cmpint (count, ==, n);
  tensor->data = g_memdup2 (values, sizeof *values * n);
}

/* Both derivatives, to a ten-thousandth of the largest. */
static void
test_torch (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;
  const float *parts[PARTS];
  guint32 n[PARTS];
  gsize length = 0;
  char *bytes = NULL;
  g_assert_true (g_file_get_contents (PRAXI_TORCH, &bytes, &length, &error));
  g_autoptr (GByteArray) file = g_byte_array_new_take ((guint8 *) bytes, length);
  g_assert_true (find_torch (c->name, file, parts, n));
  Run run = {0};
  g_autoptr (PraxiGraph) graph = make_graph (c, PRAXI_F32, &run.tensors[2]);
  add_backward (graph, &run.tensors[2]);
  const PraxiExecutorOptions options = {.threads = 1, .no_fuse = TRUE, .backend = "cpu"};
  run.executor = praxi_executor_new_for_graph (graph, NULL, 0, &options, &error);
  g_assert_no_error (error);
  for (int i = 0; i < 3; i++) {
    run.tensors[i] = *praxi_executor_input (run.executor, i);
    fill (&run.tensors[i], parts[i], n[i]);
    run.out[i] = *praxi_executor_output (run.executor, i);
    allocate (&run.out[i], NULL, 0);
  }
  loss (&run);
  for (int which = 0; which < 2; which++) {
    const float *found = run.out[1 + which].data, *theirs = parts[3 + which];
    double most = 0, off = 0;
    for (guint32 i = 0; i < n[3 + which]; i++) {
      most = MAX (most, fabs ((double) theirs[i]));
      off = MAX (off, fabs ((double) (found[i] - theirs[i])));
    }
    g_assert_cmpfloat (most, >, 0);
    g_assert_cmpfloat (off, <=, 1e-4 * most);
  }
  for (int i = 0; i < 3; i++) {
    g_free (run.tensors[i].data);
    g_free (run.out[i].data);
  }
  praxi_executor_free (run.executor);
}

static void
test_refuses (void)
{
  g_autoptr (GError) error = NULL;
  PraxiTensor shape;
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  const int64_t dims[1] = {3};
  const int x = praxi_builder_input (builder, "x", PRAXI_F32, 1, dims);
  praxi_builder_output (builder, praxi_builder_unary (builder, PRAXI_OP_FLOOR, x), "y");
  g_autoptr (PraxiGraph) bare = praxi_builder_finish (builder);
  g_autoptr (PraxiGraph) graph = praxi_graph_resolve (bare, NULL, 0, 1, &error);
  const int y = g_array_index (graph->outputs, int, 0);
  shape = praxi_graph_value (graph, y)->tensor;
  const int seed = praxi_graph_add_value (graph, "c", &shape);
  int gradient;
  const int input = g_array_index (graph->inputs, int, 0);
  g_assert_false (
      praxi_gradient_add (graph, &(PraxiGradientSeed){y, seed}, 1, &input, 1, &gradient, &error));
  g_assert_nonnull (strstr (error->message, "Floor"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strconcat ("/gradient/", cases[i].name, NULL);
    g_autofree char *wide = g_strconcat ("/gradient/f64/", cases[i].name, NULL);
    g_test_add_data_func (path, &cases[i], test_case);
    g_test_add_data_func (wide, &cases[i], test_case_wide);
    g_autofree char *torch = g_strconcat ("/gradient/torch/", cases[i].name, NULL);
    g_test_add_data_func (torch, &cases[i], test_torch);
  }
  g_test_add_func ("/gradient/refuses", test_refuses);
  return g_test_run ();
}
