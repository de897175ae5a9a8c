#include "engine/store/labels.h"

#include <string.h>

#include "engine/store/history-private.h"

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

static PraxiLabel *
read_label (PraxiStatement *select)
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
  g_autoptr (PraxiStatement) select =
      praxi_sql_prepare (store, media_id != 0 ? of_one : of_all, error);
  if (select == NULL)
    return NULL;
  if (media_id != 0)
    sqlite3_bind_int64 (select, 1, media_id);
  g_autoptr (GPtrArray) labels = g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_label_free);
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0)
    g_ptr_array_add (labels, read_label (select));
  return status == 0 ? g_steal_pointer (&labels) : NULL;
}

static gboolean
fail_missing (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                           "there is no label %" G_GINT64_FORMAT "; list them again", id);
}

PraxiLabel *
praxi_store_get_label (PraxiStore *store, gint64 id, GError **error)
{
  const char *sql = praxi_record_tables[PRAXI_KIND_LABEL].select;
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, id);
  const int status = praxi_sql_step (store, select, error);
  if (status == 0)
    fail_missing (store, id, error);
  return status > 0 ? read_label (select) : NULL;
}

/* What was seen in this transaction is still there: nobody else writes, and a removal forgets all.
 */
static gboolean
check_exists (PraxiStore *store, const char *sql, const char *kind, gint64 id, GError **error)
{
  const gint64 key = id * 4 + (kind[0] == 'm' ? 0 : kind[0] == 'c' ? 1 : 2);
  if (store->depth > 0 && g_hash_table_contains (store->seen_rows, &key))
    return TRUE;
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return FALSE;
  sqlite3_bind_int64 (select, 1, id);
  const int status = praxi_sql_step (store, select, error);
  if (status == 0)
    return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                             "there is no %s %" G_GINT64_FORMAT "; add it first", kind, id);
  if (status > 0)
    g_hash_table_add (store->seen_rows, g_memdup2 (&key, sizeof key));
  return status > 0;
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
         check_exists (store, "SELECT 1 FROM media WHERE id = ?1", "media", label->media_id,
                       error) &&
         check_exists (store, "SELECT 1 FROM class WHERE id = ?1", "class", label->class_id, error);
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
  return check_exists (store, "SELECT 1 FROM label WHERE id = ?1", "label", id, error) &&
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
