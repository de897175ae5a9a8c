/* A small model learns where the light is, in floats and in INT8, and is kept as what it learned.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/infer/executor.h"
#include "engine/model/builder.h"
#include "engine/train/trainer.h"

enum { T = 2, H = 6, W = 8, CLIPS = 40 };

static const char spec[] =
    "{\"name\":\"small\",\"classes\":[\"left\",\"right\"],"
    "\"input\":{\"name\":\"frames\",\"frames\":2,\"height\":6,\"width\":8,\"rate_hz\":10,"
    "\"layout\":\"NTHWC\",\"type\":\"uint8\"},"
    "\"output\":{\"name\":\"scores\",\"kind\":\"%s\"},\"precision\":\"%s\","
    "\"lineage\":[],\"licence\":\"\"}";

static int
constant (PraxiBuilder *builder, GRand *random, int rank, const int64_t *dims)
{
  gsize n = 1;
  for (int d = 0; d < rank; d++)
    n *= (gsize) dims[d];
  g_autofree float *values = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, -0.3, 0.3);
  return praxi_builder_constant (builder, PRAXI_F32, rank, dims, values);
}

/* s8 weights and their DequantizeLinear, a step a channel. */
static int
quantized (PraxiBuilder *builder, GRand *random, int rank, const int64_t *dims)
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
  const int in[2] = {praxi_builder_constant (builder, PRAXI_S8, rank, dims, values),
                     praxi_builder_constant (builder, PRAXI_F32, 1, dims, steps)};
  return praxi_builder_op (builder, &op, NULL, in, 2);
}

/* frames → [T,3,H,W] in 0 … 1 → Conv, ReLU → mean over T, H and halves of W → Gemm */
static PraxiModel *
make_model (gboolean is_int8, gboolean is_logits)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  const int x = praxi_builder_input (b, "frames", PRAXI_U8, 5, (int64_t[]){1, T, H, W, 3});
  const int64_t flat[4] = {T, H, W, 3}, w_dims[4] = {4, 3, 3, 3}, head[2] = {2, 8};
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
  if (is_int8)
    in[0] = praxi_builder_dequantize (b, praxi_builder_quantize (b, in[0], 1.0f / 255, 0),
                                      1.0f / 255, 0);
  in[1] = is_int8 ? quantized (b, random, 4, w_dims) : constant (b, random, 4, w_dims);
  in[0] = praxi_builder_unary (b, PRAXI_OP_RELU, praxi_builder_op (b, &conv, NULL, in, 2));
  in[0] = praxi_builder_op (b, &pool, NULL, in, 1);
  in[0] = praxi_builder_op (b, &mean, NULL, in, 1);
  in[0] = praxi_builder_op (b, &flatten, NULL, in, 1);
  in[1] = constant (b, random, 2, head);
  in[0] = praxi_builder_op (b, &gemm, NULL, in, 2);
  if (!is_logits)
    in[0] = praxi_builder_op (b, &soft, NULL, in, 1);
  praxi_builder_output (b, in[0], "scores");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (b);
  g_autofree char *path = NULL;
  const int file = g_file_open_tmp ("small-XXXXXX.onnx", &path, &error);
  g_assert_cmpint (file, >=, 0);
  close (file);
  g_autofree char *json =
      g_strdup_printf (spec, is_logits ? "logits" : "probabilities", is_int8 ? "int8" : "f32");
  g_assert_true (praxi_model_save (graph, json, path, &error));
  PraxiModel *model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return model;
}

/* Half of each picture is lighter: the class says which. */
static PraxiClips *
make_clips (guint32 seed)
{
  PraxiClips *clips = g_new0 (PraxiClips, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autofree char *name = NULL;
  clips->clips = g_array_new (FALSE, FALSE, sizeof (PraxiClip));
  clips->warnings = g_ptr_array_new ();
  clips->frames = T;
  clips->height = H;
  clips->width = W;
  clips->clip_bytes = T * H * W * 3;
  clips->file = g_file_open_tmp ("clips-XXXXXX", &name, NULL);
  g_assert_cmpint (clips->file, >=, 0);
  g_unlink (name);
  for (int k = 0; k < CLIPS; k++) {
    guint8 pixels[T * H * W * 3];
    const PraxiClip clip = {.class_index = k % 2};
    for (gsize i = 0; i < sizeof pixels; i++)
      pixels[i] = (guint8) (60 + g_rand_int_range (random, 0, 60) +
                            ((i / 3 % W >= W / 2) == (k % 2 == 1) ? 60 : 0));
    g_assert_cmpint (write (clips->file, pixels, sizeof pixels), ==, sizeof pixels);
    g_array_append_val (clips->clips, clip);
  }
  return clips;
}

static double
accuracy (PraxiModel *model, const PraxiClips *clips)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new (model, &(PraxiExecutorOptions){.threads = 1}, &error);
  g_assert_no_error (error);
  int right = 0;
  for (guint i = 0; i < CLIPS; i++) {
    guint8 pixels[T * H * W * 3];
    float scores[2];
    g_assert_true (praxi_clips_read (clips, i, pixels, &error));
    g_assert_true (praxi_executor_run (executor, pixels, 1, scores, &error));
    right += praxi_metrics_decide (scores, 2) == (int) i % 2;
  }
  return (double) right / CLIPS;
}

