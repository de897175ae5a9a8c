#include "ui/span-set.h"

struct PraxiSpanSet {
  GArray *spans; /* PraxiTimeSpan */
};

PraxiSpanSet *
praxi_span_set_new (void)
{
  PraxiSpanSet *set = g_new0 (PraxiSpanSet, 1);
  set->spans = g_array_new (FALSE, FALSE, sizeof (PraxiTimeSpan));
  return set;
}

void
praxi_span_set_free (PraxiSpanSet *set)
{
  if (set == NULL)
    return;
  g_array_unref (set->spans);
  g_free (set);
}

guint
praxi_span_set_length (const PraxiSpanSet *set)
{
  return set->spans->len;
}

PraxiTimeSpan
praxi_span_set_get (const PraxiSpanSet *set, guint index)
{
  return g_array_index (set->spans, PraxiTimeSpan, index);
}

/* How many spans end before the time (is_after: at or before it). */
static guint
count_before (const PraxiSpanSet *set, gint64 time_ns, gboolean is_after)
{
  guint low = 0, high = set->spans->len;
  while (low < high) {
    const guint middle = low + (high - low) / 2;
    const gint64 end_ns = praxi_span_set_get (set, middle).end_ns;
    if (end_ns < time_ns || (is_after && end_ns == time_ns))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

guint
praxi_span_set_find (const PraxiSpanSet *set, gint64 time_ns)
{
  return count_before (set, time_ns, TRUE);
}

gboolean
praxi_span_set_add (PraxiSpanSet *set, PraxiTimeSpan span)
{
  if (span.start_ns >= span.end_ns)
    return FALSE;
  const guint first = count_before (set, span.start_ns, FALSE);
  guint end = first;
  while (end < set->spans->len && praxi_span_set_get (set, end).start_ns <= span.end_ns) {
    const PraxiTimeSpan old = praxi_span_set_get (set, end++);
    if (old.start_ns <= span.start_ns && old.end_ns >= span.end_ns)
      return FALSE;
    span.start_ns = MIN (span.start_ns, old.start_ns);
    span.end_ns = MAX (span.end_ns, old.end_ns);
  }
  if (end > first)
    g_array_remove_range (set->spans, first, end - first);
  g_array_insert_val (set->spans, first, span);
  return TRUE;
}

void
praxi_span_set_clear (PraxiSpanSet *set)
{
  g_array_set_size (set->spans, 0);
}

gint64
praxi_span_set_covered_ns (const PraxiSpanSet *set, PraxiTimeSpan span)
{
  gint64 covered_ns = 0;
  for (guint i = praxi_span_set_find (set, span.start_ns); i < set->spans->len; i++) {
    const PraxiTimeSpan in = praxi_span_set_get (set, i);
    if (in.start_ns >= span.end_ns)
      break;
    covered_ns += MIN (in.end_ns, span.end_ns) - MAX (in.start_ns, span.start_ns);
  }
  return covered_ns;
}
