/* One bit of a project file is turned: what people would then see differently must be found by the
 * audit, or the file is refused.
 *
 * usage: test-bit-flips [--flips N] (or PRAXI_TEST_FLIPS); 200 by default, 1000 for a campaign
 */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/store/random-edits.h"

#include "engine/store/store-private.h"

enum { DEFAULT_FLIPS = 200, EDITS = 200, MEDIA_ID = 4 };

static int n_flips;

typedef struct {
  int n_refused;  /* did not open */
  int n_found;    /* content differs or not, the audit says so */
  int n_harmless; /* content is the same and the audit has nothing to say */
  int n_silent;
} Tally;

static char *
make_project (const Fixture *fixture, char **bytes, gsize *n_bytes)
{
  guint32 state = 3;
  PraxiStore *store = fixture_open (fixture);
  g_assert_cmpint (add_footage (store, "/a.mp4"), ==, MEDIA_ID);
  for (int i = 0; i < EDITS; i++)
    g_assert_true (random_edit (store, MEDIA_ID, &state, NULL));
  char *dump = dump_store (store, NULL);
  praxi_store_close (store);
  g_assert_true (g_file_get_contents (fixture->path, bytes, n_bytes, NULL));
  return dump;
}

static gboolean
is_reported (const char *path)
{
  g_autoptr (PraxiVerifyReport) report = NULL;
  return !praxi_store_verify_file (path, &report, NULL) || !report->is_intact;
}

static void
look (const char *path, const char *dump, gsize bit, Tally *tally)
{
  gboolean is_damaged = FALSE;
  const gboolean is_found = is_reported (path);
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_DEFAULT, NULL);
  g_autofree char *seen = store != NULL ? dump_store (store, &is_damaged) : NULL;
  if (seen == NULL)
    tally->n_refused++;
  else if (is_found)
    tally->n_found++;
  else if (g_strcmp0 (seen, dump) == 0)
    tally->n_harmless++;
  else
    tally->n_silent++;
  if (seen != NULL && !is_found && g_strcmp0 (seen, dump) != 0)
    g_test_message ("bit %" G_GSIZE_FORMAT " changes what is seen, unseen by the audit", bit);
}

static void
remove_log (const char *path)
{
  static const char *const endings[] = {"-wal", "-shm"};
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *name = g_strconcat (path, endings[i], NULL);
    praxi_disk_system.remove (name);
  }
}

