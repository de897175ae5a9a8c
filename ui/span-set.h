/* A set of moments, kept as sorted spans that neither overlap nor touch. */
#pragma once

#include "ui/time-scale.h"

G_BEGIN_DECLS

/* Thread: one at a time */
typedef struct PraxiSpanSet PraxiSpanSet;

PraxiSpanSet *praxi_span_set_new (void);
void praxi_span_set_free (PraxiSpanSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSpanSet, praxi_span_set_free)

/* Empty spans change nothing. Returns whether the set grew. */
gboolean praxi_span_set_add (PraxiSpanSet *set, PraxiTimeSpan span);
void praxi_span_set_clear (PraxiSpanSet *set);

guint praxi_span_set_length (const PraxiSpanSet *set);
PraxiTimeSpan praxi_span_set_get (const PraxiSpanSet *set, guint index);

/* How many spans end at or before the time: the index of the first that could hold it. */
guint praxi_span_set_find (const PraxiSpanSet *set, gint64 time_ns);

/* How much of the span is in the set, in ns. */
gint64 praxi_span_set_covered_ns (const PraxiSpanSet *set, PraxiTimeSpan span);

G_END_DECLS
