#include "ui/session-project.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/infer/score-track.h"
#include "engine/store/media-overview.h"
#include "ui/session-cameras.h"
#include "ui/session-private.h"
#include "ui/session-thumbnails.h"

/* One question to the store thread. The session outlives it: closing waits for the answer. */
typedef struct {
  PraxiSession *session;
  PraxiMediaItem *item; /* NULL for the whole list */
  char *project, *path, *new_path;
} Question;

/* What the list shows of one media. */
typedef struct {
  char *path, *name;
  gint64 duration_ns;
  int width_px, height_px, n_labels;
  double analysed;
  gboolean is_reviewed, is_missing;
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;
  g_free (row->path);
  g_free (row->name);
  g_free (row);
}

static void
question_free (Question *question)
{
  g_clear_object (&question->item);
  g_free (question->project);
  g_free (question->path);
  g_free (question->new_path);
  g_free (question);
}

static Question *
question_new (PraxiSession *self, PraxiMediaItem *item, const char *new_path)
{
  Question *question = g_new0 (Question, 1);
  question->session = self;
  question->item = item != NULL ? g_object_ref (item) : NULL;
  question->project = g_strdup (self->project_path);
  question->path = item != NULL ? g_strdup (praxi_media_item_path (item)) : NULL;
  question->new_path = g_strdup (new_path);
  return question;
}

/* --- on the store thread ------------------------------------------------------------------- */

static double
track_share (const char *path)
{
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_open (path, NULL);
  const int n_windows = track != NULL ? praxi_score_track_n_windows (track) : 0;
  return n_windows > 0 ? (double) praxi_score_track_filled (track) / n_windows : 0;
}

static Row *
make_row (const PraxiMediaOverview *overview)
{
  Row *row = g_new0 (Row, 1);
  row->path = g_strdup (overview->media->path);
  row->name = g_strdup (overview->media->name);
  row->duration_ns = overview->media->duration_ns;
  row->width_px = overview->media->width_px;
  row->height_px = overview->media->height_px;
  row->n_labels = (int) overview->n_labels;
  row->is_reviewed = overview->is_reviewed;
  row->is_missing = !g_file_test (row->path, G_FILE_TEST_EXISTS);
  if (overview->has_run)
    row->analysed = overview->run_state == PRAXI_RUN_DONE ? 1 : track_share (overview->track_path);
  return row;
}

static gpointer
load_call (PraxiStore *store, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) overviews = praxi_store_list_overview (store, error);
  if (overviews == NULL)
    return NULL;
  GPtrArray *rows = g_ptr_array_new_with_free_func (row_free);
  for (guint i = 0; i < overviews->len; i++)
    g_ptr_array_add (rows, make_row (overviews->pdata[i]));
  return rows;
}

static gpointer
remove_call (PraxiStore *store, gpointer data, GError **error)
{
  const Question *question = data;
  g_autoptr (PraxiMediaRow) row = praxi_store_find_media (store, question->path, NULL);
  if (row != NULL)
    praxi_store_remove_media (store, row->id, error);
  return NULL;
}

static gpointer
find_call (PraxiStore *store, gpointer data, GError **error)
{
  const Question *question = data;
  g_autoptr (PraxiMediaRow) row = praxi_store_find_media (store, question->path, NULL);
  if (row == NULL)
    return NULL;
  g_free (row->path);
  g_free (row->name);
  row->path = g_strdup (question->new_path);
  row->name = NULL;
  praxi_store_update_media (store, row, error);
  return NULL;
}

enum { MAX_DEPTH = 6, MAX_FILES = 10000 };

