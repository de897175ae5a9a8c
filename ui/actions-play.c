/* What a person can do with the playhead. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/window-private.h"

#define SECOND_NS G_GINT64_CONSTANT (1000000000)

static void
play_cb (PraxiWindow *self)
{
  praxi_session_set_speed (self->session, praxi_session_speed (self->session) == 0 ? 1 : 0);
}

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

static const PraxiAction actions[] = {
    {"play", N_ ("Play or pause"), play_cb, NULL, "space"},
    {"shuttle-back", N_ ("Slower or backwards"), shuttle_back_cb, NULL, "j"},
    {"shuttle-stop", N_ ("Stop"), shuttle_stop_cb, NULL, "k"},
    {"shuttle-forward", N_ ("Faster"), shuttle_forward_cb, NULL, "l"},
    {"frame-back", N_ ("One frame back"), frame_back_cb, NULL, "Left comma"},
    {"frame-forward", N_ ("One frame on"), frame_forward_cb, NULL, "Right period"},
    {"second-back", N_ ("One second back"), second_back_cb, NULL, "<Shift>Left"},
    {"second-forward", N_ ("One second on"), second_forward_cb, NULL, "<Shift>Right"},
    {"go-start", N_ ("To the start"), go_start_cb, NULL, "Home"},
    {"go-end", N_ ("To the end"), go_end_cb, NULL, "End"},
};

const PraxiActionGroup praxi_actions_play = {N_ ("Playing"), actions, G_N_ELEMENTS (actions)};
