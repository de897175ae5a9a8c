/* praxi tune: tries values, keeps what they were worth, and trains with the best. */
#include <gio/gio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/analysis.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/model/zoo.h"
#include "engine/train/tune-budget.h"
#include "engine/train/tune-file.h"

enum { LOOK_MS = 100, FINAL_TIMES = 3 };

typedef struct {
  char *data, *project, *from, *arch, *space_path, *method, *program, *out, *progress;
  int trials, n_workers, epochs, threads;
  double budget_macs; /* in millions; 0: none */
  gint64 seed;
  gboolean json, json_progress, has_cancelled;

  char *space_json, *self;
  PraxiTuneSpace *space;
  PraxiTuner *tuner;
  PraxiTuneFile *file;
  PraxiCliProgress *bar;
  GPtrArray *waiting; /* of PraxiTrial: began in an earlier run and did not end */
  GPtrArray *workers; /* that run */
  GError *failure;    /* the first thing that stops it all */
} Tune;

/* A trial's child. */
typedef struct {
  Tune *tune;
  PraxiTrial *trial; /* NULL: the training at the end */
  GSubprocess *process;
  GDataInputStream *errors;
  GString *document, *words; /* stdout; the last line of stderr that was for people */
  char buffer[4096];
  int n_open; /* streams */
  gboolean is_stopped;
  int status;
} Worker;

static void run_out_cb (GObject *stream, GAsyncResult *result, gpointer data);
static void run_line_cb (GObject *stream, GAsyncResult *result, gpointer data);

/* --- outcome of a trial --------------------------------------------------------------------- */

static double
number_in (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : (double) NAN;
}

