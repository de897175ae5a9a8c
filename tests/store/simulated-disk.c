#include "tests/store/simulated-disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

enum { SECTOR_BYTES = 512, SHARED_REGION_BYTES = 32768 };

/* A write that is not synced; bytes NULL: the file is cut to `offset`. */
typedef struct {
  gint64 offset;
  GBytes *bytes;
} Write;

typedef struct {
  guint64 inode;
  GByteArray *now;
  GByteArray *durable;
  GPtrArray *unsynced; /* Write, oldest first */
} File;

/* A change of the folder that is not synced: name now leads to file (NULL: to nothing). A rename is
 * two of them that stand or fall together.
 */
typedef struct {
  char *name[2];
  File *file[2];
} Entry;

typedef struct {
  SimulatedModel model;
  guint32 random;
  guint64 n_inodes;
  GPtrArray *files; /* File, all that ever were */
  GHashTable *now;  /* name → File */
  GHashTable *durable;
  GPtrArray *unsynced; /* Entry, oldest first */
  GHashTable *shared;  /* name → GPtrArray of regions: SQLite's -shm */
  SimulatedFault fault;
  int fault_at;
  int n_operations;
  gboolean has_faulted;
} Disk;

typedef struct {
  sqlite3_file base;
  File *file;
  char *name;
  gboolean is_new_log; /* the next sync also syncs the folder, as SQLite's unix code does */
} Handle;

static void
write_free (gpointer data)
{
  Write *write = data;
  g_clear_pointer (&write->bytes, g_bytes_unref);
  g_free (write);
}

static void
file_free (gpointer data)
{
  File *file = data;
  g_byte_array_unref (file->now);
  g_byte_array_unref (file->durable);
  g_ptr_array_unref (file->unsynced);
  g_free (file);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;
  g_free (entry->name[0]);
  g_free (entry->name[1]);
  g_free (entry);
}

static void
regions_free (gpointer data)
{
  g_ptr_array_unref (data);
}

static Disk *the_disk (void);

guint32
simulated_disk_random (void)
{
  Disk *disk = the_disk ();
  disk->random ^= disk->random << 13; /* xorshift: G. Marsaglia, 2003 */
  disk->random ^= disk->random >> 17;
  disk->random ^= disk->random << 5;
  return disk->random;
}

static File *
file_new (Disk *disk)
{
  File *file = g_new0 (File, 1);
  file->inode = ++disk->n_inodes;
  file->now = g_byte_array_new ();
  file->durable = g_byte_array_new ();
  file->unsynced = g_ptr_array_new_with_free_func (write_free);
  g_ptr_array_add (disk->files, file);
  return file;
}

/* Counts an operation. Returns whether it fails; is_write: it needs room. */
static gboolean
fails (Disk *disk, gboolean is_write)
{
  disk->n_operations++;
  if (disk->fault == SIMULATED_NO_FAULT || disk->n_operations < disk->fault_at)
    return FALSE;
  if (disk->fault == SIMULATED_ERROR_ONCE && disk->has_faulted)
    return FALSE;
  if (disk->fault == SIMULATED_FULL_FOREVER && !is_write)
    return FALSE;
  disk->has_faulted = TRUE;
  return TRUE;
}

static gboolean
is_dead (const Disk *disk)
{
  return disk->fault == SIMULATED_POWER && disk->has_faulted;
}

static void
apply_entry (GHashTable *names, const Entry *entry)
{
  for (int i = 0; i < 2; i++) {
    if (entry->name[i] == NULL)
      continue;
    if (entry->file[i] != NULL)
      g_hash_table_replace (names, g_strdup (entry->name[i]), entry->file[i]);
    else
      g_hash_table_remove (names, entry->name[i]);
  }
}

static void
add_entry (Disk *disk, const char *name, File *file, const char *name_b, File *file_b)
{
  Entry *entry = g_new0 (Entry, 1);
  *entry = (Entry){.name = {g_strdup (name), g_strdup (name_b)}, .file = {file, file_b}};
  apply_entry (disk->now, entry);
  g_ptr_array_add (disk->unsynced, entry);
}

static void
sync_entries (Disk *disk)
{
  for (guint i = 0; i < disk->unsynced->len; i++)
    apply_entry (disk->durable, disk->unsynced->pdata[i]);
  g_ptr_array_set_size (disk->unsynced, 0);
}

static void
put_bytes (GByteArray *array, gint64 offset, const guint8 *bytes, gsize n_bytes)
{
  const guint old = array->len;
  if (offset + (gint64) n_bytes > old) {
    g_byte_array_set_size (array, (guint) (offset + (gint64) n_bytes));
    if (offset > old)
      memset (array->data + old, 0, (gsize) (offset - old));
  }
  memcpy (array->data + offset, bytes, n_bytes);
}

