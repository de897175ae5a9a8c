#include "engine/store/labels.h"

#include <string.h>

#include "engine/store/records.h"

#define LABEL_COLUMNS                                                                              \
  "id, media_id, class_id, start_ns, end_ns, start_frame, end_frame, author, source, note,"        \
  " created_us, hash"

PraxiLabel *
praxi_label_copy (const PraxiLabel *label)
{
  PraxiLabel *copy = g_new (PraxiLabel, 1);
  *copy = *label;
  copy->author = g_strdup (label->author);
  copy->source = g_strdup (label->source);
  copy->note = g_strdup (label->note);
  return copy;
}

void
praxi_label_free (PraxiLabel *label)
{
  if (label == NULL)
    return;
  g_free (label->author);
  g_free (label->source);
  g_free (label->note);
  g_free (label);
}

static gboolean
is_row_damaged (PraxiStatement *select)
{
  const PraxiRecordTable *table = &praxi_record_tables[PRAXI_KIND_LABEL];
  guint8 hash[PRAXI_ROW_HASH_BYTES];
  g_autoptr (GString) row = g_string_sized_new (256);
  praxi_row_add_columns (row, select, 0, table->n_columns);
  praxi_row_hash (NULL, 0, table->name, row->str, hash);
  return sqlite3_column_bytes (select, table->n_columns) != PRAXI_ROW_HASH_BYTES ||
         memcmp (sqlite3_column_blob (select, table->n_columns), hash, sizeof hash) != 0;
}

static gpointer
read_label (PraxiStore *store, PraxiStatement *select)
{
  PraxiLabel *label = g_new0 (PraxiLabel, 1);
  label->is_damaged = is_row_damaged (select);
  label->id = sqlite3_column_int64 (select, 0);
  label->media_id = sqlite3_column_int64 (select, 1);
  label->class_id = sqlite3_column_int64 (select, 2);
  label->start_ns = sqlite3_column_int64 (select, 3);
  label->end_ns = sqlite3_column_int64 (select, 4);
  label->start_frame = sqlite3_column_int (select, 5);
  label->end_frame = sqlite3_column_int (select, 6);
  label->author = praxi_sql_text (select, 7);
  label->source = praxi_sql_text (select, 8);
  label->note = praxi_sql_text (select, 9);
  label->created_us = sqlite3_column_int64 (select, 10);
  return label;
}

GPtrArray *
praxi_store_list_labels (PraxiStore *store, gint64 media_id, GError **error)
{
  static const char of_all[] =
      "SELECT " LABEL_COLUMNS " FROM label ORDER BY media_id, start_ns, id";
  static const char of_one[] =
      "SELECT " LABEL_COLUMNS " FROM label WHERE media_id = ?1 ORDER BY start_ns, id";
  PraxiStatement *select = praxi_sql_prepare (store, media_id != 0 ? of_one : of_all, error);
  if (select != NULL && media_id != 0)
    sqlite3_bind_int64 (select, 1, media_id);
  return praxi_store_read_records (store, select, read_label, (GDestroyNotify) praxi_label_free,
                                   error);
}

PraxiLabel *
praxi_store_get_label (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_store_read_record (store, PRAXI_KIND_LABEL, id, read_label, error);
}

static gboolean
check_label (PraxiStore *store, const PraxiLabel *label, GError **error)
{
  const gsize max_name = PRAXI_STORE_MAX_NAME_BYTES;
  if (label->start_ns >= label->end_ns)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "a label must end after it starts; swap the times");
  if (label->start_frame < -1 || label->end_frame < -1 ||
      (label->start_frame >= 0 && label->end_frame >= 0 && label->start_frame > label->end_frame))
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "the frames of a label are out of order; swap them");
  return praxi_store_check_text (store, "author", label->author, max_name, error) &&
         praxi_store_check_text (store, "source", label->source, max_name, error) &&
         praxi_store_check_text (store, "note", label->note, PRAXI_STORE_MAX_TEXT_BYTES, error) &&
         praxi_store_check_record (store, PRAXI_KIND_MEDIA, label->media_id, error) &&
         praxi_store_check_record (store, PRAXI_KIND_CLASS, label->class_id, error);
}

static gboolean
write_label (PraxiStore *store, const PraxiLabel *label, gint64 *id, GError **error)
{
  if (!check_label (store, label, error))
    return FALSE;
  g_autoptr (GString) row = g_string_sized_new (256);
  praxi_row_add_int (row, label->media_id);
  praxi_row_add_int (row, label->class_id);
  praxi_row_add_int (row, label->start_ns);
  praxi_row_add_int (row, label->end_ns);
  praxi_row_add_int (row, label->start_frame);
  praxi_row_add_int (row, label->end_frame);
  praxi_row_add_text (row, label->author != NULL ? label->author : store->author);
  praxi_row_add_text (row, label->source != NULL ? label->source : PRAXI_LABEL_SOURCE_PERSON);
  praxi_row_add_text (row, label->note != NULL ? label->note : "");
  praxi_row_add_int (row, label->created_us != 0 ? label->created_us : g_get_real_time ());
  return praxi_history_change (store, PRAXI_KIND_LABEL, id, row->str, error);
}

gboolean
praxi_store_add_label (PraxiStore *store, const PraxiLabel *label, gint64 *id, GError **error)
{
  gint64 new_id = 0;
  if (!praxi_store_begin (store, error))
    return FALSE;
  if (!praxi_store_end (store, write_label (store, label, &new_id, error), error))
    return FALSE;
  if (id != NULL)
    *id = new_id;
  return TRUE;
}

static gboolean
update_label (PraxiStore *store, const PraxiLabel *label, GError **error)
{
  gint64 id = label->id;
  return praxi_store_check_record (store, PRAXI_KIND_LABEL, id, error) &&
         write_label (store, label, &id, error);
}

gboolean
praxi_store_update_label (PraxiStore *store, const PraxiLabel *label, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, update_label (store, label, error), error);
}

gboolean
praxi_store_remove_label (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_history_change (store, PRAXI_KIND_LABEL, &id, NULL, error);
}
