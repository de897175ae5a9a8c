/* The way of edits into the project: one after another to the store thread; what is shown is what
 * the project had last plus the edits still on their way.
 */
#include "ui/session-edits.h"

#include <glib/gi18n.h>

#include "engine/core/text.h"
#include "engine/store/classes.h"
#include "engine/store/history.h"
#include "engine/store/media-table.h"
#include "engine/store/runs.h"

/* What the project holds after an edit. */
typedef struct {
  gint64 media_id;
  gint64 added_id;
  GPtrArray *labels;  /* PraxiLabel */
  GPtrArray *classes; /* PraxiClass */
  gboolean can_undo, can_redo;
  char *what; /* was undone or redone */
  char *track_path;
  char *run_params;
} StoreView;

static void
ui_label_free (gpointer data)
{
  PraxiUiLabel *label = data;
  g_free (label->source);
  g_free (label);
}

static void
ui_class_free (gpointer data)
{
  PraxiUiClass *cls = data;
  g_free (cls->name);
  g_free (cls);
}

static void
edit_free (gpointer data)
{
  PraxiEdit *edit = data;
  g_clear_pointer (&edit->label, praxi_label_free);
  g_clear_pointer (&edit->media, praxi_media_row_free);
  g_free (edit->class_name);
  g_free (edit);
}

static void
store_view_free (StoreView *view)
{
  g_clear_pointer (&view->labels, g_ptr_array_unref);
  g_clear_pointer (&view->classes, g_ptr_array_unref);
  g_free (view->what);
  g_free (view->track_path);
  g_free (view->run_params);
  g_free (view);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreView, store_view_free)

void
praxi_session_labels_init (PraxiSession *self)
{
  self->kept_labels = g_ptr_array_new_with_free_func (ui_label_free);
  self->labels = g_ptr_array_new_with_free_func (ui_label_free);
  self->classes = g_ptr_array_new_with_free_func (ui_class_free);
  g_queue_init (&self->edits);
  g_queue_init (&self->refused);
  self->next_temporary_id = -1;
}

void
praxi_session_labels_clear (PraxiSession *self)
{
  g_clear_pointer (&self->kept_labels, g_ptr_array_unref);
  g_clear_pointer (&self->labels, g_ptr_array_unref);
  g_clear_pointer (&self->classes, g_ptr_array_unref);
  g_queue_clear_full (&self->edits, edit_free);
  g_queue_clear_full (&self->refused, edit_free);
  g_clear_pointer (&self->refusal, g_free);
}

/* --- on the store thread ------------------------------------------------------------------- */

static gboolean
apply_edit (PraxiStore *store, const PraxiEdit *edit, StoreView *view, GError **error)
{
  const PraxiClass cls = {.name = edit->class_name};
  switch (edit->kind) {
  case PRAXI_EDIT_LOAD:
    return TRUE;
  case PRAXI_EDIT_ADD:
    return praxi_store_add_label (store, edit->label, &view->added_id, error);
  case PRAXI_EDIT_UPDATE:
    return praxi_store_update_label (store, edit->label, error);
  case PRAXI_EDIT_REMOVE:
    return praxi_store_remove_label (store, edit->label->id, error);
  case PRAXI_EDIT_UNDO:
    return praxi_store_undo (store, &view->what, error);
  case PRAXI_EDIT_REDO:
    return praxi_store_redo (store, &view->what, error);
  case PRAXI_EDIT_ADD_CLASS:
    return praxi_store_add_class (store, &cls, TRUE, &view->added_id, error);
  }
  return TRUE;
}

/* A project that cannot be written still shows what it knows of the media. */
static gboolean
identify_media (PraxiStore *store, const PraxiMediaRow *media, gint64 *media_id, GError **error)
{
  if (!praxi_store_is_read_only (store))
    return praxi_store_add_media (store, media, media_id, error);
  g_autoptr (PraxiMediaRow) known = praxi_store_find_media (store, media->path, NULL);
  *media_id = known != NULL ? known->id : 0;
  return TRUE;
}

