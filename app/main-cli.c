/* praxi: every heavy thing the workbench does, as a command. FFmpeg and what it needs are some 130
 * libraries, and loading them takes longer than most commands that see no footage. So these sources
 * make two programs: praxi-footage has all commands; praxi has those without footage and becomes
 * praxi-footage for the others.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/label-media.h"
#include "app/places.h"

#ifdef PRAXI_WITHOUT_FOOTAGE
/* argv stands in main's, behind the program's name */
static PraxiExit
become_footage (int argc, char **argv)
{
  g_autofree char *path = praxi_places_footage ();
  execvp (path, argv - 1);
  fprintf (stderr, "praxi: praxi-footage, which reads footage: %s; install Praxiscope again\n",
           g_strerror (errno));
  return PRAXI_EXIT_FAILED;
}

static PraxiExit
run_label (int argc, char **argv)
{
  return praxi_label_wants_footage (argc, argv) ? become_footage (argc, argv)
                                                : praxi_label_run (argc, argv, NULL, NULL);
}

#define FOOTAGE(run) become_footage
#else
#define FOOTAGE(run) run
#define run_label praxi_cli_label
#endif

static const PraxiCliCommand commands[] = {
    {"info", "describes a media file or a model", FOOTAGE (praxi_cli_info)},
    {"frames", "decodes frames exactly; --hash prints digests", FOOTAGE (praxi_cli_frames)},
    {"analyze", "scores over time and events of media", FOOTAGE (praxi_cli_analyze)},
    {"classify", "one answer for each short clip", FOOTAGE (praxi_cli_classify)},
    {"watch", "watches cameras: scores and records as it happens", FOOTAGE (praxi_cli_watch)},
    {"train", "fine-tunes a model on labelled footage", FOOTAGE (praxi_cli_train)},
    {"lighten", "makes a model smaller and faster", FOOTAGE (praxi_cli_lighten)},
    {"tune", "searches for the best way to train", FOOTAGE (praxi_cli_tune)},
    {"render", "draws footage of falls to learn from", FOOTAGE (praxi_cli_render)},
    {"report", "a report of footage as PDF, its timeline as PNG or SVG", praxi_cli_report},
    {"compare", "two models on the same labelled clips", FOOTAGE (praxi_cli_compare)},
#ifdef PRAXI_HAVE_SERVE
    {"serve", "answers HTTP requests on this machine", FOOTAGE (praxi_cli_serve)},
#endif
    {"bench", "measures a model's speed", praxi_cli_bench},
    {"convert", "gives a foreign ONNX model its classes", praxi_cli_convert},
    {"join", "makes one model of several that see the same", praxi_cli_join},
    {"devices", "lists what models can run on", praxi_cli_devices},
    {"run-onnx", "runs ONNX operator tests", praxi_cli_run_onnx},
    {"label", "labels in a project: add, remove, list, import, export, verify", run_label},
    {"decode", NULL, FOOTAGE (praxi_cli_decode)},
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
