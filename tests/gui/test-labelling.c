/* Labelling at speed and the review, without a window: every key that changes a label or judges an
 * event, each as one step of undo, and the queue of what is left to look at.
 */
#include <string.h>

#include "tests/gui/session-fixture.h"
#include "ui/actions.h"
#include "ui/label-model.h"
#include "ui/session-analysis.h"
#include "ui/session-edits.h"
#include "ui/session-labelling.h"
#include "ui/session-review.h"
#include "ui/session-settings.h"
#include "ui/snap.h"

/* --- labels -------------------------------------------------------------------------------- */

static void
undo (PraxiSession *session)
{
  praxi_session_undo (session);
  wait_for (is_quiet (session));
}

static void
test_split_and_merge (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 50, '2');
  praxi_session_set_note (session, only_label (session)->id, "two men");
  praxi_session_split_label (session); /* the playhead is outside: nothing */
  assert_labels (session, "fight 10-50");
  praxi_session_seek (session, 30);
  praxi_session_split_label (session);
  assert_labels (session, "fight 10-30, fight 30-50");
  const PraxiUiLabel *right = praxi_session_labels (session)->pdata[1];
  g_assert_cmpint (praxi_session_selected_label (session), ==, right->id);
  g_assert_cmpstr (right->note, ==, "two men");
  undo (session);
  assert_labels (session, "fight 10-50");
  g_assert_cmpstr (only_label (session)->note, ==, "two men");
  praxi_session_redo (session);
  assert_labels (session, "fight 10-30, fight 30-50");

  mark_and_label (session, 35, 40, '3'); /* of another class, between them */
  const PraxiUiLabel *left = praxi_session_labels (session)->pdata[0];
  praxi_session_select_label (session, left->id);
  praxi_session_merge_label (session);
  assert_labels (session, "fight 10-50, fall 35-40");
  praxi_session_merge_label (session); /* none follows */
  assert_labels (session, "fight 10-50, fall 35-40");
  undo (session);
  assert_labels (session, "fight 10-30, fight 30-50, fall 35-40");
}

static void
test_duplicate (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 50, '2');
  wait_for (is_kept (session, 1));
  praxi_session_duplicate_label (session);
  praxi_session_choose_class_key (session, '3');
  assert_labels (session, "fight 10-50, fall 10-50");
  undo (session);
  assert_labels (session, "fight 10-50");
  praxi_session_duplicate_label (session);
  praxi_session_drop (session); /* Escape: the digit only chooses again */
  praxi_session_choose_class_key (session, '3');
  assert_labels (session, "fight 10-50");
}

/* Keys in one breath: nothing waits for the project. */
static void
test_before_it_is_kept (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 50, '2');
  praxi_session_duplicate_label (session);
  praxi_session_choose_class_key (session, '3');
  praxi_session_seek (session, 20);
  praxi_session_split_label (session);
  praxi_session_nudge_label (session, TRUE, 3);
  assert_labels (session, "fight 10-50, fall 10-20, fall 20-53");
  for (int i = 0; i < 4; i++)
    praxi_session_undo (session);
  assert_labels (session, "");
}

static void
test_edit_edges (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 50, '2');
  praxi_session_edit_edges (session);
  g_assert_cmpint (praxi_session_marks (session).start_frame, ==, 10);
  g_assert_cmpint (praxi_session_marks (session).end_frame, ==, 50);
  praxi_session_seek (session, 60);
  praxi_session_mark_out (session);
  praxi_session_choose_class_key (session, '3'); /* edits the edges, makes no label */
  praxi_session_label_marks (session);
  assert_labels (session, "fight 10-61");
  g_assert_false (praxi_session_marks (session).is_set);
  praxi_session_edit_edges (session);
  praxi_session_drop (session);
  mark_and_label (session, 100, 110, '3');
  assert_labels (session, "fight 10-61, fall 100-110");
}

/* What a label is not asked about stays: author, time, note. */
static void
test_trim_keeps_the_rest (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 50, '2');
  wait_for (is_kept (session, 1));
  const gint64 created_us = only_label (session)->created_us;
  g_autofree char *author = g_strdup (only_label (session)->author);
  g_assert_cmpint (created_us, >, 0);
  g_assert_cmpstr (author, !=, "");
  praxi_session_set_note (session, only_label (session)->id, "a note");
  praxi_session_trim_label (session, only_label (session)->id, 12, 40);
  assert_labels (session, "fight 12-40");
  g_assert_cmpint (only_label (session)->created_us, ==, created_us);
  g_assert_cmpstr (only_label (session)->author, ==, author);
  g_assert_cmpstr (only_label (session)->note, ==, "a note");
}

