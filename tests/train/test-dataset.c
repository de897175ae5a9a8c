/* labels.csv as people write it, and the labels of a project. */
#include "engine/train/dataset.h"

#include <glib/gstdio.h>

#include "engine/core/error.h"
#include "engine/store/classes.h"
#include "engine/store/coverage.h"
#include "engine/store/seen.h"
#include "engine/store/labels.h"
#include "engine/store/media-table.h"
#include "engine/train/csv.h"

#define SECOND G_GINT64_CONSTANT (1000000000)

static const char *const classes[] = {"normal", "fight", "fall"};

typedef struct {
  char *folder;
} Fixture;

static void
write_file (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("praxi-dataset-XXXXXX", NULL);
  g_autofree char *sub = g_build_filename (fixture->folder, "a b", NULL);
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  const char *const names[] = {"1.mp4", "2.mp4", "3.mp4", "a b/odd, \"name\" ü.mp4"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    write_file (fixture, names[i], "x");
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL;
       name = g_dir_read_name (dir)) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    remove_tree (child);
  }
  g_remove (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_tree (fixture->folder);
  g_free (fixture->folder);
}

static PraxiDataset *
load (const Fixture *fixture, const char *csv, const char *split, GError **error)
{
  const PraxiDatasetOptions options = {.classes = classes, .n_classes = 3, .split = split};
  write_file (fixture, "labels.csv", csv);
  return praxi_dataset_load_folder (fixture->folder, &options, error);
}

static void
assert_sample (const PraxiDataset *dataset, guint i, const char *file, int class_index)
{
  g_assert_cmpuint (i, <, dataset->samples->len);
  const PraxiSample *sample = g_ptr_array_index (dataset->samples, i);
  g_assert_cmpstr (sample->file, ==, file);
  g_assert_cmpint (sample->class_index, ==, class_index);
}

static void
test_csv (void)
{
  g_autoptr (GPtrArray) rows =
      praxi_csv_parse ("\xef\xbb\xbf"
                       "a, b ,c\r\n\r\n\"x,\"\"y\"\"\nz\" ,,last\n\n,\n\"open");
  g_assert_cmpuint (rows->len, ==, 4);
  char **row = g_ptr_array_index (rows, 0);
  g_assert_cmpstr (row[0], ==, "a");
  g_assert_cmpstr (row[1], ==, "b");
  row = g_ptr_array_index (rows, 1);
  g_assert_cmpstr (row[0], ==, "x,\"y\"\nz");
  g_assert_cmpstr (row[1], ==, "");
  g_assert_cmpstr (row[2], ==, "last");
  g_assert_cmpuint (g_strv_length (row), ==, 3);
  g_assert_cmpuint (g_strv_length (g_ptr_array_index (rows, 2)), ==, 2);
  row = g_ptr_array_index (rows, 3);
  g_assert_cmpstr (row[0], ==, "open");
}

static void
test_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiDataset) dataset = load (fixture,
                                           "\xef\xbb\xbf"
                                           "split,FILE,class,start_s,end_s,group\r\n"
                                           "train,1.mp4,fight,,,g1\r\n"
                                           "train,\"a b/odd, \"\"name\"\" ü.mp4\",Fall,1.5,3,\r\n"
                                           "test,2.mp4,normal,0,2,g2\r\n",
                                           NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->samples->len, ==, 3);
  g_assert_cmpuint (dataset->warnings->len, ==, 0);
  assert_sample (dataset, 0, "1.mp4", 1);
  assert_sample (dataset, 1, "a b/odd, \"name\" ü.mp4", 2);
  const PraxiSample *sample = g_ptr_array_index (dataset->samples, 1);
  g_assert_true (sample->is_timed);
  g_assert_cmpint (sample->start_ns, ==, SECOND * 3 / 2);
  g_assert_cmpstr (sample->group, ==, sample->file);
  g_assert_true (g_file_test (sample->path, G_FILE_TEST_EXISTS));
}

static void
test_splits (Fixture *fixture, gconstpointer data)
{
  const char *csv = "file,class,start_s,end_s,group,split\n"
                    "1.mp4,fight,,,g1,train\n2.mp4,fight,,,g2,val\n3.mp4,normal,,,g3,\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiDataset) by_default = load (fixture, csv, NULL, &error);
  g_assert_cmpuint (by_default->samples->len, ==, 1);
  assert_sample (by_default, 0, "2.mp4", 1);
  g_autoptr (PraxiDataset) all = load (fixture, csv, "all", &error);
  g_assert_cmpuint (all->samples->len, ==, 3);
  g_autoptr (PraxiDataset) none = load (fixture, csv, "test", &error);
  g_assert_null (none);
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED);
}

