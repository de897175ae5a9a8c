#include "engine/store/media-overview.h"

#include "engine/store/history-private.h"
#include "engine/store/verdicts.h"

void
praxi_media_overview_free (PraxiMediaOverview *overview)
{
  if (overview == NULL)
    return;
  praxi_media_row_free (overview->media);
  g_free (overview->track_path);
  g_free (overview);
}

/* by_id: media id → PraxiMediaOverview */
static PraxiMediaOverview *
find (GHashTable *by_id, gint64 media_id)
{
  return g_hash_table_lookup (by_id, &media_id);
}

static gboolean
add_labels (PraxiStore *store, GHashTable *by_id, GError **error)
{
  g_autoptr (PraxiStatement) select =
      praxi_sql_prepare (store, "SELECT media_id, count (*) FROM label GROUP BY media_id", error);
  int status = select != NULL ? 1 : -1;
  while (status > 0 && (status = praxi_sql_step (store, select, error)) > 0) {
    PraxiMediaOverview *overview = find (by_id, sqlite3_column_int64 (select, 0));
    if (overview != NULL)
      overview->n_labels = sqlite3_column_int64 (select, 1);
  }
  return status == 0;
}

static void
take_run (PraxiStore *store, PraxiStatement *select, PraxiMediaOverview *overview)
{
  g_autofree char *track = praxi_sql_bytes (select, 1);
  g_autofree char *state = praxi_sql_text (select, 2);
  g_free (overview->track_path);
  overview->track_path =
      praxi_store_full_path (store, track != NULL && *track != '\0' ? track : ".");
  overview->has_run = TRUE;
  overview->run_state = PRAXI_RUN_RUNNING;
  if (g_strcmp0 (state, "done") == 0)
    overview->run_state = PRAXI_RUN_DONE;
  else if (g_strcmp0 (state, "cancelled") == 0)
    overview->run_state = PRAXI_RUN_CANCELLED;
}

static gboolean
add_runs (PraxiStore *store, GHashTable *by_id, GError **error)
{
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (
      store, "SELECT media_id, track, state FROM run WHERE state <> 'failed' ORDER BY id", error);
  int status = select != NULL ? 1 : -1;
  while (status > 0 && (status = praxi_sql_step (store, select, error)) > 0) {
    PraxiMediaOverview *overview = find (by_id, sqlite3_column_int64 (select, 0));
    if (overview != NULL)
      take_run (store, select, overview);
  }
  return status == 0;
}

static gboolean
add_reviews (PraxiStore *store, GHashTable *by_id, GError **error)
{
  g_autoptr (GPtrArray) verdicts = praxi_store_list_verdicts (store, 0, error);
  for (guint i = 0; verdicts != NULL && i < verdicts->len; i++) {
    const PraxiVerdict *verdict = verdicts->pdata[i];
    PraxiMediaOverview *overview = find (by_id, verdict->media_id);
    const gboolean is_whole = g_strcmp0 (verdict->cls, "") == 0;
    if (overview != NULL && is_whole && verdict->kind == PRAXI_VERDICT_REVIEWED)
      overview->is_reviewed = TRUE;
  }
  return verdicts != NULL;
}

GPtrArray *
praxi_store_list_overview (PraxiStore *store, GError **error)
{
  g_autoptr (GPtrArray) media = praxi_store_list_media (store, error);
  if (media == NULL)
    return NULL;
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_media_overview_free);
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_ptr_array_set_free_func (media, NULL);
  for (guint i = 0; i < media->len; i++) {
    PraxiMediaOverview *overview = g_new0 (PraxiMediaOverview, 1);
    overview->media = media->pdata[i];
    g_ptr_array_add (list, overview);
    g_hash_table_insert (by_id, &overview->media->id, overview);
  }
  const gboolean is_good = add_labels (store, by_id, error) && add_runs (store, by_id, error) &&
                           add_reviews (store, by_id, error);
  return is_good ? g_steal_pointer (&list) : NULL;
}
