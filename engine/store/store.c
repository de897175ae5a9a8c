#include "engine/store/store.h"

#include <errno.h>
#include <string.h>

#include "engine/core/text.h"
#include "engine/store/classes-private.h"
#include "engine/store/history-private.h"
#include "engine/store/sql.h"

enum { CHECK_LIMIT_US = 10000000 };

gboolean
praxi_store_fail (const PraxiStore *store,
                  PraxiErrorCode code,
                  GError **error,
                  const char *format,
                  ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, PRAXI_ERROR, code, "%s: %s", store->shown, what);
  return FALSE;
}

gboolean
praxi_store_check_text (const PraxiStore *store,
                        const char *what,
                        const char *text,
                        gsize max_bytes,
                        GError **error)
{
  if (text == NULL)
    return TRUE;
  if (!g_utf8_validate (text, -1, NULL))
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "the %s is not valid UTF-8; type it again", what);
  if (strlen (text) > max_bytes)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "the %s is longer than %" G_GSIZE_FORMAT " bytes; shorten it", what,
                             max_bytes);
  return TRUE;
}

static char *
absolute_path (const char *path)
{
  return g_canonicalize_filename (path, NULL);
}

char *
praxi_store_keep_path (const PraxiStore *store, const char *path)
{
  g_autofree char *full = absolute_path (path);
  g_autofree char *folder = g_path_get_dirname (store->path);
  const gsize n = strlen (folder);
  if (g_str_has_prefix (full, folder) && full[n] == '/' && full[n + 1] != '\0')
    return g_strdup (full + n + 1);
  return g_steal_pointer (&full);
}

char *
praxi_store_full_path (const PraxiStore *store, const char *kept)
{
  g_autofree char *folder = g_path_get_dirname (store->path);
  return g_canonicalize_filename (kept, folder);
}

static void
finalize_cb (gpointer statement)
{
  sqlite3_finalize (statement);
}

static PraxiStore *
store_new (const PraxiDisk *disk, const char *path)
{
  PraxiStore *store = g_new0 (PraxiStore, 1);
  store->disk = disk;
  store->path = absolute_path (path);
  store->shown = praxi_text_file_name (path);
  store->is_remote = disk->is_remote != NULL && disk->is_remote (store->path);
  store->author = g_utf8_make_valid (g_get_user_name (), -1);
  store->statements = g_hash_table_new_full (NULL, NULL, NULL, finalize_cb);
  store->seen_rows = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  store->undo = g_array_new (FALSE, FALSE, sizeof (gint64));
  store->redo = g_array_new (FALSE, FALSE, sizeof (gint64));
  return store;
}

static void
disconnect (PraxiStore *store)
{
  g_hash_table_remove_all (store->statements);
  sqlite3_close_v2 (store->db);
  store->db = NULL;
}

void
praxi_store_close (PraxiStore *store)
{
  if (store == NULL)
    return;
  praxi_store_rollback (store);
  disconnect (store);
  g_hash_table_unref (store->statements);
  g_hash_table_unref (store->seen_rows);
  g_array_unref (store->undo);
  g_array_unref (store->redo);
  g_free (store->path);
  g_free (store->shown);
  g_free (store->author);
  g_free (store);
}

static gboolean
fail_identity (const PraxiStore *store, int status, GError **error)
{
  if (status == ENOENT)
    return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                             "no such project; check the name");
  if (status == EISDIR || status == EINVAL)
    return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                             "not a project file; choose a file that ends in .praxi");
  return praxi_store_fail (store, PRAXI_ERROR_DISK, error,
                           "%s; check that the file and its folder can be read",
                           g_strerror (status));
}

/* A reader needs the log's index (-shm) beside the file; where it can neither be found nor made,
 * the file is read without locks: without a log it is complete in itself, with one the log is
 * indexed in memory.
 */
