/* The way of edits into the project: one after another to the store thread; what is shown is what
 * the project had last plus the edits still on their way. Only what changed is read back.
 */
#include "ui/session-edits.h"

#include <glib/gi18n.h>

#include "engine/core/text.h"
#include "ui/history-text.h"
#include "ui/session-report.h"
#include "ui/session-review.h"
#include "ui/store-view.h"

static void
ui_label_clear (gpointer data)
{
  PraxiUiLabel *label = data;
  g_free (label->author);
  g_free (label->source);
  g_free (label->note);
}

PraxiUiLabel *
praxi_ui_label_ref (const PraxiUiLabel *label)
{
  return g_rc_box_acquire ((gpointer) label);
}

void
praxi_ui_label_unref (PraxiUiLabel *label)
{
  g_rc_box_release_full (label, ui_label_clear);
}

static void
ui_label_unref (gpointer label)
{
  praxi_ui_label_unref (label);
}

static void
ui_class_free (gpointer data)
{
  PraxiUiClass *cls = data;
  g_free (cls->name);
  g_free (cls);
}

static void
verdict_free (gpointer verdict)
{
  praxi_verdict_free (verdict);
}

static void
edit_free (gpointer edit)
{
  praxi_edit_free (edit);
}

void
praxi_session_labels_init (PraxiSession *self)
{
  self->kept_labels = g_ptr_array_new_with_free_func (ui_label_unref);
  self->labels = g_ptr_array_new_with_free_func (ui_label_unref);
  self->kept_verdicts = g_ptr_array_new_with_free_func (verdict_free);
  self->verdicts = g_ptr_array_new_with_free_func (verdict_free);
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
  g_clear_pointer (&self->kept_verdicts, g_ptr_array_unref);
  g_clear_pointer (&self->verdicts, g_ptr_array_unref);
  g_clear_pointer (&self->classes, g_ptr_array_unref);
  g_queue_clear_full (&self->edits, edit_free);
  g_queue_clear_full (&self->refused, edit_free);
  g_clear_pointer (&self->refusal, g_free);
}

/* --- what is shown ------------------------------------------------------------------------- */

