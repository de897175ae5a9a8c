/* A small model learns where the light is, in floats and in INT8, and is kept as what it learned.
 */
#include <glib.h>

#include "engine/infer/executor.h"
#include "engine/train/trainer.h"
#include "tests/train/toy.h"

static double
accuracy (PraxiModel *model, const PraxiClips *clips)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new (model, &(PraxiExecutorOptions){.threads = 1}, &error);
  g_assert_no_error (error);
  int right = 0;
  for (guint i = 0; i < TOY_CLIPS; i++) {
    guint8 pixels[TOY_BYTES];
    float scores[2];
    g_assert_true (praxi_clips_read (clips, i, pixels, &error));
    g_assert_true (praxi_executor_run (executor, pixels, 1, scores, &error));
    right += praxi_metrics_decide (scores, 2) == (int) i % 2;
  }
  return (double) right / TOY_CLIPS;
}

/* Trains, writes and loads again. */
static PraxiModel *
train (PraxiModel *model, guint32 seed, PraxiTraining **training)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClips) clips = toy_clips (1, 0), val = toy_clips (2, 0);
  g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (model, NULL, &error);
  g_assert_no_error (error);
  /* Mirroring swaps the classes here. */
  const PraxiTrainOptions options = {
      .epochs = 12, .batch = 8, .rate = 0.02, .no_augment = TRUE, .seed = seed, .threads = 1};
  *training = praxi_train (trainable, model, clips, val, &options, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiGraph) graph = praxi_trainable_graph (trainable, model);
  return toy_keep (graph, g_str_equal (praxi_model_precision (model), "int8"),
                   praxi_model_spec (model)->is_logits);
}

static void
test_learns (gconstpointer data)
{
  const int kind = GPOINTER_TO_INT (data);
  g_autoptr (PraxiModel) model = toy_net (&(ToyNet){
      .seed = 3, .channels = 4, .is_int8 = (kind & 1) != 0, .is_logits = (kind & 2) != 0});
  g_autoptr (PraxiClips) fresh = toy_clips (9, 0);
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
  g_autoptr (PraxiModel) model = toy_net (&(ToyNet){.seed = 3, .channels = 4, .is_int8 = TRUE});
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
  g_autoptr (PraxiModel) model = toy_net (&(ToyNet){.seed = 3, .channels = 4});
  g_autoptr (PraxiClips) clips = toy_clips (1, 0);
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
