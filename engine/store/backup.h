/* Rotating copies of a project, in a folder `<project>-backups` beside it: what is left when
 * somebody overwrites or damages the file.
 */
#pragma once

#include "engine/store/store.h"

G_BEGIN_DECLS

enum { PRAXI_BACKUP_NEWEST = 6, PRAXI_BACKUP_DAYS = 7 };

/* Copies the project unless nothing changed since the newest copy, then removes copies other than
 * the newest PRAXI_BACKUP_NEWEST and the last one of each of the newest PRAXI_BACKUP_DAYS days.
 * Names sort by time: "20261122T180000Z-r1234.praxi", the number being the project's revision.
 * now_us: since 1970, UTC; 0: now
 * Errors: those of praxi_store_save_copy
 */
gboolean praxi_store_backup (PraxiStore *store, gint64 now_us, GError **error);

/* Paths of all copies, oldest first: char *, freed with the array. */
GPtrArray *praxi_store_list_backups (const char *project_path);

G_END_DECLS
