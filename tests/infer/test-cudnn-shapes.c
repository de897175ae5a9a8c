/* The real cuDNN without a GPU: it takes the descriptors of every convolution of the zoo's large
 * nets, in every form that the plug-in would put to it. Which of them it has engines for depends on
 * a device: where a description of one lies in $PRAXI_SHARED/data/cudnn (tests/bench/gpu.sh
 * writes it on the real device; nobody makes one by hand), plans are compiled for it as well.
 */
#include <stdio.h>
#include <string.h>

#include "engine/model/graph.h"
#include "engine/model/zoo.h"
#include "kernels/backend.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/cudnn.h"

static const char *const nets[] = {"i3d", "slowfast-r50", "r2plus1d-18", "x3d-m"};

typedef enum { BYTES_AS_THEY_LIE, BYTES_SIGNED, HALVES, FLOATS, FORMS } Form;

static const char *const form_names[] = {"u8", "s8", "f16", "f32"};

/* What the plug-in makes of a quantized convolution behind a ReLU, or one of floats. */
static CudnnProblem
problem_of (const CudaWindow *w, Form form)
{
  static const int types[][2] = {{DNN_DATA_UINT8, DNN_DATA_UINT8},
                                 {DNN_DATA_INT8, DNN_DATA_INT8},
                                 {DNN_DATA_HALF, DNN_DATA_FLOAT},
                                 {DNN_DATA_FLOAT, DNN_DATA_FLOAT}};
  CudnnProblem problem = {.w = *w,
                          .w_channels = w->channels,
                          .x_type = types[form][0],
                          .y_type = types[form][1],
                          .residual_type = CUDNN_NONE,
                          .has_multiplier = form <= BYTES_SIGNED,
                          .has_offset = true,
                          .activation = form <= BYTES_SIGNED ? CUDNN_NONE : DNN_POINTWISE_RELU_FWD,
                          .clips = form <= BYTES_SIGNED,
                          .high = 255};
  problem.has_base = problem.rounds = problem.scales_residual = form == BYTES_SIGNED;
  if (form == BYTES_SIGNED || form == HALVES)
    problem.residual_type = types[form][1];
  for (int a = 0; form == BYTES_SIGNED && a < 3; a++) { /* a copy with a border */
    problem.w.in[a] = (w->out[a] - 1) * w->stride[a] + w->dilation[a] * (w->kernel[a] - 1) + 1;
    problem.w.pad[a] = 0;
  }
  return problem;
}

/* What is counted of one net. */
typedef struct {
  int convs, dense, shapes; /* shapes: different ones among the dense */
  int accepted[FORMS], with_engine[FORMS], compiled;
  gint64 compile_us;
  gsize json_bytes;
} Count;

static void
compile (const CudnnTarget *target, CudnnDescriptor config, Count *count)
{
  CudnnPlan plan;
  char *json = NULL;
  gsize bytes = 0;
  const gint64 begin_us = g_get_monotonic_time ();
  if (praxi_cudnn_plan (target, config, &plan) != 0)
    return;
  count->compile_us += g_get_monotonic_time () - begin_us;
  praxi_cudnn_plan_save (target->library, &plan, &json, &bytes);
  g_assert_cmpuint (bytes, >, 0);
  count->json_bytes += bytes;
  count->compiled++;
  free (json);
  praxi_cudnn_plan_clear (target->library, &plan);
}

/* One plan a net and form is compiled: each takes a second. */
static void
try_form (const CudnnTarget *target, const CudaWindow *w, Form form, Count *count)
{
  const CudnnProblem problem = problem_of (w, form);
  CudnnDescriptor configs[CUDNN_CONFIGS];
  CudnnGraph graph;
  g_assert_cmpint (praxi_cudnn_graph (target->library, NULL, &problem, &graph), ==, 0);
  count->accepted[form]++;
  const int n = target->properties ? praxi_cudnn_configs (target, &graph, FALSE, configs) : 0;
  if (n > 0 && count->with_engine[form]++ == 0)
    compile (target, configs[0], count);
  for (int i = 0; i < n; i++)
    target->library->descriptor_destroy (configs[i]);
  praxi_cudnn_graph_clear (&graph);
}

static Count
try_net (const CudnnTarget *target, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiGraph) open = praxi_zoo_graph (name, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiGraph) graph = praxi_graph_resolve (open, NULL, 0, 1, &error);
  g_assert_no_error (error);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Count count = {0};
  for (guint i = 0; i < graph->nodes->len; i++) {
    const PraxiNode *node = praxi_graph_node (graph, (int) i);
    CudaWindow w;
    if (node->op.kind != PRAXI_OP_CONV)
      continue;
    count.convs++;
    g_assert_true (praxi_cuda_window (&w, &node->op.window,
                                      &praxi_graph_value (graph, node->in[0])->tensor,
                                      &praxi_graph_value (graph, node->out[0])->tensor));
    if (w.groups != 1 || w.channels % 4 != 0 || w.outputs % 4 != 0)
      continue;
    count.dense++;
    char text[CUDNN_KEY_BYTES];
    const CudnnProblem problem = problem_of (&w, BYTES_AS_THEY_LIE);
    praxi_cudnn_problem_text (&problem, text, sizeof text);
    if (!g_hash_table_add (seen, g_strdup (text)))
      continue;
    count.shapes++;
    for (Form form = 0; form < FORMS; form++)
      try_form (target, &w, form, &count);
  }
  return count;
}

