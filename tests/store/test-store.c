/* Opening, keeping and refusing: what a project does on a quiet day. */
#include <glib/gstdio.h>

#include "tests/store/store-fixture.h"

static void
test_new_project (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_store_open (fixture->path, PRAXI_STORE_DEFAULT, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  g_assert_false (praxi_store_is_read_only (store));
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, NULL);
  static const char *const names[] = {"normal", "fight", "fall"};
  g_assert_cmpuint (classes->len, ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < classes->len; i++) {
    const PraxiClass *cls = classes->pdata[i];
    g_assert_cmpstr (cls->name, ==, names[i]);
    g_assert_cmpstr (cls->color, ==, praxi_class_palette (i));
    g_assert_cmpint (cls->key, ==, '1' + (int) i);
  }
  g_assert_false (praxi_store_can_undo (store));
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

static void
test_labels (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/footage/a.mp4");
  const gint64 other = add_footage (store, "/footage/b.mp4");
  g_assert_cmpint (add_footage (store, "/footage/a.mp4"), ==, media);
  const gint64 late = add_span (store, media, "fall", 5000, 6000);
  const gint64 early = add_span (store, media, "fight", 1000, 2000);
  add_span (store, other, "fight", 0, 40);
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, media, NULL);
  g_assert_cmpuint (labels->len, ==, 2);
  PraxiLabel *first = labels->pdata[0];
  g_assert_cmpint (first->id, ==, early);
  g_assert_cmpint (((PraxiLabel *) labels->pdata[1])->id, ==, late);
  g_assert_cmpstr (first->author, ==, praxi_store_author (store));
  g_assert_cmpstr (first->source, ==, "person");
  g_assert_cmpint (first->created_us, >, 0);
  g_assert_false (first->is_damaged);

  first->end_ns += 40000000;
  first->end_frame++;
  g_assert_true (praxi_store_update_label (store, first, NULL));
  g_autoptr (PraxiLabel) again = praxi_store_get_label (store, early, NULL);
  g_assert_cmpint (again->end_ns, ==, 2040000000);
  g_assert_cmpint (again->end_frame, ==, 51);
  g_assert_true (praxi_store_remove_label (store, late, NULL));
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_store_remove_label (store, late, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

static void
test_ids_are_never_reused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  const gint64 first = add_span (store, media, "fall", 0, 1000);
  g_assert_true (praxi_store_remove_label (store, first, NULL));
  const gint64 second = add_span (store, media, "fall", 0, 1000);
  g_assert_cmpint (second, !=, first);
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_autoptr (PraxiLabel) back = praxi_store_get_label (store, first, NULL);
  g_assert_nonnull (back);
}

static void
test_bad_labels (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  g_autoptr (PraxiClass) fight = praxi_store_find_class (store, "fight", NULL);
  const PraxiLabel good = {
      .media_id = media, .class_id = fight->id, .start_ns = 0, .end_ns = 1, .end_frame = 1};
  PraxiLabel bad[6];
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    bad[i] = good;
  bad[0].end_ns = 0;
  bad[1].media_id = 999;
  bad[2].class_id = 999;
  bad[3].note = (char *) "\xff\xfe";
  bad[4].author = (char *) "\xc3";
  bad[5].start_frame = 7;
  static const PraxiErrorCode codes[] = {PRAXI_ERROR_USAGE,     PRAXI_ERROR_NOT_FOUND,
                                         PRAXI_ERROR_NOT_FOUND, PRAXI_ERROR_USAGE,
                                         PRAXI_ERROR_USAGE,     PRAXI_ERROR_USAGE};
  const gint64 revision = praxi_store_revision (store);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (praxi_store_add_label (store, &bad[i], NULL, &error));
    assert_refusal (error, codes[i]);
  }
  g_assert_cmpint (praxi_store_revision (store), ==, revision);
  g_assert_true (praxi_store_add_label (store, &good, NULL, NULL));
}

