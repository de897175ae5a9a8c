/* The session without a window: stepping, marks, labels that are kept, undo across a restart, and a
 * project that refuses. Pictures come from a fake decode client; the store is the real one.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/gui/session-fixture.h"
#include "ui/session-analysis.h"
#include "ui/session-labelling.h"
#include "ui/session-review.h"
#include "ui/session-play.h"

static void
test_step (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  g_assert_cmpint (praxi_session_n_frames (session), ==, 750);
  praxi_session_step (session, 1);
  g_assert_cmpint (praxi_session_playhead (session), ==, 1);
  g_assert_false (praxi_session_picture (session).is_current);
  wait_for (praxi_session_picture (session).is_current);
  g_assert_cmpint (praxi_session_picture (session).ordinal, ==, 1);
  praxi_session_step (session, -5);
  g_assert_cmpint (praxi_session_playhead (session), ==, 0);
  praxi_session_seek (session, 10000);
  g_assert_cmpint (praxi_session_playhead (session), ==, 749);
  praxi_session_step_time (session, -1000000000);
  g_assert_cmpint (praxi_session_playhead (session), ==, 724);
}

/* A scrubbed picture that is only near is never taken for the frame itself. */
static void
test_scrub (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_scrub (session, 60);
  wait_for (praxi_session_picture (session).ordinal != 0);
  g_assert_cmpint (praxi_session_picture (session).ordinal, ==, 50);
  g_assert_false (praxi_session_picture (session).is_current);
  wait_for (praxi_session_picture (session).is_current);
  g_assert_cmpint (praxi_session_picture (session).ordinal, ==, 60);
}

static void
test_play (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_shuttle (session, 1);
  g_assert_cmpfloat (praxi_session_speed (session), ==, 1);
  wait_for (praxi_session_playhead (session) > 5);
  praxi_session_shuttle (session, 1);
  g_assert_cmpfloat (praxi_session_speed (session), ==, 2);
  praxi_session_shuttle (session, 0);
  g_assert_cmpfloat (praxi_session_speed (session), ==, 0);
  praxi_session_seek (session, 745);
  praxi_session_set_speed (session, 4);
  wait_for (praxi_session_speed (session) == 0);
  g_assert_cmpint (praxi_session_playhead (session), ==, 749);
}

static void
test_slow_and_backwards (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_choose_speed (session, 0.5);
  g_assert_cmpfloat (praxi_session_speed (session), ==, 0); /* chosen, not begun */
  praxi_session_play_or_pause (session);
  g_assert_cmpfloat (praxi_session_speed (session), ==, 0.5);
  static const double down[] = {0.25, 0.1, -0.1, -0.25, -0.5, -1, -2, -4, -8, -16, -16};
  for (guint i = 0; i < G_N_ELEMENTS (down); i++) {
    praxi_session_shuttle (session, -1);
    g_assert_cmpfloat (praxi_session_speed (session), ==, down[i]);
  }
  praxi_session_seek (session, 20);
  praxi_session_set_speed (session, -4);
  wait_for (praxi_session_playhead (session) < 15);
  wait_for (praxi_session_speed (session) == 0); /* the beginning */
  g_assert_cmpint (praxi_session_playhead (session), ==, 0);
}

/* Playing stays within the marks, both ways, and with one mark open it is not bound. */
static void
test_loop (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_set_marks (session, 100, 108);
  praxi_session_set_loops (session, TRUE);
  praxi_session_set_speed (session, 4);
  g_assert_cmpint (praxi_session_playhead (session), ==, 100);
  int n_wraps = 0;
  for (int last = 100; n_wraps < 2; last = praxi_session_playhead (session)) {
    g_main_context_iteration (NULL, TRUE);
    g_assert_cmpint (praxi_session_playhead (session), >=, 100);
    g_assert_cmpint (praxi_session_playhead (session), <, 108);
    n_wraps += praxi_session_playhead (session) < last;
  }
  praxi_session_set_speed (session, -4);
  for (int last = 100; n_wraps < 4; last = praxi_session_playhead (session)) {
    g_main_context_iteration (NULL, TRUE);
    g_assert_cmpint (praxi_session_playhead (session), <, 108);
    n_wraps += praxi_session_playhead (session) > last;
  }
  praxi_session_set_speed (session, 0);
  praxi_session_clear_marks (session);
  praxi_session_seek (session, 200);
  praxi_session_mark_in (session);
  praxi_session_set_speed (session, 4);
  wait_for (praxi_session_playhead (session) > 210);
  praxi_session_set_speed (session, 0);
}

static void
test_edges (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 100, 120, '1');
  mark_and_label (session, 110, 150, '2');
  praxi_session_seek (session, 0);
  static const int on[] = {100, 110, 119, 149, 149};
  for (guint i = 0; i < G_N_ELEMENTS (on); i++) {
    praxi_session_next_edge (session);
    g_assert_cmpint (praxi_session_playhead (session), ==, on[i]);
  }
  g_assert_nonnull (strstr (fixture->messages->str, "after this frame"));
  praxi_session_previous_edge (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 119);
}

