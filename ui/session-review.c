/* The review queue: what is left to look at, in the order in which a look is worth most. */
#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-review-private.h"

/* A peak this close to the threshold could as well have been none. */
#define UNCERTAIN 0.15

/* Shorter gaps between looks are no reason to look again. */
#define MIN_UNSEEN_NS G_GINT64_CONSTANT (1000000000)

/* --- making it ----------------------------------------------------------------------------- */

void
praxi_session_review_changed (PraxiSession *self)
{
  PraxiReview *review = self->review;
  g_array_set_size (review->coverage, 0);
  g_array_set_size (review->states, 0);
  review->has_queue = FALSE;
  praxi_session_changed (self, PRAXI_CHANGE_COVERAGE);
}

static void
add_events (PraxiSession *self, GArray *queue)
{
  const GArray *events = praxi_session_events (self);
  for (guint i = 0; i < events->len && self->track != NULL; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    const char *name = praxi_score_track_class_name (self->track, event->class_index);
    const double margin = fabs ((double) event->peak - praxi_session_enter_threshold (self, name));
    const PraxiReviewItem item = {
        .kind = margin < UNCERTAIN ? PRAXI_REVIEW_UNCERTAIN : PRAXI_REVIEW_EVENT,
        .span = {event->start_ns, event->end_ns},
        .event_index = (int) i,
        .class_name = name,
        .peak = event->peak,
        .margin = (float) margin,
    };
    if (praxi_session_event_state (self, (int) i) == PRAXI_EVENT_OPEN)
      g_array_append_val (queue, item);
  }
}

static void
add_disagreements (PraxiSession *self, GArray *queue)
{
  const GArray *events = self->review->disagreements;
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    const PraxiReviewItem item = {
        .kind = PRAXI_REVIEW_DISAGREEMENT,
        .span = {event->start_ns, event->end_ns},
        .event_index = -1,
        .class_name = praxi_score_track_class_name (self->review->other, event->class_index),
        .peak = event->peak,
    };
    if (praxi_session_span_state (self, item.class_name, item.span) == PRAXI_EVENT_OPEN)
      g_array_append_val (queue, item);
  }
}

static void
add_unseen (PraxiSession *self, GArray *queue)
{
  const GArray *coverage = praxi_session_coverage (self);
  for (guint i = 0; i < coverage->len; i++) {
    const PraxiCoverage *part = &g_array_index (coverage, PraxiCoverage, i);
    const PraxiReviewItem item = {
        .kind = PRAXI_REVIEW_UNSEEN, .span = part->span, .event_index = -1};
    if (part->kind == PRAXI_COVERAGE_UNSEEN && praxi_time_span_length (part->span) >= MIN_UNSEEN_NS)
      g_array_append_val (queue, item);
  }
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const PraxiReviewItem *first = a, *second = b;
  if (first->kind != second->kind)
    return first->kind < second->kind ? -1 : 1;
  if (first->kind == PRAXI_REVIEW_UNCERTAIN && first->margin != second->margin)
    return first->margin < second->margin ? -1 : 1;
  return (first->span.start_ns > second->span.start_ns) -
         (first->span.start_ns < second->span.start_ns);
}

const GArray *
praxi_session_review_queue (PraxiSession *self)
{
  PraxiReview *review = self->review;
  if (review->has_queue)
    return review->queue;
  g_array_set_size (review->queue, 0);
  add_events (self, review->queue);
  add_disagreements (self, review->queue);
  add_unseen (self, review->queue);
  g_array_sort (review->queue, compare_items);
  review->has_queue = TRUE;
  return review->queue;
}

/* --- walking it ---------------------------------------------------------------------------- */