static void
say (const char *name, const char *device, const Count *count)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (Form form = 0; form < FORMS; form++)
    g_string_append_printf (text, " %s %d", form_names[form],
                            device != NULL ? count->with_engine[form] : count->accepted[form]);
  g_test_message ("%s%s%s: %d convolutions, %d dense, %d shapes; %s%s", name,
                  device != NULL ? " on " : "", device != NULL ? device : "", count->convs,
                  count->dense, count->shapes, device != NULL ? "with engines" : "accepted",
                  text->str);
  if (count->compiled > 0)
    g_test_message ("%d plans: %.2f s and %.0f KB each", count->compiled,
                    (double) count->compile_us / 1e6 / count->compiled,
                    (double) count->json_bytes / 1e3 / count->compiled);
}

/* Whether its libraries load: newer ones link the driver. */
static gboolean
is_whole (const CudnnLibrary *library)
{
  const CudaWindow w = {.batch = 1,
                        .channels = 16,
                        .outputs = 16,
                        .groups = 1,
                        .in = {1, 1, 1},
                        .out = {1, 1, 1},
                        .kernel = {1, 1, 1},
                        .stride = {1, 1, 1},
                        .dilation = {1, 1, 1}};
  const CudnnProblem problem = problem_of (&w, FLOATS);
  CudnnGraph graph;
  const int status = praxi_cudnn_graph (library, NULL, &problem, &graph);
  praxi_cudnn_graph_clear (&graph);
  return status != DNN_STATUS_SUBLIBRARY_LOADING_FAILED;
}

static void
test_descriptors (gconstpointer data)
{
  const CudnnTarget target = {.library = praxi_cudnn_library (NULL)};
  if (!is_whole (target.library)) {
    g_test_skip ("cuDNN or NVRTC is not whole, or wants a driver to be there");
    return;
  }
  const Count count = try_net (&target, data);
  g_assert_cmpint (count.dense, >, 0);
  for (Form form = 0; form < FORMS; form++)
    g_assert_cmpint (count.accepted[form], ==, count.shapes);
  say (data, NULL, &count);
}

static CudnnDescriptor
read_properties (const CudnnLibrary *library, const char *path)
{
  g_autofree char *json = NULL;
  gsize bytes = 0;
  CudnnDescriptor properties = NULL;
  g_assert_true (g_file_get_contents (path, &json, &bytes, NULL));
  g_assert_cmpint (library->descriptor_create (DNN_BACKEND_DEVICEPROP_DESCRIPTOR, &properties), ==,
                   0);
  g_assert_cmpint (library->set (properties, DNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, DNN_TYPE_CHAR,
                                 (int64_t) bytes, json),
                   ==, 0);
  g_assert_cmpint (library->finalize (properties), ==, 0);
  return properties;
}

/* For every device that was described, each net has INT8 engines. */
static void
test_engines (void)
{
  const char *shared = g_getenv ("PRAXI_SHARED");
  g_autofree char *folder = g_build_filename (
      shared != NULL ? shared : PRAXI_SOURCE_ROOT "/../shared", "data", "cudnn", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  int n = 0;
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    if (!g_str_has_suffix (name, ".json"))
      continue;
    g_autofree char *path = g_build_filename (folder, name, NULL);
    CudnnTarget target = {.library = praxi_cudnn_library (NULL)};
    target.properties = read_properties (target.library, path);
    for (unsigned i = 0; i < G_N_ELEMENTS (nets); i++) {
      const Count count = try_net (&target, nets[i]);
      say (nets[i], name, &count);
      g_assert_cmpint (count.with_engine[BYTES_SIGNED], >, 0);
    }
    target.library->descriptor_destroy (target.properties);
    n++;
  }
  if (n == 0)
    g_test_skip ("no description of a device is there: tests/bench/gpu.sh writes it on one");
}

int
main (int argc, char **argv)
{
  char said[PRAXI_WHY_BYTES] = "";
  g_test_init (&argc, &argv, NULL);
  if (praxi_cudnn_library (said) == NULL) {
    g_print ("1..0 # SKIP %s\n", said);
    return 0;
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (nets); i++) {
    g_autofree char *path = g_strdup_printf ("/cudnn/descriptors/%s", nets[i]);
    g_test_add_data_func (path, nets[i], test_descriptors);
  }
  g_test_add_func ("/cudnn/engines", test_engines);
  return g_test_run ();
}
