#include "ui/event-list.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-analysis.h"
#include "ui/session-review.h"
#include "ui/strip.h"

static const char *
state_text (PraxiEventState state)
{
  switch (state) {
  case PRAXI_EVENT_ACCEPTED:
    return _ (" · accepted");
  case PRAXI_EVENT_REJECTED:
    return _ (" · rejected");
  case PRAXI_EVENT_REVIEWED:
    return _ (" · reviewed");
  default:
    return "";
  }
}

static void
update_caption (PraxiSession *session, PraxiJumpList *list)
{
  const PraxiReviewSummary media = praxi_session_media_progress (session);
  const PraxiReviewSummary project = praxi_session_project_progress (session);
  if (praxi_session_n_frames (session) == 0) {
    praxi_jump_list_set_caption (list, NULL, NULL);
    return;
  }
  g_autofree char *text = praxi_review_summary_text (&media);
  g_autofree char *whole = praxi_review_summary_text (&project);
  g_autofree char *tip = g_strdup_printf (_ ("Project: %s · %d of %d videos reviewed"), whole,
                                          project.n_reviewed, project.n_media);
  praxi_jump_list_set_caption (list, text, tip);
}

static PraxiJumpRow *
make_row (PraxiSession *session, int index)
{
  const PraxiEvent *event = praxi_session_event (session, index);
  const char *name =
      praxi_score_track_class_name (praxi_session_track (session), event->class_index);
  const GdkRGBA color = praxi_strip_class_color (session, name);
  g_autofree char *start = praxi_session_time_text (session, event->start_ns, 1);
  g_autofree char *end = praxi_session_time_text (session, event->end_ns, 1);
  const double length_s = (double) (event->end_ns - event->start_ns) / 1e9;
  g_autofree char *detail =
      g_strdup_printf (_ ("%s – %s · %.1f s%s"), start, end, length_s,
                       state_text (praxi_session_event_state (session, index)));
  g_autofree char *number = g_strdup_printf ("%d %%", (int) lroundf (event->peak * 100));
  return praxi_jump_row_new (index, &color, name, detail, number);
}

static const char *
empty_text (PraxiSession *session)
{
  if (praxi_session_track (session) == NULL)
    return _ ("Not analysed yet. Press Analyse (Ctrl+R) and what the model finds is listed here.");
  if (praxi_session_job (session).is_running)
    return _ ("No event so far.");
  return _ ("The model found no event in this footage.");
}

static void
changed_cb (PraxiSession *session, guint changes, PraxiJumpList *list)
{
  if (changes & PRAXI_CHANGE_COVERAGE)
    update_caption (session, list);
  if (changes & (PRAXI_CHANGE_TRACK | PRAXI_CHANGE_LABELS | PRAXI_CHANGE_MEDIA)) {
    g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
    for (guint i = 0; i < praxi_session_events (session)->len; i++)
      g_ptr_array_add (rows, make_row (session, (int) i));
    praxi_jump_list_set_rows (list, rows);
  }
  if (changes & (PRAXI_CHANGE_TRACK | PRAXI_CHANGE_JOB | PRAXI_CHANGE_MEDIA))
    praxi_jump_list_set_empty_text (list, empty_text (session));
  if (changes & (PRAXI_CHANGE_SELECTION | PRAXI_CHANGE_TRACK))
    praxi_jump_list_select (list, praxi_session_selected_event (session));
}

static void
chosen_cb (PraxiJumpList *list, gint64 id, PraxiSession *session)
{
  const PraxiEvent *event = praxi_session_event (session, (int) id);
  if (event == NULL)
    return;
  praxi_session_select_event (session, (int) id);
  praxi_session_seek (session, praxi_session_frame_at (session, event->start_ns));
  praxi_session_show (session, (PraxiTimeSpan){event->start_ns, event->end_ns});
}

GtkWidget *
praxi_event_list_new (PraxiSession *session)
{
  GtkWidget *list = praxi_jump_list_new (_ ("Events"), empty_text (session));
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), list, 0);
  g_signal_connect_object (list, "chosen", G_CALLBACK (chosen_cb), session, 0);
  changed_cb (session, PRAXI_CHANGE_ALL, PRAXI_JUMP_LIST (list));
  return list;
}
