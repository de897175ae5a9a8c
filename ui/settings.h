/* What the workbench remembers between two starts: a key file under XDG_CONFIG_HOME. A file that
 * cannot be read counts as empty; one that cannot be written is not worth a word. Several windows
 * may share the file: only what this one changed is written back.
 *
 * Signals:
 *   changed (const char *name)  a setting has another value; detailed by the name
 *
 * Thread: main
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* What the preferences show; each has a default and, for numbers, bounds. */
#define PRAXI_SETTING_THEME "theme"            /* text: "system", "light", "dark" */
#define PRAXI_SETTING_MOVE_ON "move-on"        /* boolean: after a verdict to the next item */
#define PRAXI_SETTING_THUMBNAILS "thumbnails"  /* boolean: keep small pictures on the disk */
#define PRAXI_SETTING_OWN_EVENTS "event-own"   /* boolean: the three below, not the model's */
#define PRAXI_SETTING_SMOOTH "event-smooth-s"  /* number: width of the moving mean, seconds */
#define PRAXI_SETTING_MIN_LENGTH "event-min-s" /* number: shorter events are dropped, seconds */
#define PRAXI_SETTING_MERGE_GAP                                                                    \
  "event-merge-s" /* number: events this close become one, seconds                                 \
                   */

#define PRAXI_TYPE_SETTINGS (praxi_settings_get_type ())
G_DECLARE_FINAL_TYPE (PraxiSettings, praxi_settings, PRAXI, SETTINGS, GObject)

/* path: the key file; NULL keeps everything in memory */
PraxiSettings *praxi_settings_new (const char *path);

/* The file of this person, under XDG_CONFIG_HOME. Free with g_free. */
char *praxi_settings_default_path (void);

/* The value of a setting named above, its default when the file says nothing sensible. */
gboolean praxi_settings_boolean (PraxiSettings *settings, const char *name);
double praxi_settings_number (PraxiSettings *settings, const char *name);
char *praxi_settings_text (PraxiSettings *settings, const char *name); /* free with g_free */

void praxi_settings_set_boolean (PraxiSettings *settings, const char *name, gboolean value);
void praxi_settings_set_number (PraxiSettings *settings, const char *name, double value);
void praxi_settings_set_text (PraxiSettings *settings, const char *name, const char *value);

/* Anything else, by group and key: NULL when it is not there. Free with g_free, g_strfreev. */
char *praxi_settings_get (PraxiSettings *settings, const char *group, const char *key);
char **praxi_settings_get_list (PraxiSettings *settings, const char *group, const char *key);

/* value NULL forgets it. "changed" names the key. */
void
praxi_settings_put (PraxiSettings *settings, const char *group, const char *key, const char *value);
void praxi_settings_put_list (PraxiSettings *settings,
                              const char *group,
                              const char *key,
                              const char *const *values);

/* Writes what was changed now instead of a moment later. */
void praxi_settings_flush (PraxiSettings *settings);

/* The project used last, else `default.praxi` in the user's data directory. Free with g_free. */
char *praxi_settings_project (PraxiSettings *settings);

G_END_DECLS
