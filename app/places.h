/* Where the parts of the program lie: beside each other in the build, installed, in Flatpak. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The first of the places, absolute or relative to this program's folder, where such a file is;
 * NULL if there is none. Free with g_free.
 */
char *praxi_places_find (const char *const *places, GFileTest test);

/* The program `praxi`; where it is not beside this one the search path says. Free with g_free. */
char *praxi_places_praxi (void);

G_END_DECLS
