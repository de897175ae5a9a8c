/* Two programs write one project at once: both keep everything, and neither hears that it is busy.
 *
 * usage: test-two-programs [--edits N] (or PRAXI_TEST_EDITS) of each; 150 by default
 */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/random-edits.h"

enum { DEFAULT_EDITS = 150, MEDIA_ID = 4, PROGRAMS = 2 };

static int n_edits;

/* Exits with 0 when every label was acknowledged. */
static void
add_labels (const char *path, int program)
{
  g_autofree char *author = g_strdup_printf ("program %d", program);
  PraxiStore *store = praxi_store_open (path, PRAXI_STORE_DEFAULT, NULL);
  int n_failed = store == NULL || !praxi_store_set_author (store, author, NULL);
  for (int i = 0; i < n_edits && n_failed == 0; i++) {
    const PraxiLabel label = {
        .media_id = MEDIA_ID, .class_id = 1 + program, .start_ns = i, .end_ns = i + 1};
    n_failed += !praxi_store_add_label (store, &label, NULL, NULL);
  }
  praxi_store_close (store);
  _exit (n_failed != 0);
}

static void
test_both_write (Fixture *fixture, gconstpointer data)
{
  pid_t children[PROGRAMS];
  PraxiStore *store = fixture_open (fixture);
  g_assert_cmpint (add_footage (store, "/a.mp4"), ==, MEDIA_ID);
  praxi_store_close (store);
  for (int i = 0; i < PROGRAMS; i++) {
    children[i] = fork ();
    if (children[i] == 0)
      add_labels (fixture->path, i);
  }
  for (int i = 0; i < PROGRAMS; i++) {
    int status = 0;
    waitpid (children[i], &status, 0);
    g_assert_true (WIFEXITED (status));
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  }
  store = fixture_open (fixture);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  g_assert_cmpuint (labels->len, ==, (guint) (PROGRAMS * n_edits));
  g_autofree char *problem = find_problem (store);
  g_assert_cmpstr (problem, ==, NULL);
  praxi_store_close (store);
}

/* Several programs find no project and make it at the same moment: one of them does. */
static void
test_both_create (Fixture *fixture, gconstpointer data)
{
  enum { CREATORS = 4, ROUNDS = 5 };
  for (int round = 0; round < ROUNDS; round++) {
    g_autofree char *name = g_strdup_printf ("new-%d.praxi", round);
    g_autofree char *path = fixture_file (fixture, name);
    for (int i = 0; i < CREATORS; i++)
      if (fork () == 0)
        _exit (praxi_store_open (path, PRAXI_STORE_CREATE, NULL) == NULL);
    for (int i = 0; i < CREATORS; i++) {
      int status = 0;
      wait (&status);
      g_assert_cmpint (status, ==, 0);
    }
    assert_intact (path);
  }
}

int
main (int argc, char **argv)
{
  n_edits = fixture_count (argc, argv, "edits", DEFAULT_EDITS);
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/two-programs/both-write", test_both_write);
  fixture_test ("/two-programs/both-create", test_both_create);
  return g_test_run ();
}
