/* Nets of motion built in C: stem and statistics are those of the bundled `original`, nets can be
 * kept and learn; changing maps keeps them motion.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/infer/executor.h"
#include "engine/infer/fuse.h"
#include "engine/model/flow-net.h"
#include "engine/model/spec.h"
#include "engine/train/flow-augment.h"
#include "engine/train/flow-clips.h"
#include "engine/train/optimizer.h"
#include "engine/train/stepper.h"

static const PraxiFlowShape shape = {21, 144, 192, 10};
static const char *const events[] = {"fight", "fall", NULL};

/* Blocks that move over a ground of noise. */
static guint8 *
make_frames (void)
{
  const int W = shape.width, H = shape.height;
  guint8 *frames = g_new (guint8, (gsize) shape.frames * W * H * 3);
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  for (int t = 0; t < shape.frames; t++)
    for (int i = 0; i < W * H; i++) {
      const int x = i % W - 3 * t, y = i / W - t;
      const guint8 v = (guint8) (((x / 16 + y / 16) & 1 ? 160 : 70) + (x * 7 + y * 13) % 17);
      for (int c = 0; c < 3; c++)
        frames[((gsize) t * W * H + i) * 3 + c] = (guint8) (v + c * 5);
    }
  return frames;
}

/* Runs a graph to the named values. */
static void
run_to (const PraxiGraph *graph, const char *const *names, float *const *out, gboolean fuses)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) cut = praxi_graph_copy (graph);
  g_autofree guint8 *frames = make_frames ();
  PraxiTensor tensors[4];
  g_array_set_size (cut->outputs, 0);
  for (int i = 0; names[i] != NULL; i++) {
    const int value = praxi_graph_find (cut, names[i]);
    g_assert_cmpint (value, >=, 0);
    g_array_append_val (cut->outputs, value);
  }
  praxi_graph_prune (cut);
  const PraxiExecutorOptions options = {.threads = 1, .no_fuse = !fuses};
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new_for_graph (cut, NULL, 0, &options, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0);
  in.data = frames;
  for (int i = 0; names[i] != NULL; i++) {
    tensors[i] = *praxi_executor_output (executor, i);
    tensors[i].data = out[i];
  }
  g_assert_true (praxi_executor_run_tensors (executor, &in, tensors, &error));
}

static PraxiGraph *
stem_and_statistics (void)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  int flow;
  const int maps = praxi_flow_stem (builder, &shape, &flow);
  const int statistics = praxi_flow_statistics (builder, &shape, flow);
  praxi_builder_output (builder, maps, PRAXI_MAPS_VALUE);
  praxi_builder_output (builder, statistics, PRAXI_STATISTICS_VALUE);
  return praxi_builder_finish (builder);
}

static void
test_stem (void)
{
  enum { MAPS = 20 * 6 * 36 * 48 };
  g_autoptr (GError) error = NULL;
  const char *const names[] = {PRAXI_MAPS_VALUE, PRAXI_STATISTICS_VALUE, NULL};
  g_autoptr (PraxiModel) original = praxi_model_load (PRAXI_MODELS "/original.onnx", &error);
  g_assert_no_error (error);
  g_autofree float *a = g_new0 (float, MAPS), *b = g_new0 (float, MAPS);
  float s[PRAXI_FLOW_STATISTICS], t[PRAXI_FLOW_STATISTICS];
  g_autoptr (PraxiGraph) ours = stem_and_statistics ();
  g_autoptr (PraxiGraph) resolved = praxi_graph_resolve (ours, NULL, 0, 1, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_fuse_motion_stem (resolved));
  run_to (praxi_model_graph (original), names, (float *const[]){a, s}, TRUE);
  run_to (ours, names, (float *const[]){b, t}, TRUE);
  double most = 0;
  for (int i = 0; i < MAPS; i++) {
    g_assert_cmpfloat (fabs ((double) (a[i] - b[i])), <, 1e-5);
    most = MAX (most, fabs ((double) a[i]));
  }
  g_assert_cmpfloat (most, >, 0.5);
  for (int i = 0; i < PRAXI_FLOW_STATISTICS; i++)
    g_assert_cmpfloat (fabs ((double) (s[i] - t[i])), <, 1e-4);
}

static PraxiModel *
make_model (const char *name)
{
  static const char *const spec =
      "{\"name\":\"net\",\"classes\":[\"normal\",\"fight\",\"fall\"],"
      "\"input\":{\"name\":\"frames\",\"frames\":21,\"height\":144,\"width\":192,\"rate_hz\":10,"
      "\"layout\":\"NTHWC\",\"type\":\"uint8\"},"
      "\"output\":{\"name\":\"scores\",\"kind\":\"probabilities\"},\"precision\":\"f32\","
      "\"lineage\":[],\"licence\":\"\"}";
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_flow_net (name, &shape, events, 3);
  g_autofree char *path = g_strdup (g_getenv ("PRAXI_KEEP_NET"));
  if (path == NULL)
    close (g_file_open_tmp ("net-XXXXXX.onnx", &path, &error));
  g_assert_true (praxi_model_save (graph, spec, path, &error));
  PraxiModel *model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  if (g_getenv ("PRAXI_KEEP_NET") == NULL)
    g_unlink (path);
  return model;
}

