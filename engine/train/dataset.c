#include "engine/train/dataset.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/infer/events.h"
#include "engine/store/classes.h"
#include "engine/store/coverage.h"
#include "engine/store/labels.h"
#include "engine/store/media-table.h"
#include "engine/store/seen.h"
#include "engine/train/csv.h"

#define COLUMNS "file,class,start_s,end_s,group,split"
enum { FILE_NAME, CLASS, START, END, GROUP, SPLIT, N_COLUMNS };

static const char *const column_names[N_COLUMNS] = {"file",  "class", "start_s",
                                                    "end_s", "group", "split"};

static void
sample_free (gpointer data)
{
  PraxiSample *sample = data;
  g_free (sample->file);
  g_free (sample->path);
  g_free (sample->group);
  g_free (sample->split);
  g_free (sample);
}

static PraxiDataset *
dataset_new (void)
{
  PraxiDataset *dataset = g_new0 (PraxiDataset, 1);
  dataset->samples = g_ptr_array_new_with_free_func (sample_free);
  dataset->warnings = g_ptr_array_new_with_free_func (g_free);
  return dataset;
}

void
praxi_dataset_free (PraxiDataset *dataset)
{
  if (dataset == NULL)
    return;
  g_ptr_array_unref (dataset->samples);
  g_ptr_array_unref (dataset->warnings);
  g_free (dataset);
}

void
praxi_dataset_add_extra (PraxiDataset *dataset, PraxiDataset *more)
{
  for (guint i = 0; i < more->samples->len; i++)
    ((PraxiSample *) more->samples->pdata[i])->is_extra = TRUE;
  g_ptr_array_extend_and_steal (dataset->samples, g_steal_pointer (&more->samples));
  g_ptr_array_extend_and_steal (dataset->warnings, g_steal_pointer (&more->warnings));
  g_free (more);
}