/* Without the sync of g_file_set_contents: this is written a thousand times. */
static void
write_file (const char *path, const char *bytes, gsize n_bytes)
{
  g_assert_true (g_file_set_contents_full (path, bytes, (gssize) n_bytes, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
}

static void
test_bit_flips (Fixture *fixture, gconstpointer data)
{
  Tally tally = {0};
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  g_autofree char *dump = make_project (fixture, &bytes, &n_bytes);
  g_autofree char *path = fixture_file (fixture, "flipped.praxi");
  guint32 state = 17;
  for (int i = 0; i < n_flips; i++) {
    const gsize bit = next_random (&state) % (n_bytes * 8);
    bytes[bit / 8] ^= (char) (1 << bit % 8);
    remove_log (path);
    write_file (path, bytes, n_bytes);
    bytes[bit / 8] ^= (char) (1 << bit % 8);
    look (path, dump, bit, &tally);
  }
  g_test_message ("%d bits of %" G_GSIZE_FORMAT " kB turned: %d refused, %d found, %d harmless, %d "
                  "silent",
                  n_flips, n_bytes / 1000, tally.n_refused, tally.n_found, tally.n_harmless,
                  tally.n_silent);
  g_assert_cmpint (tally.n_found, >, 0);
  g_assert_cmpint (tally.n_silent, ==, 0);
}

/* Leaves the last edits in the log, as a program that is killed does. Returns what was there. */
static char *
leave_log (const Fixture *fixture, const char *log)
{
  enum { LATE_EDITS = 20 };
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  g_free (make_project (fixture, &bytes, &n_bytes));
  const pid_t child = fork ();
  if (child == 0) {
    guint32 state = 5;
    PraxiStore *store = fixture_open (fixture);
    for (int i = 0; i < LATE_EDITS; i++)
      g_assert_true (random_edit (store, MEDIA_ID, &state, NULL));
    _exit (0);
  }
  waitpid (child, NULL, 0);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  g_autoptr (PraxiStore) store = praxi_store_open (fixture->path, PRAXI_STORE_READ_ONLY, NULL);
  assert_intact (fixture->path);
  return dump_store (store, NULL);
}

/* SQLite forgets what stands behind a damaged page of its log; the audit must not. */
static void
test_log_flips (Fixture *fixture, gconstpointer data)
{
  Tally tally = {0};
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *dump = leave_log (fixture, log);
  g_autofree char *bytes = NULL;
  g_autofree char *log_bytes = NULL;
  gsize n_bytes = 0;
  gsize n_log_bytes = 0;
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  g_assert_true (g_file_get_contents (log, &log_bytes, &n_log_bytes, NULL));
  guint32 state = 23;
  for (int i = 0; i < n_flips / 4; i++) {
    const gsize bit = next_random (&state) % (n_log_bytes * 8);
    remove_log (fixture->path);
    log_bytes[bit / 8] ^= (char) (1 << bit % 8);
    write_file (fixture->path, bytes, n_bytes);
    write_file (log, log_bytes, n_log_bytes);
    log_bytes[bit / 8] ^= (char) (1 << bit % 8);
    look (fixture->path, dump, bit, &tally);
  }
  g_test_message ("%d bits of a log turned: %d refused, %d found, %d harmless, %d silent",
                  n_flips / 4, tally.n_refused, tally.n_found, tally.n_harmless, tally.n_silent);
  g_assert_cmpint (tally.n_found, >, 0);
  g_assert_cmpint (tally.n_silent, ==, 0);
}

/* What somebody with a database program does, who knows the tables but not the hashes. */
static const char *const edits_from_outside[] = {
    "UPDATE label SET end_ns = end_ns + 1 WHERE id = (SELECT max (id) FROM label)",
    "UPDATE label SET note = note || ' '",
    "UPDATE label SET class_id = 4 - class_id WHERE class_id <> 2",
    "DELETE FROM label WHERE id = (SELECT min (id) FROM label)",
    "INSERT INTO label SELECT max (id) + 1, media_id, class_id, start_ns, end_ns, start_frame,"
    " end_frame, author, source, note, created_us, hash FROM label",
    "UPDATE label SET id = id + 100000 WHERE id = (SELECT max (id) FROM label)",
    "UPDATE class SET name = 'brawl' WHERE name = 'fight'",
    "UPDATE media SET path = x'2f622e6d7034'",
    "UPDATE history SET author = 'somebody else' WHERE seq = 20",
    "UPDATE history SET at_us = at_us - 1 WHERE seq = 21",
    "DELETE FROM history WHERE seq = (SELECT max (seq) FROM history)",
    "DELETE FROM history WHERE seq = 30",
    "UPDATE history SET seq = -1 WHERE seq = 31",
    "UPDATE history SET before = after, after = before WHERE seq = 40",
    "UPDATE seal SET seq = seq - 1",
    "UPDATE seal SET hash = zeroblob (32)",
    "UPDATE label SET hash = zeroblob (32)",
    "UPDATE run SET state = 'failed'",
    "UPDATE run_events SET events = '[1]'",
    "DELETE FROM run_events",
    "UPDATE model SET sha256 = 'def'",
    /* two rows change places, with their hashes */
    "UPDATE history SET seq = 1000000 WHERE seq = 50; UPDATE history SET seq = 50 WHERE seq = 51;"
    "UPDATE history SET seq = 51 WHERE seq = 1000000",
    /* the newest label and its history row vanish together */
    "DELETE FROM label WHERE id = (SELECT max (seq) FROM history);"
    "DELETE FROM history WHERE seq = (SELECT max (seq) FROM history)",
};

static void
add_run (PraxiStore *store)
{
  const PraxiRunStart start = {.media_id = MEDIA_ID, .model_name = "light", .model_sha256 = "abc"};
  g_autofree char *track = NULL;
  gint64 run = 0;
  g_assert_true (praxi_store_begin_run (store, &start, &run, &track, NULL));
  g_assert_true (praxi_store_finish_run (store, run, PRAXI_RUN_DONE, "[]", NULL));
}

static void
edit_from_outside (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
  sqlite3_exec (db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_total_changes (db), >, 0);
  sqlite3_close (db);
}

static void
test_edits_from_outside (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  g_autofree char *dump = make_project (fixture, &bytes, &n_bytes);
  PraxiStore *store = fixture_open (fixture);
  add_run (store);
  add_span (store, MEDIA_ID, "fall", 0, 1000);
  praxi_store_close (store);
  g_clear_pointer (&bytes, g_free);
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  assert_intact (fixture->path);
  for (guint i = 0; i < G_N_ELEMENTS (edits_from_outside); i++) {
    remove_log (fixture->path);
    g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize) n_bytes, NULL));
    edit_from_outside (fixture->path, edits_from_outside[i]);
    if (!is_reported (fixture->path))
      g_test_fail_printf ("not found: %s", edits_from_outside[i]);
  }
}

int
main (int argc, char **argv)
{
  n_flips = fixture_count (argc, argv, "flips", DEFAULT_FLIPS);
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/bit-flips/project", test_bit_flips);
  fixture_test ("/bit-flips/log", test_log_flips);
  fixture_test ("/bit-flips/edits-from-outside", test_edits_from_outside);
  return g_test_run ();
}
