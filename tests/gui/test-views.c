/* Every view of the window in one language, as narrow as 1024 x 640 and as wide as 1920 x 1080,
 * light and dark: nothing is cut off, lies outside, is too wide or was left in English.
 *
 * test-views LANGUAGE: en, de, zh_CN; "rtl" is the one with the longest words from right to left.
 * PRAXI_SHOTS names a folder for pictures.
 */
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "ui/guide.h"
#include "ui/media-item.h"
#include "ui/session-analysis.h"
#include "ui/session-cameras.h"
#include "ui/session-labelling.h"
#include "ui/session-labels.h"
#include "ui/session-lighten.h"
#include "ui/session-made.h"
#include "ui/session-model.h"
#include "ui/session-scene.h"
#include "ui/session-training.h"
#include "ui/session-tune.h"
#include "view-faults.h"
#include "window-fixture.h"

/* What is shown, and the window or popover it is in. */
typedef struct {
  const char *name;
  GtkWidget *(*show) (Fixture *fixture, const char *what);
  const char *what; /* page, type of a page or action, for those who show several */
} View;

typedef struct {
  int width_px, height_px;
} Size;

static const Size sizes[] = {{1024, 640}, {1920, 1080}};

static GtkWidget *
main_window (Fixture *fixture)
{
  return GTK_WIDGET (fixture->window);
}

/* The window that came last. */
static GtkWidget *
newest_window (Fixture *fixture)
{
  GtkWidget *newest = NULL;
  GListModel *windows = gtk_window_get_toplevels ();
  for (guint i = 0; i < g_list_model_get_n_items (windows); i++) {
    g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);
    if (window != main_window (fixture))
      newest = window;
  }
  g_assert_nonnull (newest);
  return newest;
}

static GtkWidget *
show_dialog (Fixture *fixture, const char *action)
{
  g_assert_true (do_action (fixture, action));
  return newest_window (fixture);
}

/* --- the views ----------------------------------------------------------------------------- */

static GtkWidget *
show_empty (Fixture *fixture, const char *what)
{
  return main_window (fixture);
}

/* Two labels, one of them selected, and marks. */
static GtkWidget *
show_work (Fixture *fixture, const char *what)
{
  PraxiSession *session = fixture->session;
  open_media (fixture);
  praxi_session_ask_device (session);
  wait_for (*praxi_session_device (session) != '\0');
  praxi_session_seek (session, 175);
  g_assert_true (do_action (fixture, "win.accept-event"));
  praxi_session_set_marks (session, 500, 560);
  praxi_session_choose_class_key (session, '3');
  praxi_session_set_marks (session, 300, 400);
  wait_for (praxi_session_picture (session).is_current);
  wait_for (praxi_session_labels (session)->len == 2);
  return main_window (fixture);
}

static GtkWidget *
show_side_page (Fixture *fixture, const char *name)
{
  show_work (fixture, NULL);
  GtkWidget *list = find_type (main_window (fixture), "PraxiLabelList");
  GtkStack *pages = GTK_STACK (gtk_widget_get_ancestor (list, GTK_TYPE_STACK));
  gtk_stack_set_visible_child_name (pages, name);
  return main_window (fixture);
}

static GtkWidget *
show_model (Fixture *fixture, const char *what)
{
  show_side_page (fixture, "model");
  wait_for (praxi_session_model_info (fixture->session) != NULL);
  return main_window (fixture);
}

static GtkWidget *
show_compare (Fixture *fixture, const char *what)
{
  show_side_page (fixture, "compare");
  praxi_session_compare (fixture->session, "/data/val");
  wait_for (praxi_session_report (fixture->session) != NULL);
  return main_window (fixture);
}

static GtkWidget *
show_learn_page (Fixture *fixture, const char *type_name)
{
  show_side_page (fixture, "train");
  GtkWidget *page = find_type (main_window (fixture), type_name);
  gtk_stack_set_visible_child (GTK_STACK (gtk_widget_get_parent (page)), page);
  return main_window (fixture);
}

static GtkWidget *
show_train (Fixture *fixture, const char *what)
{
  show_learn_page (fixture, "PraxiTrainPage");
  const PraxiTrainPlan plan = {PRAXI_TRAIN_LIGHT, PRAXI_TRAIN_WHOLE};
  praxi_session_train (fixture->session, &plan);
  wait_for (praxi_session_training (fixture->session) == PRAXI_TRAINING_DONE);
  return main_window (fixture);
}

