/* Files and folders that are not what they should be: each is refused in one sentence, or opened
 * read-only, and keeps every byte. And a project that has become large.
 *
 * usage: test-refusals [--labels N] (or PRAXI_TEST_LABELS); 20000 by default, 100000 for figures
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/store/store-private.h"
#include "tests/store/store-fixture.h"

enum { NOBODY = 65534, DEFAULT_LABELS = 20000 };

static int n_labels;

static void
make_project (const Fixture *fixture, int n)
{
  PraxiStore *store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  for (int i = 0; i < n; i++)
    add_span (store, media, "fight", i * 100, i * 100 + 50);
  praxi_store_close (store);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  make_project (fixture, 2);
  run_sql (fixture->path, "PRAGMA user_version = 4");
  g_autofree char *before = file_sha256 (fixture->path);
  for (guint flags = 0; flags < 4; flags++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (praxi_store_open (fixture->path, (PraxiStoreFlags) flags, &error));
    assert_refusal (error, PRAXI_ERROR_UNSUPPORTED);
    g_assert_nonnull (strstr (error->message, "schema 4"));
  }
  g_autofree char *after = file_sha256 (fixture->path);
  g_assert_cmpstr (after, ==, before);
}

static void
test_not_a_project (Fixture *fixture, gconstpointer data)
{
  static const char header[] = "SQLite format 3";
  static const struct {
    const char *bytes;
    gssize n_bytes;
  } files[] = {{"", 0},          {"x", 1},
               {"S", 1},         {"\0", 1},
               {header, 16},     {"PRAXIPRAXIPRAXI", 15},
               {"%PDF-1.4", -1}, {"{\"labels\":[]}", -1}};
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_true (g_file_set_contents (fixture->path, files[i].bytes, files[i].n_bytes, NULL));
    g_autofree char *before = file_sha256 (fixture->path);
    g_assert_null (praxi_store_open (fixture->path, PRAXI_STORE_CREATE, &error));
    assert_refusal (error, PRAXI_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, "not a project file"));
    g_autofree char *after = file_sha256 (fixture->path);
    g_assert_cmpstr (after, ==, before);
  }
}

static void
test_other_database (Fixture *fixture, gconstpointer data)
{
  static const char *const others[] = {
      "CREATE TABLE t (a)",
      "PRAGMA application_id = 0x47504b47; PRAGMA user_version = 1; CREATE TABLE t (a)",
  };
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (GError) error = NULL;
    g_unlink (fixture->path);
    run_sql (fixture->path, others[i]);
    g_assert_null (praxi_store_open (fixture->path, PRAXI_STORE_DEFAULT, &error));
    assert_refusal (error, PRAXI_ERROR_FORMAT);
  }
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_store_open (fixture->folder, PRAXI_STORE_CREATE, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
}

/* What a file could hold to make an unsuspecting program do things. */
static const char *const hostile[] = {
    "CREATE TRIGGER steal AFTER INSERT ON label BEGIN DELETE FROM label; END",
    "CREATE TRIGGER load AFTER INSERT ON history BEGIN SELECT load_extension ('/tmp/x'); END",
    "CREATE VIEW peek AS SELECT readfile ('/etc/passwd')",
    "CREATE TABLE extra (a)",
    "CREATE INDEX odd ON label (hex (note))",
    "DROP INDEX label_by_class",
    "ALTER TABLE label ADD COLUMN more TEXT GENERATED ALWAYS AS (note || note) VIRTUAL",
    "ALTER TABLE media RENAME TO other",
    "DROP TABLE seal",
    "CREATE VIRTUAL TABLE search USING fts5 (a)",
};

