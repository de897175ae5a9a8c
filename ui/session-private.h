/* The session's fields, for session*.c only. Each group belongs to the file it is named after. */
#pragma once

#include "engine/core/job.h"
#include "engine/media/decode-client.h"
#include "engine/store/store-thread.h"
#include "ui/session-analysis.h"
#include "ui/session-lighten.h"
#include "ui/session-training.h"
#include "ui/session-labels.h"
#include "ui/session.h"
#include "ui/settings.h"

G_BEGIN_DECLS

typedef struct PraxiReview PraxiReview;
typedef struct PraxiReportJob PraxiReportJob;
typedef struct PraxiCameras PraxiCameras;
typedef struct PraxiScene PraxiScene;

typedef struct {
  double chosen_speed; /* of Play; 0: 1 */
  gboolean loops;
  gint64 begin_us; /* wall clock where begin_ns was; 0: with the next picture */
  gint64 begin_ns; /* pts */
  int due;         /* the frame that was due last */
  int n_due, n_shown;
  guint source;
} PraxiPlaying;

struct _PraxiSession {
  GObject parent_instance;
  char *praxi_path;
  gboolean is_closed;

  /* session.c */
  PraxiTimeSpan visible;
  PraxiHover hover;
  int mark_in;  /* first frame, -1 for none */
  int mark_out; /* one past the last frame, -1 for none */
  gint64 selected_label;
  int selected_event;

  /* session-media.c */
  GListStore *media_list;
  PraxiMediaItem *media; /* the open one */
  PraxiDecodeClient *client;
  PraxiFrameIndex *index;
  PraxiDecodeInfo info;
  int playhead;
  int waiting_for; /* ordinal asked of the client and not answered, -1 for none */
  PraxiPicture picture;
  int picture_width_px, picture_height_px;
  PraxiPicture preview;
  int preview_asked; /* the keyframe asked for last, one more than its ordinal; 0 for none */

  gboolean arrives; /* a media just opened shows arrive_ns first, not its begin */
  gint64 arrive_ns;

  /* session-scene.c */
  PraxiScene *scene;

  /* session-play.c */
  double speed;
  PraxiPlaying play;

  /* session-labels.c */
  char *project_path;
  PraxiStoreThread *store;
  gboolean is_listing;      /* the project is asked for its footage */
  gboolean told_remote;     /* that the project lies on another machine */
  gint64 media_id;          /* of the open media in the project, 0 while unknown */
  GPtrArray *kept_labels;   /* PraxiUiLabel by start, as the project had them last */
  gint64 kept_revision;     /* of the project then */
  GPtrArray *kept_verdicts; /* PraxiVerdict by start */
  GPtrArray *labels;        /* PraxiUiLabel by start, kept ones with what is on its way */
  GPtrArray *verdicts;      /* PraxiVerdict, kept ones with what is on its way */
  guint labels_revision;
  gint64 longest_label_ns;
  GPtrArray *classes;
  PraxiSeenCount seen; /* when the classes were counted last */
  GQueue edits;        /* PraxiEdit on their way, oldest first */
  GQueue refused;      /* PraxiEdit the project did not take */
  char *refusal;
  gint64 next_temporary_id;
  gint64 current_class;
  gboolean can_undo, can_redo;
  guint store_generation; /* counts projects and media opened: late answers are dropped */

  /* session-labelling.c: what a person has begun */
  gint64 edited_label;     /* gets the marks as its ends; 0 for none */
  gint64 duplicated_label; /* gets a copy of the next class chosen; 0 for none */
  gboolean edits_event;    /* the marks began as an event's */
  char held_key;           /* of a class, down while it plays; 0 for none */
  gint64 held_since_us;

  /* session-analysis.c */
  PraxiMediaItem *analysed_media; /* what the running or the last analysis is about */
  JsonObject *analysis_run;       /* the job's line that names its track; NULL before it came */
  PraxiScoreTrack *track;
  char *track_path;
  PraxiScoreTrack *estimate; /* of the same media, while it is analysed; NULL: none */
  guint track_revision;
  guint follow_source;
  GArray *events;
  JsonObject *thresholds; /* how events are formed, by class; NULL: by default */
  char *device;

  /* session-device.c */
  PraxiJob *device_job;
  char *expected_device, *device_details;

  /* session-jobs.c */
  GListStore *jobs;
  char *error_details;

  /* session-thresholds.c */
  GHashTable *own_enter; /* class name → hundredths; NULL before they were read */
  char *own_enter_project;
  char *stepped_class; /* whose threshold a key moved last; its event may be gone by that */
  int stepped_at;      /* the playhead then */

  /* session-thumbnails.c */
  PraxiDecodeClient *thumbnail_client;
  PraxiMediaItem *thumbnail_item;
  guint thumbnail_source;

  /* session-model.c */
  PraxiJob *model_job;
  JsonObject *model_info;
  char *wanted_model; /* NULL while only the one in use is asked for */
  gboolean was_model_asked;

  /* session-report.c */
  PraxiReportJob *report_job; /* NULL while none is being made */

  /* session-settings.c */
  PraxiSettings *settings;

  /* session-compare.c */
  JsonObject *report;
  char *report_subject;

  /* session-training.c */
  GArray *epochs; /* of PraxiUiEpoch */
  int best_epoch;
  PraxiTrainPlan train_plan;
  gboolean resumes_training;
  JsonObject *training_report;

  /* session-lighten.c */
  GArray *passes;       /* of PraxiUiPass */
  PraxiUiLimits limits; /* of the run that was asked for */
  char *unmet_limit;
  char *compared_model; /* stands for light in a comparison; NULL: light itself */

  /* session-tune.c */
  GPtrArray *trials; /* of PraxiUiTrial */
  int n_trials;

