/* What a person says of a camera: where it is, how long its recordings are kept, what is worth an
 * alert. User name and password are never part of what is written to the settings or the project.
 */
#pragma once

#include "ui/settings.h"

G_BEGIN_DECLS

typedef struct {
  char *name; /* for people; unique */
  char *url;  /* without credentials */
  char *user; /* "" for none */
  char *password;
  gboolean remembers; /* the keyring keeps user and password */
  gboolean udp;
  int keep_days; /* 0: for ever */
  int keep_gb;   /* 0: without limit */
  char **alerts; /* classes whose events are told by a desktop notification; NULL for none */
} PraxiCameraSpec;

PraxiCameraSpec *praxi_camera_spec_copy (const PraxiCameraSpec *spec);
void praxi_camera_spec_free (PraxiCameraSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiCameraSpec, praxi_camera_spec_free)

/* Takes the credentials out of spec->url into user and password; those that are set stay. */
void praxi_camera_spec_tidy (PraxiCameraSpec *spec);

/* NULL, or one sentence about what is missing or wrong. */
const char *praxi_camera_spec_fault (const PraxiCameraSpec *spec);

/* All cameras of the settings, PraxiCameraSpec, freed with the array; without credentials. */
GPtrArray *praxi_camera_specs_load (PraxiSettings *settings);
void praxi_camera_spec_save (const PraxiCameraSpec *spec, PraxiSettings *settings);
void praxi_camera_spec_forget (const char *name, PraxiSettings *settings);

/* --- the keyring (camera-secrets.c) --- */

/* done: kept or found (then user and password are set); secrets may be NULL. Called later, always.
 */
typedef void (*PraxiSecretsDone) (gboolean ok,
                                  const char *user,
                                  const char *password,
                                  gpointer user_data);

gboolean praxi_secrets_are_built_in (void);
void praxi_secrets_keep (const PraxiCameraSpec *spec, PraxiSecretsDone done, gpointer user_data);
void praxi_secrets_find (const PraxiCameraSpec *spec, PraxiSecretsDone done, gpointer user_data);
void praxi_secrets_forget (const char *url);

G_END_DECLS