/* Trains, writes and loads again. */
static PraxiModel *
train (PraxiModel *model, guint32 seed, PraxiTraining **training)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) clips = make_clips (1), val = make_clips (2);
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, NULL, &error);
  g_assert_no_error (error);
  /* Mirroring swaps the classes here. */
  const PraxiTrainOptions options = {
      .epochs = 12, .batch = 8, .rate = 0.02, .no_augment = TRUE, .seed = seed, .threads = 1};
  *training = praxi_train (trainable, model, clips, val, &options, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiGraph) graph = praxi_trainable_graph (trainable, model);
  g_autofree char *path = NULL;
  close (g_file_open_tmp ("learned-XXXXXX.onnx", &path, &error));
  g_autofree char *json =
      g_strdup_printf (spec, praxi_model_spec (model)->is_logits ? "logits" : "probabilities",
                       praxi_model_precision (model));
  g_assert_true (praxi_model_save (graph, json, path, &error));
  PraxiModel *learned = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return learned;
}

static void
test_learns (gconstpointer data)
{
  const int kind = GPOINTER_TO_INT (data);
  g_autoptr (PraxiModel) model = make_model (kind & 1, kind & 2);
  g_autoptr (PraxiClips) fresh = make_clips (9);
  g_autoptr (PraxiTraining) training = NULL;
  g_autoptr (PraxiModel) learned = train (model, 5, &training);
  g_assert_cmpint (training->best_epoch, >, 0);
  const PraxiEpoch *first = &g_array_index (training->epochs, PraxiEpoch, 0);
  const PraxiEpoch *best =
      &g_array_index (training->epochs, PraxiEpoch, (guint) training->best_epoch);
  g_assert_cmpfloat (best->val_loss, <, first->val_loss);
  g_assert_cmpfloat (best->val_accuracy, ==, 1);
  g_assert_cmpfloat (accuracy (model, fresh), <, 0.8);
  g_assert_cmpfloat (accuracy (learned, fresh), >, 0.97);
  g_assert_cmpstr (praxi_model_precision (learned), ==, kind & 1 ? "int8" : "f32");
}

static void
test_repeats (void)
{
  g_autoptr (PraxiModel) model = make_model (TRUE, FALSE);
  g_autoptr (PraxiTraining) a = NULL, b = NULL, c = NULL;
  g_autoptr (PraxiModel) one = train (model, 5, &a), two = train (model, 5, &b);
  g_autoptr (PraxiModel) other = train (model, 6, &c);
  g_assert_cmpstr (praxi_model_sha256 (one), ==, praxi_model_sha256 (two));
  g_assert_cmpstr (praxi_model_sha256 (one), !=, praxi_model_sha256 (other));
}

/* Stopped in the middle, the best epoch so far stays. */
static gboolean
stop_cb (gpointer data, double done_epochs, double total_epochs)
{
  return done_epochs < 2.5;
}

static void
test_stops (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = make_model (FALSE, FALSE);
  g_autoptr (PraxiClips) clips = make_clips (1);
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, NULL, &error);
  const PraxiTrainOptions options = {
      .epochs = 12, .no_augment = TRUE, .threads = 1, .tick = stop_cb};
  g_autoptr (PraxiTraining) training =
      praxi_train (trainable, model, clips, NULL, &options, &error);
  g_assert_no_error (error);
  g_assert_true (training->is_cancelled);
  g_assert_cmpuint (training->epochs->len, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/trainer/floats", GINT_TO_POINTER (0), test_learns);
  g_test_add_data_func ("/trainer/int8", GINT_TO_POINTER (1), test_learns);
  g_test_add_data_func ("/trainer/logits", GINT_TO_POINTER (2), test_learns);
  g_test_add_func ("/trainer/repeats", test_repeats);
  g_test_add_func ("/trainer/stops", test_stops);
  return g_test_run ();
}
