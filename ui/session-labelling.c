/* What a person does with labels. */
#include "ui/session-labelling.h"

#include <glib/gi18n.h>

#include "ui/session-edits.h"
#include "ui/session-review.h"

enum { MIN_HOLD_MS = 250 }; /* a shorter press of a class key only chooses */

/* --- which label --------------------------------------------------------------------------- */

static const PraxiUiLabel *
label_at_playhead (PraxiSession *self)
{
  const PraxiUiLabel *best = NULL;
  for (guint i = 0; i < self->labels->len; i++) {
    const PraxiUiLabel *label = self->labels->pdata[i];
    if (label->start_frame > self->playhead)
      break;
    if (label->end_frame > self->playhead &&
        (best == NULL ||
         praxi_time_span_length (label->span) <= praxi_time_span_length (best->span)))
      best = label;
  }
  return best;
}

static const PraxiUiLabel *
label_in_hand (PraxiSession *self)
{
  const PraxiUiLabel *label = praxi_session_find_label (self, self->selected_label);
  if (label == NULL)
    label = label_at_playhead (self);
  if (label == NULL)
    praxi_session_say (self, FALSE, _ ("No label is selected, and none is at the playhead"));
  return label;
}

gint64
praxi_session_label_in_hand (PraxiSession *self)
{
  const PraxiUiLabel *label = label_in_hand (self);
  return label != NULL ? label->id : 0;
}

/* --- making labels ------------------------------------------------------------------------- */

static void
add_label (PraxiSession *self, PraxiLabel *label)
{
  const gint64 id = label->id;
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_label (edit, PRAXI_OP_ADD_LABEL, label);
  praxi_session_push_edit (self, edit);
  praxi_session_select_label (self, id);
}

static void
forget_intents (PraxiSession *self)
{
  self->edited_label = self->duplicated_label = 0;
  self->edits_event = FALSE;
  self->held_key = 0;
}

void
praxi_session_label_marks (PraxiSession *self)
{
  const PraxiMarks marks = praxi_session_marks (self);
  if (!marks.is_set) {
    praxi_session_say (self, FALSE, _ ("Nothing is marked: press I at the start and O at the end"));
    return;
  }
  const gint64 edited = self->edited_label;
  if (edited == 0 && praxi_session_find_class (self, self->current_class) == NULL) {
    praxi_session_say (self, FALSE, _ ("No class is chosen: press 1 to 9"));
    return;
  }
  const char *source = self->edits_event ? PRAXI_LABEL_SOURCE_ACCEPTED : PRAXI_LABEL_SOURCE_PERSON;
  forget_intents (self);
  self->mark_in = self->mark_out = -1;
  if (edited != 0)
    praxi_session_trim_label (self, edited, marks.start_frame, marks.end_frame);
  else
    add_label (self, praxi_session_new_label (self, self->current_class, marks.start_frame,
                                              marks.end_frame, source));
  praxi_session_changed (self, PRAXI_CHANGE_MARKS);
}

static void
duplicate_to (PraxiSession *self, gint64 class_id)
{
  const PraxiUiLabel *shown = praxi_session_find_label (self, self->duplicated_label);
  self->duplicated_label = 0;
  if (shown == NULL)
    return;
  PraxiLabel *copy = praxi_session_new_label (self, class_id, shown->start_frame, shown->end_frame,
                                              PRAXI_LABEL_SOURCE_PERSON);
  copy->note = g_strdup (shown->note);
  add_label (self, copy);
}

void
praxi_session_choose_class (PraxiSession *self, gint64 class_id)
{
  if (praxi_session_find_class (self, class_id) == NULL)
    return;
  if (self->duplicated_label != 0) {
    duplicate_to (self, class_id);
    return;
  }
  self->current_class = class_id;
  if (praxi_session_marks (self).is_set && self->edited_label == 0)
    praxi_session_label_marks (self);
  else
    praxi_session_changed (self, PRAXI_CHANGE_MARKS);
}

static gint64
class_of_key (PraxiSession *self, char key)
{
  for (guint i = 0; i < self->classes->len; i++) {
    const PraxiUiClass *cls = self->classes->pdata[i];
    if (cls->key == key)
      return cls->id;
  }
  return 0;
}

void
praxi_session_choose_class_key (PraxiSession *self, char key)
{
  praxi_session_choose_class (self, class_of_key (self, key));
}

/* A key that is held comes again and again. */
void
praxi_session_press_class_key (PraxiSession *self, char key)
{
  if (self->held_key == key || class_of_key (self, key) == 0)
    return;
  const gboolean begins = praxi_session_speed (self) > 0 && self->held_key == 0 &&
                          self->duplicated_label == 0 && !praxi_session_marks (self).is_set;
  praxi_session_choose_class_key (self, key);
  if (!begins)
    return;
  self->held_key = key;
  self->held_since_us = g_get_monotonic_time ();
  praxi_session_mark_in (self);
}

void
praxi_session_release_class_key (PraxiSession *self, char key)
{
  if (self->held_key != key || key == 0)
    return;
  self->held_key = 0;
  if (g_get_monotonic_time () - self->held_since_us < MIN_HOLD_MS * 1000)
    praxi_session_clear_marks (self);
  else if (praxi_session_marks (self).is_set)
    praxi_session_label_marks (self);
}

void
praxi_session_drop (PraxiSession *self)
{
  const gboolean had_intent = self->duplicated_label != 0;
  const gboolean had_marks = praxi_session_marks (self).is_set;
  forget_intents (self);
  if (had_marks)
    praxi_session_clear_marks (self);
  else if (!had_intent)
    praxi_session_select_label (self, 0);
}