static gpointer
edit_call (PraxiStore *store, gpointer data, GError **error)
{
  PraxiEdit *edit = data;
  g_autoptr (StoreView) view = g_new0 (StoreView, 1);
  view->media_id = edit->media_id;
  if (edit->media != NULL && !identify_media (store, edit->media, &view->media_id, error))
    return NULL;
  if (!apply_edit (store, edit, view, error))
    return NULL;
  view->labels = view->media_id != 0
                     ? praxi_store_list_labels (store, view->media_id, error)
                     : g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_label_free);
  view->classes = view->labels != NULL ? praxi_store_list_classes (store, error) : NULL;
  if (view->classes == NULL)
    return NULL;
  view->can_undo = praxi_store_can_undo (store);
  view->can_redo = praxi_store_can_redo (store);
  g_autoptr (PraxiRun) run = NULL;
  if (edit->kind == PRAXI_EDIT_LOAD && view->media_id != 0)
    run = praxi_store_latest_run (store, view->media_id, NULL, NULL);
  if (run != NULL) {
    view->track_path = g_strdup (run->track_path);
    view->run_params = g_strdup (run->params);
  }
  return g_steal_pointer (&view);
}

/* --- what is shown ------------------------------------------------------------------------- */

static PraxiUiLabel *
ui_label_new (PraxiSession *self, const PraxiLabel *label, PraxiLabelState state)
{
  PraxiUiLabel *shown = g_new0 (PraxiUiLabel, 1);
  shown->id = label->id;
  shown->class_id = label->class_id;
  shown->span = (PraxiTimeSpan){label->start_ns, label->end_ns};
  shown->start_frame = praxi_session_frame_at (self, label->start_ns);
  shown->end_frame = praxi_session_frame_at (self, label->end_ns - 1) + 1;
  shown->state = state;
  shown->source = g_strdup (label->source);
  return shown;
}

static void
remove_shown (GPtrArray *labels, gint64 id)
{
  for (guint i = 0; i < labels->len; i++)
    if (((const PraxiUiLabel *) labels->pdata[i])->id == id)
      g_ptr_array_remove_index (labels, i--);
}

static void
show_edit (PraxiSession *self, const PraxiEdit *edit, PraxiLabelState state)
{
  if (edit->label == NULL || edit->label->media_id != self->media_id)
    return;
  if (edit->kind == PRAXI_EDIT_REMOVE && state == PRAXI_LABEL_NOT_KEPT)
    return;
  remove_shown (self->labels, edit->label->id);
  if (edit->kind != PRAXI_EDIT_REMOVE)
    g_ptr_array_add (self->labels, ui_label_new (self, edit->label, state));
}

static int
compare_labels (gconstpointer a, gconstpointer b)
{
  const PraxiUiLabel *first = *(const PraxiUiLabel *const *) a;
  const PraxiUiLabel *second = *(const PraxiUiLabel *const *) b;
  if (first->span.start_ns != second->span.start_ns)
    return first->span.start_ns < second->span.start_ns ? -1 : 1;
  return (first->id > second->id) - (first->id < second->id);
}

static void
rebuild_labels (PraxiSession *self)
{
  g_ptr_array_set_size (self->labels, 0);
  for (guint i = 0; i < self->kept_labels->len; i++) {
    PraxiUiLabel *copy = g_memdup2 (self->kept_labels->pdata[i], sizeof (PraxiUiLabel));
    copy->source = g_strdup (copy->source);
    g_ptr_array_add (self->labels, copy);
  }
  for (const GList *node = self->refused.head; node != NULL; node = node->next)
    show_edit (self, node->data, PRAXI_LABEL_NOT_KEPT);
  for (const GList *node = self->edits.head; node != NULL; node = node->next)
    show_edit (self, node->data, PRAXI_LABEL_PENDING);
  g_ptr_array_sort (self->labels, compare_labels);
  if (self->selected_label != 0 && praxi_session_find_label (self, self->selected_label) == NULL)
    praxi_session_select_label (self, 0);
}

