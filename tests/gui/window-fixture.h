/* The whole window inside this process: pictures, comparison and training come from fakes
 * (fake-decode-client.c, fake-praxi), store and score track are the real ones. The track has two
 * bumps of fight and one of fall in 30 s; its last five seconds are not analysed.
 */
#pragma once

#include "tests/gui/wait-for.h"
#include "ui/window.h"

G_BEGIN_DECLS

#define MEDIA "/footage/yard.mp4"

typedef struct {
  char *folder;
  char *project;
  PraxiSession *session;
  PraxiWindow *window;
} Fixture;

/* GTK with the workbench's style, on whatever display there is. */
void window_fixture_init (void);

void window_fixture_setup (Fixture *fixture, gconstpointer data);
void window_fixture_teardown (Fixture *fixture, gconstpointer data);

/* Opens MEDIA and waits for its picture and its scores. */
void open_media (Fixture *fixture);

gboolean do_action (Fixture *fixture, const char *name);

/* The first one below, or NULL. */
GtkWidget *find_type (GtkWidget *widget, const char *type_name);

/* The picture of a widget, once it is laid out. */
GdkTexture *render (GtkWidget *widget);

G_END_DECLS
