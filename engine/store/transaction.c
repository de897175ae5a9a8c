/* Groups of changes: one transaction, one step of undo. */
#include <errno.h>

#include "engine/store/history-private.h"
#include "engine/store/sql.h"

static gboolean
check_identity (const PraxiStore *store, GError **error)
{
  PraxiDiskId id = {0};
  if (store->disk->identify (store->path, &id) == 0 && id.device == store->id.device &&
      id.inode == store->id.inode)
    return TRUE;
  return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                           "the file was moved, deleted or replaced while it was open; save a copy "
                           "under another name and open that");
}

static gboolean
begin_transaction (PraxiStore *store, GError **error)
{
  if (store->is_read_only)
    return praxi_store_fail (store, PRAXI_ERROR_READ_ONLY, error,
                             "opened read-only; allow writing to the file and its folder, then "
                             "open it again");
  if (!check_identity (store, error) || !praxi_sql_exec (store, "BEGIN IMMEDIATE", error))
    return FALSE;
  store->step = 0;
  g_hash_table_remove_all (store->seen_rows);
  if (praxi_history_read_head (store, error))
    return TRUE;
  sqlite3_exec (store->db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

gboolean
praxi_store_begin (PraxiStore *store, GError **error)
{
  if (store->group_error != NULL) {
    g_propagate_error (error, g_error_copy (store->group_error));
    return FALSE;
  }
  if (store->depth == 0 && !begin_transaction (store, error))
    return FALSE;
  store->depth++;
  return TRUE;
}

void
praxi_store_rollback (PraxiStore *store)
{
  if (store->depth == 0)
    return;
  store->depth = 0;
  g_clear_error (&store->group_error);
  if (!sqlite3_get_autocommit (store->db))
    sqlite3_exec (store->db, "ROLLBACK", NULL, NULL, NULL);
}

gboolean
praxi_store_commit (PraxiStore *store, GError **error)
{
  if (store->depth == 0)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "no group of changes was begun; begin one");
  if (store->depth > 1) {
    store->depth--;
    return TRUE;
  }
  if (store->group_error != NULL)
    g_propagate_error (error, g_steal_pointer (&store->group_error));
  else if (praxi_history_write_seal (store, error) && check_identity (store, error) &&
           praxi_sql_exec (store, "COMMIT", error)) {
    store->depth = 0;
    return TRUE;
  }
  praxi_store_rollback (store);
  return FALSE;
}

gboolean
praxi_store_end (PraxiStore *store, gboolean ok, GError **error)
{
  if (ok)
    return praxi_store_commit (store, error);
  if (store->depth > 1) {
    store->depth--;
    if (store->group_error == NULL && error != NULL && *error != NULL)
      store->group_error = g_error_copy (*error);
    else if (store->group_error == NULL)
      praxi_store_fail (store, PRAXI_ERROR_FAILED, &store->group_error,
                        "a change in the group failed; try again");
  } else {
    praxi_store_rollback (store);
  }
  return FALSE;
}