static void
copy_bytes (GByteArray *to, const GByteArray *from)
{
  g_byte_array_set_size (to, 0);
  if (from->len > 0)
    g_byte_array_append (to, from->data, from->len);
}

static void
sync_file (Disk *disk, File *file)
{
  copy_bytes (file->durable, file->now);
  g_ptr_array_set_size (file->unsynced, 0);
  if (disk->model == SIMULATED_EXT4)
    sync_entries (disk);
}

/* Each sector of a write survives or does not. */
static void
apply_torn (GByteArray *array, const Write *write)
{
  gsize n_bytes = 0;
  const guint8 *bytes = g_bytes_get_data (write->bytes, &n_bytes);
  for (gsize at = 0; at < n_bytes;) {
    const gsize to_edge = SECTOR_BYTES - (gsize) ((write->offset + (gint64) at) % SECTOR_BYTES);
    const gsize n = MIN (to_edge, n_bytes - at);
    if (simulated_disk_random () % 2 == 0)
      put_bytes (array, write->offset + (gint64) at, bytes + at, n);
    at += n;
  }
}

static void
apply_write (GByteArray *array, const Write *write, gboolean is_torn)
{
  gsize n_bytes = 0;
  if (write->bytes == NULL) {
    if (write->offset < array->len && (!is_torn || simulated_disk_random () % 2 == 0))
      g_byte_array_set_size (array, (guint) write->offset);
  } else if (is_torn) {
    apply_torn (array, write);
  } else {
    const guint8 *bytes = g_bytes_get_data (write->bytes, &n_bytes);
    put_bytes (array, write->offset, bytes, n_bytes);
  }
}

static void
cut_file (File *file)
{
  enum { KEEP_ALL, LOSE_ALL, KEEP_BEGINNING, TEAR };
  const guint32 fate = simulated_disk_random () % 4;
  const guint n = file->unsynced->len;
  const guint n_kept = fate == KEEP_BEGINNING && n > 0 ? simulated_disk_random () % (n + 1) : n;
  for (guint i = 0; i < n_kept && fate != LOSE_ALL; i++)
    apply_write (file->durable, file->unsynced->pdata[i], fate == TEAR);
  g_ptr_array_set_size (file->unsynced, 0);
  copy_bytes (file->now, file->durable);
}

void
simulated_disk_cut_power (void)
{
  Disk *disk = the_disk ();
  const guint n = disk->unsynced->len;
  const guint n_in_order = n > 0 ? simulated_disk_random () % (n + 1) : 0;
  for (guint i = 0; i < n; i++) {
    const gboolean survives =
        disk->model == SIMULATED_EXT4 ? i < n_in_order : simulated_disk_random () % 2 == 0;
    if (survives)
      apply_entry (disk->durable, disk->unsynced->pdata[i]);
  }
  g_ptr_array_set_size (disk->unsynced, 0);
  for (guint i = 0; i < disk->files->len; i++)
    cut_file (disk->files->pdata[i]);
  g_hash_table_remove_all (disk->now);
  GHashTableIter iter;
  gpointer name;
  gpointer file;
  g_hash_table_iter_init (&iter, disk->durable);
  while (g_hash_table_iter_next (&iter, &name, &file))
    g_hash_table_insert (disk->now, g_strdup (name), file);
  g_hash_table_remove_all (disk->shared);
  simulated_disk_clear_fault ();
}

void
simulated_disk_fault_at (SimulatedFault fault, int n)
{
  Disk *disk = the_disk ();
  disk->fault = fault;
  disk->fault_at = disk->n_operations + n;
  disk->has_faulted = FALSE;
}

void
simulated_disk_clear_fault (void)
{
  the_disk ()->fault = SIMULATED_NO_FAULT;
  the_disk ()->has_faulted = FALSE;
}

gboolean
simulated_disk_has_faulted (void)
{
  return the_disk ()->has_faulted;
}

int
simulated_disk_n_operations (void)
{
  return the_disk ()->n_operations;
}

/* SQLite's methods of a file. */

static int
file_close (sqlite3_file *base)
{
  g_free (((Handle *) base)->name);
  return SQLITE_OK;
}

static int
file_read (sqlite3_file *base, void *bytes, int n_bytes, sqlite3_int64 offset)
{
  const File *file = ((Handle *) base)->file;
  if (is_dead (the_disk ()))
    return SQLITE_IOERR_READ;
  const gint64 n_there = CLAMP ((gint64) file->now->len - offset, 0, n_bytes);
  if (n_there > 0)
    memcpy (bytes, file->now->data + offset, (gsize) n_there);
  if (n_there == n_bytes)
    return SQLITE_OK;
  memset ((guint8 *) bytes + n_there, 0, (gsize) (n_bytes - n_there));
  return SQLITE_IOERR_SHORT_READ;
}

