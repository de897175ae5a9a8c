#include "ui/snap.h"

#include "ui/session-analysis.h"
#include "ui/session-labels.h"

typedef struct {
  PraxiSession *session;
  int wanted;
  int best;
  gint64 reach_ns; /* how far the best is, or may be */
} Search;

static gint64
boundary_ns (PraxiSession *session, int boundary)
{
  return boundary < praxi_session_n_frames (session)
             ? praxi_session_frame_span (session, boundary).start_ns
             : praxi_session_footage (session).end_ns;
}

static void
offer (Search *search, int boundary)
{
  const gint64 away_ns =
      ABS (boundary_ns (search->session, boundary) - boundary_ns (search->session, search->wanted));
  if (away_ns > search->reach_ns || (away_ns == search->reach_ns && search->best >= 0))
    return;
  search->best = boundary;
  search->reach_ns = away_ns;
}

static void
offer_labels (Search *search, gint64 label_id)
{
  const GPtrArray *labels = praxi_session_labels (search->session);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    if (label->id == label_id)
      continue;
    offer (search, label->start_frame);
    offer (search, label->end_frame);
  }
}

static void
offer_events (Search *search)
{
  const GArray *events = praxi_session_events (search->session);
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    offer (search, praxi_session_frame_at (search->session, event->start_ns));
    offer (search, praxi_session_frame_at (search->session, event->end_ns - 1) + 1);
  }
}

int
praxi_snap_boundary (PraxiSession *session,
                     const PraxiTimeScale *scale,
                     int boundary,
                     gint64 label_id,
                     int playhead)
{
  Search search = {
      .session = session,
      .wanted = boundary,
      .best = -1,
      .reach_ns = (gint64) (PRAXI_SNAP_PX * (double) praxi_time_span_length (scale->span) /
                            MAX (1, scale->width_px)),
  };
  if (playhead >= 0)
    offer (&search, playhead);
  offer_labels (&search, label_id);
  offer_events (&search);
  return search.best >= 0 ? search.best : boundary;
}
