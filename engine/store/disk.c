#include "engine/store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

static int
identify (const char *path, PraxiDiskId *id)
{
  struct stat info;
  if (stat (path, &info) != 0)
    return errno;
  if (S_ISDIR (info.st_mode))
    return EISDIR;
  if (!S_ISREG (info.st_mode))
    return EINVAL;
  *id = (PraxiDiskId){
      .device = info.st_dev, .inode = info.st_ino, .size_bytes = (guint64) info.st_size};
  return 0;
}

static int
check_writable (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  if (faccessat (AT_FDCWD, folder, W_OK, AT_EACCESS) != 0)
    return errno;
  if (faccessat (AT_FDCWD, path, W_OK, AT_EACCESS) != 0 && errno != ENOENT)
    return errno;
  return 0;
}

static int
sync_path (const char *path, int flags)
{
  const int fd = open (path, flags | O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  const int status = fsync (fd) == 0 ? 0 : errno;
  close (fd);
  return status;
}

static int
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  const int status = sync_path (folder, O_DIRECTORY);
  return status == EINVAL ? 0 : status; /* some file systems cannot sync a folder */
}

/* Not every file system knows RENAME_NOREPLACE; a hard link refuses to replace on the others. */
static int
rename_new (const char *from, const char *to)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;
  if (link (from, to) != 0)
    return errno;
  unlink (from);
  return 0;
}

static int
publish (const char *from, const char *to)
{
  int status = sync_path (from, 0);
  if (status == 0)
    status = rename_new (from, to);
  if (status == 0)
    status = sync_folder (to);
  return status;
}

static void
remove_file (const char *path)
{
  unlink (path);
}

static guint64
free_bytes (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct statvfs info;
  return statvfs (folder, &info) == 0 ? (guint64) info.f_bavail * info.f_frsize : 0;
}

/* Magic numbers of linux/magic.h and of the kernel's file systems. FUSE may be either, and is what
 * the document portal of a sandbox looks like: it counts as local.
 */
static gboolean
is_remote (const char *path)
{
  static const guint32 magics[] = {0x6969 /* NFS */,      0x517b /* SMB */, 0xff534d42 /* CIFS */,
                                   0xfe534d42 /* SMB2 */, 0x564c /* NCP */, 0x5346414f /* AFS */,
                                   0x00c36400 /* Ceph */, 0x73757245 /* Coda */};
  g_autofree char *folder = g_path_get_dirname (path);
  struct statfs info;
  if (statfs (folder, &info) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (magics); i++)
    if ((guint32) info.f_type == magics[i])
      return TRUE;
  return FALSE;
}

const PraxiDisk praxi_disk_system = {
    .identify = identify,
    .check_writable = check_writable,
    .sync_folder = sync_folder,
    .publish = publish,
    .remove = remove_file,
    .free_bytes = free_bytes,
    .is_remote = is_remote,
};

char *
praxi_disk_temporary_name (const char *path)
{
  return g_strdup_printf ("%s.%x-%" G_GINT64_MODIFIER "x-%x.new", path, (guint) getpid (),
                          g_get_real_time (), g_random_int ());
}

static int
write_all (int fd, const char *bytes, gsize n_bytes)
{
  while (n_bytes > 0) {
    const ssize_t n = write (fd, bytes, n_bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    bytes += n;
    n_bytes -= (gsize) n;
  }
  return fsync (fd) == 0 ? 0 : errno;
}

int
praxi_disk_write_file (const char *path, const char *bytes, gsize n_bytes)
{
  g_autofree char *temporary = praxi_disk_temporary_name (path);
  const int fd = open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    return errno;
  int status = write_all (fd, bytes, n_bytes);
  if (close (fd) != 0 && status == 0)
    status = errno;
  if (status == 0 && rename (temporary, path) != 0)
    status = errno;
  if (status != 0) {
    unlink (temporary);
    return status;
  }
  return sync_folder (path);
}
