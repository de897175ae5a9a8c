/* Several nets in one file: its scores are those of the mean logits of its parts, and what the
 * parts have in common is there once.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/infer/executor.h"
#include "engine/infer/fuse.h"
#include "engine/model/flow-net.h"
#include "engine/model/sequence-net.h"
#include "engine/train/flow-clips.h"
#include "engine/train/join.h"
#include "engine/train/trainable.h"

#define FLOW_SPEC(classes)                                                                         \
  "{\"name\":\"net\",\"classes\":[" classes "],"                                                   \
  "\"input\":{\"name\":\"frames\",\"frames\":21,\"height\":144,\"width\":192,\"rate_hz\":10,"      \
  "\"layout\":\"NTHWC\",\"type\":\"uint8\"},"                                                      \
  "\"output\":{\"name\":\"scores\",\"kind\":\"probabilities\"},\"precision\":\"f32\","             \
  "\"lineage\":[],\"licence\":\"\"}"

enum { CLASSES = 3, JOINTS = 4, STEPS = 8, GESTURES = 2 };

static const PraxiFlowShape shape = {21, 144, 192, 10};
static const char *const events[] = {"fight", "fall", NULL};
static const char *const flow_spec = FLOW_SPEC ("\"normal\",\"fight\",\"fall\"");
static const char *const sequence_spec =
    "{\"name\":\"gestures\",\"classes\":[\"wave\",\"point\"],"
    "\"input\":{\"name\":\"joints\",\"frames\":8,\"height\":4,\"width\":2,\"rate_hz\":30,"
    "\"layout\":\"NTJD\",\"type\":\"float32\"},"
    "\"output\":{\"name\":\"scores\",\"kind\":\"logits\"},\"precision\":\"f32\","
    "\"lineage\":[],\"licence\":\"\"}";

static PraxiModel *
keep (const PraxiGraph *graph, const char *spec)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  close (g_file_open_tmp ("join-XXXXXX.onnx", &path, &error));
  g_assert_no_error (error);
  praxi_model_save (graph, spec, path, &error);
  g_assert_no_error (error);
  PraxiModel *model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return model;
}

static PraxiModel *
flow_model (const char *name, guint32 seed)
{
  g_autoptr (PraxiGraph) graph = praxi_flow_net (name, &shape, events, seed);
  return keep (graph, flow_spec);
}

static PraxiModel *
gesture_model (guint32 seed)
{
  const PraxiSequenceShape of = {STEPS, JOINTS, 2, GESTURES};
  g_autoptr (PraxiGraph) graph = praxi_sequence_net (&of, seed);
  return keep (graph, sequence_spec);
}

static PraxiModel *
join_how (PraxiModel *const *models, int n, gboolean mirrors, const char *spec)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_join (models, n, mirrors, &error);
  g_assert_no_error (error);
  return keep (graph, spec);
}

static PraxiModel *
join (PraxiModel *const *models, int n, const char *spec)
{
  return join_how (models, n, FALSE, spec);
}

static void
score (PraxiModel *model, const void *clip, float *scores)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new (model, &(PraxiExecutorOptions){.threads = 1}, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_executor_run (executor, clip, 1, scores, &error));
}

/* Squares that move over a ground of stripes. */
static guint8 *
make_frames (void)
{
  const int W = shape.width, H = shape.height;
  guint8 *frames = g_new (guint8, (gsize) shape.frames * W * H * 3);
  for (int t = 0; t < shape.frames; t++)
    for (int i = 0; i < W * H; i++) {
      const int x = i % W - 3 * t, y = i / W - t;
      const int v = ((x / 16 + y / 16) & 1 ? 160 : 70) + (x * 7 + y * 13) % 17;
      for (int c = 0; c < 3; c++)
        frames[((gsize) t * W * H + i) * 3 + c] = (guint8) (v + c * 5);
    }
  return frames;
}

static double
logit (float p)
{
  return log ((double) p / (1 - (double) p));
}

