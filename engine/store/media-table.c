#include "engine/store/media-table.h"

#include <string.h>
#include <sys/stat.h>

#include "engine/core/text.h"
#include "engine/store/records.h"
#include "engine/store/scenes.h"

void
praxi_media_row_free (PraxiMediaRow *media)
{
  if (media == NULL)
    return;
  g_free (media->path);
  g_free (media->name);
  g_free (media->sha256);
  g_free (media->group);
  g_free (media->split);
  g_free (media);
}

static gpointer
read_media (PraxiStore *store, PraxiStatement *select)
{
  PraxiMediaRow *media = g_new0 (PraxiMediaRow, 1);
  g_autofree char *kept = praxi_sql_bytes (select, 1);
  media->id = sqlite3_column_int64 (select, 0);
  media->path = praxi_store_full_path (store, kept != NULL && *kept != '\0' ? kept : ".");
  media->name = praxi_sql_text (select, 2);
  media->size_bytes = sqlite3_column_int64 (select, 3);
  media->mtime_us = sqlite3_column_int64 (select, 4);
  media->sha256 = praxi_sql_text (select, 5);
  media->frames = sqlite3_column_int64 (select, 6);
  media->first_pts_ns = sqlite3_column_int64 (select, 7);
  media->duration_ns = sqlite3_column_int64 (select, 8);
  media->width_px = sqlite3_column_int (select, 9);
  media->height_px = sqlite3_column_int (select, 10);
  media->group = praxi_sql_text (select, 11);
  media->split = praxi_sql_text (select, 12);
  media->added_us = sqlite3_column_int64 (select, 13);
  return media;
}

GPtrArray *
praxi_store_list_media (PraxiStore *store, GError **error)
{
  const char *sql = praxi_record_tables[PRAXI_KIND_MEDIA].select_all;
  return praxi_store_read_records (store, praxi_sql_prepare (store, sql, error), read_media,
                                   (GDestroyNotify) praxi_media_row_free, error);
}

PraxiMediaRow *
praxi_store_get_media (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_store_read_record (store, PRAXI_KIND_MEDIA, id, read_media, error);
}

/* *id is 0 when the path is not in the project. */
static gboolean
find_id (PraxiStore *store, const char *path, gint64 *id, GError **error)
{
  g_autofree char *kept = praxi_store_keep_path (store, path);
  g_autoptr (PraxiStatement) select =
      praxi_sql_prepare (store, "SELECT id FROM media WHERE path = ?1", error);
  if (select == NULL)
    return FALSE;
  praxi_sql_bind_bytes (select, 1, kept);
  const int status = praxi_sql_step (store, select, error);
  *id = status > 0 ? sqlite3_column_int64 (select, 0) : 0;
  return status >= 0;
}

PraxiMediaRow *
praxi_store_find_media (PraxiStore *store, const char *path, GError **error)
{
  gint64 id = 0;
  if (!find_id (store, path, &id, error))
    return NULL;
  if (id != 0)
    return praxi_store_get_media (store, id, error);
  g_autofree char *shown = praxi_text_file_name (path);
  praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                    "%.1000s is not in the project; add it first", shown);
  return NULL;
}

static gboolean
check_media (PraxiStore *store, const PraxiMediaRow *media, GError **error)
{
  static const char *const splits[] = {"train", "val", "test", NULL};
  const gsize max_bytes = PRAXI_STORE_MAX_NAME_BYTES;
  if (media->path == NULL || *media->path == '\0' || strlen (media->path) > max_bytes)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "footage needs a file name; give it one");
  if (media->split != NULL && !g_strv_contains (splits, media->split))
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "a split is train, val or test; choose one");
  return praxi_store_check_text (store, "name of the footage", media->name, max_bytes, error) &&
         praxi_store_check_text (store, "hash of the footage", media->sha256, max_bytes, error) &&
         praxi_store_check_text (store, "group of the footage", media->group, max_bytes, error);
}

static gboolean
write_media (PraxiStore *store, const PraxiMediaRow *media, gint64 *id, GError **error)
{
  if (!check_media (store, media, error))
    return FALSE;
  g_autofree char *kept = praxi_store_keep_path (store, media->path);
  g_autofree char *base = g_path_get_basename (media->path);
  g_autofree char *name =
      media->name != NULL ? g_strdup (media->name) : praxi_text_file_name (base);
  g_autoptr (GString) row = g_string_sized_new (512);
  praxi_row_add_bytes (row, kept);
  praxi_row_add_text (row, name);
  praxi_row_add_int (row, media->size_bytes);
  praxi_row_add_int (row, media->mtime_us);
  praxi_row_add_text (row, media->sha256);
  praxi_row_add_int (row, media->frames);
  praxi_row_add_int (row, media->first_pts_ns);
  praxi_row_add_int (row, media->duration_ns);
  praxi_row_add_int (row, media->width_px);
  praxi_row_add_int (row, media->height_px);
  praxi_row_add_text (row, media->group);
  praxi_row_add_text (row, media->split);
  praxi_row_add_int (row, media->added_us);
  return praxi_history_change (store, PRAXI_KIND_MEDIA, id, row->str, error);
}

static gboolean
fill_int (gint64 *known, gint64 value)
{
  if (*known != 0 || value == 0)
    return FALSE;
  *known = value;
  return TRUE;
}

static gboolean
fill_text (char **known, const char *value)
{
  if (*known != NULL || value == NULL)
    return FALSE;
  *known = g_strdup (value);
  return TRUE;
}

