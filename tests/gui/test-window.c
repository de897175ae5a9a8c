/* The whole window inside this process, on whatever display there is: templates, actions, what a
 * screen reader is told, light and dark, no leak. Pictures and the comparison come from fakes;
 * store and score track are the real ones. PRAXI_SHOTS names a folder for pictures of it.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/store/store.h"
#include "ui/session-analysis.h"
#include "ui/session-lighten.h"
#include "ui/session-made.h"
#include "ui/session-training.h"
#include "ui/session-tune.h"
#include "ui/session-labels.h"
#include "ui/session-model.h"
#include "ui/screen.h"
#include "ui/session-project.h"
#include "ui/session-report.h"
#include "ui/timeline.h"
#include "ui/window.h"
#include "window-fixture.h"

static void
shoot (Fixture *fixture, const char *name)
{
  for (int i = 0; i < 3; i++) {
    gtk_widget_queue_draw (GTK_WIDGET (fixture->window));
    gtk_test_widget_wait_for_draw (GTK_WIDGET (fixture->window));
  }
  g_autoptr (GdkTexture) texture = render (GTK_WIDGET (fixture->window));
  g_assert_cmpint (gdk_texture_get_width (texture), >, 900);
  if (g_getenv ("PRAXI_SHOTS") == NULL)
    return;
  g_autofree char *path = g_strdup_printf ("%s/%s.png", g_getenv ("PRAXI_SHOTS"), name);
  g_assert_true (gdk_texture_save_to_png (texture, path));
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (fixture->window)), ==, "Praxiscope");
  g_assert_false (g_action_group_get_action_enabled (G_ACTION_GROUP (fixture->window), "play"));
  g_assert_false (g_action_group_get_action_enabled (G_ACTION_GROUP (fixture->window), "analyse"));
  shoot (fixture, "empty");
}

static gboolean
is_seen (Fixture *fixture, const char *type_name)
{
  GtkWidget *widget = find_type (GTK_WIDGET (fixture->window), type_name);
  return widget != NULL && gtk_widget_get_child_visible (widget) &&
         gtk_widget_get_child_visible (gtk_widget_get_parent (widget));
}

/* A project with footage never begins as "open a video"; one without does, once that is known. */
static void
test_begin (Fixture *fixture, gconstpointer data)
{
  GListModel *list = praxi_session_media_list (fixture->session);
  g_assert_true (is_seen (fixture, "AdwStatusPage"));
  praxi_window_begin (fixture->window, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
  g_assert_false (is_seen (fixture, "AdwStatusPage"));
  wait_for (g_list_model_get_n_items (list) == 1);
  g_assert_false (is_seen (fixture, "AdwStatusPage"));
  const char *const same[] = {fixture->project, NULL};
  praxi_window_open (fixture->window, same); /* it is open: nothing is read again */
  g_assert_false (praxi_session_is_listing (fixture->session));
  g_autofree char *other = g_build_filename (fixture->folder, "other.praxi", NULL);
  g_autoptr (PraxiStore) store = praxi_store_open (other, PRAXI_STORE_CREATE, NULL);
  g_assert_nonnull (store);
  const char *const paths[] = {other, NULL};
  praxi_window_open (fixture->window, paths);
  g_assert_true (praxi_session_is_listing (fixture->session));
  wait_for (is_seen (fixture, "AdwStatusPage"));
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
}

static void
test_work (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  open_media (fixture);
  g_assert_cmpuint (praxi_session_events (session)->len, ==, 2);
  g_assert_true (do_action (fixture, "win.frame-forward"));
  g_assert_cmpint (praxi_session_playhead (session), ==, 1);
  g_assert_true (do_action (fixture, "win.mark-in"));
  g_assert_true (do_action (fixture, "win.second-forward"));
  g_assert_true (do_action (fixture, "win.mark-out"));
  praxi_session_choose_class_key (session, '2');
  g_assert_cmpuint (praxi_session_labels (session)->len, ==, 1);
  praxi_session_seek (session, 175);
  g_assert_true (do_action (fixture, "win.accept-event"));
  g_assert_cmpuint (praxi_session_labels (session)->len, ==, 2);
  praxi_session_set_marks (session, 300, 400);
  wait_for (praxi_session_picture (session).is_current);
  shoot (fixture, "work");
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      ADW_COLOR_SCHEME_FORCE_DARK);
  shoot (fixture, "work-dark");
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), ADW_COLOR_SCHEME_DEFAULT);
}

