#include "tests/gui/session-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "run-fixture.h"
#include "ui/session-edits.h"

#define STRIDE_NS (10 * FRAME_NS)
#define WINDOW_NS (50 * FRAME_NS)

static void
message_cb (PraxiSession *session, gboolean is_error, const char *text, Fixture *fixture)
{
  g_string_append_printf (fixture->messages, "%s%s\n", is_error ? "! " : "", text);
}

void
fixture_begin (Fixture *fixture)
{
  fixture->session = praxi_session_new ("/nowhere/praxi", fixture->project);
  g_signal_connect (fixture->session, "message", G_CALLBACK (message_cb), fixture);
  praxi_session_add_media (fixture->session, "/footage/a.mp4");
  wait_for (praxi_session_picture (fixture->session).is_current);
  wait_for (praxi_session_classes (fixture->session)->len > 0);
}

void
fixture_end (Fixture *fixture)
{
  praxi_session_close (fixture->session);
  g_assert_finalize_object (fixture->session);
}

void
fixture_setup (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("praxi-session-XXXXXX", NULL);
  fixture->project = g_build_filename (fixture->folder, "p.praxi", NULL);
  fixture->messages = g_string_new (NULL);
  fixture_begin (fixture);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      remove_folder (path);
    else
      g_remove (path);
  }
  g_rmdir (folder);
}

void
fixture_teardown (Fixture *fixture, gconstpointer data)
{
  fixture_end (fixture);
  remove_folder (fixture->folder);
  g_string_free (fixture->messages, TRUE);
  g_free (fixture->project);
  g_free (fixture->folder);
}

/* --- runs ---------------------------------------------------------------------------------- */

typedef struct {
  const FixtureEvent *events;
  guint n_events;
} Events;

static void
score (int k, float *scores, gconstpointer user_data)
{
  const Events *found = user_data;
  scores[0] = scores[1] = scores[2] = 0.02f;
  for (guint i = 0; i < found->n_events; i++) {
    const FixtureEvent *event = &found->events[i];
    if (10 * k + 5 >= event->start_frame && 10 * k + 5 < event->end_frame)
      scores[strcmp (event->cls, "fight") == 0 ? 1 : 2] = event->peak;
  }
}

void
fixture_add_run (Fixture *fixture, int model, const FixtureEvent *events, guint n_events)
{
  static const char *const classes[] = {"normal", "fight", "fall"};
  /* Without smoothing events are exactly where the scores are. */
  static const char params[] =
      "{\"thresholds\":{\"fight\":{\"enter\":0.5,\"exit\":0.3,\"min_length_s\":0,"
      "\"merge_gap_s\":0,\"smooth_s\":0},\"fall\":{\"enter\":0.5,\"exit\":0.3,"
      "\"min_length_s\":0,\"merge_gap_s\":0,\"smooth_s\":0}}}";
  g_autofree char *sha256 = g_strdup_printf ("%064d", model);
  const Events found = {events, n_events};
  const RunFixture run = {
      .media = "/footage/a.mp4",
      .model_name = model == 0 ? "light" : "original",
      .params = params,
      .track = {.classes = classes,
                .n_classes = 3,
                .n_windows = 75,
                .stride_ns = STRIDE_NS,
                .window_ns = WINDOW_NS,
                .start_ns = STRIDE_NS / 2 - WINDOW_NS / 2,
                .model_sha256 = sha256},
      .score = score,
      .user_data = &found,
  };
  run_fixture_write (fixture->project, &run);
}

/* --- labels -------------------------------------------------------------------------------- */

const PraxiUiLabel *
only_label (PraxiSession *session)
{
  const GPtrArray *labels = praxi_session_labels (session);
  g_assert_cmpuint (labels->len, ==, 1);
  return labels->pdata[0];
}

void
mark_and_label (PraxiSession *session, int start_frame, int end_frame, char key)
{
  praxi_session_set_marks (session, start_frame, end_frame);
  praxi_session_choose_class_key (session, key);
}

gboolean
is_kept (PraxiSession *session, guint n_labels)
{
  const GPtrArray *labels = praxi_session_labels (session);
  if (labels->len != n_labels)
    return FALSE;
  for (guint i = 0; i < n_labels; i++)
    if (((const PraxiUiLabel *) labels->pdata[i])->state != PRAXI_LABEL_KEPT)
      return FALSE;
  return TRUE;
}

gboolean
is_quiet (PraxiSession *session)
{
  return g_queue_is_empty (&session->edits);
}

char *
labels_text (PraxiSession *session)
{
  const GPtrArray *labels = praxi_session_labels (session);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    const PraxiUiClass *cls = praxi_session_find_class (session, label->class_id);
    g_string_append_printf (text, "%s%s %d-%d", i > 0 ? ", " : "", cls != NULL ? cls->name : "?",
                            label->start_frame, label->end_frame);
  }
  return g_string_free (text, FALSE);
}