static int
file_write (sqlite3_file *base, const void *bytes, int n_bytes, sqlite3_int64 offset)
{
  Disk *disk = the_disk ();
  File *file = ((Handle *) base)->file;
  if (fails (disk, TRUE))
    return disk->fault == SIMULATED_FULL_FOREVER ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  put_bytes (file->now, offset, bytes, (gsize) n_bytes);
  Write *write = g_new (Write, 1);
  *write = (Write){.offset = offset, .bytes = g_bytes_new (bytes, (gsize) n_bytes)};
  g_ptr_array_add (file->unsynced, write);
  return SQLITE_OK;
}

static int
file_truncate (sqlite3_file *base, sqlite3_int64 size)
{
  File *file = ((Handle *) base)->file;
  if (fails (the_disk (), FALSE))
    return SQLITE_IOERR_TRUNCATE;
  if (size < file->now->len)
    g_byte_array_set_size (file->now, (guint) size);
  Write *write = g_new (Write, 1);
  *write = (Write){.offset = size};
  g_ptr_array_add (file->unsynced, write);
  return SQLITE_OK;
}

static int
file_sync (sqlite3_file *base, int flags)
{
  Disk *disk = the_disk ();
  Handle *handle = (Handle *) base;
  if (fails (disk, FALSE))
    return SQLITE_IOERR_FSYNC;
  sync_file (disk, handle->file);
  if (handle->is_new_log) {
    if (fails (disk, FALSE))
      return SQLITE_OK; /* unix.c ignores a folder that cannot be synced */
    sync_entries (disk);
    handle->is_new_log = FALSE;
  }
  return SQLITE_OK;
}

static int
file_size (sqlite3_file *base, sqlite3_int64 *size)
{
  *size = ((Handle *) base)->file->now->len;
  return SQLITE_OK;
}

static int
file_lock (sqlite3_file *base, int level)
{
  return SQLITE_OK;
}

static int
file_is_reserved (sqlite3_file *base, int *is_reserved)
{
  *is_reserved = 0;
  return SQLITE_OK;
}

static int
file_control (sqlite3_file *base, int operation, void *argument)
{
  return SQLITE_NOTFOUND;
}

static int
file_sector_size (sqlite3_file *base)
{
  return 4096; /* what unix.c says */
}

static int
file_characteristics (sqlite3_file *base)
{
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int
shared_map (sqlite3_file *base, int region, int n_bytes, int extend, void volatile **memory)
{
  Disk *disk = the_disk ();
  const char *name = ((Handle *) base)->name;
  GPtrArray *regions = g_hash_table_lookup (disk->shared, name);
  g_assert_cmpint (n_bytes, ==, SHARED_REGION_BYTES);
  if (regions == NULL) {
    regions = g_ptr_array_new_with_free_func (g_free);
    g_hash_table_insert (disk->shared, g_strdup (name), regions);
  }
  while (extend && (int) regions->len <= region)
    g_ptr_array_add (regions, g_malloc0 (SHARED_REGION_BYTES));
  *memory = region < (int) regions->len ? regions->pdata[region] : NULL;
  return SQLITE_OK;
}

static int
shared_lock (sqlite3_file *base, int offset, int n, int flags)
{
  return SQLITE_OK;
}

static void
shared_barrier (sqlite3_file *base)
{
}

static int
shared_unmap (sqlite3_file *base, int is_removed)
{
  if (is_removed)
    g_hash_table_remove (the_disk ()->shared, ((Handle *) base)->name);
  return SQLITE_OK;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shared_map,
    .xShmLock = shared_lock,
    .xShmBarrier = shared_barrier,
    .xShmUnmap = shared_unmap,
};

/* SQLite's methods of the file system. */

static int
disk_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
  Disk *disk = vfs->pAppData;
  Handle *handle = (Handle *) base;
  base->pMethods = NULL;
  if (is_dead (disk))
    return SQLITE_CANTOPEN;
  File *file = name != NULL ? g_hash_table_lookup (disk->now, name) : file_new (disk);
  const gboolean is_log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  *handle = (Handle){.is_new_log = file == NULL && is_log};
  if (file == NULL) {
    if (!(flags & SQLITE_OPEN_CREATE) || fails (disk, TRUE))
      return SQLITE_CANTOPEN;
    file = file_new (disk);
    add_entry (disk, name, file, NULL, NULL);
  }
  handle->file = file;
  handle->name = g_strdup (name);
  base->pMethods = &file_methods;
  if (out_flags != NULL)
    *out_flags = flags;
  return SQLITE_OK;
}

