/* What a person can do with marks and labels. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/class-dialog.h"
#include "ui/label-list.h"
#include "ui/session-labelling.h"
#include "ui/window-private.h"

/* The end that is nearer to the playhead moves, and the playhead follows it. */
static void
nudge (PraxiWindow *self, int frames)
{
  const PraxiUiLabel *label =
      praxi_session_find_label (self->session, praxi_session_selected_label (self->session));
  const int playhead = praxi_session_playhead (self->session);
  const gboolean is_end = label != NULL && ABS (playhead - (label->end_frame - 1)) <
                                               ABS (playhead - label->start_frame);
  praxi_session_nudge_label (self->session, is_end, frames);
  label = praxi_session_find_label (self->session, praxi_session_selected_label (self->session));
  if (label != NULL)
    praxi_session_seek (self->session, is_end ? label->end_frame - 1 : label->start_frame);
}

static void
nudge_back_cb (PraxiWindow *self)
{
  nudge (self, -1);
}

static void
nudge_forward_cb (PraxiWindow *self)
{
  nudge (self, 1);
}

static void
nudge_back_ten_cb (PraxiWindow *self)
{
  nudge (self, -10);
}

static void
nudge_forward_ten_cb (PraxiWindow *self)
{
  nudge (self, 10);
}

static void
edit_note_cb (PraxiWindow *self)
{
  praxi_timeline_edit_note (self->timeline);
}

static void
find_cb (PraxiWindow *self)
{
  gtk_toggle_button_set_active (self->side_button, TRUE);
  gtk_stack_set_visible_child_name (self->side_pages, "labels");
  praxi_label_list_search (PRAXI_LABEL_LIST (praxi_window_side_page (self, "labels")));
}

static void
classes_cb (PraxiWindow *self)
{
  gtk_window_present (praxi_class_dialog_new (GTK_WINDOW (self), self->session));
}

static const PraxiAction actions[] = {
    {"mark-in", N_ ("Mark in"), NULL, praxi_session_mark_in, "i"},
    {"mark-out", N_ ("Mark out"), NULL, praxi_session_mark_out, "o"},
    {"label", N_ ("Label what is marked"), NULL, praxi_session_label_marks, "Return KP_Enter"},
    {"drop-marks", N_ ("Drop the marks"), NULL, praxi_session_drop, "Escape"},
    {"nudge-back", N_ ("Move the label’s nearer end one frame back"), nudge_back_cb, NULL,
     "bracketleft"},
    {"nudge-forward", N_ ("Move the label’s nearer end one frame on"), nudge_forward_cb, NULL,
     "bracketright"},
    {"nudge-back-ten", N_ ("Move the nearer end ten frames back"), nudge_back_ten_cb, NULL,
     "<Shift>bracketleft <Shift>braceleft"},
    {"nudge-forward-ten", N_ ("Move the nearer end ten frames on"), nudge_forward_ten_cb, NULL,
     "<Shift>bracketright <Shift>braceright"},
    {"edit-edges", N_ ("Edit the edges of the label or event"), NULL, praxi_session_edit_edges,
     "e"},
    {"split-label", N_ ("Split the label at the playhead"), NULL, praxi_session_split_label, "s"},
    {"merge-label", N_ ("Merge with the next label of the class"), NULL, praxi_session_merge_label,
     "m"},
    {"duplicate-label", N_ ("Duplicate the label to another class"), NULL,
     praxi_session_duplicate_label, "d"},
    {"edit-note", N_ ("Write a note on the label"), edit_note_cb, NULL, "t"},
    {"remove-label", N_ ("Delete the label"), NULL, praxi_session_remove_label, "Delete"},
    {"find", N_ ("Find labels and notes"), find_cb, NULL, "<Control>f"},
    {"classes", N_ ("List of classes"), classes_cb, NULL, "<Control>l"},
    {"undo", N_ ("Undo"), NULL, praxi_session_undo, "<Control>z"},
    {"redo", N_ ("Redo"), NULL, praxi_session_redo, "<Control><Shift>z"},
};

const PraxiActionGroup praxi_actions_labels = {N_ ("Labels"), actions, G_N_ELEMENTS (actions)};
