#include "engine/core/replace-file.h"

#include <errno.h>
#include <glib/gstdio.h>

gboolean
praxi_replace_file (const char *path, gconstpointer data, gsize size, GError **error)
{
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_unlink (fresh); /* GLib would write over it and leave what is longer */
  gboolean done = g_file_set_contents_full (fresh, data, (gssize) size, G_FILE_SET_CONTENTS_DURABLE,
                                            0644, error);
  if (done && g_rename (fresh, path) != 0) {
    const int number = errno;
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), "%s: %s", path,
                 g_strerror (number));
    done = FALSE;
  }
  if (!done)
    g_unlink (fresh);
  return done;
}