static GtkWidget *
show_lighten (Fixture *fixture, const char *what)
{
  show_learn_page (fixture, "PraxiLightenPage");
  const PraxiUiLimits limits = {.max_drop = 2, .most_bytes = 200000};
  praxi_session_lighten (fixture->session, &limits);
  wait_for (!praxi_session_is_lightening (fixture->session));
  return main_window (fixture);
}

static GtkWidget *
show_tune (Fixture *fixture, const char *what)
{
  show_learn_page (fixture, "PraxiTunePage");
  praxi_session_tune (fixture->session, 5);
  wait_for (!praxi_session_is_tuning (fixture->session));
  return main_window (fixture);
}

static GtkWidget *
show_search (Fixture *fixture, const char *what)
{
  show_work (fixture, NULL);
  g_assert_true (do_action (fixture, "win.find"));
  GtkWidget *list = find_type (main_window (fixture), "PraxiLabelList");
  gtk_editable_set_text (GTK_EDITABLE (find_type (list, "GtkSearchEntry")), "nobody wrote this");
  for (gint64 end_us = g_get_monotonic_time () + 300000; g_get_monotonic_time () < end_us;)
    g_main_context_iteration (NULL, FALSE); /* the entry waits for more letters */
  return main_window (fixture);
}

static GtkWidget *
show_failed (Fixture *fixture, const char *what)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.analyse"));
  wait_for (!praxi_session_job (fixture->session).is_running);
  return main_window (fixture);
}

static GtkWidget *
show_scene (Fixture *fixture, const char *what)
{
  const char *const paths[] = {"/footage/a-second-camera-of-the-same-yard.mp4", MEDIA, NULL};
  praxi_window_open (fixture->window, paths);
  GListModel *list = praxi_session_media_list (fixture->session);
  wait_for (g_list_model_get_n_items (list) == 2);
  wait_for (praxi_session_picture (fixture->session).is_current);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (PraxiMediaItem) item = g_list_model_get_item (list, i);
    if (item != praxi_session_media (fixture->session))
      praxi_session_add_companion (fixture->session, item);
  }
  wait_for (praxi_session_n_companions (fixture->session) == 1);
  return main_window (fixture);
}

/* The fake praxi cannot watch: the camera has a fault to tell. */
static GtkWidget *
show_camera (Fixture *fixture, const char *what)
{
  const PraxiCameraSpec spec = {.name = (char *) "Yard, seen from the gate",
                                .url = (char *) "rtsp://127.0.0.1:1/yard",
                                .user = (char *) "",
                                .password = (char *) ""};
  praxi_session_add_camera (fixture->session, &spec);
  wait_for (praxi_session_live (fixture->session).is_camera);
  wait_for (praxi_session_live (fixture->session).state >= PRAXI_LIVE_STALLED ||
            praxi_session_live (fixture->session).state == PRAXI_LIVE_OFF);
  return main_window (fixture);
}

static GtkWidget *
show_jobs (Fixture *fixture, const char *what)
{
  show_work (fixture, NULL);
  praxi_session_compare (fixture->session, "/data/slow");
  praxi_session_analyse (fixture->session);
  g_assert_true (do_action (fixture, "win.jobs"));
  GtkWidget *list = find_type (find_type (main_window (fixture), "AdwHeaderBar"), "GtkListBox");
  g_assert_nonnull (list);
  return gtk_widget_get_ancestor (list, GTK_TYPE_POPOVER);
}

static GtkWidget *
show_go_to (Fixture *fixture, const char *what)
{
  open_media (fixture);
  g_assert_true (do_action (fixture, "win.go-to"));
  return find_type (main_window (fixture), "PraxiGoTo");
}

static GtkWidget *
show_keys_page (Fixture *fixture, const char *what)
{
  GtkWidget *window = show_dialog (fixture, "win.preferences");
  AdwViewStack *stack = ADW_VIEW_STACK (find_type (window, "AdwViewStack"));
  g_autoptr (GtkSelectionModel) pages = adw_view_stack_get_pages (stack);
  g_assert_true (gtk_selection_model_select_item (pages, 2, TRUE));
  return window;
}

static GtkWidget *
show_classes (Fixture *fixture, const char *what)
{
  show_work (fixture, NULL);
  return show_dialog (fixture, "win.classes");
}

