#include "engine/store/classes.h"

#include <string.h>

#include "engine/store/classes-private.h"
#include "engine/store/records.h"
#include "engine/store/labels.h"

void
praxi_class_free (PraxiClass *cls)
{
  if (cls == NULL)
    return;
  g_free (cls->name);
  g_free (cls);
}

const char *
praxi_class_palette (guint n)
{
  static const char *const colors[PRAXI_CLASS_PALETTE] = {
      "#0072b2", "#d55e00", "#cc79a7", "#009e73", "#e69f00",
      "#56b4e9", "#f0e442", "#999999", "#332288", "#882255"};
  return colors[n % PRAXI_CLASS_PALETTE];
}

static gpointer
read_class (PraxiStore *store, PraxiStatement *select)
{
  PraxiClass *cls = g_new0 (PraxiClass, 1);
  g_autofree char *color = praxi_sql_text (select, 2);
  g_autofree char *key = praxi_sql_text (select, 3);
  cls->id = sqlite3_column_int64 (select, 0);
  cls->name = praxi_sql_text (select, 1);
  if (cls->name == NULL)
    cls->name = g_strdup ("");
  g_strlcpy (cls->color, color != NULL ? color : "", sizeof cls->color);
  cls->key = key != NULL ? key[0] : '\0';
  return cls;
}

/* As read_class, with what its labels come to in the columns behind. */
static gpointer
read_counted_class (PraxiStore *store, PraxiStatement *select)
{
  PraxiClass *cls = read_class (store, select);
  cls->n_labels = sqlite3_column_int64 (select, 4);
  cls->n_media = sqlite3_column_int64 (select, 5);
  cls->labelled_ns = sqlite3_column_int64 (select, 6);
  return cls;
}

/* The ids of class_order's row as text, "" when there is none. */
static char *
read_order (PraxiStore *store, GError **error)
{
  if (store->schema < 2)
    return g_strdup ("");
  g_autoptr (PraxiStatement) select =
      praxi_sql_prepare (store, "SELECT ids FROM class_order", error);
  const int status = select != NULL ? praxi_sql_step (store, select, error) : -1;
  if (status < 0)
    return NULL;
  char *ids = status > 0 ? praxi_sql_text (select, 0) : NULL;
  return ids != NULL ? ids : g_strdup ("");
}

/* Moves the classes that the order names to the front, one after the other. */
static void
put_in_order (GPtrArray *classes, const char *order)
{
  g_auto (GStrv) ids = g_strsplit (order, ",", -1);
  guint n_placed = 0;
  for (guint k = 0; ids[k] != NULL; k++)
    for (guint i = n_placed; i < classes->len; i++) {
      PraxiClass *cls = classes->pdata[i];
      if (cls->id != g_ascii_strtoll (ids[k], NULL, 10))
        continue;
      memmove (classes->pdata + n_placed + 1, classes->pdata + n_placed,
               (i - n_placed) * sizeof (gpointer));
      classes->pdata[n_placed++] = cls;
      break;
    }
}

GPtrArray *
praxi_store_list_classes (PraxiStore *store, GError **error)
{
  g_autofree char *order = read_order (store, error);
  if (order == NULL)
    return NULL;
  static const char sql[] =
      "SELECT class.id, name, color, key, count (label.id), count (DISTINCT media_id),"
      " coalesce (sum (end_ns - start_ns), 0)"
      " FROM class LEFT JOIN label ON class_id = class.id GROUP BY class.id ORDER BY class.id";
  GPtrArray *classes =
      praxi_store_read_records (store, praxi_sql_prepare (store, sql, error), read_counted_class,
                                (GDestroyNotify) praxi_class_free, error);
  if (classes != NULL)
    put_in_order (classes, order);
  return classes;
}

static gboolean
fail_class (PraxiStore *store, const char *name, GError **error)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  return praxi_store_fail (store, PRAXI_ERROR_NOT_FOUND, error,
                           "there is no class \"%.200s\"; add it first", valid);
}

PraxiClass *
praxi_store_find_class (PraxiStore *store, const char *name, GError **error)
{
  static const char sql[] = "SELECT id, name, color, key FROM class WHERE name = ?1";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  praxi_sql_bind_text (select, 1, name);
  const int status = praxi_sql_step (store, select, error);
  if (status == 0)
    fail_class (store, name, error);
  return status > 0 ? read_class (store, select) : NULL;
}

