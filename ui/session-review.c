/* What was on the screen. */
#include "ui/session-review.h"

#include "ui/session-private.h"
#include "ui/span-set.h"

/* A faster look is none; frames further apart than a look can join are two looks. */
#define MAX_SPEED 2.0
#define MAX_GAP_NS G_GINT64_CONSTANT (500000000)

struct PraxiReview {
  PraxiSpanSet *seen;
  int shown_frame;  /* the last one that counted, -1 for none */
  GArray *coverage; /* PraxiCoverage; empty when it has to be made */
};

/* --- what was on the screen ---------------------------------------------------------------- */

static void
coverage_changed (PraxiSession *self)
{
  g_array_set_size (self->review->coverage, 0);
  praxi_session_changed (self, PRAXI_CHANGE_COVERAGE);
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
    if (praxi_span_set_add (review->seen, span))
      coverage_changed (self);
  }
}

static void
changed_cb (PraxiSession *self, guint changes)
{
  if (changes & PRAXI_CHANGE_PICTURE)
    watch_picture (self);
  if (changes & PRAXI_CHANGE_LABELS)
    coverage_changed (self);
}

void
praxi_session_review_init (PraxiSession *self)
{
  self->review = g_new0 (PraxiReview, 1);
  self->review->seen = praxi_span_set_new ();
  self->review->coverage = g_array_new (FALSE, FALSE, sizeof (PraxiCoverage));
  self->review->shown_frame = -1;
  g_signal_connect (self, "changed", G_CALLBACK (changed_cb), NULL);
}

void
praxi_session_review_open_media (PraxiSession *self)
{
  praxi_span_set_clear (self->review->seen);
  self->review->shown_frame = -1;
  coverage_changed (self);
}

void
praxi_session_review_clear (PraxiSession *self)
{
  praxi_span_set_free (self->review->seen);
  g_array_unref (self->review->coverage);
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