static JsonObject *
object_in (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* What the child's document says: the report's latency, and its accuracy where there were no
 * epochs.
 */
static void
take_document (Worker *worker)
{
  PraxiTrial *trial = worker->trial;
  g_autoptr (JsonNode) root = json_from_string (worker->document->str, NULL);
  JsonObject *object =
      root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonObject *report = object_in (object, "report");
  trial->latency_ms = number_in (object_in (report, "latency_ms"), "p50");
  if (!isfinite (trial->latency_ms))
    trial->latency_ms = number_in (object, "latency_ms");
  if (trial->course->len == 0) {
    const double score = number_in (object, "score");
    trial->score = isfinite (score) ? score : number_in (report, "accuracy");
  }
}

static void
stop_with (Tune *tune, GError *error)
{
  if (tune->failure == NULL)
    tune->failure = error;
  else
    g_error_free (error);
}

static void
end_trial (Worker *worker)
{
  Tune *tune = worker->tune;
  PraxiTrial *trial = worker->trial;
  GError *error = NULL;
  take_document (worker);
  if (worker->is_stopped)
    trial->state = PRAXI_TRIAL_STOPPED;
  else
    trial->state =
        worker->status == 0 && isfinite (trial->score) ? PRAXI_TRIAL_DONE : PRAXI_TRIAL_FAILED;
  if (trial->state == PRAXI_TRIAL_FAILED)
    fprintf (stderr, "praxi: trial %d failed: %s\n", trial->number,
             worker->words->len > 0 ? worker->words->str : "it gave no score");
  if (!praxi_tune_file_end (tune->file, trial, &error))
    stop_with (tune, error);
  if (tune->json_progress) {
    g_autoptr (JsonBuilder) builder = json_builder_new ();
    praxi_trial_add_json (builder, tune->tuner, trial);
    praxi_json_write (builder, stderr, FALSE);
  } else if (!tune->json)
    printf ("trial %3d   %-8s score %.4f\n", trial->number, praxi_trial_state_name (trial->state),
            trial->score);
}

static void
worker_free (Worker *worker)
{
  g_clear_object (&worker->errors);
  g_clear_object (&worker->process);
  g_string_free (worker->document, TRUE);
  g_string_free (worker->words, TRUE);
  g_free (worker);
}

/* Both streams have ended: so has the child. A trial that this program cancelled is not over. */
static void
close_stream (Worker *worker)
{
  if (--worker->n_open > 0)
    return;
  g_subprocess_wait (worker->process, NULL, NULL);
  worker->status = g_subprocess_get_if_exited (worker->process)
                       ? g_subprocess_get_exit_status (worker->process)
                       : 1;
  g_ptr_array_remove_fast (worker->tune->workers, worker);
  if (worker->trial != NULL && (!praxi_cli_cancelled || worker->status == 0))
    end_trial (worker);
  if (worker->trial == NULL && worker->status != 0 && !praxi_cli_cancelled)
    stop_with (worker->tune, g_error_new (PRAXI_ERROR, PRAXI_ERROR_FAILED, "the last training: %s",
                                          worker->words->str));
  worker_free (worker);
}

/* --- a running child ------------------------------------------------------------------------ */

static void
take_epoch (Worker *worker, JsonObject *line)
{
  Tune *tune = worker->tune;
  GError *error = NULL;
  const double accuracy = number_in (line, "val_accuracy");
  const double score = isfinite (accuracy) ? accuracy : number_in (line, "score");
  if (worker->trial == NULL || !(number_in (line, "epoch") >= 1) || !isfinite (score))
    return;
  if (!praxi_trial_report (tune->tuner, worker->trial, score) && !worker->is_stopped) {
    worker->is_stopped = TRUE;
    g_subprocess_send_signal (worker->process, SIGINT);
  }
  if (!praxi_tune_file_epoch (tune->file, worker->trial, &error))
    stop_with (tune, error);
}

static void
run_line_cb (GObject *stream, GAsyncResult *result, gpointer data)
{
  Worker *worker = data;
  g_autofree char *line =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (stream), result, NULL, NULL);
  if (line == NULL) {
    close_stream (worker);
    return;
  }
  g_autoptr (JsonNode) root = line[0] == '{' ? json_from_string (line, NULL) : NULL;
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    take_epoch (worker, json_node_get_object (root));
  else if (line[0] != '\0')
    g_string_assign (worker->words, line);
  g_data_input_stream_read_line_async (worker->errors, G_PRIORITY_DEFAULT, NULL, run_line_cb,
                                       worker);
}

static void
run_out_cb (GObject *stream, GAsyncResult *result, gpointer data)
{
  Worker *worker = data;
  const gssize n = g_input_stream_read_finish (G_INPUT_STREAM (stream), result, NULL);
  if (n <= 0) {
    close_stream (worker);
    return;
  }
  g_string_append_len (worker->document, worker->buffer, n);
  g_input_stream_read_async (G_INPUT_STREAM (stream), worker->buffer, sizeof worker->buffer,
                             G_PRIORITY_DEFAULT, NULL, run_out_cb, worker);
}

static void
add_option (GPtrArray *words, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_ptr_array_add (words, g_strconcat ("--", name, NULL));
  g_ptr_array_add (words, g_strdup (value));
}

/* The net's own options among the axes go into --arch's text. */
static char *
write_arch (const Tune *tune, const double *places)
{
  static const char *const of_arch[] = {"width", "depth", "size", "frames", "time", NULL};
  GString *text = g_string_new (tune->arch);
  gboolean has_options = strchr (tune->arch, ':') != NULL;
  for (int a = 0; a < tune->space->n_axes; a++) {
    const PraxiTuneAxis *axis = &tune->space->axes[a];
    if (!g_strv_contains (of_arch, axis->name))
      continue;
    g_autofree char *value = praxi_tune_text (axis, places[a]);
    g_string_append_printf (text, "%c%s=%s", has_options ? ',' : ':', axis->name, value);
    has_options = TRUE;
  }
  return g_string_free (text, FALSE);
}

