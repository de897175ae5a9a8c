/* Undo, redo and the audit are one thing: a list of history rows that only grows. Each row holds a
 * changed row before and after, who changed it and when, and a hash over all of that and over the
 * hash of the row before it. An undo is itself such a row. Undo is unlimited and works across
 * restarts; steps of all programs that write the project form one line.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

/* Takes back the newest step (or takes back its undo).
 * what:   out, may be NULL: what was undone, for people ("add label"); free with g_free
 * Errors: NOT_FOUND (nothing to undo), and those of praxi_store_begin
 */
gboolean praxi_store_undo (PraxiStore *store, char **what, GError **error);
gboolean praxi_store_redo (PraxiStore *store, char **what, GError **error);
gboolean praxi_store_can_undo (PraxiStore *store);
gboolean praxi_store_can_redo (PraxiStore *store);

/* One changed row. */
typedef struct {
  gint64 seq;    /* 1, 2, 3 … without a gap */
  gint64 step;   /* seq of the first row of the step it belongs to */
  char *verb;    /* "edit", "undo", "redo", or "note": kept, but undo passes over it */
  gint64 target; /* the step undone or redone, else 0 */
  char *kind;    /* "media", "class", "label", "model", "run", "verdict", "class_order",
                    "scene_media" */
  gint64 row_id;
  char *before; /* the row as SQL literals, NULL when there was none */
  char *after;  /* NULL when it was removed */
  char *author;
  gint64 at_us; /* since 1970, UTC */
} PraxiHistoryRow;

void praxi_history_row_free (PraxiHistoryRow *row);

/* The rows after seq `after` (0: all), at most `limit` (0: all), oldest first; PraxiHistoryRow,
 * freed with the array. NULL on error.
 */
GPtrArray *praxi_store_list_history (PraxiStore *store, gint64 after, gint64 limit, GError **error);

/* A row that a view has to read again. */
typedef struct {
  char kind[12]; /* as in PraxiHistoryRow */
  gint64 row_id;
} PraxiChangedRow;

/* The rows changed after history row `after`, each once: PraxiChangedRow. NULL without error when
 * more than `max` changes were made: reading everything is quicker then.
 */
GArray *praxi_store_changed_rows (PraxiStore *store, gint64 after, guint max, GError **error);

/* What praxi_store_verify found. */
typedef struct {
  gboolean is_intact;
  gint64 n_labels;
  gint64 n_history;
  char head[65];       /* hash of the newest history row, hex; written down elsewhere it proves that
                          nothing up to there was changed */
  GPtrArray *problems; /* char *, one sentence each, at most 100 */
  gint64 n_problems;   /* all of them */
} PraxiVerifyReport;

void praxi_verify_report_free (PraxiVerifyReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiVerifyReport, praxi_verify_report_free)

/* Checks the database, every hash of the history, and that replaying the history gives exactly the
 * rows that are there: finds any row that was changed, removed, added or moved from outside. A
 * project too damaged to open is reported the same way, so this opens the file itself.
 * report: out, also when something is wrong with the project; free with praxi_verify_report_free
 * Returns FALSE only when the check itself could not be done.
 * Errors: NOT_FOUND, FORMAT (not a project file), UNSUPPORTED (newer), BUSY, DISK
 */
gboolean praxi_store_verify_file (const char *path, PraxiVerifyReport **report, GError **error);

/* The same for an open project. */
gboolean praxi_store_verify (PraxiStore *store, PraxiVerifyReport **report, GError **error);

G_END_DECLS