/* Two clips with different motion are told apart after a few steps; the average stays finite. */
static void
test_learns (gconstpointer name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = make_model (name);
  g_assert_true (praxi_flow_clips_fit (model));
  const PraxiTrainableOptions how = {.batch = 4, .dropout = 0.1};
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, &how, &error);
  g_assert_no_error (error);
  g_assert_cmpint (trainable->batch, ==, 4);
  g_assert_cmpint (trainable->n_outputs, ==, 2);
  g_assert_false (trainable->is_exclusive);
  g_autoptr (PraxiStepper) stepper = praxi_stepper_new (trainable, 1, &error);
  g_assert_no_error (error);
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  g_autoptr (PraxiOptimizer) optimizer =
      praxi_optimizer_new (trainable, PRAXI_OPTIMIZER_ADAMW, 0.01, 0);
  g_autoptr (GRand) random = g_rand_new_with_seed (8);
  double first = 0, last = 0;
  for (int step = 0; step < 12; step++) {
    float **sums = praxi_rooms_new (trainable);
    for (int b = 0; b < 4; b++)
      for (int i = 0; i < trainable->n_features; i++) {
        float *x =
            (float *) (void *) ((char *) batch->features[i] + batch->feature_bytes[i] * (gsize) b);
        const double size = b % 2 == 0 ? 0.2 : 1.5;
        for (gsize k = 0; k < batch->feature_bytes[i] / sizeof *x; k++)
          x[k] = (float) (size * g_rand_double_range (random, -1, 1) + (b % 2 == 0 ? -0.3 : 0.3));
      }
    for (int b = 0; b < 4; b++)
      for (int k = 0; k < 2; k++) {
        batch->target[b * 2 + k] = k == b % 2;
        batch->weight[b * 2 + k] = 0.25f;
      }
    for (int i = 0; i < trainable->n_masks; i++)
      for (gsize k = 0; k < batch->mask_numbers[i]; k++)
        batch->masks[i][k] = 1;
    g_assert_true (praxi_stepper_learn (stepper, sums, &error));
    double loss = 0;
    for (int k = 0; k < 8; k++)
      loss += fabs ((double) (batch->decision[k] - batch->target[k]));
    first = step == 0 ? loss : first;
    last = loss;
    praxi_optimizer_step (optimizer, sums, 0.01);
    praxi_rooms_free (trainable, sums);
  }
  g_assert_cmpfloat (last, <, 0.6 * first);
  for (guint i = 0; i < trainable->params->len; i++) {
    const PraxiParam *param = trainable->params->pdata[i];
    for (gsize k = 0; k < param->n; k++)
      g_assert_true (isfinite (((float *) param->tensor.data)[k]));
  }
}

/* Computing activations twice changes no bit of a gradient, and plans less memory. */
static void
test_recompute (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = make_model ("flow-light");
  float **sums[2];
  gsize bytes[2];
  PraxiTrainable *trainables[2];
  for (int r = 0; r < 2; r++) {
    const PraxiTrainableOptions how = {.batch = 4, .recompute = r};
    trainables[r] = praxi_trainable_new (model, &how, &error);
    g_assert_no_error (error);
    g_autoptr (PraxiStepper) stepper = praxi_stepper_new (trainables[r], 1, &error);
    g_assert_no_error (error);
    const PraxiBatch *batch = praxi_stepper_batch (stepper);
    g_autoptr (GRand) random = g_rand_new_with_seed (8);
    float *x = batch->features[0];
    for (gsize k = 0; k < 4 * batch->feature_bytes[0] / sizeof *x; k++)
      x[k] = (float) g_rand_double_range (random, -1, 1);
    for (int k = 0; k < 8; k++) {
      batch->target[k] = k % 2;
      batch->weight[k] = 1;
    }
    sums[r] = praxi_rooms_new (trainables[r]);
    g_assert_true (praxi_stepper_learn (stepper, sums[r], &error));
    bytes[r] = praxi_stepper_peak_bytes (stepper);
  }
  for (guint i = 0; i < trainables[0]->params->len; i++) {
    const PraxiParam *param = trainables[0]->params->pdata[i];
    g_assert_cmpmem (sums[0][i], sizeof (float) * param->n, sums[1][i], sizeof (float) * param->n);
  }
  g_assert_cmpuint (bytes[1], <, bytes[0]);
  g_test_message ("%.1f MB, recomputed %.1f MB", (double) bytes[0] / 1e6, (double) bytes[1] / 1e6);
  for (int r = 0; r < 2; r++) {
    praxi_rooms_free (trainables[r], sums[r]);
    praxi_trainable_free (trainables[r]);
  }
}

