#include "ui/label-list.h"

#include <glib/gi18n.h>

#include "ui/session-labels.h"

static PraxiJumpRow *
make_row (PraxiSession *session, const PraxiUiLabel *label)
{
  static const GdkRGBA grey = {0.55f, 0.55f, 0.55f, 1};
  const PraxiUiClass *cls = praxi_session_find_class (session, label->class_id);
  g_autofree char *start = praxi_session_time_text (session, label->span.start_ns, 2);
  g_autofree char *end = praxi_session_time_text (session, label->span.end_ns, 2);
  const int n_frames = label->end_frame - label->start_frame;
  g_autofree char *frames =
      g_strdup_printf (ngettext ("%d frame", "%d frames", (gulong) n_frames), n_frames);
  g_autofree char *detail = g_strdup_printf ("%s – %s · %s", start, end, frames);
  const char *state = label->state == PRAXI_LABEL_NOT_KEPT  ? _ ("not kept")
                      : label->state == PRAXI_LABEL_PENDING ? "…"
                                                            : "";
  return praxi_jump_row_new (label->id, cls != NULL ? &cls->color : &grey,
                             cls != NULL ? cls->name : "?", detail, state);
}

static void
changed_cb (PraxiSession *session, guint changes, PraxiJumpList *list)
{
  if (changes & (PRAXI_CHANGE_LABELS | PRAXI_CHANGE_MEDIA)) {
    const GPtrArray *labels = praxi_session_labels (session);
    g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
    for (guint i = 0; i < labels->len; i++)
      g_ptr_array_add (rows, make_row (session, labels->pdata[i]));
    praxi_jump_list_set_rows (list, rows);
  }
  if (changes & (PRAXI_CHANGE_SELECTION | PRAXI_CHANGE_LABELS))
    praxi_jump_list_select (list, praxi_session_selected_label (session));
}

static void
chosen_cb (PraxiJumpList *list, gint64 id, PraxiSession *session)
{
  const PraxiUiLabel *label = praxi_session_find_label (session, id);
  if (label == NULL)
    return;
  const PraxiTimeSpan span = label->span;
  const int start_frame = label->start_frame;
  praxi_session_select_label (session, id);
  praxi_session_seek (session, start_frame);
  praxi_session_show (session, span);
}

GtkWidget *
praxi_label_list_new (PraxiSession *session)
{
  GtkWidget *list = praxi_jump_list_new (
      _ ("Labels"),
      _ ("No labels. Mark the start with I and the end with O, then press the key of a "
         "class."));
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), list, 0);
  g_signal_connect_object (list, "chosen", G_CALLBACK (chosen_cb), session, 0);
  changed_cb (session, PRAXI_CHANGE_ALL, PRAXI_JUMP_LIST (list));
  return list;
}
