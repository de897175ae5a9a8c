#include "tests/store/store-fixture.h"

#include <sqlite3.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fixture->folder = g_dir_make_tmp ("praxi-store-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "project.praxi", NULL);
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      remove_tree (child);
    else
      g_unlink (child);
  }
  if (dir != NULL)
    g_dir_close (dir);
  g_rmdir (path);
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  remove_tree (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

char *
fixture_file (const Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

PraxiStore *
fixture_open (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  PraxiStore *store = praxi_store_open (fixture->path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  g_assert_nonnull (store);
  return store;
}

gint64
add_footage (PraxiStore *store, const char *path)
{
  g_autoptr (GError) error = NULL;
  const PraxiMediaRow media = {.path = (char *) path, .frames = 250, .duration_ns = 10000000000};
  gint64 id = 0;
  praxi_store_add_media (store, &media, &id, &error);
  g_assert_no_error (error);
  return id;
}

gint64
add_span (PraxiStore *store, gint64 media_id, const char *cls, int start_ms, int end_ms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClass) found = praxi_store_find_class (store, cls, &error);
  g_assert_no_error (error);
  const PraxiLabel label = {
      .media_id = media_id,
      .class_id = found->id,
      .start_ns = start_ms * G_GINT64_CONSTANT (1000000),
      .end_ns = end_ms * G_GINT64_CONSTANT (1000000),
      .start_frame = start_ms / 40,
      .end_frame = end_ms / 40,
  };
  gint64 id = 0;
  praxi_store_add_label (store, &label, &id, &error);
  g_assert_no_error (error);
  return id;
}

static gboolean
dump_labels (PraxiStore *store, GString *text, gboolean *is_damaged)
{
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  if (labels == NULL)
    return FALSE;
  for (guint i = 0; i < labels->len; i++) {
    const PraxiLabel *label = labels->pdata[i];
    g_string_append_printf (text, "label %ld %ld %ld %ld %ld %d %d %s|%s|%s|%ld\n", label->id,
                            label->media_id, label->class_id, label->start_ns, label->end_ns,
                            label->start_frame, label->end_frame, label->author, label->source,
                            label->note, label->created_us);
    if (is_damaged != NULL && label->is_damaged)
      *is_damaged = TRUE;
  }
  return TRUE;
}

char *
dump_store (PraxiStore *store, gboolean *is_damaged)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) media = praxi_store_list_media (store, NULL);
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, NULL);
  if (media == NULL || classes == NULL)
    return NULL;
  for (guint i = 0; i < media->len; i++) {
    const PraxiMediaRow *row = media->pdata[i];
    g_string_append_printf (text, "media %ld %s %s %ld %ld\n", row->id, row->path, row->name,
                            row->frames, row->duration_ns);
  }
  for (guint i = 0; i < classes->len; i++) {
    const PraxiClass *cls = classes->pdata[i];
    g_string_append_printf (text, "class %ld %s %s %d\n", cls->id, cls->name, cls->color, cls->key);
  }
  if (!dump_labels (store, text, is_damaged))
    return NULL;
  return g_strdup (text->str);
}

void
assert_intact (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiVerifyReport) report = NULL;
  praxi_store_verify_file (path, &report, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < report->problems->len; i++)
    g_test_message ("%s", (const char *) report->problems->pdata[i]);
  g_assert_true (report->is_intact);
}

void
assert_refusal (const GError *error, PraxiErrorCode code)
{
  g_assert_error (error, PRAXI_ERROR, (int) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, ".praxi"));
  g_assert_nonnull (strstr (error->message, "; "));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_false (g_str_has_suffix (error->message, "."));
}

char *
file_sha256 (const char *path)
{
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  if (!g_file_get_contents (path, &bytes, &n_bytes, NULL))
    return NULL;
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, n_bytes);
}

int
fixture_count (int argc, char **argv, const char *name, int fallback)
{
  for (int i = 1; i + 1 < argc; i++)
    if (g_str_has_prefix (argv[i], "--") && strcmp (argv[i] + 2, name) == 0)
      return atoi (argv[i + 1]);
  g_autofree char *upper = g_ascii_strup (name, -1);
  g_autofree char *variable = g_strdup_printf ("PRAXI_TEST_%s", upper);
  const char *value = g_getenv (variable);
  return value != NULL ? atoi (value) : fallback;
}

void
run_sql (const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *message = NULL;
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  sqlite3_close (db);
}
