/* A new last layer for other classes, and fitting it so that rare classes are not overlooked. */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/infer/executor.h"
#include "engine/model/zoo.h"
#include "engine/train/head-fit.h"
#include "engine/train/new-head.h"

static const char *const classes[] = {"normal", "lifting", "running", "waving", NULL};
enum { CLASSES = 4, MANY = 600, FEW = 24, WIDTH = 6, TESTS = 400 };

static PraxiModel *
model_of (const PraxiGraph *graph, const char *spec)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  close (g_file_open_tmp ("head-XXXXXX.onnx", &path, NULL));
  g_assert_true (praxi_model_save (graph, spec, path, &error));
  PraxiModel *made = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return made;
}

static PraxiModel *
with_new_head (PraxiModel *model, guint32 seed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) graph = praxi_new_head (model, classes, seed, &error);
  g_assert_no_error (error);
  g_autofree char *spec = praxi_new_head_spec (model, classes);
  return model_of (graph, spec);
}

/* Scores of a clip that is drawn by chance, [n_classes]. */
static float *
score (PraxiModel *model)
{
  g_autoptr (GError) error = NULL;
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const PraxiExecutorOptions options = {.backend = "cpu", .threads = 1};
  g_autoptr (PraxiExecutor) executor = praxi_executor_new (model, &options, &error);
  g_assert_no_error (error);
  const gsize n = (gsize) (spec->frames * spec->height * spec->width * 3);
  g_autofree guint8 *clip = g_new (guint8, n);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  for (gsize i = 0; i < n; i++)
    clip[i] = (guint8) g_rand_int_range (random, 0, 256);
  float *scores = g_new (float, spec->n_classes);
  g_assert_true (praxi_executor_run (executor, clip, 1, scores, &error));
  return scores;
}

/* Every constant that both have by name is the same: the backbone was not touched. */
static int
count_same (PraxiModel *before, PraxiModel *after)
{
  const PraxiGraph *a = praxi_model_graph (before), *b = praxi_model_graph (after);
  int n = 0;
  for (guint i = 0; i < b->values->len; i++) {
    const PraxiValue *value = praxi_graph_value (b, (int) i);
    const int at = value->bytes != NULL ? praxi_graph_find (a, value->name) : -1;
    if (at < 0)
      continue;
    g_assert_true (g_bytes_equal (value->bytes, praxi_graph_value (a, at)->bytes));
    n++;
  }
  return n;
}

static void
check (PraxiModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) one = with_new_head (model, 1), again = with_new_head (model, 1);
  g_autoptr (PraxiModel) other = with_new_head (model, 2);
  g_assert_cmpstr (praxi_model_sha256 (one), ==, praxi_model_sha256 (again));
  g_assert_cmpstr (praxi_model_sha256 (one), !=, praxi_model_sha256 (other));
  g_assert_cmpint (praxi_model_spec (one)->n_classes, ==, CLASSES);
  g_assert_cmpstr (praxi_model_spec (one)->classes[1], ==, "lifting");
  g_assert_true (isnan (praxi_model_spec (one)->enter[1]));
  g_assert_cmpint (count_same (model, one), >, 10);
  g_autofree float *scores = score (one);
  for (int c = 0; c < CLASSES; c++)
    g_assert_true (scores[c] >= 0 && scores[c] <= 1);
  for (int head_only = 0; head_only < 2; head_only++) {
    const PraxiTrainableOptions how = {.batch = 1, .head_only = head_only};
    g_autoptr (PraxiTrainable) trainable = praxi_trainable_new (one, &how, &error);
    g_assert_no_error (error);
    g_assert_true (praxi_head_is_single (trainable));
    g_assert_true (head_only ? trainable->params->len == 2 : trainable->params->len > 2);
  }
}

