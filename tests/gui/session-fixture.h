/* A session with one media of 750 frames at 25 frames per second (fake-decode-client.c) and a real
 * project in a folder of its own.
 */
#pragma once

#include "tests/gui/wait-for.h"
#include "ui/session-labels.h"

G_BEGIN_DECLS

#define FRAME_NS G_GINT64_CONSTANT (40000000)

typedef struct {
  char *folder;
  char *project;
  PraxiSession *session;
  GString *messages; /* a line each, errors begin with "! " */
} Fixture;

void fixture_setup (Fixture *fixture, gconstpointer data);
void fixture_teardown (Fixture *fixture, gconstpointer data);

/* The end of one sitting and the begin of the next. */
void fixture_begin (Fixture *fixture);
void fixture_end (Fixture *fixture);

/* An event of 'fight' or 'fall' in frames, for a run of a model. */
typedef struct {
  const char *cls;
  int start_frame;
  int end_frame;
  float peak;
} FixtureEvent;

/* Adds a finished run with about these events to the project, as an analysis does; the session sees
 * it when it opens the media. model: 0, 1, …
 */
void fixture_add_run (Fixture *fixture, int model, const FixtureEvent *events, guint n_events);

const PraxiUiLabel *only_label (PraxiSession *session);
void mark_and_label (PraxiSession *session, int start_frame, int end_frame, char key);

/* Whether there are n labels and all are kept. */
gboolean is_kept (PraxiSession *session, guint n_labels);

/* Whether nothing is on its way into the project. */
gboolean is_quiet (PraxiSession *session);

/* "fight 10-20, fall 30-40": all labels; free with g_free. */
char *labels_text (PraxiSession *session);

#define assert_labels(session, expected)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    wait_for (is_quiet (session));                                                                 \
    g_autofree char *actual = labels_text (session);                                               \
    g_assert_cmpstr (actual, ==, expected);                                                        \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
