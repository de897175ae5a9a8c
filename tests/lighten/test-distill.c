/* A student learns from a teacher: the loss's derivatives against differences, answers at a
 * temperature, and what it is good for, a student whose labels are poor.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/infer/executor.h"
#include "engine/lighten/distill.h"
#include "engine/model/builder.h"
#include "engine/train/optimizer.h"

enum { T = 2, H = 6, W = 8, CLIPS = 48, BYTES = T * H * W * 3 };

static const char spec[] =
    "{\"name\":\"small\",\"classes\":[\"left\",\"right\"],"
    "\"input\":{\"name\":\"frames\",\"frames\":2,\"height\":6,\"width\":8,\"rate_hz\":10,"
    "\"layout\":\"NTHWC\",\"type\":\"uint8\"},"
    "\"output\":{\"name\":\"scores\",\"kind\":\"probabilities\"},\"precision\":\"f32\","
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

static PraxiModel *
keep (const PraxiGraph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  close (g_file_open_tmp ("small-XXXXXX.onnx", &path, &error));
  g_assert_true (praxi_model_save (graph, spec, path, &error));
  PraxiModel *model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return model;
}

/* frames → [T,3,H,W] in 0 … 1 → Conv, ReLU → means of the halves of W, "inside" → Gemm, Softmax */
static PraxiModel *
make_model (guint32 seed, int64_t channels)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (PraxiBuilder) b = praxi_builder_new ();
  const int x = praxi_builder_input (b, "frames", PRAXI_U8, 5, (int64_t[]){1, T, H, W, 3});
  const int64_t flat[4] = {T, H, W, 3}, weights[4] = {channels, 3, 3, 3}, head[2] = {2, 4};
  const int64_t inside[2] = {4, 2 * channels};
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
  in[1] = drawn (b, random, 4, weights);
  in[0] = praxi_builder_unary (b, PRAXI_OP_RELU, praxi_builder_op (b, &conv, NULL, in, 2));
  in[0] = praxi_builder_op (b, &pool, NULL, in, 1);
  in[0] = praxi_builder_op (b, &mean, NULL, in, 1);
  in[0] = praxi_builder_op (b, &flatten, NULL, in, 1);
  in[1] = drawn (b, random, 2, inside);
  in[0] = praxi_builder_op (b, &gemm, "inside", in, 2);
  in[1] = drawn (b, random, 2, head);
  in[0] = praxi_builder_op (b, &gemm, NULL, in, 2);
  in[0] = praxi_builder_op (b, &soft, NULL, in, 1);
  praxi_builder_output (b, in[0], "scores");
  g_autoptr (PraxiGraph) graph = praxi_builder_finish (b);
  return keep (graph);
}

/* Half of each picture is lighter: the class says which, but for the share of labels that lies. */
static PraxiClips *
make_clips (guint32 seed, double lies)
{
  PraxiClips *clips = g_new0 (PraxiClips, 1);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autofree char *name = NULL;
  clips->clips = g_array_new (FALSE, FALSE, sizeof (PraxiClip));
  clips->warnings = g_ptr_array_new ();
  clips->frames = T;
  clips->height = H;
  clips->width = W;
  clips->clip_bytes = BYTES;
  clips->file = g_file_open_tmp ("clips-XXXXXX", &name, NULL);
  g_assert_cmpint (clips->file, >=, 0);
  g_unlink (name);
  for (int k = 0; k < CLIPS; k++) {
    guint8 pixels[BYTES];
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

/* The mean probability of what is true, over clips whose labels are. */
static double
worth (PraxiModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) clips = make_clips (99, 0);
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new (model, &(PraxiExecutorOptions){.threads = 1}, &error);
  g_assert_no_error (error);
  double sum = 0;
  for (guint i = 0; i < CLIPS; i++) {
    guint8 pixels[BYTES];
    float scores[2];
    g_assert_true (praxi_clips_read (clips, i, pixels, &error));
    g_assert_true (praxi_executor_run (executor, pixels, 1, scores, &error));
    sum += (double) scores[i % 2];
  }
  return sum / CLIPS;
}

/* Learns from clips, and from a teacher where there is one. */
static PraxiModel *
learn (PraxiModel *model, const PraxiClips *clips, PraxiTeacher *teacher, int epochs)
{
  g_autoptr (GError) error = NULL;
  const PraxiTrainableOptions how = {
      .batch = 8, .temperature = teacher != NULL ? praxi_teacher_temperature (teacher) : 0};
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, &how, &error);
  g_assert_no_error (error);
  const PraxiTrainOptions options = {.epochs = epochs,
                                     .batch = 8,
                                     .rate = 0.02,
                                     .no_augment = TRUE, /* mirroring swaps the classes */
                                     .keeps_last = TRUE,
                                     .patience = -1,
                                     .threads = 1,
                                     .teach = teacher != NULL ? praxi_teacher_teach : NULL,
                                     .teacher = teacher};
  g_autoptr (PraxiTraining) training =
      praxi_train (trainable, model, clips, NULL, &options, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiGraph) graph = praxi_trainable_graph (trainable, model);
  return keep (graph);
}

