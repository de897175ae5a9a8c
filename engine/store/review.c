#include "engine/store/review.h"

#include <json-glib/json-glib.h>
#include <math.h>

#include "engine/store/classes.h"
#include "engine/store/coverage.h"
#include "engine/store/labels.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"
#include "engine/store/verdicts.h"

typedef struct {
  GPtrArray *labels;   /* PraxiLabel of one media */
  GPtrArray *verdicts; /* PraxiVerdict of it */
  GHashTable *classes; /* id → name */
} Judged;

static gboolean
has_label (const Judged *judged, const char *cls, gint64 start_ns, gint64 end_ns)
{
  for (guint i = 0; i < judged->labels->len; i++) {
    const PraxiLabel *label = judged->labels->pdata[i];
    if (label->start_ns >= end_ns)
      break;
    if (praxi_review_label_fits (start_ns, end_ns, label->start_ns, label->end_ns) &&
        g_strcmp0 (g_hash_table_lookup (judged->classes, &label->class_id), cls) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_verdict (const Judged *judged, const char *cls, gint64 start_ns, gint64 end_ns)
{
  for (guint i = 0; i < judged->verdicts->len; i++) {
    const PraxiVerdict *verdict = judged->verdicts->pdata[i];
    if (g_str_equal (verdict->cls, cls) &&
        praxi_review_verdict_fits (start_ns, end_ns, verdict->start_ns, verdict->end_ns))
      return TRUE;
  }
  return FALSE;
}

static gint64
member_ns (JsonObject *event, const char *name)
{
  const double seconds = json_object_get_double_member_with_default (event, name, 0);
  return isfinite (seconds) && fabs (seconds) < 1e9 ? (gint64) llround (seconds * 1e9) : 0;
}

/* events: as a run keeps them */
static void
count_events (const char *events, const Judged *judged, PraxiReviewProgress *progress)
{
  g_autoptr (JsonNode) root = events != NULL ? json_from_string (events, NULL) : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    return;
  JsonArray *array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    JsonObject *event = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
    if (event == NULL)
      continue;
    const char *cls = json_object_get_string_member_with_default (event, "class", "");
    const gint64 start_ns = member_ns (event, "start_s"), end_ns = member_ns (event, "end_s");
    progress->n_events++;
    progress->n_judged +=
        has_label (judged, cls, start_ns, end_ns) || has_verdict (judged, cls, start_ns, end_ns);
  }
}

/* Labels and coverage both stand by start: one walk over the two gives the length of their union.
 */
static gint64
union_ns (const GPtrArray *labels, const GArray *coverage)
{
  gint64 length_ns = 0, at_ns = G_MININT64;
  guint l = 0, c = 0;
  while (l < labels->len || c < coverage->len) {
    const PraxiLabel *label = l < labels->len ? labels->pdata[l] : NULL;
    const PraxiSeenSpan *seen =
        c < coverage->len ? &g_array_index (coverage, PraxiSeenSpan, c) : NULL;
    const gboolean is_label = seen == NULL || (label != NULL && label->start_ns < seen->start_ns);
    const gint64 start_ns = is_label ? label->start_ns : seen->start_ns;
    const gint64 end_ns = is_label ? label->end_ns : seen->end_ns;
    length_ns += MAX (0, end_ns - MAX (start_ns, at_ns));
    at_ns = MAX (at_ns, end_ns);
    l += is_label;
    c += !is_label;
  }
  return length_ns;
}

static gboolean
is_reviewed (const GPtrArray *verdicts)
{
  for (guint i = 0; i < verdicts->len; i++) {
    const PraxiVerdict *verdict = verdicts->pdata[i];
    if (verdict->kind == PRAXI_VERDICT_REVIEWED && *verdict->cls == '\0')
      return TRUE;
  }
  return FALSE;
}

static gboolean
measure_media (PraxiStore *store,
               const PraxiMediaRow *media,
               GHashTable *classes,
               PraxiReviewProgress *progress,
               GError **error)
{
  g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, media->id, error);
  g_autoptr (GPtrArray) verdicts =
      labels != NULL ? praxi_store_list_verdicts (store, media->id, error) : NULL;
  g_autoptr (GArray) coverage =
      verdicts != NULL ? praxi_store_list_coverage (store, media->id, error) : NULL;
  if (coverage == NULL)
    return FALSE;
  const Judged judged = {labels, verdicts, classes};
  g_autoptr (PraxiRun) run = praxi_store_latest_run (store, media->id, NULL, NULL);
  *progress = (PraxiReviewProgress){.media_id = media->id, .duration_ns = media->duration_ns};
  progress->seen_ns = MIN (union_ns (labels, coverage), media->duration_ns);
  progress->is_reviewed = is_reviewed (verdicts);
  count_events (run != NULL ? run->events : NULL, &judged, progress);
  return TRUE;
}

GArray *
praxi_store_review_progress (PraxiStore *store, GError **error)
{
  g_autoptr (GPtrArray) media = praxi_store_list_media (store, error);
  g_autoptr (GPtrArray) classes = media != NULL ? praxi_store_list_classes (store, error) : NULL;
  if (classes == NULL)
    return NULL;
  g_autoptr (GHashTable) names = g_hash_table_new (g_int64_hash, g_int64_equal);
  for (guint i = 0; i < classes->len; i++) {
    PraxiClass *cls = classes->pdata[i];
    g_hash_table_insert (names, &cls->id, cls->name);
  }
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (PraxiReviewProgress));
  for (guint i = 0; i < media->len; i++) {
    PraxiReviewProgress progress;
    if (!measure_media (store, media->pdata[i], names, &progress, error))
      return NULL;
    g_array_append_val (all, progress);
  }
  return g_steal_pointer (&all);
}
