/* Labels out of one project and into another, and files that are not what they should be. */
#include <string.h>

#include "engine/store/csv.h"
#include "engine/store/exchange.h"
#include "tests/store/store-fixture.h"

static const char *const notes[] = {
    "plain",
    "",
    "comma, \"quote\" and\r\nnew line",
    "=HYPERLINK(\"http://x\")",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tcmd",
    "'=already",
    "'",
    "ünï 👍 \xe2\x80\xae",
    "<b>",
};

static void
fill (PraxiStore *store, const Fixture *fixture)
{
  g_autofree char *near = fixture_file (fixture, "clip, one.mp4");
  const gint64 media[] = {add_footage (store, near), add_footage (store, "/far/clip.mp4")};
  gint64 cls = 0;
  const PraxiClass odd = {.name = (char *) "=push, \"shove\""};
  g_assert_true (praxi_store_add_class (store, &odd, TRUE, &cls, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++) {
    const PraxiLabel label = {
        .media_id = media[i % 2],
        .class_id = i % 3 == 0 ? cls : 1 + i % 3,
        .start_ns = i == 0 ? -1500000000 : 123456789012 * (gint64) i + 1,
        .end_ns = 123456789012 * (gint64) i + 5000000000,
        .start_frame = i % 4 == 0 ? -1 : (int) i,
        .end_frame = i % 4 == 0 ? -1 : (int) i + 10,
        .author = (char *) "Ann",
        .note = (char *) notes[i],
        .created_us = 1700000000123456 + (gint64) i * 7,
    };
    g_assert_true (praxi_store_add_label (store, &label, NULL, NULL));
  }
}

/* Labels without what an import gives anew (ids), in an order that both projects share. */
static char *
describe (PraxiStore *store, gboolean only_dataset)
{
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, NULL);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiLabel *label = labels->pdata[i];
    g_autoptr (PraxiMediaRow) media = praxi_store_get_media (store, label->media_id, NULL);
    const char *cls = "?";
    for (guint k = 0; k < classes->len; k++)
      if (((PraxiClass *) classes->pdata[k])->id == label->class_id)
        cls = ((PraxiClass *) classes->pdata[k])->name;
    g_string_append_printf (text, "%s|%s|%ld|%ld", media->path, cls, label->start_ns,
                            label->end_ns);
    if (!only_dataset)
      g_string_append_printf (text, "|%d|%d|%s|%s|%s|%ld", label->start_frame, label->end_frame,
                              label->author, label->source, label->note, label->created_us);
    g_string_append_c (text, '\n');
  }
  return g_string_free (text, FALSE);
}

static void
round_trip (const Fixture *fixture, PraxiExchangeFormat format, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  fill (store, fixture);
  guint n_labels = 0;
  g_autofree char *file = fixture_file (fixture, name);
  g_assert_true (praxi_store_export (store, file, format, &n_labels, &error));
  g_assert_cmpuint (n_labels, ==, G_N_ELEMENTS (notes));

  g_autofree char *other_path = fixture_file (fixture, "other.praxi");
  g_autoptr (PraxiStore) other = praxi_store_open (other_path, PRAXI_STORE_CREATE, NULL);
  praxi_store_import (other, file, format, NULL, &n_labels, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_labels, ==, G_N_ELEMENTS (notes));
  g_autofree char *expected = describe (store, format == PRAXI_EXCHANGE_DATASET);
  g_autofree char *actual = describe (other, format == PRAXI_EXCHANGE_DATASET);
  g_assert_cmpstr (actual, ==, expected);
  g_assert_true (praxi_store_undo (other, NULL, NULL));
  g_autoptr (GPtrArray) left = praxi_store_list_labels (other, 0, NULL);
  g_assert_cmpuint (left->len, ==, 0);
}