static gboolean
is_of_arch (const Tune *tune, const char *name)
{
  static const char *const of_arch[] = {"width", "depth", "size", "frames", "time", NULL};
  return tune->arch != NULL && g_strv_contains (of_arch, name);
}

static GPtrArray *
write_command (const Tune *tune, const double *places, const char *out, int epochs)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *epochs_text = g_strdup_printf ("%d", epochs);
  g_ptr_array_add (words, g_strdup (tune->program != NULL ? tune->program : tune->self));
  g_autofree char *arch = tune->arch != NULL ? write_arch (tune, places) : NULL;
  if (tune->program != NULL)
    add_option (words, "arch", arch);
  if (tune->program == NULL) {
    g_autofree char *threads = g_strdup_printf ("%d", tune->threads > 0 ? tune->threads : 0);
    g_ptr_array_add (words, g_strdup ("train"));
    add_option (words, "data", tune->data);
    add_option (words, "project", tune->project);
    add_option (words, "from", tune->from);
    add_option (words, "arch", arch);
    add_option (words, "threads", threads);
    add_option (words, "epochs", epochs_text);
    add_option (words, "out", out);
    add_option (words, "progress", "json");
    g_ptr_array_add (words, g_strdup ("--json"));
  }
  for (int a = 0; a < tune->space->n_axes; a++) {
    const PraxiTuneAxis *axis = &tune->space->axes[a];
    g_autofree char *value = praxi_tune_text (axis, places[a]);
    if (!is_of_arch (tune, axis->name))
      add_option (words, axis->name, value);
  }
  g_ptr_array_add (words, NULL);
  return words;
}

static gboolean
start (Tune *tune,
       PraxiTrial *trial,
       const double *places,
       const char *out,
       int epochs,
       GError **error)
{
  g_autoptr (GPtrArray) words = write_command (tune, places, out, epochs);
  g_autoptr (GSubprocess) process =
      g_subprocess_newv ((const char *const *) words->pdata,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
  if (process == NULL)
    return FALSE;
  Worker *worker = g_new0 (Worker, 1);
  worker->tune = tune;
  worker->trial = trial;
  worker->process = g_steal_pointer (&process);
  worker->document = g_string_new (NULL);
  worker->words = g_string_new (NULL);
  worker->errors = g_data_input_stream_new (g_subprocess_get_stderr_pipe (worker->process));
  worker->n_open = 2;
  g_ptr_array_add (tune->workers, worker);
  g_data_input_stream_read_line_async (worker->errors, G_PRIORITY_DEFAULT, NULL, run_line_cb,
                                       worker);
  g_input_stream_read_async (g_subprocess_get_stdout_pipe (worker->process), worker->buffer,
                             sizeof worker->buffer, G_PRIORITY_DEFAULT, NULL, run_out_cb, worker);
  return TRUE;
}

/* --- the search ----------------------------------------------------------------------------- */

static int
count_ended (const Tune *tune)
{
  int n = 0;
  for (guint i = 0; i < tune->tuner->trials->len; i++)
    n += ((PraxiTrial *) tune->tuner->trials->pdata[i])->state != PRAXI_TRIAL_RUNNING;
  return n;
}

/* Multiply-adds of the net that a trial at these places trains. */
static gint64
cost_cb (gpointer data, const double *places)
{
  const Tune *tune = data;
  g_autofree char *text = write_arch (tune, places), *name = NULL;
  const char *bare = g_str_has_prefix (text, "zoo:") ? text + strlen ("zoo:") : text;
  PraxiZooOptions options = {0};
  if (!praxi_zoo_parse (bare, &name, &options, NULL))
    return -1;
  g_autoptr (PraxiGraph) graph = praxi_zoo_graph (name, &options, NULL);
  g_autoptr (PraxiGraph) resolved =
      graph != NULL ? praxi_graph_resolve (graph, NULL, 0, 1, NULL) : NULL;
  return resolved != NULL ? praxi_graph_macs (resolved) : -1;
}

static gboolean
fit_budget (Tune *tune, PraxiTrial *trial, GError **error)
{
  if (tune->budget_macs <= 0 ||
      praxi_tune_fit_budget (tune->space, (gint64) (tune->budget_macs * 1e6), cost_cb, tune,
                             trial->places))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
               "--budget-macs %g: the smallest net that the space allows costs more; lower the "
               "limits of depth, width or size",
               tune->budget_macs);
  return FALSE;
}

