#include "engine/store/history-private.h"

#include <string.h>

#define HISTORY_COLUMNS "seq, step, verb, target, kind, row_id, before, after, author, at_us"

void
praxi_history_row_free (PraxiHistoryRow *row)
{
  g_free (row->verb);
  g_free (row->kind);
  g_free (row->before);
  g_free (row->after);
  g_free (row->author);
  g_free (row);
}

PraxiHistoryRow *
praxi_history_row_read (PraxiStatement *statement)
{
  PraxiHistoryRow *row = g_new0 (PraxiHistoryRow, 1);
  row->seq = sqlite3_column_int64 (statement, 0);
  row->step = sqlite3_column_int64 (statement, 1);
  row->verb = praxi_sql_text (statement, 2);
  row->target = sqlite3_column_int64 (statement, 3);
  row->kind = praxi_sql_text (statement, 4);
  row->row_id = sqlite3_column_int64 (statement, 5);
  row->before = praxi_sql_text (statement, 6);
  row->after = praxi_sql_text (statement, 7);
  row->author = praxi_sql_text (statement, 8);
  row->at_us = sqlite3_column_int64 (statement, 9);
  return row;
}

void
praxi_history_hash (const PraxiHistoryRow *row,
                    const guint8 previous[PRAXI_ROW_HASH_BYTES],
                    guint8 hash[PRAXI_ROW_HASH_BYTES])
{
  g_autoptr (GString) text = g_string_sized_new (512);
  praxi_row_add_int (text, row->seq);
  praxi_row_add_int (text, row->step);
  praxi_row_add_text (text, row->verb);
  praxi_row_add_int (text, row->target);
  praxi_row_add_text (text, row->kind);
  praxi_row_add_int (text, row->row_id);
  praxi_row_add_text (text, row->before);
  praxi_row_add_text (text, row->after);
  praxi_row_add_text (text, row->author);
  praxi_row_add_int (text, row->at_us);
  praxi_row_hash (previous, PRAXI_ROW_HASH_BYTES, "history", text->str, hash);
}

gboolean
praxi_history_read_head (PraxiStore *store, GError **error)
{
  static const char sql[] = "SELECT seal.seq, seal.hash, history.seq, history.hash FROM seal"
                            " LEFT JOIN history ON history.seq = (SELECT max (seq) FROM history)";
  g_autoptr (PraxiStatement) read = praxi_sql_prepare (store, sql, error);
  const int status = read != NULL ? praxi_sql_step (store, read, error) : -1;
  if (status < 0)
    return FALSE;
  const gint64 seq = sqlite3_column_int64 (read, 0);
  const void *sealed = sqlite3_column_blob (read, 1);
  const void *newest = sqlite3_column_blob (read, 3);
  const gboolean is_sealed = status == 1 && sqlite3_column_bytes (read, 1) == PRAXI_ROW_HASH_BYTES;
  const gboolean has_newest = seq == 0 || (sqlite3_column_bytes (read, 3) == PRAXI_ROW_HASH_BYTES &&
                                           memcmp (sealed, newest, PRAXI_ROW_HASH_BYTES) == 0);
  if (!is_sealed || seq != sqlite3_column_int64 (read, 2) || !has_newest)
    return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                             "the end of its history is missing or changed; see what with 'praxi "
                             "label verify' and go on in a copy");
  store->head.seq = seq;
  memcpy (store->head.hash, sealed, PRAXI_ROW_HASH_BYTES);
  return TRUE;
}

gboolean
praxi_history_write_seal (PraxiStore *store, GError **error)
{
  if (store->step == 0)
    return TRUE;
  PraxiStatement *write = praxi_sql_prepare (store, "UPDATE seal SET seq = ?1, hash = ?2", error);
  if (write == NULL)
    return FALSE;
  sqlite3_bind_int64 (write, 1, store->head.seq);
  sqlite3_bind_blob (write, 2, store->head.hash, PRAXI_ROW_HASH_BYTES, SQLITE_STATIC);
  return praxi_sql_run (store, write, error);
}

