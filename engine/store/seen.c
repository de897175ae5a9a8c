#include "engine/store/seen.h"

#include "engine/store/coverage.h"
#include "engine/store/labels.h"
#include "engine/store/media-table.h"

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

gboolean
praxi_seen_count (PraxiStore *store, PraxiSeenCount *count, GError **error)
{
  g_autoptr (GPtrArray) media = praxi_store_list_media (store, error);
  *count = (PraxiSeenCount){0};
  for (guint i = 0; media != NULL && i < media->len; i++) {
    const PraxiMediaRow *row = media->pdata[i];
    g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, row->id, error);
    g_autoptr (GArray) quiet =
        labels != NULL ? praxi_seen_quiet (store, row->id, labels, error) : NULL;
    if (quiet == NULL)
      return FALSE;
    for (guint j = 0; j < quiet->len; j++) {
      const PraxiSeenSpan *span = &g_array_index (quiet, PraxiSeenSpan, j);
      count->quiet_ns += span->end_ns - span->start_ns;
    }
    count->n_media += quiet->len > 0;
  }
  return media != NULL;
}
