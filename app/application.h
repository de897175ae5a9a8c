/* The workbench as a program: command line, the window, where its parts lie. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define PRAXI_TYPE_APPLICATION (praxi_application_get_type ())
G_DECLARE_FINAL_TYPE (PraxiApplication, praxi_application, PRAXI, APPLICATION, AdwApplication)

PraxiApplication *praxi_application_new (void);

G_END_DECLS
