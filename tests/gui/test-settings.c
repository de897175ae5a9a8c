/* Settings over a restart, two windows on one file, values that make no sense; keys: who has one,
 * taking it, and back to the default. No display.
 */
#include <glib/gstdio.h>
#include <math.h>

#include "ui/keymap.h"

static char *
make_path (void)
{
  g_autofree char *folder = g_dir_make_tmp ("praxi-settings-XXXXXX", NULL);
  return g_build_filename (folder, "settings.ini", NULL);
}

static void
remove_path (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_kept (void)
{
  g_autofree char *path = make_path ();
  PraxiSettings *first = praxi_settings_new (path);
  g_assert_true (praxi_settings_boolean (first, PRAXI_SETTING_MOVE_ON));
  praxi_settings_set_boolean (first, PRAXI_SETTING_MOVE_ON, FALSE);
  praxi_settings_set_number (first, PRAXI_SETTING_SMOOTH, 2.5);
  praxi_settings_set_text (first, PRAXI_SETTING_THEME, "dark");
  g_object_unref (first);
  g_autoptr (PraxiSettings) again = praxi_settings_new (path);
  g_autofree char *theme = praxi_settings_text (again, PRAXI_SETTING_THEME);
  g_assert_false (praxi_settings_boolean (again, PRAXI_SETTING_MOVE_ON));
  g_assert_cmpfloat (praxi_settings_number (again, PRAXI_SETTING_SMOOTH), ==, 2.5);
  g_assert_cmpstr (theme, ==, "dark");
  remove_path (path);
}

/* What one window writes does not take back what another wrote meanwhile. */
static void
test_two_windows (void)
{
  g_autofree char *path = make_path ();
  g_autoptr (PraxiSettings) one = praxi_settings_new (path);
  g_autoptr (PraxiSettings) two = praxi_settings_new (path);
  praxi_settings_put (one, "window", "width", "1000");
  praxi_settings_flush (one);
  praxi_settings_put (two, "window", "height", "700");
  praxi_settings_flush (two);
  g_autoptr (PraxiSettings) again = praxi_settings_new (path);
  g_autofree char *width = praxi_settings_get (again, "window", "width");
  g_autofree char *height = praxi_settings_get (again, "window", "height");
  g_assert_cmpstr (width, ==, "1000");
  g_assert_cmpstr (height, ==, "700");
  remove_path (path);
}

static void
test_nonsense (void)
{
  g_autofree char *path = make_path ();
  g_assert_true (g_file_set_contents (path,
                                      "[preferences]\ntheme=purple\nmove-on=perhaps\n"
                                      "event-min-s=nan\nevent-merge-s=1e9\n",
                                      -1, NULL));
  g_autoptr (PraxiSettings) settings = praxi_settings_new (path);
  g_autofree char *theme = praxi_settings_text (settings, PRAXI_SETTING_THEME);
  g_assert_cmpstr (theme, ==, "system");
  g_assert_true (praxi_settings_boolean (settings, PRAXI_SETTING_MOVE_ON));
  g_assert_cmpfloat (praxi_settings_number (settings, PRAXI_SETTING_MIN_LENGTH), ==, 0.5);
  g_assert_cmpfloat (praxi_settings_number (settings, PRAXI_SETTING_MERGE_GAP), ==, 60);
  remove_path (path);
}

static void
assert_keys (PraxiKeymap *keymap, const char *name, const char *expected)
{
  g_auto (GStrv) keys = praxi_keymap_keys (keymap, praxi_action_find (name));
  g_autofree char *joined = g_strjoinv (" ", keys);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_keys (void)
{
  g_autoptr (PraxiSettings) settings = praxi_settings_new (NULL);
  g_autoptr (PraxiKeymap) keymap = praxi_keymap_new (settings);
  const PraxiAction *play = praxi_action_find ("play"), *owner = NULL;
  assert_keys (keymap, "play", "space");
  g_assert_nonnull (praxi_keymap_find (keymap, "l", &owner));
  g_assert_cmpstr (owner->name, ==, "shuttle-forward");
  praxi_keymap_set (keymap, play, "l");
  assert_keys (keymap, "play", "l");
  assert_keys (keymap, "shuttle-forward", "");
  praxi_keymap_set (keymap, praxi_action_find ("open"), "l");
  assert_keys (keymap, "play", "");
  praxi_keymap_reset (keymap, play);
  assert_keys (keymap, "play", "space");
  praxi_keymap_reset_all (keymap);
  assert_keys (keymap, "shuttle-forward", "l");
  assert_keys (keymap, "open", "<Control>o");
}

/* Digits and the keys of the toolkit cannot be given away; damaged entries are passed over. */
static void
test_fixed_keys (void)
{
  g_autoptr (PraxiSettings) settings = praxi_settings_new (NULL);
  g_autoptr (PraxiKeymap) keymap = praxi_keymap_new (settings);
  const PraxiAction *owner;
  g_assert_nonnull (praxi_keymap_find (keymap, "3", &owner));
  g_assert_null (owner);
  g_assert_nonnull (praxi_keymap_find (keymap, "<Control>q", &owner));
  g_assert_null (owner);
  g_assert_null (praxi_keymap_find (keymap, "<Control><Alt>F7", &owner));
  praxi_settings_put (settings, "keys", "play", "<Nonsense> p");
  assert_keys (keymap, "play", "p");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/kept", test_kept);
  g_test_add_func ("/settings/two-windows", test_two_windows);
  g_test_add_func ("/settings/nonsense", test_nonsense);
  g_test_add_func ("/settings/keys", test_keys);
  g_test_add_func ("/settings/fixed-keys", test_fixed_keys);
  return g_test_run ();
}