/* The text outlives the statement's run. */
static void
bind_borrowed (PraxiStatement *statement, int parameter, const char *text)
{
  sqlite3_bind_text (statement, parameter, text, -1, SQLITE_STATIC);
}

static gboolean
insert_history (PraxiStore *store, const PraxiHistoryRow *row, GError **error)
{
  static const char sql[] = "INSERT INTO history (" HISTORY_COLUMNS ", hash)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
  PraxiStatement *insert = praxi_sql_prepare (store, sql, error);
  if (insert == NULL)
    return FALSE;
  praxi_history_hash (row, store->head.hash, store->head.hash);
  store->head.seq = row->seq;
  sqlite3_bind_int64 (insert, 1, row->seq);
  sqlite3_bind_int64 (insert, 2, row->step);
  bind_borrowed (insert, 3, row->verb);
  sqlite3_bind_int64 (insert, 4, row->target);
  bind_borrowed (insert, 5, row->kind);
  sqlite3_bind_int64 (insert, 6, row->row_id);
  bind_borrowed (insert, 7, row->before);
  bind_borrowed (insert, 8, row->after);
  bind_borrowed (insert, 9, row->author);
  sqlite3_bind_int64 (insert, 10, row->at_us);
  sqlite3_bind_blob (insert, 11, store->head.hash, PRAXI_ROW_HASH_BYTES, SQLITE_STATIC);
  return praxi_sql_run (store, insert, error);
}

/* The row as it is now; *row is NULL when there is none. */
static gboolean
read_row (PraxiStore *store, PraxiKind kind, gint64 id, GString **row, GError **error)
{
  const PraxiRecordTable *table = &praxi_record_tables[kind];
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, table->select, error);
  if (select == NULL)
    return FALSE;
  sqlite3_bind_int64 (select, 1, id);
  const int status = praxi_sql_step (store, select, error);
  if (status > 0) {
    *row = g_string_sized_new (256);
    praxi_row_add_columns (*row, select, 0, table->n_columns);
  }
  return status >= 0;
}

static gboolean
put_row (PraxiStore *store, PraxiKind kind, const char *row, GError **error)
{
  const PraxiRecordTable *table = &praxi_record_tables[kind];
  PraxiStatement *put = praxi_sql_prepare (store, table->put, error);
  if (put == NULL)
    return FALSE;
  if (praxi_row_bind (row, put) != table->n_columns) {
    praxi_statement_reset (put);
    return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                             "its history is damaged; see where with 'praxi label verify'");
  }
  guint8 hash[PRAXI_ROW_HASH_BYTES];
  praxi_row_hash (NULL, 0, table->name, row, hash);
  sqlite3_bind_blob (put, table->n_columns + 1, hash, sizeof hash, SQLITE_STATIC);
  return praxi_sql_run (store, put, error);
}

static gboolean
remove_row (PraxiStore *store, PraxiKind kind, gint64 id, GError **error)
{
  PraxiStatement *remove = praxi_sql_prepare (store, praxi_record_tables[kind].remove, error);
  if (remove == NULL)
    return FALSE;
  sqlite3_bind_int64 (remove, 1, id);
  return praxi_sql_run (store, remove, error);
}

/* Fills in before, seq, step, author and time of `row`, and writes it and the row it speaks of.
 * is_new: its id was never used, so that nothing was there before
 */
static gboolean
record (PraxiStore *store, PraxiKind kind, PraxiHistoryRow *row, gboolean is_new, GError **error)
{
  g_autoptr (GString) before = NULL;
  if (!is_new && !read_row (store, kind, row->row_id, &before, error))
    return FALSE;
  if (!is_new && row->after == NULL)
    g_hash_table_remove_all (store->seen_rows);
  if (before == NULL && row->after == NULL)
    return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                             "there is no %s %" G_GINT64_FORMAT "; list them again",
                             praxi_record_tables[kind].name, row->row_id);
  row->before = before != NULL ? before->str : NULL;
  row->seq = store->head.seq + 1;
  row->step = store->step != 0 ? store->step : row->seq;
  row->author = store->author;
  row->at_us = g_get_real_time ();
  store->step = row->step;
  const gboolean is_written = row->after != NULL ? put_row (store, kind, row->after, error)
                                                 : remove_row (store, kind, row->row_id, error);
  return is_written && insert_history (store, row, error);
}

