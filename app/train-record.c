#include "app/train-record.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/core/text.h"

static gboolean
fail (const char *path, const GError *why, GError **error)
{
  g_autofree char *name = praxi_text_file_name (path);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK, "%s: %s", name, why->message);
  return FALSE;
}

gboolean
praxi_train_record_read (const char *path, const char *key, int *n_done, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) why = NULL;
  *n_done = 0;
  if (!g_file_get_contents (path, &text, NULL, &why))
    return g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT) || fail (path, why, error);
  char *line = strchr (text, '\n');
  gint64 n = 0;
  if (line != NULL && g_str_equal (g_strstrip (line + 1), key) && (*line = '\0', TRUE) &&
      g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &n, NULL)) {
    *n_done = (int) n;
    return TRUE;
  }
  g_autofree char *name = praxi_text_file_name (path);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: belongs to a training with other data, model or options; remove it to train "
               "anew",
               name);
  return FALSE;
}

gboolean
praxi_train_record_write (const char *path, const char *key, int n_done, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d\n%s\n", n_done, key);
  g_autoptr (GError) why = NULL;
  return g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_DURABLE, 0644, &why) ||
         fail (path, why, error);
}
