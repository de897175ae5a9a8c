/* Coverage: which spans of footage were on a person's screen. It guides a review and is no
 * evidence: the history leaves it out, and undo passes over it.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

typedef struct {
  gint64 start_ns; /* pts of the footage; half-open [start, end) */
  gint64 end_ns;
} PraxiSeenSpan;

/* Joins spans with what is kept.
 * spans:  PraxiSeenSpan, in any order; empty ones are passed over; borrowed
 * Errors: NOT_FOUND (media), and those of praxi_store_begin
 */
gboolean praxi_store_add_coverage (PraxiStore *store,
                                   gint64 media_id,
                                   const PraxiSeenSpan *spans,
                                   guint n_spans,
                                   GError **error);

/* The spans of one media in ascending order, neither overlapping nor touching: PraxiSeenSpan. NULL
 * on error.
 */
GArray *praxi_store_list_coverage (PraxiStore *store, gint64 media_id, GError **error);

G_END_DECLS