gboolean
praxi_history_change (PraxiStore *store,
                      PraxiKind kind,
                      gint64 *id,
                      const char *values,
                      GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  const PraxiRecordTable *table = &praxi_record_tables[kind];
  const gboolean is_note = store->only_notes || !table->is_undoable;
  const gboolean is_new = id == NULL || *id == 0;
  const gint64 row_id = is_new ? store->head.seq + 1 : *id;
  g_autofree char *after =
      values != NULL ? g_strdup_printf ("%" G_GINT64_FORMAT ",%s", row_id, values) : NULL;
  PraxiHistoryRow row = {
      .verb = is_note ? "note" : "edit",
      .kind = (char *) table->name,
      .row_id = row_id,
      .after = after,
  };
  const gboolean ok = record (store, kind, &row, is_new, error);
  if (ok && id != NULL)
    *id = row_id;
  return praxi_store_end (store, ok, error);
}

static gboolean
is_last (const GArray *stack, gint64 step)
{
  return stack->len > 0 && g_array_index (stack, gint64, stack->len - 1) == step;
}

/* Moves a step between the stacks as its history row says. */
static void
follow (PraxiStore *store, gint64 step, const char *verb, gint64 target)
{
  const gboolean is_undo = g_strcmp0 (verb, "undo") == 0;
  const gboolean is_redo = g_strcmp0 (verb, "redo") == 0;
  if (g_strcmp0 (verb, "edit") == 0 && !is_last (store->undo, step)) {
    g_array_append_val (store->undo, step);
    g_array_set_size (store->redo, 0);
  }
  GArray *from = is_undo ? store->undo : store->redo;
  GArray *to = is_undo ? store->redo : store->undo;
  if ((is_undo || is_redo) && is_last (from, target)) {
    g_array_set_size (from, from->len - 1);
    g_array_append_val (to, target);
  }
}

/* Brings the stacks up to the newest history row, whichever program wrote it. Not inside a group
 * that has changed something: that may still be rolled back.
 */
static gboolean
follow_history (PraxiStore *store, GError **error)
{
  static const char sql[] = "SELECT seq, step, verb, target FROM history WHERE seq > ?1";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return FALSE;
  sqlite3_bind_int64 (select, 1, store->seen_seq);
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0) {
    store->seen_seq = sqlite3_column_int64 (select, 0);
    follow (store, sqlite3_column_int64 (select, 1), (const char *) sqlite3_column_text (select, 2),
            sqlite3_column_int64 (select, 3));
  }
  return status == 0;
}

GPtrArray *
praxi_store_list_history (PraxiStore *store, gint64 after, gint64 limit, GError **error)
{
  static const char sql[] =
      "SELECT " HISTORY_COLUMNS " FROM history WHERE seq > ?1 ORDER BY seq LIMIT ?2";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, after);
  sqlite3_bind_int64 (select, 2, limit > 0 ? limit : -1);
  g_autoptr (GPtrArray) rows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_history_row_free);
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0)
    g_ptr_array_add (rows, praxi_history_row_read (select));
  return status == 0 ? g_steal_pointer (&rows) : NULL;
}

GArray *
praxi_store_changed_rows (PraxiStore *store, gint64 after, guint max, GError **error)
{
  static const char sql[] =
      "SELECT DISTINCT kind, row_id FROM history WHERE seq > ?1 ORDER BY kind, row_id";
  const gint64 revision = praxi_store_revision (store);
  if (revision - after > (gint64) max || revision < after)
    return NULL;
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, after);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (PraxiChangedRow));
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0) {
    PraxiChangedRow row = {.row_id = sqlite3_column_int64 (select, 1)};
    const char *kind = (const char *) sqlite3_column_text (select, 0);
    g_strlcpy (row.kind, kind != NULL ? kind : "", sizeof row.kind);
    g_array_append_val (rows, row);
  }
  return status == 0 ? g_steal_pointer (&rows) : NULL;
}