static void
take_classes (PraxiSession *self, const GPtrArray *classes)
{
  g_ptr_array_set_size (self->classes, 0);
  for (guint i = 0; i < classes->len; i++) {
    const PraxiClass *cls = classes->pdata[i];
    PraxiUiClass *shown = g_new0 (PraxiUiClass, 1);
    shown->id = cls->id;
    shown->name = g_strdup (cls->name);
    shown->key = cls->key;
    if (!gdk_rgba_parse (&shown->color, cls->color))
      shown->color = (GdkRGBA){0.5f, 0.5f, 0.5f, 1};
    g_ptr_array_add (self->classes, shown);
  }
  if (praxi_session_find_class (self, self->current_class) == NULL)
    self->current_class = 0;
}

static void
take_view (PraxiSession *self, const StoreView *view)
{
  self->media_id = view->media_id;
  self->can_undo = view->can_undo;
  self->can_redo = view->can_redo;
  take_classes (self, view->classes);
  g_ptr_array_set_size (self->kept_labels, 0);
  for (guint i = 0; i < view->labels->len; i++)
    g_ptr_array_add (self->kept_labels,
                     ui_label_new (self, view->labels->pdata[i], PRAXI_LABEL_KEPT));
  if (self->media != NULL)
    praxi_media_item_set_labels (self->media, (int) self->kept_labels->len);
}

/* --- the queue ----------------------------------------------------------------------------- */

static void submit_next (PraxiSession *self);

/* Edits made while their label was still on its way know it by its temporary id. */
static void
give_id (PraxiSession *self, gint64 temporary_id, gint64 id)
{
  for (GList *node = self->edits.head; node != NULL; node = node->next) {
    PraxiEdit *edit = node->data;
    if (edit->label != NULL && edit->label->id == temporary_id)
      edit->label->id = id;
  }
  if (self->selected_label == temporary_id)
    praxi_session_select_label (self, id);
}

static void
succeed (PraxiSession *self, PraxiEdit *edit, const StoreView *view)
{
  if (edit->generation == self->store_generation)
    take_view (self, view);
  if (edit->kind == PRAXI_EDIT_ADD)
    give_id (self, edit->label->id, view->added_id);
  if (edit->kind == PRAXI_EDIT_ADD_CLASS)
    self->current_class = view->added_id;
  if (edit->generation == self->store_generation && view->track_path != NULL)
    praxi_session_show_run (self, view->track_path, view->run_params);
  if (view->what != NULL) {
    g_autofree char *text = g_strdup_printf (
        edit->kind == PRAXI_EDIT_UNDO ? _ ("Undone: %s") : _ ("Done again: %s"), view->what);
    praxi_session_say (self, FALSE, text);
  }
}

static void
fail (PraxiSession *self, PraxiEdit *edit, const GError *error)
{
  const gboolean changes_labels = edit->label != NULL || edit->class_name != NULL;
  if (changes_labels && !g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_USAGE)) {
    g_free (self->refusal);
    self->refusal = g_strdup (error->message);
    g_queue_push_tail (&self->refused, edit);
    return;
  }
  if (!g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND))
    praxi_session_say (self, TRUE, error->message);
  edit_free (edit);
}

static void
done_cb (gpointer result, const GError *error, gpointer data)
{
  PraxiEdit *edit = data;
  PraxiSession *self = edit->session;
  g_autoptr (StoreView) view = result;
  g_queue_pop_head (&self->edits);
  if (error != NULL) {
    fail (self, edit, error);
  } else {
    succeed (self, edit, view);
    edit_free (edit);
  }
  rebuild_labels (self);
  submit_next (self);
  praxi_session_changed (self, PRAXI_CHANGE_LABELS);
}

static void
submit_next (PraxiSession *self)
{
  PraxiEdit *edit = g_queue_peek_head (&self->edits);
  if (edit == NULL)
    return;
  if (edit->label != NULL && edit->label->media_id == 0)
    edit->label->media_id = self->media_id;
  praxi_store_thread_call (self->store, edit_call, edit, done_cb);
}

