#include "ui/status-bar.h"

#include <glib/gi18n.h>
#include <math.h>

#include "engine/core/text.h"
#include "ui/session-analysis.h"
#include "ui/session-labels.h"

struct _PraxiStatusBar {
  GtkBox parent_instance;
  PraxiSession *session;
  GtkLabel *selection;
  GtkLabel *hover;
  GtkBox *job;
  GtkLabel *job_text;
  GtkProgressBar *job_bar;
};

G_DEFINE_FINAL_TYPE (PraxiStatusBar, praxi_status_bar, GTK_TYPE_BOX)

static char *
describe_span (PraxiSession *session, PraxiTimeSpan span)
{
  g_autofree char *start = praxi_session_time_text (session, span.start_ns, 2);
  g_autofree char *end = praxi_session_time_text (session, span.end_ns, 2);
  const int n_frames = praxi_session_frame_at (session, span.end_ns - 1) + 1 -
                       praxi_session_frame_at (session, span.start_ns);
  g_autofree char *frames =
      g_strdup_printf (ngettext ("%d frame", "%d frames", (gulong) n_frames), n_frames);
  return g_strdup_printf (_ ("%s – %s (%.2f s, %s)"), start, end,
                          (double) praxi_time_span_length (span) / 1e9, frames);
}

static char *
describe_selection (PraxiSession *session)
{
  const PraxiMarks marks = praxi_session_marks (session);
  const PraxiUiLabel *label =
      praxi_session_find_label (session, praxi_session_selected_label (session));
  const PraxiEvent *event = praxi_session_event (session, praxi_session_selected_event (session));
  if (marks.is_set) {
    g_autofree char *span = describe_span (
        session, praxi_session_frames_span (session, marks.start_frame, marks.end_frame));
    return g_strdup_printf (_ ("Marked · %s"), span);
  }
  if (label != NULL) {
    const PraxiUiClass *cls = praxi_session_find_class (session, label->class_id);
    g_autofree char *span = describe_span (session, label->span);
    return g_strdup_printf (_ ("Label %s · %s"), cls != NULL ? cls->name : "?", span);
  }
  if (event != NULL) {
    const char *name =
        praxi_score_track_class_name (praxi_session_track (session), event->class_index);
    g_autofree char *span =
        describe_span (session, (PraxiTimeSpan){event->start_ns, event->end_ns});
    return g_strdup_printf (_ ("Event %s · %s · peak %d %%"), name, span,
                            (int) lroundf (event->peak * 100));
  }
  return g_strdup (_ ("Nothing selected"));
}

static char *
describe_score (PraxiSession *session, PraxiHover hover)
{
  const PraxiScoreTrack *track = praxi_session_track (session);
  if (track == NULL || hover.class_index < 0)
    return g_strdup ("");
  const char *name = praxi_score_track_class_name (track, hover.class_index);
  const float score = praxi_score_track_get (
      track, praxi_score_track_window_at (track, hover.time_ns), hover.class_index);
  if (isnan (score))
    return g_strdup_printf (_ (" · %s not analysed"), name);
  return g_strdup_printf (" · %s %.1f %%", name, (double) score * 100);
}

static char *
describe_hover (PraxiSession *session)
{
  const PraxiHover hover = praxi_session_hover (session);
  if (!hover.is_valid)
    return g_strdup ("");
  g_autofree char *time = praxi_session_time_text (session, hover.time_ns, 2);
  g_autofree char *score = describe_score (session, hover);
  return g_strdup_printf (_ ("%s · frame %d%s"), time,
                          praxi_session_frame_at (session, hover.time_ns), score);
}

static void
update_job (PraxiStatusBar *self)
{
  const PraxiJobView job = praxi_session_job (self->session);
  gtk_widget_set_visible (GTK_WIDGET (self->job), job.is_running);
  if (!job.is_running)
    return;
  g_autoptr (GString) text = g_string_new (job.what);
  if (!isnan (job.share)) {
    g_string_append_printf (text, " · %d %%", (int) floor (job.share * 100));
    gtk_progress_bar_set_fraction (self->job_bar, job.share);
  } else {
    gtk_progress_bar_pulse (self->job_bar);
  }
  if (!isnan (job.eta_s)) {
    g_autofree char *eta = praxi_text_time ((gint64) (MAX (ceil (job.eta_s), 0) * 1e9), 0);
    g_string_append_printf (text, _ (" · %s left"), eta);
  }
  gtk_label_set_text (self->job_text, text->str);
}

static void
changed_cb (PraxiStatusBar *self, guint changes)
{
  if (changes & (PRAXI_CHANGE_SELECTION | PRAXI_CHANGE_MARKS | PRAXI_CHANGE_LABELS |
                 PRAXI_CHANGE_TRACK | PRAXI_CHANGE_MEDIA)) {
    g_autofree char *text = describe_selection (self->session);
    gtk_label_set_text (self->selection, text);
  }
  if (changes & (PRAXI_CHANGE_HOVER | PRAXI_CHANGE_TRACK | PRAXI_CHANGE_MEDIA)) {
    g_autofree char *text = describe_hover (self->session);
    gtk_label_set_text (self->hover, text);
  }
  if (changes & PRAXI_CHANGE_JOB)
    update_job (self);
}

void
praxi_status_bar_set_session (PraxiStatusBar *self, PraxiSession *session)
{
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  changed_cb (self, PRAXI_CHANGE_ALL);
}

static void
praxi_status_bar_dispose (GObject *object)
{
  PraxiStatusBar *self = PRAXI_STATUS_BAR (object);
  g_clear_object (&self->session);
  gtk_widget_dispose_template (GTK_WIDGET (self), PRAXI_TYPE_STATUS_BAR);
  G_OBJECT_CLASS (praxi_status_bar_parent_class)->dispose (object);
}

static void
praxi_status_bar_class_init (PraxiStatusBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  G_OBJECT_CLASS (klass)->dispose = praxi_status_bar_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/praxiscope/Praxiscope/status-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, PraxiStatusBar, selection);
  gtk_widget_class_bind_template_child (widget_class, PraxiStatusBar, hover);
  gtk_widget_class_bind_template_child (widget_class, PraxiStatusBar, job);
  gtk_widget_class_bind_template_child (widget_class, PraxiStatusBar, job_text);
  gtk_widget_class_bind_template_child (widget_class, PraxiStatusBar, job_bar);
}

static void
praxi_status_bar_init (PraxiStatusBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