static void
test_other_classes (Fixture *fixture, gconstpointer data)
{
  const char *csv = "file,class,start_s,end_s\n"
                    "1.mp4,stand,3,6\n1.mp4,walk,0,3.5\n1.mp4,fall,6,8\n1.mp4,lie,9,10\n"
                    "2.mp4,sit,,\n2.mp4,walk,1,2\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiDataset) dataset = load (fixture, csv, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->samples->len, ==, 4);
  const PraxiSample *merged = g_ptr_array_index (dataset->samples, 0);
  g_assert_cmpint (merged->class_index, ==, 0);
  g_assert_cmpint (merged->start_ns, ==, 0);
  g_assert_cmpint (merged->end_ns, ==, 6 * SECOND);
  assert_sample (dataset, 1, "1.mp4", 2);
  assert_sample (dataset, 2, "1.mp4", 0);
  const PraxiSample *whole = g_ptr_array_index (dataset->samples, 3);
  g_assert_cmpstr (whole->file, ==, "2.mp4");
  g_assert_false (whole->is_timed);

  const char *const two[] = {"fight", "fall"};
  const PraxiDatasetOptions options = {.classes = two, .n_classes = 2};
  g_autoptr (PraxiDataset) strict = praxi_dataset_load_folder (fixture->folder, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strict->samples->len, ==, 1);
  g_assert_cmpuint (strict->warnings->len, ==, 5);
}

static void
test_bad_rows (Fixture *fixture, gconstpointer data)
{
  const char *csv = "file,class,start_s,end_s\n"
                    "1.mp4,fight,2,1\n1.mp4,fight,x,3\n1.mp4,fight,1,\n1.mp4,fight,nan,3\n"
                    "../1.mp4,fight,,\n/etc/passwd,fight,,\n,fight,,\nmissing.mp4,fight,,\n"
                    "missing.mp4,fall,1,2\n\xff.mp4,fight,,\n1.mp4\n1.mp4,fight,1,3\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiDataset) dataset = load (fixture, csv, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->samples->len, ==, 1);
  g_assert_cmpuint (dataset->warnings->len, ==, 10);
  for (guint i = 0; i < dataset->warnings->len; i++)
    g_assert_true (g_utf8_validate (g_ptr_array_index (dataset->warnings, i), -1, NULL));
}

