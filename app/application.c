#include "app/application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include "app/places.h"
#include "ui/preferences.h"
#include "ui/session-settings.h"
#include "ui/watchdog.h"
#include "ui/window.h"

struct _PraxiApplication {
  AdwApplication parent_instance;
  PraxiSettings *settings;
  gboolean wants_sample;
};

G_DEFINE_FINAL_TYPE (PraxiApplication, praxi_application, ADW_TYPE_APPLICATION)

/* Pictures and what is drawn come and go between small things that stay, which keeps pages that
 * nothing lives in: some MB for every hour of a camera. They go back now and then. */
#ifdef __GLIBC__
enum { TIDY_S = 60 };

static gboolean
tidy_cb (gpointer user_data)
{
  malloc_trim (0);
  return G_SOURCE_CONTINUE;
}
#endif

static char *
find_sample (void)
{
  const char *const folders[] = {"../../data/sample", "../share/praxiscope/sample",
                                 PRAXI_DATA_DIR "/sample", NULL};
  g_autofree char *folder = praxi_places_find (folders, G_FILE_TEST_IS_DIR);
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".mp4") || g_str_has_suffix (name, ".mkv"))
      return g_build_filename (folder, name, NULL);
  return NULL;
}

static void
project_changed_cb (const char *path, gpointer user_data)
{
  PraxiApplication *self = user_data;
  praxi_settings_put (self->settings, "project", "path", path);
}

/* project: the one to begin with; NULL: the one used last */
static PraxiWindow *
make_window (PraxiApplication *self, const char *project, gboolean *is_new)
{
  GtkWindow *active = gtk_application_get_active_window (GTK_APPLICATION (self));
  *is_new = active == NULL;
  if (active != NULL)
    return PRAXI_WINDOW (active);
  g_autofree char *praxi = praxi_places_footage ();
  g_autofree char *sample = find_sample ();
  g_autofree char *last = praxi_settings_project (self->settings);
  g_autoptr (PraxiSession) session = praxi_session_new (praxi, project != NULL ? project : last);
  praxi_session_set_settings (session, self->settings);
  const PraxiWindowHost host = {
      .sample_path = sample, .project_changed = project_changed_cb, .user_data = self};
  return praxi_window_new (GTK_APPLICATION (self), session, &host);
}

static void
praxi_application_activate (GApplication *app)
{
  PraxiApplication *self = PRAXI_APPLICATION (app);
  gboolean is_new;
  PraxiWindow *window = make_window (self, NULL, &is_new);
  if (is_new)
    praxi_window_begin (window, !self->wants_sample);
  if (is_new && self->wants_sample)
    praxi_window_open_sample (window);
  gtk_window_present (GTK_WINDOW (window));
}

/* The bundled sample, also when it is named, analyses itself on its first run. */
static gboolean
is_sample (const char *path)
{
  g_autofree char *sample = find_sample ();
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  return g_strcmp0 (sample, absolute) == 0;
}

/* A project that is named is the only one opened: the one used last is not read first. Free with
 * g_free.
 */
static char *
find_project (const GPtrArray *paths)
{
  for (guint i = 0; paths->pdata[i] != NULL; i++)
    if (g_str_has_suffix (paths->pdata[i], ".praxi"))
      return g_canonicalize_filename (paths->pdata[i], NULL);
  return NULL;
}

static void
praxi_application_open (GApplication *app, GFile **files, int n_files, const char *hint)
{
  PraxiApplication *self = PRAXI_APPLICATION (app);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  for (int i = 0; i < n_files; i++)
    if (g_file_peek_path (files[i]) != NULL)
      g_ptr_array_add (paths, (gpointer) g_file_peek_path (files[i]));
  g_ptr_array_add (paths, NULL);
  g_autofree char *project = find_project (paths);
  gboolean is_new;
  PraxiWindow *window = make_window (self, project, &is_new);
  if (is_new)
    praxi_window_begin (window, FALSE);
  if (paths->len == 2 && is_sample (paths->pdata[0]))
    praxi_window_open_sample (window);
  else
    praxi_window_open (window, (const char *const *) paths->pdata);
  gtk_window_present (GTK_WINDOW (window));
}