G_GNUC_PRINTF (2, 3)
static void
warn (PraxiDataset *dataset, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_ptr_array_add (dataset->warnings, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

/* The model's class for a label's, −1 when it has none. */
static int
class_of (const PraxiDatasetOptions *options, const char *name)
{
  g_autofree char *wanted = g_utf8_casefold (name, -1);
  for (int c = 0; c < options->n_classes; c++) {
    g_autofree char *class = g_utf8_casefold (options->classes[c], -1);
    if (g_str_equal (wanted, class))
      return c;
  }
  return praxi_events_background (options->classes, options->n_classes);
}

static const PraxiSample *
sample_at (const PraxiDataset *dataset, guint i)
{
  return g_ptr_array_index (dataset->samples, i);
}

/* Leaves the samples of one split. */
static void
choose_split (PraxiDataset *dataset, const char *split)
{
  gboolean has_val = FALSE;
  for (guint i = 0; i < dataset->samples->len; i++)
    has_val |= g_str_equal (sample_at (dataset, i)->split, "val");
  if (split == NULL)
    split = has_val ? "val" : "all";
  if (g_str_equal (split, "all"))
    return;
  for (guint i = dataset->samples->len; i-- > 0;)
    if (!g_str_equal (sample_at (dataset, i)->split, split))
      g_ptr_array_remove_index (dataset->samples, i);
}

typedef struct {
  GHashTable *first_mention; /* file → index + 1 */
} SampleOrder;

static int
compare_sample_cb (gconstpointer a, gconstpointer b, gpointer data)
{
  const PraxiSample *x = *(PraxiSample *const *) a, *y = *(PraxiSample *const *) b;
  const SampleOrder *order = data;
  const int file_x = GPOINTER_TO_INT (g_hash_table_lookup (order->first_mention, x->file));
  const int file_y = GPOINTER_TO_INT (g_hash_table_lookup (order->first_mention, y->file));
  if (file_x != file_y)
    return file_x - file_y;
  if (x->start_ns != y->start_ns)
    return x->start_ns < y->start_ns ? -1 : 1;
  return x->class_index - y->class_index;
}

static void
sort_samples (PraxiDataset *dataset)
{
  SampleOrder order = {.first_mention = g_hash_table_new (g_str_hash, g_str_equal)};
  for (guint i = 0; i < dataset->samples->len; i++) {
    char *file = sample_at (dataset, i)->file;
    if (!g_hash_table_contains (order.first_mention, file))
      g_hash_table_insert (order.first_mention, file, GINT_TO_POINTER ((int) i + 1));
  }
  g_ptr_array_sort_with_data (dataset->samples, compare_sample_cb, &order);
  g_hash_table_unref (order.first_mention);
}

/* Joins background spans of a file that overlap or touch; an untimed one takes in all others. */
static void
merge_background (PraxiDataset *dataset, int background)
{
  PraxiSample *last = NULL;
  for (guint i = 0; i < dataset->samples->len; i++) {
    PraxiSample *sample = g_ptr_array_index (dataset->samples, i);
    if (sample->class_index != background)
      continue;
    if (last == NULL || !g_str_equal (last->file, sample->file) ||
        (last->is_timed && sample->is_timed && sample->start_ns > last->end_ns)) {
      last = sample;
      continue;
    }
    last->end_ns = MAX (last->end_ns, sample->end_ns);
    last->is_timed = last->is_timed && sample->is_timed;
    if (!last->is_timed)
      last->start_ns = last->end_ns = 0;
    g_ptr_array_remove_index (dataset->samples, i--);
  }
}

/* A file that cannot be seen takes its samples with it, with one warning. */
static void
drop_missing (PraxiDataset *dataset)
{
  g_autoptr (GHashTable) missing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < dataset->samples->len; i++) {
    const PraxiSample *sample = sample_at (dataset, i);
    if (g_file_test (sample->path, G_FILE_TEST_IS_REGULAR))
      continue;
    if (g_hash_table_add (missing, g_strdup (sample->file)))
      warn (dataset, "%s: the file is missing; its labels are left out", sample->file);
    g_ptr_array_remove_index (dataset->samples, i--);
  }
}

static PraxiDataset *
finish (PraxiDataset *dataset, const PraxiDatasetOptions *options, const char *name, GError **error)
{
  g_autoptr (PraxiDataset) owned = dataset;
  choose_split (dataset, options->split);
  sort_samples (dataset);
  merge_background (dataset, praxi_events_background (options->classes, options->n_classes));
  drop_missing (dataset);
  if (dataset->samples->len > 0)
    return g_steal_pointer (&owned);
  g_autofree char *shown = praxi_text_file_name (name);
  const char *first = dataset->warnings->len > 0
                          ? (const char *) g_ptr_array_index (dataset->warnings, 0)
                          : "it has no labels";
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED,
               "%s: no labelled clip is left%s%s (%s); label some, or choose another split", shown,
               options->split != NULL ? " in split " : "",
               options->split != NULL ? options->split : "", first);
  return NULL;
}

/* Finds the columns by their names. Returns the first name that is missing, or NULL. */
static const char *
find_columns (char **header, int *columns)
{
  for (int i = 0; i < N_COLUMNS; i++) {
    columns[i] = -1;
    for (int j = 0; header[j] != NULL; j++)
      if (g_ascii_strcasecmp (header[j], column_names[i]) == 0)
        columns[i] = j;
    if (columns[i] < 0 && (i == FILE_NAME || i == CLASS))
      return column_names[i];
  }
  return NULL;
}

static const char *
field (char **row, const int *columns, int column)
{
  const int n = (int) g_strv_length (row);
  return columns[column] >= 0 && columns[column] < n ? row[columns[column]] : "";
}

/* A time in seconds; empty leaves *is_given FALSE. Returns FALSE when it is no time. */
static gboolean
parse_time (const char *text, gint64 *time_ns, gboolean *is_given)
{
  *is_given = *text != '\0';
  if (!*is_given)
    return TRUE;
  char *end = NULL;
  const double seconds = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || !isfinite (seconds) || fabs (seconds) > 1e9)
    return FALSE;
  *time_ns = (gint64) llround (seconds * 1e9);
  return TRUE;
}

/* A name that leads out of the folder is refused: the folder may come from anywhere. */
static gboolean
stays_inside (const char *file)
{
  g_auto (GStrv) parts = g_strsplit (file, "/", -1);
  return !g_path_is_absolute (file) && !g_strv_contains ((const char *const *) parts, "..");
}

