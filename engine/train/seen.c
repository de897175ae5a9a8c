#include "engine/train/seen.h"

#include "engine/store/coverage.h"
#include "engine/store/labels.h"

static void
add_span (GArray *quiet, gint64 start_ns, gint64 end_ns)
{
  const PraxiSeenSpan span = {start_ns, end_ns};
  if (end_ns - start_ns >= PRAXI_SEEN_LEAST_NS)
    g_array_append_val (quiet, span);
}

/* What labels, which stand by start, leave of a span. */
static void
add_rest (GArray *quiet, const PraxiSeenSpan *seen, const GPtrArray *labels)
{
  gint64 at_ns = seen->start_ns;
  for (guint i = 0; i < labels->len && at_ns < seen->end_ns; i++) {
    const PraxiLabel *label = labels->pdata[i];
    if (label->end_ns <= at_ns)
      continue;
    add_span (quiet, at_ns, MIN (label->start_ns, seen->end_ns));
    at_ns = label->end_ns;
  }
  add_span (quiet, at_ns, seen->end_ns);
}

GArray *
praxi_seen_quiet (PraxiStore *store, gint64 media_id, const GPtrArray *labels, GError **error)
{
  g_autoptr (GArray) seen = praxi_store_list_coverage (store, media_id, error);
  if (seen == NULL)
    return NULL;
  GArray *quiet = g_array_new (FALSE, FALSE, sizeof (PraxiSeenSpan));
  for (guint i = 0; i < seen->len; i++)
    add_rest (quiet, &g_array_index (seen, PraxiSeenSpan, i), labels);
  return quiet;
}