static gboolean
has_scaling_axis (const Tune *tune)
{
  for (int a = 0; a < tune->space->n_axes; a++)
    if (praxi_tune_scales (&tune->space->axes[a]))
      return TRUE;
  return FALSE;
}

/* One that was cut off begins again, else a new one. */
static gboolean
start_next (Tune *tune, GError **error)
{
  const gboolean is_new = tune->waiting->len == 0;
  PraxiTrial *trial =
      is_new ? praxi_tuner_suggest (tune->tuner) : g_ptr_array_steal_index (tune->waiting, 0);
  if (is_new && !fit_budget (tune, trial, error))
    return FALSE;
  g_autofree char *out = g_strdup_printf ("%s.trial-%d.onnx", tune->out, trial->number);
  g_array_set_size (trial->course, 0);
  return praxi_tune_file_begin (tune->file, trial, error) &&
         start (tune, trial, trial->places, out, tune->epochs, error);
}

static gboolean
look_cb (gpointer data)
{
  return G_SOURCE_CONTINUE; /* wakes the loop, so that a cancel is seen */
}

static gboolean
has_room (const Tune *tune)
{
  const int begun = (int) tune->tuner->trials->len - (int) tune->waiting->len;
  return (int) tune->workers->len < tune->n_workers && begun < tune->trials;
}

/* A cancel is passed on: a terminal's SIGINT reaches the children anyway, one that was sent to this
 * process alone does not.
 */
static void
turn_loop (Tune *tune)
{
  g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < tune->workers->len && praxi_cli_cancelled && !tune->has_cancelled; i++)
    g_subprocess_send_signal (((Worker *) tune->workers->pdata[i])->process, SIGINT);
  tune->has_cancelled = praxi_cli_cancelled != 0;
  if (tune->bar == NULL)
    return;
  praxi_cli_progress_update (tune->bar, MIN (count_ended (tune), tune->trials - 0.001),
                             tune->trials);
}

static gboolean
search (Tune *tune, GError **error)
{
  gboolean good = TRUE;
  tune->bar = praxi_cli_progress_new (tune->json_progress, "trials");
  for (;;) {
    while (good && !praxi_cli_cancelled && tune->failure == NULL && has_room (tune))
      good = start_next (tune, error);
    if (tune->workers->len == 0)
      break;
    turn_loop (tune);
  }
  if (good && !praxi_cli_cancelled)
    praxi_cli_progress_update (tune->bar, tune->trials, tune->trials);
  g_clear_pointer (&tune->bar, praxi_cli_progress_free);
  if (good && tune->failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&tune->failure));
    return FALSE;
  }
  return good;
}

/* The best values once more, as long as it gets better: praxi train keeps its best epoch. */
static gboolean
train_best (Tune *tune, GError **error)
{
  const PraxiTrial *best = praxi_tuner_best (tune->tuner);
  if (best == NULL) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
                         "no trial gave a score; see what was said above");
    return FALSE;
  }
  if (tune->program != NULL)
    return TRUE;
  if (!start (tune, NULL, best->places, tune->out, tune->epochs * FINAL_TIMES, error))
    return FALSE;
  while (tune->workers->len > 0)
    turn_loop (tune);
  if (tune->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&tune->failure));
  return FALSE;
}

/* --- telling -------------------------------------------------------------------------------- */

