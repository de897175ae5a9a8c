/* praxi bench: speed alone, on random clips. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "app/device.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"

enum { WARM_UP_RUNS = 3, MIN_RUNS = 5, PROFILE_RUNS = 20, PROFILE_US = 1000000 };

typedef struct {
  PraxiExecutor *executor;
  PraxiTensor *in, *out; /* one an input and output, with random data */
  int n_in, n_out;
  int clips;       /* asked for at once */
  gint64 first_us; /* the monotonic clock at the first result */
  gint64 begin_us; /* the same at the start of the process */
} Bench;

/* Bytes anyhow for whole numbers; floats between 0 and 1, so that none is NaN. */
static void
fill (PraxiTensor *tensor, GRand *random)
{
  int64_t count = 0;
  gsize bytes = 0;
  praxi_tensor_count (tensor, &count);
  praxi_tensor_bytes (tensor, &bytes);
  tensor->data = g_malloc0 (bytes + 1);
  if (tensor->dtype == PRAXI_U8 || tensor->dtype == PRAXI_S8)
    for (gsize i = 0; i < bytes; i += sizeof (guint32)) { /* four bytes of one number */
      const guint32 number = g_rand_int (random);
      memcpy ((guint8 *) tensor->data + i, &number, MIN (bytes - i, sizeof number));
    }
  if (tensor->dtype == PRAXI_F32)
    for (int64_t i = 0; i < count; i++)
      ((float *) tensor->data)[i] = (float) g_rand_double (random);
}

static void
make_tensors (Bench *bench)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  bench->n_in = praxi_executor_n_inputs (bench->executor);
  bench->n_out = praxi_executor_n_outputs (bench->executor);
  bench->in = g_new0 (PraxiTensor, bench->n_in + 1);
  bench->out = g_new0 (PraxiTensor, bench->n_out + 1);
  for (int i = 0; i < bench->n_in; i++) {
    bench->in[i] = *praxi_executor_input (bench->executor, i);
    fill (&bench->in[i], random);
  }
  for (int i = 0; i < bench->n_out; i++) {
    bench->out[i] = *praxi_executor_output (bench->executor, i);
    fill (&bench->out[i], random);
  }
}

static void
bench_clear (Bench *bench)
{
  for (int i = 0; i < bench->n_in; i++)
    g_free (bench->in[i].data);
  for (int i = 0; i < bench->n_out; i++)
    g_free (bench->out[i].data);
  g_free (bench->in);
  g_free (bench->out);
  g_clear_pointer (&bench->executor, praxi_executor_free);
}

static gint
compare_cb (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return x < y ? -1 : x > y;
}

/* A model whose batch is fixed runs as often as it takes. */
static gboolean
run_once (Bench *bench, GError **error)
{
  for (int done = 0; done < bench->clips; done += praxi_executor_batch (bench->executor))
    if (!praxi_executor_run_tensors (bench->executor, bench->in, bench->out, error))
      return FALSE;
  return TRUE;
}

/* The monotonic clock when this process began; the kernel counts that in steps of 10 ms. */
static gint64
process_begin_us (void)
{
  enum { START_TIME = 20 }; /* words behind the name, which ends with the last bracket */
  g_autofree char *stat = NULL;
  struct timespec up;
  if (!g_file_get_contents ("/proc/self/stat", &stat, NULL, NULL) || strrchr (stat, ')') == NULL ||
      clock_gettime (CLOCK_BOOTTIME, &up) != 0)
    return g_get_monotonic_time ();
  const gint64 now_us = g_get_monotonic_time ();
  g_auto (GStrv) words = g_strsplit (strrchr (stat, ')') + 1, " ", START_TIME + 2);
  if (g_strv_length (words) <= START_TIME)
    return now_us;
  const gint64 ticks = g_ascii_strtoll (words[START_TIME], NULL, 10);
  const gint64 up_us = (gint64) up.tv_sec * G_USEC_PER_SEC + up.tv_nsec / 1000;
  return now_us - (up_us - ticks * G_USEC_PER_SEC / sysconf (_SC_CLK_TCK));
}

