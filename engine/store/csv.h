/* CSV as RFC 4180 has it: commas, CRLF or LF, cells quoted where needed, quotes doubled. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads the record at *at into cells (char *, freed with the array; emptied first) and moves *at
 * behind it. line: in/out: number of the line *at stands on, from 1
 * Returns FALSE at the end of the text, or when a quote is not closed (*at is then NULL).
 */
gboolean praxi_csv_read (const char **at, int *line, GPtrArray *cells);

/* Append one cell, with a comma before it unless it is the first of its record. A text that a
 * spreadsheet would run as a formula (or that begins with an apostrophe) gets an apostrophe in
 * front, which praxi_csv_plain takes off.
 */
void praxi_csv_add_text (GString *csv, const char *text);
void praxi_csv_add_raw (GString *csv, const char *text);
void praxi_csv_end (GString *csv);
const char *praxi_csv_plain (const char *cell);

G_END_DECLS
