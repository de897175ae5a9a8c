/* A student learns from a teacher: the loss's derivatives against differences, answers at a
 * temperature, and what it is good for, a student whose labels are poor.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "engine/infer/executor.h"
#include "engine/lighten/distill.h"
#include "engine/train/optimizer.h"
#include "tests/train/toy.h"

/* The mean probability of what is true, over clips whose labels are. */
static double
worth (PraxiModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) clips = toy_clips (99, 0);
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new (model, &(PraxiExecutorOptions){.threads = 1}, &error);
  g_assert_no_error (error);
  double sum = 0;
  for (guint i = 0; i < TOY_CLIPS; i++) {
    guint8 pixels[TOY_BYTES];
    float scores[2];
    g_assert_true (praxi_clips_read (clips, i, pixels, &error));
    g_assert_true (praxi_executor_run (executor, pixels, 1, scores, &error));
    sum += (double) scores[i % 2];
  }
  return sum / TOY_CLIPS;
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
  return toy_keep (graph, FALSE, FALSE);
}

/* A student whose labels lie in one of five cases is better with a teacher than without. */
static void
test_helps (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) good = toy_clips (1, 0), poor = toy_clips (2, 0.2);
  g_autoptr (PraxiModel) large = toy_net (&(ToyNet){.seed = 3, .channels = 8, .has_inside = TRUE}),
                         small = toy_net (&(ToyNet){.seed = 5, .channels = 4, .has_inside = TRUE});
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
  g_assert_cmpuint (praxi_teacher_n_asked (teacher), <=, TOY_CLIPS);
  g_assert_cmpuint (praxi_teacher_n_asked (teacher), >, TOY_CLIPS / 2);
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
  g_autoptr (PraxiClips) clips = toy_clips (1, 0);
  g_autoptr (PraxiModel) model = toy_net (&(ToyNet){.seed = 4, .channels = 2, .has_inside = TRUE}),
                         large = toy_net (&(ToyNet){.seed = 3, .channels = 8, .has_inside = TRUE});
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
    guint8 pixels[TOY_BYTES];
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
  g_autoptr (PraxiClips) clips = toy_clips (1, 0);
  g_autoptr (PraxiModel) model = toy_net (&(ToyNet){.seed = 4, .channels = 2, .has_inside = TRUE});
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
