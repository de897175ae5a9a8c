/* What all views share: the footage, what of it is visible, the playhead, the marks, the selection,
 * labels, scores and jobs. Views read it, tell it what a person wants, and redraw on "changed";
 * they never know each other. All of it belongs to the main thread and nothing here blocks.
 *
 * Signals:
 *   changed (guint changes)             what is different now, as PraxiChange bits
 *   message (gboolean is_error, char *) one sentence for a toast or a banner
 */
#pragma once

#include <gdk/gdk.h>

#include "ui/media-item.h"
#include "ui/time-scale.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_CHANGE_MEDIA = 1 << 0,     /* another media is open, or its frame index arrived */
  PRAXI_CHANGE_SPAN = 1 << 1,      /* the visible span */
  PRAXI_CHANGE_PLAYHEAD = 1 << 2,  /* the frame asked for */
  PRAXI_CHANGE_PICTURE = 1 << 3,   /* the picture shown, or whether it waits for another */
  PRAXI_CHANGE_PLAYING = 1 << 4,   /* speed */
  PRAXI_CHANGE_MARKS = 1 << 5,     /* marks and current class */
  PRAXI_CHANGE_SELECTION = 1 << 6, /* selected label or event */
  PRAXI_CHANGE_LABELS = 1 << 7,    /* labels, classes, project, undo */
  PRAXI_CHANGE_TRACK = 1 << 8,     /* scores and events */
  PRAXI_CHANGE_JOB = 1 << 9,       /* the running analysis or comparison and its progress */
  PRAXI_CHANGE_HOVER = 1 << 10,    /* what the pointer is over */
  PRAXI_CHANGE_REPORT = 1 << 11,   /* the comparison's result */
  PRAXI_CHANGE_COVERAGE = 1 << 12, /* what was seen and judged, and the review queue */
  PRAXI_CHANGE_LIVE = 1 << 13,     /* the open camera: its state, a footage that grew */
  PRAXI_CHANGE_TRAINING = 1 << 14, /* epochs of a training, the model that analyses use */
  PRAXI_CHANGE_SCENE = 1 << 15,    /* which videos are in sync, how far apart, the chosen one */
  PRAXI_CHANGE_ALL = (1 << 16) - 1,
} PraxiChange;

#define PRAXI_TYPE_SESSION (praxi_session_get_type ())
G_DECLARE_FINAL_TYPE (PraxiSession, praxi_session, PRAXI, SESSION, GObject)

/* praxi_path:   the program that runs jobs and decodes; copied
 * project_path: opened (and created) when the first media opens; copied
 */
PraxiSession *praxi_session_new (const char *praxi_path, const char *project_path);

/* While "message" is emitted for an error: more lines about it, to be folded out; often empty. */
const char *praxi_session_error_details (PraxiSession *session);

/* Ends jobs, the decode helper and the store thread (its queue is written first). */
void praxi_session_close (PraxiSession *session);

/* --- footage ------------------------------------------------------------------------------- */

GListModel *praxi_session_media_list (PraxiSession *session); /* of PraxiMediaItem; borrowed */
PraxiMediaItem *praxi_session_media (PraxiSession *session);  /* the open one or NULL; borrowed */
void praxi_session_add_media (PraxiSession *session, const char *path); /* and opens it */
void praxi_session_open_media (PraxiSession *session, PraxiMediaItem *item);

/* Frames of the open media; 0 until its index arrived. Ordinals below are clamped to what exists.
 */
int praxi_session_n_frames (PraxiSession *session);
PraxiTimeSpan praxi_session_frame_span (PraxiSession *session, int ordinal);
int praxi_session_frame_at (PraxiSession *session, gint64 time_ns);
PraxiTimeSpan praxi_session_footage (PraxiSession *session); /* first frame's start to last's end */

/* Size of a whole picture with square pixels, upright; 0 while unknown. */
void praxi_session_frame_size (PraxiSession *session, int *width_px, int *height_px);

/* "0:04.10": the time since the first frame, as people read it everywhere. Free with g_free. */
char *praxi_session_time_text (PraxiSession *session, gint64 time_ns, int decimals);

/* --- view ---------------------------------------------------------------------------------- */

PraxiTimeSpan praxi_session_visible (PraxiSession *session);
void praxi_session_set_visible (PraxiSession *session, PraxiTimeSpan span); /* fitted */
void praxi_session_zoom (PraxiSession *session, double factor, gint64 at_ns);
void praxi_session_zoom_selection (PraxiSession *session);
void praxi_session_show (PraxiSession *session, PraxiTimeSpan span); /* scrolls it into view */

typedef struct {
  gboolean is_valid;
  gint64 time_ns;
  int class_index; /* of the track, or -1 */
} PraxiHover;
PraxiHover praxi_session_hover (PraxiSession *session);
void praxi_session_set_hover (PraxiSession *session, PraxiHover hover);

/* --- playhead and picture ------------------------------------------------------------------ */

int praxi_session_playhead (PraxiSession *session);            /* an ordinal */
void praxi_session_seek (PraxiSession *session, int ordinal);  /* stops playing */
void praxi_session_scrub (PraxiSession *session, int ordinal); /* key frames first, exact after */
void praxi_session_step (PraxiSession *session, int frames);
void praxi_session_step_time (PraxiSession *session, gint64 by_ns);

double praxi_session_speed (PraxiSession *session); /* 0 paused, negative backwards */
void praxi_session_set_speed (PraxiSession *session, double speed);
void praxi_session_shuttle (PraxiSession *session, int direction); /* J is -1, K 0, L +1 */

/* The picture that came last, NULL before the first; ordinal and pts say which frame it is. */
typedef struct {
  GdkTexture *texture; /* borrowed */
  int ordinal;
  gint64 pts_ns;
  gboolean is_current; /* it is the frame at the playhead, exactly */
} PraxiPicture;
PraxiPicture praxi_session_picture (PraxiSession *session);

/* The keyframe at or before the time the pointer is over; texture NULL while none came. */
PraxiPicture praxi_session_preview (PraxiSession *session);

void praxi_session_set_picture_size (PraxiSession *session, int width_px, int height_px);

/* --- marks --------------------------------------------------------------------------------- */

/* Half-open frame range [start, end); empty when nothing is marked. With only one mark set the
 * other end is the playhead.
 */
typedef struct {
  gboolean is_set;
  int start_frame;
  int end_frame;
} PraxiMarks;
PraxiMarks praxi_session_marks (PraxiSession *session);
PraxiTimeSpan praxi_session_frames_span (PraxiSession *session, int start_frame, int end_frame);
void praxi_session_mark_in (PraxiSession *session);
void praxi_session_mark_out (PraxiSession *session);
void praxi_session_set_marks (PraxiSession *session, int start_frame, int end_frame);
void praxi_session_clear_marks (PraxiSession *session);

/* --- selection: at most one label or one event --------------------------------------------- */

gint64 praxi_session_selected_label (PraxiSession *session); /* its id, 0 for none */
int praxi_session_selected_event (PraxiSession *session);    /* its index, -1 for none */
void praxi_session_select_label (PraxiSession *session, gint64 label_id);
void praxi_session_select_event (PraxiSession *session, int event_index);

G_END_DECLS