static void
test_hostile_schema (Fixture *fixture, gconstpointer data)
{
  make_project (fixture, 3);
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &n_bytes, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize) n_bytes, NULL));
    run_sql (fixture->path, hostile[i]);
    g_autofree char *before = file_sha256 (fixture->path);
    g_assert_null (praxi_store_open (fixture->path, PRAXI_STORE_DEFAULT, &error));
    assert_refusal (error, PRAXI_ERROR_FORMAT);
    g_autofree char *after = file_sha256 (fixture->path);
    g_assert_cmpstr (after, ==, before);
    g_autoptr (PraxiVerifyReport) report = NULL;
    g_assert_true (praxi_store_verify_file (fixture->path, &report, NULL));
    g_assert_false (report->is_intact);
  }
}

static void
test_huge_values (Fixture *fixture, gconstpointer data)
{
  make_project (fixture, 1);
  run_sql (fixture->path, "UPDATE label SET note = hex (zeroblob (10000000))");
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = praxi_store_open (fixture->path, PRAXI_STORE_READ_ONLY, &error);
  g_assert_true (store == NULL || praxi_store_list_labels (store, 0, &error) == NULL);
  assert_refusal (error, PRAXI_ERROR_FORMAT);
}

static void
test_garbage_log (Fixture *fixture, gconstpointer data)
{
  enum { LOG_BYTES = 50000000 };
  make_project (fixture, 3);
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *garbage = g_strnfill (LOG_BYTES, 'w');
  g_assert_true (g_file_set_contents (log, garbage, LOG_BYTES, NULL));
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  g_assert_cmpuint (labels->len, ==, 3);
}

static void
test_old_log (Fixture *fixture, gconstpointer data)
{
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_assert_true (g_file_set_contents (log, "labels", 6, NULL));
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_store_open (fixture->path, PRAXI_STORE_CREATE, &error));
  assert_refusal (error, PRAXI_ERROR_FORMAT);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_set_contents (log, "", 0, NULL));
  g_autoptr (PraxiStore) store = fixture_open (fixture);
}

