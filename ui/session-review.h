/* What of the open media a person has looked at and judged, and what is left to look at. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

/* --- what was seen ------------------------------------------------------------------------- */

typedef enum {
  PRAXI_COVERAGE_UNSEEN,
  PRAXI_COVERAGE_SEEN,     /* was on the screen, at twice the speed or slower, or stepped through */
  PRAXI_COVERAGE_LABELLED, /* a label says what happens */
} PraxiCoverageKind;

typedef struct {
  PraxiTimeSpan span;
  PraxiCoverageKind kind;
} PraxiCoverage;

/* The open media from its first frame to its last as PraxiCoverage, one span behind the other
 * without a gap and each of another kind than its neighbours; empty while nothing is open.
 * Borrowed until PRAXI_CHANGE_COVERAGE.
 */
const GArray *praxi_session_coverage (PraxiSession *session);

/* How much of the open media was seen or labelled, 0 to 1. */
double praxi_session_seen_share (PraxiSession *session);

/* --- what was judged ----------------------------------------------------------------------- */

typedef enum {
  PRAXI_EVENT_OPEN,
  PRAXI_EVENT_ACCEPTED, /* a label of its class says so */
  PRAXI_EVENT_REJECTED,
  PRAXI_EVENT_REVIEWED, /* looked at and left */
} PraxiEventState;
PraxiEventState praxi_session_event_state (PraxiSession *session, int event_index);

/* The event that keys speak of: the selected one where the playhead is inside it, else the one
 * under the playhead, else the selected one; -1 for none.
 */
int praxi_session_event_in_hand (PraxiSession *session);

/* Each is one step of undo. While a review is under way the next item is shown by itself, unless
 * the settings say no (PRAXI_SETTING_MOVE_ON).
 */
void praxi_session_accept_event (PraxiSession *session);   /* makes a label of it */
void praxi_session_accept_visible (PraxiSession *session); /* of all open ones in view */
void praxi_session_reject_event (PraxiSession *session);   /* stays so when analysed again */

/* The item shown, else the media, which was looked at; and on to the next. */
void praxi_session_mark_reviewed (PraxiSession *session);

/* Whether somebody said to be through with the open media. */
gboolean praxi_session_is_media_reviewed (PraxiSession *session);

/* --- the queue ----------------------------------------------------------------------------- */

typedef enum {
  PRAXI_REVIEW_UNCERTAIN,    /* an open event whose score is near the threshold, nearest first */
  PRAXI_REVIEW_EVENT,        /* any other open event */
  PRAXI_REVIEW_DISAGREEMENT, /* the other model sees an event where the shown one sees none */
  PRAXI_REVIEW_UNSEEN,       /* nobody has looked */
} PraxiReviewKind;

typedef struct {
  PraxiReviewKind kind;
  PraxiTimeSpan span;
  int event_index;        /* of an event, else -1 */
  const char *class_name; /* as the model has it; NULL when unseen; borrowed */
  float peak;             /* of an event or of the other model's, else 0 */
  float margin;           /* from the peak to the threshold */
} PraxiReviewItem;

/* What is left of the open media as PraxiReviewItem, in the order of PraxiReviewKind. Borrowed
 * until PRAXI_CHANGE_COVERAGE.
 */
const GArray *praxi_session_review_queue (PraxiSession *session);

/* Seeks the item, selects it and fits it into the view. */
void praxi_session_review_next (PraxiSession *session);
void praxi_session_review_previous (PraxiSession *session);
int praxi_session_review_position (PraxiSession *session); /* in the queue, -1: not reviewing */

typedef struct {
  int n_events;
  int n_judged;
  double seen_share; /* 0 to 1 */
  int n_media;
  int n_reviewed; /* media somebody is through with */
} PraxiReviewSummary;
PraxiReviewSummary praxi_session_media_progress (PraxiSession *session);
PraxiReviewSummary praxi_session_project_progress (PraxiSession *session);

/* "12 of 20 events judged · 63 % seen"; free with g_free. */
char *praxi_review_summary_text (const PraxiReviewSummary *summary);

G_END_DECLS
