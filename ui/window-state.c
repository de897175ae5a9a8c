/* The window as it was left: size, panels, footage, position, zoom. */
#include <stdlib.h>

#include "ui/session-analysis.h"
#include "ui/session-project.h"
#include "ui/session-settings.h"
#include "ui/window-private.h"

#define WINDOW "window"
#define SESSION "session"

static gint64
get_number (PraxiSettings *settings, const char *group, const char *key, gint64 by_default)
{
  g_autofree char *text = praxi_settings_get (settings, group, key);
  char *end = NULL;
  const gint64 number = text != NULL ? g_ascii_strtoll (text, &end, 10) : 0;
  return text != NULL && end != text && *end == '\0' ? number : by_default;
}

static void
put_number (PraxiSettings *settings, const char *group, const char *key, gint64 number)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, number);
  praxi_settings_put (settings, group, key, text);
}

void
praxi_window_restore_shape (PraxiWindow *self)
{
  PraxiSettings *settings = praxi_session_settings (self->session);
  g_autofree char *page = praxi_settings_get (settings, WINDOW, "page");
  const int width = (int) CLAMP (get_number (settings, WINDOW, "width", 1280), 200, 16384);
  const int height = (int) CLAMP (get_number (settings, WINDOW, "height", 800), 200, 16384);
  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (get_number (settings, WINDOW, "maximized", 0))
    gtk_window_maximize (GTK_WINDOW (self));
  gtk_toggle_button_set_active (self->side_button, get_number (settings, WINDOW, "side", 1) != 0);
  gtk_paned_set_position (self->list_pane,
                          (int) CLAMP (get_number (settings, WINDOW, "list", 200), 168, 1000));
  praxi_window_add_side_pages (self, page);
}

static void
keep_shape (PraxiWindow *self, PraxiSettings *settings)
{
  int width, height;
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  put_number (settings, WINDOW, "width", width);
  put_number (settings, WINDOW, "height", height);
  put_number (settings, WINDOW, "maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
  put_number (settings, WINDOW, "side", gtk_toggle_button_get_active (self->side_button));
  put_number (settings, WINDOW, "list", gtk_paned_get_position (self->list_pane));
  praxi_settings_put (settings, WINDOW, "page",
                      gtk_stack_get_visible_child_name (self->side_pages));
}

static void
keep_place (PraxiWindow *self, PraxiSettings *settings)
{
  PraxiMediaItem *media = praxi_session_media (self->session);
  const PraxiTimeSpan visible = praxi_session_visible (self->session);
  praxi_settings_put (settings, SESSION, "media",
                      media != NULL ? praxi_media_item_path (media) : NULL);
  put_number (settings, SESSION, "frame", praxi_session_playhead (self->session));
  put_number (settings, SESSION, "start-ns", visible.start_ns);
  put_number (settings, SESSION, "end-ns", visible.end_ns);
}

void
praxi_window_keep_state (PraxiWindow *self)
{
  PraxiSettings *settings = praxi_session_settings (self->session);
  keep_shape (self, settings);
  keep_place (self, settings);
  praxi_settings_flush (settings);
}

void
praxi_window_begin (PraxiWindow *self, gboolean goes_on)
{
  PraxiSettings *settings = praxi_session_settings (self->session);
  praxi_session_load_project (self->session);
  self->asks_device = TRUE; /* a process of its own, which can wait for the first frame */
  g_autofree char *path = praxi_settings_get (settings, SESSION, "media");
  if (!goes_on || path == NULL || !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return;
  self->waits_for_frames = TRUE;
  praxi_session_add_media (self->session, path);
}

/* The footage left last has its frames: go where the person was. */
void
praxi_window_restore_place (PraxiWindow *self)
{
  PraxiSettings *settings = praxi_session_settings (self->session);
  PraxiMediaItem *media = praxi_session_media (self->session);
  if (!self->waits_for_frames || media == NULL || praxi_session_n_frames (self->session) == 0)
    return;
  self->waits_for_frames = FALSE;
  g_autofree char *path = praxi_settings_get (settings, SESSION, "media");
  if (g_strcmp0 (path, praxi_media_item_path (media)) != 0)
    return;
  const PraxiTimeSpan visible = {get_number (settings, SESSION, "start-ns", 0),
                                 get_number (settings, SESSION, "end-ns", 0)};
  praxi_session_seek (self->session,
                      (int) CLAMP (get_number (settings, SESSION, "frame", 0), 0, G_MAXINT));
  if (visible.end_ns > visible.start_ns)
    praxi_session_set_visible (self->session, visible);
}