static PraxiSample *
read_row (PraxiDataset *dataset,
          const char *folder,
          char **row,
          const int *columns,
          const PraxiDatasetOptions *options)
{
  const char *file = field (row, columns, FILE_NAME);
  const char *class = field (row, columns, CLASS);
  g_autofree char *shown = praxi_text_file_name (file);
  gboolean has_start, has_end;
  gint64 start_ns = 0, end_ns = 0;
  const char *problem = NULL;
  const int class_index = class_of (options, class);
  if (*file == '\0' || !g_utf8_validate (file, -1, NULL) || !stays_inside (file))
    problem = "not a file of this folder";
  else if (*class == '\0' || class_index < 0)
    problem = "the model has no such class and no \"normal\"";
  else if (!parse_time (field (row, columns, START), &start_ns, &has_start) ||
           !parse_time (field (row, columns, END), &end_ns, &has_end) || has_start != has_end ||
           (has_start && end_ns <= start_ns))
    problem = "its times are no span";
  if (problem != NULL) {
    warn (dataset, "%s, class %s: %s; the row is left out", shown, class, problem);
    return NULL;
  }
  const char *group = field (row, columns, GROUP);
  PraxiSample *sample = g_new0 (PraxiSample, 1);
  *sample = (PraxiSample){.file = g_strdup (file),
                          .path = g_build_filename (folder, file, NULL),
                          .group = g_strdup (*group != '\0' ? group : file),
                          .split = g_strdup (field (row, columns, SPLIT)),
                          .class_index = class_index,
                          .is_timed = has_start,
                          .start_ns = start_ns,
                          .end_ns = end_ns};
  return sample;
}

/* The rows of folder/labels.csv, the header first, and where its columns are. */
static GPtrArray *
read_rows (const char *folder, int *columns, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "labels.csv", NULL);
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!g_file_get_contents (path, &text, &length, NULL)) {
    praxi_error_fail_file (error, PRAXI_ERROR_NOT_FOUND, path,
                           "cannot be read; a labelled folder has a labels.csv with " COLUMNS);
    return NULL;
  }
  g_autoptr (GPtrArray) rows = praxi_csv_parse (text);
  const char *missing =
      rows->len == 0 ? "file" : find_columns (g_ptr_array_index (rows, 0), columns);
  if (missing == NULL && strlen (text) == length)
    return g_steal_pointer (&rows);
  praxi_error_fail_file (error, PRAXI_ERROR_FORMAT, path,
                         "has no column \"%s\"; the header is " COLUMNS,
                         missing != NULL ? missing : "file");
  return NULL;
}

PraxiDataset *
praxi_dataset_load_folder (const char *folder, const PraxiDatasetOptions *options, GError **error)
{
  int columns[N_COLUMNS];
  g_autoptr (GPtrArray) rows = read_rows (folder, columns, error);
  if (rows == NULL)
    return NULL;
  PraxiDataset *dataset = dataset_new ();
  dataset->starts_at_0 = TRUE;
  for (guint i = 1; i < rows->len; i++) {
    PraxiSample *sample = read_row (dataset, folder, g_ptr_array_index (rows, i), columns, options);
    if (sample != NULL)
      g_ptr_array_add (dataset->samples, sample);
  }
  return finish (dataset, options, folder, error);
}

/* Adds a name that is not there yet. */
static void
add_class (GPtrArray *classes, const char *name)
{
  const gboolean is_background = praxi_events_is_background (name);
  g_autofree char *wanted = g_utf8_casefold (name, -1);
  for (guint i = 0; i < classes->len; i++) {
    g_autofree char *other = g_utf8_casefold (classes->pdata[i], -1);
    if (g_str_equal (wanted, other))
      return;
  }
  if (*name != '\0')
    g_ptr_array_insert (classes, is_background ? 0 : -1, g_strdup (name));
}

char **
praxi_dataset_folder_classes (const char *folder, GError **error)
{
  int columns[N_COLUMNS];
  g_autoptr (GPtrArray) rows = read_rows (folder, columns, error);
  if (rows == NULL)
    return NULL;
  GPtrArray *classes = g_ptr_array_new ();
  for (guint i = 1; i < rows->len; i++)
    if (g_utf8_validate (field (rows->pdata[i], columns, CLASS), -1, NULL))
      add_class (classes, field (rows->pdata[i], columns, CLASS));
  g_ptr_array_add (classes, NULL);
  return (char **) g_ptr_array_free (classes, FALSE);
}

