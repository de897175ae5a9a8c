/* What the exchange formats share: a label as a file names it. Inside the store only. */
#pragma once

#include "engine/store/exchange.h"

G_BEGIN_DECLS

typedef struct {
  int line; /* in the file, 0 when not known */
  gint64 id;
  char *media; /* path as the file has it */
  char *cls;
  gboolean has_times;
  gint64 start_ns;
  gint64 end_ns;
  int start_frame; /* -1 when not known */
  int end_frame;
  char *author;
  char *source;
  char *note;
  gint64 created_us; /* 0 when not known */
  char *group;
  char *split;
} PraxiExchangeRow;

PraxiExchangeRow *praxi_exchange_row_new (int line);
void praxi_exchange_row_free (PraxiExchangeRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiExchangeRow, praxi_exchange_row_free)

/* Parse text (valid UTF-8) into rows (PraxiExchangeRow). shown: the file, for messages.
 * Errors: FORMAT
 */
gboolean
praxi_exchange_read_csv (const char *text, const char *shown, GPtrArray *rows, GError **error);
gboolean
praxi_exchange_read_json (const char *text, const char *shown, GPtrArray *rows, GError **error);

/* The whole file as text; free with g_string_free. */
GString *praxi_exchange_write_csv (const GPtrArray *rows);
GString *praxi_exchange_write_dataset (const GPtrArray *rows);
GString *praxi_exchange_write_json (const GPtrArray *rows);

/* "12.5": exact, in every locale. */
char *praxi_exchange_seconds (gint64 time_ns);

/* Seconds to ns. Returns FALSE when they are not a time. */
gboolean praxi_exchange_parse_seconds (double seconds, gint64 *time_ns);

/* Reads what praxi_exchange_date wrote, and other dates of ISO 8601. */
gboolean praxi_exchange_parse_date (const char *text, gint64 *time_us);

G_END_DECLS
