/* What labels, classes and undo look like to the views. */
#include "ui/session-edits.h"
#include "ui/session-labelling.h"

/* --- reading ------------------------------------------------------------------------------- */

const GPtrArray *
praxi_session_labels (PraxiSession *self)
{
  return self->labels;
}

guint
praxi_session_labels_revision (PraxiSession *self)
{
  return self->labels_revision;
}

const GPtrArray *
praxi_session_classes (PraxiSession *self)
{
  return self->classes;
}

guint
praxi_session_first_label (PraxiSession *self, gint64 from_ns)
{
  guint low = 0, high = self->labels->len;
  while (low < high) {
    const guint middle = low + (high - low) / 2;
    const PraxiUiLabel *label = self->labels->pdata[middle];
    if (label->span.start_ns < from_ns - self->longest_label_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const PraxiUiLabel *
praxi_session_find_label (PraxiSession *self, gint64 label_id)
{
  for (guint i = 0; i < self->labels->len && label_id != 0; i++) {
    const PraxiUiLabel *label = self->labels->pdata[i];
    if (label->id == label_id)
      return label;
  }
  return NULL;
}

const PraxiUiClass *
praxi_session_find_class (PraxiSession *self, gint64 class_id)
{
  for (guint i = 0; i < self->classes->len; i++) {
    const PraxiUiClass *cls = self->classes->pdata[i];
    if (cls->id == class_id)
      return cls;
  }
  return NULL;
}

const PraxiUiClass *
praxi_session_find_class_named (PraxiSession *self, const char *name)
{
  for (guint i = 0; i < self->classes->len; i++) {
    const PraxiUiClass *cls = self->classes->pdata[i];
    if (g_str_equal (cls->name, name))
      return cls;
  }
  return NULL;
}

gint64
praxi_session_current_class (PraxiSession *self)
{
  return self->current_class;
}

gboolean
praxi_session_can_undo (PraxiSession *self)
{
  return self->can_undo || !g_queue_is_empty (&self->edits);
}

gboolean
praxi_session_can_redo (PraxiSession *self)
{
  return self->can_redo;
}

/* --- classes ------------------------------------------------------------------------------- */

void
praxi_session_add_class (PraxiSession *self, const char *name)
{
  PraxiClass *cls = g_new0 (PraxiClass, 1);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  cls->name = g_strdup (name);
  praxi_edit_class (edit, PRAXI_OP_ADD_CLASS, cls);
  praxi_session_push_edit (self, edit);
}

void
praxi_session_count_classes (PraxiSession *self)
{
  praxi_session_push_edit (self, praxi_edit_new (PRAXI_EDIT_COUNT));
}

PraxiSeenCount
praxi_session_seen (PraxiSession *self)
{
  return self->seen;
}

/* All of a class as it is shown, to be changed. */
static PraxiClass *
copy_class (PraxiSession *self, gint64 class_id)
{
  const PraxiUiClass *shown = praxi_session_find_class (self, class_id);
  if (shown == NULL)
    return NULL;
  PraxiClass *cls = g_new0 (PraxiClass, 1);
  cls->id = class_id;
  cls->name = g_strdup (shown->name);
  cls->key = shown->key;
  g_snprintf (cls->color, sizeof cls->color, "#%02x%02x%02x",
              (guint) (CLAMP (shown->color.red, 0, 1) * 255 + 0.5f),
              (guint) (CLAMP (shown->color.green, 0, 1) * 255 + 0.5f),
              (guint) (CLAMP (shown->color.blue, 0, 1) * 255 + 0.5f));
  return cls;
}

static void
update_class (PraxiSession *self, PraxiClass *cls)
{
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_class (edit, PRAXI_OP_UPDATE_CLASS, cls);
  praxi_session_push_edit (self, edit);
}

void
praxi_session_rename_class (PraxiSession *self, gint64 class_id, const char *name)
{
  PraxiClass *cls = copy_class (self, class_id);
  if (cls == NULL)
    return;
  g_free (cls->name);
  cls->name = g_strdup (name);
  update_class (self, cls);
}

void
praxi_session_recolor_class (PraxiSession *self, gint64 class_id, const char *color)
{
  PraxiClass *cls = copy_class (self, class_id);
  if (cls == NULL)
    return;
  g_strlcpy (cls->color, color, sizeof cls->color);
  update_class (self, cls);
}

/* The class that had the key gives it up, in the same step. */
void
praxi_session_set_class_key (PraxiSession *self, gint64 class_id, char key)
{
  PraxiClass *cls = copy_class (self, class_id);
  if (cls == NULL)
    return;
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  for (guint i = 0; i < self->classes->len && key != 0; i++) {
    const PraxiUiClass *other = self->classes->pdata[i];
    if (other->key != key || other->id == class_id)
      continue;
    PraxiClass *loser = copy_class (self, other->id);
    loser->key = 0;
    praxi_edit_class (edit, PRAXI_OP_UPDATE_CLASS, loser);
  }
  cls->key = key;
  praxi_edit_class (edit, PRAXI_OP_UPDATE_CLASS, cls);
  praxi_session_push_edit (self, edit);
}

void
praxi_session_move_class (PraxiSession *self, gint64 class_id, guint position)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < self->classes->len; i++) {
    const gint64 id = ((const PraxiUiClass *) self->classes->pdata[i])->id;
    if (id != class_id)
      g_array_append_val (ids, id);
  }
  g_array_insert_val (ids, MIN (position, ids->len), class_id);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_order (edit, ids);
  praxi_session_push_edit (self, edit);
}

void
praxi_session_remove_class (PraxiSession *self, gint64 class_id)
{
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_remove (edit, PRAXI_OP_REMOVE_CLASS, class_id);
  praxi_session_push_edit (self, edit);
}

/* --- undo ---------------------------------------------------------------------------------- */

void
praxi_session_undo (PraxiSession *self)
{
  praxi_session_push_edit (self, praxi_edit_new (PRAXI_EDIT_UNDO));
}

void
praxi_session_redo (PraxiSession *self)
{
  praxi_session_push_edit (self, praxi_edit_new (PRAXI_EDIT_REDO));
}
