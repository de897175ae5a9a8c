/* Models on the GPU: a line of a Markdown table for each model and batch, with the processor's
 * answer to the same clips beside it. Links neither FFmpeg nor a program's other needs, so that it
 * runs from a carried folder.
 *
 * usage: bench-gpu [--profile] [--single] MODEL.onnx…       prints rows; --single: of one clip at
 * once alone; exit 77 where there is no GPU
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/infer/device.h"
#include "engine/infer/executor.h"

enum { WARM_UP = 5, MIN_RUNS = 20 };

typedef struct {
  PraxiExecutor *executor;
  PraxiTensor *in, *out;
  int n_in, n_out;
} Run;

static void *
room (const PraxiTensor *tensor, gsize *bytes)
{
  praxi_tensor_bytes (tensor, bytes);
  return g_malloc0 (*bytes + 1);
}

static gboolean
run_open (Run *run, PraxiModel *model, const PraxiExecutorOptions *options, GError **error)
{
  run->executor = praxi_executor_new (model, options, error);
  if (run->executor == NULL)
    return FALSE;
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  gsize bytes;
  run->n_in = praxi_executor_n_inputs (run->executor);
  run->n_out = praxi_executor_n_outputs (run->executor);
  run->in = g_new0 (PraxiTensor, run->n_in);
  run->out = g_new0 (PraxiTensor, run->n_out);
  for (int i = 0; i < run->n_in; i++) {
    int64_t count = 0;
    run->in[i] = *praxi_executor_input (run->executor, i);
    run->in[i].data = room (&run->in[i], &bytes);
    praxi_tensor_count (&run->in[i], &count);
    const gboolean is_float = run->in[i].dtype == PRAXI_F32;
    for (int64_t k = 0; k < count; k++)
      praxi_tensor_set (&run->in[i], k,
                        is_float ? g_rand_double_range (random, -1, 1)
                                 : g_rand_int_range (random, 0, 128));
  }
  for (int i = 0; i < run->n_out; i++) {
    run->out[i] = *praxi_executor_output (run->executor, i);
    run->out[i].data = room (&run->out[i], &bytes);
  }
  return TRUE;
}

static void
run_close (Run *run)
{
  for (int i = 0; i < run->n_in; i++)
    g_free (run->in[i].data);
  for (int i = 0; i < run->n_out; i++)
    g_free (run->out[i].data);
  g_free (run->in);
  g_free (run->out);
  g_clear_pointer (&run->executor, praxi_executor_free);
}

static gboolean
once (Run *run, GError **error)
{
  return praxi_executor_run_tensors (run->executor, run->in, run->out, error);
}

static gint
compare_cb (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* The median of the runs of a second, in ms; negative on failure. */
static double
median_ms (Run *run, GError **error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  for (int i = 0; i < WARM_UP; i++)
    if (!once (run, error))
      return -1;
  const gint64 begin_us = g_get_monotonic_time ();
  for (gint64 at = begin_us; at - begin_us < G_USEC_PER_SEC || times->len < MIN_RUNS;) {
    if (!once (run, error))
      return -1;
    const gint64 now = g_get_monotonic_time ();
    const double ms = (double) (now - at) / 1e3;
    g_array_append_val (times, ms);
    at = now;
  }
  g_array_sort (times, compare_cb);
  return g_array_index (times, double, times->len / 2);
}

/* How far the first output is from the processor's, as a share of its largest value. */
static double
difference (PraxiModel *model, const Run *run, int batch, GError **error)
{
  Run here = {0};
  double off = -1, top = 0;
  const PraxiExecutorOptions cpu = {.backend = "cpu", .batch = batch};
  if (run_open (&here, model, &cpu, error) && once (&here, error)) {
    int64_t count = 0;
    praxi_tensor_count (&here.out[0], &count);
    off = 0;
    for (int64_t i = 0; i < count; i++) {
      const double a = praxi_tensor_get (&here.out[0], i), b = praxi_tensor_get (&run->out[0], i);
      off = MAX (off, fabs (a - b));
      top = MAX (top, fabs (a));
    }
    off = top > 0 ? off / top : off;
  }
  run_close (&here);
  return off;
}