/* A student whose labels lie in one of five cases is better with a teacher than without. */
static void
test_helps (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) good = make_clips (1, 0), poor = make_clips (2, 0.2);
  g_autoptr (PraxiModel) large = make_model (3, 8), small = make_model (5, 4);
  g_autoptr (PraxiModel) taught = learn (large, good, NULL, 20);
  g_assert_cmpfloat (worth (taught), >, 0.95);
  PraxiModel *const models[] = {taught, taught};
  const PraxiDistillOptions options = {.share = 0.9, .threads = 1};
  g_autoptr (PraxiTeacher) teacher = praxi_teacher_new (models, 2, poor, NULL, &options, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiModel) alone = learn (small, poor, NULL, 40);
  g_autoptr (PraxiModel) pupil = learn (small, poor, teacher, 40);
  g_test_message ("teacher %.3f, student alone %.3f, with teacher %.3f", worth (taught),
                  worth (alone), worth (pupil));
  g_assert_cmpfloat (worth (pupil), >, worth (alone) + 0.1);
  g_assert_cmpuint (praxi_teacher_n_asked (teacher), <=, CLIPS);
  g_assert_cmpuint (praxi_teacher_n_asked (teacher), >, CLIPS / 2);
}

/* Σ w CE (p, y) + u T² CE (softmax (z / T), soft) + v/2 Σ (inside − hint)² */
static double
whole_loss (const PraxiBatch *batch, int n_clips, double temperature, const float *inside)
{
  double sum = 0;
  for (int b = 0; b < n_clips; b++) {
    const float *p = batch->decision + 2 * b;
    const double odds = pow ((double) p[1] / (double) p[0], 1 / temperature);
    const double cooled[2] = {1 / (1 + odds), odds / (1 + odds)};
    for (int k = 0; k < 2; k++) {
      const int at = 2 * b + k;
      sum -= (double) batch->weight[at] * (double) batch->target[at] * log ((double) p[k]);
      sum -= (double) batch->soft_weight[at] * temperature * temperature *
             (double) batch->soft[at] * log (cooled[k]);
    }
  }
  for (int i = 0; i < 4 * n_clips; i++) {
    const double off = (double) inside[i] - (double) batch->hints[0][i];
    sum += (double) *batch->hint_weight * off * off / 2;
  }
  return sum;
}

/* Every parameter's derivative, with labels, a teacher's scores and a hint, against differences. */
static void
test_gradient (void)
{
  enum { B = 1 }; /* the net is made for one clip */
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) clips = make_clips (1, 0);
  g_autoptr (PraxiModel) model = make_model (4, 2), large = make_model (3, 8);
  static const char *const names[] = {"inside", NULL};
  PraxiModel *const models[] = {large};
  const PraxiDistillOptions options = {.temperature = 3,
                                       .share = 0.5,
                                       .hint_weight = 2,
                                       .student_values = names,
                                       .teacher_values = names,
                                       .threads = 1};
  g_autoptr (PraxiTeacher) teacher = praxi_teacher_new (models, 1, clips, NULL, &options, &error);
  g_assert_no_error (error);
  const PraxiTrainableOptions how = {.batch = B, .temperature = 3, .hints = names};
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, &how, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiStepper) stepper = praxi_stepper_new (trainable, 1, &error);
  g_assert_no_error (error);
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  const guint picked[B] = {5};
  for (int b = 0; b < B; b++) {
    guint8 pixels[BYTES];
    g_assert_true (praxi_clips_read (clips, picked[b], pixels, &error));
    g_assert_true (praxi_stepper_see (stepper, pixels, b, &error));
    for (int k = 0; k < 2; k++) {
      batch->target[2 * b + k] = k == (int) picked[b] % 2;
      batch->weight[2 * b + k] = 1;
    }
  }
  const PraxiLesson lesson = {
      .trainable = trainable, .stepper = stepper, .clips = picked, .n = B, .share = 1};
  g_assert_true (praxi_teacher_teach (teacher, &lesson, &error));
  g_assert_cmpfloat (batch->soft[0] + batch->soft[1], >, 0.999f);
  g_assert_cmpfloat (batch->weight[0], ==, 0.5f);
  const float *inside = praxi_stepper_hinted (stepper, 0);
  float **sums = praxi_rooms_new (trainable), **others = praxi_rooms_new (trainable);
  g_assert_true (praxi_stepper_learn (stepper, sums, &error));
  int n_checked = 0;
  for (guint i = 0; i < trainable->params->len; i++) {
    const PraxiParam *param = trainable->params->pdata[i];
    for (gsize k = 0; k < param->n; k++, n_checked++) {
      float *at = (float *) param->tensor.data + k, old = *at;
      double losses[2];
      for (int side = 0; side < 2; side++) {
        *at = old + (side == 0 ? 4e-3f : -4e-3f);
        g_assert_true (praxi_stepper_learn (stepper, others, &error));
        losses[side] = whole_loss (batch, B, 3, inside);
      }
      *at = old;
      const double slope = (losses[0] - losses[1]) / 8e-3, found = (double) sums[i][k];
      g_assert_cmpfloat (fabs (slope - found), <, 1e-3 + 0.01 * fabs (slope));
    }
  }
  g_assert_cmpint (n_checked, ==, 2 * 27 + 16 + 8);
  praxi_rooms_free (trainable, sums);
  praxi_rooms_free (trainable, others);
}

static void
test_refusals (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) clips = make_clips (1, 0);
  g_autoptr (PraxiModel) model = make_model (4, 2);
  PraxiModel *const models[] = {model};
  static const char *const wrong[] = {"outside", NULL};
  const PraxiDistillOptions options = {.student_values = wrong, .teacher_values = wrong};
  g_assert_null (praxi_teacher_new (models, 1, clips, NULL, &options, &error));
  g_assert_nonnull (strstr (error->message, "outside"));
  g_clear_error (&error);
  clips->height = 5;
  g_assert_null (praxi_teacher_new (models, 1, clips, NULL, &(PraxiDistillOptions){0}, &error));
  g_assert_nonnull (strstr (error->message, "input"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/distill/gradient", test_gradient);
  g_test_add_func ("/distill/helps", test_helps);
  g_test_add_func ("/distill/refusals", test_refusals);
  return g_test_run ();
}
