#include "engine/store/backup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/store/store-private.h"

enum { DAY_CHARS = 8 };

static char *
backup_folder (const char *project_path)
{
  g_autofree char *full = g_canonicalize_filename (project_path, NULL);
  return g_strconcat (full, "-backups", NULL);
}

/* "20261122T180000Z-r1234.praxi" and nothing else: other files in the folder are somebody's. */
static gboolean
read_name (const char *name, gint64 *revision)
{
  static const char shape[] = "00000000T000000Z-r";
  char *end = NULL;
  for (gsize i = 0; i < sizeof shape - 1; i++)
    if (shape[i] == '0' ? !g_ascii_isdigit (name[i]) : name[i] != shape[i])
      return FALSE;
  const char *digits = name + sizeof shape - 1;
  *revision = g_ascii_strtoll (digits, &end, 10);
  return end > digits && strcmp (end, ".praxi") == 0;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
praxi_store_list_backups (const char *project_path)
{
  g_autofree char *folder = backup_folder (project_path);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  gint64 revision;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (read_name (name, &revision))
      g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (paths, compare_names);
  return paths;
}

static const char *
name_of (const GPtrArray *paths, guint index)
{
  const char *path = paths->pdata[index];
  return strrchr (path, '/') + 1;
}

/* From the newest to the oldest: each day's last copy comes first. */
static void
remove_old (PraxiStore *store)
{
  g_autoptr (GPtrArray) paths = praxi_store_list_backups (store->path);
  char day[DAY_CHARS + 1] = "";
  guint n_days = 0;
  for (guint i = paths->len; i > 0; i--) {
    const char *name = name_of (paths, i - 1);
    const gboolean is_day_last = strncmp (name, day, DAY_CHARS) != 0;
    g_strlcpy (day, name, sizeof day);
    n_days += is_day_last;
    const gboolean is_new = paths->len - i < PRAXI_BACKUP_NEWEST;
    if (!is_new && !(is_day_last && n_days <= PRAXI_BACKUP_DAYS))
      store->disk->remove (paths->pdata[i - 1]);
  }
}

static gboolean
is_unchanged (const GPtrArray *paths, gint64 revision)
{
  gint64 newest = -1;
  return paths->len > 0 && read_name (name_of (paths, paths->len - 1), &newest) &&
         newest == revision;
}

gboolean
praxi_store_backup (PraxiStore *store, gint64 now_us, GError **error)
{
  g_autoptr (GPtrArray) paths = praxi_store_list_backups (store->path);
  const gint64 revision = praxi_store_revision (store);
  if (revision < 0 || is_unchanged (paths, revision))
    return TRUE;
  g_autofree char *folder = backup_folder (store->path);
  if (mkdir (folder, 0777) != 0 && errno != EEXIST)
    return praxi_store_fail (store, PRAXI_ERROR_DISK, error,
                             "the folder for its copies cannot be made (%s); make room or allow "
                             "writing",
                             g_strerror (errno));
  const gint64 at_us = now_us != 0 ? now_us : g_get_real_time ();
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (at_us / 1000000);
  g_autofree char *time = g_date_time_format (at, "%Y%m%dT%H%M%SZ");
  g_autofree char *path =
      g_strdup_printf ("%s/%s-r%" G_GINT64_FORMAT ".praxi", folder, time, revision);
  if (!praxi_store_save_copy (store, path, error))
    return FALSE;
  remove_old (store);
  return TRUE;
}
