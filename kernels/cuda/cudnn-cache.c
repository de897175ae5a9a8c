/* Plans in files, one each: four lines (what it is, the key, the verdict, length and checksum of
 * the rest), then the JSON.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/cuda/cudnn.h"

#define FIRST_LINE "praxiscope cuDNN plan 1\n"
#define SUFFIX ".plan"

enum { MOST_FILE_BYTES = (1 << 20) + 4096, MOST_FOLDER_BYTES = 64 << 20, MOST_REMOVED = 64 };

/* FNV-1a */
static uint64_t
checksum (const char *data, size_t bytes)
{
  uint64_t sum = 0xcbf29ce484222325u;
  for (size_t i = 0; i < bytes; i++)
    sum = (sum ^ (uint8_t) data[i]) * 0x100000001b3u;
  return sum;
}

static bool
folder_of (char *path, size_t bytes)
{
  const char *cache = getenv ("XDG_CACHE_HOME"), *home = getenv ("HOME");
  const bool has_cache = cache && cache[0] == '/';
  if (!has_cache && !(home && home[0] == '/'))
    return false;
  const int n = snprintf (path, bytes, "%s%s/praxiscope/cudnn", has_cache ? cache : home,
                          has_cache ? "" : "/.cache");
  return n > 0 && n < (int) bytes;
}

static bool
path_of (const char *key, char *path, size_t bytes)
{
  char folder[PATH_MAX];
  if (!folder_of (folder, sizeof folder))
    return false;
  const int n =
      snprintf (path, bytes, "%s/%016" PRIx64 SUFFIX, folder, checksum (key, strlen (key)));
  return n > 0 && n < (int) bytes;
}

static void
make_folders (const char *path)
{
  char part[PATH_MAX];
  snprintf (part, sizeof part, "%s", path);
  for (char *at = strchr (part + 1, '/'); at; at = strchr (at + 1, '/')) {
    *at = '\0';
    mkdir (part, 0700);
    *at = '/';
  }
}

/* The whole file with a 0 behind it, or NULL. */
static char *
read_file (const char *path, size_t *bytes)
{
  struct stat status;
  char *data = NULL;
  const int file = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0)
    return NULL;
  if (fstat (file, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > 0 &&
      status.st_size <= MOST_FILE_BYTES)
    data = calloc (1, (size_t) status.st_size + 1);
  if (data && read (file, data, (size_t) status.st_size) != status.st_size) {
    free (data);
    data = NULL;
  }
  *bytes = data ? (size_t) status.st_size : 0;
  close (file);
  return data;
}

/* Moves *at behind a line that has to be `expected`, or that goes to `copy`. */
static bool
take_line (const char **at, const char *expected, char *copy, size_t room)
{
  const char *end = strchr (*at, '\n');
  const size_t length = end ? (size_t) (end - *at) : 0;
  if (!end || (expected && (strlen (expected) != length || memcmp (*at, expected, length) != 0)) ||
      (copy && length >= room))
    return false;
  if (copy) {
    memcpy (copy, *at, length);
    copy[length] = '\0';
  }
  *at = end + 1;
  return true;
}

static CudnnMemory
parse (const char *data, size_t bytes, const char *key, char **json, size_t *n, char *verdict)
{
  const char *at = data;
  char sum[64], expected[64];
  if (strncmp (at, FIRST_LINE, sizeof FIRST_LINE - 1) != 0)
    return CUDNN_BROKEN;
  at += sizeof FIRST_LINE - 1;
  if (!take_line (&at, key, NULL, 0) || !take_line (&at, NULL, verdict, CUDNN_VERDICT_BYTES) ||
      !take_line (&at, NULL, sum, sizeof sum))
    return CUDNN_BROKEN;
  *n = bytes - (size_t) (at - data);
  snprintf (expected, sizeof expected, "%zu %016" PRIx64, *n, checksum (at, *n));
  if (strcmp (sum, expected) != 0)
    return CUDNN_BROKEN;
  if (verdict[0] != '\0')
    return CUDNN_REFUSED;
  *json = *n > 0 ? calloc (1, *n + 1) : NULL;
  if (!*json)
    return CUDNN_BROKEN;
  memcpy (*json, at, *n);
  return CUDNN_KNOWN;
}

CudnnMemory
praxi_cudnn_cache_read (const char *key, char **json, size_t *bytes, char *verdict)
{
  char path[PATH_MAX];
  size_t length = 0;
  *json = NULL;
  *bytes = 0;
  verdict[0] = '\0';
  if (!path_of (key, path, sizeof path) || access (path, F_OK) != 0)
    return CUDNN_UNKNOWN;
  char *data = read_file (path, &length);
  const CudnnMemory found = data ? parse (data, length, key, json, bytes, verdict) : CUDNN_BROKEN;
  free (data);
  return found;
}

/* The oldest plan of a folder and the bytes of all; false where there is none. */
static bool
find_oldest (const char *folder, char *oldest, size_t room, int64_t *bytes)
{
  DIR *open_folder = opendir (folder);
  int64_t when = INT64_MAX;
  *bytes = 0;
  for (struct dirent *entry; open_folder && (entry = readdir (open_folder));) {
    char path[PATH_MAX];
    struct stat status;
    const size_t length = strlen (entry->d_name);
    if (length < sizeof SUFFIX || strcmp (entry->d_name + length + 1 - sizeof SUFFIX, SUFFIX) != 0)
      continue;
    const int n = snprintf (path, sizeof path, "%s/%s", folder, entry->d_name);
    if (n < 0 || n >= (int) sizeof path || n >= (int) room || lstat (path, &status) != 0)
      continue;
    *bytes += status.st_size;
    if (status.st_mtime < when) {
      when = status.st_mtime;
      memcpy (oldest, path, (size_t) n + 1);
    }
  }
  if (open_folder)
    closedir (open_folder);
  return when != INT64_MAX;
}

static void
keep_small (void)
{
  char folder[PATH_MAX], oldest[PATH_MAX];
  int64_t bytes = 0;
  if (!folder_of (folder, sizeof folder))
    return;
  for (int i = 0; i < MOST_REMOVED && find_oldest (folder, oldest, sizeof oldest, &bytes) &&
                  bytes > MOST_FOLDER_BYTES;
       i++)
    unlink (oldest);
}

void
praxi_cudnn_cache_write (const char *key, const char *json, size_t bytes, const char *verdict)
{
  char path[PATH_MAX], partial[PATH_MAX + 32];
  if (!path_of (key, path, sizeof path))
    return;
  make_folders (path);
  snprintf (partial, sizeof partial, "%s.%ld", path, (long) getpid ());
  const int number = open (partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  FILE *file = number >= 0 ? fdopen (number, "w") : NULL;
  if (!file) {
    if (number >= 0)
      close (number);
    return;
  }
  fprintf (file, FIRST_LINE "%s\n%.*s\n%zu %016" PRIx64 "\n", key, CUDNN_VERDICT_BYTES - 1, verdict,
           bytes, checksum (json, bytes));
  fwrite (json, 1, bytes, file);
  const bool is_whole = ferror (file) == 0;
  if (fclose (file) != 0 || !is_whole || rename (partial, path) != 0)
    unlink (partial);
  keep_small ();
}
