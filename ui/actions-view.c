/* What a person can do with the view. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/session-thresholds.h"
#include "ui/window-private.h"

static void
zoom (PraxiWindow *self, double factor)
{
  const int playhead = praxi_session_playhead (self->session);
  const PraxiTimeSpan visible = praxi_session_visible (self->session);
  gint64 at_ns = praxi_session_frame_span (self->session, playhead).start_ns;
  if (!praxi_time_span_contains (visible, at_ns))
    at_ns = visible.start_ns + praxi_time_span_length (visible) / 2;
  praxi_session_zoom (self->session, factor, at_ns);
}

static void
zoom_in_cb (PraxiWindow *self)
{
  zoom (self, 1.5);
}

static void
zoom_out_cb (PraxiWindow *self)
{
  zoom (self, 1 / 1.5);
}

static void
zoom_all_cb (PraxiWindow *self)
{
  praxi_session_set_visible (self->session, praxi_session_footage (self->session));
}

static void
toggle_side_cb (PraxiWindow *self)
{
  gtk_toggle_button_set_active (self->side_button,
                                !gtk_toggle_button_get_active (self->side_button));
}

static void
compare_cb (PraxiWindow *self)
{
  gtk_toggle_button_set_active (self->side_button, TRUE);
  gtk_stack_set_visible_child_name (self->side_pages, "compare");
}

static void
train_cb (PraxiWindow *self)
{
  gtk_toggle_button_set_active (self->side_button, TRUE);
  gtk_stack_set_visible_child_name (self->side_pages, "train");
}

static void
picture_fit_cb (PraxiWindow *self)
{
  praxi_player_view_set_zoom (self->player, 0);
}

static void
picture_pixels_cb (PraxiWindow *self)
{
  praxi_player_view_set_zoom (self->player, 1);
}

static void
picture_nearer_cb (PraxiWindow *self)
{
  praxi_player_view_zoom_by (self->player, 1.25);
}

static void
picture_farther_cb (PraxiWindow *self)
{
  praxi_player_view_zoom_by (self->player, 1 / 1.25);
}

/* The header, the footage list and the status line go by themselves (window.ui). */
static void
full_screen_cb (PraxiWindow *self)
{
  GtkWindow *window = GTK_WINDOW (self);
  if (gtk_window_is_fullscreen (window)) {
    gtk_window_unfullscreen (window);
    gtk_toggle_button_set_active (self->side_button, self->had_side);
    return;
  }
  self->had_side = gtk_toggle_button_get_active (self->side_button);
  gtk_toggle_button_set_active (self->side_button, FALSE);
  gtk_window_fullscreen (window);
}

static const PraxiAction actions[] = {
    {"zoom-in", N_ ("Zoom in"), zoom_in_cb, NULL, "plus equal KP_Add"},
    {"zoom-out", N_ ("Zoom out"), zoom_out_cb, NULL, "minus KP_Subtract"},
    {"zoom-selection", N_ ("Fit the selection"), NULL, praxi_session_zoom_selection, "f"},
    {"zoom-all", N_ ("Fit all"), zoom_all_cb, NULL, "<Shift>f"},
    {"raise-threshold", N_ ("Fewer events: raise the threshold"), NULL, praxi_session_raise_enter,
     "<Alt>Up"},
    {"lower-threshold", N_ ("More events: lower the threshold"), NULL, praxi_session_lower_enter,
     "<Alt>Down"},
    {"picture-fit", N_ ("Fit the picture"), picture_fit_cb, NULL, "<Control>0"},
    {"picture-pixels", N_ ("The picture’s own pixels (1:1)"), picture_pixels_cb, NULL,
     "<Control>1"},
    {"picture-nearer", N_ ("Zoom into the picture"), picture_nearer_cb, NULL,
     "<Control>plus <Control>equal"},
    {"picture-farther", N_ ("Zoom out of the picture"), picture_farther_cb, NULL, "<Control>minus"},
    {"full-screen", N_ ("Full screen"), full_screen_cb, NULL, "F11"},
    {"toggle-side", N_ ("Side panel"), toggle_side_cb, NULL, "F9"},
    {"show-train", N_ ("Show the training"), train_cb, NULL, NULL},
    {"show-compare", N_ ("Show the comparison"), compare_cb, NULL, NULL},
};

const PraxiActionGroup praxi_actions_view = {N_ ("View"), actions, G_N_ELEMENTS (actions)};
