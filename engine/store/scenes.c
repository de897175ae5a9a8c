#include "engine/store/scenes.h"

#include "engine/store/records.h"

enum { FIRST_SCHEMA = 3 };

/* A row of scene_media; id 0: there is none. */
typedef struct {
  gint64 id, scene, offset_ns;
} Row;

void
praxi_scene_media_free (PraxiSceneMedia *media)
{
  if (media == NULL)
    return;
  g_free (media->path);
  g_free (media);
}

static gpointer
read_scene_media (PraxiStore *store, PraxiStatement *select)
{
  PraxiSceneMedia *media = g_new0 (PraxiSceneMedia, 1);
  g_autofree char *kept = praxi_sql_bytes (select, 1);
  media->media_id = sqlite3_column_int64 (select, 0);
  media->path = praxi_store_full_path (store, kept != NULL && *kept != '\0' ? kept : ".");
  media->delta_ns = sqlite3_column_int64 (select, 2);
  return media;
}

GPtrArray *
praxi_store_list_scene (PraxiStore *store, gint64 media_id, GError **error)
{
  static const char sql[] =
      "SELECT other.media_id, path, mine.offset_ns - other.offset_ns FROM scene_media AS mine"
      " JOIN scene_media AS other ON other.scene = mine.scene AND other.id <> mine.id"
      " JOIN media ON media.id = other.media_id WHERE mine.media_id = ?1 ORDER BY other.id";
  const GDestroyNotify free_func = (GDestroyNotify) praxi_scene_media_free;
  if (store->schema < FIRST_SCHEMA)
    return g_ptr_array_new_with_free_func (free_func);
  PraxiStatement *select = praxi_sql_prepare (store, sql, error);
  if (select != NULL)
    sqlite3_bind_int64 (select, 1, media_id);
  return praxi_store_read_records (store, select, read_scene_media, free_func, error);
}

static gboolean
find_row (PraxiStore *store, gint64 media_id, Row *row, GError **error)
{
  static const char sql[] = "SELECT id, scene, offset_ns FROM scene_media WHERE media_id = ?1";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  *row = (Row){0};
  if (select == NULL)
    return FALSE;
  sqlite3_bind_int64 (select, 1, media_id);
  const int status = praxi_sql_step (store, select, error);
  if (status > 0)
    *row = (Row){sqlite3_column_int64 (select, 0), sqlite3_column_int64 (select, 1),
                 sqlite3_column_int64 (select, 2)};
  return status >= 0;
}

static gboolean
write_row (PraxiStore *store, gint64 media_id, const Row *row, GError **error)
{
  gint64 id = row->id;
  g_autoptr (GString) values = g_string_sized_new (64);
  praxi_row_add_int (values, media_id);
  praxi_row_add_int (values, row->scene);
  praxi_row_add_int (values, row->offset_ns);
  return praxi_history_change (store, PRAXI_KIND_SCENE_MEDIA, &id, values->str, error);
}

static gboolean
join (PraxiStore *store, gint64 media_id, gint64 other_id, gint64 delta_ns, GError **error)
{
  Row mine, other;
  if (media_id == other_id)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "footage is in sync with itself; choose other footage");
  if (!praxi_store_check_record (store, PRAXI_KIND_MEDIA, media_id, error) ||
      !praxi_store_check_record (store, PRAXI_KIND_MEDIA, other_id, error) ||
      !find_row (store, media_id, &mine, error) || !find_row (store, other_id, &other, error))
    return FALSE;
  if (mine.id == 0 && other.id != 0) {
    mine.scene = other.scene;
    mine.offset_ns = other.offset_ns + delta_ns;
    return write_row (store, media_id, &mine, error);
  }
  if (mine.id == 0) {
    mine.scene = media_id;
    if (!write_row (store, media_id, &mine, error))
      return FALSE;
  }
  other.scene = mine.scene;
  other.offset_ns = mine.offset_ns - delta_ns;
  return write_row (store, other_id, &other, error);
}

gboolean
praxi_store_join_scene (PraxiStore *store,
                        gint64 media_id,
                        gint64 other_id,
                        gint64 delta_ns,
                        GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, join (store, media_id, other_id, delta_ns, error), error);
}

static gboolean
leave (PraxiStore *store, gint64 media_id, GError **error)
{
  Row row;
  if (store->schema < FIRST_SCHEMA)
    return TRUE;
  return find_row (store, media_id, &row, error) &&
         (row.id == 0 ||
          praxi_history_change (store, PRAXI_KIND_SCENE_MEDIA, &row.id, NULL, error));
}

gboolean
praxi_store_leave_scene (PraxiStore *store, gint64 media_id, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, leave (store, media_id, error), error);
}
