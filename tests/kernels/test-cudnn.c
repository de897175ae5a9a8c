/* cuDNN beside the own convolutions, by a stand-in for it on the emulated GPU: chosen where it is
 * faster and gives every byte, refused with a sentence where anything is wrong, its plans kept.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "kernels/backend.h"
#include "tests/kernels/cpu-support.h"

typedef struct {
  const char *name;
  PraxiDType x, y, residual; /* residual: 0 for none */
  int x_zero, y_zero;
  int pad, stride;
} Conv;

/* Of floats. */
typedef struct {
  const char *name, *kernel;
  bool is_half, has_residual;
  PraxiActivation activation;
} FloatConv;

enum { CHANNELS = 8, OUTPUTS = 16, SIDE = 5, FRAMES = 3 };

static const FloatConv float_convs[] = {
    {"f16", "conv-f16-cudnn", true, false, PRAXI_ACTIVATION_RELU},
    {"f16-residual", "conv-f16-cudnn", true, true, PRAXI_ACTIVATION_SWISH},
    {"f16-hard", "conv-f16-mma", true, false, PRAXI_ACTIVATION_HARD_SWISH}, /* cuDNN has none */
    {"f32", "conv-f32-cudnn", false, false, PRAXI_ACTIVATION_NONE},
    {"f32-residual", "conv-f32-cudnn", false, true, PRAXI_ACTIVATION_CLIP},
};

static const Conv convs[] = {
    {"as-it-lies", PRAXI_U8, PRAXI_U8, 0, 0, 0, 1, 1},
    {"residual", PRAXI_U8, PRAXI_U8, PRAXI_U8, 0, 9, 1, 1},
    {"border", PRAXI_U8, PRAXI_S8, PRAXI_U8, 7, 3, 1, 2},
    {"no-border", PRAXI_U8, PRAXI_U8, 0, 200, 0, 0, 1},
    {"signed", PRAXI_S8, PRAXI_S8, PRAXI_S8, 0, -5, 1, 1},
    {"signed-border", PRAXI_S8, PRAXI_U8, PRAXI_S8, -3, 0, 1, 2},
};

/* What came of a run. */
typedef struct {
  char kernel[32], remark[PRAXI_WHY_BYTES];
} Outcome;

static char *cache, *log_path;

static const PraxiPlugin *
plugin (void)
{
  char why[PRAXI_WHY_BYTES] = "";
  const PraxiPlugin *found = praxi_plugin_cuda (why);
  g_assert_cmpstr (why, ==, "");
  return found;
}

typedef struct {
  PraxiOp op;
  PraxiTensor x, w, bias, residual, y, truth;
  float multiplier[OUTPUTS], offset[OUTPUTS];
  const PraxiTensor *in[4];
  int n_in;
  float limit; /* how far from the truth is good enough */
} Problem;

/* Tensors and window; types: of x, w, residual and y. */
static void
make_tensors (Problem *p, int pad, int stride, const PraxiDType *types)
{
  const int64_t side = (SIDE + 2 * pad - 3) / stride + 1;
  const int64_t frames = (FRAMES + 2 * pad - 3) / stride + 1;
  const int64_t x[] = {1, CHANNELS, FRAMES, SIDE, SIDE}, w[] = {OUTPUTS, CHANNELS, 3, 3, 3};
  const int64_t y[] = {1, OUTPUTS, frames, side, side};
  PraxiWindow *window = &p->op.window;
  window->n_spatial = 3;
  window->group = 1;
  for (int a = 0; a < 3; a++) {
    window->kernel[a] = 3;
    window->stride[a] = stride;
    window->dilation[a] = 1;
    window->pad_begin[a] = window->pad_end[a] = pad;
  }
  p->x = test_tensor (types[0], LAYOUT_CHANNELS_LAST, 5, x);
  p->w = test_tensor (types[1], LAYOUT_ROW_MAJOR, 5, w);
  p->bias = test_tensor (PRAXI_F32, LAYOUT_ROW_MAJOR, 1, y + 1);
  p->residual = test_tensor (types[2], LAYOUT_CHANNELS_LAST, 5, y);
  p->y = test_tensor (types[3], LAYOUT_CHANNELS_LAST, 5, y);
  p->truth = test_tensor (types[3], LAYOUT_CHANNELS_LAST, 5, y);
  PraxiTensor *filled[] = {&p->x, &p->w, &p->residual, &p->bias};
  for (unsigned i = 0; i < G_N_ELEMENTS (filled); i++)
    test_fill (filled[i], i + 1, 1);
}

