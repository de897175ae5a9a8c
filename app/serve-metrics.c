#include "app/serve-metrics.h"

#include <stdatomic.h>

static const guint codes[] = {200, 400, 401, 403, 404, 405, 411, 413, 415, 421, 500, 503};
static const double limits_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

struct PraxiServeMetrics {
  atomic_ullong answers[G_N_ELEMENTS (codes)];
  atomic_ullong within[G_N_ELEMENTS (limits_s)]; /* not cumulative */
  atomic_ullong predictions;
  atomic_ullong total_us;
};

PraxiServeMetrics *
praxi_serve_metrics_new (void)
{
  return g_new0 (PraxiServeMetrics, 1);
}

void
praxi_serve_metrics_free (PraxiServeMetrics *metrics)
{
  g_free (metrics);
}

void
praxi_serve_metrics_count (PraxiServeMetrics *metrics, guint code, double seconds)
{
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (codes[i] == code)
      atomic_fetch_add (&metrics->answers[i], 1);
  if (seconds < 0)
    return;
  atomic_fetch_add (&metrics->predictions, 1);
  atomic_fetch_add (&metrics->total_us, (unsigned long long) (seconds * 1e6));
  for (guint i = 0; i < G_N_ELEMENTS (limits_s); i++)
    if (seconds <= limits_s[i]) {
      atomic_fetch_add (&metrics->within[i], 1);
      return;
    }
}

static void
add_head (GString *text, const char *name, const char *type, const char *help)
{
  g_string_append_printf (text, "# HELP praxi_%s %s\n# TYPE praxi_%s %s\n", name, help, name, type);
}

static void
add_value (GString *text, const char *name, const char *type, const char *help, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  add_head (text, name, type, help);
  g_string_append_printf (text, "praxi_%s %s\n", name,
                          g_ascii_dtostr (number, sizeof number, value));
}

static void
add_answers (GString *text, PraxiServeMetrics *metrics)
{
  add_head (text, "answers_total", "counter", "Answers by HTTP status.");
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    g_string_append_printf (text, "praxi_answers_total{code=\"%u\"} %llu\n", codes[i],
                            atomic_load (&metrics->answers[i]));
}

static void
add_times (GString *text, PraxiServeMetrics *metrics)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  unsigned long long sum = 0;
  add_head (text, "predict_seconds", "histogram", "From a request's head to its answer.");
  for (guint i = 0; i < G_N_ELEMENTS (limits_s); i++) {
    sum += atomic_load (&metrics->within[i]);
    g_string_append_printf (text, "praxi_predict_seconds_bucket{le=\"%s\"} %llu\n",
                            g_ascii_formatd (number, sizeof number, "%g", limits_s[i]), sum);
  }
  const unsigned long long n = atomic_load (&metrics->predictions);
  g_string_append_printf (text, "praxi_predict_seconds_bucket{le=\"+Inf\"} %llu\n", n);
  g_ascii_formatd (number, sizeof number, "%.6f", (double) atomic_load (&metrics->total_us) / 1e6);
  g_string_append_printf (text, "praxi_predict_seconds_sum %s\npraxi_predict_seconds_count %llu\n",
                          number, n);
}

static void
add_batches (GString *text, const PraxiServeState *state)
{
  guint64 sizes[PRAXI_SERVE_SIZES], sum = 0;
  praxi_serve_model_sizes (state->model, sizes);
  add_head (text, "batch_clips", "histogram", "Clips in one run of the model.");
  for (int i = 0; i < PRAXI_SERVE_SIZES; i++) {
    sum += sizes[i];
    g_string_append_printf (text, "praxi_batch_clips_bucket{le=\"%d\"} %" G_GUINT64_FORMAT "\n",
                            1 << i, sum);
  }
  g_string_append_printf (text,
                          "praxi_batch_clips_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT
                          "\npraxi_batch_clips_sum %" G_GUINT64_FORMAT
                          "\npraxi_batch_clips_count %" G_GUINT64_FORMAT "\n",
                          sum, state->batcher.clips, sum);
}

/* Backslashes, quotes and line feeds as the format wants them. */
static char *
label (const char *text)
{
  GString *escaped = g_string_new (text);
  g_string_replace (escaped, "\\", "\\\\", 0);
  g_string_replace (escaped, "\"", "\\\"", 0);
  g_string_replace (escaped, "\n", "\\n", 0);
  return g_string_free (escaped, FALSE);
}

static void
add_info (GString *text, const PraxiServeState *state)
{
  const PraxiExecutor *executor = praxi_serve_model_executor (state->model);
  g_autofree char *model = label (praxi_serve_model_name (state->model));
  g_autofree char *device = label (praxi_executor_device_name (executor));
  add_head (text, "info", "gauge", "The model and what runs it.");
  g_string_append_printf (text,
                          "praxi_info{model=\"%s\",sha256=\"%s\",backend=\"%s\",device=\"%s\"} 1\n",
                          model, praxi_serve_model_scorer (state->model)->sha256,
                          praxi_executor_backend_name (executor), device);
}

char *
praxi_serve_metrics_text (PraxiServeMetrics *metrics, const PraxiServeState *state)
{
  GString *text = g_string_new (NULL);
  add_info (text, state);
  add_value (text, "ready", "gauge", "1 when requests are answered.", state->is_ready);
  add_value (text, "uptime_seconds", "gauge", "Since it listens.", state->uptime_s);
  add_answers (text, metrics);
  add_times (text, metrics);
  add_batches (text, state);
  add_value (text, "clips_failed_total", "counter", "Clips the model gave no answer to.",
             (double) state->batcher.failed);
  add_value (text, "queue_requests", "gauge", "Requests that wait or are worked on.",
             state->admitted);
  add_value (text, "queue_limit", "gauge", "Further requests get 503.", state->max_queue);
  add_value (text, "bodies_bytes", "gauge", "Bodies held in memory.", (double) state->bodies_bytes);
  add_value (text, "connections", "gauge", "Open connections.", state->guests.guests);
  add_head (text, "connections_cut_total", "counter", "Connections closed on their peers.");
  g_string_append_printf (text,
                          "praxi_connections_cut_total{why=\"slow\"} %" G_GUINT64_FORMAT
                          "\npraxi_connections_cut_total{why=\"full\"} %" G_GUINT64_FORMAT "\n",
                          state->guests.slow, state->guests.full);
  return g_string_free (text, FALSE);
}
