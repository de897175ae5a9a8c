/* A real disk that is full: a small file system of memory in a user namespace of its own.
 *
 * Without an argument it makes that file system and runs itself on it; where the system allows no
 * such namespace the test is skipped.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/store/exchange.h"
#include "tests/store/store-fixture.h"

enum { FILLER_BYTES = 200000, NOTE_BYTES = 2000 };

static char *self;

static void
test_in_namespace (void)
{
  g_autofree char *folder = g_dir_make_tmp ("praxi-full-XXXXXX", NULL);
  g_autofree char *script = g_strdup_printf ("mount -t tmpfs -o size=700k none '%s' || exit 77; "
                                             "exec '%s' --on '%s'",
                                             folder, self, folder);
  const char *const command[] = {"unshare", "-Urm", "sh", "-c", script, NULL};
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  int status = 0;
  const gboolean is_run = g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL,
                                        NULL, &output, &errors, &status, NULL);
  g_rmdir (folder);
  if (!is_run ||
      (status != 0 && (strstr (errors, "unshare") != NULL || strstr (errors, "mount:") != NULL))) {
    g_test_skip ("no user namespaces here");
    return;
  }
  g_test_message ("%s%s", output, errors);
  g_assert_cmpint (status, ==, 0);
}

/* Adds labels until the disk refuses. Returns how many were kept. */
static guint
fill_disk (PraxiStore *store, gint64 media_id, GError **error)
{
  g_autofree char *note = g_strnfill (NOTE_BYTES, 'n');
  guint n = 0;
  const PraxiLabel label = {.media_id = media_id, .class_id = 1, .end_ns = 1, .note = note};
  while (praxi_store_add_label (store, &label, NULL, error))
    n++;
  return n;
}

static guint
count_labels (const char *path)
{
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_DEFAULT, NULL);
  g_assert_nonnull (store);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  return labels->len;
}

/* What was kept stays, the refusal says why, and work goes on as soon as there is room. */
static void
test_labels (gconstpointer data)
{
  const char *folder = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "project.praxi", NULL);
  g_autofree char *filler = g_build_filename (folder, "filler", NULL);
  g_autofree char *filling = g_strnfill (FILLER_BYTES, 'f');
  g_assert_true (g_file_set_contents (filler, filling, FILLER_BYTES, NULL));
  PraxiStore *store = praxi_store_open (path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  const gint64 media = add_footage (store, "/a.mp4");
  guint n = fill_disk (store, media, &error);
  assert_refusal (error, PRAXI_ERROR_DISK);
  g_assert_nonnull (strstr (error->message, "full"));
  g_assert_cmpuint (n, >, 5);
  g_clear_error (&error);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (labels->len, ==, n);

  g_unlink (filler);
  const guint n_more = fill_disk (store, media, &error);
  g_assert_cmpuint (n_more, >, 5);
  n += n_more;
  praxi_store_close (store);
  g_assert_cmpuint (count_labels (path), ==, n);
  assert_intact (path);
}

/* An export, a copy and a new project on the full disk leave nothing half-made. */
static void
test_other_files (gconstpointer data)
{
  const char *folder = data;
  g_autofree char *path = g_build_filename (folder, "project.praxi", NULL);
  g_autofree char *csv = g_build_filename (folder, "labels.csv", NULL);
  g_autofree char *copy = g_build_filename (folder, "copy.praxi", NULL);
  g_autofree char *new_path = g_build_filename (folder, "new.praxi", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = praxi_store_open (path, PRAXI_STORE_DEFAULT, &error);
  g_assert_no_error (error);
  g_assert_false (praxi_store_save_copy (store, copy, &error));
  assert_refusal (error, PRAXI_ERROR_DISK);
  g_clear_error (&error);
  g_assert_false (praxi_store_export (store, csv, PRAXI_EXCHANGE_CSV, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
  g_clear_error (&error);
  g_assert_null (praxi_store_open (new_path, PRAXI_STORE_CREATE, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    g_assert_true (g_str_has_prefix (name, "project.praxi"));
  g_dir_close (dir);
}

int
main (int argc, char **argv)
{
  const gboolean is_inside = argc > 2 && strcmp (argv[1], "--on") == 0;
  g_autofree char *folder = is_inside ? g_strdup (argv[2]) : NULL;
  self = g_file_read_link ("/proc/self/exe", NULL);
  g_test_init (&argc, &argv, NULL);
  if (is_inside) {
    g_test_add_data_func ("/disk-full/labels", folder, test_labels);
    g_test_add_data_func ("/disk-full/other-files", folder, test_other_files);
  } else {
    g_test_add_func ("/disk-full/in-namespace", test_in_namespace);
  }
  const int status = g_test_run ();
  g_free (self);
  return status;
}
