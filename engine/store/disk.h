/* What the store needs of the file system beside SQLite's own reads and writes. A table of
 * functions, so that tests can put a simulated disk under the real store.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint64 device;
  guint64 inode;
  guint64 size_bytes;
} PraxiDiskId;

/* Paths are absolute. Functions return 0 or an errno value. */
typedef struct {
  const char *vfs; /* SQLite's name of the file system; NULL: the usual one */
  int (*identify) (const char *path, PraxiDiskId *id); /* ENOENT, EISDIR, EINVAL: not a file */
  int (*check_writable) (const char *path);            /* the file and its folder */
  int (*sync_folder) (const char *path);               /* the folder that holds path */
  int (*publish) (const char *from, const char *to); /* renames for good; EEXIST: never replaces */
  void (*remove) (const char *path);
  guint64 (*free_bytes) (const char *path);
  gboolean (*is_remote) (const char *path); /* its folder lies on another machine; NULL: never */
} PraxiDisk;

extern const PraxiDisk praxi_disk_system;

/* A name beside path that no other process or moment makes; free with g_free. */
char *praxi_disk_temporary_name (const char *path);

/* Writes a new file under a temporary name, syncs it, and gives it its name (replacing an older
 * file), so that the name always shows a complete file.
 * Returns 0 or an errno value.
 */
int praxi_disk_write_file (const char *path, const char *bytes, gsize n_bytes);

G_END_DECLS
