#include "engine/store/exchange.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/text.h"
#include "engine/store/classes.h"
#include "engine/store/disk.h"
#include "engine/store/exchange-private.h"

enum { MAX_FILE_BYTES = 256 << 20 };

gboolean
praxi_exchange_format_from_name (const char *name, PraxiExchangeFormat *format)
{
  static const char *const names[] = {"csv", "dataset", "json"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (name, names[i]) == 0) {
      *format = (PraxiExchangeFormat) i;
      return TRUE;
    }
  return FALSE;
}

PraxiExchangeRow *
praxi_exchange_row_new (int line)
{
  PraxiExchangeRow *row = g_new0 (PraxiExchangeRow, 1);
  row->line = line;
  row->start_frame = -1;
  row->end_frame = -1;
  return row;
}

void
praxi_exchange_row_free (PraxiExchangeRow *row)
{
  if (row == NULL)
    return;
  g_free (row->media);
  g_free (row->cls);
  g_free (row->author);
  g_free (row->source);
  g_free (row->note);
  g_free (row->group);
  g_free (row->split);
  g_free (row);
}

char *
praxi_exchange_seconds (gint64 time_ns)
{
  const guint64 magnitude = time_ns < 0 ? -(guint64) time_ns : (guint64) time_ns;
  char text[40];
  g_snprintf (text, sizeof text, "%s%" G_GUINT64_FORMAT ".%09u", time_ns < 0 ? "-" : "",
              magnitude / 1000000000, (guint) (magnitude % 1000000000));
  gsize n = strlen (text);
  while (text[n - 1] == '0')
    n--;
  return g_strndup (text, text[n - 1] == '.' ? n - 1 : n);
}

gboolean
praxi_exchange_parse_seconds (double seconds, gint64 *time_ns)
{
  if (!isfinite (seconds) || fabs (seconds) > 1e9)
    return FALSE;
  *time_ns = (gint64) llround (seconds * 1e9);
  return TRUE;
}

char *
praxi_exchange_date (gint64 time_us)
{
  g_autoptr (GDateTime) second = g_date_time_new_from_unix_utc (time_us / 1000000);
  if (second == NULL)
    return g_strdup ("");
  g_autofree char *text = g_date_time_format (second, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%06dZ", text, (int) (time_us % 1000000));
}

gboolean
praxi_exchange_parse_date (const char *text, gint64 *time_us)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (text, utc);
  if (date == NULL || g_date_time_to_unix (date) < 0)
    return FALSE;
  const double us = round (g_date_time_get_seconds (date) * 1e6);
  *time_us = g_date_time_to_unix (date) * 1000000 + (gint64) fmod (us, 1e6);
  return TRUE;
}

/* What an import knows so far: paths and class names to ids. */
typedef struct {
  PraxiStore *store;
  const PraxiImportOptions *options;
  char *folder;
  GHashTable *classes; /* name → id as pointer */
  GHashTable *media;   /* path and what is known → id as pointer */
} Import;

static gboolean
find_class (Import *import, const char *name, gint64 *id, GError **error)
{
  gpointer known = g_hash_table_lookup (import->classes, name);
  *id = (gint64) GPOINTER_TO_SIZE (known);
  if (known != NULL)
    return TRUE;
  g_autoptr (PraxiClass) found = praxi_store_find_class (import->store, name, NULL);
  const PraxiClass added = {.name = (char *) name};
  *id = found != NULL ? found->id : 0;
  if (found == NULL && !praxi_store_add_class (import->store, &added, TRUE, id, error))
    return FALSE;
  g_hash_table_insert (import->classes, g_strdup (name), GSIZE_TO_POINTER ((gsize) *id));
  return TRUE;
}

/* The same footage, of which the same is known, is asked for once. */
static gboolean
find_media (Import *import, const PraxiMediaRow *media, gint64 *id, GError **error)
{
  g_autofree char *key = g_strdup_printf (
      "%s\n%s\n%s\n%" G_GINT64_FORMAT, media->path, media->group != NULL ? media->group : "",
      media->split != NULL ? media->split : "", media->duration_ns);
  gpointer known = g_hash_table_lookup (import->media, key);
  *id = (gint64) GPOINTER_TO_SIZE (known);
  if (known != NULL)
    return TRUE;
  if (!praxi_store_add_media (import->store, media, id, error))
    return FALSE;
  g_hash_table_insert (import->media, g_steal_pointer (&key), GSIZE_TO_POINTER ((gsize) *id));
  return TRUE;
}

static char *
media_path (const Import *import, const char *name)
{
  g_autofree char *from_uri =
      g_str_has_prefix (name, "file://") ? g_filename_from_uri (name, NULL, NULL) : NULL;
  return g_canonicalize_filename (from_uri != NULL ? from_uri : name, import->folder);
}

/* A row as it goes into the project; texts are the row's. */
typedef struct {
  char *path;
  PraxiMediaRow media;
  PraxiLabel label;
} Prepared;