static void
test_csv (Fixture *fixture, gconstpointer data)
{
  round_trip (fixture, PRAXI_EXCHANGE_CSV, "labels.csv");
  g_autofree char *file = fixture_file (fixture, "labels.csv");
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, ",\"'=HYPERLINK(\"\"http://x\"\")\","));
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  const char *at = text;
  for (int line = 1; praxi_csv_read (&at, &line, cells);) {
    g_assert_cmpuint (cells->len, ==, 11);
    const char *const texts[] = {cells->pdata[1], cells->pdata[2], cells->pdata[7], cells->pdata[8],
                                 cells->pdata[9]};
    for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
      g_assert_null (*texts[i] != '\0' ? strchr ("=+-@\t\r", *texts[i]) : NULL);
  }
}

static void
test_json (Fixture *fixture, gconstpointer data)
{
  round_trip (fixture, PRAXI_EXCHANGE_JSON, "labels.json");
}

static void
test_dataset (Fixture *fixture, gconstpointer data)
{
  round_trip (fixture, PRAXI_EXCHANGE_DATASET, "labels.csv");
}

static void
test_groups_and_splits (Fixture *fixture, gconstpointer data)
{
  static const char text[] = "\xef\xbb\xbf"
                             "file,class,start_s,end_s,group,split\n"
                             "a.mp4,fight,0,2.5,street,train\n"
                             "sub/b.mp4,brawl,1e0,2,yard,val\n";
  g_autofree char *file = fixture_file (fixture, "labels.csv");
  g_autofree char *b = fixture_file (fixture, "sub/b.mp4");
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  guint n_labels = 0;
  g_assert_true (praxi_store_import (store, file, PRAXI_EXCHANGE_CSV, NULL, &n_labels, NULL));
  g_assert_cmpuint (n_labels, ==, 2);
  g_autoptr (PraxiMediaRow) media = praxi_store_find_media (store, b, NULL);
  g_assert_cmpstr (media->group, ==, "yard");
  g_assert_cmpstr (media->split, ==, "val");
  g_autoptr (PraxiClass) brawl = praxi_store_find_class (store, "brawl", NULL);
  g_assert_cmpint (brawl->key, ==, '4');
}

