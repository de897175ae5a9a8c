/* The bar below a camera's picture: what it does now, back to live, start and stop. */
#pragma once

#include <gtk/gtk.h>

#include "ui/session.h"

G_BEGIN_DECLS

#define PRAXI_TYPE_CAMERA_BAR (praxi_camera_bar_get_type ())
G_DECLARE_FINAL_TYPE (PraxiCameraBar, praxi_camera_bar, PRAXI, CAMERA_BAR, GtkBox)

void praxi_camera_bar_set_session (PraxiCameraBar *bar, PraxiSession *session);

G_END_DECLS