  /* session-review.c */
  PraxiReview *review;

  /* session-cameras.c */
  PraxiCameras *cameras;
};

/* session-analysis.c: how events of the class form, and forming those of one class anew */
PraxiEventOptions praxi_session_event_options (PraxiSession *session, const char *class_name);
void praxi_session_form_class_events (PraxiSession *session, int class_index);

/* session-thresholds.c: a person's own threshold, where there is one, takes the place of enter. */
void praxi_session_apply_own_enter (PraxiSession *session,
                                    const char *class_name,
                                    PraxiEventOptions *options);
void praxi_session_thresholds_close (PraxiSession *session);

void praxi_session_changed (PraxiSession *session, guint changes);
void praxi_session_say (PraxiSession *session, gboolean is_error, const char *text);

/* session-media.c: the row of the list with that path, NULL for none; free with g_object_unref. */
PraxiMediaItem *praxi_session_find_item (PraxiSession *session, const char *path);

/* session-media.c: the pointer is over this time, show what is there. */
void praxi_session_ask_preview (PraxiSession *session, gint64 time_ns);

/* session-media.c: the playhead goes there and a picture is asked for; playing goes on. */
void praxi_session_move_playhead (PraxiSession *session, int ordinal, gboolean exact);
void praxi_session_stop_playing (PraxiSession *session);

/* session-store.c: the thread that owns the project, started when it was not. */
PraxiStoreThread *praxi_session_store (PraxiSession *session);

/* An error with more lines to fold out. details: may be empty */
void praxi_session_fail (PraxiSession *session, const char *text, const char *details);

/* session-compare.c: the comparison kept with this project, a moment later. */
void praxi_session_load_report (PraxiSession *session);

/* Events are formed anew: a preference changed. */
void praxi_session_form_events (PraxiSession *session);

/* Called by session.c at the end of its life. */
void praxi_session_media_close (PraxiSession *session);
void praxi_session_analysis_close (PraxiSession *session);
void praxi_session_device_close (PraxiSession *session);
void praxi_session_report_close (PraxiSession *session);
void praxi_session_model_close (PraxiSession *session);
void praxi_session_jobs_close (PraxiSession *session);
void praxi_session_compare_close (PraxiSession *session);
void praxi_session_labels_close (PraxiSession *session);

void praxi_session_training_init (PraxiSession *session);
void praxi_session_lighten_init (PraxiSession *session);
void praxi_session_lighten_close (PraxiSession *session);
void praxi_session_tune_init (PraxiSession *session);
void praxi_session_tune_close (PraxiSession *session);
void praxi_session_training_close (PraxiSession *session);

void praxi_session_labels_init (PraxiSession *session);
void praxi_session_labels_clear (PraxiSession *session);

void praxi_session_review_init (PraxiSession *session);
void praxi_session_review_clear (PraxiSession *session);
void praxi_session_review_close (PraxiSession *session);

/* What the project knows of a media just opened.
 * coverage: PraxiSeenSpan; borrowed
 */
void praxi_session_review_load (PraxiSession *session, const GArray *coverage);

/* How another model's run over the open media, NULL for none, goes with the one shown. */
void
praxi_session_review_other_run (PraxiSession *session, const char *track_path, const char *params);

/* progress: PraxiReviewProgress of all media; taken over */
void praxi_session_review_progress (PraxiSession *session, GArray *progress);

/* The score that an event of the class has to reach. */
double praxi_session_enter_threshold (PraxiSession *session, const char *class_name);

/* The events of a track as a run's params ("thresholds", may be NULL) form them; appended. */
void praxi_session_find_events (PraxiSession *session,
                                const PraxiScoreTrack *track,
                                JsonObject *thresholds,
                                GArray *events);

void praxi_session_scene_init (PraxiSession *session);
void praxi_session_scene_clear (PraxiSession *session);

/* session-scene.c: the videos in sync with the media just opened, those of the one before gone. */
void praxi_session_scene_load (PraxiSession *session);
void praxi_session_scene_close (PraxiSession *session);

/* session-scene.c: the playhead moved. */
void praxi_session_scene_follow (PraxiSession *session, gboolean exact);

void praxi_session_cameras_init (PraxiSession *session);
void praxi_session_cameras_close (PraxiSession *session);
void praxi_session_cameras_clear (PraxiSession *session);

/* Another project: cameras that run go on in it. */
void praxi_session_cameras_follow_project (PraxiSession *session);

/* The open media changed: each part forgets the old one, then looks for what it knows of the new.
 */
void praxi_session_labels_open_media (PraxiSession *session);
void praxi_session_analysis_open_media (PraxiSession *session);
void praxi_session_review_open_media (PraxiSession *session);

/* session-live.c. The open media is a camera: it brings its own frames and pictures. FALSE: it is
 * a file like any other.
 */
gboolean praxi_session_live_open (PraxiSession *session);
void praxi_session_live_leave (PraxiSession *session);

/* Before a picture is asked for: of a camera's past the decoder must know enough. */
void praxi_session_live_look_back (PraxiSession *session);

/* A decoder is ready. TRUE: the frames of a camera are known better than by it. */
gboolean praxi_session_live_ready (PraxiSession *session, int n_frames);

/* Playing stops a live picture first. TRUE: that was it. */
gboolean praxi_session_live_pause (PraxiSession *session);

/* session-media.c: starts the decoder of the open media. */
void praxi_session_start_client (PraxiSession *session);

/* session-analysis.c: reads what the open media's track has gained. */
void praxi_session_refresh_track (PraxiSession *session);

/* The project knows a run over the open media.
 * params: its JSON text, for how events are formed; may be NULL
 */
void praxi_session_show_run (PraxiSession *session, const char *track_path, const char *params);

G_END_DECLS