char **
praxi_dataset_project_classes (PraxiStore *store, GError **error)
{
  PraxiSeenCount seen;
  g_autoptr (GPtrArray) all = praxi_store_list_classes (store, error);
  if (all == NULL || !praxi_seen_count (store, &seen, error))
    return NULL;
  g_autoptr (GPtrArray) classes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < all->len; i++) {
    const PraxiClass *class = all->pdata[i];
    if (class->n_labels > 0)
      add_class (classes, class->name);
  }
  if (seen.n_media > 0)
    add_class (classes, "normal");
  g_ptr_array_add (classes, NULL);
  g_ptr_array_set_free_func (classes, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&classes), FALSE);
}

static const char *
class_name_of (const GPtrArray *classes, gint64 id)
{
  for (guint i = 0; i < classes->len; i++) {
    const PraxiClass *class = g_ptr_array_index (classes, i);
    if (class->id == id)
      return class->name;
  }
  return "";
}

static void
add_span (PraxiDataset *dataset,
          const PraxiMediaRow *media,
          int class_index,
          gint64 start_ns,
          gint64 end_ns)
{
  PraxiSample *sample = g_new0 (PraxiSample, 1);
  const gboolean has_group = media->group != NULL && *media->group != '\0';
  *sample = (PraxiSample){.file = g_filename_display_name (media->path),
                          .path = g_strdup (media->path),
                          .group = g_strdup (has_group ? media->group : media->name),
                          .split = g_strdup (media->split != NULL ? media->split : ""),
                          .class_index = class_index,
                          .is_timed = TRUE,
                          .start_ns = start_ns,
                          .end_ns = end_ns};
  g_ptr_array_add (dataset->samples, sample);
}

static void
add_label (PraxiDataset *dataset,
           const PraxiMediaRow *media,
           const PraxiLabel *label,
           const char *class_name,
           const PraxiDatasetOptions *options)
{
  const int class_index = class_of (options, class_name);
  if (class_index < 0 || label->end_ns <= label->start_ns)
    warn (dataset, "%s, class %s: the model has no such class and no \"normal\"; left out",
          media->name, class_name);
  else
    add_span (dataset, media, class_index, label->start_ns, label->end_ns);
}

/* What was looked at and holds no label shows nothing. */
static gboolean
add_seen (PraxiDataset *dataset,
          PraxiStore *store,
          const PraxiMediaRow *media,
          const GPtrArray *labels,
          int background,
          GError **error)
{
  if (background < 0)
    return TRUE;
  g_autoptr (GArray) quiet = praxi_seen_quiet (store, media->id, labels, error);
  for (guint i = 0; quiet != NULL && i < quiet->len; i++) {
    const PraxiSeenSpan *span = &g_array_index (quiet, PraxiSeenSpan, i);
    add_span (dataset, media, background, span->start_ns, span->end_ns);
  }
  return quiet != NULL;
}

PraxiDataset *
praxi_dataset_load_project (PraxiStore *store, const PraxiDatasetOptions *options, GError **error)
{
  g_autoptr (GPtrArray) classes = praxi_store_list_classes (store, error);
  g_autoptr (GPtrArray) media = classes != NULL ? praxi_store_list_media (store, error) : NULL;
  if (media == NULL)
    return NULL;
  g_autoptr (PraxiDataset) dataset = dataset_new ();
  for (guint i = 0; i < media->len; i++) {
    const PraxiMediaRow *row = g_ptr_array_index (media, i);
    g_autoptr (GPtrArray) labels = praxi_store_list_labels (store, row->id, error);
    if (labels == NULL)
      return NULL;
    for (guint j = 0; j < labels->len; j++) {
      const PraxiLabel *label = g_ptr_array_index (labels, j);
      add_label (dataset, row, label, class_name_of (classes, label->class_id), options);
    }
    if (!add_seen (dataset, store, row, labels,
                   praxi_events_background (options->classes, options->n_classes), error))
      return NULL;
  }
  return finish (g_steal_pointer (&dataset), options, praxi_store_path (store), error);
}