static void
test_marks (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  g_assert_false (praxi_session_marks (session).is_set);
  praxi_session_seek (session, 10);
  praxi_session_mark_in (session);
  praxi_session_seek (session, 19);
  praxi_session_mark_out (session);
  const PraxiMarks marks = praxi_session_marks (session);
  g_assert_true (marks.is_set);
  g_assert_cmpint (marks.start_frame, ==, 10);
  g_assert_cmpint (marks.end_frame, ==, 20); /* the frame it was pressed on belongs to it */
  praxi_session_seek (session, 100);
  praxi_session_mark_in (session); /* behind the end: the end is dropped */
  g_assert_cmpint (praxi_session_marks (session).start_frame, ==, 100);
  g_assert_cmpint (praxi_session_marks (session).end_frame, ==, 101);
  praxi_session_clear_marks (session);
  g_assert_false (praxi_session_marks (session).is_set);
}

static void
test_label (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 20, '2');
  g_assert_cmpint (only_label (session)->state, ==, PRAXI_LABEL_PENDING); /* shows at once */
  g_assert_false (praxi_session_marks (session).is_set);
  wait_for (is_kept (session, 1));
  g_assert_cmpint (only_label (session)->span.start_ns, ==, 10 * FRAME_NS);
  g_assert_cmpint (only_label (session)->span.end_ns, ==, 20 * FRAME_NS);
  g_assert_cmpint (only_label (session)->start_frame, ==, 10);
  g_assert_cmpint (only_label (session)->end_frame, ==, 20);
  g_assert_cmpint (only_label (session)->id, ==, praxi_session_selected_label (session));
  g_assert_cmpint (only_label (session)->id, >, 0);
}

/* Edits made before the first one has come back find their label. */
static void
test_edits_in_a_row (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 20, '1');
  praxi_session_nudge_label (session, TRUE, 5);
  praxi_session_nudge_label (session, FALSE, -3);
  wait_for (is_kept (session, 1));
  g_assert_cmpint (only_label (session)->start_frame, ==, 7);
  g_assert_cmpint (only_label (session)->end_frame, ==, 25);
  praxi_session_undo (session);
  wait_for (only_label (session)->start_frame == 10);
  praxi_session_redo (session);
  wait_for (only_label (session)->start_frame == 7);
  praxi_session_remove_label (session);
  wait_for (is_kept (session, 0));
  praxi_session_undo (session);
  wait_for (is_kept (session, 1));
}

static void
test_edges_stay_apart (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 12, '1');
  praxi_session_nudge_label (session, FALSE, 10);
  wait_for (is_kept (session, 1));
  g_assert_cmpint (only_label (session)->start_frame, ==, 11);
  g_assert_cmpint (only_label (session)->end_frame, ==, 12);
  praxi_session_nudge_label (session, TRUE, 100000);
  wait_for (is_kept (session, 1));
  g_assert_cmpint (only_label (session)->end_frame, ==, 750);
}

static void
test_restart (Fixture *fixture, gconstpointer data)
{
  mark_and_label (fixture->session, 100, 150, '3');
  fixture_end (fixture); /* at once: what was shown is kept all the same */
  fixture_begin (fixture);
  wait_for (is_kept (fixture->session, 1));
  g_assert_cmpint (only_label (fixture->session)->start_frame, ==, 100);
  g_assert_true (praxi_session_can_undo (fixture->session));
  praxi_session_undo (fixture->session);
  wait_for (is_kept (fixture->session, 0));
}

/* A project that vanished is not silently replaced: the label stays on screen as not kept. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 20, '1');
  wait_for (is_kept (session, 1));
  g_autofree char *away = g_strconcat (fixture->project, ".away", NULL);
  g_assert_cmpint (g_rename (fixture->project, away), ==, 0);
  mark_and_label (session, 30, 40, '1');
  wait_for (praxi_session_n_refused (session) == 1);
  g_assert_nonnull (praxi_session_refusal (session));
  g_assert_cmpuint (praxi_session_labels (session)->len, ==, 2);
  const PraxiUiLabel *refused = praxi_session_labels (session)->pdata[1];
  g_assert_cmpint (refused->state, ==, PRAXI_LABEL_NOT_KEPT);
  g_assert_cmpint (g_rename (away, fixture->project), ==, 0);
  praxi_session_retry (session);
  wait_for (is_kept (session, 2));
  g_assert_cmpint (praxi_session_n_refused (session), ==, 0);
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_add_media (session, "/footage/missing.mp4");
  g_assert_nonnull (strstr (fixture->messages->str, "! /footage/missing.mp4"));
  g_assert_cmpint (praxi_session_n_frames (session), ==, 0);
  praxi_session_step (session, 1); /* and nothing below falls over an absent index */
  praxi_session_mark_in (session);
  praxi_session_analyse (session);
  g_assert_false (praxi_session_marks (session).is_set);
  g_assert_cmpuint (g_list_model_get_n_items (praxi_session_media_list (session)), ==, 2);
}

