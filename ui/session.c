/* The hub: view, marks and selection. Footage, labels, analysis and comparison are in session-*.c.
 */
#include "ui/session-private.h"

#include <glib/gi18n.h>

#include "ui/session-thumbnails.h"

#include "ui/session-play.h"

/* Frames, not pixels, bound how far one can zoom in: about eight frames across the window. */
enum { MIN_VISIBLE_FRAMES = 8 };

enum { SIGNAL_CHANGED, SIGNAL_MESSAGE, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PraxiSession, praxi_session, G_TYPE_OBJECT)

static void
praxi_session_dispose (GObject *object)
{
  praxi_session_close (PRAXI_SESSION (object));
  G_OBJECT_CLASS (praxi_session_parent_class)->dispose (object);
}

static void
praxi_session_finalize (GObject *object)
{
  PraxiSession *self = PRAXI_SESSION (object);
  praxi_session_review_clear (self);
  praxi_session_cameras_clear (self);
  praxi_session_scene_clear (self);
  praxi_session_labels_clear (self);
  g_clear_object (&self->media_list);
  g_clear_object (&self->settings);
  g_free (self->praxi_path);
  g_free (self->project_path);
  G_OBJECT_CLASS (praxi_session_parent_class)->finalize (object);
}

static void
praxi_session_class_init (PraxiSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  object_class->dispose = praxi_session_dispose;
  object_class->finalize = praxi_session_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", PRAXI_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[SIGNAL_MESSAGE] =
      g_signal_new ("message", PRAXI_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_BOOLEAN, G_TYPE_STRING);
}

static void
praxi_session_init (PraxiSession *self)
{
  self->media_list = g_list_store_new (PRAXI_TYPE_MEDIA_ITEM);
  self->visible = (PraxiTimeSpan){0, G_GINT64_CONSTANT (60000000000)};
  self->mark_in = self->mark_out = -1;
  self->selected_event = -1;
  praxi_session_labels_init (self);
  praxi_session_review_init (self);
  praxi_session_training_init (self);
  praxi_session_lighten_init (self);
  praxi_session_tune_init (self);
  praxi_session_cameras_init (self);
  praxi_session_scene_init (self);
}

PraxiSession *
praxi_session_new (const char *praxi_path, const char *project_path)
{
  PraxiSession *self = g_object_new (PRAXI_TYPE_SESSION, NULL);
  self->praxi_path = g_strdup (praxi_path);
  self->project_path = g_strdup (project_path);
  return self;
}

void
praxi_session_close (PraxiSession *self)
{
  if (self->is_closed)
    return;
  self->is_closed = TRUE;
  praxi_session_media_close (self);
  praxi_session_jobs_close (self);
  praxi_session_device_close (self);
  praxi_session_thumbnails_close (self);
  praxi_session_report_close (self);
  praxi_session_model_close (self);
  praxi_session_analysis_close (self);
  praxi_session_thresholds_close (self);
  praxi_session_compare_close (self);
  praxi_session_training_close (self);
  praxi_session_lighten_close (self);
  praxi_session_tune_close (self);
  praxi_session_review_close (self);
  praxi_session_cameras_close (self);
  praxi_session_labels_close (self);
}

void
praxi_session_changed (PraxiSession *self, guint changes)
{
  if (!self->is_closed)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0, changes);
}

void
praxi_session_fail (PraxiSession *self, const char *text, const char *details)
{
  g_free (self->error_details);
  self->error_details = g_strdup (details);
  praxi_session_say (self, TRUE, text);
  g_clear_pointer (&self->error_details, g_free);
}

const char *
praxi_session_error_details (PraxiSession *self)
{
  return self->error_details != NULL ? self->error_details : "";
}

void
praxi_session_say (PraxiSession *self, gboolean is_error, const char *text)
{
  if (!self->is_closed)
    g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, is_error, text);
}

/* --- view ---------------------------------------------------------------------------------- */

PraxiTimeSpan
praxi_session_visible (PraxiSession *self)
{
  return self->visible;
}

static gint64
min_visible_ns (PraxiSession *self)
{
  const int n_frames = praxi_session_n_frames (self);
  const gint64 length_ns = praxi_time_span_length (praxi_session_footage (self));
  return n_frames > 0 ? MAX (1, length_ns / n_frames * MIN_VISIBLE_FRAMES) : 1;
}

void
praxi_session_set_visible (PraxiSession *self, PraxiTimeSpan span)
{
  span = praxi_time_span_fit (span, praxi_session_footage (self), min_visible_ns (self));
  if (span.start_ns == self->visible.start_ns && span.end_ns == self->visible.end_ns)
    return;
  self->visible = span;
  praxi_session_changed (self, PRAXI_CHANGE_SPAN);
}

void
praxi_session_zoom (PraxiSession *self, double factor, gint64 at_ns)
{
  praxi_session_set_visible (self, praxi_time_span_zoom (self->visible, factor, at_ns));
}

