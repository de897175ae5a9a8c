#include "engine/infer/device.h"

#include <string.h>
#include <unistd.h>

#include "kernels/backend.h"

static void
device_free_cb (gpointer data)
{
  PraxiDevice *device = data;
  g_free (device->name);
  g_free (device->driver);
  g_free (device->why);
  g_free (device->note);
  g_free (device);
}

char *
praxi_device_processor_name (void)
{
  g_autofree char *text = NULL;
  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL)) {
    const char *name = strstr (text, "model name");
    name = name != NULL ? strchr (name, ':') : NULL;
    if (name != NULL)
      return g_strstrip (g_strndup (name + 1, strcspn (name + 1, "\n")));
  }
  return g_strdup ("processor");
}

static PraxiDevice *
processor (const PraxiBackend *backend)
{
  PraxiDevice *device = g_new0 (PraxiDevice, 1);
  g_autofree char *name = praxi_device_processor_name ();
  device->backend = backend->name;
  device->name = backend->level[0] != '\0' ? g_strdup_printf ("%s (%s)", name, backend->level)
                                           : g_steal_pointer (&name);
  device->memory_bytes = (gint64) sysconf (_SC_PHYS_PAGES) * (gint64) sysconf (_SC_PAGESIZE);
  device->driver = g_strdup ("");
  device->is_usable = TRUE;
  device->why = g_strdup ("");
  device->note = g_strdup ("");
  return device;
}

static PraxiDevice *
gpu (void)
{
  PraxiDevice *device = g_new0 (PraxiDevice, 1);
  PraxiDeviceInfo info = {.name = "NVIDIA GPU"};
  char note[PRAXI_WHY_BYTES] = "";
  const PraxiPlugin *plugin = praxi_plugin_cuda (info.why);
  if (plugin != NULL)
    plugin->probe (&info);
  if (plugin != NULL && info.is_usable)
    plugin->library (note);
  device->backend = "cuda";
  device->name = g_strdup (info.name);
  device->memory_bytes = (gint64) info.memory_bytes;
  device->free_bytes = (gint64) info.free_bytes;
  device->driver = g_strdup (info.driver);
  device->is_usable = info.is_usable;
  device->why = g_strdup (info.is_usable ? "" : info.why);
  device->note = g_strdup (note);
  return device;
}

GPtrArray *
praxi_devices_list (void)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func (device_free_cb);
  PraxiDevice *cuda = gpu ();
  if (cuda->is_usable)
    g_ptr_array_add (devices, cuda);
  g_ptr_array_add (devices, processor (praxi_backend_cpu ()));
  g_ptr_array_add (devices, processor (praxi_backend_ref ()));
  if (!cuda->is_usable)
    g_ptr_array_add (devices, cuda);
  return devices;
}
