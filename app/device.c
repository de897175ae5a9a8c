#include "app/device.h"

#include "engine/core/error.h"

gboolean
praxi_cli_device_options (const PraxiCliDevice *device,
                          PraxiExecutorOptions *options,
                          GError **error)
{
  if (device->threads < 0 || device->threads > 1024) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, "--threads %d: give 1 to 1024",
                 device->threads);
    return FALSE;
  }
  options->backend = device->backend;
  options->threads = device->threads;
  options->is_half = device->is_half;
  return praxi_cli_parse_size ("--vram", device->vram, &options->vram_bytes, error);
}

void
praxi_cli_device_clear (PraxiCliDevice *device)
{
  g_free (device->backend);
  g_free (device->vram);
}