static void
find_truth (Problem *p)
{
  const PraxiTensor *truths[] = {&p->truth};
  g_assert_true (test_run (praxi_backend_ref (), &p->op, p->in, p->n_in, truths, 1, NULL, NULL));
}

static void
problem_init (Problem *p, const Conv *conv)
{
  *p = (Problem){.op = {.kind = PRAXI_OP_QCONV, .to = conv->y}};
  const PraxiDType types[] = {conv->x, PRAXI_S8, conv->residual ? conv->residual : PRAXI_U8,
                              conv->y};
  make_tensors (p, conv->pad, conv->stride, types);
  for (int o = 0; o < OUTPUTS; o++) {
    p->multiplier[o] = 0.0007f * (float) (1 + o % 5);
    p->offset[o] = (float) (o * 7 % 31) - 9.3f;
  }
  const int low = conv->y == PRAXI_S8 ? -128 : 0;
  p->op.requantize = (PraxiRequantize){.multiplier = p->multiplier,
                                       .offset = p->offset,
                                       .input_zero = conv->x_zero,
                                       .output_zero = conv->y_zero,
                                       .residual_zero = 4,
                                       .residual_multiplier = 0.37f,
                                       .low = MAX (low, conv->y_zero),
                                       .high = low + 255};
  p->op.has_residual = conv->residual != 0;
  p->in[0] = &p->x;
  p->in[1] = &p->w;
  p->in[2] = &p->residual;
  p->n_in = 2 + p->op.has_residual;
  find_truth (p);
}

static void
problem_init_floats (Problem *p, const FloatConv *conv)
{
  static const PraxiDType types[] = {PRAXI_F32, PRAXI_F32, PRAXI_F32, PRAXI_F32};
  *p = (Problem){.op = {.kind = PRAXI_OP_CONV,
                        .activation = conv->activation,
                        .alpha = -0.5f,
                        .beta = 3,
                        .has_residual = conv->has_residual},
                 .limit = conv->is_half ? 0.02f : 1e-4f};
  make_tensors (p, 1, 1, types);
  p->in[0] = &p->x;
  p->in[1] = &p->w;
  p->in[2] = &p->bias;
  p->in[3] = &p->residual;
  p->n_in = 3 + conv->has_residual;
  find_truth (p);
}

static void
problem_clear (Problem *p)
{
  PraxiTensor *all[] = {&p->x, &p->w, &p->bias, &p->residual, &p->y, &p->truth};
  for (unsigned i = 0; i < G_N_ELEMENTS (all); i++)
    test_tensor_clear (all[i]);
}

/* A tensor of the device with the data of this one. */
static PraxiTensor
there (const PraxiBackend *device, const PraxiTensor *here)
{
  PraxiTensor tensor = *here;
  g_assert_cmpint (device->device->reserve (device, test_bytes (here), &tensor.data), ==, PRAXI_OK);
  g_assert_cmpint (device->device->upload (device, tensor.data, here->data, test_bytes (here)), ==,
                   PRAXI_OK);
  return tensor;
}

/* Reads the result and compares it with the truth. */
static void
check (const PraxiBackend *device, const PraxiTensor *y, Problem *p)
{
  g_assert_cmpint (device->device->download (device, p->y.data, y->data, test_bytes (&p->y)), ==,
                   PRAXI_OK);
  if (p->limit > 0)
    g_assert_cmpfloat (test_max_difference (&p->y, &p->truth), <=, p->limit);
  else
    g_assert_cmpmem (p->y.data, test_bytes (&p->y), p->truth.data, test_bytes (&p->truth));
  memset (p->y.data, 0x55, test_bytes (&p->y));
  device->device->upload (device, y->data, p->y.data, test_bytes (&p->y));
}