/* Runs `look` as somebody who may not write; root writes everywhere. */
static void
as_reader (void (*look) (const Fixture *), const Fixture *fixture)
{
  const pid_t child = fork ();
  if (child == 0) {
    if (geteuid () == 0 && setresuid (NOBODY, NOBODY, NOBODY) != 0)
      _exit (2);
    look (fixture);
    _exit (0);
  }
  int status = 0;
  waitpid (child, &status, 0);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
look_read_only (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  PraxiStore *store = praxi_store_open (fixture->path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_store_is_read_only (store));
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (labels->len, ==, 3);
  g_assert_false (praxi_store_remove_label (store, 5, &error));
  assert_refusal (error, PRAXI_ERROR_READ_ONLY);
  g_clear_error (&error);
  g_assert_false (praxi_store_undo (store, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_READ_ONLY);
  praxi_store_close (store);
}

static void
look_create_refused (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = fixture_file (fixture, "new.praxi");
  g_assert_null (praxi_store_open (path, PRAXI_STORE_CREATE, &error));
  assert_refusal (error, PRAXI_ERROR_READ_ONLY);
}

static void
look_unreadable (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_store_open (fixture->path, PRAXI_STORE_DEFAULT, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
  assert_refusal (error, PRAXI_ERROR_DISK);
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  make_project (fixture, 3);
  g_autofree char *before = file_sha256 (fixture->path);
  g_chmod (fixture->path, 0444);
  g_chmod (fixture->folder, 0777);
  as_reader (look_read_only, fixture);
  g_chmod (fixture->folder, 0555);
  as_reader (look_read_only, fixture);
  g_chmod (fixture->path, 0666);
  as_reader (look_read_only, fixture);
  as_reader (look_create_refused, fixture);
  g_chmod (fixture->path, 0000);
  as_reader (look_unreadable, fixture);
  g_chmod (fixture->path, 0600);
  g_chmod (fixture->folder, 0700);
  g_autofree char *after = file_sha256 (fixture->path);
  g_assert_cmpstr (after, ==, before);
}

/* The last labels are still in the log, and the log's index is gone: the folder of a program that
 * was killed, on a disk that cannot be written.
 */
static void
test_read_only_with_log (Fixture *fixture, gconstpointer data)
{
  make_project (fixture, 1);
  const pid_t child = fork ();
  if (child == 0) {
    PraxiStore *store = fixture_open (fixture);
    add_span (store, 4, "fall", 0, 1);
    add_span (store, 4, "fall", 1, 2);
    _exit (0);
  }
  waitpid (child, NULL, 0);
  g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *log_index = g_strconcat (fixture->path, "-shm", NULL);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  g_unlink (log_index);
  g_chmod (fixture->path, 0444);
  g_chmod (log, 0444);
  g_chmod (fixture->folder, 0555);
  as_reader (look_read_only, fixture);
  g_chmod (fixture->folder, 0700);
}

static void
test_deleted_or_replaced (Fixture *fixture, gconstpointer data)
{
  for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
    g_autofree char *copy = fixture_file (fixture, is_replaced ? "b.praxi" : "a.praxi");
    g_autofree char *other = fixture_file (fixture, "other");
    g_autoptr (GError) error = NULL;
    g_autoptr (PraxiStore) store = fixture_open (fixture);
    const gint64 media = add_footage (store, "/a.mp4");
    add_span (store, media, "fight", 0, 1000);
    g_autofree char *before = dump_store (store, NULL);
    g_assert_true (g_file_set_contents (other, "other", 5, NULL));
    if (is_replaced)
      g_assert_cmpint (g_rename (other, fixture->path), ==, 0);
    else
      g_unlink (fixture->path);
    const PraxiLabel label = {.media_id = media, .class_id = 1, .end_ns = 1};
    g_assert_false (praxi_store_add_label (store, &label, NULL, &error));
    assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
    g_assert_true (praxi_store_save_copy (store, copy, NULL));
    g_autoptr (PraxiStore) saved = praxi_store_open (copy, PRAXI_STORE_DEFAULT, NULL);
    g_autofree char *after = dump_store (saved, NULL);
    g_assert_cmpstr (after, ==, before);
    g_clear_pointer (&store, praxi_store_close);
    g_unlink (fixture->path);
    g_autofree char *log = g_strconcat (fixture->path, "-wal", NULL);
    g_unlink (log);
  }
}

/* Between the begin and the commit of a group as well. */
static void
test_deleted_in_group (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  g_assert_true (praxi_store_begin (store, NULL));
  add_footage (store, "/a.mp4");
  g_unlink (fixture->path);
  g_assert_false (praxi_store_commit (store, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
}

static void
test_busy (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) holder = fixture_open (fixture);
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  sqlite3_busy_timeout (store->db, 20);
  g_assert_true (praxi_store_begin (holder, NULL));
  const PraxiMediaRow media = {.path = (char *) "/a.mp4"};
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_store_add_media (store, &media, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_BUSY);
  praxi_store_rollback (holder);
  g_assert_true (praxi_store_add_media (store, &media, NULL, NULL));
}

static gint64
read_setting (PraxiStore *store, const char *name)
{
  g_autofree char *sql = g_strdup_printf ("PRAGMA %s", name);
  sqlite3_stmt *select = NULL;
  g_assert_cmpint (sqlite3_prepare_v2 (store->db, sql, -1, &select, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (select), ==, SQLITE_ROW);
  const gboolean is_wal = g_strcmp0 ((const char *) sqlite3_column_text (select, 0), "wal") == 0;
  const gint64 value = is_wal ? 1 : sqlite3_column_int64 (select, 0);
  sqlite3_finalize (select);
  return value;
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *name;
    gint64 value;
  } settings[] = {
      {"journal_mode", 1},
      {"synchronous", 2},
      {"foreign_keys", 1},
      {"trusted_schema", 0},
      {"mmap_size", 0},
      {"cell_size_check", 1},
      {"secure_delete", 1},
      {"busy_timeout", 5000},
      {"application_id", PRAXI_STORE_APPLICATION_ID},
      {"user_version", PRAXI_STORE_SCHEMA},
  };
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    g_assert_cmpint (read_setting (store, settings[i].name), ==, settings[i].value);
  static const int on[] = {SQLITE_DBCONFIG_DEFENSIVE};
  static const int off[] = {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                            SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW};
  int value = -1;
  sqlite3_db_config (store->db, on[0], -1, &value);
  g_assert_cmpint (value, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (off); i++) {
    sqlite3_db_config (store->db, off[i], -1, &value);
    g_assert_cmpint (value, ==, 0);
  }
  g_assert_cmpint (sqlite3_limit (store->db, SQLITE_LIMIT_LENGTH, -1), ==, 16 << 20);
  g_assert_cmpint (sqlite3_limit (store->db, SQLITE_LIMIT_ATTACHED, -1), ==, 0);
}

static double
ms_since (gint64 begin_us)
{
  return (double) (g_get_monotonic_time () - begin_us) / 1000;
}

static void
test_many_labels (Fixture *fixture, gconstpointer data)
{
  enum { CLIPS = 100 };
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  gint64 media[CLIPS];
  for (int i = 0; i < CLIPS; i++) {
    g_autofree char *path = g_strdup_printf ("/clip-%d.mp4", i);
    media[i] = add_footage (store, path);
  }
  gint64 begin_us = g_get_monotonic_time ();
  g_assert_true (praxi_store_begin (store, NULL));
  for (int i = 0; i < n_labels; i++) {
    const PraxiLabel label = {
        .media_id = media[i % CLIPS], .class_id = 1 + i % 3, .start_ns = i, .end_ns = i + 1000};
    g_assert_true (praxi_store_add_label (store, &label, NULL, NULL));
  }
  g_assert_true (praxi_store_commit (store, NULL));
  g_test_message ("add %d labels: %.0f ms", n_labels, ms_since (begin_us));
  begin_us = g_get_monotonic_time ();
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, media[7], NULL);
  g_test_message ("list %u of them: %.1f ms", labels->len, ms_since (begin_us));
  g_assert_cmpuint (labels->len, ==, (guint) (n_labels / CLIPS));
  begin_us = g_get_monotonic_time ();
  add_span (store, media[0], "fall", 0, 1);
  g_test_message ("add one more: %.1f ms", ms_since (begin_us));
  praxi_store_close (g_steal_pointer (&store));
  begin_us = g_get_monotonic_time ();
  store = fixture_open (fixture);
  g_test_message ("open: %.0f ms", ms_since (begin_us));
  begin_us = g_get_monotonic_time ();
  assert_intact (fixture->path);
  g_test_message ("verify: %.0f ms", ms_since (begin_us));
  begin_us = g_get_monotonic_time ();
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_test_message ("undo all: %.0f ms", ms_since (begin_us));
  g_autoptr (GPtrArray) left = praxi_store_list_labels (store, 0, NULL);
  g_assert_cmpuint (left->len, ==, 0);
}

int
main (int argc, char **argv)
{
  n_labels = fixture_count (argc, argv, "labels", DEFAULT_LABELS);
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/refusals/newer", test_newer);
  fixture_test ("/refusals/not-a-project", test_not_a_project);
  fixture_test ("/refusals/other-database", test_other_database);
  fixture_test ("/refusals/hostile-schema", test_hostile_schema);
  fixture_test ("/refusals/huge-values", test_huge_values);
  fixture_test ("/refusals/garbage-log", test_garbage_log);
  fixture_test ("/refusals/old-log", test_old_log);
  fixture_test ("/refusals/read-only", test_read_only);
  fixture_test ("/refusals/read-only-with-log", test_read_only_with_log);
  fixture_test ("/refusals/deleted-or-replaced", test_deleted_or_replaced);
  fixture_test ("/refusals/deleted-in-group", test_deleted_in_group);
  fixture_test ("/refusals/busy", test_busy);
  fixture_test ("/refusals/settings", test_settings);
  fixture_test ("/refusals/many-labels", test_many_labels);
  return g_test_run ();
}
