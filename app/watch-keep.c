/* The ring of recordings: the oldest make room, those with labels never. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/watch.h"
#include "engine/core/json-lines.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"

typedef struct {
  char *path;
  gint64 bytes;
  gint64 changed_us;
} Recorded;

static void
recorded_free (gpointer data)
{
  Recorded *recorded = data;
  g_free (recorded->path);
  g_free (recorded);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  const Recorded *first = *(const Recorded *const *) a, *second = *(const Recorded *const *) b;
  return strcmp (first->path, second->path);
}

/* What the recorder names its files: "2026-01-31T12-00-00Z.mkv", "…Z-2.mkv". */
static gboolean
is_recording (const char *name)
{
  static const char form[] = "dddd-dd-ddTdd-dd-ddZ";
  const gsize length = strlen (form);
  if (strlen (name) < length || !g_str_has_suffix (name, ".mkv"))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (form[i] == 'd' ? !g_ascii_isdigit (name[i]) : name[i] != form[i])
      return FALSE;
  return TRUE;
}

/* Recordings in the folder but the one under way, oldest first. */
static GPtrArray *
list_recordings (const PraxiWatch *watch)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (recorded_free);
  g_autoptr (GDir) dir = g_dir_open (watch->folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *file = g_build_filename (watch->folder, name, NULL);
    g_autofree char *path = g_canonicalize_filename (file, NULL);
    struct stat info;
    if (!is_recording (name) || g_strcmp0 (path, watch->recording.path) == 0 ||
        lstat (path, &info) != 0 || !S_ISREG (info.st_mode))
      continue;
    Recorded *recorded = g_new0 (Recorded, 1);
    recorded->path = g_steal_pointer (&path);
    recorded->bytes = info.st_size;
    recorded->changed_us = (gint64) info.st_mtim.tv_sec * G_USEC_PER_SEC;
    g_ptr_array_add (list, recorded);
  }
  g_ptr_array_sort (list, compare_paths);
  return list;
}

/* Inside one transaction, so that no label can be made on what is about to go. FALSE without an
 * error: it has labels.
 */
static gboolean
delete_kept (PraxiStore *store, const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  if (!praxi_store_begin (store, error))
    return FALSE;
  g_autoptr (PraxiMediaRow) media = praxi_store_find_media (store, path, NULL);
  if (media == NULL || !praxi_store_remove_media (store, media->id, &reason)) {
    praxi_store_rollback (store);
    if (reason != NULL && !g_error_matches (reason, PRAXI_ERROR, PRAXI_ERROR_FAILED))
      g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  const gboolean is_gone = g_unlink (path) == 0;
  return praxi_store_commit (store, error) && is_gone;
}

/* The scores of its runs; they are gone from the project when it is. */
static GPtrArray *
list_tracks (PraxiStore *store, const char *path)
{
  GPtrArray *tracks = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (PraxiMediaRow) media = praxi_store_find_media (store, path, NULL);
  g_autoptr (GPtrArray) runs =
      media != NULL ? praxi_store_list_runs (store, media->id, NULL) : NULL;
  for (guint i = 0; runs != NULL && i < runs->len; i++)
    g_ptr_array_add (tracks, g_strdup (((const PraxiRun *) runs->pdata[i])->track_path));
  return tracks;
}

static gboolean
delete_recording (const PraxiWatch *watch, const char *path)
{
  g_autoptr (GError) error = NULL;
  if (watch->options->store == NULL)
    return g_unlink (path) == 0;
  g_autoptr (GPtrArray) tracks = list_tracks (watch->options->store, path);
  const gboolean is_gone = delete_kept (watch->options->store, path, &error);
  for (guint i = 0; is_gone && i < tracks->len; i++)
    g_unlink (tracks->pdata[i]);
  if (error != NULL)
    praxi_watch_tell (
        watch,
        &(PraxiWatchLine){.what = "error", .at_us = g_get_real_time (), .text = error->message});
  return is_gone;
}

static void
tell_removed (const PraxiWatch *watch, const char *path)
{
  JsonBuilder *line = praxi_watch_line_begin (watch, "removed", g_get_real_time ());
  if (line == NULL)
    return;
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  praxi_json_add_string (line, "file", uri != NULL ? uri : "");
  praxi_watch_line_end (line);
}

void
praxi_watch_keep (const PraxiWatch *watch)
{
  const PraxiWatchOptions *options = watch->options;
  if (watch->folder == NULL || (options->keep_bytes <= 0 && options->keep_days <= 0))
    return;
  g_autoptr (GPtrArray) list = list_recordings (watch);
  const gint64 oldest_us =
      g_get_real_time () - (gint64) (options->keep_days * 24 * 3600 * G_USEC_PER_SEC);
  gint64 total_bytes = 0;
  for (guint i = 0; i < list->len; i++)
    total_bytes += ((const Recorded *) list->pdata[i])->bytes;
  for (guint i = 0; i < list->len; i++) {
    const Recorded *recorded = list->pdata[i];
    const gboolean is_old = options->keep_days > 0 && recorded->changed_us < oldest_us;
    const gboolean is_too_much = options->keep_bytes > 0 && total_bytes > options->keep_bytes;
    if ((is_old || is_too_much) && delete_recording (watch, recorded->path)) {
      total_bytes -= recorded->bytes;
      tell_removed (watch, recorded->path);
    }
  }
}
