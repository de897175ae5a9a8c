/* Edits and what they carry. */
#include "ui/session-edits.h"

static void
op_free (gpointer data)
{
  PraxiOp *op = data;
  praxi_label_free (op->label);
  praxi_verdict_free (op->verdict);
  praxi_class_free (op->cls);
  g_clear_pointer (&op->class_ids, g_array_unref);
  g_free (op);
}

void
praxi_edit_free (PraxiEdit *edit)
{
  g_clear_pointer (&edit->ops, g_ptr_array_unref);
  g_clear_pointer (&edit->media, praxi_media_row_free);
  g_free (edit);
}

PraxiEdit *
praxi_edit_new (PraxiEditKind kind)
{
  PraxiEdit *edit = g_new0 (PraxiEdit, 1);
  edit->kind = kind;
  edit->ops = g_ptr_array_new_with_free_func (op_free);
  return edit;
}

static void
add_op (PraxiEdit *edit, PraxiOp op)
{
  g_ptr_array_add (edit->ops, g_memdup2 (&op, sizeof op));
}

void
praxi_edit_label (PraxiEdit *edit, PraxiOpKind kind, PraxiLabel *label)
{
  add_op (edit, (PraxiOp){.kind = kind, .label = label});
}

void
praxi_edit_verdict (PraxiEdit *edit, PraxiVerdict *verdict)
{
  add_op (edit, (PraxiOp){.kind = PRAXI_OP_ADD_VERDICT, .verdict = verdict});
}

void
praxi_edit_class (PraxiEdit *edit, PraxiOpKind kind, PraxiClass *cls)
{
  add_op (edit, (PraxiOp){.kind = kind, .cls = cls});
}

void
praxi_edit_remove (PraxiEdit *edit, PraxiOpKind kind, gint64 id)
{
  add_op (edit, (PraxiOp){.kind = kind, .id = id});
}

void
praxi_edit_order (PraxiEdit *edit, GArray *class_ids)
{
  add_op (edit, (PraxiOp){.kind = PRAXI_OP_ORDER_CLASSES, .class_ids = class_ids});
}

/* --- labels for edits ---------------------------------------------------------------------- */

void
praxi_session_set_frames (PraxiSession *self, PraxiLabel *label, int start_frame, int end_frame)
{
  const PraxiTimeSpan span = praxi_session_frames_span (self, start_frame, end_frame);
  label->start_ns = span.start_ns;
  label->end_ns = span.end_ns;
  label->start_frame = start_frame;
  label->end_frame = end_frame;
}

PraxiLabel *
praxi_session_new_label (PraxiSession *self,
                         gint64 class_id,
                         int start_frame,
                         int end_frame,
                         const char *source)
{
  PraxiLabel *label = g_new0 (PraxiLabel, 1);
  label->id = self->next_temporary_id--;
  label->media_id = self->media_id;
  label->class_id = class_id;
  label->source = g_strdup (source);
  praxi_session_set_frames (self, label, start_frame, end_frame);
  return label;
}

/* What is still on its way has no author yet: the project fills it in. */
PraxiLabel *
praxi_session_copy_label (PraxiSession *self, const PraxiUiLabel *shown)
{
  PraxiLabel *label = g_new0 (PraxiLabel, 1);
  label->id = shown->id;
  label->media_id = self->media_id;
  label->class_id = shown->class_id;
  label->start_ns = shown->span.start_ns;
  label->end_ns = shown->span.end_ns;
  label->start_frame = shown->start_frame;
  label->end_frame = shown->end_frame;
  label->author = *shown->author != '\0' ? g_strdup (shown->author) : NULL;
  label->source = g_strdup (shown->source);
  label->note = g_strdup (shown->note);
  label->created_us = shown->created_us;
  return label;
}
