/* What happens to an edit on the store thread. */
#include "ui/store-view.h"

#include "engine/store/coverage.h"
#include "engine/store/history.h"
#include "engine/store/review.h"
#include "engine/store/runs.h"

/* Reading everything is quicker than reading more changed rows one by one. */
enum { MAX_CHANGED_ROWS = 1000 };

static PraxiStoreView *
store_view_new (void)
{
  PraxiStoreView *view = g_new0 (PraxiStoreView, 1);
  view->given = g_array_new (FALSE, FALSE, sizeof (PraxiGivenId));
  view->gone = g_array_new (FALSE, FALSE, sizeof (gint64));
  return view;
}

void
praxi_store_view_free (PraxiStoreView *view)
{
  g_array_unref (view->given);
  g_array_unref (view->gone);
  g_clear_pointer (&view->labels, g_ptr_array_unref);
  g_clear_pointer (&view->classes, g_ptr_array_unref);
  g_clear_pointer (&view->verdicts, g_ptr_array_unref);
  g_clear_pointer (&view->coverage, g_array_unref);
  g_free (view->what);
  g_free (view->track_path);
  g_free (view->run_params);
  g_free (view->other_track_path);
  g_free (view->other_params);
  g_clear_pointer (&view->progress, g_array_unref);
  g_free (view);
}

static void
note_id (PraxiStoreView *view, gint64 temporary, gint64 given)
{
  const PraxiGivenId id = {temporary, given};
  g_array_append_val (view->given, id);
}

static gboolean
apply_op (PraxiStore *store, const PraxiOp *op, PraxiStoreView *view, GError **error)
{
  gint64 id = 0;
  switch (op->kind) {
  case PRAXI_OP_ADD_LABEL:
    if (!praxi_store_add_label (store, op->label, &id, error))
      return FALSE;
    note_id (view, op->label->id, id);
    return TRUE;
  case PRAXI_OP_UPDATE_LABEL:
    return praxi_store_update_label (store, op->label, error);
  case PRAXI_OP_REMOVE_LABEL:
    return praxi_store_remove_label (store, op->label->id, error);
  case PRAXI_OP_ADD_VERDICT:
    return praxi_store_add_verdict (store, op->verdict, NULL, error);
  case PRAXI_OP_REMOVE_VERDICT:
    return praxi_store_remove_verdict (store, op->id, error);
  case PRAXI_OP_ADD_CLASS:
    if (!praxi_store_add_class (store, op->cls, TRUE, &id, error))
      return FALSE;
    note_id (view, 0, id);
    return TRUE;
  case PRAXI_OP_UPDATE_CLASS:
    return praxi_store_update_class (store, op->cls, error);
  case PRAXI_OP_REMOVE_CLASS:
    return praxi_store_remove_class_and_labels (store, op->id, error);
  case PRAXI_OP_ORDER_CLASSES:
    return praxi_store_order_classes (store, (const gint64 *) op->class_ids->data,
                                      op->class_ids->len, error);
  }
  return TRUE;
}

/* All rows or none. */
static gboolean
apply_ops (PraxiStore *store, const PraxiEdit *edit, PraxiStoreView *view, GError **error)
{
  if (!praxi_store_begin (store, error))
    return FALSE;
  for (guint i = 0; i < edit->ops->len; i++)
    if (!apply_op (store, edit->ops->pdata[i], view, error)) {
      praxi_store_rollback (store);
      return FALSE;
    }
  return praxi_store_commit (store, error);
}