static PraxiUiLabel *
ui_label_new (PraxiSession *self, const PraxiLabel *label, PraxiLabelState state)
{
  PraxiUiLabel *shown = g_rc_box_new0 (PraxiUiLabel);
  shown->id = label->id;
  shown->class_id = label->class_id;
  shown->span = (PraxiTimeSpan){label->start_ns, label->end_ns};
  shown->start_frame = praxi_session_frame_at (self, label->start_ns);
  shown->end_frame = praxi_session_frame_at (self, label->end_ns - 1) + 1;
  shown->state = state;
  shown->author = g_strdup (label->author != NULL ? label->author : "");
  shown->source = g_strdup (label->source != NULL ? label->source : "");
  shown->note = g_strdup (label->note != NULL ? label->note : "");
  shown->created_us = label->created_us;
  return shown;
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

/* Replaces the labels with the ids in `touched` (gint64 *) by those in `put`, whose references it
 * takes. The rest keeps its order and its objects.
 */
static void
replace_labels (GPtrArray *labels, GHashTable *touched, GPtrArray *put)
{
  guint n_left = 0;
  for (guint i = 0; i < labels->len; i++) {
    PraxiUiLabel *label = labels->pdata[i];
    if (g_hash_table_contains (touched, &label->id))
      praxi_ui_label_unref (label);
    else
      labels->pdata[n_left++] = label;
  }
  labels->len = n_left;
  g_ptr_array_sort (put, compare_labels);
  guint from = n_left, more = put->len;
  g_ptr_array_set_size (labels, (int) (n_left + put->len));
  while (more > 0) {
    const gboolean is_old =
        from > 0 && compare_labels (&labels->pdata[from - 1], &put->pdata[more - 1]) > 0;
    labels->pdata[from + more - 1] = is_old ? labels->pdata[from - 1] : put->pdata[more - 1];
    from -= is_old;
    more -= !is_old;
  }
}

/* What an edit does to labels, on top of the ones before it. touched: id → PraxiUiLabel or NULL */
static void
collect_ops (PraxiSession *self, const PraxiEdit *edit, PraxiLabelState state, GHashTable *touched)
{
  for (guint i = 0; i < edit->ops->len; i++) {
    const PraxiOp *op = edit->ops->pdata[i];
    if (op->label == NULL || op->label->media_id != self->media_id ||
        (op->kind == PRAXI_OP_REMOVE_LABEL && state == PRAXI_LABEL_NOT_KEPT))
      continue;
    PraxiUiLabel *shown =
        op->kind != PRAXI_OP_REMOVE_LABEL ? ui_label_new (self, op->label, state) : NULL;
    g_hash_table_replace (touched, &op->label->id, shown);
  }
}

static void
unref_shown (gpointer label)
{
  if (label != NULL)
    praxi_ui_label_unref (label);
}

static void
rebuild_verdicts (PraxiSession *self)
{
  g_ptr_array_set_size (self->verdicts, 0);
  for (guint i = 0; i < self->kept_verdicts->len; i++)
    g_ptr_array_add (self->verdicts, praxi_verdict_copy (self->kept_verdicts->pdata[i]));
  for (const GList *node = self->edits.head; node != NULL; node = node->next) {
    const PraxiEdit *edit = node->data;
    for (guint i = 0; i < edit->ops->len; i++) {
      const PraxiOp *op = edit->ops->pdata[i];
      if (op->kind == PRAXI_OP_ADD_VERDICT && op->verdict->media_id == self->media_id)
        g_ptr_array_add (self->verdicts, praxi_verdict_copy (op->verdict));
      for (guint k = 0; op->kind == PRAXI_OP_REMOVE_VERDICT && k < self->verdicts->len; k++)
        if (((const PraxiVerdict *) self->verdicts->pdata[k])->id == op->id)
          g_ptr_array_remove_index (self->verdicts, k--);
    }
  }
  if (self->media != NULL && self->media_id != 0)
    praxi_media_item_set_reviewed (self->media, praxi_session_is_media_reviewed (self));
}

static void
rebuild_labels (PraxiSession *self)
{
  g_autoptr (GHashTable) touched =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, unref_shown);
  for (const GList *node = self->refused.head; node != NULL; node = node->next)
    collect_ops (self, node->data, PRAXI_LABEL_NOT_KEPT, touched);
  for (const GList *node = self->edits.head; node != NULL; node = node->next)
    collect_ops (self, node->data, PRAXI_LABEL_PENDING, touched);
  g_autoptr (GPtrArray) put = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer label;
  g_hash_table_iter_init (&iter, touched);
  while (g_hash_table_iter_next (&iter, NULL, &label))
    if (label != NULL)
      g_ptr_array_add (put, praxi_ui_label_ref (label));
  g_ptr_array_set_size (self->labels, 0);
  for (guint i = 0; i < self->kept_labels->len; i++)
    g_ptr_array_add (self->labels, praxi_ui_label_ref (self->kept_labels->pdata[i]));
  replace_labels (self->labels, touched, put);
  rebuild_verdicts (self);
  self->labels_revision++;
  self->longest_label_ns = 0;
  for (guint i = 0; i < self->labels->len; i++)
    self->longest_label_ns =
        MAX (self->longest_label_ns,
             praxi_time_span_length (((const PraxiUiLabel *) self->labels->pdata[i])->span));
  if (self->selected_label != 0 && praxi_session_find_label (self, self->selected_label) == NULL)
    praxi_session_select_label (self, 0);
}

const GPtrArray *
praxi_session_verdicts (PraxiSession *self)
{
  return self->verdicts;
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
    shown->n_labels = cls->n_labels;
    shown->n_media = cls->n_media;
    shown->labelled_ns = cls->labelled_ns;
    if (!gdk_rgba_parse (&shown->color, cls->color))
      shown->color = (GdkRGBA){0.5f, 0.5f, 0.5f, 1};
    g_ptr_array_add (self->classes, shown);
  }
  if (praxi_session_find_class (self, self->current_class) == NULL)
    self->current_class = 0;
}

static void
take_labels (PraxiSession *self, const PraxiStoreView *view)
{
  g_autoptr (GHashTable) touched = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GPtrArray) put = g_ptr_array_new ();
  if (view->is_whole)
    g_ptr_array_set_size (self->kept_labels, 0);
  for (guint i = 0; i < view->gone->len; i++)
    g_hash_table_add (touched, &g_array_index (view->gone, gint64, i));
  for (guint i = 0; i < view->labels->len; i++) {
    PraxiLabel *label = view->labels->pdata[i];
    g_hash_table_add (touched, &label->id);
    g_ptr_array_add (put, ui_label_new (self, label, PRAXI_LABEL_KEPT));
  }
  replace_labels (self->kept_labels, touched, put);
}

