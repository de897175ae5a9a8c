/* The credentials in a camera's address. */
#include <string.h>

#include "engine/media/camera.h"

/* Where host and port begin; NULL: url has no host. at: behind the credentials, or as host */
static const char *
find_host (const char *url, const char **at)
{
  const char *host = strstr (url, "://");
  if (host == NULL)
    return NULL;
  host += strlen ("://");
  const char *path = host + strcspn (host, "/?#");
  const char *sign = g_strrstr_len (host, path - host, "@");
  *at = sign != NULL ? sign + 1 : host;
  return host;
}

char *
praxi_camera_strip_credentials (const char *url)
{
  const char *at;
  const char *host = find_host (url, &at);
  return host == NULL ? g_strdup (url) : g_strdup_printf ("%.*s%s", (int) (host - url), url, at);
}

char *
praxi_camera_add_credentials (const char *url, const char *user, const char *password)
{
  const char *at;
  const char *host = find_host (url, &at);
  if (host == NULL || user == NULL || *user == '\0')
    return g_strdup (url);
  g_autofree char *safe_user = g_uri_escape_string (user, NULL, FALSE);
  g_autofree char *safe_password =
      g_uri_escape_string (password != NULL ? password : "", NULL, FALSE);
  return g_strdup_printf ("%.*s%s:%s@%s", (int) (host - url), url, safe_user, safe_password, at);
}