static void
print_json (const Tune *tune)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GPtrArray) front = praxi_tuner_pareto (tune->tuner);
  const PraxiTrial *best = praxi_tuner_best (tune->tuner);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "trials");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tune->tuner->trials->len; i++)
    praxi_trial_add_json (builder, tune->tuner, tune->tuner->trials->pdata[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "best");
  if (best != NULL)
    praxi_trial_add_json (builder, tune->tuner, best);
  else
    json_builder_add_null_value (builder);
  json_builder_set_member_name (builder, "pareto");
  json_builder_begin_array (builder);
  for (guint i = 0; i < front->len; i++)
    json_builder_add_int_value (builder, ((PraxiTrial *) front->pdata[i])->number);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static void
print_text (const Tune *tune)
{
  const PraxiTrial *best = praxi_tuner_best (tune->tuner);
  if (best == NULL)
    return;
  printf ("best: trial %d, score %.4f\n", best->number, best->score);
  for (int a = 0; a < tune->space->n_axes; a++) {
    g_autofree char *value = praxi_tune_text (&tune->space->axes[a], best->places[a]);
    printf ("  %-16s %s\n", tune->space->axes[a].name, value);
  }
}

static gboolean
open_search (Tune *tune, GError **error)
{
  g_autofree char *path = g_strconcat (tune->out, ".trials", NULL);
  const PraxiTuneMethod method =
      g_strcmp0 (tune->method, "random") == 0 ? PRAXI_TUNE_RANDOM : PRAXI_TUNE_TPE;
  if (!g_file_get_contents (tune->space_path, &tune->space_json, NULL, error))
    return FALSE;
  tune->space = praxi_tune_space_parse (tune->space_json, error);
  if (tune->space == NULL) {
    g_prefix_error (error, "%s: ", tune->space_path);
    return FALSE;
  }
  if (tune->budget_macs > 0 && !has_scaling_axis (tune)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "--budget-macs: %s has no depth, width or size between limits to scale",
                 tune->space_path);
    return FALSE;
  }
  tune->tuner = praxi_tuner_new (tune->space, method, (guint32) tune->seed);
  tune->file = praxi_tune_file_open (path, tune->space_json, tune->tuner, error);
  if (tune->file == NULL)
    return FALSE;
  for (guint i = 0; i < tune->tuner->trials->len; i++) {
    PraxiTrial *trial = tune->tuner->trials->pdata[i];
    if (trial->state == PRAXI_TRIAL_RUNNING)
      g_ptr_array_add (tune->waiting, trial);
  }
  /* Another run draws other numbers than the one before. */
  g_rand_set_seed (tune->tuner->random, (guint32) tune->seed + tune->tuner->trials->len);
  tune->self = g_file_read_link ("/proc/self/exe", error);
  return tune->self != NULL;
}

static PraxiExit
run (Tune *tune)
{
  g_autoptr (GError) error = NULL;
  g_timeout_add (LOOK_MS, look_cb, NULL);
  if (!open_search (tune, &error) || !search (tune, &error))
    return praxi_cli_fail (&error);
  if (!praxi_cli_cancelled && !train_best (tune, &error))
    return praxi_cli_fail (&error);
  if (tune->json)
    print_json (tune);
  else
    print_text (tune);
  return praxi_cli_cancelled ? PRAXI_EXIT_CANCELLED : PRAXI_EXIT_DONE;
}

