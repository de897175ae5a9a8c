#include "engine/store/sql.h"

#include <errno.h>

#include "engine/core/text.h"

enum {
  MAX_LENGTH_BYTES = 16 << 20,
  MAX_SQL_BYTES = 1 << 20,
  PROGRESS_OPS = 10000,
};

static const struct {
  int option;
  int on;
} connection_options[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, /* the schema has none of either */
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}, /* until the file is accepted */
};

static const struct {
  int id;
  int value;
} connection_limits[] = {
    {SQLITE_LIMIT_LENGTH, MAX_LENGTH_BYTES},
    {SQLITE_LIMIT_SQL_LENGTH, MAX_SQL_BYTES},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
};

/* synchronous=FULL: with WAL, NORMAL forgets acknowledged commits when the power fails. */
static const char connection_pragmas[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA cache_size = -16384;" /* kB; an import must not spill */
    "PRAGMA cell_size_check = ON;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA temp_store = MEMORY;";

void
praxi_statement_reset (PraxiStatement *statement)
{
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
}

static int
open_flags (PraxiSqlMode mode)
{
  const int common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (mode == PRAXI_SQL_WRITE)
    return common | SQLITE_OPEN_READWRITE;
  if (mode == PRAXI_SQL_CREATE)
    return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  return common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
}

static char *
open_name (const PraxiStore *store, PraxiSqlMode mode)
{
  if (mode == PRAXI_SQL_WRITE || mode == PRAXI_SQL_CREATE)
    return g_strdup (store->path);
  g_autofree char *uri = g_filename_to_uri (store->path, NULL, NULL);
  const char *options = mode == PRAXI_SQL_READ_IMMUTABLE ? "?immutable=1"
                        : mode == PRAXI_SQL_READ_NO_LOCK ? "?vfs=unix-none"
                                                         : "";
  return g_strconcat (uri, options, NULL);
}

gboolean
praxi_sql_open (PraxiStore *store, PraxiSqlMode mode, GError **error)
{
  g_autofree char *name = open_name (store, mode);
  if (sqlite3_open_v2 (name, &store->db, open_flags (mode), store->disk->vfs) != SQLITE_OK)
    return praxi_sql_fail (store, error);
  for (guint i = 0; i < G_N_ELEMENTS (connection_options); i++)
    sqlite3_db_config (store->db, connection_options[i].option, connection_options[i].on, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (connection_limits); i++)
    sqlite3_limit (store->db, connection_limits[i].id, connection_limits[i].value);
  sqlite3_busy_timeout (store->db, PRAXI_STORE_BUSY_MS);
  if (mode == PRAXI_SQL_READ_NO_LOCK &&
      !praxi_sql_exec (store, "PRAGMA locking_mode = EXCLUSIVE", error))
    return FALSE;
  return praxi_sql_exec (store, connection_pragmas, error);
}

static int
deadline_cb (void *data)
{
  const gint64 *deadline_us = data;
  return g_get_monotonic_time () > *deadline_us;
}

void
praxi_sql_set_deadline (PraxiStore *store, gint64 limit_us)
{
  store->deadline_us = g_get_monotonic_time () + limit_us;
  if (limit_us > 0)
    sqlite3_progress_handler (store->db, PROGRESS_OPS, deadline_cb, &store->deadline_us);
  else
    sqlite3_progress_handler (store->db, 0, NULL, NULL);
}

PraxiStatement *
praxi_sql_prepare (PraxiStore *store, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (store->statements, sql);
  if (statement != NULL)
    return statement;
  const unsigned flags = SQLITE_PREPARE_PERSISTENT;
  if (sqlite3_prepare_v3 (store->db, sql, -1, flags, &statement, NULL) != SQLITE_OK) {
    praxi_sql_fail (store, error);
    return NULL;
  }
  g_hash_table_insert (store->statements, (gpointer) sql, statement);
  return statement;
}

int
praxi_sql_step (PraxiStore *store, PraxiStatement *statement, GError **error)
{
  const int status = sqlite3_step (statement);
  if (status == SQLITE_ROW)
    return 1;
  if (status == SQLITE_DONE)
    return 0;
  praxi_sql_fail (store, error);
  return -1;
}

gboolean
praxi_sql_run (PraxiStore *store, PraxiStatement *statement, GError **error)
{
  const int status = praxi_sql_step (store, statement, error);
  praxi_statement_reset (statement);
  return status >= 0;
}

gboolean
praxi_sql_exec (PraxiStore *store, const char *sql, GError **error)
{
  return sqlite3_exec (store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
         praxi_sql_fail (store, error);
}

gboolean
praxi_sql_int (PraxiStore *store, const char *sql, gint64 fallback, gint64 *value, GError **error)
{
  g_autoptr (PraxiStatement) statement = praxi_sql_prepare (store, sql, error);
  if (statement == NULL)
    return FALSE;
  const int status = praxi_sql_step (store, statement, error);
  *value = status > 0 ? sqlite3_column_int64 (statement, 0) : fallback;
  return status >= 0;
}

void
praxi_sql_bind_text (PraxiStatement *statement, int parameter, const char *text)
{
  sqlite3_bind_text (statement, parameter, text, -1, SQLITE_TRANSIENT);
}

void
praxi_sql_bind_bytes (PraxiStatement *statement, int parameter, const char *bytes)
{
  if (bytes != NULL)
    sqlite3_bind_blob64 (statement, parameter, bytes, strlen (bytes), SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (statement, parameter);
}

char *
praxi_sql_text (PraxiStatement *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

char *
praxi_sql_bytes (PraxiStatement *statement, int column)
{
  const char *bytes = sqlite3_column_blob (statement, column);
  const gsize n_bytes = (gsize) sqlite3_column_bytes (statement, column);
  if (sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NULL;
  return g_strndup (bytes != NULL ? bytes : "", n_bytes);
}

static gboolean
fail_disk (PraxiStore *store, gboolean is_full, GError **error)
{
  if (!is_full)
    return praxi_store_fail (store, PRAXI_ERROR_DISK, error,
                             "the disk refused to read or write (%s); check the disk and try again",
                             sqlite3_errmsg (store->db));
  g_autofree char *left = praxi_text_bytes (store->disk->free_bytes (store->path));
  return praxi_store_fail (store, PRAXI_ERROR_DISK, error,
                           "the disk is full (%s free); make room and try again", left);
}

static const struct {
  int code;
  PraxiErrorCode error;
  const char *text;
} sql_errors[] = {
    {SQLITE_BUSY, PRAXI_ERROR_BUSY, "another program is writing to it; try again when it is done"},
    {SQLITE_LOCKED, PRAXI_ERROR_BUSY,
     "another program is writing to it; try again when it is done"},
    {SQLITE_READONLY, PRAXI_ERROR_READ_ONLY,
     "cannot be written; allow writing to the file and its folder"},
    {SQLITE_CANTOPEN, PRAXI_ERROR_DISK,
     "cannot be opened; check that the file and its folder can be read and written"},
    {SQLITE_PERM, PRAXI_ERROR_READ_ONLY, "access is denied; check the permissions of the file"},
    {SQLITE_CORRUPT, PRAXI_ERROR_FORMAT,
     "the project file is damaged; see what with 'praxi label verify'"},
    {SQLITE_NOTADB, PRAXI_ERROR_FORMAT, "not a project file; choose a file that ends in .praxi"},
    {SQLITE_INTERRUPT, PRAXI_ERROR_FORMAT,
     "checking it takes too long; see why with 'praxi label verify'"},
    {SQLITE_TOOBIG, PRAXI_ERROR_FORMAT,
     "holds a text too long for a project; open a copy from before"},
    {SQLITE_NOMEM, PRAXI_ERROR_MEMORY, "not enough memory; close other programs and try again"},
};

gboolean
praxi_sql_fail (PraxiStore *store, GError **error)
{
  const int code = sqlite3_errcode (store->db) & 0xff;
  const int system_code = store->db != NULL ? sqlite3_system_errno (store->db) : 0;
  const gboolean is_full = system_code == ENOSPC || system_code == EDQUOT;
  if (code == SQLITE_FULL || (code == SQLITE_IOERR && is_full))
    return fail_disk (store, TRUE, error);
  if (code == SQLITE_IOERR)
    return fail_disk (store, FALSE, error);
  for (guint i = 0; i < G_N_ELEMENTS (sql_errors); i++)
    if (sql_errors[i].code == code)
      return praxi_store_fail (store, sql_errors[i].error, error, "%s", sql_errors[i].text);
  return praxi_store_fail (store, PRAXI_ERROR_FAILED, error,
                           "%s; see 'praxi label verify' and try again",
                           sqlite3_errmsg (store->db));
}