static void
assert_value_text (GtkWidget *widget, const char *text)
{
  g_autofree char *found = gtk_test_accessible_check_property (
      GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text);
  g_assert_cmpstr (found, ==, NULL); /* NULL: it is as expected */
}

static void
test_timeline_is_read (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  GtkWidget *timeline = find_type (GTK_WIDGET (fixture->window), "PraxiTimeline");
  g_assert_cmpint (gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (timeline)), ==,
                   GTK_ACCESSIBLE_ROLE_SLIDER);
  praxi_session_seek (fixture->session, 200);
  assert_value_text (timeline, "0:08.00, frame 200, fight 96 %");
  praxi_session_seek (fixture->session, 740);
  assert_value_text (timeline, "0:29.60, frame 740, not analysed");
}

static void
test_compare (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.show-compare"));
  shoot (fixture, "compare-empty");
  praxi_session_compare (fixture->session, "/data/val");
  g_assert_true (praxi_session_job (fixture->session).is_running);
  wait_for (!praxi_session_job (fixture->session).is_running);
  g_assert_nonnull (praxi_session_report (fixture->session));
  shoot (fixture, "compare");
}

/* What the last training was asked, as words. */
static gboolean
was_asked (Fixture *fixture, const char *words)
{
  g_autofree char *model = praxi_session_made_path (fixture->session, PRAXI_MADE_OWN);
  g_autofree char *path = g_strconcat (model, ".words", NULL), *asked = NULL;
  g_assert_true (g_file_get_contents (path, &asked, NULL, NULL));
  return strstr (asked, words) != NULL;
}

/* A training cut off leaves a checkpoint; it goes on as it was planned. */
static void
test_resume (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  const PraxiTrainPlan plan = {PRAXI_TRAIN_ORIGINAL, PRAXI_TRAIN_QUICK};
  g_assert_false (praxi_session_can_resume_training (fixture->session));
  praxi_session_train (fixture->session, &plan);
  wait_for (praxi_session_training (fixture->session) == PRAXI_TRAINING_DONE);
  g_assert_true (was_asked (fixture, "--from original --head-only"));
  g_assert_false (was_asked (fixture, "--resume"));
  g_autofree char *model = praxi_session_made_path (fixture->session, PRAXI_MADE_OWN);
  g_autofree char *checkpoint = g_strconcat (model, ".checkpoint", NULL);
  g_assert_true (g_file_set_contents (checkpoint, "half", -1, NULL));
  g_assert_true (praxi_session_can_resume_training (fixture->session));
  praxi_session_resume_training (fixture->session);
  g_assert_false (praxi_session_can_resume_training (fixture->session)); /* it runs */
  wait_for (praxi_session_training (fixture->session) == PRAXI_TRAINING_DONE);
  g_assert_true (was_asked (fixture, "--from original --head-only"));
  g_assert_true (was_asked (fixture, "--resume"));
}

/* Original is trained, and what came out is made lighter without another word. */
static void
test_train_and_lighten (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  const PraxiTrainPlan plan = {PRAXI_TRAIN_LIGHT, PRAXI_TRAIN_LIGHTER};
  praxi_session_train (fixture->session, &plan);
  wait_for (praxi_session_is_lightening (fixture->session));
  g_assert_true (was_asked (fixture, "--from original"));
  wait_for (!praxi_session_is_lightening (fixture->session));
  g_assert_true (praxi_session_has_made (fixture->session, PRAXI_MADE_LIGHTER));
}