/* Runs it as the executor does: once, then recorded, then from the recording. */
static void
run_three_times (const PraxiBackend *device, Problem *p, PraxiKernel *kernel)
{
  const PraxiDeviceTable *table = device->device;
  PraxiTensor x = there (device, &p->x), residual = there (device, &p->residual),
              y = there (device, &p->y);
  const PraxiTensor *in[] = {&x, &p->w, &residual, &residual}, *out[] = {&y};
  PraxiRecording *recording = NULL;
  if (p->op.kind == PRAXI_OP_CONV)
    in[2] = &p->bias;
  g_assert_cmpint (device->run (kernel, in, out, NULL, NULL), ==, PRAXI_OK);
  check (device, &y, p);
  g_assert_cmpint (table->recording_begin (device), ==, PRAXI_OK);
  g_assert_cmpint (device->run (kernel, in, out, NULL, NULL), ==, PRAXI_OK);
  g_assert_cmpint (table->recording_end (device, &recording), ==, PRAXI_OK);
  g_assert_cmpint (table->recording_run (device, recording), ==, PRAXI_OK);
  check (device, &y, p);
  table->recording_free (device, recording);
  table->release (device, x.data);
  table->release (device, residual.data);
  table->release (device, y.data);
}

static Outcome
run_problem (const PraxiBackend *device, Problem *p)
{
  Outcome outcome = {.remark = ""};
  PraxiKernel *kernel = NULL;
  void *constants = NULL;
  PraxiTensor x = p->x, residual = p->residual;
  x.data = residual.data = NULL;
  const PraxiTensor *in[] = {&x, &p->w, &residual, &residual}, *out[] = {&p->y};
  if (p->op.kind == PRAXI_OP_CONV)
    in[2] = &p->bias;
  g_assert_cmpint (device->prepare (device, &p->op, in, p->n_in, out, 1, NULL, &kernel), ==,
                   PRAXI_OK);
  g_assert_cmpint (
      device->device->reserve (device, device->kernel_weight_bytes (kernel), &constants), ==,
      PRAXI_OK);
  g_assert_cmpint (device->device->place (kernel, constants), ==, PRAXI_OK);
  run_three_times (device, p, kernel);
  g_strlcpy (outcome.kernel, device->kernel_name (kernel), sizeof outcome.kernel);
  device->device->remark (device, outcome.remark);
  device->kernel_free (kernel);
  device->device->release (device, constants);
  problem_clear (p);
  return outcome;
}

/* One convolution on a backend that may have run others before. */
static Outcome
run_on (const PraxiBackend *device, const Conv *conv)
{
  Problem p;
  problem_init (&p, conv);
  return run_problem (device, &p);
}

static PraxiBackend *
open_device (size_t budget_bytes)
{
  char why[PRAXI_WHY_BYTES] = "";
  PraxiBackend *device = NULL;
  const PraxiDeviceOptions options = {.budget_bytes = budget_bytes};
  g_assert_cmpint (plugin ()->open (&options, &device, why), ==, PRAXI_OK);
  return device;
}

static Outcome
run_float_conv (const FloatConv *conv)
{
  char why[PRAXI_WHY_BYTES] = "";
  PraxiBackend *device = NULL;
  const PraxiDeviceOptions options = {.is_half = conv->is_half};
  Problem p;
  g_assert_cmpint (plugin ()->open (&options, &device, why), ==, PRAXI_OK);
  problem_init_floats (&p, conv);
  const Outcome outcome = run_problem (device, &p);
  device->device->close (device);
  return outcome;
}

static Outcome
run_conv (const Conv *conv)
{
  PraxiBackend *device = open_device (0);
  const Outcome outcome = run_on (device, conv);
  device->device->close (device);
  return outcome;
}

