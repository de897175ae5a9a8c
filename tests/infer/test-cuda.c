/* A whole net on the CUDA backend and its emulated GPU: the scores of the other backends; and what
 * happens when the GPU has no memory, fails or does not answer: the processor goes on, said aloud.
 */
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/executor.h"

enum { CLIPS = 2 };

static PraxiModel *
light (void)
{
  g_autoptr (GError) error = NULL;
  PraxiModel *model = praxi_model_load (PRAXI_SOURCE_ROOT "/data/models/light.onnx", &error);
  g_assert_no_error (error);
  return model;
}

/* A square that moves over noise. */
static guint8 *
clips_new (const PraxiModelSpec *spec)
{
  const int h = spec->height, w = spec->width, n = CLIPS * spec->frames;
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  guint8 *clips = g_malloc ((gsize) n * (gsize) h * (gsize) w * 3);
  for (int t = 0; t < n; t++)
    for (int i = 0; i < h * w; i++) {
      const int x = i % w - 3 * t, y = i / w - h / 3;
      const int base = x > 0 && x < 40 && y > 0 && y < 40 ? 180 : 60 + (i % w + i / w) % 32;
      for (int c = 0; c < 3; c++)
        clips[(t * h * w + i) * 3 + c] = (guint8) (base + c * 10 + g_rand_int_range (random, 0, 8));
    }
  return clips;
}

static PraxiExecutor *
executor_for (PraxiModel *model, const PraxiExecutorOptions *options)
{
  g_autoptr (GError) error = NULL;
  PraxiExecutor *executor = praxi_executor_new (model, options, &error);
  g_assert_no_error (error);
  return executor;
}

static void
run (PraxiExecutor *executor, const guint8 *clips, float *scores)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (praxi_executor_run (executor, clips, CLIPS, scores, &error));
  g_assert_no_error (error);
}

static void
assert_close (const float *a, const float *b, int n, double limit)
{
  for (int i = 0; i < n; i++)
    g_assert_cmpfloat (fabs ((double) a[i] - (double) b[i]), <=, limit);
}

/* The scores of `options`, with the processor's beside them. */
static void
score (const PraxiExecutorOptions *options, const char *backend)
{
  g_autoptr (PraxiModel) model = light ();
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const int n = CLIPS * spec->n_classes;
  g_autofree guint8 *clips = clips_new (spec);
  g_autofree float *scores = g_new0 (float, n), *expected = g_new0 (float, n);
  const PraxiExecutorOptions cpu = {.backend = "cpu", .threads = 1};
  g_autoptr (PraxiExecutor) here = executor_for (model, &cpu);
  run (here, clips, expected);
  g_autoptr (PraxiExecutor) there = executor_for (model, options);
  run (there, clips, scores);
  assert_close (scores, expected, n, 1e-3);
  g_assert_cmpstr (praxi_executor_backend_name (there), ==, backend);
}

/* The first clip runs launch by launch, the second from the recording. */
static void
test_light (void)
{
  g_autoptr (PraxiModel) model = light ();
  const PraxiModelSpec *spec = praxi_model_spec (model);
  const int n = spec->n_classes;
  g_autofree guint8 *clips = clips_new (spec);
  g_autofree float *scores = g_new0 (float, n *CLIPS), *truth = g_new0 (float, n *CLIPS);
  const PraxiExecutorOptions cuda = {.backend = "cuda", .threads = 1};
  const PraxiExecutorOptions ref = {.backend = "ref", .threads = 1};
  g_autoptr (PraxiExecutor) there = executor_for (model, &cuda);
  g_assert_cmpstr (praxi_executor_device_name (there), ==, "Emulated GPU (sm_86)");
  run (there, clips, scores);
  g_autoptr (PraxiExecutor) here = executor_for (model, &ref);
  run (here, clips, truth);
  assert_close (scores, truth, n * CLIPS, 1e-5);
  g_autoptr (GArray) profile = praxi_executor_profile (there);
  for (guint i = 0; i < profile->len; i++)
    g_assert_cmpstr (g_array_index (profile, PraxiExecutorOpProfile, i).backend, ==, "cuda");
}