/* The rows of a step that can be undone; they stand one behind the other. */
static GPtrArray *
read_step (PraxiStore *store, gint64 step, GError **error)
{
  static const char sql[] = "SELECT " HISTORY_COLUMNS " FROM history WHERE seq >= ?1 ORDER BY seq";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, step);
  g_autoptr (GPtrArray) rows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_history_row_free);
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0 &&
         sqlite3_column_int64 (select, 1) == step)
    if (g_strcmp0 ((const char *) sqlite3_column_text (select, 2), "edit") == 0)
      g_ptr_array_add (rows, praxi_history_row_read (select));
  return status >= 0 ? g_steal_pointer (&rows) : NULL;
}

/* "add label", "remove 3 labels", "change 4 rows". */
static char *
describe (const GPtrArray *rows)
{
  const char *verb = NULL;
  const char *kind = NULL;
  guint n_labels = 0;
  for (guint i = 0; i < rows->len; i++) {
    const PraxiHistoryRow *row = rows->pdata[i];
    const gboolean is_label = strcmp (row->kind, "label") == 0;
    const char *this_verb = row->before == NULL ? "add" : row->after == NULL ? "remove" : "change";
    if (verb == NULL || (is_label && n_labels == 0))
      verb = this_verb;
    else if (strcmp (verb, this_verb) != 0)
      verb = "change";
    if (kind == NULL || is_label)
      kind = row->kind;
    n_labels += is_label;
  }
  if (n_labels > 1)
    return g_strdup_printf ("%s %u labels", verb, n_labels);
  return g_strdup_printf ("%s %s", verb != NULL ? verb : "change", kind != NULL ? kind : "nothing");
}

static gboolean
revert_rows (PraxiStore *store, const GPtrArray *rows, gboolean is_undo, GError **error)
{
  for (guint i = 0; i < rows->len; i++) {
    const PraxiHistoryRow *old = rows->pdata[is_undo ? rows->len - 1 - i : i];
    const PraxiKind kind = praxi_kind_from_name (old->kind);
    if (kind == PRAXI_N_KINDS)
      return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                               "its history is damaged; see where with 'praxi label verify'");
    PraxiHistoryRow row = {
        .verb = is_undo ? "undo" : "redo",
        .target = old->step,
        .kind = old->kind,
        .row_id = old->row_id,
        .after = is_undo ? old->before : old->after,
    };
    if (!record (store, kind, &row, FALSE, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
revert_last (PraxiStore *store, gboolean is_undo, char **what, GError **error)
{
  const GArray *stack = is_undo ? store->undo : store->redo;
  if (!follow_history (store, error))
    return FALSE;
  if (stack->len == 0)
    return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                             "nothing to %s; change something first", is_undo ? "undo" : "redo");
  const gint64 step = g_array_index (stack, gint64, stack->len - 1);
  g_autoptr (GPtrArray) rows = read_step (store, step, error);
  if (rows == NULL || !revert_rows (store, rows, is_undo, error))
    return FALSE;
  if (what != NULL)
    *what = describe (rows);
  return TRUE;
}

static gboolean
revert (PraxiStore *store, gboolean is_undo, char **what, GError **error)
{
  if (store->depth > 0)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "undo cannot be part of a group of changes; commit it first");
  if (!praxi_store_begin (store, error))
    return FALSE;
  g_autofree char *text = NULL;
  const gboolean ok = revert_last (store, is_undo, &text, error);
  if (!praxi_store_end (store, ok, error))
    return FALSE;
  if (what != NULL)
    *what = g_steal_pointer (&text);
  return TRUE;
}

gboolean
praxi_store_undo (PraxiStore *store, char **what, GError **error)
{
  return revert (store, TRUE, what, error);
}

gboolean
praxi_store_redo (PraxiStore *store, char **what, GError **error)
{
  return revert (store, FALSE, what, error);
}

gboolean
praxi_store_can_undo (PraxiStore *store)
{
  if (store->step == 0 || store->depth == 0)
    follow_history (store, NULL);
  return store->undo->len > 0;
}

gboolean
praxi_store_can_redo (PraxiStore *store)
{
  if (store->step == 0 || store->depth == 0)
    follow_history (store, NULL);
  return store->redo->len > 0;
}