/* Items have no names: it is the same one while kind, class and a part of its time are. */
static int
find_current (PraxiSession *self)
{
  const PraxiReview *review = self->review;
  const GArray *queue = praxi_session_review_queue (self);
  for (guint i = 0; review->is_under_way && i < queue->len; i++) {
    const PraxiReviewItem *item = &g_array_index (queue, PraxiReviewItem, i);
    const gboolean is_unseen = item->kind == PRAXI_REVIEW_UNSEEN;
    if (is_unseen == (review->current.kind == PRAXI_REVIEW_UNSEEN) &&
        g_strcmp0 (item->class_name, review->current_class) == 0 &&
        praxi_time_span_overlaps (item->span, review->current.span))
      return (int) i;
  }
  return -1;
}

int
praxi_session_review_position (PraxiSession *self)
{
  return find_current (self);
}

const PraxiReviewItem *
praxi_session_review_current (PraxiSession *self)
{
  const int position = find_current (self);
  return position >= 0
             ? &g_array_index (praxi_session_review_queue (self), PraxiReviewItem, position)
             : NULL;
}

static void
fit_into_view (PraxiSession *self, PraxiTimeSpan span)
{
  const gint64 length_ns = praxi_time_span_length (span);
  if (2 * length_ns > praxi_time_span_length (praxi_session_visible (self)))
    praxi_session_set_visible (
        self, (PraxiTimeSpan){span.start_ns - length_ns / 2, span.end_ns + length_ns / 2});
  else
    praxi_session_show (self, span);
}

static void
show_item (PraxiSession *self, int position)
{
  PraxiReview *review = self->review;
  const PraxiReviewItem item =
      g_array_index (praxi_session_review_queue (self), PraxiReviewItem, position);
  review->is_under_way = TRUE;
  review->position = position;
  review->current = item;
  g_free (review->current_class);
  review->current_class = g_strdup (item.class_name);
  review->current.class_name = NULL;
  praxi_session_clear_marks (self);
  praxi_session_select_event (self, item.event_index);
  praxi_session_seek (self, praxi_session_frame_at (self, item.span.start_ns));
  if (item.kind == PRAXI_REVIEW_DISAGREEMENT)
    praxi_session_set_marks (self, praxi_session_frame_at (self, item.span.start_ns),
                             praxi_session_frame_at (self, item.span.end_ns - 1) + 1);
  fit_into_view (self, item.span);
  praxi_session_changed (self, PRAXI_CHANGE_COVERAGE);
}

static void
end_review (PraxiSession *self)
{
  self->review->is_under_way = FALSE;
  praxi_session_say (self, FALSE,
                     _ ("Nothing is left to review here: R marks the video as reviewed"));
  praxi_session_changed (self, PRAXI_CHANGE_COVERAGE);
}

/* A review begins with the first item, and behind the last one begins again. */
static void
step (PraxiSession *self, int by)
{
  PraxiReview *review = self->review;
  const int n_items = (int) praxi_session_review_queue (self)->len;
  const int current = find_current (self);
  if (n_items == 0) {
    end_review (self);
    return;
  }
  int position = by > 0 ? 0 : n_items - 1;
  if (current >= 0)
    position = current + by;
  else if (review->is_under_way) /* judged: what followed stands in its place */
    position = review->position + (by > 0 ? 0 : by);
  show_item (self, (position + n_items) % n_items);
  if (n_items == 1 && current == 0)
    praxi_session_say (self, FALSE, _ ("This is all that is left to review here"));
}

void
praxi_session_review_next (PraxiSession *self)
{
  step (self, 1);
}

void
praxi_session_review_previous (PraxiSession *self)
{
  step (self, -1);
}

void
praxi_session_review_advance (PraxiSession *self)
{
  const int n_items = (int) praxi_session_review_queue (self)->len;
  const gboolean is_judged = find_current (self) < 0;
  if (n_items == 0)
    end_review (self);
  else
    show_item (self, (self->review->position + (is_judged ? 0 : 1)) % n_items);
}

/* --- the other model ----------------------------------------------------------------------- */