/* Takes over what `known` lacks. Returns whether that was anything. */
static gboolean
complete (PraxiMediaRow *known, const PraxiMediaRow *media)
{
  gboolean is_new = fill_text (&known->sha256, media->sha256);
  is_new |= fill_text (&known->group, media->group);
  is_new |= fill_text (&known->split, media->split);
  if (known->frames != 0 || media->frames == 0)
    return is_new;
  fill_int (&known->frames, media->frames);
  known->first_pts_ns = media->first_pts_ns;
  known->duration_ns = media->duration_ns;
  known->width_px = media->width_px;
  known->height_px = media->height_px;
  return TRUE;
}

static void
stat_media (PraxiMediaRow *media)
{
  struct stat info;
  if (media->size_bytes != 0 || stat (media->path, &info) != 0)
    return;
  media->size_bytes = info.st_size;
  media->mtime_us = (gint64) info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
}

static gboolean
add_media (PraxiStore *store, const PraxiMediaRow *media, gint64 *id, GError **error)
{
  if (!check_media (store, media, error) || !find_id (store, media->path, id, error))
    return FALSE;
  if (*id == 0) {
    PraxiMediaRow added = *media;
    added.added_us = g_get_real_time ();
    stat_media (&added);
    return write_media (store, &added, id, error);
  }
  g_autoptr (PraxiMediaRow) known = praxi_store_get_media (store, *id, error);
  if (known == NULL)
    return FALSE;
  return !complete (known, media) || write_media (store, known, id, error);
}

gboolean
praxi_store_add_media (PraxiStore *store, const PraxiMediaRow *media, gint64 *id, GError **error)
{
  gint64 found = 0;
  if (!praxi_store_begin (store, error))
    return FALSE;
  if (!praxi_store_end (store, add_media (store, media, &found, error), error))
    return FALSE;
  if (id != NULL)
    *id = found;
  return TRUE;
}

static gboolean
update_media (PraxiStore *store, const PraxiMediaRow *media, GError **error)
{
  gint64 id = media->id;
  g_autoptr (PraxiMediaRow) known = praxi_store_get_media (store, id, error);
  return known != NULL && write_media (store, media, &id, error);
}

gboolean
praxi_store_update_media (PraxiStore *store, const PraxiMediaRow *media, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, update_media (store, media, error), error);
}

/* *count is the rows of the statement for that media. */
static gboolean
count_rows (PraxiStore *store, const char *sql, gint64 media_id, gint64 *count, GError **error)
{
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return FALSE;
  sqlite3_bind_int64 (select, 1, media_id);
  const int status = praxi_sql_step (store, select, error);
  *count = status > 0 ? sqlite3_column_int64 (select, 0) : 0;
  return status >= 0;
}

static gboolean
run_for (PraxiStore *store, const char *sql, gint64 id, GError **error)
{
  PraxiStatement *statement = praxi_sql_prepare (store, sql, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);
  return praxi_sql_run (store, statement, error);
}

static gboolean
remove_runs (PraxiStore *store, gint64 media_id, GError **error)
{
  for (;;) {
    gint64 run_id = 0;
    if (!count_rows (store, "SELECT coalesce (min (id), 0) FROM run WHERE media_id = ?1", media_id,
                     &run_id, error))
      return FALSE;
    if (run_id == 0)
      return TRUE;
    if (!run_for (store, "DELETE FROM run_events WHERE run_id = ?1", run_id, error) ||
        !praxi_history_change (store, PRAXI_KIND_RUN, &run_id, NULL, error))
      return FALSE;
  }
}

/* A project that was never opened for writing by this version lacks the tables of review. */
static gboolean
has_table (PraxiStore *store, const char *sql)
{
  gint64 count = 0;
  return praxi_sql_int (store, sql, 0, &count, NULL) && count > 0;
}

static gboolean
remove_media (PraxiStore *store, gint64 id, GError **error)
{
  static const char find_coverage[] =
      "SELECT count (*) FROM sqlite_schema WHERE name = 'coverage' AND type = 'table'";
  static const char find_verdicts[] =
      "SELECT count (*) FROM sqlite_schema WHERE name = 'verdict' AND type = 'table'";
  gint64 n_labels = 0, n_verdicts = 0;
  g_autoptr (PraxiMediaRow) known = praxi_store_get_media (store, id, error);
  if (known == NULL ||
      !count_rows (store, "SELECT count (*) FROM label WHERE media_id = ?1", id, &n_labels, error))
    return FALSE;
  if (has_table (store, find_verdicts) &&
      !count_rows (store, "SELECT count (*) FROM verdict WHERE media_id = ?1", id, &n_verdicts,
                   error))
    return FALSE;
  if (n_labels + n_verdicts > 0)
    return praxi_store_fail (store, PRAXI_ERROR_FAILED, error,
                             "%.200s has labels or verdicts; remove them first", known->name);
  if (has_table (store, find_coverage) &&
      !run_for (store, "DELETE FROM coverage WHERE media_id = ?1", id, error))
    return FALSE;
  return praxi_store_leave_scene (store, id, error) && remove_runs (store, id, error) &&
         praxi_history_change (store, PRAXI_KIND_MEDIA, &id, NULL, error);
}

gboolean
praxi_store_remove_media (PraxiStore *store, gint64 id, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, remove_media (store, id, error), error);
}