static void
test_classes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  gint64 id = 0;
  const PraxiClass push = {.name = (char *) "push"};
  g_assert_true (praxi_store_add_class (store, &push, TRUE, &id, NULL));
  g_autoptr (PraxiClass) added = praxi_store_find_class (store, "push", NULL);
  g_assert_cmpint (added->key, ==, '4');
  g_assert_cmpstr (added->color, ==, praxi_class_palette (3));
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_store_add_class (store, &push, TRUE, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_false (praxi_store_recolor_class (store, id, "red", &error));
  assert_refusal (error, PRAXI_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_true (praxi_store_recolor_class (store, id, "#AABBCC", NULL));
  g_assert_true (praxi_store_rename_class (store, id, "shove", NULL));
  g_assert_false (praxi_store_rename_class (store, id, "fight", &error));
  assert_refusal (error, PRAXI_ERROR_USAGE);
  g_clear_error (&error);
  add_span (store, add_footage (store, "/a.mp4"), "shove", 0, 100);
  g_assert_false (praxi_store_remove_class (store, id, &error));
  assert_refusal (error, PRAXI_ERROR_USAGE);
  for (int i = 0; i < 4; i++)
    g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_assert_null (praxi_store_find_class (store, "push", NULL));
  g_assert_false (praxi_store_can_undo (store));
}

static void
test_media_moves_with_project (Fixture *fixture, gconstpointer data)
{
  g_autofree char *video = fixture_file (fixture, "video.mp4");
  g_assert_true (g_file_set_contents (video, "12345", 5, NULL));
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 id = add_footage (store, video);
  g_autoptr (PraxiMediaRow) media = praxi_store_get_media (store, id, NULL);
  g_assert_cmpstr (media->path, ==, video);
  g_assert_cmpstr (media->name, ==, "video.mp4");
  g_assert_cmpint (media->size_bytes, ==, 5);
  g_clear_pointer (&store, praxi_store_close);

  g_autofree char *folder = fixture_file (fixture, "elsewhere");
  g_autofree char *moved = g_build_filename (folder, "project.praxi", NULL);
  g_autofree char *expected = g_build_filename (folder, "video.mp4", NULL);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (g_rename (fixture->path, moved), ==, 0);
  store = praxi_store_open (moved, PRAXI_STORE_DEFAULT, NULL);
  g_autoptr (PraxiMediaRow) found = praxi_store_get_media (store, id, NULL);
  g_assert_cmpstr (found->path, ==, expected);
}

static void
test_runs (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  const PraxiRunStart start = {.media_id = media,
                               .model_name = "light",
                               .model_sha256 = "abc",
                               .model_path = "/models/light.onnx"};
  gint64 first = 0;
  gint64 second = 0;
  g_autofree char *track = NULL;
  g_autofree char *other_track = NULL;
  g_assert_true (praxi_store_begin_run (store, &start, &first, &track, NULL));
  g_assert_true (praxi_store_begin_run (store, &start, &second, &other_track, NULL));
  g_assert_cmpstr (track, !=, other_track);
  g_assert_true (g_file_set_contents (track, "scores", 6, NULL));
  g_assert_true (praxi_store_finish_run (store, first, PRAXI_RUN_DONE, "[{\"class\":1}]", NULL));
  g_assert_true (praxi_store_finish_run (store, second, PRAXI_RUN_FAILED, NULL, NULL));
  g_autoptr (PraxiRun) latest = praxi_store_latest_run (store, media, "abc", NULL);
  g_assert_cmpint (latest->id, ==, first);
  g_assert_cmpstr (latest->events, ==, "[{\"class\":1}]");
  g_assert_cmpstr (latest->model_path, ==, "/models/light.onnx");
  g_assert_cmpstr (latest->track_path, ==, track);
  g_assert_null (praxi_store_latest_run (store, media, "other", NULL));
  g_autoptr (GPtrArray) runs = praxi_store_list_runs (store, 0, NULL);
  g_assert_cmpuint (runs->len, ==, 2);
  g_assert_false (praxi_store_can_undo (store));
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

static void
test_groups (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  g_assert_true (praxi_store_begin (store, NULL));
  const gint64 media = add_footage (store, "/a.mp4");
  for (int i = 0; i < 5; i++)
    add_span (store, media, "fight", i * 100, i * 100 + 50);
  g_assert_true (praxi_store_commit (store, NULL));
  g_autofree char *full = dump_store (store, NULL);

  g_assert_true (praxi_store_begin (store, NULL));
  add_span (store, media, "fall", 0, 50);
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_store_remove_label (store, 999, NULL));
  g_assert_false (praxi_store_commit (store, &error));
  assert_refusal (error, PRAXI_ERROR_FAILED);
  g_autofree char *after = dump_store (store, NULL);
  g_assert_cmpstr (after, ==, full);

  g_autofree char *what = NULL;
  g_assert_true (praxi_store_undo (store, &what, NULL));
  g_assert_cmpstr (what, ==, "add 5 labels");
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, 0, NULL);
  g_assert_cmpuint (labels->len, ==, 0);
  g_assert_true (praxi_store_redo (store, NULL, NULL));
  g_autofree char *redone = dump_store (store, NULL);
  g_assert_cmpstr (redone, ==, full);
}

static void
test_save_copy (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  add_span (store, add_footage (store, "/a.mp4"), "fight", 0, 1000);
  g_autofree char *expected = dump_store (store, NULL);
  g_autofree char *copy_path = fixture_file (fixture, "copy.praxi");
  g_autoptr (GError) error = NULL;
  g_assert_true (praxi_store_save_copy (store, copy_path, &error));
  g_assert_false (praxi_store_save_copy (store, copy_path, &error));
  assert_refusal (error, PRAXI_ERROR_FAILED);
  g_autoptr (PraxiStore) copy = praxi_store_open (copy_path, PRAXI_STORE_DEFAULT, NULL);
  g_autofree char *copied = dump_store (copy, NULL);
  g_assert_cmpstr (copied, ==, expected);
  g_assert_true (praxi_store_undo (copy, NULL, NULL));
  g_clear_pointer (&copy, praxi_store_close);
  assert_intact (copy_path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/store/new-project", test_new_project);
  fixture_test ("/store/labels", test_labels);
  fixture_test ("/store/ids-are-never-reused", test_ids_are_never_reused);
  fixture_test ("/store/bad-labels", test_bad_labels);
  fixture_test ("/store/classes", test_classes);
  fixture_test ("/store/media-moves-with-project", test_media_moves_with_project);
  fixture_test ("/store/runs", test_runs);
  fixture_test ("/store/groups", test_groups);
  fixture_test ("/store/save-copy", test_save_copy);
  return g_test_run ();
}