static void
test_train (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.show-train"));
  g_assert_false (praxi_session_has_made (fixture->session, PRAXI_MADE_OWN));
  shoot (fixture, "train-empty");
  const PraxiTrainPlan plan = {PRAXI_TRAIN_LIGHT, PRAXI_TRAIN_WHOLE};
  praxi_session_train (fixture->session, &plan);
  g_assert_cmpint (praxi_session_training (fixture->session), ==, PRAXI_TRAINING_RUNNING);
  wait_for (praxi_session_training (fixture->session) == PRAXI_TRAINING_DONE);
  g_assert_cmpuint (praxi_session_epochs (fixture->session)->len, ==, 3);
  g_assert_cmpint (praxi_session_best_epoch (fixture->session), ==, 1);
  g_assert_true (praxi_session_has_made (fixture->session, PRAXI_MADE_OWN));
  g_assert_false (praxi_session_uses_made (fixture->session, PRAXI_MADE_OWN));
  praxi_session_use_made (fixture->session, PRAXI_MADE_OWN, TRUE);
  wait_for (praxi_session_uses_made (fixture->session, PRAXI_MADE_OWN));
  g_assert_nonnull (praxi_session_training_report (fixture->session));
  shoot (fixture, "train");
}

/* One of the pages inside the side page "Train". */
static void
show_learn_page (Fixture *fixture, const char *type_name)
{
  GtkWidget *page = find_type (GTK_WIDGET (fixture->window), type_name);
  g_assert_nonnull (page);
  gtk_stack_set_visible_child (GTK_STACK (gtk_widget_get_parent (page)), page);
}

/* Limits, a lighter model, the comparison with it, and analyses that use it. */
static void
test_lighten (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.show-train"));
  show_learn_page (fixture, "PraxiLightenPage");
  g_assert_false (praxi_session_has_made (fixture->session, PRAXI_MADE_LIGHTER));
  shoot (fixture, "lighten-empty");
  const PraxiUiLimits limits = {.max_drop = 2, .most_bytes = 200000};
  praxi_session_lighten (fixture->session, &limits);
  g_assert_true (praxi_session_is_lightening (fixture->session));
  wait_for (!praxi_session_is_lightening (fixture->session));
  g_assert_cmpuint (praxi_session_passes (fixture->session)->len, ==, 3);
  g_assert_null (praxi_session_unmet_limit (fixture->session));
  g_assert_true (praxi_session_has_made (fixture->session, PRAXI_MADE_LIGHTER));
  shoot (fixture, "lighten");
  g_assert_null (praxi_session_report (fixture->session));
  praxi_session_compare_made (fixture->session, PRAXI_MADE_LIGHTER);
  wait_for (praxi_session_report (fixture->session) != NULL);
  g_assert_false (praxi_session_uses_made (fixture->session, PRAXI_MADE_LIGHTER));
  praxi_session_use_made (fixture->session, PRAXI_MADE_LIGHTER, TRUE);
  wait_for (praxi_session_uses_made (fixture->session, PRAXI_MADE_LIGHTER));
}

static void
test_tune (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.show-train"));
  show_learn_page (fixture, "PraxiTunePage");
  praxi_session_tune (fixture->session, 5);
  wait_for (!praxi_session_is_tuning (fixture->session));
  g_assert_cmpuint (praxi_session_trials (fixture->session)->len, ==, 5);
  shoot (fixture, "tune");
  praxi_session_use_made (fixture->session, PRAXI_MADE_TUNED, TRUE);
  wait_for (praxi_session_uses_made (fixture->session, PRAXI_MADE_TUNED));
}

static void
assert_file (const char *path, const char *begin, const char *inside)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  g_assert_true (length > 1000 && memcmp (text, begin, strlen (begin)) == 0);
  g_assert_nonnull (memmem (text, length, inside, strlen (inside)));
}