static gboolean
is_video (const char *name)
{
  static const char *const endings[] = {".mp4",  ".mkv", ".mov", ".webm", ".avi",  ".mpg",
                                        ".mpeg", ".m4v", ".ts",  ".mts",  ".m2ts", ".3gp",
                                        ".ogv",  ".wmv", ".flv", ".y4m"};
  g_autofree char *lower = g_ascii_strdown (name, -1);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

static void
scan (const char *folder, int depth, GPtrArray *paths)
{
  g_autoptr (GDir) dir = depth < MAX_DEPTH ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL && paths->len < MAX_FILES) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (*name == '.' || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      continue;
    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      scan (path, depth + 1, paths);
    else if (is_video (name))
      g_ptr_array_add (paths, g_steal_pointer (&path));
  }
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* A folder can be slow to read; this is the thread that may wait for a disk. */
static gpointer
scan_call (PraxiStore *store, gpointer data, GError **error)
{
  const Question *question = data;
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  scan (question->path, 0, paths);
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}

/* --- the list ------------------------------------------------------------------------------ */

static void
update_item (PraxiSession *self, PraxiMediaItem *item, const Row *row)
{
  praxi_media_item_set_missing (item, row->is_missing);
  praxi_media_item_set_reviewed (item, row->is_reviewed);
  if ((item == self->media && self->index != NULL) || praxi_media_item_is_camera (item))
    return;
  praxi_media_item_set_name (item, row->name);
  praxi_media_item_set_length (item, row->duration_ns, row->width_px, row->height_px);
  praxi_media_item_set_labels (item, row->n_labels);
  praxi_media_item_set_analysed (item, row->analysed);
}

/* New footage joins the list all at once and complete: each change of what is in the list lays out
 * its rows anew.
 */
static void
show_rows (PraxiSession *self, const GPtrArray *rows)
{
  g_autoptr (GPtrArray) added = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = rows->pdata[i];
    g_autoptr (PraxiMediaItem) item = praxi_session_find_item (self, row->path);
    if (item == NULL)
      g_ptr_array_add (added, g_object_ref (item = praxi_media_item_new (row->path)));
    update_item (self, item, row);
  }
  const guint n_items = g_list_model_get_n_items (G_LIST_MODEL (self->media_list));
  g_list_store_splice (self->media_list, n_items, 0, added->pdata, added->len);
}

static gboolean
has_row (const GPtrArray *rows, const char *path)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal (((const Row *) rows->pdata[i])->path, path))
      return TRUE;
  return FALSE;
}

static void
loaded_cb (gpointer result, const GError *error, gpointer data)
{
  Question *question = data;
  PraxiSession *self = question->session;
  g_autoptr (GPtrArray) rows = result;
  const gboolean is_wanted =
      !self->is_closed && g_str_equal (question->project, self->project_path);
  self->is_listing = self->is_listing && !is_wanted;
  if (rows != NULL && is_wanted) {
    if (question->new_path != NULL) /* another project than before */
      for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->media_list)); i > 0; i--) {
        g_autoptr (PraxiMediaItem) item =
            g_list_model_get_item (G_LIST_MODEL (self->media_list), i - 1);
        if (item != self->media && !praxi_media_item_is_camera (item) &&
            !has_row (rows, praxi_media_item_path (item)))
          g_list_store_remove (self->media_list, i - 1);
      }
    show_rows (self, rows);
    praxi_session_make_thumbnails (self);
  }
  if (is_wanted)
    praxi_session_changed (self, PRAXI_CHANGE_MEDIA);
  question_free (question);
}

gboolean
praxi_session_is_listing (PraxiSession *self)
{
  return self->is_listing;
}

void
praxi_session_load_project (PraxiSession *self)
{
  if (!g_file_test (self->project_path, G_FILE_TEST_EXISTS))
    return;
  const gboolean is_other = g_list_model_get_n_items (G_LIST_MODEL (self->media_list)) > 0;
  self->is_listing = TRUE;
  praxi_store_thread_call (praxi_session_store (self), load_call,
                           question_new (self, NULL, is_other ? "" : NULL), loaded_cb);
  praxi_session_load_report (self);
  praxi_session_changed (self, PRAXI_CHANGE_MEDIA);
}