/* One pixel is one frame. */
static void
test_snap (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  const PraxiTimeScale scale = {.span = {0, 750 * FRAME_NS}, .left_px = 84, .width_px = 750};
  mark_and_label (session, 100, 200, '2');
  mark_and_label (session, 203, 300, '3');
  wait_for (is_kept (session, 2));
  const gint64 first = ((const PraxiUiLabel *) praxi_session_labels (session)->pdata[0])->id;
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 205, 0, -1), ==, 203); /* the nearer */
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 201, 0, -1), ==, 200);
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 201, first, -1), ==, 203); /* not itself */
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 106, 0, -1), ==, 100);     /* six pixels */
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 107, 0, -1), ==, 107);
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 500, 0, 497), ==, 497); /* the playhead */
  g_assert_cmpint (praxi_snap_boundary (session, &scale, 748, 0, 750), ==, 750);
}

static void
items_changed_cb (GListModel *model, guint position, guint n_removed, guint n_added, GString *text)
{
  g_string_append_printf (text, "%u-%u+%u ", position, n_removed, n_added);
}

/* Only the rows that changed are touched. */
static void
test_label_model (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  for (int i = 0; i < 5; i++)
    mark_and_label (session, 100 * i, 100 * i + 50, i % 2 == 0 ? '2' : '3');
  wait_for (is_kept (session, 5));
  g_autoptr (PraxiLabelModel) model = praxi_label_model_new (session);
  g_autoptr (GString) changes = g_string_new (NULL);
  g_signal_connect (model, "items-changed", G_CALLBACK (items_changed_cb), changes);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 5);
  const gint64 third = ((const PraxiUiLabel *) praxi_session_labels (session)->pdata[2])->id;
  praxi_session_set_note (session, third, "Two MEN at the gate");
  wait_for (is_quiet (session));
  praxi_label_model_update (model, FALSE);
  g_assert_cmpstr (changes->str, ==, "2-1+1 ");
  g_string_truncate (changes, 0);
  praxi_label_model_set_filter (model, " gate men ");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 1);
  g_assert_cmpuint (praxi_label_model_find (model, third), ==, 0);
  praxi_label_model_set_filter (model, "fall");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 2);
  g_assert_cmpuint (praxi_label_model_find (model, third), ==, G_MAXUINT);
  praxi_label_model_set_filter (model, "fall gate");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 0);
  praxi_label_model_set_filter (model, "");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 5);
  g_autoptr (PraxiLabelItem) item = g_list_model_get_item (G_LIST_MODEL (model), 2);
  g_assert_cmpstr (praxi_label_item_label (item)->note, ==, "Two MEN at the gate");
}

static gboolean
wake_up_cb (gpointer is_over)
{
  *(gboolean *) is_over = TRUE;
  return G_SOURCE_REMOVE;
}

static void
pass_ms (guint ms)
{
  gboolean is_over = FALSE;
  g_timeout_add (ms, wake_up_cb, &is_over);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_hold (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  praxi_session_press_class_key (session, '2'); /* paused: only chooses */
  pass_ms (300);
  praxi_session_release_class_key (session, '2');
  assert_labels (session, "");
  praxi_session_set_speed (session, 1);
  wait_for (praxi_session_playhead (session) >= 5);
  const int begin = praxi_session_playhead (session);
  praxi_session_press_class_key (session, '3');
  for (int i = 0; i < 8; i++) {
    pass_ms (50);
    praxi_session_press_class_key (session, '3'); /* the keyboard repeats it */
  }
  const int end = praxi_session_playhead (session);
  praxi_session_release_class_key (session, '3');
  g_assert_cmpfloat (praxi_session_speed (session), ==, 1); /* it plays on */
  wait_for (is_kept (session, 1));
  g_assert_cmpint (only_label (session)->start_frame, ==, begin);
  g_assert_cmpint (only_label (session)->end_frame, ==, end + 1);
  g_assert_cmpint (end, >, begin + 3);
  praxi_session_press_class_key (session, '1'); /* a tap */
  praxi_session_release_class_key (session, '1');
  g_assert_false (praxi_session_marks (session).is_set);
  praxi_session_mark_in (session);
  pass_ms (100);
  praxi_session_press_class_key (session, '1'); /* while marking: at once */
  g_assert_cmpuint (praxi_session_labels (session)->len, ==, 2);
  praxi_session_release_class_key (session, '1');
  praxi_session_set_speed (session, 0);
  wait_for (is_kept (session, 2));
}

/* --- classes ------------------------------------------------------------------------------- */

static char *
classes_text (PraxiSession *session)
{
  const GPtrArray *classes = praxi_session_classes (session);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < classes->len; i++) {
    const PraxiUiClass *cls = classes->pdata[i];
    g_string_append_printf (text, "%s%c ", cls->name, cls->key != 0 ? cls->key : '-');
  }
  return g_string_free (text, FALSE);
}