static void
said_cb (PraxiSession *session, gboolean is_error, const char *text, int *n_said)
{
  g_assert_false (is_error);
  *n_said += g_str_has_prefix (text, "Exported");
}

static void
write_report (Fixture *fixture, const char *name, const char *begin, const char *inside)
{
  int n_said = 0;
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  const gulong handler =
      g_signal_connect (fixture->session, "message", G_CALLBACK (said_cb), &n_said);
  praxi_session_write_report (fixture->session, path, NULL, NULL);
  wait_for (n_said == 1);
  g_signal_handler_disconnect (fixture->session, handler);
  assert_file (path, begin, inside);
  if (g_getenv ("PRAXI_SHOTS") == NULL)
    return;
  g_autofree char *copy = g_strdup_printf ("cp '%s' '%s'", path, g_getenv ("PRAXI_SHOTS"));
  g_assert_cmpint (system (copy), ==, 0);
}

/* The report holds pictures of its two events and its label, which a decode helper gives. */
static void
test_report (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  praxi_session_set_marks (fixture->session, 300, 400);
  praxi_session_choose_class_key (fixture->session, '2');
  write_report (fixture, "report.pdf", "%PDF-", "%%EOF");
  write_report (fixture, "timeline.svg", "<?xml", "</svg>");
  write_report (fixture, "timeline.png", "\x89PNG", "IEND");
}

static void
count_cb (int *n)
{
  (*n)++;
}

static void
assert_model (PraxiSession *session, const char *expected)
{
  g_autofree char *model = praxi_session_model (session);
  g_assert_cmpstr (model, ==, expected);
}

/* Another model is used once praxi knows it as one; what is none changes nothing. */
static void
test_model (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  open_media (fixture);
  g_assert_null (praxi_session_model_info (session));
  wait_for (praxi_session_model_info (session) != NULL);
  assert_model (session, "light");
  int n_said = 0;
  g_signal_connect_swapped (session, "message", G_CALLBACK (count_cb), &n_said);
  praxi_session_set_model (session, "/models/notes.txt");
  wait_for (n_said == 1);
  assert_model (session, "light");
  praxi_session_set_model (session, "/models/other.onnx");
  g_autofree char *model = NULL;
  wait_for ((g_free (model), model = praxi_session_model (session),
             g_str_has_suffix (model, "other.onnx")));
  g_assert_cmpint (n_said, ==, 1);
}

static void
test_failed_job (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.analyse"));
  wait_for (!praxi_session_job (fixture->session).is_running);
  GtkWidget *bar = find_type (GTK_WIDGET (fixture->window), "GtkInfoBar");
  g_assert_true (gtk_info_bar_get_revealed (GTK_INFO_BAR (bar)));
  shoot (fixture, "failed");
}

static void
test_small (Fixture *fixture, gconstpointer data)
{
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 1024, 640);
  open_media (fixture);
  shoot (fixture, "small");
  /* whatever page of the side panel is open: the widest one counts */
  int minimum_px = 0;
  gtk_widget_measure (GTK_WIDGET (fixture->window), GTK_ORIENTATION_HORIZONTAL, -1, &minimum_px,
                      NULL, NULL, NULL);
  g_assert_cmpint (minimum_px, <=, 1024);
}

/* --- what cannot be done with a mouse and keys alone ---------------------------------------- */

static GObject *
find_controller (GtkWidget *widget, GType type)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++) {
    g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);
    if (g_type_is_a (G_OBJECT_TYPE (controller), type))
      return controller; /* the widget holds it */
  }
  g_assert_not_reached ();
}

/* Two fingers that move apart by that factor, as the gesture tells it: X has no touchpad here. */
static void
pinch (GtkWidget *widget, double factor)
{
  GObject *gesture = find_controller (widget, GTK_TYPE_GESTURE_ZOOM);
  g_signal_emit_by_name (gesture, "begin", NULL);
  for (int i = 1; i <= 8; i++)
    g_signal_emit_by_name (gesture, "scale-changed", pow (factor, i / 8.0));
}

