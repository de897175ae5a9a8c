/* The dialog that adds a camera, or changes one. */
#pragma once

#include <adwaita.h>

#include "ui/session-cameras.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_CAMERA_DIALOG (praxi_camera_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PraxiCameraDialog, praxi_camera_dialog, PRAXI, CAMERA_DIALOG, AdwWindow)

/* spec: of the camera to change; NULL: a new one */
GtkWindow *
praxi_camera_dialog_new (GtkWindow *parent, PraxiSession *session, const PraxiCameraSpec *spec);

G_END_DECLS
