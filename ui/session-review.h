/* What of the open media a person has looked at, and what is left to look at. */
#pragma once

#include "ui/session.h"

G_BEGIN_DECLS

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

G_END_DECLS