gboolean
praxi_session_selected_span (PraxiSession *self, PraxiTimeSpan *span)
{
  const PraxiMarks marks = praxi_session_marks (self);
  const PraxiUiLabel *label = praxi_session_find_label (self, self->selected_label);
  const PraxiEvent *event = praxi_session_event (self, self->selected_event);
  if (marks.is_set)
    *span = praxi_session_frames_span (self, marks.start_frame, marks.end_frame);
  else if (label != NULL)
    *span = label->span;
  else if (event != NULL)
    *span = (PraxiTimeSpan){event->start_ns, event->end_ns};
  else
    return FALSE;
  return TRUE;
}

void
praxi_session_zoom_selection (PraxiSession *self)
{
  PraxiTimeSpan span;
  if (!praxi_session_selected_span (self, &span))
    return;
  const gint64 room_ns = praxi_time_span_length (span) / 4;
  praxi_session_set_visible (self, (PraxiTimeSpan){span.start_ns - room_ns, span.end_ns + room_ns});
}

void
praxi_session_show (PraxiSession *self, PraxiTimeSpan span)
{
  const PraxiTimeSpan visible = self->visible;
  const gint64 length_ns = praxi_time_span_length (visible);
  if (span.start_ns >= visible.start_ns && span.end_ns <= visible.end_ns)
    return;
  if (praxi_time_span_length (span) > length_ns) {
    const gint64 room_ns = praxi_time_span_length (span) / 8;
    span.start_ns -= room_ns;
    span.end_ns += room_ns;
  } else {
    const gint64 middle_ns = span.start_ns + praxi_time_span_length (span) / 2;
    span = (PraxiTimeSpan){middle_ns - length_ns / 2, middle_ns - length_ns / 2 + length_ns};
  }
  praxi_session_set_visible (self, span);
}

PraxiHover
praxi_session_hover (PraxiSession *self)
{
  return self->hover;
}

void
praxi_session_set_hover (PraxiSession *self, PraxiHover hover)
{
  self->hover = hover;
  if (hover.is_valid)
    praxi_session_ask_preview (self, hover.time_ns);
  praxi_session_changed (self, PRAXI_CHANGE_HOVER);
}

/* --- marks --------------------------------------------------------------------------------- */

PraxiTimeSpan
praxi_session_frames_span (PraxiSession *self, int start_frame, int end_frame)
{
  return (PraxiTimeSpan){praxi_session_frame_span (self, start_frame).start_ns,
                         praxi_session_frame_span (self, end_frame - 1).end_ns};
}

PraxiMarks
praxi_session_marks (PraxiSession *self)
{
  if (self->mark_in < 0 && self->mark_out < 0)
    return (PraxiMarks){0};
  const int playhead = praxi_session_playhead (self);
  int start = self->mark_in >= 0 ? self->mark_in : MIN (playhead, self->mark_out - 1);
  int end = self->mark_out >= 0 ? self->mark_out : MAX (playhead, self->mark_in) + 1;
  return (PraxiMarks){.is_set = TRUE, .start_frame = start, .end_frame = end};
}

static void
store_marks (PraxiSession *self, int mark_in, int mark_out)
{
  self->mark_in = mark_in;
  self->mark_out = mark_out;
  praxi_session_changed (self, PRAXI_CHANGE_MARKS);
}

void
praxi_session_mark_in (PraxiSession *self)
{
  const int at = praxi_session_playhead (self);
  if (praxi_session_n_frames (self) > 0)
    store_marks (self, at, self->mark_out > at ? self->mark_out : -1);
}

void
praxi_session_mark_out (PraxiSession *self)
{
  const int at = praxi_session_playhead (self);
  if (praxi_session_n_frames (self) > 0)
    store_marks (self, self->mark_in <= at ? self->mark_in : -1, at + 1);
}

void
praxi_session_set_marks (PraxiSession *self, int start_frame, int end_frame)
{
  const int n_frames = praxi_session_n_frames (self);
  if (n_frames == 0)
    return;
  start_frame = CLAMP (start_frame, 0, n_frames - 1);
  store_marks (self, start_frame, CLAMP (end_frame, start_frame + 1, n_frames));
}

void
praxi_session_clear_marks (PraxiSession *self)
{
  if (self->mark_in >= 0 || self->mark_out >= 0)
    store_marks (self, -1, -1);
}

/* --- selection ----------------------------------------------------------------------------- */

static void
select_one (PraxiSession *self, gint64 label_id, int event_index)
{
  if (self->selected_label == label_id && self->selected_event == event_index)
    return;
  self->selected_label = label_id;
  self->selected_event = event_index;
  praxi_session_changed (self, PRAXI_CHANGE_SELECTION);
}

gint64
praxi_session_selected_label (PraxiSession *self)
{
  return self->selected_label;
}

int
praxi_session_selected_event (PraxiSession *self)
{
  return self->selected_event;
}

void
praxi_session_select_label (PraxiSession *self, gint64 label_id)
{
  select_one (self, label_id, -1);
}

void
praxi_session_select_event (PraxiSession *self, int event_index)
{
  select_one (self, 0, event_index);
}
