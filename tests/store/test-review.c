/* What a review leaves in a project: verdicts, coverage, the order of classes; and how a project of
 * the schema before gets room for it.
 */
#include <string.h>

#include "engine/store/coverage.h"
#include "engine/store/verdicts.h"
#include "tests/store/store-fixture.h"

#define SECOND_NS G_GINT64_CONSTANT (1000000000)

static void
test_verdicts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/footage/a.mp4");
  const PraxiVerdict rejected = {.media_id = media,
                                 .model_sha256 = (char *) "abc",
                                 .cls = (char *) "fight",
                                 .start_ns = SECOND_NS,
                                 .end_ns = 2 * SECOND_NS};
  const PraxiVerdict reviewed = {
      .media_id = media, .start_ns = 0, .end_ns = SECOND_NS, .kind = PRAXI_VERDICT_REVIEWED};
  gint64 id = 0;
  g_assert_true (praxi_store_add_verdict (store, &rejected, &id, &error));
  g_assert_true (praxi_store_add_verdict (store, &reviewed, NULL, &error));
  g_autoptr (GPtrArray) verdicts = praxi_store_list_verdicts (store, media, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (verdicts->len, ==, 2);
  const PraxiVerdict *first = verdicts->pdata[0], *second = verdicts->pdata[1];
  g_assert_cmpint (first->kind, ==, PRAXI_VERDICT_REVIEWED);
  g_assert_cmpstr (first->cls, ==, "");
  g_assert_cmpint (second->kind, ==, PRAXI_VERDICT_REJECTED);
  g_assert_cmpstr (second->model_sha256, ==, "abc");
  g_assert_cmpstr (second->author, ==, praxi_store_author (store));
  g_assert_true (praxi_store_remove_verdict (store, id, &error));
  g_assert_true (praxi_store_undo (store, NULL, &error));
  g_autoptr (PraxiVerdict) back = praxi_store_get_verdict (store, id, &error);
  g_assert_nonnull (back);
  g_assert_cmpint (back->end_ns, ==, 2 * SECOND_NS);

  const PraxiVerdict nowhere = {.media_id = 999, .end_ns = 1}, empty = {.media_id = media};
  g_assert_false (praxi_store_add_verdict (store, &nowhere, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (praxi_store_add_verdict (store, &empty, NULL, &error));
  assert_refusal (error, PRAXI_ERROR_USAGE);
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

/* A verdict that somebody turned round behind the program's back is found. */
static void
test_forged (Fixture *fixture, gconstpointer data)
{
  PraxiStore *store = fixture_open (fixture);
  const PraxiVerdict rejected = {
      .media_id = add_footage (store, "/a.mp4"), .cls = (char *) "fight", .end_ns = 1};
  g_assert_true (praxi_store_add_verdict (store, &rejected, NULL, NULL));
  praxi_store_close (store);
  run_sql (fixture->path, "UPDATE verdict SET verdict = 'reviewed'");
  g_autoptr (PraxiVerifyReport) report = NULL;
  g_assert_true (praxi_store_verify_file (fixture->path, &report, NULL));
  g_assert_false (report->is_intact);
}

static char *
coverage_text (PraxiStore *store, gint64 media)
{
  g_autoptr (GArray) spans = praxi_store_list_coverage (store, media, NULL);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < spans->len; i++) {
    const PraxiSeenSpan *span = &g_array_index (spans, PraxiSeenSpan, i);
    g_string_append_printf (text, "%d-%d ", (int) span->start_ns, (int) span->end_ns);
  }
  return g_string_free (text, FALSE);
}

static void
test_coverage (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4"), other = add_footage (store, "/b.mp4");
  const gint64 revision = praxi_store_revision (store);
  const PraxiSeenSpan spans[] = {{30, 40}, {0, 10}, {5, 5}, {12, 20}};
  const PraxiSeenSpan bridge = {10, 12}, over = {35, 60}, inside = {2, 3};
  g_assert_true (praxi_store_add_coverage (store, media, spans, G_N_ELEMENTS (spans), &error));
  g_autofree char *apart = coverage_text (store, media);
  g_assert_cmpstr (apart, ==, "0-10 12-20 30-40 ");
  g_assert_true (praxi_store_add_coverage (store, media, &bridge, 1, &error));
  g_assert_true (praxi_store_add_coverage (store, media, &over, 1, &error));
  g_assert_true (praxi_store_add_coverage (store, media, &inside, 1, &error));
  g_autofree char *joined = coverage_text (store, media);
  g_assert_cmpstr (joined, ==, "0-20 30-60 ");
  g_autofree char *none = coverage_text (store, other);
  g_assert_cmpstr (none, ==, "");
  g_assert_false (praxi_store_add_coverage (store, 999, &over, 1, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_assert_cmpint (praxi_store_revision (store), ==, revision); /* no change, nothing to undo */
  g_assert_false (praxi_store_can_undo (store));
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

static char *
class_names (PraxiStore *store)
{
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, NULL);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < classes->len; i++)
    g_string_append_printf (text, "%s ", ((const PraxiClass *) classes->pdata[i])->name);
  return g_string_free (text, FALSE);
}

#define assert_classes(store, expected)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *actual = class_names (store);                                                 \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

static void
test_class_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  g_autoptr (PraxiClass) fall = praxi_store_find_class (store, "fall", NULL);
  g_autoptr (PraxiClass) fight = praxi_store_find_class (store, "fight", NULL);
  const gint64 order[] = {fall->id, 999, fall->id, fight->id};
  g_assert_true (praxi_store_order_classes (store, order, G_N_ELEMENTS (order), NULL));
  assert_classes (store, "fall fight normal ");
  const PraxiClass push = {.name = (char *) "push"};
  g_assert_true (praxi_store_add_class (store, &push, TRUE, NULL, NULL));
  assert_classes (store, "fall fight normal push ");
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  g_assert_true (praxi_store_undo (store, NULL, NULL));
  assert_classes (store, "normal fight fall ");
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

static void
test_remove_class (Fixture *fixture, gconstpointer data)
{
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  g_autoptr (PraxiClass) fight = praxi_store_find_class (store, "fight", NULL);
  for (int i = 0; i < 20; i++)
    add_span (store, media, i % 2 == 0 ? "fight" : "fall", i * 1000, i * 1000 + 500);
  g_autofree char *before = dump_store (store, NULL);
  g_assert_cmpint (praxi_store_count_class (store, fight->id, NULL), ==, 10);
  g_assert_true (praxi_store_remove_class_and_labels (store, fight->id, NULL));
  assert_classes (store, "normal fall ");
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, media, NULL);
  g_assert_cmpuint (labels->len, ==, 10);
  g_assert_true (praxi_store_undo (store, NULL, NULL)); /* one step */
  g_autofree char *after = dump_store (store, NULL);
  g_assert_cmpstr (after, ==, before);
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
}

static void
test_changed_rows (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  const gint64 begin = praxi_store_revision (store);
  const gint64 label = add_span (store, media, "fall", 0, 1000);
  g_assert_true (praxi_store_remove_label (store, label, NULL));
  const gint64 other = add_span (store, media, "fall", 0, 1000);
  g_autoptr (GArray) rows = praxi_store_changed_rows (store, begin, 10, &error);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpint (g_array_index (rows, PraxiChangedRow, 0).row_id, ==, label);
  g_assert_cmpint (g_array_index (rows, PraxiChangedRow, 1).row_id, ==, other);
  g_assert_cmpstr (g_array_index (rows, PraxiChangedRow, 0).kind, ==, "label");
  g_assert_null (praxi_store_changed_rows (store, begin, 2, &error));
  g_assert_null (praxi_store_changed_rows (store, begin + 100, 10, &error));
  g_assert_no_error (error);
}

/* The same file as the version before this schema left it. */
static void
make_schema_1 (const char *path)
{
  run_sql (path, "PRAGMA journal_mode = DELETE; DROP TABLE verdict; DROP TABLE class_order;"
                 "DROP TABLE coverage; DROP TABLE scene_media; PRAGMA user_version = 1");
}

static void
test_migrate (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PraxiStore *store = fixture_open (fixture);
  const gint64 media = add_footage (store, "/a.mp4");
  add_span (store, media, "fall", 0, 1000);
  g_autofree char *before = dump_store (store, NULL);
  praxi_store_close (store);
  make_schema_1 (fixture->path);
  g_autofree char *sha256 = file_sha256 (fixture->path);

  store = praxi_store_open (fixture->path, PRAXI_STORE_READ_ONLY, &error);
  g_assert_no_error (error);
  g_autofree char *read = dump_store (store, NULL);
  g_assert_cmpstr (read, ==, before);
  g_autoptr (GPtrArray) verdicts = praxi_store_list_verdicts (store, media, &error);
  g_assert_cmpuint (verdicts->len, ==, 0);
  g_autoptr (GArray) coverage = praxi_store_list_coverage (store, media, &error);
  g_assert_cmpuint (coverage->len, ==, 0);
  praxi_store_close (store);
  assert_intact (fixture->path); /* the audit changes nothing either */
  g_autofree char *sha256_read = file_sha256 (fixture->path);
  g_assert_cmpstr (sha256_read, ==, sha256);

  store = fixture_open (fixture);
  g_autofree char *after = dump_store (store, NULL);
  g_assert_cmpstr (after, ==, before);
  g_assert_true (praxi_store_undo (store, NULL, &error)); /* what was done before */
  const PraxiVerdict verdict = {.media_id = media, .cls = (char *) "fall", .end_ns = 1};
  g_assert_true (praxi_store_add_verdict (store, &verdict, NULL, &error));
  praxi_store_close (store);
  assert_intact (fixture->path);
  g_autofree char *old = fixture_file (fixture, "project.praxi.schema-1");
  g_autoptr (PraxiStore) kept = praxi_store_open (old, PRAXI_STORE_READ_ONLY, &error);
  g_assert_no_error (error);
  g_autofree char *copy = dump_store (kept, NULL);
  g_assert_cmpstr (copy, ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/review/verdicts", test_verdicts);
  fixture_test ("/review/forged", test_forged);
  fixture_test ("/review/coverage", test_coverage);
  fixture_test ("/review/class-order", test_class_order);
  fixture_test ("/review/remove-class", test_remove_class);
  fixture_test ("/review/changed-rows", test_changed_rows);
  fixture_test ("/review/migrate", test_migrate);
  return g_test_run ();
}