static void
prepared_free (Prepared *prepared)
{
  g_free (prepared->path);
  g_free (prepared);
}

static Prepared *
prepare_row (const Import *import, const PraxiExchangeRow *row)
{
  Prepared *prepared = g_new0 (Prepared, 1);
  const char *source = row->source != NULL ? row->source : PRAXI_LABEL_SOURCE_IMPORT;
  prepared->path = media_path (import, row->media);
  prepared->media =
      (PraxiMediaRow){.path = prepared->path, .group = row->group, .split = row->split};
  prepared->label = (PraxiLabel){.start_ns = row->start_ns,
                                 .end_ns = row->end_ns,
                                 .start_frame = row->start_frame,
                                 .end_frame = row->end_frame,
                                 .author = row->author,
                                 .source = (char *) source,
                                 .note = row->note,
                                 .created_us = row->created_us};
  const PraxiImportOptions *options = import->options;
  if (options->probe != NULL)
    options->probe (&prepared->media, &prepared->label, options->probe_data);
  return prepared;
}

static gboolean
add_row (Import *import, const PraxiExchangeRow *row, Prepared *prepared, GError **error)
{
  PraxiLabel *label = &prepared->label;
  if (label->start_ns >= label->end_ns && !row->has_times) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s has no times and cannot be opened to learn its length; give start_s and end_s",
                 row->media);
    return FALSE;
  }
  return find_media (import, &prepared->media, &label->media_id, error) &&
         find_class (import, row->cls, &label->class_id, error) &&
         praxi_store_add_label (import->store, label, NULL, error);
}

/* Looking at footage takes its time; it is done before the project is locked. */
static GPtrArray *
prepare_rows (const Import *import, const GPtrArray *rows)
{
  GPtrArray *prepared = g_ptr_array_new_with_free_func ((GDestroyNotify) prepared_free);
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (prepared, prepare_row (import, rows->pdata[i]));
  return prepared;
}

static gboolean
add_rows (Import *import, const GPtrArray *rows, const char *shown, GError **error)
{
  g_autoptr (GPtrArray) prepared = prepare_rows (import, rows);
  if (!praxi_store_begin (import->store, error))
    return FALSE;
  for (guint i = 0; i < rows->len; i++) {
    const PraxiExchangeRow *row = rows->pdata[i];
    g_autoptr (GError) why = NULL;
    if (add_row (import, row, prepared->pdata[i], &why))
      continue;
    praxi_store_rollback (import->store);
    const char *what = row->line > 0 ? "line" : "label";
    g_set_error (error, why->domain, why->code, "%s: %s %d: %s", shown, what,
                 row->line > 0 ? row->line : (int) i + 1, why->message);
    return FALSE;
  }
  return praxi_store_commit (import->store, error);
}

/* The file as text that is valid UTF-8 without a NUL or a byte order mark. */
static char *
read_text (const char *path, const char *shown, GError **error)
{
  g_autofree char *text = NULL;
  gsize n_bytes = 0;
  g_autoptr (GError) why = NULL;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND, "%s: no such file; check the name",
                 shown);
    return NULL;
  }
  if (!g_file_get_contents (path, &text, &n_bytes, &why)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: cannot be read; check its permissions",
                 shown);
    return NULL;
  }
  if (n_bytes > MAX_FILE_BYTES || !g_utf8_validate_len (text, n_bytes, NULL)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 n_bytes > MAX_FILE_BYTES ? "%s: is too large; split it"
                                          : "%s: is not UTF-8 text; save it as UTF-8",
                 shown);
    return NULL;
  }
  const gboolean has_mark = g_str_has_prefix (text, "\xef\xbb\xbf");
  return has_mark ? g_strdup (text + 3) : g_steal_pointer (&text);
}

gboolean
praxi_store_import (PraxiStore *store,
                    const char *path,
                    PraxiExchangeFormat format,
                    const PraxiImportOptions *options,
                    guint *n_labels,
                    GError **error)
{
  static const PraxiImportOptions no_options;
  g_autofree char *shown = praxi_text_file_name (path);
  g_autofree char *text = read_text (path, shown, error);
  g_autoptr (GPtrArray) rows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_exchange_row_free);
  if (text == NULL)
    return FALSE;
  if (format == PRAXI_EXCHANGE_JSON ? !praxi_exchange_read_json (text, shown, rows, error)
                                    : !praxi_exchange_read_csv (text, shown, rows, error))
    return FALSE;
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  g_autofree char *folder = g_path_get_dirname (full);
  g_autoptr (GHashTable) classes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) media = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Import import = {.store = store,
                   .options = options != NULL ? options : &no_options,
                   .folder = folder,
                   .classes = classes,
                   .media = media};
  if (!add_rows (&import, rows, shown, error))
    return FALSE;
  if (n_labels != NULL)
    *n_labels = rows->len;
  return TRUE;
}

