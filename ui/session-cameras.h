/* The session's cameras. Each is a row of the media list and, while it runs, one job that records,
 * scores and hands over live pictures. The row stands for the recording under way, so that labels
 * point to stored footage; recordings that ended are rows of their own.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "ui/camera-spec.h"
#include "ui/session.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_LIVE_OFF,
  PRAXI_LIVE_CONNECTING,
  PRAXI_LIVE_ON,
  PRAXI_LIVE_STALLED, /* no pictures any more; it is asked again and again */
  PRAXI_LIVE_FAULT,   /* it says no, or something cannot be kept */
} PraxiLiveState;

/* The open media, when it is a camera. Strings are borrowed until the next PRAXI_CHANGE_LIVE. */
typedef struct {
  gboolean is_camera;
  gboolean is_running;
  gboolean is_live;      /* the picture is the newest one */
  gboolean follows_view; /* the timeline keeps its end in view */
  PraxiLiveState state;
  const char *name;
  const char *text;   /* "Live", "No picture since 14:03:05: …" */
  gint64 begin_at_us; /* since 1970 UTC: when pts 0 was; 0 while there is no recording */
  gint64 n_dropped;   /* pictures that were not scored */
} PraxiLiveView;
PraxiLiveView praxi_session_live (PraxiSession *session);

/* Time of the open media without a picture, PraxiTimeSpan in ascending order. Borrowed until
 * PRAXI_CHANGE_MEDIA or PRAXI_CHANGE_LIVE.
 */
const GArray *praxi_session_gaps (PraxiSession *session);

/* Adds the camera, or changes the one of that name, starts and opens it.
 * spec: copied
 */
void praxi_session_add_camera (PraxiSession *session, const PraxiCameraSpec *spec);

/* The cameras of the settings become rows that are off. Call once. */
void praxi_session_load_cameras (PraxiSession *session);

int praxi_session_n_cameras (PraxiSession *session);
gboolean praxi_session_has_camera (PraxiSession *session, const char *name);

/* What is known of the open camera; NULL when the open media is none. Borrowed. */
const PraxiCameraSpec *praxi_session_camera_spec (PraxiSession *session);

/* The program that watches cameras; borrowed. */
const char *praxi_session_program (PraxiSession *session);

/* Of the open camera. */
void praxi_session_go_live (PraxiSession *session);
void praxi_session_toggle_camera (PraxiSession *session); /* start or stop */
void praxi_session_remove_camera (PraxiSession *session); /* its recordings stay */
void praxi_session_remove_camera_item (PraxiSession *session, PraxiMediaItem *item);

/* What `praxi watch` says of a camera in a line of its progress, as praxi_said_text; free with
 * g_free. */
char *praxi_camera_words (JsonObject *line);

G_END_DECLS
