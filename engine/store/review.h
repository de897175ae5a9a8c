/* When a person has judged an event, and how far a review has come. */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

/* How much of [a0, a1) lies in [b0, b1), ns. */
static inline gint64
praxi_review_overlap_ns (gint64 a0, gint64 a1, gint64 b0, gint64 b1)
{
  return MAX (0, MIN (a1, b1) - MAX (a0, b0));
}

/* Whether a label speaks of an event of its class: half of the shorter one lies in the other. A
 * person's label is the last word also where it is much shorter or longer.
 */
static inline gboolean
praxi_review_label_fits (gint64 event_start_ns,
                         gint64 event_end_ns,
                         gint64 label_start_ns,
                         gint64 label_end_ns)
{
  const gint64 shorter_ns = MIN (event_end_ns - event_start_ns, label_end_ns - label_start_ns);
  return 2 * praxi_review_overlap_ns (event_start_ns, event_end_ns, label_start_ns, label_end_ns) >=
         shorter_ns;
}

/* Whether a verdict speaks of an event of its class: it holds half of the event. An event that has
 * grown far beyond what was rejected is a new one.
 */
static inline gboolean
praxi_review_verdict_fits (gint64 event_start_ns,
                           gint64 event_end_ns,
                           gint64 verdict_start_ns,
                           gint64 verdict_end_ns)
{
  return 2 * praxi_review_overlap_ns (event_start_ns, event_end_ns, verdict_start_ns,
                                      verdict_end_ns) >=
         event_end_ns - event_start_ns;
}

typedef struct {
  gint64 media_id;
  int n_events; /* of the newest run */
  int n_judged; /* of them: labelled, rejected or reviewed */
  gint64 duration_ns;
  gint64 seen_ns;       /* on the screen or labelled */
  gboolean is_reviewed; /* a person is through with it */
} PraxiReviewProgress;

/* How far the review of every media has come: PraxiReviewProgress, in the order media were added.
 * NULL on error.
 */
GArray *praxi_store_review_progress (PraxiStore *store, GError **error);

G_END_DECLS
