/* Which score an event has to reach: tried on footage that nothing was learned from, with events
 * formed as the program forms them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Thresholds that are tried, a tenth of a logit apart, 0.018 to 0.982. */
enum { PRAXI_THRESHOLDS = 81 };

typedef struct {
  int n_found; /* labelled spans that an event overlaps */
  int n_false; /* events that overlap no span */
} PraxiEventCount;

/* What an event enters at when threshold i is tried; it lasts to ⅔ of that. */
double praxi_threshold_at (int i);

/* The threshold at which no more than so many events are false and most spans are found; of several
 * the middle one, of which small changes matter least. The highest where all give too many.
 * counts: [PRAXI_THRESHOLDS]
 */
int praxi_threshold_choose (const PraxiEventCount *counts, int most_false);

G_END_DECLS