/* Milliseconds of every run, sorted. */
static GArray *
measure (Bench *bench, double seconds, GError **error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  const gint64 begin_us = g_get_monotonic_time ();
  for (int i = 0; i < WARM_UP_RUNS; i++) {
    if (!run_once (bench, error))
      return NULL;
    if (i == 0)
      bench->first_us = g_get_monotonic_time ();
  }
  gint64 now_us = g_get_monotonic_time ();
  const gint64 end_us = begin_us + (gint64) (seconds * 1e6);
  while ((now_us < end_us || times->len < MIN_RUNS) && !praxi_cli_cancelled) {
    if (!run_once (bench, error))
      return NULL;
    const gint64 after_us = g_get_monotonic_time ();
    const double ms = (double) (after_us - now_us) / 1e3;
    g_array_append_val (times, ms);
    now_us = after_us;
  }
  g_array_sort (times, compare_cb);
  return g_steal_pointer (&times);
}

static double
quantile (const GArray *times, double share)
{
  if (times->len == 0)
    return 0;
  const guint i = (guint) (share * (double) (times->len - 1) + 0.5);
  return g_array_index (times, double, i);
}

static double
mean (const GArray *times)
{
  double sum = 0;
  for (guint i = 0; i < times->len; i++)
    sum += g_array_index (times, double, i);
  return times->len > 0 ? sum / times->len : 0;
}

/* Multiply-adds of one measured run, all clips of it. */
static double
work (const Bench *bench)
{
  return (double) praxi_executor_macs (bench->executor) * bench->clips /
         praxi_executor_batch (bench->executor);
}

static gint64
peak_rss_bytes (void)
{
  struct rusage usage = {0};
  getrusage (RUSAGE_SELF, &usage);
  return (gint64) usage.ru_maxrss * 1024;
}

