/* A job: one `praxi` child process that reports progress as JSON lines on stderr and one JSON
 * document on stdout. Everything happens in the GMainContext that was the thread's default when the
 * job started; nothing blocks.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct PraxiJob PraxiJob;

typedef enum {
  PRAXI_JOB_RUNNING,
  PRAXI_JOB_DONE,
  PRAXI_JOB_CANCELLED, /* what was finished is kept */
  PRAXI_JOB_FAILED,
} PraxiJobState;

typedef struct {
  double done;
  double total;
  double eta_s;     /* NaN while unknown */
  const char *unit; /* what done and total count; borrowed for the call */
} PraxiJobProgress;

/* Any may be NULL. The job is alive during each call; `finished` comes once, as the last one. */
typedef struct {
  void (*progress) (PraxiJob *job, const PraxiJobProgress *progress, gpointer user_data);
  void (*line) (PraxiJob *job, JsonObject *line, gpointer user_data); /* a line without "done" */
  void (*finished) (PraxiJob *job, gpointer user_data);
} PraxiJobEvents;

/* Starts the program argv[0] with its arguments.
 * argv:   ended by NULL; copied
 * events: copied
 * Returns a job; free with praxi_job_free. NULL when the program cannot be started.
 * Thread: the caller's; all events arrive in its GMainContext
 * Errors: NOT_FOUND (no such program), FAILED
 */
PraxiJob *praxi_job_start (const char *const *argv,
                           const PraxiJobEvents *events,
                           gpointer user_data,
                           GError **error);

/* What a job gets besides its arguments. */
typedef struct {
  int fd;            /* becomes its descriptor 3; stays the caller's; 0: none */
  const char *input; /* its standard input, for what no list of processes may show; NULL: none */
  int kill_after_ms; /* after praxi_job_free asked it to stop; 0: never */
  gboolean yields;   /* the processor to what a person waits for (nice 19) */
} PraxiJobExtras;

/* As praxi_job_start. extras: borrowed */
PraxiJob *praxi_job_start_with (const char *const *argv,
                                const PraxiJobExtras *extras,
                                const PraxiJobEvents *events,
                                gpointer user_data,
                                GError **error);

/* Asks the job to stop (SIGINT: what is finished is kept) and kills it after five seconds. */
void praxi_job_cancel (PraxiJob *job);

/* Lets go of the job; a running one is asked to stop. No event arrives afterwards. */
void praxi_job_free (PraxiJob *job);

PraxiJobState praxi_job_state (const PraxiJob *job);

/* The JSON document of a job that is done; NULL while it runs or when there was none. Borrowed. */
JsonObject *praxi_job_document (const PraxiJob *job);

/* One sentence about what went wrong: the last line of the log that is not progress, without
 * "praxi: ". Empty while nothing did. Borrowed.
 */
const char *praxi_job_error_text (const PraxiJob *job);

/* The last lines (at most 50) that were not JSON, for the folded-out details. Free with g_free. */
char *praxi_job_log_tail (const PraxiJob *job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiJob, praxi_job_free)

G_END_DECLS
