/* A row as a list of SQL literals ("12,3,'fight',NULL,X'2f61'"): the one form in which rows are
 * hashed, kept in the history and put back. Inside the store only.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

enum { PRAXI_ROW_HASH_BYTES = 32 };

/* Each appends one value, with a comma before it unless the row is empty. NULL appends NULL. */
void praxi_row_add_int (GString *row, gint64 value);
void praxi_row_add_text (GString *row, const char *text);  /* valid UTF-8 */
void praxi_row_add_bytes (GString *row, const char *path); /* as X'…' */

/* Appends n columns of the statement's current row. What no writer of ours could have stored (a
 * text that is not UTF-8 or holds a NUL, a real number) gets a literal that no other value has.
 */
void praxi_row_add_columns (GString *row, sqlite3_stmt *statement, int first, int n);

/* Binds the values of a row to parameters 1, 2, … Returns their number, -1 when row is malformed.
 */
int praxi_row_bind (const char *row, sqlite3_stmt *statement);

/* SHA-256 over prefix (n_prefix bytes), kind and row. */
void praxi_row_hash (const void *prefix,
                     gsize n_prefix,
                     const char *kind,
                     const char *row,
                     guint8 hash[PRAXI_ROW_HASH_BYTES]);

G_END_DECLS
