#include "app/settings.h"

struct PraxiSettings {
  GKeyFile *keys;
  char *path;
};

PraxiSettings *
praxi_settings_load (void)
{
  PraxiSettings *settings = g_new0 (PraxiSettings, 1);
  settings->keys = g_key_file_new ();
  settings->path = g_build_filename (g_get_user_config_dir (), "praxiscope", "settings.ini", NULL);
  g_key_file_load_from_file (settings->keys, settings->path, G_KEY_FILE_KEEP_COMMENTS, NULL);
  return settings;
}

void
praxi_settings_free (PraxiSettings *settings)
{
  g_key_file_unref (settings->keys);
  g_free (settings->path);
  g_free (settings);
}

char *
praxi_settings_project (const PraxiSettings *settings)
{
  g_autofree char *path = g_key_file_get_string (settings->keys, "project", "path", NULL);
  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer (&path);
  return g_build_filename (g_get_user_data_dir (), "praxiscope", "default.praxi", NULL);
}

void
praxi_settings_set_project (PraxiSettings *settings, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (settings->path);
  g_key_file_set_string (settings->keys, "project", "path", path);
  g_mkdir_with_parents (folder, 0700);
  g_key_file_save_to_file (settings->keys, settings->path, NULL);
}