static void
open_store (PraxiSession *self)
{
  if (self->store != NULL)
    return;
  g_autofree char *folder = g_path_get_dirname (self->project_path);
  g_mkdir_with_parents (folder, 0700);
  self->store = praxi_store_thread_new (self->project_path, PRAXI_STORE_CREATE, NULL, NULL);
}

void
praxi_session_push_edit (PraxiSession *self, PraxiEdit edit)
{
  open_store (self);
  edit.session = self;
  edit.generation = self->store_generation;
  edit.media_id = self->media_id;
  g_queue_push_tail (&self->edits, g_memdup2 (&edit, sizeof edit));
  if (self->edits.length == 1)
    submit_next (self);
  rebuild_labels (self);
  praxi_session_changed (self, PRAXI_CHANGE_LABELS);
}

static PraxiMediaRow *
describe_media (PraxiSession *self)
{
  PraxiMediaRow *row = g_new0 (PraxiMediaRow, 1);
  row->path = g_strdup (praxi_media_item_path (self->media));
  row->frames = praxi_session_n_frames (self);
  row->first_pts_ns = self->info.first_pts_ns;
  row->duration_ns = self->info.duration_ns;
  row->width_px = self->info.width;
  row->height_px = self->info.height;
  return row;
}

void
praxi_session_labels_open_media (PraxiSession *self)
{
  self->store_generation++;
  self->media_id = 0;
  g_ptr_array_set_size (self->kept_labels, 0);
  praxi_session_push_edit (self,
                           (PraxiEdit){.kind = PRAXI_EDIT_LOAD, .media = describe_media (self)});
}

/* Whatever is on its way is waited for: it was shown, so it must be kept. */
static void
flush (PraxiSession *self)
{
  while (!g_queue_is_empty (&self->edits))
    g_main_context_iteration (NULL, TRUE);
  g_clear_pointer (&self->store, praxi_store_thread_free);
}

void
praxi_session_labels_close (PraxiSession *self)
{
  flush (self);
}

void
praxi_session_open_project (PraxiSession *self, const char *path)
{
  flush (self);
  g_queue_clear_full (&self->refused, edit_free);
  g_clear_pointer (&self->refusal, g_free);
  g_free (self->project_path);
  self->project_path = g_strdup (path);
  self->current_class = 0;
  if (self->index != NULL)
    praxi_session_labels_open_media (self);
  else
    praxi_session_push_edit (self, (PraxiEdit){.kind = PRAXI_EDIT_LOAD});
}

const char *
praxi_session_project_path (PraxiSession *self)
{
  return self->project_path;
}

int
praxi_session_n_refused (PraxiSession *self)
{
  return (int) self->refused.length;
}

const char *
praxi_session_refusal (PraxiSession *self)
{
  return self->refused.length > 0 ? self->refusal : NULL;
}

void
praxi_session_retry (PraxiSession *self)
{
  PraxiEdit *edit;
  const gboolean was_idle = g_queue_is_empty (&self->edits);
  while ((edit = g_queue_pop_head (&self->refused)) != NULL)
    g_queue_push_tail (&self->edits, edit);
  if (was_idle)
    submit_next (self);
  rebuild_labels (self);
  praxi_session_changed (self, PRAXI_CHANGE_LABELS);
}

gboolean
praxi_session_drop_refused (PraxiSession *self, gint64 id)
{
  for (GList *node = self->refused.head; node != NULL; node = node->next) {
    PraxiEdit *edit = node->data;
    if (edit->kind != PRAXI_EDIT_ADD || edit->label->id != id)
      continue;
    g_queue_delete_link (&self->refused, node);
    edit_free (edit);
    rebuild_labels (self);
    praxi_session_changed (self, PRAXI_CHANGE_LABELS);
    return TRUE;
  }
  return FALSE;
}
