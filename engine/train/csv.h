/* CSV as RFC 4180 has it, and as people's programs write it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Splits text into rows of fields: GPtrArray of char ** (NULL-terminated), both freed with it.
 * Quotes, doubled quotes, commas and line ends inside quotes, CRLF, a byte order mark. Spaces
 * around unquoted fields are left out, and rows without any character. An unclosed quote ends with
 * the text.
 */
GPtrArray *praxi_csv_parse (const char *text);

G_END_DECLS
