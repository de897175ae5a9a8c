/* The audit: the database's own check, the chain of hashes, and a replay of the history, which must
 * give exactly the rows that are there.
 */
#include <string.h>

#include "engine/store/history-private.h"
#include "engine/store/log-check.h"

enum { MAX_PROBLEMS = 100 };

void
praxi_verify_report_free (PraxiVerifyReport *report)
{
  if (report == NULL)
    return;
  g_ptr_array_unref (report->problems);
  g_free (report);
}

static void G_GNUC_PRINTF (2, 3) add_problem (PraxiVerifyReport *report, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  report->n_problems++;
  if (report->problems->len < MAX_PROBLEMS)
    g_ptr_array_add (report->problems, g_utf8_make_valid (text, -1));
}

/* A failed read is a finding, not the end of the check. */
static void
add_error (PraxiVerifyReport *report, const char *what, PraxiStore *store)
{
  add_problem (report, "%s cannot be read: %s", what, sqlite3_errmsg (store->db));
}

static void
check_database (PraxiStore *store, PraxiVerifyReport *report)
{
  g_autoptr (PraxiStatement) check = praxi_sql_prepare (store, "PRAGMA integrity_check", NULL);
  int status = -1;
  while (check != NULL && (status = praxi_sql_step (store, check, NULL)) > 0) {
    const char *text = (const char *) sqlite3_column_text (check, 0);
    if (g_strcmp0 (text, "ok") != 0)
      add_problem (report, "database: %s", text != NULL ? text : "damaged");
  }
  if (status < 0)
    add_error (report, "database", store);
}

static void
check_references (PraxiStore *store, PraxiVerifyReport *report)
{
  g_autoptr (PraxiStatement) check = praxi_sql_prepare (store, "PRAGMA foreign_key_check", NULL);
  int status = -1;
  while (check != NULL && (status = praxi_sql_step (store, check, NULL)) > 0)
    add_problem (report, "%s %" G_GINT64_FORMAT ": points to a row that is not there",
                 sqlite3_column_text (check, 0), (gint64) sqlite3_column_int64 (check, 1));
  if (status < 0)
    add_error (report, "database", store);
}

static void
check_schema (PraxiStore *store, PraxiVerifyReport *report)
{
  g_autofree char *odd = NULL;
  if (!praxi_store_check_schema (store, &odd, NULL))
    add_error (report, "the schema", store);
  else if (odd != NULL)
    add_problem (report, "database: %s", odd);
}

/* What the history says of every row: "kind id" → the row as text. */
typedef GHashTable Replay;

static char *
replay_key (const char *kind, gint64 id)
{
  return g_strdup_printf ("%s %" G_GINT64_FORMAT, kind, id);
}

static void
replay_row (Replay *replay, PraxiHistoryRow *row, PraxiVerifyReport *report)
{
  g_autofree char *key = replay_key (row->kind, row->row_id);
  if (g_strcmp0 (g_hash_table_lookup (replay, key), row->before) != 0)
    add_problem (report,
                 "history %" G_GINT64_FORMAT ": %s %" G_GINT64_FORMAT
                 " was changed from outside before this row",
                 row->seq, row->kind, row->row_id);
  if (row->after != NULL)
    g_hash_table_replace (replay, g_steal_pointer (&key), g_steal_pointer (&row->after));
  else
    g_hash_table_remove (replay, key);
}

/* Checks one history row against the head so far, which then moves on to it. */
static void
check_history_row (PraxiStatement *select,
                   PraxiHistoryHead *head,
                   Replay *replay,
                   PraxiVerifyReport *report)
{
  PraxiHistoryRow *row = praxi_history_row_read (select);
  const void *stored = sqlite3_column_blob (select, 10);
  const gboolean has_hash = sqlite3_column_bytes (select, 10) == PRAXI_ROW_HASH_BYTES;
  guint8 expected[PRAXI_ROW_HASH_BYTES];
  praxi_history_hash (row, head->hash, expected);
  if (row->seq != head->seq + 1)
    add_problem (report, "history: rows %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " are missing",
                 head->seq + 1, row->seq - 1);
  else if (!has_hash || memcmp (stored, expected, sizeof expected) != 0)
    add_problem (report, "history %" G_GINT64_FORMAT ": the row, or the one before it, was changed",
                 row->seq);
  head->seq = row->seq;
  memcpy (head->hash, has_hash ? stored : expected, PRAXI_ROW_HASH_BYTES);
  replay_row (replay, row, report);
  praxi_history_row_free (row);
}

static void
check_history (PraxiStore *store, PraxiHistoryHead *head, Replay *replay, PraxiVerifyReport *report)
{
  static const char sql[] = "SELECT seq, step, verb, target, kind, row_id, before, after, author,"
                            " at_us, hash FROM history ORDER BY seq";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, NULL);
  int status = -1;
  while (select != NULL && (status = praxi_sql_step (store, select, NULL)) > 0) {
    check_history_row (select, head, replay, report);
    report->n_history++;
  }
  if (status < 0)
    add_error (report, "the history", store);
}

