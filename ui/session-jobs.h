/* The queue of jobs, for session-*.c only: one runs, the others wait in the order they came. */
#pragma once

#include "ui/job-item.h"
#include "ui/session-private.h"

G_BEGIN_DECLS

/* What differs between jobs. Any but argv may be NULL. */
typedef struct {
  char **(*argv) (PraxiSession *session, PraxiJobItem *item); /* owned by the caller */
  void (*begun) (PraxiSession *session, PraxiJobItem *item);
  void (*progress) (PraxiSession *session, PraxiJobItem *item);
  void (*line) (PraxiSession *session, PraxiJobItem *item, JsonObject *line);
  void (*finished) (PraxiSession *session, PraxiJobItem *item); /* item->job says how */
} PraxiJobKind;

struct _PraxiJobItem {
  GObject parent_instance;
  PraxiSession *session; /* not a reference: the queue ends before it */
  const PraxiJobKind *kind;
  char *what;
  PraxiMediaItem *media; /* NULL where the job is about something else */
  char *subject;         /* a folder or project; may be NULL */
  PraxiJob *job;         /* NULL while it waits */
  double share, eta_s;
};

/* Puts a job at the end of the queue and starts it when nothing runs. what: taken over */
void praxi_session_enqueue (PraxiSession *session,
                            const PraxiJobKind *kind,
                            char *what,
                            PraxiMediaItem *media,
                            const char *subject);

/* The job that runs; NULL when none does. */
PraxiJobItem *praxi_session_running_job (PraxiSession *session);

/* The job of that kind about the media (NULL: about anything), running or waiting. */
PraxiJobItem *
praxi_session_find_job (PraxiSession *session, const PraxiJobKind *kind, PraxiMediaItem *media);

/* Puts a job about the project's labels at the end of the queue, unless one of its kind is there;
 * PRAXI_CHANGE_TRAINING tells. The folder of tracks, where such jobs write, exists then.
 * what: taken over
 */
void praxi_session_learn (PraxiSession *session, const PraxiJobKind *kind, char *what);
void praxi_session_cancel_kind (PraxiSession *session, const PraxiJobKind *kind);

/* A file with the project's tracks. Free with g_free. */
char *praxi_session_track_file (PraxiSession *session, const char *name);

/* A number of a line that a job printed; NaN where there is none. */
double praxi_job_line_number (JsonObject *line, const char *name);

G_END_DECLS
