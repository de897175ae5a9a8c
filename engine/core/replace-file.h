/* A file that is there whole, as it was before or as it is now. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes path.new, to the disk, and gives it path's name. Who is killed meanwhile leaves path.new,
 * which the next one who writes this path replaces: one writer at a time.
 * Errors: G_FILE_ERROR; path is as it was then
 */
gboolean praxi_replace_file (const char *path, gconstpointer data, gsize size, GError **error);

G_END_DECLS