static PraxiClass *
get_class (PraxiStore *store, gint64 id, GError **error)
{
  return praxi_store_read_record (store, PRAXI_KIND_CLASS, id, read_class, error);
}

static gboolean
is_color (const char *color)
{
  if (strlen (color) != 7 || color[0] != '#')
    return FALSE;
  for (int i = 1; i < 7; i++)
    if (!g_ascii_isxdigit (color[i]))
      return FALSE;
  return TRUE;
}

/* Names and keys are unique; the sentence about the clash is better than the database's. */
static gboolean
check_unique (PraxiStore *store, const PraxiClass *cls, GError **error)
{
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, error);
  if (classes == NULL)
    return FALSE;
  for (guint i = 0; i < classes->len; i++) {
    const PraxiClass *other = classes->pdata[i];
    if (other->id == cls->id)
      continue;
    if (strcmp (other->name, cls->name) == 0)
      return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                               "there is a class \"%.200s\" already; choose another name",
                               cls->name);
    if (cls->key != '\0' && other->key == cls->key)
      return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                               "key %c belongs to \"%.200s\"; choose another key", cls->key,
                               other->name);
  }
  return TRUE;
}

static gboolean
check_class (PraxiStore *store, const PraxiClass *cls, GError **error)
{
  if (cls->name == NULL || cls->name[0] == '\0')
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error, "a class needs a name; give it one");
  if (!praxi_store_check_text (store, "class name", cls->name, PRAXI_STORE_MAX_NAME_BYTES, error))
    return FALSE;
  if (!is_color (cls->color))
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "a colour is written as #rrggbb; choose one");
  if (cls->key != '\0' && !g_ascii_isdigit (cls->key))
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "a class key is one of 1 to 9 and 0; choose one");
  return check_unique (store, cls, error);
}

static gboolean
write_class (PraxiStore *store, const PraxiClass *cls, gint64 *id, GError **error)
{
  const char key[2] = {cls->key, '\0'};
  g_autofree char *color = g_ascii_strdown (cls->color, -1);
  g_autoptr (GString) row = g_string_new (NULL);
  praxi_row_add_text (row, cls->name);
  praxi_row_add_text (row, color);
  praxi_row_add_text (row, cls->key != '\0' ? key : NULL);
  return praxi_history_change (store, PRAXI_KIND_CLASS, id, row->str, error);
}

static char
free_key (const GPtrArray *classes)
{
  for (const char *key = "1234567890"; *key != '\0'; key++) {
    gboolean is_taken = FALSE;
    for (guint i = 0; i < classes->len; i++)
      is_taken |= ((const PraxiClass *) classes->pdata[i])->key == *key;
    if (!is_taken)
      return *key;
  }
  return '\0';
}

static gboolean
add_class (PraxiStore *store,
           const PraxiClass *cls,
           gboolean key_if_free,
           gint64 *id,
           GError **error)
{
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, error);
  if (classes == NULL)
    return FALSE;
  PraxiClass added = *cls;
  gint64 new_id = 0;
  added.id = 0;
  if (added.color[0] == '\0')
    g_strlcpy (added.color, praxi_class_palette (classes->len), sizeof added.color);
  if (added.key == '\0' && key_if_free)
    added.key = free_key (classes);
  if (!check_class (store, &added, error) || !write_class (store, &added, &new_id, error))
    return FALSE;
  if (id != NULL)
    *id = new_id;
  return TRUE;
}

gboolean
praxi_store_add_class (PraxiStore *store,
                       const PraxiClass *cls,
                       gboolean key_if_free,
                       gint64 *id,
                       GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, add_class (store, cls, key_if_free, id, error), error);
}

gboolean
praxi_store_add_default_classes (PraxiStore *store, GError **error)
{
  static const PraxiClass defaults[] = {{.name = (char *) "normal", .key = '1'},
                                        {.name = (char *) "fight", .key = '2'},
                                        {.name = (char *) "fall", .key = '3'}};
  if (!praxi_store_begin (store, error))
    return FALSE;
  gboolean ok = TRUE;
  store->only_notes = TRUE;
  for (guint i = 0; ok && i < G_N_ELEMENTS (defaults); i++)
    ok = praxi_store_add_class (store, &defaults[i], FALSE, NULL, error);
  store->only_notes = FALSE;
  return praxi_store_end (store, ok, error);
}

