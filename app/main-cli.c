/* praxi: every heavy thing the workbench does, as a command. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/cli.h"

static const PraxiCliCommand commands[] = {
    {"info", "describes a media file or a model", praxi_cli_info},
    {"frames", "decodes frames exactly; --hash prints digests", praxi_cli_frames},
    {"analyze", "scores over time and events of media", praxi_cli_analyze},
    {"classify", "one answer for each short clip", praxi_cli_classify},
    {"watch", "watches cameras: scores and records as it happens", praxi_cli_watch},
    {"train", "fine-tunes a model on labelled footage", praxi_cli_train},
    {"lighten", "makes a model smaller and faster", praxi_cli_lighten},
    {"tune", "searches for the best way to train", praxi_cli_tune},
    {"report", "a report of footage as PDF, its timeline as PNG or SVG", praxi_cli_report},
    {"compare", "two models on the same labelled clips", praxi_cli_compare},
#ifdef PRAXI_HAVE_SERVE
    {"serve", "answers HTTP requests on this machine", praxi_cli_serve},
#endif
    {"bench", "measures a model's speed", praxi_cli_bench},
    {"convert", "gives a foreign ONNX model its classes", praxi_cli_convert},
    {"devices", "lists what models can run on", praxi_cli_devices},
    {"run-onnx", "runs ONNX operator tests", praxi_cli_run_onnx},
    {"label", "labels in a project: add, remove, list, import, export, verify", praxi_cli_label},
    {"decode", NULL, praxi_cli_decode},
    {NULL, NULL, NULL},
};

static void
print_help (FILE *stream)
{
  fputs ("usage: praxi COMMAND [OPTION…] [FILE…]\n\n", stream);
  for (const PraxiCliCommand *command = commands; command->name != NULL; command++)
    if (command->summary != NULL)
      fprintf (stream, "  %-10s %s\n", command->name, command->summary);
  fputs ("\n'praxi COMMAND --help' tells more of one.\n", stream);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  if (argc < 2) {
    print_help (stderr);
    return PRAXI_EXIT_USAGE;
  }
  if (strcmp (argv[1], "--version") == 0) {
    puts ("praxi " PRAXI_VERSION);
    return PRAXI_EXIT_DONE;
  }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0) {
    print_help (stdout);
    return PRAXI_EXIT_DONE;
  }
  for (const PraxiCliCommand *command = commands; command->name != NULL; command++)
    if (strcmp (argv[1], command->name) == 0)
      return command->run (argc - 1, argv + 1);
  fprintf (stderr, "praxi: %s: no such command; see 'praxi --help'\n", argv[1]);
  return PRAXI_EXIT_USAGE;
}
