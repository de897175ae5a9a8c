#include "ui/settings.h"

#include <math.h>

enum { WRITE_AFTER_MS = 300 };

#define GROUP "preferences"

/* Numbers have bounds, texts choices; min > max marks what is neither. */
static const struct {
  const char *name;
  const char *by_default;
  double min, max;
  const char *choices[4];
} known[] = {
    {PRAXI_SETTING_THEME, "system", 1, 0, {"system", "light", "dark"}},
    {PRAXI_SETTING_MOVE_ON, "true", 1, 0, {NULL}},
    {PRAXI_SETTING_THUMBNAILS, "true", 1, 0, {NULL}},
    {PRAXI_SETTING_OWN_EVENTS, "false", 1, 0, {NULL}},
    {PRAXI_SETTING_SMOOTH, "1", 0, 10, {NULL}},
    {PRAXI_SETTING_MIN_LENGTH, "0.5", 0, 60, {NULL}},
    {PRAXI_SETTING_MERGE_GAP, "1", 0, 60, {NULL}},
};

struct _PraxiSettings {
  GObject parent_instance;
  char *path;
  GKeyFile *keys;
  GHashTable *unwritten; /* set of "group\nkey" */
  guint write_source;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (PraxiSettings, praxi_settings, G_TYPE_OBJECT)

static int
find_known (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].name, name))
      return (int) i;
  g_error ("there is no setting %s", name);
  return 0;
}

/* --- the file ------------------------------------------------------------------------------ */

static void
copy_value (PraxiSettings *self, GKeyFile *file, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "\n", 2);
  g_autofree char *value = g_key_file_get_value (self->keys, parts[0], parts[1], NULL);
  if (value != NULL)
    g_key_file_set_value (file, parts[0], parts[1], value);
  else
    g_key_file_remove_key (file, parts[0], parts[1], NULL);
}

void
praxi_settings_flush (PraxiSettings *self)
{
  g_clear_handle_id (&self->write_source, g_source_remove);
  if (self->path == NULL || g_hash_table_size (self->unwritten) == 0)
    return;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_key_file_load_from_file (file, self->path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init (&iter, self->unwritten);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    copy_value (self, file, name);
  g_hash_table_remove_all (self->unwritten);
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_mkdir_with_parents (folder, 0700);
  g_key_file_save_to_file (file, self->path, NULL);
}

static gboolean
write_cb (gpointer user_data)
{
  PraxiSettings *self = user_data;
  self->write_source = 0;
  praxi_settings_flush (self);
  return G_SOURCE_REMOVE;
}

static void
note_change (PraxiSettings *self, const char *group, const char *key)
{
  g_hash_table_add (self->unwritten, g_strconcat (group, "\n", key, NULL));
  if (self->write_source == 0)
    self->write_source = g_timeout_add (WRITE_AFTER_MS, write_cb, self);
  g_signal_emit (self, changed_signal, g_quark_from_string (key), key);
}

/* --- any value ----------------------------------------------------------------------------- */

char *
praxi_settings_get (PraxiSettings *self, const char *group, const char *key)
{
  return g_key_file_get_string (self->keys, group, key, NULL);
}

char **
praxi_settings_get_list (PraxiSettings *self, const char *group, const char *key)
{
  return g_key_file_get_string_list (self->keys, group, key, NULL, NULL);
}

void
praxi_settings_put (PraxiSettings *self, const char *group, const char *key, const char *value)
{
  g_autofree char *before = praxi_settings_get (self, group, key);
  if (g_strcmp0 (before, value) == 0)
    return;
  if (value != NULL)
    g_key_file_set_string (self->keys, group, key, value);
  else
    g_key_file_remove_key (self->keys, group, key, NULL);
  note_change (self, group, key);
}

void
praxi_settings_put_list (PraxiSettings *self,
                         const char *group,
                         const char *key,
                         const char *const *values)
{
  g_key_file_set_string_list (self->keys, group, key, values,
                              g_strv_length ((char **) (gpointer) values));
  note_change (self, group, key);
}

/* --- preferences --------------------------------------------------------------------------- */

char *
praxi_settings_text (PraxiSettings *self, const char *name)
{
  const int i = find_known (name);
  g_autofree char *value = praxi_settings_get (self, GROUP, name);
  const gboolean is_choice = known[i].choices[0] != NULL;
  if (value != NULL && (!is_choice || g_strv_contains (known[i].choices, value)))
    return g_steal_pointer (&value);
  return g_strdup (known[i].by_default);
}

gboolean
praxi_settings_boolean (PraxiSettings *self, const char *name)
{
  g_autofree char *value = praxi_settings_get (self, GROUP, name);
  if (g_strcmp0 (value, "true") == 0 || g_strcmp0 (value, "false") == 0)
    return *value == 't';
  return g_str_equal (known[find_known (name)].by_default, "true");
}

double
praxi_settings_number (PraxiSettings *self, const char *name)
{
  const int i = find_known (name);
  g_autofree char *value = praxi_settings_get (self, GROUP, name);
  char *end = NULL;
  const double number = value != NULL ? g_ascii_strtod (value, &end) : NAN;
  if (value == NULL || end == value || !isfinite (number))
    return g_ascii_strtod (known[i].by_default, NULL);
  return known[i].min <= known[i].max ? CLAMP (number, known[i].min, known[i].max) : number;
}

void
praxi_settings_set_text (PraxiSettings *self, const char *name, const char *value)
{
  praxi_settings_put (self, GROUP, known[find_known (name)].name, value);
}

void
praxi_settings_set_boolean (PraxiSettings *self, const char *name, gboolean value)
{
  praxi_settings_set_text (self, name, value ? "true" : "false");
}

void
praxi_settings_set_number (PraxiSettings *self, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (text, sizeof text, "%.6g", value);
  praxi_settings_set_text (self, name, isfinite (value) ? text : NULL);
}

char *
praxi_settings_project (PraxiSettings *self)
{
  g_autofree char *path = praxi_settings_get (self, "project", "path");
  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer (&path);
  return g_build_filename (g_get_user_data_dir (), "praxiscope", "default.praxi", NULL);
}

/* --- life ---------------------------------------------------------------------------------- */

static void
praxi_settings_finalize (GObject *object)
{
  PraxiSettings *self = PRAXI_SETTINGS (object);
  praxi_settings_flush (self);
  g_hash_table_unref (self->unwritten);
  g_key_file_unref (self->keys);
  g_free (self->path);
  G_OBJECT_CLASS (praxi_settings_parent_class)->finalize (object);
}

static void
praxi_settings_class_init (PraxiSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = praxi_settings_finalize;
  changed_signal =
      g_signal_new ("changed", PRAXI_TYPE_SETTINGS, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL,
                    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
praxi_settings_init (PraxiSettings *self)
{
  self->keys = g_key_file_new ();
  self->unwritten = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

PraxiSettings *
praxi_settings_new (const char *path)
{
  PraxiSettings *self = g_object_new (PRAXI_TYPE_SETTINGS, NULL);
  self->path = g_strdup (path);
  if (path != NULL)
    g_key_file_load_from_file (self->keys, path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  return self;
}

char *
praxi_settings_default_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "praxiscope", "settings.ini", NULL);
}
