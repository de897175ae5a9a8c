#include "engine/store/records.h"

GPtrArray *
praxi_store_read_records (PraxiStore *store,
                          PraxiStatement *select,
                          PraxiReadRecord read,
                          GDestroyNotify free_func,
                          GError **error)
{
  g_autoptr (PraxiStatement) statement = select;
  if (statement == NULL)
    return NULL;
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (free_func);
  int status;
  while ((status = praxi_sql_step (store, statement, error)) > 0)
    g_ptr_array_add (records, read (store, statement));
  return status == 0 ? g_steal_pointer (&records) : NULL;
}

/* As praxi_sql_step: 1 the statement stands on the row, 0 there is none, -1 error. */
static int
find_row (PraxiStore *store, PraxiKind kind, gint64 id, PraxiStatement **select, GError **error)
{
  *select = praxi_sql_prepare (store, praxi_record_tables[kind].select, error);
  if (*select == NULL)
    return -1;
  sqlite3_bind_int64 (*select, 1, id);
  return praxi_sql_step (store, *select, error);
}

gpointer
praxi_store_read_record (PraxiStore *store,
                         PraxiKind kind,
                         gint64 id,
                         PraxiReadRecord read,
                         GError **error)
{
  g_autoptr (PraxiStatement) select = NULL;
  const int status = find_row (store, kind, id, &select, error);
  if (status == 0)
    praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                      "there is no %s %" G_GINT64_FORMAT "; list them again",
                      praxi_record_tables[kind].name, id);
  return status > 0 ? read (store, select) : NULL;
}

/* What was seen in this transaction is still there: nobody else writes, and a removal forgets all.
 */
gboolean
praxi_store_check_record (PraxiStore *store, PraxiKind kind, gint64 id, GError **error)
{
  const gint64 key = id * PRAXI_N_KINDS + kind;
  if (store->depth > 0 && g_hash_table_contains (store->seen_rows, &key))
    return TRUE;
  g_autoptr (PraxiStatement) select = NULL;
  const int status = find_row (store, kind, id, &select, error);
  if (status == 0)
    return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                             "there is no %s %" G_GINT64_FORMAT "; add it first",
                             praxi_record_tables[kind].name, id);
  if (status > 0 && store->depth > 0)
    g_hash_table_add (store->seen_rows, g_memdup2 (&key, sizeof key));
  return status > 0;
}