static int
count_stems (PraxiModel *model, int *n_convolutions)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph =
      praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_fuse_motion_stem (graph));
  int n = 0;
  *n_convolutions = 0;
  for (guint i = 0; i < graph->nodes->len; i++) {
    n += praxi_graph_node (graph, (int) i)->op.kind == PRAXI_OP_MOTION_STEM;
    *n_convolutions += praxi_graph_node (graph, (int) i)->op.kind == PRAXI_OP_CONV;
  }
  return n;
}

static void
test_mean (void)
{
  enum { N = 3 };
  static const char *const names[N] = {"flow-light", "flow-statistics", "flow-light"};
  PraxiModel *models[N];
  float parts[N][CLASSES], joined_scores[CLASSES];
  g_autofree guint8 *frames = make_frames ();
  int n_convolutions = 0, n_joined = 0;
  for (int i = 0; i < N; i++) {
    int n = 0;
    models[i] = flow_model (names[i], (guint32) (5 + i));
    score (models[i], frames, parts[i]);
    g_assert_cmpint (count_stems (models[i], &n), ==, 1);
    n_convolutions += n;
  }
  g_assert_cmpfloat (fabs (logit (parts[0][1]) - logit (parts[2][1])), >, 1e-3);
  g_autoptr (PraxiModel) joined = join (models, N, flow_spec);
  score (joined, frames, joined_scores);
  double most = 0;
  for (int c = 1; c < CLASSES; c++) {
    double mean = 0;
    for (int i = 0; i < N; i++)
      mean += logit (parts[i][c]) / N;
    g_assert_cmpfloat (fabs (logit (joined_scores[c]) - mean), <, 1e-4);
    most = MAX (most, (double) joined_scores[c]);
  }
  g_assert_cmpfloat (fabs ((double) joined_scores[0] - (1 - most)), <, 1e-6);
  g_assert_cmpint (count_stems (joined, &n_joined), ==, 1);
  g_assert_cmpint (n_joined, ==, n_convolutions);
  g_assert_true (praxi_flow_clips_fit (joined));
  for (int i = 0; i < N; i++)
    praxi_model_unref (models[i]);
}

/* A model named twice counts twice, and not one number of it is kept twice. */
static void
test_twice (void)
{
  g_autofree guint8 *frames = make_frames ();
  g_autoptr (PraxiModel) a = flow_model ("flow-light", 1), b = flow_model ("flow-statistics", 2);
  PraxiModel *const models[] = {a, a, b};
  g_autoptr (PraxiModel) twice = join (models, 3, flow_spec);
  g_autoptr (PraxiModel) once = join (models + 1, 2, flow_spec);
  float parts[2][CLASSES], both[CLASSES];
  score (a, frames, parts[0]);
  score (b, frames, parts[1]);
  score (twice, frames, both);
  for (int c = 1; c < CLASSES; c++)
    g_assert_cmpfloat (fabs (logit (both[c]) - (2 * logit (parts[0][c]) + logit (parts[1][c])) / 3),
                       <, 1e-4);
  g_assert_cmpint (praxi_model_params (twice), ==, praxi_model_params (once));
  g_assert_cmpint (praxi_model_macs (twice), ==, praxi_model_macs (once));
}

static void
mirror (guint8 *frames)
{
  const int W = shape.width;
  for (int row = 0; row < shape.frames * shape.height; row++)
    for (int x = 0; x < W / 2; x++)
      for (int c = 0; c < 3; c++) {
        guint8 *a = frames + ((gsize) row * W + x) * 3 + c;
        guint8 *b = frames + ((gsize) row * W + (W - 1 - x)) * 3 + c;
        const guint8 kept = *a;
        *a = *b;
        *b = kept;
      }
}

/* With mirror images the scores are those of the footage and the footage mirrored, whichever of the
 * two is shown; the stem still runs once.
 */
