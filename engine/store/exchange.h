/* Labels in and out of a project as files other programs read.
 *
 * csv:     id,media,class,start_s,end_s,start_frame,end_frame,author,source,note,created
 * dataset: file,class,start_s,end_s,group,split (a labelled folder's labels.csv; times may be
 *          empty: the whole clip)
 * json:    {"labels":[{"id","media","class","start_s","end_s","start_frame","end_frame","author",
 *          "source","note","created"}]}
 *
 * CSV follows RFC 4180 and is UTF-8. A text cell that a spreadsheet would take for a formula is
 * written with a leading apostrophe, which import takes off again.
 */
#pragma once

#include "engine/store/labels.h"
#include "engine/store/media-table.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_EXCHANGE_CSV,
  PRAXI_EXCHANGE_DATASET,
  PRAXI_EXCHANGE_JSON,
} PraxiExchangeFormat;

/* A moment (µs since 1970) as JSON and CSV have it, UTC: "2026-11-22T18:00:00.123456Z"; g_free */
char *praxi_exchange_date (gint64 time_us);

/* "csv", "dataset", "json". Returns FALSE on any other name. */
gboolean praxi_exchange_format_from_name (const char *name, PraxiExchangeFormat *format);

/* Looks at footage that an import names, since the store itself opens no media.
 * label:  in: media frames (or none) and times (or none: start_ns ≥ end_ns, the whole clip); out:
 *         start and end times and frames are filled in as far as the footage can tell
 * media:  in: path; out: what is known of the footage
 * Returns FALSE without error when the footage cannot be opened: the label is kept as it is.
 */
typedef gboolean (*PraxiExchangeProbe) (PraxiMediaRow *media, PraxiLabel *label, gpointer data);

typedef struct {
  PraxiExchangeProbe probe; /* NULL: no footage is looked at */
  gpointer probe_data;
} PraxiImportOptions;

/* Adds all labels of a file, as one transaction and one step of undo: all or none. Classes and
 * footage that the project lacks are added; relative paths count from the file's folder. CSV and
 * dataset are told apart by their first line.
 * n_labels: out, may be NULL
 * Errors:   NOT_FOUND, FORMAT (names the line), and those of praxi_store_begin
 */
gboolean praxi_store_import (PraxiStore *store,
                             const char *path,
                             PraxiExchangeFormat format,
                             const PraxiImportOptions *options,
                             guint *n_labels,
                             GError **error);

/* Writes all labels to a file, which appears (or replaces an older one) only when it is complete
 * and on the disk. Footage beside or below the file is named relative to it.
 * path:   NULL: standard output
 * Errors: DISK, READ_ONLY, FORMAT
 */
gboolean praxi_store_export (PraxiStore *store,
                             const char *path,
                             PraxiExchangeFormat format,
                             guint *n_labels,
                             GError **error);

G_END_DECLS