static void
take_view (PraxiSession *self, PraxiStoreView *view)
{
  self->media_id = view->media_id;
  self->kept_revision = view->revision;
  self->can_undo = view->can_undo;
  self->can_redo = view->can_redo;
  take_labels (self, view);
  if (view->classes != NULL)
    take_classes (self, view->classes);
  if (view->has_seen)
    self->seen = view->seen;
  if (view->verdicts != NULL) {
    g_ptr_array_unref (self->kept_verdicts);
    self->kept_verdicts = g_steal_pointer (&view->verdicts);
  }
  if (view->coverage != NULL)
    praxi_session_review_load (self, view->coverage);
  if (self->media != NULL)
    praxi_media_item_set_labels (self->media, (int) self->kept_labels->len);
}

/* --- the queue ----------------------------------------------------------------------------- */

static void submit_next (PraxiSession *self);

/* Edits made while their label was still on its way know it by its temporary id. */
static void
give_id (PraxiSession *self, PraxiGivenId id)
{
  for (GList *node = self->edits.head; node != NULL; node = node->next) {
    PraxiEdit *edit = node->data;
    for (guint i = 0; i < edit->ops->len; i++) {
      PraxiOp *op = edit->ops->pdata[i];
      if (op->label != NULL && op->label->id == id.temporary)
        op->label->id = id.given;
    }
  }
  gint64 *const known[] = {&self->edited_label, &self->duplicated_label};
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (*known[i] == id.temporary)
      *known[i] = id.given;
  if (self->selected_label == id.temporary)
    praxi_session_select_label (self, id.given);
}

/* Edits made before the project had told the id of their media. */
static void
give_media_id (PraxiSession *self, guint generation, gint64 media_id)
{
  for (GList *node = self->edits.head; node != NULL; node = node->next) {
    PraxiEdit *edit = node->data;
    if (edit->generation != generation || edit->media_id != 0)
      continue;
    edit->media_id = media_id;
    for (guint i = 0; i < edit->ops->len; i++) {
      PraxiOp *op = edit->ops->pdata[i];
      if (op->label != NULL)
        op->label->media_id = media_id;
      if (op->verdict != NULL)
        op->verdict->media_id = media_id;
    }
  }
}

static void
take_ids (PraxiSession *self, const PraxiEdit *edit, const PraxiStoreView *view)
{
  if (edit->kind == PRAXI_EDIT_LOAD)
    give_media_id (self, edit->generation, view->media_id);
  for (guint i = 0; i < view->given->len; i++) {
    const PraxiGivenId id = g_array_index (view->given, PraxiGivenId, i);
    if (id.temporary != 0)
      give_id (self, id);
    else
      self->current_class = id.given;
  }
}

static void
tell_remote (PraxiSession *self)
{
  self->told_remote = TRUE;
  g_autofree char *name = praxi_text_file_name (self->project_path);
  g_autofree char *text = g_strdup_printf (
      _ ("%s: lies on a network file system, where keeping a label takes longer and two machines "
         "must not write at once; keep the project on a disk of this machine"),
      name);
  praxi_session_say (self, TRUE, text);
}

static void
succeed (PraxiSession *self, PraxiEdit *edit, PraxiStoreView *view)
{
  if (view->is_remote && !self->told_remote)
    tell_remote (self);
  if (edit->generation == self->store_generation)
    take_view (self, view);
  take_ids (self, edit, view);
  if (edit->generation == self->store_generation && view->track_path != NULL)
    praxi_session_show_run (self, view->track_path, view->run_params);
  if (edit->generation == self->store_generation && edit->kind == PRAXI_EDIT_LOAD) {
    praxi_session_review_other_run (self, view->other_track_path, view->other_params);
    praxi_session_review_progress (self, g_steal_pointer (&view->progress));
  }
  if (view->what != NULL) {
    g_autofree char *what = praxi_history_text (view->what);
    g_autofree char *text = g_strdup_printf (
        edit->kind == PRAXI_EDIT_UNDO ? _ ("Undone: %s") : _ ("Done again: %s"), what);
    praxi_session_say (self, FALSE, text);
  }
}

