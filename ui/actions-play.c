/* What a person can do with the playhead. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/session-play.h"
#include "ui/window-private.h"

#define SECOND_NS G_GINT64_CONSTANT (1000000000)

static void
shuttle_back_cb (PraxiWindow *self)
{
  praxi_session_shuttle (self->session, -1);
}

static void
shuttle_stop_cb (PraxiWindow *self)
{
  praxi_session_shuttle (self->session, 0);
}

static void
shuttle_forward_cb (PraxiWindow *self)
{
  praxi_session_shuttle (self->session, 1);
}

static void
frame_back_cb (PraxiWindow *self)
{
  praxi_session_step (self->session, -1);
}

static void
frame_forward_cb (PraxiWindow *self)
{
  praxi_session_step (self->session, 1);
}

static void
second_back_cb (PraxiWindow *self)
{
  praxi_session_step_time (self->session, -SECOND_NS);
}

static void
second_forward_cb (PraxiWindow *self)
{
  praxi_session_step_time (self->session, SECOND_NS);
}

static void
go_start_cb (PraxiWindow *self)
{
  praxi_session_seek (self->session, 0);
}

static void
go_end_cb (PraxiWindow *self)
{
  praxi_session_seek (self->session, praxi_session_n_frames (self->session) - 1);
}

static void
go_to_cb (PraxiWindow *self)
{
  praxi_player_view_go_to (self->player);
}

static const PraxiAction actions[] = {
    {"play", N_ ("Play or pause"), NULL, praxi_session_play_or_pause, "space"},
    {"shuttle-back", N_ ("Slower or backwards"), shuttle_back_cb, NULL, "j"},
    {"shuttle-stop", N_ ("Stop"), shuttle_stop_cb, NULL, "k"},
    {"shuttle-forward", N_ ("Faster"), shuttle_forward_cb, NULL, "l"},
    {"frame-back", N_ ("One frame back"), frame_back_cb, NULL, "Left comma"},
    {"frame-forward", N_ ("One frame on"), frame_forward_cb, NULL, "Right period"},
    {"second-back", N_ ("One second back"), second_back_cb, NULL, "<Shift>Left"},
    {"second-forward", N_ ("One second on"), second_forward_cb, NULL, "<Shift>Right"},
    {"go-start", N_ ("To the start"), go_start_cb, NULL, "Home"},
    {"go-end", N_ ("To the end"), go_end_cb, NULL, "End"},
    {"previous-edge", N_ ("To where an event or a label began or ended"), NULL,
     praxi_session_previous_edge, "<Control>Left"},
    {"next-edge", N_ ("To where an event or a label begins or ends"), NULL, praxi_session_next_edge,
     "<Control>Right"},
    {"go-to", N_ ("Go to a time or a frame"), go_to_cb, NULL, "g"},
    {"turn-around", N_ ("Play the other way"), NULL, praxi_session_turn_around, "<Shift>j"},
    {"loop", N_ ("Loop what is marked or selected"), NULL, praxi_session_toggle_loop, "<Shift>l"},
};

const PraxiActionGroup praxi_actions_play = {N_ ("Playing"), actions, G_N_ELEMENTS (actions)};