static void
test_no_labels (Fixture *fixture, gconstpointer data)
{
  const PraxiDatasetOptions options = {.classes = classes, .n_classes = 3};
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_dataset_load_folder (fixture->folder, &options, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (load (fixture, "", NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_clear_error (&error);
  g_assert_null (load (fixture, "name,class\n1.mp4,fight\n", NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
}

/* A project of 1.mp4, in a group and a split. fall: its class of that name */
static PraxiStore *
new_project (const Fixture *fixture, gint64 *media_id, PraxiClass **fall)
{
  g_autofree char *path = g_build_filename (fixture->folder, "p.praxi", NULL);
  g_autofree char *clip = g_build_filename (fixture->folder, "1.mp4", NULL);
  g_autoptr (GError) error = NULL;
  PraxiStore *store = praxi_store_open (path, PRAXI_STORE_CREATE, &error);
  g_assert_no_error (error);
  const PraxiMediaRow media = {.path = clip, .group = "yard", .split = "train"};
  g_assert_true (praxi_store_add_media (store, &media, media_id, &error));
  *fall = praxi_store_find_class (store, "fall", &error);
  g_assert_no_error (error);
  return store;
}

static void
test_project (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClass) fall = NULL;
  gint64 media_id, other_id;
  g_autoptr (PraxiStore) store = new_project (fixture, &media_id, &fall);
  const PraxiClass other = {.name = "dance"};
  g_assert_true (praxi_store_add_class (store, &other, FALSE, &other_id, &error));
  const PraxiLabel labels[] = {
      {.media_id = media_id, .class_id = fall->id, .start_ns = SECOND, .end_ns = 2 * SECOND},
      {.media_id = media_id, .class_id = other_id, .start_ns = 0, .end_ns = SECOND}};
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    g_assert_true (praxi_store_add_label (store, &labels[i], NULL, &error));

  const PraxiDatasetOptions options = {.classes = classes, .n_classes = 3};
  g_autoptr (PraxiDataset) dataset = praxi_dataset_load_project (store, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (dataset->samples->len, ==, 2);
  g_assert_false (dataset->starts_at_0);
  const PraxiSample *first = g_ptr_array_index (dataset->samples, 0);
  const PraxiSample *second = g_ptr_array_index (dataset->samples, 1);
  g_assert_cmpint (first->class_index, ==, 0);
  g_assert_cmpint (second->class_index, ==, 2);
  g_assert_cmpint (second->start_ns, ==, SECOND);
}

/* What was looked at and holds no label is background; what nobody saw is nothing. */
static void
test_seen (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClass) fall = NULL;
  gint64 id;
  g_autoptr (PraxiStore) store = new_project (fixture, &id, &fall);
  /* Two that overlap, one that goes on past what was seen, one where nobody looked. */
  const gint64 spans[][2] = {{10, 12}, {11, 14}, {28, 33}, {50, 52}};
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++) {
    const PraxiLabel label = {.media_id = id,
                              .class_id = fall->id,
                              .start_ns = spans[i][0] * SECOND,
                              .end_ns = spans[i][1] * SECOND};
    g_assert_true (praxi_store_add_label (store, &label, NULL, &error));
  }
  const PraxiSeenSpan seen[] = {
      {SECOND, 15 * SECOND}, {20 * SECOND, 30 * SECOND}, {40 * SECOND, 41 * SECOND}};
  g_autoptr (PraxiDataset) before = NULL, after = NULL, blind = NULL;
  g_auto (GStrv) known = NULL, all = NULL;
  const PraxiDatasetOptions options = {.classes = classes, .n_classes = 3, .split = "train"};
  const PraxiDatasetOptions events = {.classes = classes + 1, .n_classes = 2, .split = "train"};
  PraxiSeenCount none, count;
  g_assert_true (praxi_seen_count (store, &none, &error));
  before = praxi_dataset_load_project (store, &options, &error);
  known = praxi_dataset_project_classes (store, &error);
  g_assert_true (praxi_store_add_coverage (store, id, seen, G_N_ELEMENTS (seen), &error));
  after = praxi_dataset_load_project (store, &options, &error);
  blind = praxi_dataset_load_project (store, &events, &error);
  all = praxi_dataset_project_classes (store, &error);
  g_assert_true (praxi_seen_count (store, &count, &error));
  g_assert_no_error (error);
  g_assert_cmpint (none.n_media + none.quiet_ns, ==, 0);
  g_assert_cmpint (count.n_media, ==, 1);
  g_assert_cmpint (count.quiet_ns, ==, 17 * SECOND);
  g_assert_cmpuint (before->samples->len, ==, 4);
  g_assert_cmpuint (blind->samples->len, ==, 4);
  g_assert_cmpuint (g_strv_length (known), ==, 1);
  g_assert_cmpstr (all[0], ==, "normal");

  /* A second before the end of the first look and the short look at 40 s are too little. */
  const gint64 quiet[][2] = {{1, 10}, {20, 28}};
  guint n = 0;
  for (guint i = 0; i < after->samples->len; i++) {
    const PraxiSample *sample = after->samples->pdata[i];
    if (sample->class_index != 0)
      continue;
    g_assert_cmpuint (n, <, G_N_ELEMENTS (quiet));
    g_assert_cmpint (sample->start_ns, ==, quiet[n][0] * SECOND);
    g_assert_cmpint (sample->end_ns, ==, quiet[n++][1] * SECOND);
    g_assert_cmpstr (sample->group, ==, "yard");
    g_assert_true (sample->is_timed);
  }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (quiet));
  g_assert_cmpuint (after->samples->len, ==, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  const struct {
    const char *name;
    void (*run) (Fixture *fixture, gconstpointer data);
  } tests[] = {{"/dataset/folder", test_folder},
               {"/dataset/splits", test_splits},
               {"/dataset/other-classes", test_other_classes},
               {"/dataset/bad-rows", test_bad_rows},
               {"/dataset/no-labels", test_no_labels},
               {"/dataset/project", test_project},
               {"/dataset/seen", test_seen}};
  g_test_add_func ("/csv/parse", test_csv);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
  return g_test_run ();
}