static void
point (GtkWidget *widget, double x, double y)
{
  g_signal_emit_by_name (find_controller (widget, GTK_TYPE_EVENT_CONTROLLER_MOTION), "motion", x,
                         y);
}

/* What lies under the fingers stays there, and as much is seen as they are apart. */
static void
test_pinch_timeline (Fixture *fixture, gconstpointer data)
{
  const gint64 at_ns = 12 * G_GINT64_CONSTANT (1000000000);
  PraxiSession *session = fixture->session;
  open_media (fixture);
  GtkWidget *timeline = find_type (GTK_WIDGET (fixture->window), "PraxiTimeline");
  wait_for (gtk_widget_get_width (timeline) > 100);
  const gint64 whole_ns = praxi_time_span_length (praxi_session_visible (session));
  const double x = praxi_timeline_x (PRAXI_TIMELINE (timeline), at_ns);
  point (timeline, x, 60);
  pinch (timeline, 4);
  g_assert_cmpfloat_with_epsilon (
      (double) whole_ns / (double) praxi_time_span_length (praxi_session_visible (session)), 4,
      0.01);
  g_assert_cmpfloat_with_epsilon (praxi_timeline_x (PRAXI_TIMELINE (timeline), at_ns), x, 1);
  pinch (timeline, 0.5); /* a second one begins where the first one ended */
  g_assert_cmpfloat_with_epsilon (
      (double) whole_ns / (double) praxi_time_span_length (praxi_session_visible (session)), 2,
      0.01);
  g_assert_cmpfloat_with_epsilon (praxi_timeline_x (PRAXI_TIMELINE (timeline), at_ns), x, 1);
  pinch (timeline, 0.1);
  g_assert_cmpint (praxi_time_span_length (praxi_session_visible (session)), ==, whole_ns);
}

static void
test_pinch_picture (Fixture *fixture, gconstpointer data)
{
  gboolean fits = FALSE;
  open_media (fixture);
  GtkWidget *screen = find_type (GTK_WIDGET (fixture->window), "PraxiScreen");
  wait_for (gtk_widget_get_width (screen) > 100);
  const double fitted = praxi_screen_zoom (PRAXI_SCREEN (screen), &fits);
  g_assert_true (fits);
  point (screen, 100, 80);
  pinch (screen, 2);
  g_assert_cmpfloat_with_epsilon (praxi_screen_zoom (PRAXI_SCREEN (screen), &fits), 2 * fitted,
                                  1e-3);
  g_assert_false (fits);
  pinch (screen, 0.5);
  g_assert_cmpfloat_with_epsilon (praxi_screen_zoom (PRAXI_SCREEN (screen), &fits), fitted, 1e-3);
}

static char *
make_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  return g_steal_pointer (&path);
}

static gboolean
drop (Fixture *fixture, const char *const *paths)
{
  GObject *target = find_controller (GTK_WIDGET (fixture->window), GTK_TYPE_DROP_TARGET);
  GValue value = G_VALUE_INIT;
  GSList *files = NULL;
  gboolean is_taken = FALSE;
  for (guint i = 0; paths[i] != NULL; i++)
    files = g_slist_append (files, g_file_new_for_path (paths[i]));
  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_set_boxed (&value, files);
  g_signal_emit_by_name (target, "drop", &value, 100.0, 100.0, &is_taken);
  g_value_unset (&value);
  g_slist_free_full (files, g_object_unref);
  return is_taken;
}

