/* Where overlapping intervals stand below each other. */
#pragma once

#include "ui/time-scale.h"

G_BEGIN_DECLS

/* Gives every span the first lane in which it overlaps no earlier one.
 * spans:  sorted by start; [n_spans], borrowed
 * lanes:  [n_spans], filled with 0, 1, …; caller-allocated
 * Returns the number of lanes used, 0 for no spans.
 */
int praxi_lanes_assign (const PraxiTimeSpan *spans, int n_spans, int *lanes);

G_END_DECLS
