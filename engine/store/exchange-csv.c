#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/store/csv.h"
#include "engine/store/exchange-private.h"

/* How a cell goes into a row. Returns what is wrong with it, NULL when nothing is. */
typedef const char *(*ReadCell) (PraxiExchangeRow *row, const char *cell);

static const char *
read_text (char **text, const char *cell)
{
  g_free (*text);
  *text = *cell != '\0' ? g_strdup (praxi_csv_plain (cell)) : NULL;
  return NULL;
}

static const char *
read_media (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->media, cell);
}

static const char *
read_class (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->cls, cell);
}

static const char *
read_author (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->author, cell);
}

static const char *
read_source (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->source, cell);
}

static const char *
read_note (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->note, cell);
}

static const char *
read_group (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->group, cell);
}

static const char *
read_split (PraxiExchangeRow *row, const char *cell)
{
  return read_text (&row->split, cell);
}

static const char *
read_seconds (gint64 *time_ns, const char *cell)
{
  char *end = NULL;
  const double seconds = g_ascii_strtod (cell, &end);
  if (end == cell || *end != '\0' || !praxi_exchange_parse_seconds (seconds, time_ns))
    return "is not a time in seconds";
  return NULL;
}

static const char *
read_start (PraxiExchangeRow *row, const char *cell)
{
  if (*cell == '\0')
    return NULL;
  row->has_times = TRUE;
  return read_seconds (&row->start_ns, cell);
}

static const char *
read_end (PraxiExchangeRow *row, const char *cell)
{
  if (*cell == '\0')
    return row->has_times ? "is empty though a start is given" : NULL;
  if (!row->has_times)
    return "is given without a start";
  return read_seconds (&row->end_ns, cell);
}

static const char *
read_frame (int *frame, const char *cell)
{
  gint64 value = 0;
  if (*cell == '\0')
    return NULL;
  if (!g_ascii_string_to_signed (cell, 10, 0, G_MAXINT, &value, NULL))
    return "is not a frame number";
  *frame = (int) value;
  return NULL;
}

static const char *
read_start_frame (PraxiExchangeRow *row, const char *cell)
{
  return read_frame (&row->start_frame, cell);
}

static const char *
read_end_frame (PraxiExchangeRow *row, const char *cell)
{
  return read_frame (&row->end_frame, cell);
}

static const char *
read_created (PraxiExchangeRow *row, const char *cell)
{
  if (*cell != '\0' && !praxi_exchange_parse_date (cell, &row->created_us))
    return "is not a date (2026-01-31T12:00:00Z)";
  return NULL;
}

static const struct {
  const char *name;
  ReadCell read;
} columns[] = {
    {"media", read_media},         {"file", read_media},      {"class", read_class},
    {"start_s", read_start},       {"end_s", read_end},       {"start_frame", read_start_frame},
    {"end_frame", read_end_frame}, {"author", read_author},   {"source", read_source},
    {"note", read_note},           {"created", read_created}, {"group", read_group},
    {"split", read_split},
};

static int
find_column (const GPtrArray *header, const char *name)
{
  for (guint i = 0; i < header->len; i++)
    if (strcmp (header->pdata[i], name) == 0)
      return (int) i;
  return -1;
}

static gboolean
check_header (const GPtrArray *header, const char *shown, GError **error)
{
  const gboolean has_media =
      find_column (header, "media") >= 0 || find_column (header, "file") >= 0;
  if (has_media && find_column (header, "class") >= 0)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: the first line names no columns 'file' (or 'media') and 'class'; begin the "
               "file with file,class,start_s,end_s",
               shown);
  return FALSE;
}

/* Columns are read in the order of the table above, which has start before end. */
static PraxiExchangeRow *
read_row (const GPtrArray *header,
          const GPtrArray *cells,
          int line,
          const char *shown,
          GError **error)
{
  g_autoptr (PraxiExchangeRow) row = praxi_exchange_row_new (line);
  if (cells->len != header->len) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s: line %d has %u cells where the first line has %u; quote cells that hold a "
                 "comma",
                 shown, line, cells->len, header->len);
    return NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++) {
    const int at = find_column (header, columns[i].name);
    const char *wrong = at >= 0 ? columns[i].read (row, cells->pdata[at]) : NULL;
    if (wrong != NULL) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "%s: line %d: %s %s; correct it", shown,
                   line, columns[i].name, wrong);
      return NULL;
    }
  }
  if (row->media != NULL && row->cls != NULL)
    return g_steal_pointer (&row);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: line %d names no %s; add it or remove the line", shown, line,
               row->media == NULL ? "file" : "class");
  return NULL;
}

gboolean
praxi_exchange_read_csv (const char *text, const char *shown, GPtrArray *rows, GError **error)
{
  g_autoptr (GPtrArray) header = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  const char *at = text;
  int line = 1;
  praxi_csv_read (&at, &line, header);
  if (!check_header (header, shown, error))
    return FALSE;
  for (int row_line = line; praxi_csv_read (&at, &line, cells); row_line = line) {
    if (cells->len == 1 && *(const char *) cells->pdata[0] == '\0')
      continue;
    PraxiExchangeRow *row = read_row (header, cells, row_line, shown, error);
    if (row == NULL)
      return FALSE;
    g_ptr_array_add (rows, row);
  }
  if (at != NULL)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: a quote that opens a cell is never closed; close it", shown);
  return FALSE;
}

static void
add_seconds (GString *csv, gint64 time_ns)
{
  g_autofree char *text = praxi_exchange_seconds (time_ns);
  praxi_csv_add_raw (csv, text);
}

static void
add_number (GString *csv, gint64 number, gboolean is_known)
{
  char text[24] = "";
  if (is_known)
    g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, number);
  praxi_csv_add_raw (csv, text);
}

GString *
praxi_exchange_write_csv (const GPtrArray *rows)
{
  GString *csv = g_string_new (
      "id,media,class,start_s,end_s,start_frame,end_frame,author,source,note,created\r\n");
  for (guint i = 0; i < rows->len; i++) {
    const PraxiExchangeRow *row = rows->pdata[i];
    g_autofree char *created = praxi_exchange_date (row->created_us);
    add_number (csv, row->id, TRUE);
    praxi_csv_add_text (csv, row->media);
    praxi_csv_add_text (csv, row->cls);
    add_seconds (csv, row->start_ns);
    add_seconds (csv, row->end_ns);
    add_number (csv, row->start_frame, row->start_frame >= 0);
    add_number (csv, row->end_frame, row->end_frame >= 0);
    praxi_csv_add_text (csv, row->author);
    praxi_csv_add_text (csv, row->source);
    praxi_csv_add_text (csv, row->note);
    praxi_csv_add_raw (csv, created);
    praxi_csv_end (csv);
  }
  return csv;
}

GString *
praxi_exchange_write_dataset (const GPtrArray *rows)
{
  GString *csv = g_string_new ("file,class,start_s,end_s,group,split\r\n");
  for (guint i = 0; i < rows->len; i++) {
    const PraxiExchangeRow *row = rows->pdata[i];
    praxi_csv_add_text (csv, row->media);
    praxi_csv_add_text (csv, row->cls);
    add_seconds (csv, row->start_ns);
    add_seconds (csv, row->end_ns);
    praxi_csv_add_text (csv, row->group != NULL ? row->group : "");
    praxi_csv_add_text (csv, row->split != NULL ? row->split : "");
    praxi_csv_end (csv);
  }
  return csv;
}
