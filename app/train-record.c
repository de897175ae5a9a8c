#include "app/train-record.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/core/replace-file.h"

gboolean
praxi_train_record_read (const char *path, const char *key, int *n_done, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) why = NULL;
  *n_done = 0;
  if (!g_file_get_contents (path, &text, NULL, &why))
    return g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
           praxi_error_fail_file (error, PRAXI_ERROR_DISK, path, "%s", why->message);
  char *line = strchr (text, '\n');
  gint64 n = 0;
  if (line != NULL && g_str_equal (g_strstrip (line + 1), key) && (*line = '\0', TRUE) &&
      g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &n, NULL)) {
    *n_done = (int) n;
    return TRUE;
  }
  return praxi_error_fail_file (
      error, PRAXI_ERROR_FORMAT, path,
      "belongs to a training with other data, model or options; remove it to train anew");
}

gboolean
praxi_train_record_write (const char *path, const char *key, int n_done, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d\n%s\n", n_done, key);
  g_autoptr (GError) why = NULL;
  return praxi_replace_file (path, text, strlen (text), &why) ||
         praxi_error_fail_file (error, PRAXI_ERROR_DISK, path, "%s", why->message);
}
