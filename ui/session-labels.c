/* What labels, classes and undo look like to the views, and what a person does with them. */
#include <glib/gi18n.h>

#include "ui/session-edits.h"

/* --- reading ------------------------------------------------------------------------------- */

const GPtrArray *
praxi_session_labels (PraxiSession *self)
{
  return self->labels;
}

const GPtrArray *
praxi_session_classes (PraxiSession *self)
{
  return self->classes;
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

/* --- what a person does -------------------------------------------------------------------- */

void
praxi_session_choose_class (PraxiSession *self, gint64 class_id)
{
  if (praxi_session_find_class (self, class_id) == NULL)
    return;
  self->current_class = class_id;
  if (praxi_session_marks (self).is_set)
    praxi_session_label_marks (self);
  else
    praxi_session_changed (self, PRAXI_CHANGE_MARKS);
}

void
praxi_session_choose_class_key (PraxiSession *self, char key)
{
  for (guint i = 0; i < self->classes->len; i++) {
    const PraxiUiClass *cls = self->classes->pdata[i];
    if (cls->key == key)
      praxi_session_choose_class (self, cls->id);
  }
}

void
praxi_session_add_class (PraxiSession *self, const char *name)
{
  praxi_session_push_edit (
      self, (PraxiEdit){.kind = PRAXI_EDIT_ADD_CLASS, .class_name = g_strdup (name)});
}

static void
add_label (PraxiSession *self, gint64 class_id, int start_frame, int end_frame, const char *source)
{
  const PraxiTimeSpan span = praxi_session_frames_span (self, start_frame, end_frame);
  PraxiLabel *label = g_new0 (PraxiLabel, 1);
  label->id = self->next_temporary_id--;
  label->media_id = self->media_id;
  label->class_id = class_id;
  label->start_ns = span.start_ns;
  label->end_ns = span.end_ns;
  label->start_frame = start_frame;
  label->end_frame = end_frame;
  label->source = g_strdup (source);
  const gint64 id = label->id;
  praxi_session_push_edit (self, (PraxiEdit){.kind = PRAXI_EDIT_ADD, .label = label});
  praxi_session_select_label (self, id);
}

void
praxi_session_label_marks (PraxiSession *self)
{
  const PraxiMarks marks = praxi_session_marks (self);
  if (!marks.is_set) {
    praxi_session_say (self, FALSE, _ ("Nothing is marked: press I at the start and O at the end"));
    return;
  }
  if (praxi_session_find_class (self, self->current_class) == NULL) {
    praxi_session_say (self, FALSE, _ ("No class is chosen: press 1 to 9"));
    return;
  }
  self->mark_in = self->mark_out = -1;
  add_label (self, self->current_class, marks.start_frame, marks.end_frame,
             PRAXI_LABEL_SOURCE_PERSON);
  praxi_session_changed (self, PRAXI_CHANGE_MARKS);
}

void
praxi_session_accept_event (PraxiSession *self)
{
  const gint64 now_ns = praxi_session_frame_span (self, self->playhead).start_ns;
  int index = praxi_session_event_at (self, now_ns);
  if (index < 0)
    index = self->selected_event;
  const PraxiEvent *event = praxi_session_event (self, index);
  if (event == NULL) {
    praxi_session_say (self, FALSE, _ ("No event is under the playhead"));
    return;
  }
  const char *name = praxi_score_track_class_name (self->track, event->class_index);
  const PraxiUiClass *cls = praxi_session_find_class_named (self, name);
  if (cls == NULL) {
    g_autofree char *text =
        g_strdup_printf (_ ("This project has no class “%s”: add it first"), name);
    praxi_session_say (self, FALSE, text);
    return;
  }
  add_label (self, cls->id, praxi_session_frame_at (self, event->start_ns),
             praxi_session_frame_at (self, event->end_ns - 1) + 1, PRAXI_LABEL_SOURCE_ACCEPTED);
}

void
praxi_session_trim_label (PraxiSession *self, gint64 label_id, int start_frame, int end_frame)
{
  const PraxiUiLabel *label = praxi_session_find_label (self, label_id);
  const int n_frames = praxi_session_n_frames (self);
  if (label == NULL || n_frames == 0)
    return;
  start_frame = CLAMP (start_frame, 0, n_frames - 1);
  end_frame = CLAMP (end_frame, start_frame + 1, n_frames);
  if (start_frame == label->start_frame && end_frame == label->end_frame)
    return;
  const PraxiTimeSpan span = praxi_session_frames_span (self, start_frame, end_frame);
  PraxiLabel *changed = g_new0 (PraxiLabel, 1);
  changed->id = label->id;
  changed->media_id = self->media_id;
  changed->class_id = label->class_id;
  changed->start_ns = span.start_ns;
  changed->end_ns = span.end_ns;
  changed->start_frame = start_frame;
  changed->end_frame = end_frame;
  changed->source = g_strdup (label->source);
  praxi_session_push_edit (self, (PraxiEdit){.kind = PRAXI_EDIT_UPDATE, .label = changed});
}

void
praxi_session_nudge_label (PraxiSession *self, gboolean is_end, int frames)
{
  const PraxiUiLabel *label = praxi_session_find_label (self, self->selected_label);
  if (label == NULL)
    praxi_session_say (self, FALSE, _ ("No label is selected: click one on the timeline"));
  else if (is_end)
    praxi_session_trim_label (self, label->id, label->start_frame,
                              MAX (label->end_frame + frames, label->start_frame + 1));
  else
    praxi_session_trim_label (
        self, label->id, MIN (label->start_frame + frames, label->end_frame - 1), label->end_frame);
}

void
praxi_session_remove_label (PraxiSession *self)
{
  const PraxiUiLabel *label = praxi_session_find_label (self, self->selected_label);
  if (label == NULL) {
    praxi_session_say (self, FALSE, _ ("No label is selected: click one on the timeline"));
    return;
  }
  if (praxi_session_drop_refused (self, label->id))
    return;
  PraxiLabel *removed = g_new0 (PraxiLabel, 1);
  removed->id = label->id;
  removed->media_id = self->media_id;
  praxi_session_push_edit (self, (PraxiEdit){.kind = PRAXI_EDIT_REMOVE, .label = removed});
}

void
praxi_session_undo (PraxiSession *self)
{
  praxi_session_push_edit (self, (PraxiEdit){.kind = PRAXI_EDIT_UNDO});
}

void
praxi_session_redo (PraxiSession *self)
{
  praxi_session_push_edit (self, (PraxiEdit){.kind = PRAXI_EDIT_REDO});
}