static void
print_json (const Bench *bench, const PraxiModel *model, const GArray *times, const GArray *profile)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  const double run_s = mean (times) / 1e3;
  const double clips = bench->clips;
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "model", praxi_model_name (model));
  praxi_json_add_string (builder, "backend", praxi_executor_backend_name (bench->executor));
  praxi_json_add_string (builder, "device", praxi_executor_device_name (bench->executor));
  praxi_json_add_string (builder, "precision", praxi_executor_precision (bench->executor));
  praxi_json_add_int (builder, "threads", praxi_executor_threads (bench->executor));
  praxi_json_add_int (builder, "batch", bench->clips);
  praxi_json_add_int (builder, "runs", times->len);
  praxi_json_add_double (builder, "clips_per_s", run_s > 0 ? clips / run_s : 0);
  json_builder_set_member_name (builder, "latency_ms");
  json_builder_begin_object (builder);
  praxi_json_add_double (builder, "p50", quantile (times, 0.5));
  praxi_json_add_double (builder, "p95", quantile (times, 0.95));
  json_builder_end_object (builder);
  praxi_json_add_int (builder, "first_result_us", bench->first_us - bench->begin_us);
  praxi_json_add_int (builder, "first_result_clock_us", bench->first_us);
  praxi_json_add_double (builder, "gmacs_per_s", run_s > 0 ? work (bench) / run_s / 1e9 : 0);
  praxi_json_add_int (builder, "peak_rss_bytes", peak_rss_bytes ());
  praxi_json_add_int (builder, "peak_device_bytes",
                      (gint64) praxi_executor_peak_bytes (bench->executor));
  json_builder_set_member_name (builder, "ops");
  json_builder_begin_array (builder);
  for (guint i = 0; i < profile->len; i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (profile, PraxiExecutorOpProfile, i);
    json_builder_begin_object (builder);
    praxi_json_add_string (builder, "name", op->name);
    praxi_json_add_string (builder, "op", op->op);
    praxi_json_add_double (builder, "ms", op->ms);
    praxi_json_add_string (builder, "kernel", op->kernel);
    praxi_json_add_string (builder, "backend", op->backend);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
print_text (const Bench *bench, const PraxiModel *model, const GArray *times, const GArray *profile)
{
  const double run_s = mean (times) / 1e3;
  g_autofree char *device = praxi_text_bytes (praxi_executor_peak_bytes (bench->executor));
  g_autofree char *rss = praxi_text_bytes ((guint64) peak_rss_bytes ());
  for (guint i = 0; i < profile->len; i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (profile, PraxiExecutorOpProfile, i);
    printf ("%9.3f ms  %-18s %-24s %s\n", op->ms, op->op, op->kernel, op->name);
  }
  printf ("%s (%s) on %s, %d threads, batch %d\n", praxi_model_name (model),
          praxi_executor_precision (bench->executor), praxi_executor_device_name (bench->executor),
          praxi_executor_threads (bench->executor), bench->clips);
  printf ("  clips       %.1f a second\n", run_s > 0 ? bench->clips / run_s : 0);
  printf ("  latency     %.3f ms median, %.3f ms 95th percentile\n", quantile (times, 0.5),
          quantile (times, 0.95));
  printf ("  work        %.2f billion multiply-adds a second\n",
          run_s > 0 ? work (bench) / run_s / 1e9 : 0);
  printf ("  memory      %s of tensors, %s of the whole process\n", device, rss);
}

/* Some runs more, in which every operator is timed; of a slow model fewer. */
static void
profile_ops (Bench *bench)
{
  const gint64 end_us = g_get_monotonic_time () + PROFILE_US;
  praxi_executor_set_profiling (bench->executor, TRUE);
  for (int i = 0; i < PROFILE_RUNS && !praxi_cli_cancelled; i++)
    if (!praxi_executor_run_tensors (bench->executor, bench->in, bench->out, NULL) ||
        g_get_monotonic_time () > end_us)
      break;
}

static PraxiExit
bench_model (const char *name, const PraxiExecutorOptions *options, double seconds, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = praxi_cli_load_model (name, &error);
  if (model == NULL)
    return praxi_cli_fail (&error);
  praxi_model_shed_weights (model);
  Bench bench = {.executor = praxi_executor_new (model, options, &error),
                 .clips = MAX (options->batch, 1),
                 .begin_us = process_begin_us ()};
  if (bench.executor == NULL)
    return praxi_cli_fail (&error);
  make_tensors (&bench);
  praxi_cli_catch_signals ();
  g_autoptr (GArray) times = measure (&bench, seconds, &error);
  if (times != NULL)
    profile_ops (&bench);
  if (times != NULL) {
    g_autoptr (GArray) profile = praxi_executor_profile (bench.executor);
    if (json)
      print_json (&bench, model, times, profile);
    else
      print_text (&bench, model, times, profile);
  }
  bench_clear (&bench);
  if (times == NULL)
    return praxi_cli_fail (&error);
  return praxi_cli_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_bench (int argc, char **argv)
{
  gboolean json = FALSE;
  int batch = 1;
  double seconds = 2;
  g_auto (PraxiCliDevice) device = {0};
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL},
      {"batch", 0, 0, G_OPTION_ARG_INT, &batch, "Clips in one run (1)", "N"},
      PRAXI_CLI_DEVICE_ENTRIES (device),
      {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "How long to measure (2)", "S"},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "MODEL",
                        "Measures a model's speed on random clips. MODEL: a file, or original, or "
                        "light, or zoo:NAME[:key=value,…] as for convert.",
                        &status))
    return status;
  if (argc != 2 || !(seconds >= 0 && seconds <= 3600)) {
    fputs ("praxi: bench takes one model and 0 to 3600 seconds; see 'praxi bench --help'\n",
           stderr);
    return PRAXI_EXIT_USAGE;
  }
  PraxiExecutorOptions options = {.batch = batch};
  if (!praxi_cli_device_options (&device, &options, &error))
    return praxi_cli_fail (&error);
  return bench_model (argv[1], &options, seconds, json);
}