static void
check_seal (PraxiStore *store, const PraxiHistoryHead *head, PraxiVerifyReport *report)
{
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, "SELECT seq, hash FROM seal", NULL);
  if (select == NULL || praxi_sql_step (store, select, NULL) <= 0) {
    add_error (report, "the seal of the history", store);
    return;
  }
  const gint64 seq = sqlite3_column_int64 (select, 0);
  const gboolean is_whole = sqlite3_column_bytes (select, 1) == PRAXI_ROW_HASH_BYTES;
  if (seq > head->seq)
    add_problem (report, "history: rows %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " are missing",
                 head->seq + 1, seq);
  else if (seq < head->seq || !is_whole ||
           memcmp (sqlite3_column_blob (select, 1), head->hash, PRAXI_ROW_HASH_BYTES) != 0)
    add_problem (report, "history: its seal does not match row %" G_GINT64_FORMAT, head->seq);
}

static void
check_row (PraxiStatement *select,
           const PraxiRecordTable *table,
           Replay *replay,
           PraxiVerifyReport *report)
{
  const gint64 id = sqlite3_column_int64 (select, 0);
  g_autoptr (GString) row = g_string_sized_new (256);
  praxi_row_add_columns (row, select, 0, table->n_columns);
  guint8 hash[PRAXI_ROW_HASH_BYTES];
  praxi_row_hash (NULL, 0, table->name, row->str, hash);
  const int column = table->n_columns;
  const gboolean is_hash_right =
      sqlite3_column_bytes (select, column) == PRAXI_ROW_HASH_BYTES &&
      memcmp (sqlite3_column_blob (select, column), hash, sizeof hash) == 0;
  g_autofree char *key = replay_key (table->name, id);
  const char *expected = g_hash_table_lookup (replay, key);
  if (expected == NULL)
    add_problem (report, "%s: was added from outside; the history does not know it", key);
  else if (strcmp (expected, row->str) != 0)
    add_problem (report, "%s: was changed from outside", key);
  else if (!is_hash_right)
    add_problem (report, "%s: its hash was changed", key);
  g_hash_table_remove (replay, key);
}

static void
check_table (PraxiStore *store,
             const PraxiRecordTable *table,
             Replay *replay,
             PraxiVerifyReport *report)
{
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, table->select_all, NULL);
  int status = -1;
  while (select != NULL && (status = praxi_sql_step (store, select, NULL)) > 0) {
    check_row (select, table, replay, report);
    report->n_labels += table == &praxi_record_tables[PRAXI_KIND_LABEL];
  }
  if (status < 0)
    add_error (report, table->name, store);
}

/* Rows the replay still holds were in no table. */
static void
check_missing (Replay *replay, PraxiVerifyReport *report)
{
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init (&iter, replay);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    add_problem (report, "%s: was removed from outside", (const char *) key);
}

static void
check_events (PraxiStore *store, PraxiVerifyReport *report)
{
  static const char sql[] = "SELECT id, events_sha256, events FROM run"
                            " LEFT JOIN run_events ON run_id = id ORDER BY id";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, NULL);
  int status = -1;
  while (select != NULL && (status = praxi_sql_step (store, select, NULL)) > 0) {
    const char *events = (const char *) sqlite3_column_text (select, 2);
    g_autofree char *sha256 =
        events != NULL ? g_compute_checksum_for_string (G_CHECKSUM_SHA256, events, -1) : NULL;
    if (g_strcmp0 (sha256, (const char *) sqlite3_column_text (select, 1)) != 0)
      add_problem (report, "run %" G_GINT64_FORMAT ": its events were changed from outside",
                   (gint64) sqlite3_column_int64 (select, 0));
  }
  if (status < 0)
    add_error (report, "run_events", store);
}

static void
write_head (const PraxiHistoryHead *head, PraxiVerifyReport *report)
{
  for (int i = 0; i < PRAXI_ROW_HASH_BYTES; i++)
    g_snprintf (report->head + 2 * i, 3, "%02x", head->hash[i]);
}

gboolean
praxi_store_verify (PraxiStore *store, PraxiVerifyReport **report, GError **error)
{
  const gboolean is_own = sqlite3_get_autocommit (store->db) != 0;
  if (is_own && !praxi_sql_exec (store, "BEGIN", error))
    return FALSE;
  PraxiHistoryHead head = {0};
  PraxiVerifyReport *found = g_new0 (PraxiVerifyReport, 1);
  g_autoptr (GHashTable) replay = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  found->problems = g_ptr_array_new_with_free_func (g_free);
  check_schema (store, found);
  check_database (store, found);
  check_references (store, found);
  check_history (store, &head, replay, found);
  check_seal (store, &head, found);
  for (int kind = 0; kind < PRAXI_N_KINDS; kind++)
    if (praxi_record_tables[kind].since <= store->schema)
      check_table (store, &praxi_record_tables[kind], replay, found);
  check_missing (replay, found);
  check_events (store, found);
  write_head (&head, found);
  found->is_intact = found->n_problems == 0;
  if (is_own)
    sqlite3_exec (store->db, "COMMIT", NULL, NULL, NULL);
  *report = found;
  return TRUE;
}

/* The log is looked at before SQLite opens, and perhaps shortens, it. */
gboolean
praxi_store_verify_file (const char *path, PraxiVerifyReport **report, GError **error)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  g_autofree char *problem = praxi_log_check (log);
  g_autoptr (PraxiStore) store = praxi_store_open_on (
      &praxi_disk_system, path, PRAXI_STORE_READ_ONLY | PRAXI_STORE_UNCHECKED, error);
  if (store == NULL || !praxi_store_verify (store, report, error))
    return FALSE;
  if (problem != NULL) {
    add_problem (*report, "%s", problem);
    (*report)->is_intact = FALSE;
  }
  return TRUE;
}
