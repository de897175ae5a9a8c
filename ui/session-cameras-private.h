/* What session-cameras.c (the jobs) and session-live.c (the open one) share. */
#pragma once

#include "engine/media/live-ring.h"
#include "ui/session-cameras.h"
#include "ui/session-private.h"

G_BEGIN_DECLS

/* A recording as its job tells of it. */
typedef struct {
  char *path; /* NULL before the first */
  gint64 begin_clock_us, begin_at_us;
  int width, height;
  PraxiFrameIndex *index; /* grows */
  gint64 heard_us;        /* monotonic: when the last frames were told of */
  gint64 frame_ns;        /* a usual time between two frames */
  gboolean has_ended;
} PraxiLiveRecording;

typedef struct {
  PraxiSession *session;
  PraxiCameraSpec *spec;
  PraxiMediaItem *item;
  PraxiJob *job; /* NULL: off */
  PraxiLiveRing *ring;
  PraxiLiveState state;
  char *text;
  gint64 state_at_us;
  gint64 n_dropped;
  guint restart_source;
  gboolean starts_again; /* when the job has ended */
  PraxiLiveRecording recording;
} PraxiUiCamera;

struct PraxiCameras {
  GPtrArray *list; /* PraxiUiCamera */

  /* the open one: session-live.c */
  PraxiUiCamera *open;
  guint tick_source;
  guint n_ticks;
  gboolean is_live;
  gboolean follows_view;
  gint64 view_ns;       /* how much the timeline shows while it follows */
  gboolean is_moving;   /* this module moves view and playhead, not the person */
  int client_frames;    /* of the decoder that looks back; 0 until it is ready */
  guint n_shown_frames; /* in the session's index */
  gint64 shown_end_ns;
  GArray *gaps;
  const PraxiFrameIndex *gaps_of; /* only compared */
  gint64 gaps_end_ns;
};

/* The time of the last frame; -1: there is none yet. */
gint64 praxi_live_last_ns (const PraxiLiveRecording *recording);

/* A camera's recording began, grew or ended. before: the row that the recording before it became,
 * or NULL: whoever looks back stays with it. */
void praxi_live_begun (PraxiUiCamera *camera, PraxiMediaItem *before);
void praxi_live_grew (PraxiUiCamera *camera);
void praxi_live_state_changed (PraxiUiCamera *camera);
void praxi_live_close (PraxiSession *session);

/* Starts the camera's job unless it runs. */
void praxi_ui_camera_start (PraxiUiCamera *camera);
void praxi_ui_camera_stop (PraxiUiCamera *camera);

G_END_DECLS