static gboolean
apply_edit (PraxiStore *store, const PraxiEdit *edit, PraxiStoreView *view, GError **error)
{
  switch (edit->kind) {
  case PRAXI_EDIT_LOAD:
  case PRAXI_EDIT_COUNT:
    return TRUE;
  case PRAXI_EDIT_CHANGE:
    return apply_ops (store, edit, view, error);
  case PRAXI_EDIT_UNDO:
    return praxi_store_undo (store, &view->what, error);
  case PRAXI_EDIT_REDO:
    return praxi_store_redo (store, &view->what, error);
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

/* Media 0 is one the project does not know (yet): it has nothing. */
static gboolean
read_whole (PraxiStore *store, PraxiStoreView *view, GError **error)
{
  const gint64 media_id = view->media_id != 0 ? view->media_id : -1;
  view->is_whole = TRUE;
  view->labels = praxi_store_list_labels (store, media_id, error);
  view->classes = view->labels != NULL ? praxi_store_list_classes (store, error) : NULL;
  view->verdicts =
      view->classes != NULL ? praxi_store_list_verdicts (store, media_id, error) : NULL;
  view->coverage =
      view->verdicts != NULL ? praxi_store_list_coverage (store, media_id, error) : NULL;
  return view->coverage != NULL;
}

static void
read_label (PraxiStore *store, PraxiStoreView *view, gint64 id)
{
  g_autoptr (PraxiLabel) label = praxi_store_get_label (store, id, NULL);
  if (label != NULL && label->media_id == view->media_id)
    g_ptr_array_add (view->labels, g_steal_pointer (&label));
  else
    g_array_append_val (view->gone, id);
}

static gboolean
read_changes (PraxiStore *store,
              const GArray *rows,
              gboolean has_classes,
              PraxiStoreView *view,
              GError **error)
{
  gboolean has_verdicts = FALSE;
  view->labels = g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_label_free);
  for (guint i = 0; i < rows->len; i++) {
    const PraxiChangedRow *row = &g_array_index (rows, PraxiChangedRow, i);
    if (g_str_equal (row->kind, "label"))
      read_label (store, view, row->row_id);
    has_classes |= g_str_has_prefix (row->kind, "class");
    has_verdicts |= g_str_equal (row->kind, "verdict");
  }
  if (has_classes && (view->classes = praxi_store_list_classes (store, error)) == NULL)
    return FALSE;
  if (has_verdicts && view->media_id != 0)
    view->verdicts = praxi_store_list_verdicts (store, view->media_id, error);
  return !has_verdicts || view->media_id == 0 || view->verdicts != NULL;
}

/* The revision is taken first: what comes between is only read twice. */
static gboolean
read_view (PraxiStore *store, const PraxiEdit *edit, PraxiStoreView *view, GError **error)
{
  g_autoptr (GError) changes_error = NULL;
  g_autoptr (GArray) rows = NULL;
  view->revision = praxi_store_revision (store);
  if (edit->kind != PRAXI_EDIT_LOAD && edit->seen_revision > 0)
    rows = praxi_store_changed_rows (store, edit->seen_revision, MAX_CHANGED_ROWS, &changes_error);
  if (rows != NULL ? !read_changes (store, rows, edit->kind == PRAXI_EDIT_COUNT, view, error)
                   : !read_whole (store, view, error))
    return FALSE;
  view->has_seen = edit->kind == PRAXI_EDIT_COUNT;
  if (view->has_seen && !praxi_seen_count (store, &view->seen, error))
    return FALSE;
  view->can_undo = praxi_store_can_undo (store);
  view->can_redo = praxi_store_can_redo (store);
  return TRUE;
}

static void
read_runs (PraxiStore *store, PraxiStoreView *view)
{
  view->progress = praxi_store_review_progress (store, NULL);
  g_autoptr (PraxiRun) run =
      view->media_id != 0 ? praxi_store_latest_run (store, view->media_id, NULL, NULL) : NULL;
  if (run == NULL)
    return;
  view->track_path = g_strdup (run->track_path);
  view->run_params = g_strdup (run->params);
  g_autoptr (GPtrArray) runs = praxi_store_list_runs (store, view->media_id, NULL);
  for (guint i = runs != NULL ? runs->len : 0; i > 0 && view->other_track_path == NULL; i--) {
    const PraxiRun *other = runs->pdata[i - 1];
    if (other->state != PRAXI_RUN_DONE || g_strcmp0 (other->model_sha256, run->model_sha256) == 0)
      continue;
    view->other_track_path = g_strdup (other->track_path);
    view->other_params = g_strdup (other->params);
  }
}

gpointer
praxi_store_view_call (PraxiStore *store, gpointer data, GError **error)
{
  PraxiEdit *edit = data;
  g_autoptr (PraxiStoreView) view = store_view_new ();
  view->media_id = edit->media_id;
  if (edit->media != NULL && !identify_media (store, edit->media, &view->media_id, error))
    return NULL;
  if (!apply_edit (store, edit, view, error) || !read_view (store, edit, view, error))
    return NULL;
  view->is_remote = praxi_store_is_remote (store);
  if (edit->kind == PRAXI_EDIT_LOAD)
    read_runs (store, view);
  return g_steal_pointer (&view);
}
