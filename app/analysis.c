#include "app/analysis.h"

#include <glib/gstdio.h>
#include <sys/resource.h>

#include "engine/core/error.h"
#include "engine/core/json-lines.h"

/* Multiply-adds of a clip that one core does in a few milliseconds. */
#define LIGHT_MACS 500000000

gboolean
praxi_cli_model_open (PraxiCliModel *model,
                      const char *name,
                      const PraxiExecutorOptions *options,
                      GError **error)
{
  *model = (PraxiCliModel){0};
  model->model = praxi_cli_load_with_spec (name != NULL ? name : "light", error);
  if (model->model == NULL)
    return FALSE;
  praxi_model_shed_weights (model->model);
  model->executor = praxi_executor_new (model->model, options, error);
  if (model->executor == NULL) {
    praxi_cli_model_close (model);
    return FALSE;
  }
  model->threads = options->threads;
  model->scorer = praxi_scorer_for_executor (model->model, model->executor);
  return TRUE;
}

gboolean
praxi_cli_model_beside_decoder (PraxiCliModel *model,
                                const PraxiExecutorOptions *options,
                                GError **error)
{
  PraxiCliModel light;
  PraxiExecutorOptions one = *options;
  one.threads = 1;
  if (praxi_executor_macs (model->executor) > LIGHT_MACS ||
      praxi_executor_threads (model->executor) == 1 ||
      !g_str_equal (praxi_executor_backend_name (model->executor), "cpu"))
    return TRUE;
  if (!praxi_cli_model_share (&light, model, &one, error))
    return FALSE;
  light.threads = model->threads;
  praxi_cli_model_close (model);
  *model = light;
  return TRUE;
}

gboolean
praxi_cli_model_share (PraxiCliModel *model,
                       const PraxiCliModel *with,
                       const PraxiExecutorOptions *options,
                       GError **error)
{
  *model = (PraxiCliModel){.threads = options->threads};
  model->executor = praxi_executor_new (with->model, options, error);
  if (model->executor == NULL)
    return FALSE;
  model->model = praxi_model_ref (with->model);
  model->scorer = praxi_scorer_for_executor (model->model, model->executor);
  return TRUE;
}

void
praxi_cli_model_close (PraxiCliModel *model)
{
  g_clear_pointer (&model->executor, praxi_executor_free);
  g_clear_pointer (&model->model, praxi_model_unref);
}

static gint64
size_of (const char *path)
{
  GStatBuf info;
  return g_stat (path, &info) == 0 ? (gint64) info.st_size : 0;
}

void
praxi_cli_footage_begin (PraxiCliFootage *footage, gboolean json, char **paths)
{
  *footage = (PraxiCliFootage){.progress = praxi_cli_progress_new (json, "s")};
  for (int i = 0; paths[i] != NULL; i++)
    footage->waiting_bytes += size_of (paths[i]);
}

void
praxi_cli_footage_open (PraxiCliFootage *footage, const char *path, double length_s)
{
  const gint64 bytes = size_of (path);
  footage->opened_s += length_s;
  footage->opened_bytes += bytes;
  footage->waiting_bytes = MAX (footage->waiting_bytes - bytes, 0);
}

static double
total_s (const PraxiCliFootage *footage)
{
  const double s_per_byte = footage->opened_s / (double) MAX (footage->opened_bytes, 1);
  return footage->opened_s + (double) footage->waiting_bytes * s_per_byte;
}

void
praxi_cli_footage_update (PraxiCliFootage *footage, double done_s)
{
  const double total = total_s (footage);
  /* The last line, which ends the bar, is praxi_cli_footage_end's. */
  praxi_cli_progress_update (footage->progress, MIN (footage->finished_s + done_s, total * 0.9999),
                             total);
}

void
praxi_cli_footage_close (PraxiCliFootage *footage, double length_s)
{
  footage->finished_s += length_s;
}

void
praxi_cli_footage_end (PraxiCliFootage *footage)
{
  if (footage->opened_s > 0)
    praxi_cli_progress_update (footage->progress, footage->finished_s, footage->finished_s);
  g_clear_pointer (&footage->progress, praxi_cli_progress_free);
}

static gboolean
opening_cb (double done, gpointer data)
{
  return !praxi_cli_cancelled;
}

PraxiMedia *
praxi_cli_media_open (const char *path, GError **error)
{
  return praxi_media_open_full (path, -1, opening_cb, NULL, error);
}

gint64
praxi_cli_peak_rss (void)
{
  struct rusage usage = {0};
  getrusage (RUSAGE_SELF, &usage);
  return (gint64) usage.ru_maxrss * 1024;
}

gboolean
praxi_cli_wants_json_progress (const char *text, gboolean *json, GError **error)
{
  *json = text != NULL;
  if (text == NULL || g_str_equal (text, "json"))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
               "--progress %s: unknown form; the only one is 'json'", text);
  return FALSE;
}

PraxiEventOptions *
praxi_cli_model_events (const PraxiModelSpec *spec)
{
  PraxiEventOptions *events = g_new0 (PraxiEventOptions, spec->n_classes);
  for (int c = 0; c < spec->n_classes; c++)
    events[c] = (PraxiEventOptions){.enter = spec->enter[c], .exit = spec->exit[c]};
  return events;
}

void
praxi_cli_add_thresholds (JsonBuilder *builder,
                          const PraxiModelSpec *spec,
                          const PraxiEventOptions *options)
{
  json_builder_set_member_name (builder, "thresholds");
  json_builder_begin_object (builder);
  for (int c = 0; c < spec->n_classes; c++) {
    const PraxiEventOptions used = praxi_events_resolve (&options[c]);
    json_builder_set_member_name (builder, spec->classes[c]);
    json_builder_begin_object (builder);
    praxi_json_add_double (builder, "enter", used.enter);
    praxi_json_add_double (builder, "exit", used.exit);
    praxi_json_add_double (builder, "min_length_s", (double) MAX (used.min_length_ns, 0) / 1e9);
    praxi_json_add_double (builder, "merge_gap_s", (double) MAX (used.merge_gap_ns, 0) / 1e9);
    praxi_json_add_double (builder, "smooth_s", (double) MAX (used.smooth_ns, 0) / 1e9);
    json_builder_end_object (builder);
  }
  json_builder_end_object (builder);
}