static void
forget (void)
{
  g_autofree char *folder = g_build_filename (cache, "praxiscope", "cudnn", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_unlink (path);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_unlink (log_path);
}

/* Lines that the stand-in wrote since the last time. */
static guint
count (const char *what)
{
  g_autofree char *text = NULL;
  guint n = 0;
  if (!g_file_get_contents (log_path, &text, NULL, NULL))
    return 0;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_equal (lines[i], what);
  return n;
}

static void
assert_cudnn (const Outcome *outcome)
{
  g_assert_cmpstr (outcome->kernel, ==, "conv-s8-cudnn");
}

static void
assert_own (const Outcome *outcome)
{
  if (!g_str_has_prefix (outcome->kernel, "conv-s8-mma"))
    g_error ("%s runs: %s", outcome->kernel, outcome->remark);
}

static void
test_chosen (gconstpointer data)
{
  forget ();
  const Outcome outcome = run_conv (data);
  assert_cudnn (&outcome);
  g_assert_cmpstr (outcome.remark, ==, "");
}

/* Where it knows nothing of u8, copies as s8 do. */
static void
test_by_copies (gconstpointer data)
{
  forget ();
  g_setenv ("FAKE_CUDNN_NO_U8", "1", TRUE);
  const Outcome outcome = run_conv (data);
  g_unsetenv ("FAKE_CUDNN_NO_U8");
  assert_cudnn (&outcome);
}

static void
test_floats (gconstpointer data)
{
  const FloatConv *conv = data;
  forget ();
  Outcome outcome = run_float_conv (conv);
  g_assert_cmpstr (outcome.kernel, ==, conv->kernel);
  outcome = run_float_conv (conv); /* from the file */
  g_assert_cmpstr (outcome.kernel, ==, conv->kernel);
  forget ();
  g_setenv ("FAKE_CUDNN_WRONG", "1", TRUE);
  outcome = run_float_conv (conv);
  g_unsetenv ("FAKE_CUDNN_WRONG");
  g_assert_true (g_str_has_prefix (outcome.kernel, conv->is_half ? "conv-f16-mma" : "conv-f32-ti"));
  if (g_str_has_suffix (conv->kernel, "cudnn"))
    g_assert_nonnull (strstr (outcome.remark, "its results are up to"));
}

/* f32 stays f32: engines that round operands are for --f16. */
static void
test_exact (void)
{
  forget ();
  g_setenv ("FAKE_CUDNN_TENSOR_CORES", "1", TRUE);
  const Outcome half = run_float_conv (&float_convs[0]), exact = run_float_conv (&float_convs[3]);
  g_unsetenv ("FAKE_CUDNN_TENSOR_CORES");
  g_assert_cmpstr (half.kernel, ==, "conv-f16-cudnn");
  g_assert_cmpstr (exact.kernel, ==, "conv-f32-tiled");
}

typedef struct {
  const char *name, *setting, *value, *said; /* said: in the remark; "" for none */
  gboolean stays;                            /* it is chosen all the same, by another graph */
} Fault;

static const Fault faults[] = {
    {"wrong", "FAKE_CUDNN_WRONG", "1", "refused: number ", FALSE},
    {"unfused", "FAKE_CUDNN_UNFUSED", "1", "differs on products before sums", FALSE},
    {"ties", "FAKE_CUDNN_TIES_AWAY", "1", "differs on ties", TRUE},
    {"no-engine", "FAKE_CUDNN_ENGINES", "0", "", FALSE},
    {"slower", "FAKE_CUDNN_MS", "3", "", FALSE},
    {"no-plan", "FAKE_CUDNN_FINALIZE", "3000", "", FALSE},
    {"no-nvrtc", "FAKE_CUDNN_FINALIZE", "3008", "cuDNN or NVRTC is not whole", FALSE},
    {"fails", "FAKE_CUDNN_FAIL", "1", "does not run", FALSE},
    {"not-recorded", "FAKE_CUDNN_FAIL", "capture", "does not run or cannot be recorded", FALSE},
    {"workspace", "FAKE_CUDNN_WORKSPACE", "5000000000", "bytes more than the GPU has", FALSE},
};

static void
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  forget ();
  g_setenv (fault->setting, fault->value, TRUE);
  const Outcome outcome = run_conv (&convs[0]);
  g_unsetenv (fault->setting);
  if (fault->stays)
    assert_cudnn (&outcome);
  else
    assert_own (&outcome);
  g_assert_nonnull (strstr (outcome.remark, fault->said));
  g_assert_cmpint (outcome.remark[0] == '\0', ==, fault->said[0] == '\0');
  /* What was found wrong is not compiled again; what only was not there is. */
  g_unlink (log_path);
  const Outcome again = run_conv (&convs[0]);
  const gboolean may_change =
      g_str_equal (fault->name, "workspace") || g_str_equal (fault->name, "no-nvrtc");
  if (fault->stays || may_change)
    assert_cudnn (&again);
  else
    assert_own (&again);
  g_assert_cmpuint (count ("compile"), ==, may_change ? 2 : 0);
}

