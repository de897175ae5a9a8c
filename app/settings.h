/* What the workbench remembers between two starts: a key file under XDG_CONFIG_HOME. A file that
 * cannot be read counts as empty; one that cannot be written is not worth a word.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiSettings PraxiSettings;

PraxiSettings *praxi_settings_load (void);
void praxi_settings_free (PraxiSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSettings, praxi_settings_free)

/* The project used last, else `default.praxi` in the user's data directory. Free with g_free. */
char *praxi_settings_project (const PraxiSettings *settings);
void praxi_settings_set_project (PraxiSettings *settings, const char *path);

G_END_DECLS
