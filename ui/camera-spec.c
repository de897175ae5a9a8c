#include "ui/camera-spec.h"

#include <glib/gi18n.h>
#include <string.h>

#define LIST_GROUP "cameras"

PraxiCameraSpec *
praxi_camera_spec_copy (const PraxiCameraSpec *spec)
{
  PraxiCameraSpec *copy = g_memdup2 (spec, sizeof *spec);
  copy->name = g_strdup (spec->name);
  copy->url = g_strdup (spec->url);
  copy->user = g_strdup (spec->user);
  copy->password = g_strdup (spec->password);
  copy->alerts = g_strdupv (spec->alerts);
  return copy;
}

void
praxi_camera_spec_free (PraxiCameraSpec *spec)
{
  if (spec == NULL)
    return;
  g_free (spec->name);
  g_free (spec->url);
  g_free (spec->user);
  if (spec->password != NULL)
    explicit_bzero (spec->password, strlen (spec->password));
  g_free (spec->password);
  g_strfreev (spec->alerts);
  g_free (spec);
}

static void
take_part (char **part, const char *text, gssize length)
{
  if (*part != NULL && **part != '\0')
    return;
  g_free (*part);
  *part = g_uri_unescape_segment (text, text + length, NULL);
  if (*part == NULL)
    *part = g_strndup (text, (gsize) length);
}

void
praxi_camera_spec_tidy (PraxiCameraSpec *spec)
{
  g_strstrip (spec->url);
  g_strstrip (spec->name);
  char *host = strstr (spec->url, "://");
  if (host == NULL)
    return;
  host += strlen ("://");
  const char *sign = g_strrstr_len (host, (gssize) strcspn (host, "/?#"), "@");
  if (sign == NULL)
    return;
  const gssize length = sign - host;
  const char *colon = memchr (host, ':', (gsize) length);
  take_part (&spec->user, host, colon != NULL ? colon - host : length);
  if (colon != NULL)
    take_part (&spec->password, colon + 1, sign - colon - 1);
  memmove (host, sign + 1, strlen (sign + 1) + 1);
}

const char *
praxi_camera_spec_fault (const PraxiCameraSpec *spec)
{
  static const char *const schemes[] = {"rtsp://", "rtsps://", "rtp://",    "udp://",
                                        "http://", "https://", "/dev/video"};
  if (*spec->name == '\0')
    return _ ("Give the camera a name");
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (spec->url, schemes[i], strlen (schemes[i])) == 0 &&
        strlen (spec->url) > strlen (schemes[i]))
      return NULL;
  return _ ("This is not the address of a camera: try rtsp://HOST/PATH, http://HOST/PATH or "
            "/dev/video0");
}

/* --- settings ------------------------------------------------------------------------------ */

static char *
group_name (const char *name)
{
  return g_strconcat ("camera ", name, NULL);
}

static int
get_number (PraxiSettings *settings, const char *group, const char *key)
{
  g_autofree char *text = praxi_settings_get (settings, group, key);
  return text != NULL ? (int) CLAMP (g_ascii_strtoll (text, NULL, 10), 0, 1000000) : 0;
}

static PraxiCameraSpec *
load_one (PraxiSettings *settings, const char *name)
{
  g_autofree char *group = group_name (name);
  g_autofree char *url = praxi_settings_get (settings, group, "url");
  if (url == NULL)
    return NULL;
  PraxiCameraSpec *spec = g_new0 (PraxiCameraSpec, 1);
  spec->name = g_strdup (name);
  spec->url = g_steal_pointer (&url);
  spec->user = g_strdup ("");
  spec->password = g_strdup ("");
  spec->udp = get_number (settings, group, "udp") != 0;
  spec->remembers = get_number (settings, group, "keyring") != 0;
  spec->keep_days = get_number (settings, group, "keep-days");
  spec->keep_gb = get_number (settings, group, "keep-gb");
  spec->alerts = praxi_settings_get_list (settings, group, "alerts");
  praxi_camera_spec_tidy (spec);
  return spec;
}

GPtrArray *
praxi_camera_specs_load (PraxiSettings *settings)
{
  GPtrArray *specs = g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_camera_spec_free);
  g_auto (GStrv) names = praxi_settings_get_list (settings, LIST_GROUP, "names");
  for (guint i = 0; names != NULL && names[i] != NULL; i++) {
    PraxiCameraSpec *spec = load_one (settings, names[i]);
    if (spec != NULL)
      g_ptr_array_add (specs, spec);
  }
  return specs;
}

static void
put_number (PraxiSettings *settings, const char *group, const char *key, int value)
{
  g_autofree char *text = g_strdup_printf ("%d", value);
  praxi_settings_put (settings, group, key, text);
}

/* Puts the name into the list, or out of it. */
static void
list_name (PraxiSettings *settings, const char *name, gboolean is_listed)
{
  g_auto (GStrv) names = praxi_settings_get_list (settings, LIST_GROUP, "names");
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    if (!g_str_equal (names[i], name))
      g_ptr_array_add (list, names[i]);
  if (is_listed)
    g_ptr_array_add (list, (gpointer) name);
  g_ptr_array_add (list, NULL);
  praxi_settings_put_list (settings, LIST_GROUP, "names", (const char *const *) list->pdata);
}

void
praxi_camera_spec_save (const PraxiCameraSpec *spec, PraxiSettings *settings)
{
  g_autofree char *group = group_name (spec->name);
  const char *const none[] = {NULL};
  list_name (settings, spec->name, TRUE);
  praxi_settings_put (settings, group, "url", spec->url);
  put_number (settings, group, "udp", spec->udp);
  put_number (settings, group, "keyring", spec->remembers);
  put_number (settings, group, "keep-days", spec->keep_days);
  put_number (settings, group, "keep-gb", spec->keep_gb);
  praxi_settings_put_list (settings, group, "alerts",
                           spec->alerts != NULL ? (const char *const *) spec->alerts : none);
}

void
praxi_camera_spec_forget (const char *name, PraxiSettings *settings)
{
  g_autofree char *group = group_name (name);
  list_name (settings, name, FALSE);
  praxi_settings_put (settings, group, "url", NULL);
}
