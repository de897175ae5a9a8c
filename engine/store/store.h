/* The project file (`.praxi`): one SQLite database that holds media, classes, labels, their whole
 * history, and the runs of models. Every change is one short transaction that is on the disk when
 * the call returns TRUE; nothing is ever "saved" later.
 *
 * This header opens and closes a project and groups changes. What can be kept in it stands in
 * media-table.h, classes.h, labels.h, runs.h; undo, redo and the audit in history.h.
 */
#pragma once

#include "engine/core/error.h"

G_BEGIN_DECLS

/* An open project.
 * Thread: belongs to the thread that opened it; see store-thread.h for the workbench
 */
typedef struct PraxiStore PraxiStore;

typedef enum {
  PRAXI_STORE_DEFAULT = 0,
  PRAXI_STORE_CREATE = 1 << 0,    /* make the file with the default classes if there is none */
  PRAXI_STORE_READ_ONLY = 1 << 1, /* never change it */
  PRAXI_STORE_BACKUPS = 1 << 2,   /* store-thread.h: keeps rotating copies (backup.h) */
} PraxiStoreFlags;

/* Opens the project at path, migrating an older one in one transaction. A file or folder that
 * cannot be written is opened read-only (ask praxi_store_is_read_only). A file made by a newer
 * version is refused and stays as it is.
 * Errors: NOT_FOUND (and no CREATE), FORMAT (not a project file, or a damaged one), UNSUPPORTED
 *         (newer), BUSY (another program writes for longer than 5 s), DISK, READ_ONLY (the file is
 *         to be created in a folder that cannot be written)
 */
PraxiStore *praxi_store_open (const char *path, PraxiStoreFlags flags, GError **error);

/* Closes the project; a group that was begun and not committed is rolled back. NULL is allowed. */
void praxi_store_close (PraxiStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiStore, praxi_store_close)

/* The path it was opened with, made absolute; in the encoding of file names; borrowed. */
const char *praxi_store_path (const PraxiStore *store);

gboolean praxi_store_is_read_only (const PraxiStore *store);

/* Whether the project lies on a file system of another machine (NFS, SMB …). Programs on two
 * machines share no memory there, which the write-ahead log needs: a rollback journal is used
 * instead, which is slower.
 */
gboolean praxi_store_is_remote (const PraxiStore *store);

/* Who is written into history rows and into labels without an author; default the login name.
 * Errors: USAGE (not valid UTF-8, or empty)
 */
gboolean praxi_store_set_author (PraxiStore *store, const char *author, GError **error);
const char *praxi_store_author (const PraxiStore *store);

/* The number of the newest history row. It grows with every change, by whatever program; views
 * compare it with what they last showed. -1 when the file cannot be read.
 */
gint64 praxi_store_revision (PraxiStore *store);

/* Groups the changes until the matching commit into one transaction and one step of undo. Groups
 * nest; only the outermost commit writes. Without a group each change is its own transaction.
 * begin:    Errors: BUSY, READ_ONLY, NOT_FOUND (the file was deleted or replaced), DISK
 * commit:   Errors: those of begin, and the first error of any change in the group; the whole group
 *           is rolled back then
 * rollback: undoes everything since the outermost begin
 */
gboolean praxi_store_begin (PraxiStore *store, GError **error);
gboolean praxi_store_commit (PraxiStore *store, GError **error);
void praxi_store_rollback (PraxiStore *store);

/* Writes a complete copy of the project as it can be read now to a new file, also when its own file
 * was deleted or replaced. The copy appears under its name only when it is complete.
 * Errors: DISK, READ_ONLY, FAILED (path exists)
 */
gboolean praxi_store_save_copy (PraxiStore *store, const char *path, GError **error);

G_END_DECLS