static void
test_view (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  const PraxiTimeSpan whole = praxi_session_footage (session);
  g_assert_cmpint (praxi_time_span_length (whole), ==, 750 * FRAME_NS);
  praxi_session_zoom (session, 1e6, 100 * FRAME_NS);
  g_assert_cmpint (praxi_time_span_length (praxi_session_visible (session)), ==, 8 * FRAME_NS);
  praxi_session_seek (session, 700);
  g_assert_true (praxi_time_span_contains (praxi_session_visible (session), 700 * FRAME_NS));
  praxi_session_set_marks (session, 100, 200);
  praxi_session_zoom_selection (session);
  g_assert_cmpint (praxi_session_visible (session).start_ns, ==, 75 * FRAME_NS);
  praxi_session_zoom (session, 1e-6, 0);
  g_assert_cmpint (praxi_session_visible (session).start_ns, ==, whole.start_ns);
  g_assert_cmpint (praxi_session_visible (session).end_ns, ==, whole.end_ns);
}

/* "0-10 seen": the coverage in frames, up to and with the last span that is not unseen. */
static char *
coverage_text (PraxiSession *session)
{
  static const char *const names[] = {"unseen", "seen", "labelled"};
  const GArray *coverage = praxi_session_coverage (session);
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 at_ns = 0;
  for (guint i = 0; i < coverage->len; i++) {
    const PraxiCoverage *part = &g_array_index (coverage, PraxiCoverage, i);
    g_assert_cmpint (part->span.start_ns, ==, at_ns);
    at_ns = part->span.end_ns;
    if (part->kind != PRAXI_COVERAGE_UNSEEN)
      g_string_append_printf (text, "%s%d-%d %s", text->len > 0 ? ", " : "",
                              (int) (part->span.start_ns / FRAME_NS),
                              (int) (part->span.end_ns / FRAME_NS), names[part->kind]);
  }
  g_assert_cmpint (at_ns, ==, 750 * FRAME_NS);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

#define assert_coverage(session, expected)                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *actual = coverage_text (session);                                             \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

static void
show_frame (PraxiSession *session, int frame)
{
  praxi_session_seek (session, frame);
  wait_for (praxi_session_picture (session).is_current);
}

/* Frames stepped to were seen; a scrub, a jump and frames between them were not. */
static void
test_coverage_of_steps (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  assert_coverage (session, "0-1 seen");
  for (int i = 1; i <= 3; i++)
    show_frame (session, i);
  assert_coverage (session, "0-4 seen");
  show_frame (session, 100);
  assert_coverage (session, "0-4 seen, 100-101 seen");
  mark_and_label (session, 2, 50, '1');
  assert_coverage (session, "0-2 seen, 2-50 labelled, 100-101 seen");
  mark_and_label (session, 40, 60, '2');
  assert_coverage (session, "0-2 seen, 2-60 labelled, 100-101 seen");
  g_assert_cmpfloat_with_epsilon (praxi_session_seen_share (session), 61.0 / 750, 1e-9);
}

static void
test_coverage_of_playing (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_set_speed (session, 2);
  wait_for (praxi_session_picture (session).ordinal > 20);
  praxi_session_set_speed (session, 0);
  const GArray *coverage = praxi_session_coverage (session);
  g_assert_cmpint (g_array_index (coverage, PraxiCoverage, 0).kind, ==, PRAXI_COVERAGE_SEEN);
  g_assert_cmpint (g_array_index (coverage, PraxiCoverage, 0).span.end_ns, >=, 21 * FRAME_NS);
  g_assert_cmpuint (coverage->len, ==, 2);
  show_frame (session, 300);
  praxi_session_set_speed (session, 8); /* too fast to see anything */
  wait_for (praxi_session_picture (session).ordinal > 400);
  praxi_session_set_speed (session, 0);
  g_assert_cmpfloat (praxi_session_seen_share (session), <, 100.0 / 750);
}

#define add(path, function)                                                                        \
  g_test_add (path, Fixture, NULL, fixture_setup, function, fixture_teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/session/step", test_step);
  add ("/session/scrub", test_scrub);
  add ("/session/play", test_play);
  add ("/session/slow-and-backwards", test_slow_and_backwards);
  add ("/session/loop", test_loop);
  add ("/session/edges", test_edges);
  add ("/session/marks", test_marks);
  add ("/session/label", test_label);
  add ("/session/edits-in-a-row", test_edits_in_a_row);
  add ("/session/edges-stay-apart", test_edges_stay_apart);
  add ("/session/restart", test_restart);
  add ("/session/refused", test_refused);
  add ("/session/missing", test_missing);
  add ("/session/view", test_view);
  add ("/session/coverage-of-steps", test_coverage_of_steps);
  add ("/session/coverage-of-playing", test_coverage_of_playing);
  return g_test_run ();
}
