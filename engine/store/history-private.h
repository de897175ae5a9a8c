/* How the tables of the store record their changes. Inside the store only. */
#pragma once

#include "engine/store/history.h"
#include "engine/store/sql.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_KIND_MEDIA,
  PRAXI_KIND_CLASS,
  PRAXI_KIND_LABEL,
  PRAXI_KIND_MODEL,
  PRAXI_KIND_RUN,
  PRAXI_KIND_VERDICT,
  PRAXI_KIND_CLASS_ORDER,
  PRAXI_KIND_SCENE_MEDIA,
  PRAXI_N_KINDS,
} PraxiKind;

/* A table whose rows are hashed and recorded. Column 0 is the id, the hash follows the others. */
typedef struct {
  const char *name;
  int n_columns; /* without the hash */
  gboolean is_undoable;
  int since;          /* the schema that brought it */
  const char *select; /* ?1: id */
  const char *select_all;
  const char *put; /* ?1…: columns, then the hash */
  const char *remove;
} PraxiRecordTable;

extern const PraxiRecordTable praxi_record_tables[PRAXI_N_KINDS];

/* The table of that name, PRAXI_N_KINDS when there is none. */
PraxiKind praxi_kind_from_name (const char *name);

/* Writes one row and its history row, as its own transaction unless a group is open.
 * id:     in/out: 0 for a new row; may be NULL for a new row
 * values: the columns behind id (row.h), NULL to remove the row; borrowed
 */
gboolean praxi_history_change (PraxiStore *store,
                               PraxiKind kind,
                               gint64 *id,
                               const char *values,
                               GError **error);

/* Called at the begin and the commit of the outermost group. */
gboolean praxi_history_read_head (PraxiStore *store, GError **error);
gboolean praxi_history_write_seal (PraxiStore *store, GError **error);

/* The hash of a history row from the hash before it. */
void praxi_history_hash (const PraxiHistoryRow *row,
                         const guint8 previous[PRAXI_ROW_HASH_BYTES],
                         guint8 hash[PRAXI_ROW_HASH_BYTES]);

/* Reads the columns seq … at_us of the statement's current row; damaged text is made valid. */
PraxiHistoryRow *praxi_history_row_read (PraxiStatement *statement);

G_END_DECLS
