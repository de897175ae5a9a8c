/* praxi decode: the helper behind the workbench's pictures; no command for people. */
#include <stdio.h>

#include "app/cli.h"
#include "engine/media/decode-helper.h"
#include "engine/media/sandbox.h"

PraxiExit
praxi_cli_decode (int argc, char **argv)
{
  int media_fd = -1, socket_fd = -1;
  g_autofree char *name = NULL;
  const GOptionEntry entries[] = {
      {"media-fd", 0, 0, G_OPTION_ARG_INT, &media_fd, "The open file", "FD"},
      {"socket-fd", 0, 0, G_OPTION_ARG_INT, &socket_fd, "Where requests come from", "FD"},
      {"name", 0, 0, G_OPTION_ARG_FILENAME, &name, "What messages call the file", "NAME"},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (&argc, &argv, entries, "", "Decodes pictures for the workbench.", &status))
    return status;
  if (argc != 1 || name == NULL || media_fd < 0 || socket_fd < 0) {
    fputs ("praxi: decode is started by the workbench; see 'praxi decode --help'\n", stderr);
    return PRAXI_EXIT_USAGE;
  }
  g_autoptr (GError) error = NULL;
  if (!praxi_sandbox_enter (&error) || !praxi_decode_helper_run (media_fd, socket_fd, name, &error))
    return praxi_cli_fail (&error);
  return PRAXI_EXIT_DONE;
}
