/* praxi devices: what models can run on, and why not. */
#include <stdio.h>

#include "app/cli.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/infer/device.h"
#include "engine/media/sandbox.h"

static void
add_device (JsonBuilder *builder, const PraxiDevice *device)
{
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "backend", device->backend);
  praxi_json_add_string (builder, "name", device->name);
  praxi_json_add_int (builder, "memory_bytes", device->memory_bytes);
  if (device->free_bytes > 0)
    praxi_json_add_int (builder, "free_bytes", device->free_bytes);
  praxi_json_add_string (builder, "driver", device->driver);
  praxi_json_add_boolean (builder, "usable", device->is_usable);
  praxi_json_add_string (builder, "why", device->why);
  if (device->note[0] != '\0')
    praxi_json_add_string (builder, "note", device->note);
  json_builder_end_object (builder);
}

static void
print_device (const PraxiDevice *device)
{
  g_autofree char *memory = praxi_text_bytes ((guint64) device->memory_bytes);
  g_autofree char *free_memory = praxi_text_bytes ((guint64) device->free_bytes);
  printf ("%-5s %-8s %s", device->backend, device->is_usable ? "usable" : "missing",
          device->is_usable ? device->name : device->why);
  if (device->is_usable)
    printf (", %s", memory);
  if (device->free_bytes > 0)
    printf (" (%s free)", free_memory);
  if (device->note[0] != '\0')
    printf ("\n               %s", device->note);
  putchar ('\n');
}

/* What holds the process that decodes pictures. */
static void
add_sandbox (JsonBuilder *builder)
{
  const PraxiSandboxSupport support = praxi_sandbox_support ();
  json_builder_set_member_name (builder, "sandbox");
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "landlock", support.landlock_abi);
  praxi_json_add_boolean (builder, "filter", support.has_filter);
  json_builder_end_object (builder);
}

static void
print_sandbox (void)
{
  const PraxiSandboxSupport support = praxi_sandbox_support ();
  printf ("The decoder is confined by limits%s%s.\n",
          support.landlock_abi > 0 ? ", Landlock" : " (this kernel has no Landlock)",
          support.has_filter ? ", a filter of system calls" : " (it cannot filter system calls)");
}

PraxiExit
praxi_cli_devices (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL}, {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "", "Lists what models can run on, and why not.",
                        &status))
    return status;
  if (argc != 1) {
    fputs ("praxi: devices takes no file; see 'praxi devices --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  g_autoptr (GPtrArray) devices = praxi_devices_list ();
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "devices");
  json_builder_begin_array (builder);
  for (guint i = 0; i < devices->len; i++) {
    add_device (builder, devices->pdata[i]);
    if (!json)
      print_device (devices->pdata[i]);
  }
  json_builder_end_array (builder);
  add_sandbox (builder);
  json_builder_end_object (builder);
  if (json)
    praxi_json_write (builder, stdout, TRUE);
  else
    print_sandbox ();
  return PRAXI_EXIT_DONE;
}
