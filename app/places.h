/* Where the parts of the program lie: beside each other in the build, installed, in Flatpak. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The first of the places, absolute or relative to this program's folder, where such a file is;
 * NULL if there is none. Free with g_free.
 */
char *praxi_places_find (const char *const *places, GFileTest test);

/* `praxi` with all its commands; where it is not at its place the search path says. Free with
 * g_free.
 */
char *praxi_places_footage (void);

G_END_DECLS