static void
test_workspace (void)
{
  forget ();
  g_setenv ("FAKE_CUDNN_WORKSPACE", "3000000", TRUE);
  const Outcome outcome = run_conv (&convs[2]);
  g_unsetenv ("FAKE_CUDNN_WORKSPACE");
  assert_cudnn (&outcome);
}

/* Memory that only lacks for the exam. */
static void
test_budget (void)
{
  forget ();
  PraxiBackend *device = open_device (1064000);
  g_setenv ("FAKE_CUDNN_WORKSPACE", "1040000", TRUE);
  const Outcome outcome = run_on (device, &convs[0]);
  g_unsetenv ("FAKE_CUDNN_WORKSPACE");
  device->device->close (device);
  assert_own (&outcome);
  g_assert_nonnull (strstr (outcome.remark, "no memory is left to examine"));
  g_unlink (log_path);
  const Outcome again = run_conv (&convs[0]);
  assert_cudnn (&again);
  g_assert_cmpuint (count ("compile"), ==, 0);
}

/* No more than some seconds of a process are spent on compiling; the next one goes on. */
static void
test_time (void)
{
  forget ();
  g_setenv ("FAKE_CUDNN_FINALIZE_S", "1.1", TRUE);
  PraxiBackend *device = open_device (0);
  Outcome outcome = run_on (device, &convs[0]);
  assert_cudnn (&outcome);
  outcome = run_on (device, &convs[4]);
  assert_own (&outcome);
  device->device->close (device);
  g_unsetenv ("FAKE_CUDNN_FINALIZE_S");
  g_unlink (log_path);
  device = open_device (0);
  outcome = run_on (device, &convs[0]);
  assert_cudnn (&outcome);
  g_assert_cmpuint (count ("compile"), ==, 0);
  outcome = run_on (device, &convs[4]);
  assert_cudnn (&outcome);
  device->device->close (device);
}

