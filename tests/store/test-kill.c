/* The process is killed while it edits: nothing acknowledged is lost, and undo still leads all the
 * way back.
 *
 * usage: test-kill [--kills N] (or PRAXI_TEST_KILLS); 100 by default, 1000 for a campaign
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/random-edits.h"

enum { DEFAULT_KILLS = 100, MEDIA_ID = 4 };

static int n_kills;

/* The child: edits until it is killed and says over the pipe what was acknowledged. */
static void
edit_for_ever (const char *path, int pipe_fd, guint32 seed)
{
  guint32 state = seed;
  PraxiStore *store = praxi_store_open (path, PRAXI_STORE_DEFAULT, NULL);
  if (store == NULL)
    _exit (2);
  for (;;) {
    Acknowledged acknowledged;
    if (!random_edit (store, MEDIA_ID, &state, NULL))
      _exit (3);
    acknowledge (store, &acknowledged);
    if (write (pipe_fd, &acknowledged, sizeof acknowledged) != (ssize_t) sizeof acknowledged)
      _exit (4);
  }
}

/* Runs a child for `us` microseconds after its first edit. Returns how many edits it finished. */
static int
kill_after (const char *path, guint us, guint32 seed, Acknowledged *acknowledged)
{
  int fds[2];
  int status = 0;
  g_assert_cmpint (pipe (fds), ==, 0);
  const pid_t child = fork ();
  if (child == 0) {
    close (fds[0]);
    edit_for_ever (path, fds[1], seed);
  }
  close (fds[1]);
  int n_edits = 0;
  Acknowledged next;
  if (read (fds[0], &next, sizeof next) == (ssize_t) sizeof next) {
    *acknowledged = next;
    n_edits++;
    g_usleep (us);
  }
  kill (child, SIGKILL);
  waitpid (child, &status, 0);
  g_assert_true (WIFSIGNALED (status));
  while (read (fds[0], &next, sizeof next) == (ssize_t) sizeof next) {
    *acknowledged = next;
    n_edits++;
  }
  close (fds[0]);
  return n_edits;
}

static void
undo_all (PraxiStore *store)
{
  while (praxi_store_can_undo (store))
    g_assert_true (praxi_store_undo (store, NULL, NULL));
}

static void
test_kills (Fixture *fixture, gconstpointer data)
{
  int n_edits = 0;
  int n_lost = 0;
  guint32 state = 4711;
  gint64 slowest_us = 0;
  PraxiStore *store = fixture_open (fixture);
  g_assert_cmpint (add_footage (store, "/a.mp4"), ==, MEDIA_ID);
  praxi_store_close (store);
  for (int i = 0; i < n_kills; i++) {
    Acknowledged acknowledged = {0};
    const guint us = next_random (&state) % 28000;
    n_edits += kill_after (fixture->path, us, next_random (&state) | 1, &acknowledged);
    const gint64 begin_us = g_get_monotonic_time ();
    store = fixture_open (fixture);
    slowest_us = MAX (slowest_us, g_get_monotonic_time () - begin_us);
    g_autofree char *loss = find_loss (store, &acknowledged);
    if (loss != NULL)
      g_test_message ("kill %d: %s", i, loss);
    n_lost += loss != NULL;
    g_autofree char *problem = i % 20 == 0 || i + 1 == n_kills ? find_problem (store) : NULL;
    g_assert_cmpstr (problem, ==, NULL);
    praxi_store_close (store);
  }
  g_test_message ("%d kills, %d edits acknowledged: %d rounds lost some; slowest reopening %.1f ms",
                  n_kills, n_edits, n_lost, (double) slowest_us / 1000);
  g_assert_cmpint (n_edits, >, n_kills);
  g_assert_cmpint (n_lost, ==, 0);
}

static void
test_undo_after_kill (Fixture *fixture, gconstpointer data)
{
  enum { ROUNDS = 5 };
  PraxiStore *store = fixture_open (fixture);
  g_assert_cmpint (add_footage (store, "/a.mp4"), ==, MEDIA_ID);
  g_autofree char *start = dump_store (store, NULL);
  praxi_store_close (store);
  for (int i = 0; i < ROUNDS; i++) {
    Acknowledged acknowledged = {0};
    kill_after (fixture->path, 30000, (guint32) i + 5, &acknowledged);
    store = fixture_open (fixture);
    undo_all (store);
    g_autofree char *end = dump_store (store, NULL);
    g_assert_cmpstr (end, ==, start);
    praxi_store_close (store);
  }
  assert_intact (fixture->path);
}

/* Killed at any moment of being made, a project is not there or is complete. */
static void
test_kill_while_creating (Fixture *fixture, gconstpointer data)
{
  enum { ROUNDS = 30 };
  guint32 state = 99;
  for (int i = 0; i < ROUNDS; i++) {
    g_autofree char *name = g_strdup_printf ("new-%d.praxi", i);
    g_autofree char *path = fixture_file (fixture, name);
    const pid_t child = fork ();
    if (child == 0)
      _exit (praxi_store_open (path, PRAXI_STORE_CREATE, NULL) == NULL);
    g_usleep (next_random (&state) % 8000);
    kill (child, SIGKILL);
    waitpid (child, NULL, 0);
    g_autoptr (GError) error = NULL;
    g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_CREATE, &error);
    g_assert_no_error (error);
    g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, NULL);
    g_assert_cmpuint (classes->len, ==, 3);
  }
}

int
main (int argc, char **argv)
{
  n_kills = fixture_count (argc, argv, "kills", DEFAULT_KILLS);
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/kill/while-labelling", test_kills);
  fixture_test ("/kill/undo-leads-back", test_undo_after_kill);
  fixture_test ("/kill/while-creating", test_kill_while_creating);
  return g_test_run ();
}