static void
test_mirror (void)
{
  g_autofree guint8 *frames = make_frames ();
  g_autoptr (PraxiModel) a = flow_model ("flow-light", 1), b = flow_model ("flow-statistics", 2);
  PraxiModel *const models[] = {a, b};
  g_autoptr (PraxiModel) joined = join_how (models, 2, TRUE, flow_spec);
  float parts[2][2][CLASSES], both[2][CLASSES];
  int n_convolutions = 0, n_light = 0, n_statistics = 0;
  for (int side = 0; side < 2; side++) {
    for (int m = 0; m < 2; m++)
      score (models[m], frames, parts[side][m]);
    score (joined, frames, both[side]);
    mirror (frames);
  }
  for (int c = 1; c < CLASSES; c++) {
    double mean = 0;
    for (int i = 0; i < 4; i++)
      mean += logit (parts[i / 2][i % 2][c]) / 4;
    g_assert_cmpfloat (fabs (logit (parts[0][0][c]) - logit (parts[1][0][c])), >, 8e-4);
    for (int side = 0; side < 2; side++)
      g_assert_cmpfloat (fabs (logit (both[side][c]) - mean), <, 2e-4);
  }
  g_assert_cmpint (count_stems (joined, &n_convolutions), ==, 1);
  g_assert_cmpint (count_stems (a, &n_light), ==, 1);
  g_assert_cmpint (count_stems (b, &n_statistics), ==, 1);
  g_assert_cmpint (n_convolutions, ==, 2 * n_light + n_statistics); /* of the flow, not the maps */
  g_autoptr (PraxiModel) once = join (models, 2, flow_spec);        /* no weight is there twice */
  g_assert_cmpint (praxi_model_params (joined) - praxi_model_params (once), <, 20);
  g_assert_true (praxi_flow_clips_fit (joined));
}

/* What is joined is a model like others: it learns from maps and statistics. */
static void
test_learns (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) a = flow_model ("flow-light", 1), b = flow_model ("flow-statistics", 2);
  PraxiModel *const models[] = {a, b};
  g_autoptr (PraxiModel) joined = join (models, 2, flow_spec);
  g_autoptr (PraxiTrainable) trainable =
      praxi_trainable_new (joined, &(PraxiTrainableOptions){.batch = 4}, &error);
  g_assert_no_error (error);
  g_assert_cmpint (trainable->batch, ==, 4);
  g_assert_cmpint (trainable->n_features, ==, 2);
  g_assert_cmpint (trainable->n_outputs, ==, CLASSES - 1);
}

/* A model that knows only falls says nothing of fights, mirrored or not; it may not come first. */
static void
test_some (void)
{
  static const char *const one[] = {"fall", NULL};
  g_autofree guint8 *frames = make_frames ();
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_flow_net ("flow-statistics", &shape, one, 2);
  g_autoptr (PraxiModel) a = flow_model ("flow-light", 1), c = flow_model ("flow-light", 3);
  g_autoptr (PraxiModel) b = keep (graph, FLOW_SPEC ("\"normal\",\"fall\""));
  PraxiModel *const models[] = {a, b, c}, *const reversed[] = {b, a};
  float parts[3][CLASSES], said[CLASSES], mirrored[2][CLASSES];
  g_autoptr (PraxiModel) joined = join (models, 3, flow_spec);
  score (a, frames, parts[0]);
  score (b, frames, parts[1]);
  score (c, frames, parts[2]);
  score (joined, frames, said);
  const double fight = (logit (parts[0][1]) + logit (parts[2][1])) / 2;
  const double fall = (logit (parts[0][2]) + logit (parts[1][1]) + logit (parts[2][2])) / 3;
  g_assert_cmpfloat (fabs (logit (parts[1][1]) - logit (parts[0][2])), >, 1e-3);
  g_assert_cmpfloat (fabs (logit (said[1]) - fight), <, 1e-4);
  g_assert_cmpfloat (fabs (logit (said[2]) - fall), <, 1e-4);
  g_autoptr (PraxiModel) both = join_how (models, 3, TRUE, flow_spec);
  score (both, frames, mirrored[0]);
  mirror (frames);
  score (both, frames, mirrored[1]);
  for (int k = 1; k < CLASSES; k++)
    g_assert_cmpfloat (fabs (logit (mirrored[0][k]) - logit (mirrored[1][k])), <, 2e-4);
  g_assert_cmpfloat (fabs (logit (mirrored[0][2]) - logit (said[2])), >, 1e-5);
  g_assert_null (praxi_join (reversed, 2, FALSE, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED);
}

static void
run_gesture (PraxiModel *model, float *clip, float *logits)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor = praxi_executor_new_for_graph (
      praxi_model_graph (model), NULL, 0, &(PraxiExecutorOptions){.threads = 1}, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0), out = *praxi_executor_output (executor, 0);
  in.data = clip;
  out.data = logits;
  g_assert_true (praxi_executor_run_tensors (executor, &in, &out, &error));
}

