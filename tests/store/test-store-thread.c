/* The store thread: order, results in the caller's context, nothing lost when it is freed. */
#include "engine/store/store-thread.h"
#include "tests/store/store-fixture.h"

typedef struct {
  GThread *caller;
  GMainLoop *loop;
  gint64 media_id;
  int next; /* number of the call that must be answered next */
  int n_done;
  int n_failed;
  int n_wanted; /* quits the loop */
} Log;

typedef struct {
  Log *log;
  int number;
} Request;

static gpointer
add_media_cb (PraxiStore *store, gpointer data, GError **error)
{
  const PraxiMediaRow media = {.path = (char *) "/a.mp4"};
  gint64 id = 0;
  praxi_store_add_media (store, &media, &id, error);
  return GINT_TO_POINTER ((int) id);
}

static gpointer
add_label_cb (PraxiStore *store, gpointer data, GError **error)
{
  const Request *request = data;
  const PraxiLabel label = {.media_id = request->log->media_id,
                            .class_id = 1,
                            .start_ns = request->number * 1000,
                            .end_ns = request->number * 1000 + 500};
  gint64 id = 0;
  praxi_store_add_label (store, &label, &id, error);
  return GINT_TO_POINTER ((int) id);
}

static void
media_done_cb (gpointer result, const GError *error, gpointer data)
{
  Log *log = data;
  g_assert_no_error (error);
  log->media_id = GPOINTER_TO_INT (result);
  g_main_loop_quit (log->loop);
}

static void
label_done_cb (gpointer result, const GError *error, gpointer data)
{
  g_autofree Request *request = data;
  Log *log = request->log;
  g_assert_true (g_thread_self () == log->caller);
  g_assert_cmpint (request->number, ==, log->next++);
  log->n_failed += error != NULL;
  g_assert_true (error != NULL || GPOINTER_TO_INT (result) > 0);
  if (++log->n_done == log->n_wanted)
    g_main_loop_quit (log->loop);
}

static void
request_labels (PraxiStoreThread *thread, Log *log, int n)
{
  for (int i = 0; i < n; i++) {
    Request *request = g_new (Request, 1);
    *request = (Request){.log = log, .number = log->next + i};
    praxi_store_thread_call (thread, add_label_cb, request, label_done_cb);
  }
  log->n_wanted = log->n_done + n;
}

static void
test_calls (Fixture *fixture, gconstpointer data)
{
  enum { ROUNDS = 5, CALLS = 40 };
  Log log = {.caller = g_thread_self (), .loop = g_main_loop_new (NULL, FALSE)};
  PraxiStoreThread *thread = praxi_store_thread_new (fixture->path, PRAXI_STORE_CREATE, NULL, NULL);
  praxi_store_thread_call (thread, add_media_cb, NULL, NULL);
  praxi_store_thread_call (thread, add_media_cb, &log, media_done_cb);
  g_main_loop_run (log.loop);
  for (int round = 0; round < ROUNDS; round++) {
    request_labels (thread, &log, CALLS);
    g_assert_cmpuint (praxi_store_thread_pending (thread), ==, CALLS);
    g_main_loop_run (log.loop);
    g_assert_cmpuint (praxi_store_thread_pending (thread), ==, 0);
  }
  request_labels (thread, &log, CALLS);
  praxi_store_thread_free (thread);
  g_assert_cmpint (log.n_done, ==, (ROUNDS + 1) * CALLS);
  g_assert_cmpint (log.n_failed, ==, 0);
  g_main_loop_unref (log.loop);

  g_autoptr (PraxiStore) store = fixture_open (fixture);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  g_assert_cmpuint (labels->len, ==, (ROUNDS + 1) * CALLS);
}

static void
opened_cb (gpointer result, const GError *error, gpointer data)
{
  int *n_opened = data;
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  ++*n_opened;
}

static void
test_open_fails (Fixture *fixture, gconstpointer data)
{
  int n_opened = 0;
  Log log = {.caller = g_thread_self (), .media_id = 1, .n_wanted = -1};
  PraxiStoreThread *thread =
      praxi_store_thread_new (fixture->path, PRAXI_STORE_DEFAULT, opened_cb, &n_opened);
  request_labels (thread, &log, 3);
  log.n_wanted = -1;
  praxi_store_thread_free (thread);
  g_assert_cmpint (n_opened, ==, 1);
  g_assert_cmpint (log.n_failed, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/store-thread/calls", test_calls);
  fixture_test ("/store-thread/open-fails", test_open_fails);
  return g_test_run ();
}
