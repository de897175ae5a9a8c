/* What was on the screen. */
#include "engine/store/coverage.h"
#include "ui/session-review-private.h"

/* A faster look is none; frames further apart than a look can join are two looks. */
#define MAX_SPEED 2.0
#define MAX_GAP_NS G_GINT64_CONSTANT (500000000)

enum { SAVE_EVERY_S = 3 };

/* --- keeping it ---------------------------------------------------------------------------- */

typedef struct {
  gint64 media_id;
  GArray *spans; /* PraxiSeenSpan */
} Saved;

static gpointer
save_call (PraxiStore *store, gpointer data, GError **error)
{
  const Saved *saved = data;
  if (!praxi_store_is_read_only (store))
    praxi_store_add_coverage (store, saved->media_id, (const PraxiSeenSpan *) saved->spans->data,
                              saved->spans->len, error);
  return NULL;
}

/* A look that cannot be kept is looked at again: no reason to disturb anybody. */
static void
saved_cb (gpointer result, const GError *error, gpointer data)
{
  Saved *saved = data;
  g_array_unref (saved->spans);
  g_free (saved);
}

static void
save (PraxiSession *self)
{
  PraxiSpanSet *unsaved = self->review->unsaved;
  const guint n_spans = praxi_span_set_length (unsaved);
  if (n_spans == 0 || self->media_id == 0 || self->store == NULL)
    return;
  Saved *saved = g_new0 (Saved, 1);
  saved->media_id = self->media_id;
  saved->spans = g_array_sized_new (FALSE, FALSE, sizeof (PraxiSeenSpan), n_spans);
  for (guint i = 0; i < n_spans; i++) {
    const PraxiTimeSpan span = praxi_span_set_get (unsaved, i);
    const PraxiSeenSpan kept = {span.start_ns, span.end_ns};
    g_array_append_val (saved->spans, kept);
  }
  praxi_span_set_clear (unsaved);
  praxi_store_thread_call (self->store, save_call, saved, saved_cb);
}

static gboolean
save_cb (gpointer user_data)
{
  PraxiSession *self = user_data;
  self->review->save_source = 0;
  save (self);
  return G_SOURCE_REMOVE;
}

void
praxi_session_review_load (PraxiSession *self, const GArray *kept)
{
  for (guint i = 0; i < kept->len; i++) {
    const PraxiSeenSpan *span = &g_array_index (kept, PraxiSeenSpan, i);
    praxi_span_set_add (self->review->seen, (PraxiTimeSpan){span->start_ns, span->end_ns});
  }
}

/* --- what was on the screen ---------------------------------------------------------------- */

void
praxi_session_add_seen (PraxiSession *self, PraxiTimeSpan span)
{
  PraxiReview *review = self->review;
  if (!praxi_span_set_add (review->seen, span))
    return;
  praxi_span_set_add (review->unsaved, span);
  if (review->save_source == 0)
    review->save_source = g_timeout_add_seconds (SAVE_EVERY_S, save_cb, self);
  praxi_session_review_changed (self);
}

/* While it plays, the frames between two pictures were passed, not skipped. */
static PraxiTimeSpan
passed_span (PraxiSession *self, int frame)
{
  const PraxiTimeSpan now = praxi_session_frame_span (self, frame);
  const int before = self->review->shown_frame;
  if (praxi_session_speed (self) == 0 || before < 0)
    return now;
  const PraxiTimeSpan last = praxi_session_frame_span (self, before);
  const PraxiTimeSpan both = {MIN (now.start_ns, last.start_ns), MAX (now.end_ns, last.end_ns)};
  return praxi_time_span_length (both) <= MAX_GAP_NS ? both : now;
}

static void
watch_picture (PraxiSession *self)
{
  PraxiReview *review = self->review;
  const PraxiPicture picture = praxi_session_picture (self);
  const double speed = praxi_session_speed (self);
  const gboolean is_seen = picture.texture != NULL && ABS (speed) <= MAX_SPEED &&
                           (picture.is_current || speed != 0) &&
                           picture.ordinal < praxi_session_n_frames (self);
  if (!is_seen) {
    review->shown_frame = -1;
  } else if (picture.ordinal != review->shown_frame) {
    const PraxiTimeSpan span = passed_span (self, picture.ordinal);
    review->shown_frame = picture.ordinal;
    praxi_session_add_seen (self, span);
  }
}

static void
changed_cb (PraxiSession *self, guint changes)
{
  if (changes & PRAXI_CHANGE_PICTURE)
    watch_picture (self);
  if (changes & (PRAXI_CHANGE_LABELS | PRAXI_CHANGE_TRACK))
    praxi_session_review_changed (self);
}

void
praxi_session_review_init (PraxiSession *self)
{
  PraxiReview *review = self->review = g_new0 (PraxiReview, 1);
  review->seen = praxi_span_set_new ();
  review->unsaved = praxi_span_set_new ();
  review->coverage = g_array_new (FALSE, FALSE, sizeof (PraxiCoverage));
  review->states = g_array_new (FALSE, FALSE, sizeof (PraxiEventState));
  review->queue = g_array_new (FALSE, FALSE, sizeof (PraxiReviewItem));
  review->disagreements = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  review->shown_frame = review->position = -1;
  g_signal_connect (self, "changed", G_CALLBACK (changed_cb), NULL);
}