#define assert_classes(session, expected)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    wait_for (is_quiet (session));                                                                 \
    g_autofree char *actual = classes_text (session);                                              \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

static gint64
class_id (PraxiSession *session, const char *name)
{
  return praxi_session_find_class_named (session, name)->id;
}

static void
test_classes (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  mark_and_label (session, 10, 50, '2');
  mark_and_label (session, 60, 70, '3');
  wait_for (is_kept (session, 2));
  praxi_session_rename_class (session, class_id (session, "fight"), "scuffle");
  assert_classes (session, "normal1 scuffle2 fall3 ");
  praxi_session_set_class_key (session, class_id (session, "fall"), '1');
  assert_classes (session, "normal- scuffle2 fall1 ");
  praxi_session_move_class (session, class_id (session, "fall"), 0);
  assert_classes (session, "fall1 normal- scuffle2 ");
  praxi_session_recolor_class (session, class_id (session, "scuffle"), "#882255");
  assert_classes (session, "fall1 normal- scuffle2 ");
  g_autofree char *color =
      gdk_rgba_to_string (&praxi_session_find_class_named (session, "scuffle")->color);
  g_assert_cmpstr (color, ==, "rgb(136,34,85)");
  praxi_session_remove_class (session, class_id (session, "scuffle"));
  assert_classes (session, "fall1 normal- ");
  assert_labels (session, "fall 60-70");
  undo (session);
  assert_labels (session, "scuffle 10-50, fall 60-70");
  for (int i = 0; i < 4; i++)
    undo (session);
  assert_classes (session, "normal1 fight2 fall3 ");
  praxi_session_rename_class (session, class_id (session, "fight"), "fall");
  wait_for (is_quiet (session));
  g_assert_nonnull (strstr (fixture->messages->str, "! "));
  g_assert_cmpint (praxi_session_n_refused (session), ==, 0);
  assert_classes (session, "normal1 fight2 fall3 ");
}

/* --- events -------------------------------------------------------------------------------- */

static const FixtureEvent light_events[] = {
    {"fight", 50, 100, 0.95f},
    {"fall", 150, 200, 0.55f},
    {"fight", 250, 300, 0.6f},
    {"fall", 400, 450, 0.99f},
};

static void
with_events (Fixture *fixture)
{
  fixture_end (fixture);
  fixture_add_run (fixture, 0, light_events, G_N_ELEMENTS (light_events));
  fixture_begin (fixture);
  wait_for (praxi_session_events (fixture->session)->len == G_N_ELEMENTS (light_events));
}

/* "AXo." for accepted, rejected, open and reviewed events. */
static char *
states_text (PraxiSession *session)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < praxi_session_events (session)->len; i++)
    g_string_append_c (text, "oAX."[praxi_session_event_state (session, (int) i)]);
  return g_string_free (text, FALSE);
}

#define assert_states(session, expected)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *actual = states_text (session);                                               \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

static void
test_accept (Fixture *fixture, gconstpointer data)
{
  with_events (fixture);
  PraxiSession *session = fixture->session;
  assert_states (session, "oooo");
  praxi_session_accept_event (session); /* none under the playhead */
  assert_labels (session, "");
  praxi_session_seek (session, 60);
  praxi_session_accept_event (session);
  assert_states (session, "Aooo"); /* at once */
  assert_labels (session, "fight 50-100");
  g_assert_cmpstr (only_label (session)->source, ==, "accepted");
  praxi_session_accept_event (session); /* again: no second label */
  assert_labels (session, "fight 50-100");
  undo (session);
  assert_states (session, "oooo");
  praxi_session_set_visible (session, (PraxiTimeSpan){120 * FRAME_NS, 320 * FRAME_NS});
  praxi_session_accept_visible (session);
  assert_states (session, "oAAo");
  assert_labels (session, "fall 150-200, fight 250-300");
  undo (session); /* one step */
  assert_labels (session, "");
}