/* A path as the exported file names it: relative below its folder, a URI where it is not UTF-8. */
static char *
exported_path (const char *path, const char *folder)
{
  const gsize n = folder != NULL ? strlen (folder) : 0;
  if (!g_utf8_validate (path, -1, NULL))
    return g_filename_to_uri (path, NULL, NULL);
  if (n > 0 && g_str_has_prefix (path, folder) && path[n] == '/')
    return g_strdup (path + n + 1);
  return g_strdup (path);
}

static PraxiExchangeRow *
export_row (const PraxiLabel *label,
            const PraxiMediaRow *media,
            const PraxiClass *cls,
            const char *folder)
{
  PraxiExchangeRow *row = praxi_exchange_row_new (0);
  row->id = label->id;
  row->media = exported_path (media->path, folder);
  row->cls = g_strdup (cls->name);
  row->has_times = TRUE;
  row->start_ns = label->start_ns;
  row->end_ns = label->end_ns;
  row->start_frame = label->start_frame;
  row->end_frame = label->end_frame;
  row->author = g_strdup (label->author);
  row->source = g_strdup (label->source);
  row->note = g_strdup (label->note);
  row->created_us = label->created_us;
  row->group = g_strdup (media->group);
  row->split = g_strdup (media->split);
  return row;
}

static GHashTable *
table_by_id (const GPtrArray *rows)
{
  GHashTable *table = g_hash_table_new (g_int64_hash, g_int64_equal);
  for (guint i = 0; i < rows->len; i++)
    g_hash_table_insert (table, rows->pdata[i], rows->pdata[i]); /* the id is the first field */
  return table;
}

static gboolean
fail_damaged (const PraxiStore *store, gint64 id, GError **error)
{
  return praxi_error_fail_file (
      error, PRAXI_ERROR_FORMAT, praxi_store_path (store),
      "label %" G_GINT64_FORMAT " is damaged; see how with 'praxi label verify'", id);
}

static GPtrArray *
collect_rows (PraxiStore *store, const char *folder, GError **error)
{
  g_autoptr (GPtrArray) media = praxi_store_list_media (store, error);
  g_autoptr (GPtrArray) classes = media != NULL ? praxi_store_list_classes (store, error) : NULL;
  g_autoptr (GPtrArray) labels = classes != NULL ? praxi_store_list_labels (store, 0, error) : NULL;
  if (labels == NULL)
    return NULL;
  g_autoptr (GHashTable) media_by_id = table_by_id (media);
  g_autoptr (GHashTable) class_by_id = table_by_id (classes);
  g_autoptr (GPtrArray) rows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_exchange_row_free);
  for (guint i = 0; i < labels->len; i++) {
    const PraxiLabel *label = labels->pdata[i];
    const PraxiMediaRow *of = g_hash_table_lookup (media_by_id, &label->media_id);
    const PraxiClass *cls = g_hash_table_lookup (class_by_id, &label->class_id);
    if (label->is_damaged || of == NULL || cls == NULL) {
      fail_damaged (store, label->id, error);
      return NULL;
    }
    g_ptr_array_add (rows, export_row (label, of, cls, folder));
  }
  return g_steal_pointer (&rows);
}

static GString *
write_rows (const GPtrArray *rows, PraxiExchangeFormat format)
{
  if (format == PRAXI_EXCHANGE_JSON)
    return praxi_exchange_write_json (rows);
  return format == PRAXI_EXCHANGE_CSV ? praxi_exchange_write_csv (rows)
                                      : praxi_exchange_write_dataset (rows);
}

static int
write_stream (const GString *text)
{
  if (fwrite (text->str, 1, text->len, stdout) == text->len && fflush (stdout) == 0)
    return 0;
  return errno;
}

gboolean
praxi_store_export (PraxiStore *store,
                    const char *path,
                    PraxiExchangeFormat format,
                    guint *n_labels,
                    GError **error)
{
  g_autofree char *full = path != NULL ? g_canonicalize_filename (path, NULL) : NULL;
  g_autofree char *folder = full != NULL ? g_path_get_dirname (full) : NULL;
  g_autoptr (GPtrArray) rows = collect_rows (store, folder, error);
  if (rows == NULL)
    return FALSE;
  g_autoptr (GString) text = write_rows (rows, format);
  const int status =
      full != NULL ? praxi_disk_write_file (full, text->str, text->len) : write_stream (text);
  if (n_labels != NULL)
    *n_labels = rows->len;
  if (status == 0)
    return TRUE;
  const gboolean is_denied = status == EACCES || status == EROFS || status == EPERM;
  return praxi_error_fail_file (error, is_denied ? PRAXI_ERROR_READ_ONLY : PRAXI_ERROR_DISK,
                                path != NULL ? path : "standard output",
                                "cannot be written (%s); choose another folder or make room",
                                g_strerror (status));
}
