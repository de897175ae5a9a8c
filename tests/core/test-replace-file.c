/* A file is replaced whole, also over what somebody who was killed has left. */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/core/replace-file.h"

static void
assert_holds (const char *path, const char *text)
{
  g_autofree char *found = NULL;
  gsize length;
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_get_contents (path, &found, &length, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (found, length, text, strlen (text));
}

static void
test_replaces (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("praxi-replace-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autofree char *left = g_strconcat (path, ".new", NULL);
  g_assert_true (praxi_replace_file (path, "first", 5, &error));
  assert_holds (path, "first");
  g_assert_true (g_file_set_contents (left, "longer than what comes", -1, &error));
  g_assert_true (praxi_replace_file (path, "second", 6, &error));
  assert_holds (path, "second");
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_refuses (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("praxi-replace-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *nowhere = g_build_filename (folder, "no", "file", NULL);
  g_assert_false (praxi_replace_file (nowhere, "x", 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  g_assert_false (praxi_replace_file (folder, "x", 1, &error)); /* a folder has the name */
  g_assert_nonnull (error);
  g_autofree char *left = g_strconcat (folder, ".new", NULL);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replace-file/replaces", test_replaces);
  g_test_add_func ("/replace-file/refuses", test_refuses);
  return g_test_run ();
}