static void
test_zoo (void)
{
  static const char *const nets[] = {
      "i3d:frames=16,size=64,width=0.25",        "slowfast-r50:frames=32,size=64,width=0.25",
      "r2plus1d-18:frames=8,size=56,width=0.25", "x3d-s:frames=4,size=64,width=0.5",
      "mobilenetv3-small:frames=4,size=64",      "shufflenetv2-tsm:frames=4,size=64",
      "efficientnet-lite0:frames=4,size=64",     "window-axial:frames=8,size=64"};
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *name = NULL;
    PraxiZooOptions options = {0};
    g_test_message ("%s", nets[i]);
    g_assert_true (praxi_zoo_parse (nets[i], &name, &options, &error));
    options.n_classes = 3;
    g_autoptr (PraxiModel) model = praxi_zoo_model (name, &options, &error);
    g_assert_no_error (error);
    check (model);
  }
}

/* A last convolution and the mean over places behind it are a layer behind that mean: with the old
 * weights the new layer says the same.
 */
static void
test_convolution (void)
{
  g_autoptr (GError) error = NULL;
  const PraxiZooOptions options = {
      .n_classes = CLASSES, .frames = 16, .height_px = 64, .width_px = 64, .width = 0.25};
  const PraxiTrainableOptions how = {.batch = 1, .head_only = TRUE};
  g_autoptr (PraxiModel) model = praxi_zoo_model ("i3d", &options, &error);
  g_autoptr (PraxiModel) made = with_new_head (model, 1);
  g_autoptr (PraxiTrainable) old = praxi_trainable_new (model, &how, &error);
  g_autoptr (PraxiTrainable) new = praxi_trainable_new (made, &how, &error);
  g_assert_no_error (error);
  g_assert_false (praxi_head_is_single (old));
  const PraxiParam *weight = old->params->pdata[0], *bias = old->params->pdata[1];
  praxi_head_put (new, weight->tensor.data, bias->tensor.data);
  g_autoptr (PraxiGraph) graph = praxi_trainable_graph (new, made);
  g_autofree char *spec = praxi_new_head_spec (model, classes);
  g_autoptr (PraxiModel) put = model_of (graph, spec);
  g_autofree float *before = score (model), *after = score (put), *drawn = score (made);
  float apart = 0;
  for (int c = 0; c < CLASSES; c++) {
    g_assert_cmpfloat_with_epsilon (before[c], after[c], 1e-4f);
    apart = MAX (apart, fabsf (before[c] - drawn[c]));
  }
  g_assert_cmpfloat (apart, >, 1e-3f);
}

static void
test_bundled (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (PRAXI_MODELS, data, NULL);
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  check (model);
  g_autoptr (PraxiModel) made = with_new_head (model, 1);
  g_assert_cmpstr (praxi_model_precision (made), ==, praxi_model_precision (model));
  g_autofree float *scores = score (made);
  /* Sigmoids, and normal is what the largest leaves. */
  float most = 0;
  for (int c = 1; c < CLASSES; c++)
    most = MAX (most, scores[c]);
  g_assert_cmpfloat_with_epsilon (scores[0], 1 - most, 1e-6f);
}

/* --- fitting -------------------------------------------------------------------------------- */

static double
normal (GRand *random)
{
  return sqrt (-2 * log (1 - g_rand_double (random))) * cos (2 * G_PI * g_rand_double (random));
}

/* Two clouds that overlap, of different scale along each axis. */
static PraxiFeatures *
make_features (int n_many, int n_few, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  PraxiFeatures *features = praxi_features_new (n_many + n_few, WIDTH, 2);
  for (int i = 0; i < features->n; i++) {
    features->class_of[i] = i >= n_many;
    features->clip_of[i] = i;
    for (int k = 0; k < WIDTH; k++)
      features->x[i * WIDTH + k] =
          (float) ((normal (random) + (i >= n_many ? 0.7 : 0)) * pow (10, k - 3) + 5);
  }
  return features;
}

