#include <errno.h>

#include "engine/store/sql.h"

static gboolean
copy_pages (PraxiStore *store, sqlite3 *target)
{
  sqlite3_backup *backup = sqlite3_backup_init (target, "main", store->db, "main");
  if (backup == NULL)
    return FALSE;
  sqlite3_backup_step (backup, -1);
  return sqlite3_backup_finish (backup) == SQLITE_OK;
}

/* The copy leaves WAL mode until it is opened, so that it is one file. */
static int
write_copy (PraxiStore *store, const char *path)
{
  sqlite3 *target = NULL;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
  const gboolean ok =
      sqlite3_open_v2 (path, &target, flags, store->disk->vfs) == SQLITE_OK &&
      copy_pages (store, target) &&
      sqlite3_exec (target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK;
  const gboolean is_full = !ok && (sqlite3_errcode (target) & 0xff) == SQLITE_FULL;
  const int status = is_full ? ENOSPC : sqlite3_system_errno (target);
  sqlite3_close_v2 (target);
  return ok ? 0 : status != 0 ? status : EIO;
}

gboolean
praxi_store_save_copy (PraxiStore *store, const char *path, GError **error)
{
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  g_autofree char *temporary = praxi_disk_temporary_name (full);
  int status = write_copy (store, temporary);
  if (status == 0)
    status = store->disk->publish (temporary, full);
  store->disk->remove (temporary);
  if (status == 0)
    return TRUE;
  const gboolean is_denied = status == EACCES || status == EROFS || status == EPERM;
  return praxi_error_fail_file (
      error,
      status == EEXIST ? PRAXI_ERROR_FAILED
      : is_denied      ? PRAXI_ERROR_READ_ONLY
                       : PRAXI_ERROR_DISK,
      path, "the copy cannot be written (%s); choose another name or folder", g_strerror (status));
}
