/* SQLite with the project's settings, prepared statements that are kept, errors as sentences.
 * Inside the store only.
 */
#pragma once

#include "engine/store/store-private.h"

G_BEGIN_DECLS

/* A prepared statement of the store, to be used by one function at a time; g_autoptr resets it. */
typedef sqlite3_stmt PraxiStatement;
void praxi_statement_reset (PraxiStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStatement, praxi_statement_reset)

/* Opens path and applies every setting that does not write to the file. immutable, no_lock: how to
 * read a file whose folder cannot be written.
 */
typedef enum {
  PRAXI_SQL_WRITE,
  PRAXI_SQL_CREATE,
  PRAXI_SQL_READ,
  PRAXI_SQL_READ_IMMUTABLE,
  PRAXI_SQL_READ_NO_LOCK,
} PraxiSqlMode;
gboolean praxi_sql_open (PraxiStore *store, PraxiSqlMode mode, GError **error);

/* sql: a string that lives as long as the store (a literal). NULL on error. */
PraxiStatement *praxi_sql_prepare (PraxiStore *store, const char *sql, GError **error);

/* The next row: 1 there is one, 0 there is none, -1 error. */
int praxi_sql_step (PraxiStore *store, PraxiStatement *statement, GError **error);

/* Runs a statement that returns no row. */
gboolean praxi_sql_run (PraxiStore *store, PraxiStatement *statement, GError **error);

/* Runs SQL text that binds nothing. */
gboolean praxi_sql_exec (PraxiStore *store, const char *sql, GError **error);

/* The first column of the first row, or fallback when there is no row. Returns FALSE on error. */
gboolean
praxi_sql_int (PraxiStore *store, const char *sql, gint64 fallback, gint64 *value, GError **error);

void praxi_sql_bind_text (PraxiStatement *statement, int parameter, const char *text);
void praxi_sql_bind_bytes (PraxiStatement *statement, int parameter, const char *bytes);

/* Copies a column. A NULL stays NULL; what is not valid UTF-8 in a text is replaced. Bytes end at
 * their first NUL.
 */
char *praxi_sql_text (PraxiStatement *statement, int column);
char *praxi_sql_bytes (PraxiStatement *statement, int column);

/* Turns the connection's last error into a sentence. Returns FALSE. */
gboolean praxi_sql_fail (PraxiStore *store, GError **error);

/* Stops any statement that runs for longer than this; 0 for no limit. */
void praxi_sql_set_deadline (PraxiStore *store, gint64 limit_us);

G_END_DECLS
