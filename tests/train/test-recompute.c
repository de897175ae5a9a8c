/* Activations that are computed again change no bit of a gradient, and less memory is planned. */
#include <glib.h>
#include <math.h>

#include "engine/model/zoo.h"
#include "engine/train/optimizer.h"
#include "engine/train/stepper.h"

enum { BATCH = 4, MODES = 3 };

static const PraxiTrainableOptions modes[MODES] = {{.batch = BATCH, .keep_all = TRUE},
                                                   {.batch = BATCH},
                                                   {.batch = BATCH, .recompute = TRUE}};

/* The gradients of one batch that is the same for all; how much memory is planned. */
static float **
learn (PraxiModel *model,
       const PraxiTrainableOptions *how,
       int threads,
       PraxiTrainable **made,
       gsize *bytes)
{
  g_autoptr (GError) error = NULL;
  PraxiTrainable *trainable = *made = praxi_trainable_new (model, how, &error);
  g_assert_no_error (error);
  g_assert_cmpint (trainable->batch, ==, BATCH);
  g_autoptr (PraxiStepper) stepper = praxi_stepper_new (trainable, threads, &error);
  g_assert_no_error (error);
  const PraxiBatch *batch = praxi_stepper_batch (stepper);
  g_autoptr (GRand) random = g_rand_new_with_seed (8);
  for (int i = 0; i < trainable->n_features; i++) {
    guint8 *x = batch->features[i]; /* frames as they come */
    g_assert_cmpint (trainable->n_features, ==, 1);
    for (gsize k = 0; k < BATCH * batch->feature_bytes[i]; k++)
      x[k] = (guint8) g_rand_int_range (random, 0, 256);
  }
  for (int k = 0; k < BATCH * trainable->n_outputs; k++) {
    batch->target[k] = k % trainable->n_outputs == k / trainable->n_outputs % 2;
    batch->weight[k] = 0.25f;
  }
  float **sums = praxi_rooms_new (trainable);
  g_assert_true (praxi_stepper_learn (stepper, sums, &error));
  *bytes = praxi_stepper_peak_bytes (stepper);
  return sums;
}

static void
check (PraxiModel *model, int threads)
{
  PraxiTrainable *trainables[MODES];
  float **sums[MODES];
  gsize bytes[MODES];
  for (int m = 0; m < MODES; m++)
    sums[m] = learn (model, &modes[m], threads, &trainables[m], &bytes[m]);
  g_test_message ("%.1f MB, cheap ones again %.1f MB, recomputed %.1f MB", (double) bytes[0] / 1e6,
                  (double) bytes[1] / 1e6, (double) bytes[2] / 1e6);
  double size = 0;
  for (int m = 1; m < MODES; m++)
    for (guint i = 0; i < trainables[0]->params->len; i++) {
      const PraxiParam *param = trainables[0]->params->pdata[i];
      const gsize n = sizeof (float) * param->n;
      g_assert_cmpmem (sums[0][i], n, sums[m][i], n);
      for (gsize k = 0; k < param->n; k++)
        size += fabs ((double) sums[0][i][k]);
    }
  g_assert_true (isfinite (size) && size > 0);
  g_assert_cmpuint (bytes[1], <=, bytes[0]);
  g_assert_cmpuint (bytes[2], <, bytes[0]);
  for (int m = 0; m < MODES; m++) {
    praxi_rooms_free (trainables[m], sums[m]);
    praxi_trainable_free (trainables[m]);
  }
}

static void
test_identical (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  PraxiZooOptions options = {0};
  g_assert_true (praxi_zoo_parse (data, &name, &options, &error));
  options.n_classes = 3;
  g_autoptr (PraxiModel) model = praxi_zoo_model (name, &options, &error);
  g_assert_no_error (error);
  check (model, 1);
  check (model, 3);
}

int
main (int argc, char **argv)
{
  static const char *const nets[] = {
      "mobilenetv3-small:frames=4,size=64", "shufflenetv2:frames=4,size=64",
      "i3d:frames=16,size=64,width=0.25",   "r2plus1d-18:frames=8,size=32,width=0.25",
      "x3d-s:frames=4,size=32,width=0.5",   "efficientnet-lite0-tsm:frames=4,size=32"};
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_auto (GStrv) words = g_strsplit (nets[i], ":", 2);
    g_autofree char *path = g_strconcat ("/recompute/", words[0], NULL);
    g_test_add_data_func (path, nets[i], test_identical);
  }
  return g_test_run ();
}
