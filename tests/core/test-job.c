/* Jobs: progress, document, failure sentence, cancellation, and being let go of while running. */
#include "engine/core/job.h"

#include <math.h>
#include <sys/resource.h>

typedef struct {
  GMainLoop *loop;
  double done, total, eta_s;
  int progress_lines, other_lines;
  gboolean is_finished;
} Seen;

static void
progress_cb (PraxiJob *job, const PraxiJobProgress *progress, gpointer user_data)
{
  Seen *seen = user_data;
  seen->done = progress->done;
  seen->total = progress->total;
  seen->eta_s = progress->eta_s;
  seen->progress_lines++;
}

static void
line_cb (PraxiJob *job, JsonObject *line, gpointer user_data)
{
  Seen *seen = user_data;
  seen->other_lines++;
  g_assert_cmpstr (json_object_get_string_member (line, "track"), ==, "/t");
}

static void
finished_cb (PraxiJob *job, gpointer user_data)
{
  Seen *seen = user_data;
  g_assert_false (seen->is_finished);
  seen->is_finished = TRUE;
  g_main_loop_quit (seen->loop);
}

static const PraxiJobEvents events = {progress_cb, line_cb, finished_cb};

static PraxiJob *
start_with (Seen *seen, const char *script, const PraxiJobExtras *extras)
{
  const char *const argv[] = {"/bin/sh", "-c", script, NULL};
  g_autoptr (GError) error = NULL;
  PraxiJob *job = praxi_job_start_with (argv, extras, &events, seen, &error);
  g_assert_no_error (error);
  return job;
}

static PraxiJob *
start (Seen *seen, const char *script)
{
  return start_with (seen, script, &(PraxiJobExtras){0});
}

static PraxiJob *
wait_for (Seen *seen, PraxiJob *job)
{
  seen->loop = g_main_loop_new (NULL, FALSE);
  g_main_loop_run (seen->loop);
  g_clear_pointer (&seen->loop, g_main_loop_unref);
  return job;
}

static PraxiJob *
run (Seen *seen, const char *script)
{
  return wait_for (seen, start (seen, script));
}

static void
test_done (void)
{
  Seen seen = {0};
  g_autoptr (PraxiJob) job =
      run (&seen, "echo '{\"media\":\"m\",\"track\":\"/t\"}' >&2;"
                  "echo '{\"done\":1,\"total\":4,\"unit\":\"s\",\"eta_s\":null}' >&2;"
                  "echo '{\"done\":4,\"total\":4,\"unit\":\"s\",\"eta_s\":0}' >&2;"
                  "echo not json >&2; printf '{\"answer\":42}'");
  g_assert_cmpint (praxi_job_state (job), ==, PRAXI_JOB_DONE);
  g_assert_cmpint (json_object_get_int_member (praxi_job_document (job), "answer"), ==, 42);
  g_assert_cmpint (seen.progress_lines, ==, 2);
  g_assert_cmpint (seen.other_lines, ==, 1);
  g_assert_cmpfloat (seen.done, ==, 4);
  g_autofree char *log = praxi_job_log_tail (job);
  g_assert_cmpstr (log, ==, "not json");
}

static void
test_unknown_eta (void)
{
  Seen seen = {0};
  g_autoptr (PraxiJob) job =
      run (&seen, "echo '{\"done\":1,\"total\":4,\"unit\":\"s\",\"eta_s\":null}' >&2");
  g_assert_cmpint (seen.progress_lines, ==, 1);
  g_assert_cmpfloat (seen.total, ==, 4);
  g_assert_true (isnan (seen.eta_s));
}

static void
test_failure (void)
{
  Seen seen = {0};
  g_autoptr (PraxiJob) job = run (&seen, "echo 'praxi: a.mp4: no video; try another' >&2; exit 1");
  g_assert_cmpint (praxi_job_state (job), ==, PRAXI_JOB_FAILED);
  g_assert_cmpstr (praxi_job_error_text (job), ==, "a.mp4: no video; try another");
  g_assert_null (praxi_job_document (job));
}

static void
test_yields (void)
{
  const char *script = "sleep 0.3; printf '{\"nice\":%d}' $(nice)";
  const int own = getpriority (PRIO_PROCESS, 0);
  Seen seen = {0}, again = {0};
  g_autoptr (PraxiJob) job = run (&seen, script);
  g_autoptr (PraxiJob) meek =
      wait_for (&again, start_with (&again, script, &(PraxiJobExtras){.yields = TRUE}));
  g_assert_cmpint (json_object_get_int_member (praxi_job_document (job), "nice"), ==, own);
  g_assert_cmpint (json_object_get_int_member (praxi_job_document (meek), "nice"), ==,
                   MIN (own + 19, 19));
}

static void
test_crash (void)
{
  Seen seen = {0};
  g_autoptr (PraxiJob) job = run (&seen, "kill -SEGV $$");
  g_assert_cmpint (praxi_job_state (job), ==, PRAXI_JOB_FAILED);
  g_assert_nonnull (strstr (praxi_job_error_text (job), "signal 11"));
}

static void
test_damaged_document (void)
{
  Seen seen = {0};
  g_autoptr (PraxiJob) job = run (&seen, "printf '{\"answer\":'");
  g_assert_cmpint (praxi_job_state (job), ==, PRAXI_JOB_FAILED);
}

static gboolean
cancel_cb (gpointer user_data)
{
  praxi_job_cancel (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_cancel (void)
{
  Seen seen = {.loop = g_main_loop_new (NULL, FALSE)};
  g_autoptr (PraxiJob) job = start (&seen, "trap 'exit 130' INT; while :; do sleep 0.05; done");
  g_timeout_add (200, cancel_cb, job);
  g_main_loop_run (seen.loop);
  g_clear_pointer (&seen.loop, g_main_loop_unref);
  g_assert_cmpint (praxi_job_state (job), ==, PRAXI_JOB_CANCELLED);
}

static gboolean
quit_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_let_go (void)
{
  Seen seen = {0};
  PraxiJob *job = start (&seen, "while :; do echo '{\"done\":1,\"total\":2}' >&2; done");
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_timeout_add (50, quit_cb, loop);
  g_main_loop_run (loop);
  praxi_job_free (job);
  const int lines = seen.progress_lines;
  g_assert_cmpint (lines, >, 0);
  g_timeout_add (100, quit_cb, loop);
  g_main_loop_run (loop);
  g_assert_cmpint (seen.progress_lines, ==, lines);
  g_assert_false (seen.is_finished);
}

static void
test_no_program (void)
{
  const char *const argv[] = {"/nowhere/praxi", NULL};
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_job_start (argv, &events, NULL, &error));
  g_assert_nonnull (strstr (error->message, "/nowhere/praxi"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/job/done", test_done);
  g_test_add_func ("/job/unknown-eta", test_unknown_eta);
  g_test_add_func ("/job/failure", test_failure);
  g_test_add_func ("/job/crash", test_crash);
  g_test_add_func ("/job/damaged-document", test_damaged_document);
  g_test_add_func ("/job/cancel", test_cancel);
  g_test_add_func ("/job/let-go", test_let_go);
  g_test_add_func ("/job/yields", test_yields);
  g_test_add_func ("/job/no-program", test_no_program);
  return g_test_run ();
}
