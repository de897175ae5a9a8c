/* Nets of the zoo, small, on the CUDA backend and its emulated GPU: in f32 and as INT8 the answer
 * of the processor, and which operators have no kernel there.
 */
#include <math.h>
#include <string.h>

#include "engine/infer/executor.h"
#include "engine/lighten/quantize.h"
#include "engine/model/zoo.h"

typedef struct {
  const char *name;
  int frames, size_px;
  double width;
} Net;

static const Net nets[] = {
    {"i3d", 8, 32, 0.125},
    {"slowfast-r50", 8, 32, 0.125},
    {"r2plus1d-18", 4, 32, 0.125},
    {"x3d-s", 4, 32, 0.5},
    {"mobilenetv2", 4, 32, 0.25},
    {"mobilenetv3-small", 4, 32, 0.5},
    {"mobilenetv2-tsm", 4, 32, 0.25},
    {"shufflenetv2", 4, 32, 0.5},
    {"efficientnet-lite0", 4, 32, 0.25},
};

static float *
answer (const PraxiGraph *graph, const char *backend, int64_t *n, GString *elsewhere)
{
  g_autoptr (GError) error = NULL;
  const PraxiExecutorOptions options = {.backend = backend, .threads = 1};
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new_for_graph (graph, NULL, 0, &options, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0), out = *praxi_executor_output (executor, 0);
  gsize bytes;
  praxi_tensor_bytes (&in, &bytes);
  g_autofree guint8 *clip = g_malloc (bytes);
  for (gsize i = 0; i < bytes; i++)
    clip[i] = (guint8) ((i * 2654435761u) >> 11);
  in.data = clip;
  praxi_tensor_bytes (&out, &bytes);
  praxi_tensor_count (&out, n);
  out.data = g_malloc0 (bytes);
  g_assert_true (praxi_executor_run_tensors (executor, &in, &out, &error));
  g_assert_no_error (error);
  g_autoptr (GArray) profile = praxi_executor_profile (executor);
  for (guint i = 0; i < profile->len; i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (profile, PraxiExecutorOpProfile, i);
    if (g_strcmp0 (op->backend, backend) != 0)
      g_string_append_printf (elsewhere, " %s", op->op);
  }
  return out.data;
}

static void
compare (const PraxiGraph *graph, const char *what, double limit)
{
  int64_t n = 0;
  g_autoptr (GString) elsewhere = g_string_new ("");
  g_autoptr (GString) ignored = g_string_new ("");
  g_autofree float *there = answer (graph, "cuda", &n, elsewhere);
  g_autofree float *here = answer (graph, "cpu", &n, ignored);
  double off = 0, top = 0;
  for (int64_t i = 0; i < n; i++) {
    off = fmax (off, fabs ((double) here[i] - (double) there[i]));
    top = fmax (top, fabs ((double) here[i]));
  }
  g_test_message ("%s: %g of %g off", what, off, top);
  g_assert_cmpstr (elsewhere->str, ==, "");
  g_assert_cmpfloat (top, >, 0);
  g_assert_cmpfloat (off, <=, limit * top);
}

static void
test_net (gconstpointer data)
{
  const Net *net = data;
  g_autoptr (GError) error = NULL;
  const PraxiZooOptions options = {.n_classes = 10,
                                   .frames = net->frames,
                                   .height_px = net->size_px,
                                   .width_px = net->size_px,
                                   .width = net->width,
                                   .seed = 1};
  g_autoptr (PraxiGraph) graph = praxi_zoo_graph (net->name, &options, &error);
  g_assert_no_error (error);
  compare (graph, "f32", 1e-4);
  const PraxiCalibrationClips clips = praxi_calibration_noise (2);
  g_autoptr (PraxiGraph) int8 = praxi_quantize (graph, NULL, &clips, NULL, &error);
  g_assert_no_error (error);
  compare (int8, "int8", 1e-4);
}

static void
score (PraxiModel *model, const PraxiExecutorOptions *options, int *batch, float *scores)
{
  enum { CLIPS = 5 };
  g_autoptr (GError) error = NULL;
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const gsize bytes =
      (gsize) CLIPS * (gsize) spec->frames * (gsize) (spec->height * spec->width) * 3;
  g_autofree guint8 *clips = g_malloc (bytes);
  for (gsize i = 0; i < bytes; i++)
    clips[i] = (guint8) ((i * 2654435761u) >> 9);
  g_autoptr (PraxiExecutor) executor = praxi_executor_new (model, options, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (praxi_executor_backend_name (executor), ==, options->backend);
  g_assert_true (praxi_executor_run (executor, clips, CLIPS, scores, &error));
  *batch = praxi_executor_batch (executor);
}

/* A budget for half of the clips: fewer at once, the same answers. */
static void
test_batch (void)
{
  g_autoptr (GError) error = NULL;
  const PraxiZooOptions net = {
      .n_classes = 2, .frames = 4, .height_px = 32, .width_px = 32, .width = 0.25, .seed = 1};
  g_autoptr (PraxiModel) model = praxi_zoo_model ("mobilenetv2", &net, &error);
  g_assert_no_error (error);
  PraxiExecutorOptions options = {.backend = "cuda", .threads = 1, .batch = 4};
  g_autoptr (PraxiExecutor) whole = praxi_executor_new (model, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (praxi_executor_batch (whole), ==, 4);
  options.vram_bytes = (gint64) praxi_executor_peak_bytes (whole) - 1;
  if (g_test_subprocess ()) {
    float halved[10], here[10];
    int batch = 0;
    score (model, &options, &batch, halved);
    g_assert_cmpint (batch, ==, 2);
    score (model, &(PraxiExecutorOptions){.backend = "cpu", .threads = 1}, &batch, here);
    for (int i = 0; i < 10; i++)
      g_assert_cmpfloat (fabs ((double) (halved[i] - here[i])), <=, 1e-5);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*more than there is or --vram allows; taking 2 clips at once*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_autofree char *path = g_strdup_printf ("/cuda/zoo/%s", nets[i].name);
    g_test_add_data_func (path, &nets[i], test_net);
  }
  g_test_add_func ("/cuda/batch", test_batch);
  return g_test_run ();
}