/* The integer part alone: from the first quantized value to the last, bit for bit. */
static PraxiGraph *
integer_part (PraxiModel *model)
{
  g_autoptr (GError) error = NULL;
  PraxiGraph *graph = praxi_graph_resolve (praxi_model_graph (model), NULL, 0, 1, &error);
  g_assert_no_error (error);
  int first = -1, last = -1;
  for (guint i = 0; i < graph->nodes->len; i++)
    if (praxi_graph_node (graph, (int) i)->op.kind == PRAXI_OP_QUANTIZE_LINEAR) {
      first = first < 0 ? (int) i : first;
      last = (int) i;
    }
  const int in = praxi_graph_node (graph, first)->out[0];
  const int out = praxi_graph_node (graph, last)->out[0];
  g_ptr_array_remove_index (graph->nodes, (guint) first);
  g_array_set_size (graph->inputs, 0);
  g_array_set_size (graph->outputs, 0);
  g_array_append_val (graph->inputs, in);
  g_array_append_val (graph->outputs, out);
  praxi_graph_prune (graph);
  return graph;
}

static GBytes *
bytes_of (const PraxiGraph *graph, const char *backend)
{
  g_autoptr (GError) error = NULL;
  const PraxiExecutorOptions options = {.backend = backend, .threads = 1};
  g_autoptr (PraxiExecutor) executor =
      praxi_executor_new_for_graph (graph, NULL, 0, &options, &error);
  g_assert_no_error (error);
  PraxiTensor in = *praxi_executor_input (executor, 0), out = *praxi_executor_output (executor, 0);
  gsize in_bytes, out_bytes;
  praxi_tensor_bytes (&in, &in_bytes);
  praxi_tensor_bytes (&out, &out_bytes);
  g_autofree guint8 *data = g_malloc (in_bytes);
  for (gsize i = 0; i < in_bytes; i++)
    data[i] = (guint8) ((i * 2654435761u) >> 13);
  in.data = data;
  out.data = g_malloc0 (out_bytes);
  g_assert_true (praxi_executor_run_tensors (executor, &in, &out, &error));
  return g_bytes_new_take (out.data, out_bytes);
}

static void
test_bytes (void)
{
  g_autoptr (PraxiModel) model = light ();
  g_autoptr (PraxiGraph) graph = integer_part (model);
  g_autoptr (GBytes) truth = bytes_of (graph, "ref"), made = bytes_of (graph, "cuda");
  g_assert_true (g_bytes_equal (truth, made));
}

static void
test_asked_for (void)
{
  g_autoptr (PraxiModel) model = light ();
  g_autoptr (GError) error = NULL;
  const PraxiExecutorOptions options = {.backend = "cuda", .threads = 1, .vram_bytes = 1 << 20};
  g_assert_null (praxi_executor_new (model, &options, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "--vram"));
}

typedef struct {
  const char *name, *setting, *value; /* of the fake driver */
  const char *said;                   /* a pattern of stderr */
  gint64 vram_bytes;
} Fault;

static const Fault faults[] = {
    {"memory", "FAKE_CUDA_OOM_ALL", "1", "*more than there is*using the processor instead*", 0},
    {"budget", NULL, NULL, "*--vram allows; using the processor instead*", 1 << 20},
    {"start", "FAKE_CUDA_MODULE", "209", "*CUDA error 209*using the processor instead*", 0},
    {"first-launch", "FAKE_CUDA_FAIL_AT", "1",
     "*illegal memory access*CUDA error 700*going on with the processor*", 0},
    {"in-the-net", "FAKE_CUDA_FAIL_AT", "30", "*CUDA error 700*going on with the processor*", 0},
    {"in-the-recording", "FAKE_CUDA_FAIL_AT", "71", "*CUDA error 700*going on*", 0},
    {"hang", "FAKE_CUDA_HANG_AT", "2", "*not answered for 8 seconds*going on*", 0},
};

static void
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  const PraxiExecutorOptions options = {.threads = 1, .vram_bytes = fault->vram_bytes};
  if (g_test_subprocess ()) {
    g_setenv ("FAKE_CUDA_OOM_AT", "1", TRUE);
    if (!g_str_equal (fault->name, "memory"))
      g_unsetenv ("FAKE_CUDA_OOM_AT");
    if (fault->setting != NULL)
      g_setenv (fault->setting, fault->value, TRUE);
    score (&options, "cpu");
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr (fault->said);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cuda/light", test_light);
  g_test_add_func ("/cuda/bytes", test_bytes);
  g_test_add_func ("/cuda/asked-for", test_asked_for);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *path = g_strdup_printf ("/cuda/fault/%s", faults[i].name);
    g_test_add_data_func (path, &faults[i], test_fault);
  }
  return g_test_run ();
}
