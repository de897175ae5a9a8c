#include "engine/store/coverage.h"

#include "engine/store/records.h"

/* The union of a span with all kept ones that overlap or touch it. */
static gboolean
find_union (PraxiStore *store, gint64 media_id, PraxiSeenSpan *span, GError **error)
{
  static const char sql[] = "SELECT min (start_ns), max (end_ns) FROM coverage"
                            " WHERE media_id = ?1 AND start_ns <= ?3 AND end_ns >= ?2";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return FALSE;
  sqlite3_bind_int64 (select, 1, media_id);
  sqlite3_bind_int64 (select, 2, span->start_ns);
  sqlite3_bind_int64 (select, 3, span->end_ns);
  const int status = praxi_sql_step (store, select, error);
  if (status > 0 && sqlite3_column_type (select, 0) != SQLITE_NULL) {
    span->start_ns = MIN (span->start_ns, sqlite3_column_int64 (select, 0));
    span->end_ns = MAX (span->end_ns, sqlite3_column_int64 (select, 1));
  }
  return status >= 0;
}

static gboolean
put_span (PraxiStore *store, const char *sql, gint64 media_id, PraxiSeenSpan span, GError **error)
{
  PraxiStatement *statement = praxi_sql_prepare (store, sql, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, media_id);
  sqlite3_bind_int64 (statement, 2, span.start_ns);
  sqlite3_bind_int64 (statement, 3, span.end_ns);
  return praxi_sql_run (store, statement, error);
}

static gboolean
add_span (PraxiStore *store, gint64 media_id, PraxiSeenSpan span, GError **error)
{
  static const char remove[] =
      "DELETE FROM coverage WHERE media_id = ?1 AND start_ns >= ?2 AND end_ns <= ?3";
  static const char insert[] =
      "INSERT INTO coverage (media_id, start_ns, end_ns) VALUES (?1, ?2, ?3)";
  return span.start_ns >= span.end_ns || (find_union (store, media_id, &span, error) &&
                                          put_span (store, remove, media_id, span, error) &&
                                          put_span (store, insert, media_id, span, error));
}

gboolean
praxi_store_add_coverage (PraxiStore *store,
                          gint64 media_id,
                          const PraxiSeenSpan *spans,
                          guint n_spans,
                          GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  gboolean ok = praxi_store_check_record (store, PRAXI_KIND_MEDIA, media_id, error);
  for (guint i = 0; ok && i < n_spans; i++)
    ok = add_span (store, media_id, spans[i], error);
  return praxi_store_end (store, ok, error);
}

GArray *
praxi_store_list_coverage (PraxiStore *store, gint64 media_id, GError **error)
{
  static const char sql[] =
      "SELECT start_ns, end_ns FROM coverage WHERE media_id = ?1 ORDER BY start_ns";
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (PraxiSeenSpan));
  if (store->schema < 2)
    return g_steal_pointer (&spans);
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, media_id);
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0) {
    const PraxiSeenSpan span = {sqlite3_column_int64 (select, 0), sqlite3_column_int64 (select, 1)};
    g_array_append_val (spans, span);
  }
  return status == 0 ? g_steal_pointer (&spans) : NULL;
}