static void
fail (PraxiSession *self, PraxiEdit *edit, const GError *error)
{
  if (edit->kind == PRAXI_EDIT_CHANGE && !g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_USAGE)) {
    g_free (self->refusal);
    self->refusal = g_strdup (error->message);
    g_queue_push_tail (&self->refused, edit);
    return;
  }
  if (!g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND))
    praxi_session_say (self, TRUE, error->message);
  praxi_edit_free (edit);
}

static void
done_cb (gpointer result, const GError *error, gpointer data)
{
  PraxiEdit *edit = data;
  PraxiSession *self = edit->session;
  g_autoptr (PraxiStoreView) view = result;
  g_queue_pop_head (&self->edits);
  if (error != NULL) {
    fail (self, edit, error);
  } else {
    succeed (self, edit, view);
    praxi_edit_free (edit);
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
  edit->seen_revision = edit->generation == self->store_generation ? self->kept_revision : 0;
  praxi_store_thread_call (self->store, praxi_store_view_call, edit, done_cb);
}

static void
open_store (PraxiSession *self)
{
  if (self->store != NULL)
    return;
  g_autofree char *folder = g_path_get_dirname (self->project_path);
  if (!praxi_session_only_reads (self))
    g_mkdir_with_parents (folder, 0700);
  self->store = praxi_store_thread_new (self->project_path,
                                        praxi_session_only_reads (self)
                                            ? PRAXI_STORE_READ_ONLY
                                            : PRAXI_STORE_CREATE | PRAXI_STORE_BACKUPS,
                                        NULL, NULL);
}

PraxiStoreThread *
praxi_session_store (PraxiSession *self)
{
  open_store (self);
  return self->store;
}

void
praxi_session_push_edit (PraxiSession *self, PraxiEdit *edit)
{
  if (edit->kind == PRAXI_EDIT_CHANGE && edit->ops->len == 0) {
    praxi_edit_free (edit);
    return;
  }
  open_store (self);
  edit->session = self;
  edit->generation = self->store_generation;
  edit->media_id = self->media_id;
  g_queue_push_tail (&self->edits, edit);
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
  self->kept_revision = 0;
  g_ptr_array_set_size (self->kept_labels, 0);
  g_ptr_array_set_size (self->kept_verdicts, 0);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_LOAD);
  edit->media = describe_media (self);
  praxi_session_push_edit (self, edit);
  praxi_session_scene_load (self);
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
  praxi_session_scene_close (self); /* its distances belong to the project before */
  flush (self);
  g_queue_clear_full (&self->refused, edit_free);
  g_clear_pointer (&self->refusal, g_free);
  g_free (self->project_path);
  self->project_path = g_strdup (path);
  self->current_class = 0;
  self->seen = (PraxiSeenCount){0};
  self->kept_revision = 0;
  self->told_remote = FALSE;
  praxi_session_cameras_follow_project (self);
  if (self->index != NULL)
    praxi_session_labels_open_media (self);
  else
    praxi_session_push_edit (self, praxi_edit_new (PRAXI_EDIT_LOAD));
}

gboolean
praxi_session_is_loaded (PraxiSession *self)
{
  return self->index != NULL && g_queue_is_empty (&self->edits);
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

static gboolean
drop_op (PraxiEdit *edit, gint64 id)
{
  for (guint i = 0; i < edit->ops->len; i++) {
    const PraxiOp *op = edit->ops->pdata[i];
    if (op->kind == PRAXI_OP_ADD_LABEL && op->label->id == id)
      return g_ptr_array_remove_index (edit->ops, i) != NULL;
  }
  return FALSE;
}

gboolean
praxi_session_drop_refused (PraxiSession *self, gint64 id)
{
  for (GList *node = self->refused.head; node != NULL; node = node->next) {
    PraxiEdit *edit = node->data;
    if (!drop_op (edit, id))
      continue;
    if (edit->ops->len == 0) {
      g_queue_delete_link (&self->refused, node);
      praxi_edit_free (edit);
    }
    rebuild_labels (self);
    praxi_session_changed (self, PRAXI_CHANGE_LABELS);
    return TRUE;
  }
  return FALSE;
}