/* The media before this one still has its id. */
void
praxi_session_review_open_media (PraxiSession *self)
{
  PraxiReview *review = self->review;
  save (self);
  praxi_span_set_clear (review->unsaved);
  praxi_span_set_clear (review->seen);
  g_clear_pointer (&review->other, praxi_score_track_free);
  g_array_set_size (review->disagreements, 0);
  review->is_under_way = FALSE;
  review->shown_frame = review->position = -1;
  praxi_session_review_changed (self);
}

void
praxi_session_review_close (PraxiSession *self)
{
  g_clear_handle_id (&self->review->save_source, g_source_remove);
  save (self);
}

void
praxi_session_review_clear (PraxiSession *self)
{
  PraxiReview *review = self->review;
  g_clear_handle_id (&review->save_source, g_source_remove);
  praxi_span_set_free (review->seen);
  praxi_span_set_free (review->unsaved);
  praxi_score_track_free (review->other);
  g_array_unref (review->coverage);
  g_array_unref (review->states);
  g_array_unref (review->queue);
  g_array_unref (review->disagreements);
  g_clear_pointer (&review->project_progress, g_array_unref);
  g_free (review->current_class);
  g_clear_pointer (&self->review, g_free);
}

/* --- coverage ------------------------------------------------------------------------------ */

static void
append (GArray *coverage, PraxiTimeSpan span, PraxiCoverageKind kind)
{
  if (span.start_ns >= span.end_ns)
    return;
  PraxiCoverage *last =
      coverage->len > 0 ? &g_array_index (coverage, PraxiCoverage, coverage->len - 1) : NULL;
  if (last != NULL && last->kind == kind)
    last->span.end_ns = span.end_ns;
  else
    g_array_append_val (coverage, ((PraxiCoverage){span, kind}));
}

/* A span without labels, cut where the seen begins and ends. */
static void
append_unlabelled (PraxiSession *self, PraxiTimeSpan span)
{
  const PraxiReview *review = self->review;
  gint64 at_ns = span.start_ns;
  for (guint i = praxi_span_set_find (review->seen, at_ns);
       i < praxi_span_set_length (review->seen); i++) {
    const PraxiTimeSpan seen = praxi_span_set_get (review->seen, i);
    if (seen.start_ns >= span.end_ns)
      break;
    const PraxiTimeSpan cut = {MAX (seen.start_ns, at_ns), MIN (seen.end_ns, span.end_ns)};
    append (review->coverage, (PraxiTimeSpan){at_ns, cut.start_ns}, PRAXI_COVERAGE_UNSEEN);
    append (review->coverage, cut, PRAXI_COVERAGE_SEEN);
    at_ns = cut.end_ns;
  }
  append (review->coverage, (PraxiTimeSpan){at_ns, span.end_ns}, PRAXI_COVERAGE_UNSEEN);
}

/* Labels stand by start. */
static void
make_coverage (PraxiSession *self)
{
  const PraxiTimeSpan whole = praxi_session_footage (self);
  const GPtrArray *labels = praxi_session_labels (self);
  gint64 at_ns = whole.start_ns;
  for (guint i = 0; i < labels->len && at_ns < whole.end_ns; i++) {
    const PraxiTimeSpan span = ((const PraxiUiLabel *) labels->pdata[i])->span;
    const PraxiTimeSpan cut = {MAX (span.start_ns, at_ns), MIN (span.end_ns, whole.end_ns)};
    if (cut.start_ns >= cut.end_ns)
      continue;
    append_unlabelled (self, (PraxiTimeSpan){at_ns, cut.start_ns});
    append (self->review->coverage, cut, PRAXI_COVERAGE_LABELLED);
    at_ns = cut.end_ns;
  }
  append_unlabelled (self, (PraxiTimeSpan){at_ns, whole.end_ns});
}

const GArray *
praxi_session_coverage (PraxiSession *self)
{
  if (self->review->coverage->len == 0 && praxi_session_n_frames (self) > 0)
    make_coverage (self);
  return self->review->coverage;
}

double
praxi_session_seen_share (PraxiSession *self)
{
  const GArray *coverage = praxi_session_coverage (self);
  gint64 unseen_ns = 0;
  for (guint i = 0; i < coverage->len; i++) {
    const PraxiCoverage *part = &g_array_index (coverage, PraxiCoverage, i);
    if (part->kind == PRAXI_COVERAGE_UNSEEN)
      unseen_ns += praxi_time_span_length (part->span);
  }
  const gint64 whole_ns = praxi_time_span_length (praxi_session_footage (self));
  return coverage->len > 0 ? 1 - (double) unseen_ns / (double) MAX (1, whole_ns) : 0;
}
