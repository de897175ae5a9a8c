/* The window: places the views, carries the actions, shows messages. */
#pragma once

#include <adwaita.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_WINDOW (praxi_window_get_type ())
G_DECLARE_FINAL_TYPE (PraxiWindow, praxi_window, PRAXI, WINDOW, AdwApplicationWindow)

/* What the window asks of the program around it. Any may be NULL. */
typedef struct {
  const char *sample_path; /* opened by "Try the sample"; NULL hides it */
  void (*project_changed) (const char *path, gpointer user_data);
  gpointer user_data;
} PraxiWindowHost;

/* session: ref'd; closed with the window. host: strings copied. */
PraxiWindow *
praxi_window_new (GtkApplication *app, PraxiSession *session, const PraxiWindowHost *host);

/* Opens videos, folders of them and a project, in the order given; the first video is shown. */
void praxi_window_open (PraxiWindow *window, const char *const *paths);

/* Lists what the project knows and asks what analyses run on.
 * goes_on: opens what was open last, where it was left
 */
void praxi_window_begin (PraxiWindow *window, gboolean goes_on);

/* Opens the bundled sample and analyses it when nobody has yet. */
void praxi_window_open_sample (PraxiWindow *window);

G_END_DECLS
