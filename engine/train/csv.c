#include "engine/train/csv.h"

#include <string.h>

/* Reads one field at *at into field and leaves *at at what ended it. */
static void
read_field (const char **at, GString *field)
{
  const char *c = *at;
  while (*c == ' ' || *c == '\t')
    c++;
  if (*c == '"') {
    for (c++; *c != '\0'; c++) {
      if (*c == '"' && c[1] == '"')
        c++;
      else if (*c == '"')
        break;
      g_string_append_c (field, *c);
    }
    c += *c == '"';
    c += strcspn (c, ",\r\n");
  } else {
    const gsize length = strcspn (c, ",\r\n");
    g_string_append_len (field, c, (gssize) length);
    g_strchomp (field->str);
    g_string_set_size (field, strlen (field->str));
    c += length;
  }
  *at = c;
}

GPtrArray *
praxi_csv_parse (const char *text)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  const char *at = g_str_has_prefix (text, "\xef\xbb\xbf") ? text + 3 : text;
  while (*at != '\0') {
    if (*at == '\r' || *at == '\n') {
      at++;
      continue;
    }
    g_autoptr (GStrvBuilder) row = g_strv_builder_new ();
    for (gboolean is_last = FALSE; !is_last; at += !is_last) {
      g_autoptr (GString) field = g_string_new (NULL);
      read_field (&at, field);
      g_strv_builder_add (row, field->str);
      is_last = *at != ',';
    }
    g_ptr_array_add (rows, g_strv_builder_end (row));
  }
  return rows;
}
