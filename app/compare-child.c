#include "app/compare-child.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/analysis.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/train/report.h"

static gboolean
tick_cb (gpointer data, double done_s, double total_s)
{
  const PraxiCompareChild *child = data;
  child->progress (child->data, total_s > 0 ? MIN (done_s / total_s, 1) : 0);
  return !praxi_cli_cancelled;
}

static void
add_report (JsonBuilder *builder,
            const PraxiCliModel *model,
            const PraxiEvaluation *evaluation,
            const char *path)
{
  const PraxiExecutor *executor = model->executor;
  const gboolean is_cuda = g_str_equal (praxi_executor_backend_name (executor), "cuda");
  g_autofree char *file = g_filename_display_name (path);
  const PraxiReportModel report = {.model = praxi_model_name (model->model),
                                   .file = file,
                                   .backend = praxi_executor_backend_name (executor),
                                   .device = praxi_executor_device_name (executor),
                                   .precision = praxi_executor_precision (executor),
                                   .classes = model->scorer.classes,
                                   .peak_rss_bytes = praxi_cli_peak_rss (),
                                   .peak_device_bytes =
                                       is_cuda ? (gint64) praxi_executor_peak_bytes (executor) : 0,
                                   .weights_bytes = praxi_model_weights_bytes (model->model),
                                   .file_bytes = praxi_model_file_bytes (model->model),
                                   .params = praxi_model_params (model->model),
                                   .macs = praxi_model_macs (model->model)};
  json_builder_set_member_name (builder, "report");
  praxi_report_add (builder, &report, evaluation);
}

static void
add_scores (JsonBuilder *builder, const PraxiEvaluation *evaluation)
{
  json_builder_set_member_name (builder, "scores");
  json_builder_begin_array (builder);
  for (int i = 0; i < evaluation->n_samples; i++) {
    const float *scores = evaluation->scores + (gsize) i * evaluation->n_classes;
    if (isnan (scores[0])) {
      json_builder_add_null_value (builder);
      continue;
    }
    json_builder_begin_array (builder);
    for (int c = 0; c < evaluation->n_classes; c++)
      praxi_json_push_double (builder, (double) scores[c]);
    json_builder_end_array (builder);
  }
  json_builder_end_array (builder);
}

static void
write_result (const PraxiCliModel *model,
              const PraxiEvaluation *evaluation,
              const char *path,
              FILE *stream)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  add_report (builder, model, evaluation, path);
  add_scores (builder, evaluation);
  json_builder_set_member_name (builder, "warnings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < evaluation->warnings->len; i++)
    json_builder_add_string_value (builder, g_ptr_array_index (evaluation->warnings, i));
  json_builder_end_array (builder);
  g_autofree char *checksum =
      g_strdup_printf ("%016" G_GINT64_MODIFIER "x", evaluation->input_checksum);
  praxi_json_add_string (builder, "input_checksum", checksum);
  json_builder_end_object (builder);
  praxi_json_write (builder, stream, FALSE);
}

/* The child's whole life. */
static PraxiExit
evaluate (const PraxiCompareChild *child, const PraxiDataset *dataset, FILE *stream)
{
  g_autoptr (GError) error = NULL;
  PraxiCliModel model;
  if (!praxi_cli_model_open (&model, child->name, &child->executor, &error))
    return praxi_cli_fail (&error);
  g_autofree PraxiEventOptions *events = praxi_cli_model_events (praxi_model_spec (model.model));
  const PraxiEvaluateOptions options = {.events = events,
                                        .stride_s = child->stride_s,
                                        .threads = model.threads,
                                        .tick = tick_cb,
                                        .data = (gpointer) child};
  g_autoptr (PraxiEvaluation) evaluation =
      praxi_evaluate (&model.scorer, dataset, &options, &error);
  PraxiExit status = PRAXI_EXIT_DONE;
  if (evaluation != NULL) {
    g_autofree char *path = praxi_cli_model_path (child->name);
    write_result (&model, evaluation, path, stream);
  } else {
    status = g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED) ? PRAXI_EXIT_CANCELLED
                                                                         : praxi_cli_fail (&error);
  }
  praxi_cli_model_close (&model);
  return status;
}

/* Everything the child writes; a SIGINT to this process alone is passed on. */
static GString *
read_all (int fd, pid_t pid)
{
  GString *text = g_string_new (NULL);
  char buffer[16384];
  for (;;) {
    const ssize_t n = read (fd, buffer, sizeof buffer);
    if (n > 0)
      g_string_append_len (text, buffer, n);
    else if (n == 0 || errno != EINTR)
      return text;
    else if (praxi_cli_cancelled)
      kill (pid, SIGINT);
  }
}

static gboolean
wait_for (pid_t pid, const char *name, GError **error)
{
  int status = 0;
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  if (WIFEXITED (status) && WEXITSTATUS (status) == PRAXI_EXIT_DONE)
    return TRUE;
  if (praxi_cli_cancelled || (WIFEXITED (status) && WEXITSTATUS (status) == PRAXI_EXIT_CANCELLED))
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "compare: cancelled");
  else if (WIFSIGNALED (status))
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                 "%s: the evaluation was killed by signal %d; try it alone with 'praxi analyze'",
                 name, WTERMSIG (status));
  else
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "%s", "");
  return FALSE;
}

JsonNode *
praxi_compare_child_run (const PraxiCompareChild *child,
                         const PraxiDataset *dataset,
                         GError **error)
{
  int ends[2];
  fflush (NULL);
  if (pipe (ends) != 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "compare: %s", g_strerror (errno));
    return NULL;
  }
  const pid_t pid = fork ();
  if (pid == 0) {
    close (ends[0]);
    FILE *stream = fdopen (ends[1], "w");
    const PraxiExit status = evaluate (child, dataset, stream);
    fclose (stream);
    _exit ((int) status);
  }
  close (ends[1]);
  g_autoptr (GString) text = pid > 0 ? read_all (ends[0], pid) : g_string_new (NULL);
  close (ends[0]);
  if (pid < 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY, "compare: cannot start another process");
    return NULL;
  }
  if (!wait_for (pid, child->name, error))
    return NULL;
  return json_from_string (text->str, error);
}
