/* Watching one camera: its pictures are scored in windows, its events followed, its recordings
 * noted in the project. The camera's own thread only fills queues; all else here is one thread's.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <pthread.h>
#include <stdio.h>

#include "app/cli.h"
#include "engine/infer/executor.h"
#include "engine/infer/score-track.h"
#include "engine/media/camera.h"
#include "engine/store/store.h"

G_BEGIN_DECLS

/* What all cameras of one call share. */
typedef struct {
  gboolean json;          /* lines on stdout, as the contract has them */
  gboolean json_progress; /* lines on stderr, with everything */
  PraxiModel *model;
  const char *model_path;
  PraxiExecutorOptions executor;
  PraxiStore *store; /* NULL without --project */
  int segment_s;
  double keep_days;  /* 0: for ever */
  gint64 keep_bytes; /* 0: without limit */
} PraxiWatchOptions;

/* A recording under way, as the project knows it. */
typedef struct {
  char *path; /* NULL between two */
  gint64 begin_clock_us;
  gint64 media_id, run_id; /* 0: not in a project */
  char *track_path;
  PraxiScoreTrack *track; /* NULL: scores are not kept */
  int last_window;        /* written, -1 for none */
  gint64 last_pts_ns;
} PraxiWatchRecording;

typedef struct {
  const PraxiWatchOptions *options;
  PraxiCamera *camera;
  PraxiExecutor *executor;
  const PraxiModelSpec *spec;
  char *label;  /* for people: the name given, else the address without credentials */
  char *folder; /* of the recordings; NULL: nothing is kept */
  gsize picture_bytes;
  int ring_pictures;

  pthread_mutex_t lock;
  /* guarded by lock: */
  guint8 *ring; /* u8 [ring_pictures,H,W,3] */
  gint64 n_pictures;
  gint64 first_valid; /* pictures before it came before a gap */
  gint64 last_picture_at_us, last_picture_clock_us;
  GQueue news; /* WatchNews, owned */

  /* below: the main thread only */
  guint8 *clip; /* u8 [T,H,W,3] */
  gint64 n_taken;
  gint64 n_dropped, n_dropped_told, dropped_told_us;
  float *recent; /* f32 [classes,PRAXI_WATCH_SMOOTH], newest last */
  int n_recent;
  float *peak; /* of the event under way; 0: there is none */
  PraxiWatchRecording recording;
} PraxiWatch;

enum { PRAXI_WATCH_SMOOTH = 3 };
#define PRAXI_WATCH_STRIDE_S 0.5

/* camera: borrowed strings; its size and rate are filled in
 * Errors: those of praxi_executor_new and praxi_camera_new
 */
gboolean praxi_watch_begin (PraxiWatch *watch,
                            const PraxiWatchOptions *options,
                            const char *url,
                            const char *label,
                            PraxiCameraOptions camera,
                            GError **error);

/* Stops the camera, tells what is still to be told and frees what the watch holds. */
void praxi_watch_end (PraxiWatch *watch);

/* Tells what the camera did and scores the newest window. is_idle: there was nothing to score
 * Errors: those of praxi_executor_run
 */
gboolean praxi_watch_step (PraxiWatch *watch, gboolean *is_idle, GError **error);

/* --- watch-lines.c --- */

typedef struct {
  const char *what;
  gint64 at_us;
  const char *class_name; /* NULL where the line is about the camera itself */
  float peak;
  const char *text; /* NULL stands for "" */
} PraxiWatchLine;

/* A line of the contract. */
void praxi_watch_tell (const PraxiWatch *watch, const PraxiWatchLine *line);

/* A line that only follows --progress json. Members are added between begin and end. NULL: nobody
 * wants it.
 */
JsonBuilder *praxi_watch_line_begin (const PraxiWatch *watch, const char *what, gint64 at_us);
void praxi_watch_line_end (JsonBuilder *builder);

/* "2026-01-31T12:00:00.123Z"; free with g_free. */
char *praxi_watch_utc_text (gint64 at_us);

/* --- watch-recording.c --- */

/* Follows a recording: enters it in the project, makes its track, finishes both. */
void praxi_watch_recorded (PraxiWatch *watch, const PraxiRecording *recording);

/* Keeps the scores of a window that ends at that moment of the camera's clock. */
void praxi_watch_keep_scores (PraxiWatch *watch, gint64 end_clock_us, const float *scores);

/* Recordings that a run before this one could not finish. */
void praxi_watch_recover (const PraxiWatch *watch);

/* Ends the recording under way, when the camera was left behind. */
void praxi_watch_recording_clear (PraxiWatch *watch);

/* --- watch-keep.c --- */

/* Deletes the oldest recordings beyond what is to be kept, except those that have labels. */
void praxi_watch_keep (const PraxiWatch *watch);

G_END_DECLS
