/* What runs a model, as the commands that run one are told: --backend, --f16, --vram, --threads. */
#pragma once

#include "app/cli.h"
#include "engine/infer/executor.h"

G_BEGIN_DECLS

typedef struct {
  char *backend, *vram;
  gboolean is_half;
  int threads;
} PraxiCliDevice;

#define PRAXI_CLI_DEVICE_ENTRIES(d)                                                                \
  {"backend", 0, 0, G_OPTION_ARG_STRING, &(d).backend, "What runs it", "auto|cpu|cuda|ref"},       \
      {"f16", 0, 0, G_OPTION_ARG_NONE, &(d).is_half, "Floats in 16 bits, on a GPU", NULL},         \
      {"vram", 0, 0, G_OPTION_ARG_STRING, &(d).vram, "Most of a GPU's memory", "BYTES|4G"},        \
  {                                                                                                \
    "threads", 0, 0, G_OPTION_ARG_INT, &(d).threads, "Threads (default: one per core)", "N"        \
  }

/* Checks it and fills in what it says of options, which borrow its backend.
 * Errors: USAGE
 */
gboolean praxi_cli_device_options (const PraxiCliDevice *device,
                                   PraxiExecutorOptions *options,
                                   GError **error);
void praxi_cli_device_clear (PraxiCliDevice *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PraxiCliDevice, praxi_cli_device_clear)

G_END_DECLS