static gboolean
connect_read_only (PraxiStore *store, GError **error)
{
  gint64 application = 0;
  store->is_read_only = TRUE;
  if (praxi_sql_open (store, PRAXI_SQL_READ, NULL) &&
      praxi_sql_int (store, "PRAGMA application_id", 0, &application, NULL))
    return TRUE;
  const int code = sqlite3_errcode (store->db);
  if (code != SQLITE_CANTOPEN && (code & 0xff) != SQLITE_READONLY)
    return praxi_sql_fail (store, error);
  disconnect (store);
  PraxiDiskId id = {0};
  g_autofree char *log = g_strconcat (store->path, "-wal", NULL);
  const gboolean has_log = store->disk->identify (log, &id) == 0 && id.size_bytes > 0;
  return praxi_sql_open (store, has_log ? PRAXI_SQL_READ_NO_LOCK : PRAXI_SQL_READ_IMMUTABLE, error);
}

static gboolean
connect_file (PraxiStore *store, guint flags, GError **error)
{
  if (flags & PRAXI_STORE_NEW)
    return praxi_sql_open (store, PRAXI_SQL_CREATE, error);
  const int status = store->disk->identify (store->path, &store->id);
  if (status != 0)
    return fail_identity (store, status, error);
  if ((flags & PRAXI_STORE_READ_ONLY) || store->disk->check_writable (store->path) != 0)
    return connect_read_only (store, error);
  return praxi_sql_open (store, PRAXI_SQL_WRITE, error);
}

/* Before the first write: nothing of a file that somebody else made may run or change. */
static gboolean
check_content (PraxiStore *store, GError **error)
{
  g_autofree char *odd = NULL;
  if (!praxi_store_check_schema (store, &odd, error))
    return FALSE;
  if (odd != NULL)
    return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                             "%s; open a copy from before that change", odd);
  g_autoptr (PraxiStatement) check = praxi_sql_prepare (store, "PRAGMA quick_check (1)", error);
  if (check == NULL || praxi_sql_step (store, check, error) < 0)
    return FALSE;
  if (g_strcmp0 ((const char *) sqlite3_column_text (check, 0), "ok") != 0)
    return praxi_store_fail (store, PRAXI_ERROR_FORMAT, error,
                             "the project file is damaged; see what with 'praxi label verify'");
  return TRUE;
}

/* A file system that cannot do WAL leaves the rollback journal, whose removal only EXTRA syncs. A
 * log that a local program left is copied home first, which needs no shared memory while nobody
 * else may read.
 */
static gboolean
start_writing (PraxiStore *store, GError **error)
{
  if (store->is_remote && !praxi_sql_exec (store, "PRAGMA locking_mode = EXCLUSIVE", error))
    return FALSE;
  g_autoptr (PraxiStatement) mode = praxi_sql_prepare (
      store, store->is_remote ? "PRAGMA journal_mode = DELETE" : "PRAGMA journal_mode = WAL",
      error);
  if (mode == NULL || praxi_sql_step (store, mode, error) < 0)
    return FALSE;
  const gboolean is_wal = g_strcmp0 ((const char *) sqlite3_column_text (mode, 0), "wal") == 0;
  praxi_statement_reset (mode);
  if (!is_wal && !praxi_sql_exec (store, "PRAGMA synchronous = EXTRA", error))
    return FALSE;
  if (store->is_remote && !praxi_sql_exec (store, "PRAGMA locking_mode = NORMAL", error))
    return FALSE;
  if (store->disk->sync_folder (store->path) != 0)
    return praxi_store_fail (store, PRAXI_ERROR_DISK, error,
                             "its folder cannot be synced; check the disk and try again");
  return praxi_store_migrate (store, error);
}

static gboolean
check_file (PraxiStore *store, guint flags, GError **error)
{
  const gboolean is_new = (flags & PRAXI_STORE_NEW) != 0;
  if (!is_new && !praxi_store_check_header (store, error))
    return FALSE;
  if (!is_new && !(flags & PRAXI_STORE_UNCHECKED) && !check_content (store, error))
    return FALSE;
  if (!store->is_read_only && !start_writing (store, error))
    return FALSE;
  return !is_new || store->disk->identify (store->path, &store->id) == 0 ||
         praxi_store_fail (store, PRAXI_ERROR_DISK, error, "vanished while it was made; try again");
}