static const struct {
  PraxiExchangeFormat format;
  const char *text;
  gssize n_bytes;
  const char *says; /* stands in the message */
} bad_files[] = {
    {PRAXI_EXCHANGE_CSV, "", 0, "first line"},
    {PRAXI_EXCHANGE_CSV, "a,b\n1,2\n", -1, "first line"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\na,fight,0\n", -1, "line 2"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\na,fight,0,1\nb,fight,x,1\n", -1, "line 3"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\na,fight,nan,1\n", -1, "start_s"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\na,fight,1e300,2e300\n", -1, "start_s"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\na,fight,0,1\na,fight,2,1\n", -1, "line 3"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\na,fight,,\n", -1, "line 2"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s\n,fight,0,1\n", -1, "no file"},
    {PRAXI_EXCHANGE_CSV, "file,class,start_s,end_s,split\na,fight,0,1,dev\n", -1, "split"},
    {PRAXI_EXCHANGE_CSV, "file,class\n\"a,fight\n", -1, "quote"},
    {PRAXI_EXCHANGE_CSV, "file,class\n\xff,fight\n", -1, "UTF-8"},
    {PRAXI_EXCHANGE_CSV, "file,class\na\0b,fight\n", 19, "UTF-8"},
    {PRAXI_EXCHANGE_JSON, "", 0, "label"},
    {PRAXI_EXCHANGE_JSON, "{", -1, "JSON"},
    {PRAXI_EXCHANGE_JSON, "[]", -1, "labels"},
    {PRAXI_EXCHANGE_JSON, "{\"labels\":{}}", -1, "labels"},
    {PRAXI_EXCHANGE_JSON, "{\"labels\":[1]}", -1, "label 1"},
    {PRAXI_EXCHANGE_JSON, "{\"labels\":[{\"media\":\"a\",\"class\":3}]}", -1, "label 1"},
    {PRAXI_EXCHANGE_JSON,
     "{\"labels\":[{\"media\":\"a\",\"class\":\"x\",\"start_s\":\"0\",\"end_s\":1}]}", -1,
     "label 1"},
};

static void
test_bad_files (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = fixture_file (fixture, "bad");
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 revision = praxi_store_revision (store);
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_true (g_file_set_contents (file, bad_files[i].text, bad_files[i].n_bytes, NULL));
    g_assert_false (praxi_store_import (store, file, bad_files[i].format, NULL, NULL, &error));
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, bad_files[i].says));
    g_assert_nonnull (strstr (error->message, "; "));
  }
  g_autofree char *deep = g_strnfill (1000000, '[');
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_set_contents (file, deep, -1, NULL));
  g_assert_false (praxi_store_import (store, file, PRAXI_EXCHANGE_JSON, NULL, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_assert_cmpint (praxi_store_revision (store), ==, revision);
}

static guint
count_files (const char *folder)
{
  guint n = 0;
  GDir *dir = g_dir_open (folder, 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

static void
test_export_replaces_whole (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  fill (store, fixture);
  g_autofree char *file = fixture_file (fixture, "labels.csv");
  g_autofree char *nowhere = fixture_file (fixture, "no/such/folder.csv");
  g_assert_true (g_file_set_contents (file, "old", 3, NULL));
  const guint n_files = count_files (fixture->folder);
  g_assert_true (praxi_store_export (store, file, PRAXI_EXCHANGE_CSV, NULL, NULL));
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_store_export (store, nowhere, PRAXI_EXCHANGE_CSV, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
  g_assert_cmpuint (count_files (fixture->folder), ==, n_files);
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "id,media,class,"));
}

/* Every clip lasts ten seconds here: the store opens no footage. */
static gboolean
probe_cb (PraxiMediaRow *media, PraxiLabel *label, gpointer data)
{
  int *n_whole = data;
  media->frames = 250;
  media->duration_ns = G_GINT64_CONSTANT (10000000000);
  if (label->start_ns < label->end_ns)
    return TRUE;
  label->end_ns = media->duration_ns;
  ++*n_whole;
  return TRUE;
}

static void
test_shared_labels (Fixture *fixture, gconstpointer data)
{
  const char *shared = g_getenv ("PRAXI_SHARED");
  g_autofree char *file =
      shared != NULL
          ? g_build_filename (shared, "data/actions/labels.csv", NULL)
          : g_build_filename (PRAXI_SOURCE_ROOT, "../shared/data/actions/labels.csv", NULL);
  if (!g_file_test (file, G_FILE_TEST_EXISTS)) {
    g_test_skip ("no shared data");
    return;
  }
  g_autofree char *copy = fixture_file (fixture, "labels.csv");
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  guint n_labels = 0;
  guint n_exported = 0;
  g_autoptr (GError) error = NULL;
  int n_whole = 0;
  const PraxiImportOptions options = {.probe = probe_cb, .probe_data = &n_whole};
  praxi_store_import (store, file, PRAXI_EXCHANGE_DATASET, &options, &n_labels, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n_whole, >, 0);
  g_assert_true (praxi_store_export (store, copy, PRAXI_EXCHANGE_DATASET, &n_exported, &error));
  g_assert_cmpuint (n_labels, >, 100);
  g_assert_cmpuint (n_exported, ==, n_labels);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/exchange/csv", test_csv);
  fixture_test ("/exchange/dataset", test_dataset);
  fixture_test ("/exchange/json", test_json);
  fixture_test ("/exchange/groups-and-splits", test_groups_and_splits);
  fixture_test ("/exchange/bad-files", test_bad_files);
  fixture_test ("/exchange/export-replaces-whole", test_export_replaces_whole);
  fixture_test ("/exchange/shared-labels", test_shared_labels);
  return g_test_run ();
}
