/* Which backend an executor gets. */
#pragma once

#include <glib.h>

#include "kernels/backend.h"

G_BEGIN_DECLS

typedef struct {
  const PraxiBackend *backend;
  PraxiBackend *owned; /* NULL where the backend lives as long as the program; else backend */
  char *device;        /* "Intel Xeon … (avx2)", "NVIDIA … (sm_86)" */
  gboolean may_change; /* the name was "auto": another device may do it */
} PraxiBackendChoice;

/* name:    NULL or "auto": a GPU that can be used, else the processor; "cpu", "ref", "cuda"
 * options: of a GPU's backend
 * Errors:  USAGE (no such backend), UNSUPPORTED ("cuda" cannot be used: why)
 */
gboolean praxi_backend_choose (const char *name,
                               const PraxiDeviceOptions *options,
                               PraxiBackendChoice *choice,
                               GError **error);
void praxi_backend_choice_clear (PraxiBackendChoice *choice);

G_END_DECLS
