#include "ui/session-play.h"

#include <glib/gi18n.h>
#include <math.h>

#include "ui/session-private.h"

/* Playing asks for a frame when it is due; 4 ms is under half a frame at 120 Hz. */
enum { TICK_MS = 4 };

static const double steps[] = {-16, -8,   -4,  -2, -1, -0.5, -0.25, -0.1,
                               0.1, 0.25, 0.5, 1,  2,  4,    8,     16};

double
praxi_session_speed (PraxiSession *self)
{
  return self->speed;
}

void
praxi_session_stop_playing (PraxiSession *self)
{
  g_clear_handle_id (&self->play.source, g_source_remove);
  if (self->speed == 0)
    return;
  g_debug ("played: %d frames were due, %d came", self->play.n_due, self->play.n_shown);
  self->speed = 0;
  praxi_session_changed (self, PRAXI_CHANGE_PLAYING);
}

/* Marks with an open end follow the playhead: they bound nothing. */
static PraxiTimeSpan
range (PraxiSession *self)
{
  PraxiTimeSpan span;
  const gboolean is_open = (self->mark_in >= 0) != (self->mark_out >= 0);
  if (self->play.loops && !is_open && praxi_session_selected_span (self, &span))
    return span;
  return praxi_session_footage (self);
}

/* Forwards a frame begins when it is due. Backwards it begins with its end, else the first tick
 * would already ask for the frame before.
 */
static void
begin_at (PraxiSession *self, int ordinal)
{
  const PraxiTimeSpan frame = praxi_session_frame_span (self, ordinal);
  self->play.begin_us = 0;
  self->play.begin_ns = self->speed < 0 ? frame.end_ns - 1 : frame.start_ns;
  self->play.due = ordinal;
}

/* Where playing begins when it cannot go on from here. */
static void
begin_anew (PraxiSession *self)
{
  const PraxiTimeSpan span = range (self);
  const gint64 at_ns = self->speed < 0 ? span.end_ns - 1 : span.start_ns;
  const int ordinal = praxi_session_frame_at (self, at_ns);
  praxi_session_move_playhead (self, ordinal, TRUE);
  begin_at (self, ordinal);
}

static void
show_due (PraxiSession *self, int ordinal)
{
  if (ordinal == self->playhead)
    return;
  self->play.n_due += ABS (ordinal - self->play.due);
  self->play.due = ordinal;
  praxi_session_move_playhead (self, ordinal, TRUE);
  const PraxiTimeSpan frame = praxi_session_frame_span (self, ordinal);
  if (!praxi_time_span_contains (self->visible, frame.start_ns))
    praxi_session_show (self, frame);
}

static gboolean
play_cb (gpointer user_data)
{
  PraxiSession *self = user_data;
  if (self->waiting_for >= 0)
    return G_SOURCE_CONTINUE;
  const gint64 now_us = g_get_monotonic_time ();
  if (self->play.begin_us == 0)
    self->play.begin_us = now_us;
  const double elapsed_ns = (double) (now_us - self->play.begin_us) * 1000;
  const gint64 due_ns = self->play.begin_ns + (gint64) llround (elapsed_ns * self->speed);
  const PraxiTimeSpan span = range (self);
  if (praxi_time_span_contains (span, due_ns)) {
    show_due (self, praxi_session_frame_at (self, due_ns));
    return G_SOURCE_CONTINUE;
  }
  if (self->play.loops) {
    begin_anew (self);
    return G_SOURCE_CONTINUE;
  }
  show_due (self, praxi_session_frame_at (self, due_ns));
  self->play.source = 0;
  praxi_session_stop_playing (self);
  return G_SOURCE_REMOVE;
}