/* Files and a folder with folders in it: all videos are listed, the first is open. */
static void
test_drop (Fixture *fixture, gconstpointer data)
{
  GListModel *list = praxi_session_media_list (fixture->session);
  g_autofree char *first = make_file (fixture->folder, "first.mp4");
  g_autofree char *folder = g_build_filename (fixture->folder, "more", NULL);
  g_autofree char *second = make_file (folder, "b.mkv");
  g_autofree char *third = make_file (folder, "deep/c.MP4");
  g_autofree char *notes = make_file (folder, "notes.txt");
  g_assert_true (drop (fixture, (const char *const[]){first, folder, NULL}));
  wait_for (g_list_model_get_n_items (list) == 3);
  wait_for (praxi_session_picture (fixture->session).is_current);
  g_assert_cmpstr (praxi_media_item_path (praxi_session_media (fixture->session)), ==, first);
  g_assert_false (drop (fixture, (const char *const[]){NULL}));
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 3);
}

/* --- popovers ------------------------------------------------------------------------------ */

static void
wait_for_popover (Fixture *fixture, const char *type_name)
{
  GtkWidget *window = GTK_WIDGET (fixture->window);
  GtkWidget *inside;
  wait_for ((inside = find_type (window, type_name)) != NULL && gtk_widget_get_mapped (inside));
}

/* The fixture closes the window with the popover open, and waits for window and session to go. */
static void
test_close_with_jobs (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  praxi_session_compare (fixture->session, "/data/slow");
  g_assert_true (do_action (fixture, "win.jobs"));
  GtkWidget *header = find_type (GTK_WIDGET (fixture->window), "AdwHeaderBar");
  GtkWidget *row;
  wait_for ((row = find_type (header, "GtkProgressBar")) != NULL && gtk_widget_get_mapped (row));
}

static void
test_close_with_go_to (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.go-to"));
  wait_for_popover (fixture, "PraxiGoTo");
}

/* What was typed is kept, though nobody pressed Enter. */
static void
test_close_with_note (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  GtkWidget *timeline = find_type (GTK_WIDGET (fixture->window), "PraxiTimeline");
  open_media (fixture);
  praxi_session_set_marks (session, 100, 150);
  praxi_session_choose_class_key (session, '2');
  wait_for (praxi_session_labels (session)->len == 1);
  const PraxiUiLabel *label = praxi_session_labels (session)->pdata[0];
  praxi_session_select_label (session, label->id);
  g_assert_true (do_action (fixture, "win.edit-note"));
  GtkWidget *entry;
  wait_for ((entry = find_type (timeline, "GtkEntry")) != NULL && gtk_widget_get_mapped (entry));
  gtk_editable_set_text (GTK_EDITABLE (entry), "half a sentence");
  gtk_widget_set_visible (GTK_WIDGET (fixture->window), FALSE);
  label = praxi_session_labels (session)->pdata[0];
  g_assert_cmpstr (label->note, ==, "half a sentence");
}

/* --- tooltips ------------------------------------------------------------------------------ */

static void
count_tooltip_cb (int *n_set)
{
  (*n_set)++;
}

static void
follow_tooltips (GtkWidget *widget, int *n_set)
{
  g_signal_connect_swapped (widget, "notify::tooltip-text", G_CALLBACK (count_tooltip_cb), n_set);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    follow_tooltips (child, n_set);
}

/* How many labels answer when they are asked for a tooltip. */
static int
count_answers (GtkWidget *widget)
{
  g_autoptr (GtkTooltip) tooltip = g_object_new (GTK_TYPE_TOOLTIP, NULL);
  gboolean has_tip = FALSE;
  if (GTK_IS_LABEL (widget) && gtk_widget_get_has_tooltip (widget) &&
      gtk_widget_get_tooltip_text (widget) == NULL)
    g_signal_emit_by_name (widget, "query-tooltip", 1, 1, FALSE, tooltip, &has_tip);
  int n = has_tip;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    n += count_answers (child);
  return n;
}

/* Setting one asks the display where the pointer is, several times: frame after frame, that is half
 * of what the window says to it.
 */