static char *
only_file (void)
{
  g_autofree char *folder = g_build_filename (cache, "praxiscope", "cudnn", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (dir);
  char *path = g_build_filename (folder, g_dir_read_name (dir), NULL);
  g_assert_null (g_dir_read_name (dir));
  return path;
}

static void
test_kept (void)
{
  forget ();
  Outcome outcome = run_conv (&convs[0]);
  assert_cudnn (&outcome);
  g_assert_cmpuint (count ("compile"), ==, 2); /* two engines */
  g_unlink (log_path);
  outcome = run_conv (&convs[0]);
  assert_cudnn (&outcome);
  g_assert_cmpuint (count ("compile"), ==, 0);
  g_assert_cmpuint (count ("load"), ==, 1);
}

/* A file that was cut, changed, or written for something else. */
static void
test_broken (void)
{
  forget ();
  run_conv (&convs[0]);
  g_autofree char *path = only_file (), *text = NULL;
  gsize length = 0;
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  for (int kind = 0; kind < 4; kind++) {
    g_autofree char *broken = g_memdup2 (text, length + 1);
    if (kind == 1)
      broken[length - 40] ^= 1;
    if (kind == 2)
      *strstr (broken, "cuDNN 9") = 'C';
    g_assert_true (g_file_set_contents (path, broken,
                                        kind == 0   ? (gssize) length / 2
                                        : kind == 3 ? 0
                                                    : (gssize) length,
                                        NULL));
    g_unlink (log_path);
    const Outcome outcome = run_conv (&convs[0]);
    assert_cudnn (&outcome);
    g_assert_nonnull (strstr (outcome.remark, "broken and is made again"));
    g_assert_cmpuint (count ("compile"), ==, 2);
  }
}

/* Nothing is wrong with a folder that cannot be written. */
static void
test_no_folder (void)
{
  forget ();
  g_autofree char *before = g_strdup (g_getenv ("XDG_CACHE_HOME"));
  g_setenv ("XDG_CACHE_HOME", "/proc/nowhere", TRUE);
  const Outcome outcome = run_conv (&convs[0]);
  g_setenv ("XDG_CACHE_HOME", before, TRUE);
  assert_cudnn (&outcome);
}

/* A plan that ends the program is not tried a second time. */
static void
test_crash (void)
{
  if (g_test_subprocess ()) {
    run_conv (&convs[0]);
    return;
  }
  forget ();
  g_setenv ("FAKE_CUDNN_CRASH", "1", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unsetenv ("FAKE_CUDNN_CRASH");
  g_test_trap_assert_failed ();
  g_unlink (log_path);
  const Outcome outcome = run_conv (&convs[0]);
  g_assert_cmpuint (count ("compile"), ==, 2); /* of the next graph alone */
  assert_cudnn (&outcome);
}

typedef struct {
  const char *name, *setting, *value, *said;
} Start;

static const Start starts[] = {
    {"old", "FAKE_CUDNN_VERSION", "91400",
     "cuDNN 9.14 is not used: it has to be 9.15 or a newer 9"},
    {"off", "PRAXI_CUDNN", "off", "cuDNN is not used: PRAXI_CUDNN is off"},
    {"good", "FAKE_CUDNN_VERSION", "92801", "cuDNN 9.28 is tried beside the own convolutions"},
    {"not-started", "FAKE_CUDNN_CREATE", "1001",
     "cuDNN does not start (CUDNN_STATUS_NOT_INITIALIZED); own kernels do its work"},
};

static void
test_start (gconstpointer data)
{
  const Start *start = data;
  if (g_test_subprocess ()) {
    char said[PRAXI_WHY_BYTES] = "";
    plugin ()->library (said);
    const Outcome outcome = run_conv (&convs[0]);
    printf ("%s\n%s\n%s\n", said, outcome.kernel, outcome.remark);
    return;
  }
  forget ();
  g_setenv (start->setting, start->value, TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unsetenv (start->setting);
  g_autofree char *said = g_strdup_printf ("*%s*", start->said);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout (said);
  g_test_trap_assert_stdout (g_str_equal (start->name, "good") ? "*conv-s8-cudnn*"
                                                               : "*conv-s8-mma*");
}

static void
add_convs (const char *what, void (*test) (gconstpointer))
{
  for (unsigned i = 0; i < G_N_ELEMENTS (convs); i++) {
    g_autofree char *path = g_strdup_printf ("/cudnn/%s/%s", what, convs[i].name);
    g_test_add_data_func (path, &convs[i], test);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree char *given = g_strdup (g_getenv ("PRAXI_TEST_CACHE")); /* of a subprocess */
  cache = given != NULL ? g_steal_pointer (&given) : g_dir_make_tmp ("praxi-cudnn-XXXXXX", NULL);
  log_path = g_build_filename (cache, "log", NULL);
  g_setenv ("PRAXI_TEST_CACHE", cache, TRUE);
  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_setenv ("FAKE_CUDNN_LOG", log_path, TRUE);
  add_convs ("chosen", test_chosen);
  add_convs ("by-copies", test_by_copies);
  for (unsigned i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *path = g_strdup_printf ("/cudnn/fault/%s", faults[i].name);
    g_test_add_data_func (path, &faults[i], test_fault);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (starts); i++) {
    g_autofree char *path = g_strdup_printf ("/cudnn/start/%s", starts[i].name);
    g_test_add_data_func (path, &starts[i], test_start);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (float_convs); i++) {
    g_autofree char *path = g_strdup_printf ("/cudnn/floats/%s", float_convs[i].name);
    g_test_add_data_func (path, &float_convs[i], test_floats);
  }
  g_test_add_func ("/cudnn/exact", test_exact);
  g_test_add_func ("/cudnn/workspace", test_workspace);
  g_test_add_func ("/cudnn/budget", test_budget);
  g_test_add_func ("/cudnn/time", test_time);
  g_test_add_func ("/cudnn/kept", test_kept);
  g_test_add_func ("/cudnn/broken", test_broken);
  g_test_add_func ("/cudnn/no-folder", test_no_folder);
  g_test_add_func ("/cudnn/crash", test_crash);
  const int status = g_test_run ();
  if (!g_test_subprocess ())
    forget ();
  g_free (cache);
  g_free (log_path);
  return status;
}
