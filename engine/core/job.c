#include "engine/core/job.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/core/error.h"

enum { LOG_LINES = 50, KILL_AFTER_S = 5, CHUNK_BYTES = 1 << 16, DOCUMENT_LIMIT_BYTES = 1 << 29 };
/* At 10 an analysis on all cores still took every fourth frame from the player. */
enum { INPUT_BYTES = 4096, NICE = 19 };

struct PraxiJob {
  PraxiJobEvents events;
  gpointer user_data;
  GSubprocess *process;
  GDataInputStream *lines;
  GCancellable *cancellable; /* of every read; cancelled by praxi_job_free */
  GByteArray *output;
  GQueue log; /* char *, newest last */
  JsonParser *parser;
  JsonParser *document;
  char *error_text;
  guint kill_source;
  guint kill_after_ms;
  int open_ends; /* stdout, stderr and the exit status: finished at zero */
  gboolean is_abandoned;
  gboolean was_cancelled;
  PraxiJobState state;
};

static void
clear (gpointer data)
{
  PraxiJob *job = data;
  g_clear_object (&job->process);
  g_clear_object (&job->lines);
  g_clear_object (&job->cancellable);
  g_clear_pointer (&job->output, g_byte_array_unref);
  g_queue_clear_full (&job->log, g_free);
  g_clear_object (&job->parser);
  g_clear_object (&job->document);
  g_clear_pointer (&job->error_text, g_free);
}

static void
release (PraxiJob *job)
{
  g_rc_box_release_full (job, clear);
}

static gboolean
parse_document (PraxiJob *job)
{
  if (job->output->len == 0)
    return TRUE;
  job->document = json_parser_new ();
  const gboolean ok = json_parser_load_from_data (job->document, (const char *) job->output->data,
                                                  (gssize) job->output->len, NULL);
  if (!ok || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (job->document)))
    g_clear_object (&job->document);
  return job->document != NULL;
}

static const char *
last_log_line (const PraxiJob *job)
{
  const char *line = job->log.tail != NULL ? job->log.tail->data : "";
  return g_str_has_prefix (line, "praxi: ") ? line + strlen ("praxi: ") : line;
}

static void
judge_failure (PraxiJob *job)
{
  job->state = PRAXI_JOB_FAILED;
  if (g_subprocess_get_if_signaled (job->process))
    job->error_text = g_strdup_printf ("the job was ended by signal %d (%s); try again",
                                       g_subprocess_get_term_sig (job->process),
                                       g_strsignal (g_subprocess_get_term_sig (job->process)));
  else if (*last_log_line (job) != '\0')
    job->error_text = g_strdup (last_log_line (job));
  else
    job->error_text = g_strdup_printf ("the job ended with status %d and said nothing; try again",
                                       g_subprocess_get_exit_status (job->process));
}

static void
judge (PraxiJob *job)
{
  const gboolean exited = g_subprocess_get_if_exited (job->process);
  const int status = exited ? g_subprocess_get_exit_status (job->process) : -1;
  const gboolean readable = parse_document (job);
  if (job->was_cancelled && status != 0)
    job->state = PRAXI_JOB_CANCELLED;
  else if (status == 130)
    job->state = PRAXI_JOB_CANCELLED;
  else if (status == 0 && readable)
    job->state = PRAXI_JOB_DONE;
  else
    judge_failure (job);
}

static void
end_one (PraxiJob *job)
{
  if (--job->open_ends > 0 || job->is_abandoned)
    return;
  g_clear_handle_id (&job->kill_source, g_source_remove);
  judge (job);
  if (job->events.finished != NULL)
    job->events.finished (job, job->user_data);
}

static double
number_or (JsonObject *object, const char *name, double fallback)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : fallback;
}

static void
report_object (PraxiJob *job, JsonObject *object)
{
  if (!json_object_has_member (object, "done")) {
    if (job->events.line != NULL)
      job->events.line (job, object, job->user_data);
    return;
  }
  const PraxiJobProgress progress = {
      .done = number_or (object, "done", 0),
      .total = number_or (object, "total", 0),
      .eta_s = number_or (object, "eta_s", NAN),
      .unit = json_object_get_string_member_with_default (object, "unit", ""),
  };
  if (job->events.progress != NULL)
    job->events.progress (job, &progress, job->user_data);
}

static void
take_line (PraxiJob *job, const char *line)
{
  JsonNode *root = NULL;
  if (line[0] == '{' && json_parser_load_from_data (job->parser, line, -1, NULL))
    root = json_parser_get_root (job->parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root)) {
    report_object (job, json_node_get_object (root));
    return;
  }
  if (line[0] == '\0')
    return;
  g_queue_push_tail (&job->log, g_utf8_make_valid (line, -1));
  if (job->log.length > LOG_LINES)
    g_free (g_queue_pop_head (&job->log));
}

static void
line_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PraxiJob *job = user_data;
  g_autofree char *line =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);
  if (line != NULL && !job->is_abandoned)
    take_line (job, line);
  if (line != NULL && !job->is_abandoned) {
    g_data_input_stream_read_line_async (job->lines, G_PRIORITY_DEFAULT, job->cancellable,
                                         line_read_cb, job);
    return;
  }
  end_one (job);
  release (job);
}