/* The share of each class that a layer finds in fresh clips. */
static void
find_recalls (const PraxiHeadFit *how, double recalls[2])
{
  g_autoptr (PraxiFeatures) learned = make_features (MANY, FEW, 1);
  g_autoptr (PraxiFeatures) fresh = make_features (TESTS, TESTS, 2);
  float weights[2 * WIDTH], bias[2];
  g_assert_cmpfloat (praxi_head_fit (learned, how, weights, bias), <, 0.8);
  recalls[0] = recalls[1] = 0;
  for (int i = 0; i < fresh->n; i++) {
    double z[2] = {0, 0};
    for (int k = 0; k < how->n_outputs; k++) {
      z[k] = (double) bias[k];
      for (int c = 0; c < WIDTH; c++)
        z[k] += (double) (weights[k * WIDTH + c] * fresh->x[i * WIDTH + c]);
    }
    const int said = how->is_exclusive ? z[1] > z[0] : z[0] > 0;
    recalls[fresh->class_of[i]] += said == fresh->class_of[i] ? 1.0 / TESTS : 0;
  }
}

static void
test_rare (void)
{
  for (int is_exclusive = 0; is_exclusive < 2; is_exclusive++) {
    PraxiHeadFit how = {.n_outputs = 1 + is_exclusive,
                        .is_exclusive = is_exclusive,
                        .balance = PRAXI_BALANCE_NONE,
                        .seed = 4};
    double plain[2], smote[2], ensemble[2];
    find_recalls (&how, plain);
    how.smote = TRUE;
    find_recalls (&how, smote);
    how.smote = FALSE;
    how.ensemble = 10;
    find_recalls (&how, ensemble);
    g_test_message ("recall of the rare class: %.3f, SMOTE %.3f, ensemble %.3f", plain[1], smote[1],
                    ensemble[1]);
    g_assert_cmpfloat (plain[1], <, 0.4);
    g_assert_cmpfloat (smote[1], >, plain[1] + 0.3);
    g_assert_cmpfloat (ensemble[1], >, plain[1] + 0.3);
    g_assert_cmpfloat (smote[0], >, 0.6);
    g_assert_cmpfloat (ensemble[0], >, 0.6);
  }
}

/* What is made lies between two of its class, and every class has as many as the largest. */
static void
test_smote (void)
{
  g_autoptr (PraxiFeatures) features = make_features (30, 7, 5);
  g_autoptr (GRand) random = g_rand_new_with_seed (6), same = g_rand_new_with_seed (6);
  g_autoptr (PraxiFeatures) all = praxi_smote (features, 3, random);
  g_autoptr (PraxiFeatures) again = praxi_smote (features, 3, same);
  g_assert_cmpint (all->n, ==, 60);
  g_assert_cmpmem (all->x, sizeof (float) * 60 * WIDTH, again->x, sizeof (float) * 60 * WIDTH);
  g_assert_cmpmem (all->x, sizeof (float) * 37 * WIDTH, features->x, sizeof (float) * 37 * WIDTH);
  for (int m = 37; m < 60; m++) {
    gboolean is_between = FALSE;
    const float *x = all->x + m * WIDTH;
    g_assert_cmpint (all->class_of[m], ==, 1);
    for (int i = 30; i < 37 && !is_between; i++)
      for (int j = 30; j < 37 && !is_between; j++) {
        const float *a = features->x + i * WIDTH, *b = features->x + j * WIDTH;
        const float u = (x[5] - a[5]) / (b[5] - a[5]);
        is_between = i != j && u >= 0 && u <= 1;
        for (int k = 0; k < WIDTH; k++)
          is_between = is_between && fabsf (a[k] + u * (b[k] - a[k]) - x[k]) < 1e-3f * fabsf (x[k]);
      }
    g_assert_true (is_between);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/head/zoo", test_zoo);
  g_test_add_func ("/head/convolution", test_convolution);
  g_test_add_data_func ("/head/light", "light.onnx", test_bundled);
  g_test_add_data_func ("/head/original", "original.onnx", test_bundled);
  g_test_add_func ("/head/rare", test_rare);
  g_test_add_func ("/head/smote", test_smote);
  return g_test_run ();
}
