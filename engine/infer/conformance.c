#include "engine/infer/conformance.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/tensor-file.h"

enum { MAX_TENSORS = 64 };

typedef struct {
  int n;
  PraxiTensor tensors[MAX_TENSORS];
  GBytes *bytes[MAX_TENSORS];
} Tensors;

static void
tensors_clear (Tensors *tensors)
{
  for (int i = 0; i < tensors->n; i++)
    g_clear_pointer (&tensors->bytes[i], g_bytes_unref);
  tensors->n = 0;
}

/* Reads kind_0.pb, kind_1.pb … as far as they go. */
static gboolean
read_tensors (const char *folder, const char *kind, Tensors *tensors, GError **error)
{
  tensors->n = 0;
  for (int i = 0; i < MAX_TENSORS; i++) {
    g_autofree char *file = g_strdup_printf ("%s_%d.pb", kind, i);
    g_autofree char *path = g_build_filename (folder, file, NULL);
    g_autofree char *name = NULL;
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      return TRUE;
    if (!praxi_tensor_file_read (path, &name, &tensors->tensors[i], &tensors->bytes[i], error))
      return FALSE;
    tensors->n++;
  }
  return TRUE;
}

typedef enum { BIND_SHAPES, BIND_INT64, BIND_ALL_BUT_FIRST, BIND_ALL, N_BINDS } Bind;

static gboolean
binds (Bind how, int i, PraxiDType dtype)
{
  switch (how) {
  case BIND_SHAPES:
    return FALSE;
  case BIND_INT64:
    return dtype == PRAXI_S64;
  case BIND_ALL_BUT_FIRST:
    return i > 0;
  default:
    return TRUE;
  }
}

/* The tests keep bfloat16 as uint16. */
static void
restore_bfloat16 (PraxiTensor *tensor, PraxiDType dtype)
{
  if (dtype == PRAXI_BF16 && tensor->dtype == PRAXI_U16)
    tensor->dtype = PRAXI_BF16;
}

/* Binds as few inputs to their values as it takes to know every shape. */
static PraxiExecutor *
new_executor (const PraxiGraph *graph,
              const Tensors *in,
              const PraxiExecutorOptions *options,
              Bind *how,
              GError **error)
{
  PraxiBinding bindings[MAX_TENSORS];
  for (*how = BIND_SHAPES; *how < N_BINDS; (*how)++) {
    for (int i = 0; i < in->n; i++) {
      const int input = g_array_index (graph->inputs, int, i);
      bindings[i] = (PraxiBinding){praxi_graph_value (graph, input)->name, in->tensors[i]};
      if (!binds (*how, i, in->tensors[i].dtype))
        bindings[i].tensor.data = NULL;
    }
    g_clear_error (error);
    PraxiExecutor *executor = praxi_executor_new_for_graph (graph, bindings, in->n, options, error);
    if (executor != NULL || g_error_matches (*error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED))
      return executor;
  }
  return NULL;
}

static gboolean
is_float (PraxiDType dtype)
{
  return dtype >= PRAXI_F32 && dtype <= PRAXI_BF16;
}

static gboolean
same_shape (const PraxiTensor *a, const PraxiTensor *b)
{
  gboolean same = a->rank == b->rank && a->dtype == b->dtype;
  for (int d = 0; same && d < a->rank; d++)
    same = a->dims[d] == b->dims[d];
  return same;
}

/* Of the wanted value. bfloat16 keeps 8 bits: neighbours count as equal, as they do in ONNX's own
 * runner, which cuts where we round.
 */
static double
tolerance (PraxiDType dtype)
{
  return dtype == PRAXI_BF16 ? 1.0 / 128 : 1e-3;
}

/* Returns how many elements differ. */
static int64_t
compare (const PraxiTensor *got, const PraxiTensor *want, double *max_error)
{
  int64_t count = 0, n_wrong = 0;
  praxi_tensor_count (want, &count);
  for (int64_t i = 0; i < count; i++) {
    if (want->dtype == PRAXI_STRING) { /* both row-major */
      n_wrong +=
          memcmp ((const char *) got->data + i * PRAXI_STRING_BYTES,
                  (const char *) want->data + i * PRAXI_STRING_BYTES, PRAXI_STRING_BYTES) != 0;
      continue;
    }
    if (!is_float (want->dtype)) {
      const int64_t a = praxi_tensor_get_int (got, i), b = praxi_tensor_get_int (want, i);
      *max_error = MAX (*max_error, fabs ((double) a - (double) b));
      n_wrong += a != b;
      continue;
    }
    const double a = praxi_tensor_get (got, i), b = praxi_tensor_get (want, i);
    if (a == b || (isnan (a) && isnan (b)))
      continue;
    const double difference = fabs (a - b);
    if (isfinite (difference))
      *max_error = MAX (*max_error, difference);
    n_wrong += !(difference <= 1e-6 + tolerance (want->dtype) * fabs (b));
  }
  return n_wrong;
}

