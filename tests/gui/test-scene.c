/* Several videos of one scene: they follow the open one frame by frame at a distance that is kept
 * in the project, and labels can be copied between them.
 */
#include "tests/gui/session-fixture.h"

#include <string.h>

#include "ui/session-labelling.h"
#include "ui/session-play.h"
#include "ui/session-scene.h"

static PraxiCompanion *
add (PraxiSession *session, const char *path)
{
  const guint n_before = praxi_session_n_companions (session);
  g_autoptr (PraxiMediaItem) item = praxi_media_item_new (path);
  praxi_session_add_companion (session, item);
  g_assert_cmpuint (praxi_session_n_companions (session), ==, n_before + 1);
  PraxiCompanion *companion = praxi_session_companion (session, n_before);
  wait_for (praxi_companion_picture (companion).is_current);
  return companion;
}

static void
wait_frame (PraxiCompanion *companion, int frame)
{
  g_assert_cmpint (praxi_companion_frame (companion), ==, frame);
  wait_for (praxi_companion_picture (companion).is_current);
  g_assert_cmpint (praxi_companion_picture (companion).ordinal, ==, frame);
}

static void
test_follow (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  PraxiCompanion *companion = add (session, "/footage/b.mp4");
  wait_frame (companion, 0);
  praxi_session_step (session, 10);
  wait_frame (companion, 10);
  praxi_session_shift_companion (session, 3);
  wait_frame (companion, 13);
  g_assert_cmpint (praxi_session_companion_offset (session, companion), ==, 3 * FRAME_NS);
  praxi_session_seek (session, 746);
  wait_frame (companion, 749);
  praxi_session_step (session, 1);
  g_assert_cmpint (praxi_companion_frame (companion), ==, -1); /* not recorded then */
  praxi_session_shift_companion (session, 10);
  g_assert_cmpint (praxi_session_companion_offset (session, companion), ==, 13 * FRAME_NS);
  praxi_session_set_companion_offset (session, companion, -747 * FRAME_NS);
  wait_frame (companion, 0);
  praxi_session_set_companion_offset (session, companion, -748 * FRAME_NS);
  g_assert_cmpint (praxi_companion_frame (companion), ==, -1);
}

/* However long it plays, the distance is the same: nothing is counted up. */
static void
test_play (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  PraxiCompanion *near = add (session, "/footage/b.mp4");
  PraxiCompanion *far = add (session, "/footage/day.mp4");
  praxi_session_choose_companion (session, far);
  praxi_session_set_companion_offset (session, far, 3600 * 25 * FRAME_NS);
  praxi_session_set_speed (session, 8);
  int n_steps = 0, playhead = 0;
  while (praxi_session_playhead (session) < 700) {
    g_main_context_iteration (NULL, TRUE);
    n_steps += playhead != praxi_session_playhead (session);
    playhead = praxi_session_playhead (session);
    g_assert_cmpint (praxi_companion_frame (near), ==, playhead);
    g_assert_cmpint (praxi_companion_frame (far), ==, playhead + 3600 * 25);
  }
  praxi_session_set_speed (session, 0);
  g_assert_cmpint (n_steps, >, 5);
  wait_frame (near, praxi_session_playhead (session));
  wait_frame (far, praxi_session_playhead (session) + 3600 * 25);
}

/* Distances are there again, also one that was chosen a moment before the end. */
static void
test_kept (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "b.mp4", NULL);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  add (fixture->session, path);
  praxi_session_shift_companion (fixture->session, 5);
  fixture_end (fixture);
  fixture_begin (fixture);
  wait_for (praxi_session_n_companions (fixture->session) == 1);
  PraxiCompanion *companion = praxi_session_companion (fixture->session, 0);
  wait_for (praxi_companion_frame (companion) >= 0);
  wait_frame (companion, 5);
  praxi_session_remove_companion (fixture->session, companion);
  fixture_end (fixture);
  fixture_begin (fixture);
  wait_for (is_quiet (fixture->session));
  praxi_session_seek (fixture->session, 5);
  wait_for (praxi_session_picture (fixture->session).is_current);
  g_assert_cmpuint (praxi_session_n_companions (fixture->session), ==, 0);
}

/* Labels go to the moment and the frames that the other video shows. */
static void
test_label (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  PraxiCompanion *companion = add (session, "/footage/b.mp4");
  praxi_session_shift_companion (session, 5);
  wait_for (praxi_companion_media_id (companion) != 0);
  mark_and_label (session, 10, 20, '2');
  wait_for (is_kept (session, 1));
  praxi_session_label_scene (session);
  wait_for (is_quiet (session));
  praxi_session_seek (session, 100);
  praxi_session_open_companion (session);
  wait_for (praxi_session_picture (session).is_current);
  g_assert_cmpint (praxi_session_playhead (session), ==, 105);
  wait_for (is_kept (session, 1));
  assert_labels (session, "fight 15-25");
  praxi_session_undo (session);
  assert_labels (session, "");
  praxi_session_undo (session); /* that of the other one: a step of its own */
  wait_for (is_quiet (session));
  g_assert_false (praxi_session_can_undo (session));
}

static void
test_refuse (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_shift_companion (session, 1);
  g_assert_nonnull (strstr (fixture->messages->str, "No video is in sync"));
  for (int i = 0; i < PRAXI_MAX_COMPANIONS; i++) {
    g_autofree char *path = g_strdup_printf ("/footage/%d.mp4", i);
    add (session, path);
  }
  g_autoptr (PraxiMediaItem) one_more = praxi_media_item_new ("/footage/more.mp4");
  praxi_session_add_companion (session, one_more);
  g_assert_cmpuint (praxi_session_n_companions (session), ==, PRAXI_MAX_COMPANIONS);
  praxi_session_remove_companion (session, praxi_session_companion (session, 1));
  g_assert_cmpuint (praxi_session_n_companions (session), ==, PRAXI_MAX_COMPANIONS - 1);
  g_assert_nonnull (praxi_session_chosen_companion (session));

  g_autoptr (PraxiMediaItem) missing = praxi_media_item_new ("/footage/missing.mp4");
  praxi_session_add_companion (session, missing);
  PraxiCompanion *broken = praxi_session_companion (session, PRAXI_MAX_COMPANIONS - 1);
  g_assert_nonnull (praxi_companion_error (broken));
}

#define scene_test(path, function)                                                                 \
  g_test_add (path, Fixture, NULL, fixture_setup, function, fixture_teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  scene_test ("/scene/follow", test_follow);
  scene_test ("/scene/play", test_play);
  scene_test ("/scene/kept", test_kept);
  scene_test ("/scene/label", test_label);
  scene_test ("/scene/refuse", test_refuse);
  return g_test_run ();
}