void
praxi_session_set_speed (PraxiSession *self, double speed)
{
  const int n_frames = praxi_session_n_frames (self);
  if (n_frames == 0 || speed == 0 || !isfinite (speed)) {
    praxi_session_stop_playing (self);
    return;
  }
  if (self->speed == 0 && praxi_session_live_pause (self))
    return;
  const gboolean begins = self->speed == 0;
  self->speed = CLAMP (speed, -16.0, 16.0);
  const PraxiTimeSpan span = range (self);
  const PraxiTimeSpan frame = praxi_session_frame_span (self, self->playhead);
  const gboolean is_over = begins && speed > 0 && frame.end_ns >= span.end_ns;
  if (begins)
    self->play.n_due = self->play.n_shown = 0;
  if (is_over || !praxi_time_span_contains (span, frame.start_ns))
    begin_anew (self);
  else
    begin_at (self, self->playhead);
  if (self->play.source == 0)
    self->play.source = g_timeout_add (TICK_MS, play_cb, self);
  praxi_session_changed (self, PRAXI_CHANGE_PLAYING);
}

double
praxi_session_chosen_speed (PraxiSession *self)
{
  return self->play.chosen_speed != 0 ? self->play.chosen_speed : 1;
}

void
praxi_session_choose_speed (PraxiSession *self, double speed)
{
  if (speed == 0 || !isfinite (speed))
    return;
  self->play.chosen_speed = CLAMP (speed, -16.0, 16.0);
  if (self->speed != 0)
    praxi_session_set_speed (self, speed);
  else
    praxi_session_changed (self, PRAXI_CHANGE_PLAYING);
}

void
praxi_session_play_or_pause (PraxiSession *self)
{
  praxi_session_set_speed (self, self->speed == 0 ? praxi_session_chosen_speed (self) : 0);
}

void
praxi_session_turn_around (PraxiSession *self)
{
  praxi_session_set_speed (self,
                           self->speed == 0 ? -praxi_session_chosen_speed (self) : -self->speed);
}

void
praxi_session_shuttle (PraxiSession *self, int direction)
{
  const int last = (int) G_N_ELEMENTS (steps) - 1;
  if (direction == 0 || self->speed == 0) {
    praxi_session_set_speed (self, direction);
    return;
  }
  int nearest = 0;
  for (int i = 1; i <= last; i++)
    if (fabs (steps[i] - self->speed) < fabs (steps[nearest] - self->speed))
      nearest = i;
  praxi_session_set_speed (self, steps[CLAMP (nearest + direction, 0, last)]);
}

gboolean
praxi_session_loops (PraxiSession *self)
{
  return self->play.loops;
}

void
praxi_session_set_loops (PraxiSession *self, gboolean loops)
{
  if (self->play.loops == loops)
    return;
  self->play.loops = loops;
  praxi_session_changed (self, PRAXI_CHANGE_PLAYING);
}

void
praxi_session_toggle_loop (PraxiSession *self)
{
  praxi_session_set_loops (self, !self->play.loops);
}

PraxiPlayFigures
praxi_session_play_figures (PraxiSession *self)
{
  return (PraxiPlayFigures){self->play.n_due, self->play.n_shown};
}

/* --- edges --------------------------------------------------------------------------------- */

/* The frame of the two that is nearer to the playhead on the wanted side; -1 is none. */
static int
nearer (int best, int frame, int from, int direction)
{
  if ((frame - from) * direction <= 0)
    return best;
  return best < 0 || (frame - best) * direction < 0 ? frame : best;
}

static void
jump (PraxiSession *self, int direction)
{
  const GPtrArray *labels = praxi_session_labels (self);
  const GArray *events = praxi_session_events (self);
  const int from = self->playhead;
  int best = -1;
  for (guint i = 0; i < labels->len; i++) {
    const PraxiUiLabel *label = labels->pdata[i];
    best = nearer (best, label->start_frame, from, direction);
    best = nearer (best, label->end_frame - 1, from, direction);
  }
  for (guint i = 0; i < events->len; i++) {
    const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
    best = nearer (best, praxi_session_frame_at (self, event->start_ns), from, direction);
    best = nearer (best, praxi_session_frame_at (self, event->end_ns - 1), from, direction);
  }
  if (best >= 0)
    praxi_session_seek (self, best);
  else if (praxi_session_n_frames (self) > 0)
    praxi_session_say (self, FALSE,
                       direction < 0 ? _ ("No event or label begins or ends before this frame")
                                     : _ ("No event or label begins or ends after this frame"));
}

void
praxi_session_previous_edge (PraxiSession *self)
{
  jump (self, -1);
}

void
praxi_session_next_edge (PraxiSession *self)
{
  jump (self, 1);
}
