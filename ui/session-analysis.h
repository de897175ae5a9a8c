/* The session's jobs: the analysis that fills the score track, the comparison of the two models,
 * and the device they really ran on.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/infer/events.h"
#include "engine/infer/score-track.h"
#include "ui/job-item.h"
#include "ui/session.h"

G_BEGIN_DECLS

/* The scores of the open media; NULL while there are none. Borrowed until PRAXI_CHANGE_TRACK. */
const PraxiScoreTrack *praxi_session_track (PraxiSession *session);

/* What the job estimates before it comes to a place, one row a minute or so; NULL: nothing. It is
 * for looking at only, no event comes of it. Borrowed until the next change.
 */
const PraxiScoreTrack *praxi_session_estimate (PraxiSession *session);

/* Grows with every change of what the track holds, so that pictures of it can be cached. */
guint praxi_session_track_revision (PraxiSession *session);

/* Events of all classes by start, PraxiEvent; recomputed while the track grows. Borrowed. */
const GArray *praxi_session_events (PraxiSession *session);
const PraxiEvent *praxi_session_event (PraxiSession *session, int index); /* NULL outside */
int praxi_session_event_at (PraxiSession *session, gint64 time_ns);       /* -1 for none */

/* Analyses the open media, or any: after the jobs that were asked for before. */
void praxi_session_analyse (PraxiSession *session);
void praxi_session_analyse_media (PraxiSession *session, PraxiMediaItem *media);

/* Whether its analysis runs or waits. */
gboolean praxi_session_is_queued (PraxiSession *session, PraxiMediaItem *media);

/* All jobs, PraxiJobItem: the first one runs, the others wait. Borrowed. */
GListModel *praxi_session_jobs (PraxiSession *session);
void praxi_session_cancel (PraxiSession *session, PraxiJobItem *job);

/* The one that runs. */
typedef struct {
  gboolean is_running;
  const char *what; /* "Analysing a.mp4"; borrowed */
  double share;     /* 0 to 1, NaN while unknown */
  double eta_s;     /* NaN while unknown */
} PraxiJobView;
PraxiJobView praxi_session_job (PraxiSession *session);
void praxi_session_cancel_job (PraxiSession *session);

void praxi_session_cancel_all (PraxiSession *session);

/* Asks what analyses will run on; the answer comes as PRAXI_CHANGE_JOB. */
void praxi_session_ask_device (PraxiSession *session);

/* "CPU · INT8": what the last analysis really ran on; "CPU": what the next one will; empty while
 * nobody knows. The details name the devices, and why one cannot be used. Borrowed.
 */
const char *praxi_session_device (PraxiSession *session);
const char *praxi_session_device_details (PraxiSession *session);

/* Runs both bundled models on a labelled folder, or on the project's labels when folder is NULL. */
void praxi_session_compare (PraxiSession *session, const char *folder);

gboolean praxi_session_is_comparing (PraxiSession *session);

/* The document of `praxi compare --json`; NULL before. Borrowed until PRAXI_CHANGE_REPORT. */
JsonObject *praxi_session_report (PraxiSession *session);
const char *
praxi_session_report_subject (PraxiSession *session); /* folder or project compared on */

G_END_DECLS