/* With less, a library that finds no room ends the program in the middle of its start. */
enum { LEAST_ADDRESSES_MIB = 1280 };

static gboolean
has_room (void)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur >> 20 >= LEAST_ADDRESSES_MIB)
    return TRUE;
  g_printerr (_ ("praxiscope: memory is limited to %d MiB of addresses, the window needs %d: raise "
                 "the limit (ulimit -v)\n"),
              (int) (limit.rlim_cur >> 20), LEAST_ADDRESSES_MIB);
  return FALSE;
}

static int
praxi_application_handle_local_options (GApplication *app, GVariantDict *options)
{
  PraxiApplication *self = PRAXI_APPLICATION (app);
  self->wants_sample = g_variant_dict_contains (options, "sample");
  if (!g_variant_dict_contains (options, "version"))
    return has_room () ? -1 : 1;
  g_print ("praxiscope %s\n", PRAXI_VERSION);
  return 0;
}

static void
about_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  adw_show_about_window (gtk_application_get_active_window (user_data), "application-name",
                         "Praxiscope", "application-icon", PRAXI_APPLICATION_ID, "version",
                         PRAXI_VERSION, "comments", _ ("Finds what people do in footage."),
                         "license-type", GTK_LICENSE_APACHE_2_0, NULL);
}

static void
quit_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkWindow *window = gtk_application_get_active_window (user_data);
  if (window != NULL)
    gtk_window_close (window);
}

/* The end of the session, or somebody who kills the program: all is written first. */
static gboolean
end_cb (gpointer user_data)
{
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (user_data));
  for (GList *node = windows; node != NULL; node = node->next)
    gtk_window_close (node->data);
  return G_SOURCE_CONTINUE;
}

static void
praxi_application_startup (GApplication *app)
{
  static const int ends[] = {SIGTERM, SIGINT, SIGHUP};
  static const GActionEntry entries[] = {{.name = "about", .activate = about_cb},
                                         {.name = "quit", .activate = quit_cb}};
  static const char *const quit_keys[] = {"<Control>q", NULL};
  static const char *const close_keys[] = {"<Control>w", NULL};
  G_APPLICATION_CLASS (praxi_application_parent_class)->startup (app);
  praxi_preferences_follow_theme (PRAXI_APPLICATION (app)->settings);
  gtk_window_set_default_icon_name (PRAXI_APPLICATION_ID);
  praxi_watchdog_start ();
#ifdef __GLIBC__
  g_timeout_add_seconds_full (G_PRIORITY_LOW, TIDY_S, tidy_cb, NULL, NULL);
#endif
  g_action_map_add_action_entries (G_ACTION_MAP (app), entries, G_N_ELEMENTS (entries), app);
  gtk_application_set_accels_for_action (GTK_APPLICATION (app), "app.quit", quit_keys);
  gtk_application_set_accels_for_action (GTK_APPLICATION (app), "window.close", close_keys);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    g_unix_signal_add (ends[i], end_cb, app);
}

static void
praxi_application_finalize (GObject *object)
{
  PraxiApplication *self = PRAXI_APPLICATION (object);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (praxi_application_parent_class)->finalize (object);
}

static void
praxi_application_class_init (PraxiApplicationClass *klass)
{
  GApplicationClass *app_class = G_APPLICATION_CLASS (klass);
  G_OBJECT_CLASS (klass)->finalize = praxi_application_finalize;
  app_class->startup = praxi_application_startup;
  app_class->activate = praxi_application_activate;
  app_class->open = praxi_application_open;
  app_class->handle_local_options = praxi_application_handle_local_options;
}

static void
praxi_application_init (PraxiApplication *self)
{
  static const GOptionEntry options[] = {
      {"sample", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Open the bundled sample"), NULL},
      {"version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL},
      {NULL}};
  g_autofree char *path = praxi_settings_default_path ();
  self->settings = praxi_settings_new (path);
  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[VIDEO…]"));
}

/* Each start is a program of its own: a crash in one cannot take another's window. */
PraxiApplication *
praxi_application_new (void)
{
  return g_object_new (PRAXI_TYPE_APPLICATION, "application-id", PRAXI_APPLICATION_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE, "resource-base-path",
                       "/io/github/praxiscope/Praxiscope", NULL);
}
