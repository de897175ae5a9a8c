/* Videos of one scene: joining, moving apart, leaving; and what becomes of it when footage goes. */
#include "engine/store/scenes.h"

#include <string.h>

#include "tests/store/store-fixture.h"

/* "b.mp4+5 c.mp4-3 ": the others in the media's scene with their distance. */
static char *
scene_text (PraxiStore *store, gint64 media_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) scene = praxi_store_list_scene (store, media_id, &error);
  g_assert_no_error (error);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < scene->len; i++) {
    const PraxiSceneMedia *media = scene->pdata[i];
    g_autofree char *name = g_path_get_basename (media->path);
    g_string_append_printf (text, "%s%+d ", name, (int) media->delta_ns);
  }
  return g_string_free (text, FALSE);
}

#define assert_scene(store, media_id, expected)                                                    \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *actual = scene_text (store, media_id);                                        \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

static void
test_join (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiStore) store = fixture_open (fixture);
  const gint64 a = add_footage (store, "/a.mp4"), b = add_footage (store, "/b.mp4");
  const gint64 c = add_footage (store, "/c.mp4"), d = add_footage (store, "/d.mp4");
  assert_scene (store, a, "");
  g_assert_true (praxi_store_join_scene (store, a, b, 5, &error));
  assert_scene (store, a, "b.mp4+5 ");
  assert_scene (store, b, "a.mp4-5 ");
  /* who is alone joins the scene of the other, and is in sync with all of it */
  g_assert_true (praxi_store_join_scene (store, c, b, 2, &error));
  assert_scene (store, c, "a.mp4-3 b.mp4+2 ");
  g_assert_true (praxi_store_join_scene (store, a, b, 7, &error));
  assert_scene (store, a, "b.mp4+7 c.mp4+3 ");
  /* from one scene into another */
  g_assert_true (praxi_store_join_scene (store, d, c, 0, &error));
  g_assert_true (praxi_store_leave_scene (store, d, &error));
  g_assert_true (praxi_store_leave_scene (store, d, &error));
  assert_scene (store, a, "b.mp4+7 c.mp4+3 ");
  g_assert_false (praxi_store_can_undo (store));

  g_assert_false (praxi_store_join_scene (store, a, a, 0, &error));
  assert_refusal (error, PRAXI_ERROR_USAGE);
  g_clear_error (&error);
  g_assert_false (praxi_store_join_scene (store, a, 999, 0, &error));
  assert_refusal (error, PRAXI_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (praxi_store_remove_media (store, b, &error));
  assert_scene (store, a, "c.mp4+3 ");
  g_clear_pointer (&store, praxi_store_close);
  assert_intact (fixture->path);
  store = fixture_open (fixture);
  assert_scene (store, c, "a.mp4-3 ");
}

/* A project made before there were scenes has none, read or written. */
static void
test_schema_2 (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PraxiStore *store = fixture_open (fixture);
  const gint64 a = add_footage (store, "/a.mp4"), b = add_footage (store, "/b.mp4");
  praxi_store_close (store);
  run_sql (fixture->path, "PRAGMA journal_mode = DELETE; DROP TABLE scene_media;"
                          "PRAGMA user_version = 2");
  store = praxi_store_open (fixture->path, PRAXI_STORE_READ_ONLY, &error);
  g_assert_no_error (error);
  assert_scene (store, a, "");
  praxi_store_close (store);
  assert_intact (fixture->path);
  store = fixture_open (fixture);
  g_assert_true (praxi_store_join_scene (store, a, b, -1, &error));
  assert_scene (store, a, "b.mp4-1 ");
  praxi_store_close (store);
  assert_intact (fixture->path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fixture_test ("/scenes/join", test_join);
  fixture_test ("/scenes/schema-2", test_schema_2);
  return g_test_run ();
}
