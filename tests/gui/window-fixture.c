#include "window-fixture.h"

#include <math.h>

#include "run-fixture.h"
#include "ui/session-analysis.h"

static void
score (int k, float *scores, gconstpointer user_data)
{
  scores[1] = (float) (0.94 * exp (-pow ((k - 14) / 4.0, 2)) + 0.02);
  scores[2] = (float) (0.88 * exp (-pow ((k - 34) / 3.0, 2)) + 0.01);
  scores[0] = 1 - fmaxf (scores[1], scores[2]);
}

static void
make_project (const char *path)
{
  static const char *const classes[] = {"normal", "fight", "fall"};
  const RunFixture run = {
      .media = MEDIA,
      .model_name = "light",
      .track = {.classes = classes,
                .n_classes = 3,
                .n_windows = 56,
                .stride_ns = 500000000,
                .window_ns = 2000000000,
                .model_sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
      .n_scored = 46,
      .score = score,
  };
  run_fixture_write (path, &run);
}

void
window_fixture_setup (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("praxi-window-XXXXXX", NULL);
  fixture->project = g_build_filename (fixture->folder, "ward.praxi", NULL);
  make_project (fixture->project);
  g_autofree char *praxi = g_test_build_filename (G_TEST_DIST, "fake-praxi", NULL);
  fixture->session = praxi_session_new (praxi, fixture->project);
  const PraxiWindowHost host = {.sample_path = "/footage/sample.mp4"};
  fixture->window = praxi_window_new (NULL, fixture->session, &host);
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 1280, 800);
  gtk_window_present (GTK_WINDOW (fixture->window));
  gtk_test_widget_wait_for_draw (GTK_WIDGET (fixture->window));
  while (g_main_context_iteration (NULL, FALSE)) /* the pages of the side panel come after it */
    ;
}

void
window_fixture_teardown (Fixture *fixture, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", fixture->folder);
  GObject *window = G_OBJECT (fixture->window), *session = G_OBJECT (fixture->session);
  g_object_add_weak_pointer (window, (gpointer *) &window);
  g_object_add_weak_pointer (session, (gpointer *) &session);
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (window);
  g_object_unref (fixture->session);
  wait_for (session == NULL); /* a job that was stopped holds it until it is gone */
  g_assert_cmpint (system (command), ==, 0);
  g_free (fixture->project);
  g_free (fixture->folder);
}

void
open_media (Fixture *fixture)
{
  const char *const paths[] = {MEDIA, NULL};
  praxi_window_open (fixture->window, paths);
  wait_for (praxi_session_picture (fixture->session).is_current);
  wait_for (praxi_session_track (fixture->session) != NULL);
}

/* NULL while the window is being laid out anew. */
static GskRenderNode *
draw (GtkWidget *widget, int *width, int *height)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  *width = gdk_paintable_get_intrinsic_width (paintable);
  *height = gdk_paintable_get_intrinsic_height (paintable);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  gdk_paintable_snapshot (paintable, snapshot, *width, *height);
  return gtk_snapshot_free_to_node (snapshot);
}

GdkTexture *
render (GtkWidget *widget)
{
  int width, height;
  g_autoptr (GskRenderNode) node = NULL;
  wait_for ((node = draw (widget, &width, &height)) != NULL);
  g_autoptr (GskRenderer) renderer = gsk_cairo_renderer_new ();
  g_assert_true (gsk_renderer_realize (renderer, NULL, NULL));
  GdkTexture *texture = gsk_renderer_render_texture (
      renderer, node, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  gsk_renderer_unrealize (renderer);
  return texture;
}

GtkWidget *
find_type (GtkWidget *widget, const char *type_name)
{
  if (g_str_equal (G_OBJECT_TYPE_NAME (widget), type_name))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    GtkWidget *found = find_type (child, type_name);
    if (found != NULL)
      return found;
  }
  return NULL;
}

gboolean
do_action (Fixture *fixture, const char *name)
{
  return gtk_widget_activate_action (GTK_WIDGET (fixture->window), name, NULL);
}

void
window_fixture_init (void)
{
  adw_init ();
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()),
                                    "/io/github/praxiscope/Praxiscope/icons");
  g_autoptr (GtkCssProvider) style = gtk_css_provider_new ();
  gtk_css_provider_load_from_resource (style, "/io/github/praxiscope/Praxiscope/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (),
                                              GTK_STYLE_PROVIDER (style),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}