void
praxi_session_list_media (PraxiSession *self, const char *path)
{
  g_autoptr (PraxiMediaItem) item = praxi_session_find_item (self, path);
  if (item != NULL)
    return;
  item = praxi_media_item_new (path);
  g_list_store_append (self->media_list, item);
  praxi_session_make_thumbnails (self);
}

void
praxi_session_refresh_list (PraxiSession *self)
{
  praxi_store_thread_call (praxi_session_store (self), load_call, question_new (self, NULL, NULL),
                           loaded_cb);
}

static void
scanned_cb (gpointer result, const GError *error, gpointer data)
{
  Question *question = data;
  PraxiSession *self = question->session;
  g_autoptr (GPtrArray) paths = result;
  if (!self->is_closed && paths != NULL && paths->len == 0) {
    g_autofree char *shown = g_filename_display_name (question->path);
    g_autofree char *text =
        g_strdup_printf (_ ("%s: no video in it; choose another folder"), shown);
    praxi_session_say (self, TRUE, text);
  }
  for (guint i = 0; !self->is_closed && paths != NULL && i < paths->len; i++)
    if (i == 0 && question->new_path != NULL)
      praxi_session_add_media (self, paths->pdata[i]);
    else
      praxi_session_list_media (self, paths->pdata[i]);
  question_free (question);
}

void
praxi_session_list_folder (PraxiSession *self, const char *path, gboolean opens)
{
  Question *question = question_new (self, NULL, opens ? "" : NULL);
  question->path = g_strdup (path);
  praxi_store_thread_call (praxi_session_store (self), scan_call, question, scanned_cb);
}

/* The last open footage left: everything about it is forgotten. */
static void
close_open_media (PraxiSession *self)
{
  praxi_session_media_close (self);
  self->store_generation++;
  self->media_id = 0;
  g_ptr_array_set_size (self->kept_labels, 0);
  g_ptr_array_set_size (self->labels, 0);
  praxi_session_analysis_open_media (self);
  praxi_session_changed (self, PRAXI_CHANGE_ALL);
}

static void
drop_item (PraxiSession *self, PraxiMediaItem *item)
{
  guint position;
  if (!g_list_store_find (self->media_list, item, &position))
    return;
  g_list_store_remove (self->media_list, position);
  if (item != self->media)
    return;
  const guint n_left = g_list_model_get_n_items (G_LIST_MODEL (self->media_list));
  g_autoptr (PraxiMediaItem) next = g_list_model_get_item (
      G_LIST_MODEL (self->media_list), MIN (position, n_left > 0 ? n_left - 1 : 0));
  if (next != NULL && !praxi_media_item_is_missing (next))
    praxi_session_open_media (self, next);
  else
    close_open_media (self);
}

static void
removed_cb (gpointer result, const GError *error, gpointer data)
{
  Question *question = data;
  PraxiSession *self = question->session;
  if (error != NULL)
    praxi_session_say (self, TRUE, error->message);
  else if (!self->is_closed)
    drop_item (self, question->item);
  question_free (question);
}

void
praxi_session_remove_media (PraxiSession *self, PraxiMediaItem *item)
{
  if (praxi_media_item_is_camera (item)) {
    praxi_session_remove_camera_item (self, item);
    return;
  }
  praxi_store_thread_call (praxi_session_store (self), remove_call, question_new (self, item, NULL),
                           removed_cb);
}

static void
found_cb (gpointer result, const GError *error, gpointer data)
{
  Question *question = data;
  PraxiSession *self = question->session;
  if (error != NULL) {
    praxi_session_say (self, TRUE, error->message);
  } else if (!self->is_closed) {
    praxi_media_item_set_path (question->item, question->new_path);
    if (question->item == self->media)
      praxi_session_media_close (self);
    praxi_session_open_media (self, question->item);
  }
  question_free (question);
}

void
praxi_session_find_media (PraxiSession *self, PraxiMediaItem *item, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  praxi_store_thread_call (praxi_session_store (self), find_call,
                           question_new (self, item, absolute), found_cb);
}