static int
disk_delete (sqlite3_vfs *vfs, const char *name, int sync_folder)
{
  Disk *disk = vfs->pAppData;
  if (fails (disk, FALSE))
    return SQLITE_IOERR_DELETE;
  if (g_hash_table_lookup (disk->now, name) == NULL)
    return SQLITE_IOERR_DELETE_NOENT;
  add_entry (disk, name, NULL, NULL, NULL);
  if (sync_folder)
    sync_entries (disk);
  return SQLITE_OK;
}

static int
disk_access (sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
  const Disk *disk = vfs->pAppData;
  *result = g_hash_table_lookup (disk->now, name) != NULL;
  return SQLITE_OK;
}

static int
disk_full_path (sqlite3_vfs *vfs, const char *name, int n_bytes, char *full)
{
  g_strlcpy (full, name, (gsize) n_bytes);
  return SQLITE_OK;
}

static int
disk_randomness (sqlite3_vfs *vfs, int n_bytes, char *bytes)
{
  for (int i = 0; i < n_bytes; i++)
    bytes[i] = (char) simulated_disk_random ();
  return n_bytes;
}

static int
disk_sleep (sqlite3_vfs *vfs, int us)
{
  return us;
}

static int
disk_time (sqlite3_vfs *vfs, double *days)
{
  *days = 2460000.5;
  return SQLITE_OK;
}

/* The functions of PraxiDisk. */

static int
identify (const char *path, PraxiDiskId *id)
{
  const File *file = g_hash_table_lookup (the_disk ()->now, path);
  if (file == NULL)
    return ENOENT;
  *id = (PraxiDiskId){.device = 1, .inode = file->inode, .size_bytes = file->now->len};
  return 0;
}

static int
check_writable (const char *path)
{
  return 0;
}

static int
sync_folder (const char *path)
{
  Disk *disk = the_disk ();
  if (fails (disk, FALSE))
    return EIO;
  sync_entries (disk);
  return 0;
}

static int
publish (const char *from, const char *to)
{
  Disk *disk = the_disk ();
  File *file = g_hash_table_lookup (disk->now, from);
  if (g_hash_table_lookup (disk->now, to) != NULL)
    return EEXIST;
  if (file == NULL || fails (disk, FALSE))
    return EIO;
  sync_file (disk, file);
  if (fails (disk, FALSE))
    return EIO;
  add_entry (disk, from, NULL, to, file);
  return sync_folder (to);
}

static void
remove_file (const char *path)
{
  Disk *disk = the_disk ();
  if (g_hash_table_lookup (disk->now, path) != NULL && !fails (disk, FALSE))
    add_entry (disk, path, NULL, NULL, NULL);
}

static guint64
free_bytes (const char *path)
{
  return 0;
}

static const PraxiDisk simulated = {
    .vfs = "simulated",
    .identify = identify,
    .check_writable = check_writable,
    .sync_folder = sync_folder,
    .publish = publish,
    .remove = remove_file,
    .free_bytes = free_bytes,
};

static Disk *
the_disk (void)
{
  return sqlite3_vfs_find (simulated.vfs)->pAppData;
}

static void
clear_disk (Disk *disk)
{
  g_ptr_array_unref (disk->unsynced);
  g_ptr_array_unref (disk->files);
  g_hash_table_unref (disk->now);
  g_hash_table_unref (disk->durable);
  g_hash_table_unref (disk->shared);
}

static sqlite3_vfs *
find_vfs (void)
{
  static sqlite3_vfs vfs = {
      .iVersion = 1,
      .szOsFile = sizeof (Handle),
      .mxPathname = 512,
      .xOpen = disk_open,
      .xDelete = disk_delete,
      .xAccess = disk_access,
      .xFullPathname = disk_full_path,
      .xRandomness = disk_randomness,
      .xSleep = disk_sleep,
      .xCurrentTime = disk_time,
  };
  if (vfs.pAppData == NULL) {
    vfs.zName = simulated.vfs;
    vfs.pAppData = g_new0 (Disk, 1);
    sqlite3_vfs_register (&vfs, 0);
  }
  return &vfs;
}

void
simulated_disk_reset (SimulatedModel model, guint32 seed)
{
  Disk *disk = find_vfs ()->pAppData;
  if (disk->files != NULL)
    clear_disk (disk);
  *disk = (Disk){
      .model = model,
      .random = seed * 2654435761u + 12345,
      .files = g_ptr_array_new_with_free_func (file_free),
      .now = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
      .durable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
      .unsynced = g_ptr_array_new_with_free_func (entry_free),
      .shared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, regions_free),
  };
  if (disk->random == 0)
    disk->random = 1;
}

const PraxiDisk *
simulated_disk (void)
{
  return &simulated;
}