/* Scores that are logits: theirs is the mean, and it has the name of the scores. */
static void
test_logits (void)
{
  float clip[STEPS * JOINTS * 2], parts[2][GESTURES], both[GESTURES];
  for (int i = 0; i < STEPS * JOINTS * 2; i++)
    clip[i] = (float) sin (0.7 * i) * (float) (1 + i % 3);
  g_autoptr (PraxiModel) a = gesture_model (1), b = gesture_model (2);
  PraxiModel *const models[] = {a, b};
  g_autoptr (PraxiModel) joined = join (models, 2, sequence_spec);
  run_gesture (a, clip, parts[0]);
  run_gesture (b, clip, parts[1]);
  run_gesture (joined, clip, both);
  g_assert_cmpfloat (fabs ((double) (parts[0][1] - parts[1][1])), >, 1e-3);
  for (int c = 0; c < GESTURES; c++)
    g_assert_cmpfloat (fabs ((double) (2 * both[c] - parts[0][c] - parts[1][c])), <, 1e-4);
}

static void
refuses (PraxiModel *a, PraxiModel *b, gboolean mirrors, const char *words)
{
  g_autoptr (GError) error = NULL;
  PraxiModel *const models[] = {a, b};
  g_assert_null (praxi_join (models, 2, mirrors, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, words));
}

/* A net whose score of "normal" is 1 plus the largest event, not 1 minus it. */
static PraxiModel *
odd_model (void)
{
  g_autoptr (PraxiGraph) graph = praxi_flow_net ("flow-statistics", &shape, events, 1);
  for (guint i = graph->nodes->len; i-- > 0;) {
    PraxiNode *node = praxi_graph_node (graph, (int) i);
    if (node->op.kind != PRAXI_OP_SUB)
      continue;
    node->op.kind = PRAXI_OP_ADD;
    return keep (graph, flow_spec);
  }
  g_assert_not_reached ();
}

static void
test_refuses (void)
{
  const PraxiFlowShape small = {11, 144, 192, 10};
  g_autoptr (PraxiModel) model = flow_model ("flow-statistics", 1), gestures = gesture_model (1);
  g_autoptr (PraxiModel) odd = odd_model ();
  g_autoptr (PraxiGraph) graph = praxi_flow_net ("flow-statistics", &shape, events, 1);
  g_autoptr (PraxiModel) others = keep (graph, FLOW_SPEC ("\"normal\",\"brawl\",\"fall\""));
  g_autoptr (PraxiGraph) shorter = praxi_flow_net ("flow-statistics", &small, events, 1);
  g_autofree char *spec = g_strdup (flow_spec);
  strstr (spec, "\"frames\":21")[strlen ("\"frames\":")] = '1';
  g_autoptr (PraxiModel) brief = keep (shorter, spec);
  refuses (model, gestures, FALSE, "other classes");
  refuses (model, others, FALSE, "other classes");
  refuses (model, odd, FALSE, "in another way");
  refuses (gestures, gestures, TRUE, "nothing can be mirrored");
  refuses (model, brief, FALSE, "does not see");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/join/mean", test_mean);
  g_test_add_func ("/join/twice", test_twice);
  g_test_add_func ("/join/mirror", test_mirror);
  g_test_add_func ("/join/some", test_some);
  g_test_add_func ("/join/learns", test_learns);
  g_test_add_func ("/join/logits", test_logits);
  g_test_add_func ("/join/refuses", test_refuses);
  return g_test_run ();
}
