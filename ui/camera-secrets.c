/* User names and passwords of cameras in the desktop's keyring, where there is one. */
#include <gio/gio.h>
#include <string.h>

#include "ui/camera-spec.h"

#if PRAXI_HAVE_LIBSECRET
#include <libsecret/secret.h>

typedef struct {
  PraxiSecretsDone done;
  gpointer user_data;
} Call;

static const SecretSchema schema = {
    .name = "io.github.praxiscope.Camera",
    .flags = SECRET_SCHEMA_NONE,
    .attributes = {{"url", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
};

static Call *
call_new (PraxiSecretsDone done, gpointer user_data)
{
  Call *call = g_new (Call, 1);
  *call = (Call){done, user_data};
  return call;
}

static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  const gboolean ok = secret_password_store_finish (result, NULL);
  if (call->done != NULL)
    call->done (ok, NULL, NULL, call->user_data);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  char *secret = secret_password_lookup_finish (result, NULL);
  char *line = secret != NULL ? strchr (secret, '\n') : NULL;
  if (line != NULL)
    *line = '\0';
  call->done (line != NULL, secret, line != NULL ? line + 1 : NULL, call->user_data);
  secret_password_free (secret);
}

gboolean
praxi_secrets_are_built_in (void)
{
  return TRUE;
}

void
praxi_secrets_keep (const PraxiCameraSpec *spec, PraxiSecretsDone done, gpointer user_data)
{
  g_autofree char *secret = g_strdup_printf ("%s\n%s", spec->user, spec->password);
  g_autofree char *label = g_strdup_printf ("Praxiscope: %s", spec->name);
  secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, label, secret, NULL, kept_cb,
                         call_new (done, user_data), "url", spec->url, NULL);
  explicit_bzero (secret, strlen (secret));
}

void
praxi_secrets_find (const PraxiCameraSpec *spec, PraxiSecretsDone done, gpointer user_data)
{
  secret_password_lookup (&schema, NULL, found_cb, call_new (done, user_data), "url", spec->url,
                          NULL);
}

void
praxi_secrets_forget (const char *url)
{
  secret_password_clear (&schema, NULL, NULL, NULL, "url", url, NULL);
}

#else

typedef struct {
  PraxiSecretsDone done;
  gpointer user_data;
} Call;

static gboolean
refuse_cb (gpointer user_data)
{
  Call *call = user_data;
  if (call->done != NULL)
    call->done (FALSE, NULL, NULL, call->user_data);
  return G_SOURCE_REMOVE;
}

static void
refuse (PraxiSecretsDone done, gpointer user_data)
{
  Call *call = g_new (Call, 1);
  *call = (Call){done, user_data};
  g_idle_add_full (G_PRIORITY_DEFAULT, refuse_cb, call, g_free);
}

gboolean
praxi_secrets_are_built_in (void)
{
  return FALSE;
}

void
praxi_secrets_keep (const PraxiCameraSpec *spec, PraxiSecretsDone done, gpointer user_data)
{
  refuse (done, user_data);
}

void
praxi_secrets_find (const PraxiCameraSpec *spec, PraxiSecretsDone done, gpointer user_data)
{
  refuse (done, user_data);
}

void
praxi_secrets_forget (const char *url)
{
}

#endif