void
praxi_session_edit_edges (PraxiSession *self)
{
  const PraxiUiLabel *label = praxi_session_find_label (self, self->selected_label);
  const int index = label == NULL ? praxi_session_event_in_hand (self) : -1;
  const PraxiEvent *event = praxi_session_event (self, index);
  if (event == NULL)
    label = label_in_hand (self);
  if (label == NULL && event == NULL)
    return;
  forget_intents (self);
  if (label != NULL) {
    self->edited_label = label->id;
    praxi_session_set_marks (self, label->start_frame, label->end_frame);
    return;
  }
  const char *name = praxi_score_track_class_name (self->track, event->class_index);
  const PraxiUiClass *cls = praxi_session_find_class_named (self, name);
  self->edits_event = TRUE;
  if (cls != NULL)
    self->current_class = cls->id;
  praxi_session_set_marks (self, praxi_session_frame_at (self, event->start_ns),
                           praxi_session_frame_at (self, event->end_ns - 1) + 1);
}

/* --- changing labels ----------------------------------------------------------------------- */

static void
update_label (PraxiSession *self, PraxiLabel *label)
{
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_label (edit, PRAXI_OP_UPDATE_LABEL, label);
  praxi_session_push_edit (self, edit);
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
  PraxiLabel *changed = praxi_session_copy_label (self, label);
  praxi_session_set_frames (self, changed, start_frame, end_frame);
  update_label (self, changed);
}

void
praxi_session_nudge_label (PraxiSession *self, gboolean is_end, int frames)
{
  const PraxiUiLabel *label = label_in_hand (self);
  if (label == NULL)
    return;
  praxi_session_select_label (self, label->id);
  if (is_end)
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
    praxi_session_say (self, FALSE,
                       _ ("No label is selected: choose one on the timeline or in the list"));
    return;
  }
  if (praxi_session_drop_refused (self, label->id))
    return;
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_label (edit, PRAXI_OP_REMOVE_LABEL, praxi_session_copy_label (self, label));
  praxi_session_push_edit (self, edit);
}

void
praxi_session_set_note (PraxiSession *self, gint64 label_id, const char *note)
{
  const PraxiUiLabel *label = praxi_session_find_label (self, label_id);
  if (label == NULL || g_str_equal (label->note, note))
    return;
  PraxiLabel *changed = praxi_session_copy_label (self, label);
  g_free (changed->note);
  changed->note = g_strdup (note);
  update_label (self, changed);
}

void
praxi_session_split_label (PraxiSession *self)
{
  const int at = self->playhead;
  const PraxiUiLabel *label = praxi_session_find_label (self, self->selected_label);
  if (label == NULL || at <= label->start_frame || at >= label->end_frame)
    label = label_at_playhead (self);
  if (label == NULL || at <= label->start_frame || at >= label->end_frame) {
    praxi_session_say (self, FALSE,
                       _ ("There is no label to split here: move the playhead inside one"));
    return;
  }
  PraxiLabel *left = praxi_session_copy_label (self, label);
  PraxiLabel *right = praxi_session_copy_label (self, label);
  right->id = self->next_temporary_id--;
  const gint64 right_id = right->id;
  praxi_session_set_frames (self, left, label->start_frame, at);
  praxi_session_set_frames (self, right, at, label->end_frame);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_label (edit, PRAXI_OP_UPDATE_LABEL, left);
  praxi_edit_label (edit, PRAXI_OP_ADD_LABEL, right);
  praxi_session_push_edit (self, edit);
  praxi_session_select_label (self, right_id);
}

/* The one of the same class that begins next; labels stand by start. */
static const PraxiUiLabel *
next_of_class (PraxiSession *self, const PraxiUiLabel *label)
{
  gboolean is_behind = FALSE;
  for (guint i = 0; i < self->labels->len; i++) {
    const PraxiUiLabel *other = self->labels->pdata[i];
    if (is_behind && other->class_id == label->class_id)
      return other;
    is_behind |= other == label;
  }
  return NULL;
}

static char *
join_notes (const char *a, const char *b)
{
  if (*a == '\0' || *b == '\0' || g_str_equal (a, b))
    return g_strdup (*a != '\0' ? a : b);
  return g_strconcat (a, "\n", b, NULL);
}

void
praxi_session_merge_label (PraxiSession *self)
{
  const PraxiUiLabel *label = label_in_hand (self);
  const PraxiUiLabel *next = label != NULL ? next_of_class (self, label) : NULL;
  if (label == NULL)
    return;
  if (next == NULL) {
    praxi_session_say (self, FALSE, _ ("No label of the same class follows"));
    return;
  }
  PraxiLabel *merged = praxi_session_copy_label (self, label);
  const gint64 merged_id = merged->id;
  praxi_session_set_frames (self, merged, label->start_frame,
                            MAX (label->end_frame, next->end_frame));
  g_free (merged->note);
  merged->note = join_notes (label->note, next->note);
  PraxiEdit *edit = praxi_edit_new (PRAXI_EDIT_CHANGE);
  praxi_edit_label (edit, PRAXI_OP_UPDATE_LABEL, merged);
  praxi_edit_label (edit, PRAXI_OP_REMOVE_LABEL, praxi_session_copy_label (self, next));
  praxi_session_push_edit (self, edit);
  praxi_session_select_label (self, merged_id);
}

void
praxi_session_duplicate_label (PraxiSession *self)
{
  const PraxiUiLabel *label = label_in_hand (self);
  if (label == NULL)
    return;
  forget_intents (self);
  self->duplicated_label = label->id;
  praxi_session_say (self, FALSE, _ ("Press the key of the class that gets a copy"));
}
