#include "engine/store/csv.h"

#include <string.h>

/* OWASP, "CSV Injection": the characters that begin a formula in some spreadsheet. */
static const char formula_begins[] = "=+-@\t\r";

/* Reads a quoted cell behind its opening quote. Returns what follows the closing one, or NULL. */
static const char *
read_quoted (const char *at, int *line, GString *cell)
{
  for (; *at != '\0'; at++) {
    if (*at == '"' && at[1] != '"')
      return at + 1;
    if (*at == '"')
      at++;
    if (*at == '\n')
      ++*line;
    g_string_append_c (cell, *at);
  }
  return NULL;
}

static const char *
read_cell (const char *at, int *line, GPtrArray *cells)
{
  g_autoptr (GString) cell = g_string_new (NULL);
  if (*at == '"')
    at = read_quoted (at + 1, line, cell);
  if (at == NULL)
    return NULL;
  const gsize n = strcspn (at, ",\r\n");
  g_string_append_len (cell, at, (gssize) n);
  g_ptr_array_add (cells, g_strdup (cell->str));
  return at + n;
}

gboolean
praxi_csv_read (const char **at, int *line, GPtrArray *cells)
{
  g_ptr_array_set_size (cells, 0);
  if (*at == NULL || **at == '\0')
    return FALSE;
  const char *c = *at;
  while ((c = read_cell (c, line, cells)) != NULL && *c == ',')
    c++;
  if (c != NULL) {
    c += *c == '\r';
    *line += *c == '\n';
    c += *c == '\n';
  }
  *at = c;
  return c != NULL;
}

static gboolean
is_marked (char c)
{
  return c != '\0' && (strchr (formula_begins, c) != NULL || c == '\'');
}

const char *
praxi_csv_plain (const char *cell)
{
  return cell[0] == '\'' && is_marked (cell[1]) ? cell + 1 : cell;
}

static void
add_cell (GString *csv, const char *mark, const char *text)
{
  if (csv->len > 0 && csv->str[csv->len - 1] != '\n')
    g_string_append_c (csv, ',');
  if (*mark == '\0' && strpbrk (text, ",\"\r\n") == NULL) {
    g_string_append (csv, text);
    return;
  }
  g_string_append_c (csv, '"');
  g_string_append (csv, mark);
  for (; *text != '\0'; text++) {
    if (*text == '"')
      g_string_append_c (csv, '"');
    g_string_append_c (csv, *text);
  }
  g_string_append_c (csv, '"');
}

void
praxi_csv_add_raw (GString *csv, const char *text)
{
  add_cell (csv, "", text);
}

void
praxi_csv_add_text (GString *csv, const char *text)
{
  add_cell (csv, is_marked (text[0]) ? "'" : "", text);
}

void
praxi_csv_end (GString *csv)
{
  g_string_append (csv, "\r\n");
}