static gboolean
compare_outputs (PraxiConformance *test, const Tensors *got, Tensors *want)
{
  for (int i = 0; i < want->n; i++) {
    restore_bfloat16 (&want->tensors[i], got->tensors[i].dtype);
    if (!same_shape (&got->tensors[i], &want->tensors[i])) {
      test->why = g_strdup_printf ("output %d has another shape or type", i);
      return FALSE;
    }
    const int64_t n_wrong = compare (&got->tensors[i], &want->tensors[i], &test->max_error);
    if (n_wrong > 0) {
      test->why =
          g_strdup_printf ("output %d: %" G_GINT64_FORMAT " elements differ", i, (gint64) n_wrong);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
run (PraxiExecutor *executor, Bind how, const Tensors *in, Tensors *out, GError **error)
{
  PraxiTensor inputs[MAX_TENSORS];
  int n_inputs = 0;
  for (int i = 0; i < in->n; i++)
    if (!binds (how, i, in->tensors[i].dtype))
      inputs[n_inputs++] = in->tensors[i];
  out->n = 0;
  for (int i = 0; i < praxi_executor_n_outputs (executor); i++) {
    gsize bytes = 0;
    out->tensors[i] = *praxi_executor_output (executor, i);
    praxi_tensor_bytes (&out->tensors[i], &bytes);
    out->tensors[i].data = g_malloc0 (bytes + 1);
    out->bytes[i] = g_bytes_new_take (out->tensors[i].data, bytes);
    out->n++;
  }
  return praxi_executor_run_tensors (executor, inputs, out->tensors, error);
}

/* One test_data_set. FALSE with an error, or without one where the outputs differ. */
static gboolean
run_set (PraxiConformance *test,
         const PraxiGraph *graph,
         const char *folder,
         const PraxiExecutorOptions *options,
         GError **error)
{
  Tensors in = {0}, want = {0}, got = {0};
  Bind how;
  gboolean good = FALSE;
  g_autoptr (PraxiExecutor) executor = NULL;
  if (!read_tensors (folder, "input", &in, error) || !read_tensors (folder, "output", &want, error))
    goto out;
  if (in.n != (int) graph->inputs->len || want.n > (int) graph->outputs->len ||
      graph->outputs->len > MAX_TENSORS) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "%d input files for %u inputs", in.n,
                 graph->inputs->len);
    goto out;
  }
  for (int i = 0; i < in.n; i++) {
    const int input = g_array_index (graph->inputs, int, i);
    restore_bfloat16 (&in.tensors[i], praxi_graph_value (graph, input)->tensor.dtype);
  }
  executor = new_executor (graph, &in, options, &how, error);
  good = executor != NULL && run (executor, how, &in, &got, error) &&
         compare_outputs (test, &got, &want);
out:
  tensors_clear (&in);
  tensors_clear (&want);
  tensors_clear (&got);
  return good;
}

static gboolean
run_sets (PraxiConformance *test,
          const char *folder,
          const PraxiExecutorOptions *options,
          GError **error)
{
  g_autofree char *path = g_build_filename (folder, "model.onnx", NULL);
  g_autoptr (PraxiModel) model = praxi_model_load (path, error);
  if (model == NULL)
    return FALSE;
  for (int i = 0;; i++) {
    g_autofree char *name = g_strdup_printf ("test_data_set_%d", i);
    g_autofree char *set = g_build_filename (folder, name, NULL);
    if (!g_file_test (set, G_FILE_TEST_IS_DIR)) {
      if (i == 0)
        g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND, "%s: no test_data_set_0 in it",
                     folder);
      return i > 0;
    }
    if (!run_set (test, praxi_model_graph (model), set, options, error))
      return FALSE;
  }
}

PraxiConformance *
praxi_conformance_run (const char *folder, const PraxiExecutorOptions *options)
{
  PraxiConformance *test = g_new0 (PraxiConformance, 1);
  g_autoptr (GError) error = NULL;
  test->name = g_path_get_basename (folder);
  if (!run_sets (test, folder, options, &error))
    test->result = g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED)
                       ? PRAXI_CONFORMANCE_UNSUPPORTED
                       : PRAXI_CONFORMANCE_FAIL;
  if (test->why == NULL)
    test->why = g_strdup (error != NULL ? error->message : "");
  return test;
}

void
praxi_conformance_free (PraxiConformance *test)
{
  g_free (test->name);
  g_free (test->why);
  g_free (test);
}
