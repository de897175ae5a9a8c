/* The review's fields, for session-coverage.c, session-review.c and session-verdicts.c only. */
#pragma once

#include "engine/store/review.h"
#include "ui/session-edits.h"
#include "ui/session-review.h"
#include "ui/span-set.h"

G_BEGIN_DECLS

struct PraxiReview {
  /* session-coverage.c */
  PraxiSpanSet *seen;
  PraxiSpanSet *unsaved; /* seen, and not told to the project yet */
  guint save_source;
  int shown_frame;  /* the last one that counted, -1 for none */
  GArray *coverage; /* PraxiCoverage; empty when it has to be made */

  /* session-verdicts.c */
  GArray *states; /* PraxiEventState of every event; empty when they have to be found */

  /* session-review.c */
  GArray *queue; /* PraxiReviewItem; valid while has_queue */
  gboolean has_queue;
  gboolean is_under_way;
  PraxiReviewItem current; /* class_name is in current_class */
  char *current_class;
  int position;             /* where it stands, or stood when it was judged */
  PraxiScoreTrack *other;   /* of the other model; NULL for none */
  GArray *disagreements;    /* PraxiEvent of the other track */
  GArray *project_progress; /* PraxiReviewProgress, when the media was opened */
};

/* Events, labels, verdicts or coverage changed. */
void praxi_session_review_changed (PraxiSession *session);

/* Shows the item that took the place of the one judged. */
void praxi_session_review_advance (PraxiSession *session);

/* Whether a review is under way and shows an item of that kind where the playhead is. */
const PraxiReviewItem *praxi_session_review_current (PraxiSession *session);

/* What a person has said of a span in which a model saw a class. */
PraxiEventState
praxi_session_span_state (PraxiSession *session, const char *class_name, PraxiTimeSpan span);

void praxi_session_add_seen (PraxiSession *session, PraxiTimeSpan span);

G_END_DECLS