static void
print_profile (Run *run)
{
  praxi_executor_set_profiling (run->executor, TRUE);
  for (int i = 0; i < MIN_RUNS; i++)
    once (run, NULL);
  g_autoptr (GArray) profile = praxi_executor_profile (run->executor);
  for (guint i = 0; i < profile->len; i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (profile, PraxiExecutorOpProfile, i);
    fprintf (stderr, "%9.3f ms  %-18s %-20s %s\n", op->ms, op->op, op->kernel, op->name);
  }
  praxi_executor_set_profiling (run->executor, FALSE);
}

static guint
steps_elsewhere (const Run *run)
{
  g_autoptr (GArray) profile = praxi_executor_profile (run->executor);
  guint n = 0;
  for (guint i = 0; i < profile->len; i++)
    n += g_strcmp0 (g_array_index (profile, PraxiExecutorOpProfile, i).backend, "cuda") != 0;
  return n;
}

static gboolean
bench (PraxiModel *model, const PraxiExecutorOptions *options, gboolean profiles, GError **error)
{
  const int batch = options->batch;
  Run run = {0};
  double ms = -1, off = -1;
  const gboolean opened = run_open (&run, model, options, error);
  const int got = opened ? praxi_executor_batch (run.executor) : 0;
  if (opened && got == batch)
    ms = median_ms (&run, error);
  if (ms >= 0)
    off = difference (model, &run, batch, error);
  if (off >= 0)
    printf ("| %s | %s | %d | %.3f | %.1f | %.1f | %u | %.1e | %s |\n", praxi_model_name (model),
            praxi_executor_precision (run.executor), batch, ms, batch * 1e3 / ms,
            (double) praxi_executor_peak_bytes (run.executor) / 1048576, steps_elsewhere (&run),
            off, praxi_executor_device_name (run.executor));
  if (off >= 0 && profiles)
    print_profile (&run);
  fflush (stdout);
  run_close (&run);
  return off >= 0 || got != batch; /* a model of another batch is no failure */
}

static gboolean
has_gpu (void)
{
  g_autoptr (GPtrArray) devices = praxi_devices_list ();
  for (guint i = 0; i < devices->len; i++) {
    const PraxiDevice *device = devices->pdata[i];
    if (g_str_equal (device->backend, "cuda") && device->is_usable)
      return TRUE;
    if (g_str_equal (device->backend, "cuda"))
      fprintf (stderr, "bench-gpu: %s\n", device->why);
  }
  return FALSE;
}

int
main (int argc, char **argv)
{
  static const int batches[] = {1, 8, 32};
  gboolean profiles = FALSE;
  guint n_batches = G_N_ELEMENTS (batches);
  int failures = 0;
  if (!has_gpu ())
    return 77;
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    if (strcmp (argv[i], "--profile") == 0) {
      profiles = TRUE;
      continue;
    }
    if (strcmp (argv[i], "--single") == 0) {
      n_batches = 1;
      continue;
    }
    g_autoptr (PraxiModel) model = praxi_model_load (argv[i], &error);
    const gboolean is_float = model != NULL && g_str_equal (praxi_model_precision (model), "f32");
    for (guint b = 0; model != NULL && b < 2 * n_batches && error == NULL; b++) {
      const PraxiExecutorOptions options = {
          .backend = "cuda", .batch = batches[b / 2], .is_half = b % 2 == 1};
      if (!options.is_half || is_float) /* bytes stay bytes */
        failures += !bench (model, &options, profiles && b == 0, &error);
    }
    if (error != NULL)
      fprintf (stderr, "bench-gpu: %s: %s\n", argv[i], error->message);
    failures += model == NULL;
  }
  return failures > 0;
}
