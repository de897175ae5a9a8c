/* Weights that leave memory once they are packed: scores stay, whole windows and streamed ones. */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/infer/executor.h"
#include "engine/model/zoo.h"

/* Nets with dense, depthwise and strided convolutions, branches that are put together, attention,
 * and a last layer.
 */
static const char *const nets[] = {
    "x3d-s:classes=9,frames=8,size=64", "r2plus1d-18:classes=9,frames=8,size=48,width=0.25",
    "mobilenetv3-small-tsm:classes=9,frames=8,size=64", "window-axial:classes=9,frames=8,size=64",
    "i3d:classes=9,frames=16,size=64,width=0.25"};

static char *
write_net (const char *text, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  PraxiZooOptions options;
  g_assert_true (praxi_zoo_parse (text, &name, &options, &error));
  g_autoptr (PraxiGraph) graph = praxi_zoo_graph (name, &options, &error);
  g_assert_no_error (error);
  g_autofree char *spec = praxi_zoo_spec (name, &options, &error);
  char *path = g_build_filename (folder, "net.onnx", NULL);
  g_assert_true (praxi_model_save (graph, spec, path, &error));
  g_assert_no_error (error);
  return path;
}

static void
check_scores (PraxiExecutor *kept, PraxiExecutor *shed, const PraxiModelSpec *spec)
{
  enum { CLIPS = 6, HOP = 2 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  const gsize frame = (gsize) spec->height * (gsize) spec->width * 3;
  const gsize bytes = sizeof (float) * (gsize) spec->n_classes;
  const gsize n = frame * (gsize) (spec->frames + CLIPS * HOP);
  g_autofree guint8 *frames = g_malloc (n);
  g_autofree float *a = g_malloc (bytes), *b = g_malloc (bytes), *whole = g_malloc (CLIPS * bytes);
  for (gsize i = 0; i < n; i++)
    frames[i] = (guint8) g_rand_int (random);
  for (int k = 0; k < CLIPS; k++) {
    const guint8 *clip = frames + frame * (gsize) (k * HOP);
    g_assert_true (praxi_executor_run (kept, clip, 1, a, &error));
    g_assert_true (praxi_executor_run (shed, clip, 1, b, &error));
    g_assert_cmpmem (a, bytes, b, bytes);
    memcpy (whole + k * spec->n_classes, a, bytes);
  }
  for (int k = 0; k < CLIPS; k++) {
    const guint8 *clip = frames + frame * (gsize) (k * HOP);
    const int hop = k > 0 ? HOP : spec->frames;
    g_assert_true (praxi_executor_run_shifted (kept, clip, hop, a, &error));
    g_assert_true (praxi_executor_run_shifted (shed, clip, hop, b, &error));
    g_assert_no_error (error);
    g_assert_cmpmem (a, bytes, b, bytes);
    for (int c = 0; c < spec->n_classes; c++)
      g_assert_cmpfloat_with_epsilon (a[c], whole[k * spec->n_classes + c], 1e-4);
  }
  g_assert_cmpfloat (praxi_executor_stream_share (kept), ==, praxi_executor_stream_share (shed));
}

static void
test_net (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("praxi-shed-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = write_net (data, folder);
  const PraxiExecutorOptions options = {.threads = 2, .backend = "cpu"};
  g_autoptr (PraxiModel) model = praxi_model_load (path, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiExecutor) kept = praxi_executor_new (model, &options, &error);
  g_assert_no_error (error);
  praxi_model_shed_weights (model);
  g_assert_true (praxi_model_sheds_weights (model));
  for (int k = 0; k < 2; k++) { /* the second time it reads the file again */
    g_autoptr (PraxiExecutor) shed = praxi_executor_new (model, &options, &error);
    g_assert_no_error (error);
    g_assert_cmpint (praxi_executor_peak_bytes (shed), <,
                     praxi_executor_peak_bytes (kept) - praxi_model_weights_bytes (model) / 2);
    check_scores (kept, shed, praxi_model_spec (model));
  }
  g_remove (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_auto (GStrv) parts = g_strsplit (nets[i], ":", 2);
    g_autofree char *name = g_strconcat ("/shed/", parts[0], NULL);
    g_test_add_data_func (name, nets[i], test_net);
  }
  return g_test_run ();
}