static const View views[] = {
    {"empty", show_empty},
    {"work", show_work},
    {"labels", show_side_page, "labels"},
    {"model", show_model},
    {"compare-empty", show_side_page, "compare"},
    {"compare", show_compare},
    {"train-empty", show_learn_page, "PraxiTrainPage"},
    {"train", show_train},
    {"lighten", show_lighten},
    {"tune", show_tune},
    {"search", show_search},
    {"failed", show_failed},
    {"scene", show_scene},
    {"camera", show_camera},
    {"jobs", show_jobs},
    {"go-to", show_go_to},
    {"preferences", show_dialog, "win.preferences"},
    {"keys-page", show_keys_page},
    {"keys", show_dialog, "win.keys"},
    {"classes", show_classes},
    {"open-camera", show_dialog, "win.open-camera"},
    {"guide", show_dialog, "win.guide"},
};

/* --- looking at them ----------------------------------------------------------------------- */

static const char *language;

static void
settle (GtkWidget *root)
{
  for (int i = 0; i < 3; i++) {
    gtk_widget_queue_draw (root);
    gtk_test_widget_wait_for_draw (root);
  }
}

/* Around what it shows a window may have a border. */
static void
resize (GtkWidget *window, const Size *size)
{
  graphene_rect_t box;
  g_assert_true (gtk_widget_compute_bounds (window, window, &box));
  const int border_px = (int) box.size.width - gtk_widget_get_width (window);
  gtk_window_set_default_size (GTK_WINDOW (window), size->width_px + border_px,
                               size->height_px + border_px);
  wait_for (gtk_widget_get_width (window) == size->width_px &&
            gtk_widget_get_height (window) == size->height_px);
}

static void
shoot (GtkWidget *root, const char *name, const Size *size, const char *colours)
{
  if (g_getenv ("PRAXI_SHOTS") == NULL)
    return;
  settle (root);
  g_autoptr (GdkTexture) texture = render (root);
  g_autofree char *path = g_strdup_printf ("%s/%s-%s-%d-%s.png", g_getenv ("PRAXI_SHOTS"), language,
                                           name, size->width_px, colours);
  g_assert_true (gdk_texture_save_to_png (texture, path));
}

static void
shoot_both (GtkWidget *root, const char *name, const Size *size)
{
  AdwStyleManager *style = adw_style_manager_get_default ();
  shoot (root, name, size, "light");
  adw_style_manager_set_color_scheme (style, ADW_COLOR_SCHEME_FORCE_DARK);
  shoot (root, name, size, "dark");
  adw_style_manager_set_color_scheme (style, ADW_COLOR_SCHEME_DEFAULT);
}

static void
test_view (Fixture *fixture, gconstpointer data)
{
  const View *view = data;
  g_autoptr (GString) faults = g_string_new (NULL);
  GtkWidget *window = main_window (fixture);
  resize (window, &sizes[0]);
  GtkWidget *root = view->show (fixture, view->what);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    if (root == window)
      resize (root, &sizes[i]);
    settle (root);
    view_faults_find (root, sizes[i].width_px, sizes[i].height_px, faults);
    shoot_both (root, view->name, &sizes[i]);
  }
  if (GTK_IS_WINDOW (root) && root != window)
    gtk_window_destroy (GTK_WINDOW (root));
  if (faults->len > 0)
    g_test_fail_printf ("%s", faults->str);
}

int
main (int argc, char **argv)
{
  const gboolean is_rtl = argc > 1 && g_str_equal (argv[1], "rtl");
  language = argc > 1 ? argv[1] : "en";
  g_setenv ("LANGUAGE", is_rtl ? "de" : language, TRUE);
  g_setenv ("GTK_A11Y", "test", TRUE);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PRAXI_PO_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_test_init (&argc, &argv, NULL);
  g_set_application_name ("Praxiscope");
  window_fixture_init ();
  gtk_widget_set_default_direction (is_rtl ? GTK_TEXT_DIR_RTL : GTK_TEXT_DIR_LTR);
  g_assert_true (g_str_equal (language, "en") || !g_str_equal (_ ("Timeline"), "Timeline"));
  for (guint i = 0; i < G_N_ELEMENTS (views); i++) {
    g_autofree char *path = g_strdup_printf ("/views/%s/%s", language, views[i].name);
    g_test_add (path, Fixture, &views[i], window_fixture_setup, test_view, window_fixture_teardown);
  }
  return g_test_run ();
}
