/* Videos and projects opened lately, newest first, in the settings and in menus. */
#pragma once

#include <gio/gio.h>

#include "ui/settings.h"

G_BEGIN_DECLS

#define PRAXI_RECENT_VIDEOS "videos"
#define PRAXI_RECENT_PROJECTS "projects"

/* kind: one of the above; path: absolute */
void praxi_recent_add (PraxiSettings *settings, const char *kind, const char *path);

/* Those that are still there, at most ten. Free with g_strfreev. */
char **praxi_recent_list (PraxiSettings *settings, const char *kind);

/* Replaces the items of the menu. action: gets the path as its target, for example "win.recent" */
void praxi_recent_fill (GMenu *menu, PraxiSettings *settings, const char *kind, const char *action);

G_END_DECLS