/* |p − y|^γ CE (p, y) + T² CE (σ (z / T), soft), summed over the batch's decisions. */
static double
whole_loss (const PraxiBatch *batch, int n, double gamma, double temperature)
{
  double sum = 0;
  for (int k = 0; k < n; k++) {
    const double p = (double) batch->decision[k], y = (double) batch->target[k];
    const double z = log (p / (1 - p)), s = (double) batch->soft[k];
    const double q = 1 / (1 + exp (-z / temperature));
    sum += (double) batch->weight[k] * pow (fabs (p - y), gamma) *
           -(y * log (p) + (1 - y) * log (1 - p));
    sum += (double) batch->soft_weight[k] * temperature * temperature *
           -(s * log (q) + (1 - s) * log (1 - q));
  }
  return sum;
}

/* The derivative of focal loss and teacher by the last bias against differences. */
static void
test_loss (void)
{
  enum { B = 4, N = 2 * B };
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = make_model ("flow-statistics");
  const PraxiTrainableOptions how = {.batch = B, .focal = 2, .temperature = 3};
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, &how, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiStepper) stepper = praxi_stepper_new (trainable, 1, &error);
  g_assert_no_error (error);
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  g_autoptr (GRand) random = g_rand_new_with_seed (4);
  for (int i = 0; i < trainable->n_features; i++)
    for (gsize k = 0; k < B * batch->feature_bytes[i] / sizeof (float); k++)
      ((float *) batch->features[i])[k] = (float) g_rand_double_range (random, -1, 1);
  for (int k = 0; k < N; k++) {
    batch->target[k] = k % 3 == 0 ? 0.95f : 0.05f;
    batch->soft[k] = 0.2f + 0.1f * (float) (k % 5);
    batch->weight[k] = 0.5f;
    batch->soft_weight[k] = 0.25f;
  }
  PraxiParam *bias = trainable->params->pdata[trainable->params->len - 1];
  g_assert_cmpuint (bias->n, ==, 2);
  for (int k = 0; k < 2; k++) {
    float *at = (float *) bias->tensor.data + k, old = *at;
    double losses[2];
    float **sums = praxi_rooms_new (trainable), **others = praxi_rooms_new (trainable);
    g_assert_true (praxi_stepper_learn (stepper, sums, &error));
    for (int side = 0; side < 2; side++) {
      *at = old + (side == 0 ? 5e-3f : -5e-3f);
      g_assert_true (praxi_stepper_learn (stepper, others, &error));
      losses[side] = whole_loss (batch, N, 2, 3);
    }
    *at = old;
    const double slope = (losses[0] - losses[1]) / 1e-2;
    const double found = (double) sums[trainable->params->len - 1][k];
    g_assert_cmpfloat (fabs (slope - found), <, 2e-3 + 0.01 * fabs (slope));
    praxi_rooms_free (trainable, sums);
    praxi_rooms_free (trainable, others);
  }
}

static void
test_turns (void)
{
  enum { N = 3 * 6 * 4 * 6 };
  float maps[N], before[N];
  const PraxiFlowWindow window = {maps, 3, 4, 6};
  for (int i = 0; i < N; i++)
    before[i] = maps[i] = (float) i + 1;
  praxi_flow_turn (&window, PRAXI_FLOW_MIRROR);
  g_assert_cmpfloat (maps[0], ==, -before[5]);               /* u goes the other way */
  g_assert_cmpfloat (maps[24], ==, before[24 + 5]);          /* v does not */
  g_assert_cmpfloat (maps[5 * 24], ==, -before[5 * 24 + 5]); /* nor does what turns */
  praxi_flow_turn (&window, PRAXI_FLOW_MIRROR);
  g_assert_cmpmem (maps, sizeof maps, before, sizeof before);
  praxi_flow_turn (&window, PRAXI_FLOW_UPSIDE_DOWN);
  g_assert_cmpfloat (maps[24], ==, -before[24 + 18]);
  praxi_flow_turn (&window, PRAXI_FLOW_UPSIDE_DOWN);
  praxi_flow_turn (&window, PRAXI_FLOW_BACKWARDS);
  g_assert_cmpfloat (maps[0], ==, -before[2 * 6 * 24]);
  g_assert_cmpfloat (maps[2 * 24], ==, before[2 * 6 * 24 + 2 * 24]);
}

/* Every half there is. */
static void
test_widen (void)
{
  enum { ALL = 1 << 16 };
  g_autofree guint16 *halves = g_new (guint16, ALL);
  g_autofree float *wide = g_new (float, ALL), *slow = g_new (float, ALL);
  for (int i = 0; i < ALL; i++) {
    halves[i] = (guint16) i;
    slow[i] = praxi_f16_to_f32 (halves[i]);
  }
  praxi_flow_widen (halves, wide, ALL);
  g_assert_cmpmem (wide, sizeof *wide * ALL, slow, sizeof *slow * ALL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flow/stem", test_stem);
  g_test_add_data_func ("/flow/light", "flow-light", test_learns);
  g_test_add_data_func ("/flow/wide", "flow-wide", test_learns);
  g_test_add_data_func ("/flow/statistics", "flow-statistics", test_learns);
  g_test_add_func ("/flow/recompute", test_recompute);
  g_test_add_func ("/flow/loss", test_loss);
  g_test_add_func ("/flow/turns", test_turns);
  g_test_add_func ("/flow/widen", test_widen);
  return g_test_run ();
}