static void
test_reject (Fixture *fixture, gconstpointer data)
{
  with_events (fixture);
  PraxiSession *session = fixture->session;
  praxi_session_seek (session, 60);
  praxi_session_accept_event (session);
  praxi_session_reject_event (session); /* the accepted label goes with it */
  assert_states (session, "Xooo");
  assert_labels (session, "");
  undo (session);
  assert_states (session, "Aooo");
  praxi_session_redo (session);
  wait_for (is_quiet (session));
  assert_states (session, "Xooo");
  praxi_session_accept_event (session); /* a person may change their mind */
  wait_for (is_quiet (session));
  assert_states (session, "Aooo");
  undo (session);
  assert_states (session, "Xooo");
  mark_and_label (session, 155, 200, '3'); /* by hand: a verdict too */
  praxi_session_seek (session, 160);
  praxi_session_reject_event (session); /* and it is not thrown away */
  assert_labels (session, "fall 155-200");

  static const FixtureEvent again[] = {{"fight", 60, 110, 0.9f}, {"fight", 40, 240, 0.9f}};
  for (guint i = 0; i < G_N_ELEMENTS (again); i++) {
    fixture_end (fixture);
    fixture_add_run (fixture, 0, &again[i], 1);
    fixture_begin (fixture);
    session = fixture->session;
    wait_for (praxi_session_events (session)->len == 1);
    assert_states (session, i == 0 ? "X" : "o"); /* it overlaps; it is far more than that */
  }
  g_assert_true (praxi_session_can_undo (session)); /* after restarts */
}

static void
test_edit_event (Fixture *fixture, gconstpointer data)
{
  with_events (fixture);
  PraxiSession *session = fixture->session;
  praxi_session_seek (session, 160);
  praxi_session_edit_edges (session);
  g_assert_cmpint (praxi_session_marks (session).start_frame, ==, 150);
  praxi_session_seek (session, 170);
  praxi_session_mark_in (session);
  praxi_session_label_marks (session);
  assert_labels (session, "fall 170-200"); /* of the event's class */
  g_assert_cmpstr (only_label (session)->source, ==, "accepted");
  assert_states (session, "oAoo");
}

/* --- the queue ----------------------------------------------------------------------------- */

static char *
queue_text (PraxiSession *session)
{
  static const char *const names[] = {"uncertain", "event", "disagreement", "unseen"};
  const GArray *queue = praxi_session_review_queue (session);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < queue->len; i++) {
    const PraxiReviewItem *item = &g_array_index (queue, PraxiReviewItem, i);
    g_string_append_printf (text, "%s%s %d-%d", i > 0 ? ", " : "", names[item->kind],
                            (int) (item->span.start_ns / FRAME_NS),
                            (int) (item->span.end_ns / FRAME_NS));
  }
  return g_string_free (text, FALSE);
}

#define assert_queue(session, expected)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *actual = queue_text (session);                                                \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

static void
test_queue (Fixture *fixture, gconstpointer data)
{
  static const FixtureEvent original_events[] = {{"fall", 160, 190, 0.9f},
                                                 {"fight", 500, 560, 0.7f}};
  fixture_end (fixture);
  fixture_add_run (fixture, 1, original_events, G_N_ELEMENTS (original_events));
  fixture_begin (fixture);
  with_events (fixture);
  PraxiSession *session = fixture->session;
  wait_for (is_quiet (session));
  assert_queue (session, "uncertain 150-200, uncertain 250-300, event 50-100, event 400-450, "
                         "disagreement 500-560, unseen 1-750");
  g_assert_cmpint (praxi_session_review_position (session), ==, -1);
  praxi_session_review_next (session);
  g_assert_cmpint (praxi_session_review_position (session), ==, 0);
  g_assert_cmpint (praxi_session_playhead (session), ==, 150);
  g_assert_cmpint (praxi_session_selected_event (session), ==, 1);
  praxi_session_review_next (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 250);
  praxi_session_review_previous (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 150);
  praxi_session_accept_event (session); /* and on by itself */
  g_assert_cmpint (praxi_session_playhead (session), ==, 250);
  praxi_session_reject_event (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 50);
  praxi_session_mark_reviewed (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 400);
  praxi_settings_set_boolean (praxi_session_settings (session), PRAXI_SETTING_MOVE_ON, FALSE);
  praxi_session_reject_event (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 400);
  assert_states (session, ".AXX");
  praxi_session_review_next (session);
  g_assert_cmpint (praxi_session_playhead (session), ==, 500);
  praxi_session_accept_event (session); /* what only the other model saw */
  assert_labels (session, "fall 150-200, fight 500-560");
  const PraxiReviewSummary progress = praxi_session_media_progress (session);
  g_assert_cmpint (progress.n_events, ==, 4);
  g_assert_cmpint (progress.n_judged, ==, 4);
  g_autofree char *text = praxi_review_summary_text (&progress);
  g_assert_true (g_str_has_prefix (text, "4 of 4 events judged · "));

  praxi_session_review_next (session);
  const GArray *queue = praxi_session_review_queue (session);
  const int position = praxi_session_review_position (session);
  g_assert_cmpint (g_array_index (queue, PraxiReviewItem, position).kind, ==, PRAXI_REVIEW_UNSEEN);
  while (praxi_session_review_queue (session)->len > 0) {
    const guint before = praxi_session_review_queue (session)->len;
    praxi_session_mark_reviewed (session);
    g_assert_cmpuint (praxi_session_review_queue (session)->len, <, before);
  }
  g_assert_cmpfloat (praxi_session_seen_share (session), >, 0.9);
  praxi_session_mark_reviewed (session); /* now the media */
  wait_for (is_quiet (session));
  g_assert_cmpint (praxi_session_media_progress (session).n_reviewed, ==, 1);
  praxi_session_review_next (session);
  g_assert_nonnull (strstr (fixture->messages->str, "Nothing is left"));

  const double seen_share = praxi_session_seen_share (session);
  fixture_end (fixture);
  fixture_begin (fixture);
  session = fixture->session;
  wait_for (praxi_session_events (session)->len == 4);
  assert_states (session, ".AXX");
  assert_queue (session, "");
  g_assert_cmpfloat_with_epsilon (praxi_session_seen_share (session), seen_share, 1e-9);
  g_assert_cmpint (praxi_session_project_progress (session).n_reviewed, ==, 1);
}

