/* What the files of the store share. Nothing outside engine/store and its tests includes this. */
#pragma once

#include <sqlite3.h>

#include "engine/store/disk.h"
#include "engine/store/row.h"
#include "engine/store/store.h"

G_BEGIN_DECLS

#define PRAXI_STORE_APPLICATION_ID 0x50525846 /* "PRXF" */
#define PRAXI_STORE_SCHEMA 3

enum {
  PRAXI_STORE_BUSY_MS = 5000,
  PRAXI_STORE_MAX_TEXT_BYTES = 1 << 20,
  PRAXI_STORE_MAX_NAME_BYTES = 1 << 16,
};

/* Internal flags of praxi_store_open_on. */
enum {
  PRAXI_STORE_NEW = 1 << 8,       /* the file is being made */
  PRAXI_STORE_UNCHECKED = 1 << 9, /* open a damaged project too: for verify */
};

typedef struct {
  gint64 seq;
  guint8 hash[PRAXI_ROW_HASH_BYTES];
} PraxiHistoryHead;

struct PraxiStore {
  sqlite3 *db;
  const PraxiDisk *disk;
  PraxiDiskId id;
  char *path;
  char *shown; /* path, fit for a message */
  char *author;
  gboolean is_read_only;
  gboolean is_remote;
  int schema;             /* of the file; older than ours only when it is read-only */
  GHashTable *statements; /* SQL text (static) → sqlite3_stmt * */
  gint64 deadline_us;     /* of a statement that may take long */

  int depth;             /* of groups */
  GError *group_error;   /* the first error in the group */
  PraxiHistoryHead head; /* newest history row; valid while depth > 0 */
  gint64 step;           /* of the group; 0 before its first change */
  GHashTable *seen_rows; /* of records.c: known to be there as long as depth > 0 */
  gboolean only_notes;   /* changes are recorded, undo passes over them */

  gint64 seen_seq; /* up to here the history is in the stacks */
  GArray *undo;    /* gint64 steps, newest last */
  GArray *redo;
};

/* praxi_store_open over another disk. flags: PraxiStoreFlags and the internal ones */
PraxiStore *
praxi_store_open_on (const PraxiDisk *disk, const char *path, guint flags, GError **error);

/* Ends what praxi_store_begin began: commits when ok, else hands on *error and makes the group
 * fail. Returns whether all went well.
 */
gboolean praxi_store_end (PraxiStore *store, gboolean ok, GError **error);

/* Sets an error that begins with the project's name. Returns FALSE. */
gboolean praxi_store_fail (const PraxiStore *store,
                           PraxiErrorCode code,
                           GError **error,
                           const char *format,
                           ...) G_GNUC_PRINTF (4, 5);

/* Refuses text that is not UTF-8 or too long. what: names it in the message; NULL text is allowed
 */
gboolean praxi_store_check_text (const PraxiStore *store,
                                 const char *what,
                                 const char *text,
                                 gsize max_bytes,
                                 GError **error);

/* A path as it is kept (relative to the project's folder where it lies below it), and back. */
char *praxi_store_keep_path (const PraxiStore *store, const char *path);
char *praxi_store_full_path (const PraxiStore *store, const char *kept);

/* Schema. migrate brings an older or new file to PRAXI_STORE_SCHEMA; check_schema compares every
 * object with the reference and sets *odd to a sentence about the first that differs.
 */
gboolean praxi_store_migrate (PraxiStore *store, GError **error);
gboolean praxi_store_check_schema (PraxiStore *store, char **odd, GError **error);

/* The checks of an opened file: is it a project, of a version we know. */
gboolean praxi_store_check_header (PraxiStore *store, GError **error);

G_END_DECLS
