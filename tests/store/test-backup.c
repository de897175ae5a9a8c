/* Rotating copies of a project, and a project on another machine's disk. */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/store/backup.h"
#include "engine/store/sql.h"
#include "engine/store/store-thread.h"
#include "tests/store/store-fixture.h"

#define HOUR_US G_GINT64_CONSTANT (3600000000)
#define DAY_US (24 * HOUR_US)
#define BEGIN_US (G_GINT64_CONSTANT (1763800000) * 1000000) /* 2025-11-22, 08:26 in UTC */

static guint
count_backups (Fixture *fixture)
{
  g_autoptr (GPtrArray) paths = praxi_store_list_backups (fixture->path);
  return paths->len;
}

static void
test_copies (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  add_span (store, media, "fall", 0, 1000);
  g_autofree char *first = dump_store (store, NULL);
  g_assert_true (praxi_store_backup (store, BEGIN_US, &error));
  g_assert_no_error (error);
  g_assert_true (praxi_store_backup (store, BEGIN_US + HOUR_US, &error)); /* nothing changed */
  g_assert_cmpuint (count_backups (fixture), ==, 1);
  add_span (store, media, "fall", 2000, 3000);
  g_assert_true (praxi_store_backup (store, BEGIN_US + 2 * HOUR_US, &error));
  g_autoptr (GPtrArray) paths = praxi_store_list_backups (fixture->path);
  g_assert_cmpuint (paths->len, ==, 2);
  g_assert_true (g_str_has_suffix (fixture->path, ".praxi"));
  assert_intact (paths->pdata[0]);
  g_autoptr (PraxiStore) copy = praxi_store_open (paths->pdata[0], PRAXI_STORE_READ_ONLY, &error);
  g_assert_no_error (error);
  g_autofree char *kept = dump_store (copy, NULL);
  g_assert_cmpstr (kept, ==, first);
}

static void
test_rotation (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  g_autofree char *folder = g_strconcat (fixture->path, "-backups", NULL);
  g_assert_cmpint (g_mkdir (folder, 0777), ==, 0);
  g_autofree char *other = g_build_filename (folder, "mine.praxi", NULL);
  g_assert_true (g_file_set_contents (other, "mine", -1, NULL));
  for (int day = 0; day < 10; day++)
    for (int hour = 0; hour < 4; hour++) {
      add_span (store, media, "fall", 0, 1000);
      g_assert_true (praxi_store_backup (store, BEGIN_US + day * DAY_US + hour * HOUR_US, &error));
      g_assert_no_error (error);
    }
  /* the last six: all of day 10, two of day 9; then the last ones of days 8 to 4 */
  g_autoptr (GPtrArray) paths = praxi_store_list_backups (fixture->path);
  g_assert_cmpuint (paths->len, ==, PRAXI_BACKUP_NEWEST + PRAXI_BACKUP_DAYS - 2);
  g_autofree char *oldest = g_path_get_basename (paths->pdata[0]);
  g_assert_true (g_str_has_prefix (oldest, "20251125T11"));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
}

static gpointer
add_call (PraxiStore *store, gpointer data, GError **error)
{
  add_footage (store, "/a.mp4");
  return NULL;
}

/* The workbench's store makes the first copy a few seconds after it is opened, by itself. */
static void
test_by_itself (Fixture *fixture, gconstpointer data)
{
  PraxiStoreThread *thread =
      praxi_store_thread_new (fixture->path, PRAXI_STORE_CREATE | PRAXI_STORE_BACKUPS, NULL, NULL);
  praxi_store_thread_call (thread, add_call, NULL, NULL);
  const gint64 end_us = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  while (count_backups (fixture) == 0 && g_get_monotonic_time () < end_us)
    g_usleep (50000);
  praxi_store_thread_free (thread);
  g_assert_cmpuint (count_backups (fixture), ==, 1);
}

/* --- another machine's disk ---------------------------------------------------------------- */

static gboolean
always (const char *path)
{
  return TRUE;
}

static char *
journal_mode (PraxiStore *store)
{
  g_autoptr (PraxiStatement) mode = praxi_sql_prepare (store, "PRAGMA journal_mode", NULL);
  g_assert_cmpint (praxi_sql_step (store, mode, NULL), ==, 1);
  return g_strdup ((const char *) sqlite3_column_text (mode, 0));
}

static void
assert_remote (PraxiStore *store)
{
  g_autofree char *mode = journal_mode (store);
  g_assert_cmpstr (mode, ==, "delete");
  g_assert_true (praxi_store_is_remote (store));
}

static void
test_remote (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PraxiDisk disk = praxi_disk_system;
  disk.is_remote = always;
  PraxiStore *store = praxi_store_open_on (&disk, fixture->path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  assert_remote (store);
  const gint64 media = add_footage (store, "/a.mp4");
  add_span (store, media, "fall", 0, 1000);
  PraxiStore *job = praxi_store_open_on (&disk, fixture->path, 0, &error); /* both may write */
  g_assert_no_error (error);
  add_span (job, media, "fall", 1000, 2000);
  add_span (store, media, "fall", 2000, 3000);
  praxi_store_close (job);
  g_autofree char *before = dump_store (store, NULL);
  praxi_store_close (store);

  store = fixture_open (fixture); /* the same file, mounted locally */
  g_autofree char *mode = journal_mode (store);
  g_assert_cmpstr (mode, ==, "wal");
  g_assert_false (praxi_store_is_remote (store));
  g_autofree char *after = dump_store (store, NULL);
  g_assert_cmpstr (after, ==, before);
  add_span (store, media, "fall", 3000, 4000);
  praxi_store_close (store);
  store = praxi_store_open_on (&disk, fixture->path, 0, &error);
  g_assert_no_error (error);
  assert_remote (store);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, media, NULL);
  g_assert_cmpuint (labels->len, ==, 4);
  praxi_store_close (store);
  assert_intact (fixture->path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/backup/copies", test_copies);
  fixture_test ("/backup/rotation", test_rotation);
  fixture_test ("/backup/by-itself", test_by_itself);
  fixture_test ("/backup/remote", test_remote);
  return g_test_run ();
}