static gboolean
sees_event (PraxiSession *self, const char *class_name, PraxiTimeSpan span)
{
  const GArray *events = praxi_session_events (self);
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    if (praxi_time_span_overlaps ((PraxiTimeSpan){event->start_ns, event->end_ns}, span) &&
        g_str_equal (praxi_score_track_class_name (self->track, event->class_index), class_name))
      return TRUE;
  }
  return FALSE;
}

void
praxi_session_review_other_run (PraxiSession *self, const char *track_path, const char *params)
{
  PraxiReview *review = self->review;
  g_clear_pointer (&review->other, praxi_score_track_free);
  g_array_set_size (review->disagreements, 0);
  if (track_path != NULL && self->track != NULL)
    review->other = praxi_score_track_open (track_path, NULL);
  if (review->other == NULL)
    return;
  g_autoptr (JsonNode) root = params != NULL ? json_from_string (params, NULL) : NULL;
  JsonNode *thresholds = root != NULL && JSON_NODE_HOLDS_OBJECT (root)
                             ? json_object_get_member (json_node_get_object (root), "thresholds")
                             : NULL;
  praxi_session_find_events (self, review->other,
                             thresholds != NULL && JSON_NODE_HOLDS_OBJECT (thresholds)
                                 ? json_node_get_object (thresholds)
                                 : NULL,
                             review->disagreements);
  for (guint i = review->disagreements->len; i > 0; i--) {
    const PraxiEvent *event = &g_array_index (review->disagreements, PraxiEvent, i - 1);
    const char *name = praxi_score_track_class_name (review->other, event->class_index);
    if (sees_event (self, name, (PraxiTimeSpan){event->start_ns, event->end_ns}))
      g_array_remove_index (review->disagreements, i - 1);
  }
}

/* --- how far ------------------------------------------------------------------------------- */

PraxiReviewSummary
praxi_session_media_progress (PraxiSession *self)
{
  const GArray *events = praxi_session_events (self);
  PraxiReviewSummary summary = {
      .n_events = (int) events->len,
      .seen_share = praxi_session_seen_share (self),
      .n_media = 1,
      .n_reviewed = praxi_session_is_media_reviewed (self),
  };
  for (guint i = 0; i < events->len; i++)
    summary.n_judged += praxi_session_event_state (self, (int) i) != PRAXI_EVENT_OPEN;
  return summary;
}

void
praxi_session_review_progress (PraxiSession *self, GArray *progress)
{
  g_clear_pointer (&self->review->project_progress, g_array_unref);
  self->review->project_progress = progress;
}

/* The open media counts as it is now, the others as they were when it was opened: nobody else
 * changes them here.
 */
PraxiReviewSummary
praxi_session_project_progress (PraxiSession *self)
{
  const GArray *all = self->review->project_progress;
  PraxiReviewSummary summary = praxi_session_media_progress (self);
  const gint64 open_ns = praxi_time_span_length (praxi_session_footage (self));
  double seen_ns = summary.seen_share * (double) open_ns, whole_ns = (double) open_ns;
  for (guint i = 0; all != NULL && i < all->len; i++) {
    const PraxiReviewProgress *media = &g_array_index (all, PraxiReviewProgress, i);
    if (media->media_id == self->media_id)
      continue;
    summary.n_events += media->n_events;
    summary.n_judged += media->n_judged;
    summary.n_media++;
    summary.n_reviewed += media->is_reviewed;
    seen_ns += (double) media->seen_ns;
    whole_ns += (double) media->duration_ns;
  }
  summary.seen_share = whole_ns > 0 ? seen_ns / whole_ns : 0;
  return summary;
}

char *
praxi_review_summary_text (const PraxiReviewSummary *summary)
{
  const int percent = (int) floor (summary->seen_share * 100 + 1e-6);
  if (summary->n_events == 0)
    return g_strdup_printf (_ ("%d %% seen"), percent);
  return g_strdup_printf (ngettext ("%d of %d event judged · %d %% seen",
                                    "%d of %d events judged · %d %% seen",
                                    (gulong) summary->n_events),
                          summary->n_judged, summary->n_events, percent);
}
