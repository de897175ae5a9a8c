/* Where a project can live. Inside Flatpak a chosen file is lent alone, without its folder; SQLite
 * keeps its log beside the file, so that projects live in one folder that the Flatpak may use.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The folder to begin in, made if need be; NULL: any will do. */
char *praxi_project_folder (void);

/* The path is of a lent file: no project can be kept there. */
gboolean praxi_project_path_is_lent (const char *path);

G_END_DECLS
