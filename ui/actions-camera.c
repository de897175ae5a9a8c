/* What a person can do with cameras. */
#include <glib/gi18n.h>

#include "ui/actions.h"
#include "ui/camera-dialog.h"
#include "ui/session-cameras.h"
#include "ui/window-private.h"

static void
open_camera_cb (PraxiWindow *self)
{
  gtk_window_present (praxi_camera_dialog_new (GTK_WINDOW (self), self->session, NULL));
}

static void
change_camera_cb (PraxiWindow *self)
{
  const PraxiCameraSpec *spec = praxi_session_camera_spec (self->session);
  if (spec != NULL)
    gtk_window_present (praxi_camera_dialog_new (GTK_WINDOW (self), self->session, spec));
}

static const PraxiAction actions[] = {
    {"open-camera", N_ ("Open a camera"), open_camera_cb, NULL, "<Control><Shift>c"},
    {"go-live", N_ ("Back to the live picture"), NULL, praxi_session_go_live, "<Control>End"},
    {"toggle-camera", N_ ("Start or stop the camera"), NULL, praxi_session_toggle_camera, NULL},
    {"change-camera", N_ ("Change the camera"), change_camera_cb, NULL, NULL},
    {"remove-camera", N_ ("Remove the camera; its recordings stay"), NULL,
     praxi_session_remove_camera, NULL},
};

const PraxiActionGroup praxi_actions_camera = {N_ ("Cameras"), actions, G_N_ELEMENTS (actions)};
