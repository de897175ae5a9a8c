#include "ui/project-folder.h"

char *
praxi_project_folder (void)
{
  const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);
  if (documents == NULL || !g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS))
    return NULL;
  char *folder = g_build_filename (documents, "Praxiscope", NULL);
  if (g_mkdir_with_parents (folder, 0700) != 0)
    g_clear_pointer (&folder, g_free);
  return folder;
}

gboolean
praxi_project_path_is_lent (const char *path)
{
  g_autofree char *of_user = g_strconcat (g_get_user_runtime_dir (), "/doc/", NULL);
  return g_str_has_prefix (path, of_user) || g_str_has_prefix (path, "/run/flatpak/doc/");
}
