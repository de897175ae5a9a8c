#include "ui/recent.h"

#include "engine/core/text.h"

enum { MAX_RECENT = 10 };

#define GROUP "recent"

void
praxi_recent_add (PraxiSettings *settings, const char *kind, const char *path)
{
  g_auto (GStrv) before = praxi_settings_get_list (settings, GROUP, kind);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_ptr_array_add (paths, (gpointer) path);
  for (int i = 0; before != NULL && before[i] != NULL && paths->len < MAX_RECENT; i++)
    if (!g_str_equal (before[i], path))
      g_ptr_array_add (paths, before[i]);
  g_ptr_array_add (paths, NULL);
  if (before == NULL || !g_strv_equal ((const char *const *) before, (gpointer) paths->pdata))
    praxi_settings_put_list (settings, GROUP, kind, (gpointer) paths->pdata);
}

char **
praxi_recent_list (PraxiSettings *settings, const char *kind)
{
  g_auto (GStrv) paths = praxi_settings_get_list (settings, GROUP, kind);
  g_autoptr (GStrvBuilder) there = g_strv_builder_new ();
  for (int i = 0; paths != NULL && paths[i] != NULL && i < MAX_RECENT; i++)
    if (g_file_test (paths[i], G_FILE_TEST_EXISTS))
      g_strv_builder_add (there, paths[i]);
  return g_strv_builder_end (there);
}

/* In a menu an underscore would mark the next letter. */
static char *
menu_label (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = praxi_text_file_name (base);
  g_auto (GStrv) parts = g_strsplit (name, "_", 0);
  return g_strjoinv ("__", parts);
}

void
praxi_recent_fill (GMenu *menu, PraxiSettings *settings, const char *kind, const char *action)
{
  g_auto (GStrv) paths = praxi_recent_list (settings, kind);
  g_menu_remove_all (menu);
  for (int i = 0; paths[i] != NULL; i++) {
    g_autofree char *label = menu_label (paths[i]);
    g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);
    g_menu_item_set_action_and_target_value (item, action, g_variant_new_bytestring (paths[i]));
    g_menu_append_item (menu, item);
  }
}