static gboolean
check_options (Tune *tune, GError **error)
{
  const char *problem = NULL;
  if (tune->space_path == NULL)
    problem = "tune: say with --space what may be chosen; see 'praxi tune --help'";
  else if (tune->out == NULL)
    problem = "tune: say with --out where the model shall go";
  else if (tune->program == NULL && (tune->data == NULL) == (tune->project == NULL))
    problem = "tune: give either --data DIR or --project FILE";
  else if (tune->method != NULL && !g_str_equal (tune->method, "tpe") &&
           !g_str_equal (tune->method, "random"))
    problem = "--method: give tpe or random";
  else if (tune->trials < 1 || tune->trials > 100000)
    problem = "--trials: give 1 to 100000";
  else if (tune->n_workers < 1 || tune->n_workers > 256)
    problem = "--workers: give 1 to 256";
  else if (tune->epochs < 1 || tune->epochs > 10000)
    problem = "--epochs: give 1 to 10000";
  else if (tune->threads < 0 || tune->threads > 1024)
    problem = "--threads: give 1 to 1024";
  else if (!(tune->budget_macs >= 0))
    problem = "--budget-macs: give millions of multiply-adds a clip";
  else if (tune->budget_macs > 0 && tune->arch == NULL)
    problem = "--budget-macs: goes with --arch and a net of the zoo";
  if (problem == NULL)
    return praxi_cli_wants_json_progress (tune->progress, &tune->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

static void
clear (Tune *tune)
{
  praxi_tune_file_close (tune->file);
  praxi_tuner_free (tune->tuner);
  praxi_tune_space_free (tune->space);
  g_ptr_array_unref (tune->waiting);
  g_ptr_array_unref (tune->workers);
  char *const texts[] = {tune->data,     tune->project, tune->from,      tune->arch,
                         tune->out,      tune->method,  tune->program,   tune->space_path,
                         tune->progress, tune->self,    tune->space_json};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

PraxiExit
praxi_cli_tune (int argc, char **argv)
{
  Tune t = {.trials = 20, .n_workers = 1, .epochs = 9};
  const GOptionEntry entries[] = {
      {"data", 0, 0, G_OPTION_ARG_FILENAME, &t.data, "A folder with labels.csv", "DIR"},
      {"project", 0, 0, G_OPTION_ARG_FILENAME, &t.project, "The labels of a project", "FILE.praxi"},
      {"space", 0, 0, G_OPTION_ARG_FILENAME, &t.space_path,
       "What may be chosen: options of 'praxi train' and their limits", "FILE.json"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &t.out,
       "Where to write the model; trials are kept beside it, and go on from there", "OUT.onnx"},
      {"from", 0, 0, G_OPTION_ARG_FILENAME, &t.from, "The model to begin with", "MODEL"},
      {"arch", 0, 0, G_OPTION_ARG_STRING, &t.arch, "The net to build", "NAME"},
      {"trials", 0, 0, G_OPTION_ARG_INT, &t.trials, "How many (20)", "N"},
      {"workers", 0, 0, G_OPTION_ARG_INT, &t.n_workers, "At once (1)", "N"},
      {"epochs", 0, 0, G_OPTION_ARG_INT, &t.epochs, "Rounds of a trial at most (9)", "N"},
      {"method", 0, 0, G_OPTION_ARG_STRING, &t.method, "tpe (default) or random", "NAME"},
      {"budget-macs", 0, 0, G_OPTION_ARG_DOUBLE, &t.budget_macs,
       "Depth, width and size of --arch scale together to so many million multiply-adds", "M"},
      {"program", 0, 0, G_OPTION_ARG_FILENAME, &t.program,
       "Runs in place of 'praxi train' and prints {\"score\":…}", "FILE"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &t.seed, "Of what is drawn by chance (0)", "N"},
      {"threads", 0, 0, G_OPTION_ARG_INT, &t.threads, "Of each trial (one per core)", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &t.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &t.progress, "Print progress to stderr", "json"},
      {NULL}};
  PraxiExit status;
  t.waiting = g_ptr_array_new ();
  t.workers = g_ptr_array_new ();
  if (praxi_cli_parse (&argc, &argv, entries, "",
                       "Searches for the values that train the best model.", &status)) {
    g_autoptr (GError) error = NULL;
    praxi_cli_catch_signals ();
    status = check_options (&t, &error) ? run (&t) : praxi_cli_fail (&error);
  }
  clear (&t);
  return status;
}
