#include "app/places.h"

char *
praxi_places_find (const char *const *places, GFileTest test)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (self != NULL ? self : ".");
  for (guint i = 0; places[i] != NULL; i++) {
    g_autofree char *path = g_path_is_absolute (places[i])
                                ? g_strdup (places[i])
                                : g_build_filename (folder, places[i], NULL);
    if (g_file_test (path, test))
      return g_canonicalize_filename (path, NULL);
  }
  return NULL;
}

char *
praxi_places_footage (void)
{
  const char *const places[] = {"praxi-footage", "../libexec/praxi-footage",
                                PRAXI_LIBEXEC_DIR "/praxi-footage", NULL};
  char *path = praxi_places_find (places, G_FILE_TEST_IS_EXECUTABLE);
  return path != NULL ? path : g_strdup ("praxi-footage");
}
