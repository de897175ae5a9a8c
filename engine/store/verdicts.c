#include "engine/store/verdicts.h"

#include "engine/store/records.h"

#define VERDICT_COLUMNS                                                                            \
  "id, media_id, model_sha256, class, start_ns, end_ns, verdict, author, created_us"

static const char *const kind_names[] = {
    [PRAXI_VERDICT_REJECTED] = "rejected",
    [PRAXI_VERDICT_REVIEWED] = "reviewed",
};

PraxiVerdict *
praxi_verdict_copy (const PraxiVerdict *verdict)
{
  PraxiVerdict *copy = g_memdup2 (verdict, sizeof *verdict);
  copy->model_sha256 = g_strdup (verdict->model_sha256);
  copy->cls = g_strdup (verdict->cls);
  copy->author = g_strdup (verdict->author);
  return copy;
}

void
praxi_verdict_free (PraxiVerdict *verdict)
{
  if (verdict == NULL)
    return;
  g_free (verdict->model_sha256);
  g_free (verdict->cls);
  g_free (verdict->author);
  g_free (verdict);
}

static char *
read_name (PraxiStatement *select, int column)
{
  char *name = praxi_sql_text (select, column);
  return name != NULL ? name : g_strdup ("");
}

static gpointer
read_verdict (PraxiStore *store, PraxiStatement *select)
{
  PraxiVerdict *verdict = g_new0 (PraxiVerdict, 1);
  g_autofree char *kind = praxi_sql_text (select, 6);
  verdict->id = sqlite3_column_int64 (select, 0);
  verdict->media_id = sqlite3_column_int64 (select, 1);
  verdict->model_sha256 = read_name (select, 2);
  verdict->cls = read_name (select, 3);
  verdict->start_ns = sqlite3_column_int64 (select, 4);
  verdict->end_ns = sqlite3_column_int64 (select, 5);
  verdict->kind = g_strcmp0 (kind, kind_names[PRAXI_VERDICT_REJECTED]) == 0
                      ? PRAXI_VERDICT_REJECTED
                      : PRAXI_VERDICT_REVIEWED;
  verdict->author = read_name (select, 7);
  verdict->created_us = sqlite3_column_int64 (select, 8);
  return verdict;
}

GPtrArray *
praxi_store_list_verdicts (PraxiStore *store, gint64 media_id, GError **error)
{
  static const char sql[] = "SELECT " VERDICT_COLUMNS " FROM verdict"
                            " WHERE ?1 = 0 OR media_id = ?1 ORDER BY media_id, start_ns, id";
  const GDestroyNotify free_func = (GDestroyNotify) praxi_verdict_free;
  if (store->schema < 2)
    return g_ptr_array_new_with_free_func (free_func);
  PraxiStatement *select = praxi_sql_prepare (store, sql, error);
  if (select != NULL)
    sqlite3_bind_int64 (select, 1, media_id);
  return praxi_store_read_records (store, select, read_verdict, free_func, error);
}

PraxiVerdict *
praxi_store_get_verdict (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_store_read_record (store, PRAXI_KIND_VERDICT, id, read_verdict, error);
}

static gboolean
write_verdict (PraxiStore *store, const PraxiVerdict *verdict, gint64 *id, GError **error)
{
  const gsize max_name = PRAXI_STORE_MAX_NAME_BYTES;
  if (verdict->start_ns >= verdict->end_ns)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "a verdict must end after it starts; swap the times");
  if (!praxi_store_check_text (store, "model", verdict->model_sha256, max_name, error) ||
      !praxi_store_check_text (store, "class name", verdict->cls, max_name, error) ||
      !praxi_store_check_text (store, "author", verdict->author, max_name, error) ||
      !praxi_store_check_record (store, PRAXI_KIND_MEDIA, verdict->media_id, error))
    return FALSE;
  g_autoptr (GString) row = g_string_sized_new (256);
  praxi_row_add_int (row, verdict->media_id);
  praxi_row_add_text (row, verdict->model_sha256 != NULL ? verdict->model_sha256 : "");
  praxi_row_add_text (row, verdict->cls != NULL ? verdict->cls : "");
  praxi_row_add_int (row, verdict->start_ns);
  praxi_row_add_int (row, verdict->end_ns);
  praxi_row_add_text (row, kind_names[verdict->kind]);
  praxi_row_add_text (row, verdict->author != NULL ? verdict->author : store->author);
  praxi_row_add_int (row, verdict->created_us != 0 ? verdict->created_us : g_get_real_time ());
  return praxi_history_change (store, PRAXI_KIND_VERDICT, id, row->str, error);
}

gboolean
praxi_store_add_verdict (PraxiStore *store, const PraxiVerdict *verdict, gint64 *id, GError **error)
{
  gint64 new_id = 0;
  if (!praxi_store_begin (store, error))
    return FALSE;
  if (!praxi_store_end (store, write_verdict (store, verdict, &new_id, error), error))
    return FALSE;
  if (id != NULL)
    *id = new_id;
  return TRUE;
}

gboolean
praxi_store_remove_verdict (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_history_change (store, PRAXI_KIND_VERDICT, &id, NULL, error);
}