static gboolean
update_class (PraxiStore *store, const PraxiClass *cls, GError **error)
{
  gint64 id = cls->id;
  g_autoptr (PraxiClass) old = get_class (store, id, error);
  return old != NULL && check_class (store, cls, error) && write_class (store, cls, &id, error);
}

gboolean
praxi_store_update_class (PraxiStore *store, const PraxiClass *cls, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, update_class (store, cls, error), error);
}

gboolean
praxi_store_rename_class (PraxiStore *store, gint64 id, const char *name, GError **error)
{
  g_autoptr (PraxiClass) cls = get_class (store, id, error);
  if (cls == NULL)
    return FALSE;
  g_free (cls->name);
  cls->name = g_strdup (name);
  return praxi_store_update_class (store, cls, error);
}

gboolean
praxi_store_recolor_class (PraxiStore *store, gint64 id, const char *color, GError **error)
{
  g_autoptr (PraxiClass) cls = get_class (store, id, error);
  if (cls == NULL)
    return FALSE;
  if (!is_color (color))
    color = "";
  g_strlcpy (cls->color, color, sizeof cls->color);
  return praxi_store_update_class (store, cls, error);
}

gint64
praxi_store_count_class (PraxiStore *store, gint64 id, GError **error)
{
  static const char sql[] = "SELECT count (*) FROM label WHERE class_id = ?1";
  g_autoptr (PraxiStatement) count = praxi_sql_prepare (store, sql, error);
  if (count == NULL)
    return -1;
  sqlite3_bind_int64 (count, 1, id);
  return praxi_sql_step (store, count, error) > 0 ? sqlite3_column_int64 (count, 0) : -1;
}

static gboolean
remove_class (PraxiStore *store, gint64 id, GError **error)
{
  const gint64 n_labels = praxi_store_count_class (store, id, error);
  if (n_labels > 0)
    return praxi_store_fail (store, PRAXI_ERROR_USAGE, error,
                             "labels use the class (%" G_GINT64_FORMAT "); change or remove them "
                             "first",
                             n_labels);
  return n_labels == 0 && praxi_history_change (store, PRAXI_KIND_CLASS, &id, NULL, error);
}

gboolean
praxi_store_remove_class (PraxiStore *store, gint64 id, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, remove_class (store, id, error), error);
}

static GArray *
list_labels_of (PraxiStore *store, gint64 class_id, GError **error)
{
  static const char sql[] = "SELECT id FROM label WHERE class_id = ?1";
  g_autoptr (PraxiStatement) select = praxi_sql_prepare (store, sql, error);
  if (select == NULL)
    return NULL;
  sqlite3_bind_int64 (select, 1, class_id);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  int status;
  while ((status = praxi_sql_step (store, select, error)) > 0) {
    const gint64 id = sqlite3_column_int64 (select, 0);
    g_array_append_val (ids, id);
  }
  return status == 0 ? g_steal_pointer (&ids) : NULL;
}

static gboolean
remove_class_and_labels (PraxiStore *store, gint64 id, GError **error)
{
  g_autoptr (GArray) labels = list_labels_of (store, id, error);
  if (labels == NULL)
    return FALSE;
  for (guint i = 0; i < labels->len; i++)
    if (!praxi_store_remove_label (store, g_array_index (labels, gint64, i), error))
      return FALSE;
  return praxi_history_change (store, PRAXI_KIND_CLASS, &id, NULL, error);
}

gboolean
praxi_store_remove_class_and_labels (PraxiStore *store, gint64 id, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  return praxi_store_end (store, remove_class_and_labels (store, id, error), error);
}

gboolean
praxi_store_order_classes (PraxiStore *store, const gint64 *ids, guint n_ids, GError **error)
{
  gint64 row_id = 1;
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GString) row = g_string_new (NULL);
  for (guint i = 0; i < n_ids; i++)
    g_string_append_printf (order, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "", ids[i]);
  praxi_row_add_text (row, order->str);
  return praxi_history_change (store, PRAXI_KIND_CLASS_ORDER, &row_id, row->str, error);
}