static PraxiStore *
open_file (const PraxiDisk *disk, const char *path, guint flags, GError **error)
{
  g_autoptr (PraxiStore) store = store_new (disk, path);
  if (!connect_file (store, flags, error))
    return NULL;
  praxi_sql_set_deadline (store, CHECK_LIMIT_US);
  if (!check_file (store, flags, error))
    return NULL;
  praxi_sql_set_deadline (store, 0);
  sqlite3_db_config (store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  return g_steal_pointer (&store);
}

static void
remove_files (const PraxiDisk *disk, const char *path)
{
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    g_autofree char *file = g_strconcat (path, endings[i], NULL);
    disk->remove (file);
  }
}

static gboolean
fill_new (const PraxiDisk *disk, const char *path, GError **error)
{
  g_autoptr (PraxiStore) store = open_file (disk, path, PRAXI_STORE_NEW, error);
  return store != NULL && praxi_store_add_default_classes (store, error) &&
         praxi_sql_exec (store, "PRAGMA wal_checkpoint (TRUNCATE)", error);
}

/* SQLite would replay a log that an earlier project of this name left, into the new one. */
static gboolean
check_no_old_log (const PraxiDisk *disk, const char *path, GError **error)
{
  static const char *const endings[] = {"-wal", "-journal"};
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    PraxiDiskId id = {.size_bytes = 1};
    g_autofree char *log = g_strconcat (path, endings[i], NULL);
    if (disk->identify (log, &id) == ENOENT || id.size_bytes == 0)
      continue;
    return praxi_error_fail_file (
        error, PRAXI_ERROR_FORMAT, log,
        "left by an earlier project of that name and may hold its last labels; "
        "move it away or choose another name");
  }
  return TRUE;
}

static gboolean
fail_create (const char *path, int status, GError **error)
{
  const gboolean is_denied = status == EACCES || status == EROFS || status == EPERM;
  return praxi_error_fail_file (error, is_denied ? PRAXI_ERROR_READ_ONLY : PRAXI_ERROR_DISK, path,
                                "cannot be made here (%s); choose a folder that can be written",
                                g_strerror (status));
}

/* The new project is made under another name: the name itself shows all of it or nothing. */
static gboolean
create_file (const PraxiDisk *disk, const char *path, GError **error)
{
  g_autofree char *full = absolute_path (path);
  g_autofree char *temporary = praxi_disk_temporary_name (full);
  if (!check_no_old_log (disk, full, error))
    return FALSE;
  int status = disk->check_writable (full);
  if (status != 0)
    return fail_create (path, status, error);
  gboolean ok = fill_new (disk, temporary, error);
  if (ok) {
    status = disk->publish (temporary, full);
    ok = status == 0 || status == EEXIST || fail_create (path, status, error);
  }
  remove_files (disk, temporary);
  return ok;
}

PraxiStore *
praxi_store_open_on (const PraxiDisk *disk, const char *path, guint flags, GError **error)
{
  if (flags & PRAXI_STORE_CREATE) {
    PraxiDiskId id;
    g_autofree char *full = absolute_path (path);
    if (disk->identify (full, &id) == ENOENT && !create_file (disk, path, error))
      return NULL;
  }
  return open_file (disk, path, flags & ~(guint) PRAXI_STORE_CREATE, error);
}

PraxiStore *
praxi_store_open (const char *path, PraxiStoreFlags flags, GError **error)
{
  return praxi_store_open_on (&praxi_disk_system, path, flags, error);
}

const char *
praxi_store_path (const PraxiStore *store)
{
  return store->path;
}

gboolean
praxi_store_is_read_only (const PraxiStore *store)
{
  return store->is_read_only;
}

gboolean
praxi_store_is_remote (const PraxiStore *store)
{
  return store->is_remote;
}

gboolean
praxi_store_set_author (PraxiStore *store, const char *author, GError **error)
{
  if (author == NULL || *author == '\0')
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error, "the author is empty; give a name");
  if (!praxi_store_check_text (store, "author", author, PRAXI_STORE_MAX_NAME_BYTES, error))
    return FALSE;
  g_free (store->author);
  store->author = g_strdup (author);
  return TRUE;
}

const char *
praxi_store_author (const PraxiStore *store)
{
  return store->author;
}

gint64
praxi_store_revision (PraxiStore *store)
{
  gint64 seq = -1;
  if (!praxi_sql_int (store, "SELECT seq FROM seal", -1, &seq, NULL))
    return -1;
  return seq;
}