static void
test_tooltips_are_asked_for (Fixture *fixture, gconstpointer data)
{
  PraxiSession *session = fixture->session;
  int n_set = 0;
  open_media (fixture);
  g_assert_cmpint (count_answers (GTK_WIDGET (fixture->window)), ==, 3); /* frame, pts, seen */
  follow_tooltips (GTK_WIDGET (fixture->window), &n_set);
  for (int frame = 100; frame < 120; frame++) {
    praxi_session_seek (session, frame);
    wait_for (praxi_session_picture (session).ordinal == frame);
  }
  g_assert_cmpint (n_set, ==, 0);
}

static void
count_gone (gpointer n_alive)
{
  --*(int *) n_alive;
}

static GtkWindow *
find_dialog (const Fixture *fixture)
{
  GListModel *windows = gtk_window_get_toplevels ();
  for (guint i = 0; i < g_list_model_get_n_items (windows); i++) {
    g_autoptr (GtkWindow) window = g_list_model_get_item (windows, i);
    if (window != GTK_WINDOW (fixture->window))
      return window;
  }
  return NULL;
}

static void
watch_widgets (GtkWidget *widget, int *n_alive)
{
  (*n_alive)++;
  g_object_set_data_full (G_OBJECT (widget), "test-alive", n_alive, count_gone);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    watch_widgets (child, n_alive);
}

static GtkWindow *
show_dialog (Fixture *fixture, const char *action)
{
  g_assert_true (do_action (fixture, action));
  wait_for (find_dialog (fixture) != NULL &&
            gtk_widget_get_mapped (GTK_WIDGET (find_dialog (fixture))));
  return find_dialog (fixture);
}

/* Nothing of a dialog that was closed stays behind. */
static void
test_dialogs_go (Fixture *fixture, gconstpointer data)
{
  static const char *const actions[] = {"win.keys", "win.classes", "win.open-camera", "win.guide"};
  open_media (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
    int n_alive = 0;
    GtkWindow *dialog = show_dialog (fixture, actions[i]);
    watch_widgets (GTK_WIDGET (dialog), &n_alive);
    gtk_window_close (dialog);
    wait_for (n_alive == 0);
  }
}

/* libadwaita 1.2 keeps the groups of a window of preferences: there is one, and it comes again. */
static void
test_preferences_come_again (Fixture *fixture, gconstpointer data)
{
  open_media (fixture);
  GtkWindow *dialog = show_dialog (fixture, "win.preferences");
  gtk_window_close (dialog);
  wait_for (!gtk_widget_get_mapped (GTK_WIDGET (dialog)));
  g_assert_true (show_dialog (fixture, "win.preferences") == dialog);
}

#define add(path, function)                                                                        \
  g_test_add (path, Fixture, NULL, window_fixture_setup, function, window_fixture_teardown)

int
main (int argc, char **argv)
{
  g_setenv ("GTK_A11Y", "test", TRUE);
  gtk_test_init (&argc, &argv, NULL);
  window_fixture_init ();
  add ("/window/empty", test_empty);
  add ("/window/begin", test_begin);
  add ("/window/work", test_work);
  add ("/window/timeline-is-read", test_timeline_is_read);
  add ("/window/compare", test_compare);
  add ("/window/train", test_train);
  add ("/window/resume", test_resume);
  add ("/window/train-and-lighten", test_train_and_lighten);
  add ("/window/lighten", test_lighten);
  add ("/window/tune", test_tune);
  add ("/window/report", test_report);
  add ("/window/model", test_model);
  add ("/window/failed-job", test_failed_job);
  add ("/window/small", test_small);
  add ("/window/pinch-timeline", test_pinch_timeline);
  add ("/window/pinch-picture", test_pinch_picture);
  add ("/window/drop", test_drop);
  add ("/window/close-with-jobs", test_close_with_jobs);
  add ("/window/close-with-go-to", test_close_with_go_to);
  add ("/window/close-with-note", test_close_with_note);
  add ("/window/dialogs-go", test_dialogs_go);
  add ("/window/preferences-come-again", test_preferences_come_again);
  add ("/window/tooltips-are-asked-for", test_tooltips_are_asked_for);
  return g_test_run ();
}
