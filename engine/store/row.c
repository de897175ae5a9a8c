#include "engine/store/row.h"

#include <string.h>

static void
separate (GString *row)
{
  if (row->len > 0)
    g_string_append_c (row, ',');
}

void
praxi_row_add_int (GString *row, gint64 value)
{
  char digits[24];
  char *at = digits + sizeof digits;
  guint64 left = value < 0 ? -(guint64) value : (guint64) value;
  separate (row);
  do
    *--at = (char) ('0' + left % 10);
  while ((left /= 10) != 0);
  if (value < 0)
    *--at = '-';
  g_string_append_len (row, at, digits + sizeof digits - at);
}

static void
add_quoted (GString *row, const char *text, gsize n_bytes)
{
  separate (row);
  g_string_append_c (row, '\'');
  for (const char *end = text + n_bytes; text < end;) {
    const char *quote = memchr (text, '\'', (gsize) (end - text));
    const char *stop = quote != NULL ? quote + 1 : end;
    g_string_append_len (row, text, stop - text);
    if (quote != NULL)
      g_string_append_c (row, '\'');
    text = stop;
  }
  g_string_append_c (row, '\'');
}

static void
add_hex (GString *row, char mark, const guint8 *bytes, gsize n_bytes)
{
  static const char digits[] = "0123456789abcdef";
  separate (row);
  g_string_append_c (row, mark);
  g_string_append_c (row, '\'');
  for (gsize i = 0; i < n_bytes; i++) {
    g_string_append_c (row, digits[bytes[i] >> 4]);
    g_string_append_c (row, digits[bytes[i] & 15]);
  }
  g_string_append_c (row, '\'');
}

static void
add_null (GString *row)
{
  separate (row);
  g_string_append (row, "NULL");
}

void
praxi_row_add_text (GString *row, const char *text)
{
  if (text == NULL)
    add_null (row);
  else
    add_quoted (row, text, strlen (text));
}

void
praxi_row_add_bytes (GString *row, const char *path)
{
  if (path == NULL)
    add_null (row);
  else
    add_hex (row, 'X', (const guint8 *) path, strlen (path));
}

static void
add_column (GString *row, sqlite3_stmt *statement, int column)
{
  const int type = sqlite3_column_type (statement, column);
  if (type == SQLITE_INTEGER) {
    praxi_row_add_int (row, sqlite3_column_int64 (statement, column));
    return;
  }
  if (type == SQLITE_NULL) {
    add_null (row);
    return;
  }
  const guint8 *bytes = type == SQLITE_BLOB ? sqlite3_column_blob (statement, column)
                                            : sqlite3_column_text (statement, column);
  const gsize n_bytes = (gsize) sqlite3_column_bytes (statement, column);
  if (type == SQLITE_BLOB)
    add_hex (row, 'X', bytes, n_bytes);
  else if (type == SQLITE_FLOAT)
    add_hex (row, 'R', bytes, n_bytes);
  else if (bytes != NULL && g_utf8_validate_len ((const char *) bytes, n_bytes, NULL))
    add_quoted (row, (const char *) bytes, n_bytes);
  else
    add_hex (row, 'T', bytes, bytes != NULL ? n_bytes : 0);
}

void
praxi_row_add_columns (GString *row, sqlite3_stmt *statement, int first, int n)
{
  for (int i = 0; i < n; i++)
    add_column (row, statement, first + i);
}

/* Each of these reads one literal at *at, binds it and moves *at behind it. */
static gboolean
bind_unquoted (const char *from, const char *end, sqlite3_stmt *statement, int parameter)
{
  g_autoptr (GString) text = g_string_sized_new ((gsize) (end - from));
  for (const char *c = from; c < end; c++) {
    g_string_append_c (text, *c);
    c += *c == '\'';
  }
  return sqlite3_bind_text (statement, parameter, text->str, (int) text->len, SQLITE_TRANSIENT) ==
         SQLITE_OK;
}

/* Most texts hold no quote and are bound where they stand. */
static gboolean
bind_text (const char **at, sqlite3_stmt *statement, int parameter)
{
  const char *from = *at + 1;
  gboolean has_quotes = FALSE;
  const char *end = strchr (from, '\'');
  while (end != NULL && end[1] == '\'') {
    has_quotes = TRUE;
    end = strchr (end + 2, '\'');
  }
  if (end == NULL)
    return FALSE;
  *at = end + 1;
  if (has_quotes)
    return bind_unquoted (from, end, statement, parameter);
  return sqlite3_bind_text (statement, parameter, from, (int) (end - from), SQLITE_TRANSIENT) ==
         SQLITE_OK;
}

static gboolean
bind_hex (const char **at, sqlite3_stmt *statement, int parameter)
{
  const char mark = **at;
  const char *c = *at + 2;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  for (; *c != '\'' && *c != '\0'; c += 2) {
    const int high = g_ascii_xdigit_value (c[0]);
    const int low = high >= 0 ? g_ascii_xdigit_value (c[1]) : -1;
    if (low < 0)
      return FALSE;
    const guint8 byte = (guint8) (high << 4 | low);
    g_byte_array_append (bytes, &byte, 1);
  }
  if (*c == '\0')
    return FALSE;
  *at = c + 1;
  const void *data = bytes->len > 0 ? (const void *) bytes->data : "";
  const int n = (int) bytes->len;
  if (mark == 'X')
    return sqlite3_bind_blob (statement, parameter, data, n, SQLITE_TRANSIENT) == SQLITE_OK;
  return sqlite3_bind_text (statement, parameter, data, n, SQLITE_TRANSIENT) == SQLITE_OK;
}

static gboolean
bind_int (const char **at, sqlite3_stmt *statement, int parameter)
{
  char *end = NULL;
  const gint64 value = g_ascii_strtoll (*at, &end, 10);
  if (end == *at)
    return FALSE;
  *at = end;
  return sqlite3_bind_int64 (statement, parameter, value) == SQLITE_OK;
}

static gboolean
bind_literal (const char **at, sqlite3_stmt *statement, int parameter)
{
  const char *c = *at;
  if (g_str_has_prefix (c, "NULL")) {
    *at = c + 4;
    return sqlite3_bind_null (statement, parameter) == SQLITE_OK;
  }
  if (*c == '\'')
    return bind_text (at, statement, parameter);
  if ((*c == 'X' || *c == 'T' || *c == 'R') && c[1] == '\'')
    return bind_hex (at, statement, parameter);
  return bind_int (at, statement, parameter);
}

int
praxi_row_bind (const char *row, sqlite3_stmt *statement)
{
  int n = 0;
  for (const char *at = row;;) {
    if (!bind_literal (&at, statement, n + 1))
      return -1;
    n++;
    if (*at == '\0')
      return n;
    if (*at++ != ',')
      return -1;
  }
}

void
praxi_row_hash (const void *prefix,
                gsize n_prefix,
                const char *kind,
                const char *row,
                guint8 hash[PRAXI_ROW_HASH_BYTES])
{
  gsize n_bytes = PRAXI_ROW_HASH_BYTES;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  if (n_prefix > 0)
    g_checksum_update (checksum, prefix, (gssize) n_prefix);
  g_checksum_update (checksum, (const guchar *) kind, -1);
  g_checksum_update (checksum, (const guchar *) ":", 1);
  g_checksum_update (checksum, (const guchar *) row, -1);
  g_checksum_get_digest (checksum, hash, &n_bytes);
}