/* The whole way by keys alone: no more than two an event. */
static void
test_two_keys_an_event (Fixture *fixture, gconstpointer data)
{
  FixtureEvent events[18];
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    events[i] = (FixtureEvent){i % 2 == 0 ? "fight" : "fall", 40 * (int) i, 40 * (int) i + 20,
                               0.55f + 0.02f * (float) i};
  fixture_end (fixture);
  fixture_add_run (fixture, 0, events, G_N_ELEMENTS (events));
  fixture_begin (fixture);
  PraxiSession *session = fixture->session;
  wait_for (praxi_session_events (session)->len == G_N_ELEMENTS (events));
  int n_keys = 1;
  praxi_session_review_next (session);
  while (praxi_session_media_progress (session).n_judged < (int) G_N_ELEMENTS (events)) {
    if (n_keys % 3 == 0)
      praxi_session_reject_event (session);
    else
      praxi_session_accept_event (session);
    n_keys++;
    g_assert_cmpint (n_keys, <=, 2 * (int) G_N_ELEMENTS (events));
  }
  g_assert_cmpint (n_keys, ==, 1 + (int) G_N_ELEMENTS (events));
  wait_for (is_quiet (session));
  while (praxi_session_can_undo (session))
    undo (session);
  g_assert_cmpint (praxi_session_media_progress (session).n_judged, ==, 0);
}

/* No key leads to two actions by default. */
static void
test_keys (void)
{
  g_autoptr (GHashTable) owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint g = 0; g < praxi_n_action_groups; g++)
    for (guint i = 0; i < praxi_action_groups[g]->n_actions; i++) {
      const PraxiAction *action = &praxi_action_groups[g]->actions[i];
      g_auto (GStrv) keys = g_strsplit (action->keys != NULL ? action->keys : "", " ", -1);
      for (guint k = 0; keys[k] != NULL; k++) {
        g_test_message ("%s: %s", keys[k], action->name);
        g_assert_null (g_hash_table_lookup (owners, keys[k]));
        g_hash_table_insert (owners, g_strdup (keys[k]), (gpointer) action->name);
      }
    }
}

#define add(path, function)                                                                        \
  g_test_add (path, Fixture, NULL, fixture_setup, function, fixture_teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/labelling/keys", test_keys);
  add ("/labelling/split-and-merge", test_split_and_merge);
  add ("/labelling/duplicate", test_duplicate);
  add ("/labelling/before-it-is-kept", test_before_it_is_kept);
  add ("/labelling/edit-edges", test_edit_edges);
  add ("/labelling/trim-keeps-the-rest", test_trim_keeps_the_rest);
  add ("/labelling/snap", test_snap);
  add ("/labelling/label-model", test_label_model);
  add ("/labelling/hold", test_hold);
  add ("/labelling/classes", test_classes);
  add ("/labelling/accept", test_accept);
  add ("/labelling/reject", test_reject);
  add ("/labelling/edit-event", test_edit_event);
  add ("/labelling/queue", test_queue);
  add ("/labelling/two-keys-an-event", test_two_keys_an_event);
  return g_test_run ();
}
