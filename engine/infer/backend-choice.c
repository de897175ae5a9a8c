#include "engine/infer/backend-choice.h"

#include "engine/core/error.h"
#include "engine/infer/device.h"

static char *
device_name (const char *name, const char *level)
{
  return level[0] != '\0' ? g_strdup_printf ("%s (%s)", name, level) : g_strdup (name);
}

/* why: PRAXI_WHY_BYTES. One that is there but does not open is said aloud. */
static gboolean
open_cuda (const PraxiDeviceOptions *options, PraxiBackendChoice *choice, char *why)
{
  PraxiDeviceInfo info;
  const PraxiPlugin *plugin = praxi_plugin_cuda (why);
  if (plugin == NULL)
    return FALSE;
  plugin->probe (&info);
  if (!info.is_usable) {
    g_strlcpy (why, info.why, PRAXI_WHY_BYTES);
    return FALSE;
  }
  if (plugin->open (options, &choice->owned, why) != PRAXI_OK) {
    if (choice->may_change)
      g_printerr ("praxi: %s: %s; using the processor instead\n", info.name, why);
    return FALSE;
  }
  choice->backend = choice->owned;
  choice->device = device_name (info.name, choice->owned->level);
  return TRUE;
}

gboolean
praxi_backend_choose (const char *name,
                      const PraxiDeviceOptions *options,
                      PraxiBackendChoice *choice,
                      GError **error)
{
  char why[PRAXI_WHY_BYTES] = "";
  const gboolean is_auto = name == NULL || g_str_equal (name, "auto");
  *choice = (PraxiBackendChoice){.may_change = is_auto};
  if ((is_auto || g_str_equal (name, "cuda")) && open_cuda (options, choice, why))
    return TRUE;
  if (!is_auto && g_str_equal (name, "cuda")) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "backend cuda cannot be used: %s; take --backend cpu", why);
    return FALSE;
  }
  if (is_auto || g_str_equal (name, "cpu"))
    choice->backend = praxi_backend_cpu ();
  else if (g_str_equal (name, "ref"))
    choice->backend = praxi_backend_ref ();
  if (choice->backend == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "backend '%s' is not there; 'praxi devices' lists what is", name);
    return FALSE;
  }
  g_autofree char *processor = praxi_device_processor_name ();
  choice->device = device_name (processor, choice->backend->level);
  return TRUE;
}

void
praxi_backend_choice_clear (PraxiBackendChoice *choice)
{
  g_clear_pointer (&choice->device, g_free);
  if (choice->owned != NULL)
    choice->owned->device->close (choice->owned);
  choice->owned = NULL;
}
