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
 * vram_bytes: the most a GPU's backend may reserve; 0: what the GPU has
 * Errors:  USAGE (no such backend), UNSUPPORTED ("cuda" cannot be used: why)
 */
gboolean praxi_backend_choose (const char *name,
                               gint64 vram_bytes,
                               PraxiBackendChoice *choice,
                               GError **error);
void praxi_backend_choice_clear (PraxiBackendChoice *choice);

G_END_DECLS