static void
output_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PraxiJob *job = user_data;
  GInputStream *stream = G_INPUT_STREAM (source);
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (stream, result, NULL);
  const gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;
  if (size > 0 && !job->is_abandoned && job->output->len + size <= DOCUMENT_LIMIT_BYTES) {
    g_byte_array_append (job->output, g_bytes_get_data (bytes, NULL), (guint) size);
    g_input_stream_read_bytes_async (stream, CHUNK_BYTES, G_PRIORITY_DEFAULT, job->cancellable,
                                     output_read_cb, job);
    return;
  }
  end_one (job);
  release (job);
}

static void
exited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PraxiJob *job = user_data;
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  end_one (job);
  release (job);
}

static void
begin_reading (PraxiJob *job)
{
  job->open_ends = 3;
  g_data_input_stream_read_line_async (job->lines, G_PRIORITY_DEFAULT, job->cancellable,
                                       line_read_cb, g_rc_box_acquire (job));
  g_input_stream_read_bytes_async (g_subprocess_get_stdout_pipe (job->process), CHUNK_BYTES,
                                   G_PRIORITY_DEFAULT, job->cancellable, output_read_cb,
                                   g_rc_box_acquire (job));
  g_subprocess_wait_async (job->process, NULL, exited_cb, g_rc_box_acquire (job));
}

/* A pipe that holds the input already, so that nobody waits and no signal comes. -1: none */
static int
make_input (const char *input)
{
  int ends[2];
  if (input == NULL || !g_unix_open_pipe (ends, FD_CLOEXEC, NULL))
    return -1;
  const gsize size = MIN (strlen (input), INPUT_BYTES);
  if (write (ends[1], input, size) != (gssize) size)
    g_warning ("the input of a job could not be written");
  close (ends[1]);
  return ends[0];
}

static GSubprocess *
spawn (const char *const *argv, const PraxiJobExtras *extras, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  const int input = make_input (extras->input);
  if (input >= 0)
    g_subprocess_launcher_take_stdin_fd (launcher, input);
  if (extras->fd > 0)
    g_subprocess_launcher_take_fd (launcher, fcntl (extras->fd, F_DUPFD_CLOEXEC, 3), 3);
  GSubprocess *process = g_subprocess_launcher_spawnv (launcher, argv, error);
  const char *pid = process != NULL ? g_subprocess_get_identifier (process) : NULL;
  /* From here and not in the child: a child with a setup of its own is forked with all our memory.
   * Threads inherit it, and there are none yet. */
  if (extras->yields && pid != NULL)
    setpriority (PRIO_PROCESS, (id_t) atoi (pid), getpriority (PRIO_PROCESS, 0) + NICE);
  return process;
}

PraxiJob *
praxi_job_start (const char *const *argv,
                 const PraxiJobEvents *events,
                 gpointer user_data,
                 GError **error)
{
  return praxi_job_start_with (argv, &(PraxiJobExtras){0}, events, user_data, error);
}

PraxiJob *
praxi_job_start_with (const char *const *argv,
                      const PraxiJobExtras *extras,
                      const PraxiJobEvents *events,
                      gpointer user_data,
                      GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GSubprocess) process = spawn (argv, extras, &reason);
  if (process == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND,
                 "%s: cannot be started (%s); install Praxiscope again", argv[0], reason->message);
    return NULL;
  }
  PraxiJob *job = g_rc_box_new0 (PraxiJob);
  job->events = *events;
  job->user_data = user_data;
  job->process = g_steal_pointer (&process);
  job->kill_after_ms = (guint) extras->kill_after_ms;
  job->lines = g_data_input_stream_new (g_subprocess_get_stderr_pipe (job->process));
  job->cancellable = g_cancellable_new ();
  job->output = g_byte_array_new ();
  job->parser = json_parser_new ();
  g_queue_init (&job->log);
  begin_reading (job);
  return job;
}

static gboolean
force_exit_cb (gpointer user_data)
{
  g_subprocess_force_exit (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
kill_cb (gpointer user_data)
{
  PraxiJob *job = user_data;
  job->kill_source = 0;
  g_subprocess_force_exit (job->process);
  return G_SOURCE_REMOVE;
}

void
praxi_job_cancel (PraxiJob *job)
{
  if (job->state != PRAXI_JOB_RUNNING || job->was_cancelled)
    return;
  job->was_cancelled = TRUE;
  g_subprocess_send_signal (job->process, SIGINT);
  job->kill_source = g_timeout_add_seconds (KILL_AFTER_S, kill_cb, job);
}

void
praxi_job_free (PraxiJob *job)
{
  if (job == NULL)
    return;
  job->is_abandoned = TRUE;
  g_clear_handle_id (&job->kill_source, g_source_remove);
  if (job->state == PRAXI_JOB_RUNNING)
    g_subprocess_send_signal (job->process, SIGINT);
  if (job->state == PRAXI_JOB_RUNNING && job->kill_after_ms > 0)
    g_timeout_add_full (G_PRIORITY_DEFAULT, job->kill_after_ms, force_exit_cb,
                        g_object_ref (job->process), g_object_unref);
  g_cancellable_cancel (job->cancellable);
  release (job);
}

PraxiJobState
praxi_job_state (const PraxiJob *job)
{
  return job->state;
}

JsonObject *
praxi_job_document (const PraxiJob *job)
{
  return job->document != NULL ? json_node_get_object (json_parser_get_root (job->document)) : NULL;
}

const char *
praxi_job_error_text (const PraxiJob *job)
{
  return job->error_text != NULL ? job->error_text : "";
}

char *
praxi_job_log_tail (const PraxiJob *job)
{
  GString *text = g_string_new (NULL);
  for (const GList *node = job->log.head; node != NULL; node = node->next)
    g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", (const char *) node->data);
  return g_string_free (text, FALSE);
}
