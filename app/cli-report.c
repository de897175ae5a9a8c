/* praxi report: the report that the window writes. What draws it is the workbench's, and this
 * program knows nothing of the workbench: it runs it, without a window.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "engine/core/error.h"

/* The workbench beside this program, else by the search path. */
static char *
find_workbench (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (self != NULL ? self : ".");
  char *path = g_build_filename (folder, "praxiscope", NULL);
  if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
    return path;
  g_free (path);
  return g_find_program_in_path ("praxiscope");
}

static gboolean
check_ending (const char *out, GError **error)
{
  static const char *const endings[] = {".pdf", ".png", ".svg"};
  for (guint i = 0; out != NULL && i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (out, endings[i]))
      return TRUE;
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                       "--out: give a file that ends in .pdf, .png or .svg");
  return FALSE;
}

static gboolean
check_file (const char *path, const char *advice, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  return praxi_error_fail_file (error, PRAXI_ERROR_NOT_FOUND, path, "not found; %s", advice);
}

static gboolean
run (const char *out, const char *project, const char *media, gboolean json, GError **error)
{
  g_autofree char *workbench = find_workbench ();
  if (workbench == NULL) {
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND,
                         "praxiscope: not found; install the workbench, which draws reports");
    return FALSE;
  }
  /* as paths, or a name that begins with '-' would be taken for an option */
  g_autofree char *absolute = g_canonicalize_filename (out, NULL);
  const char *const argv[] = {
      workbench, "--report", absolute, project, media, json ? "--json" : NULL, NULL};
  execv (workbench, (char *const *) argv);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "praxiscope: %s; install it again",
               g_strerror (errno));
  return FALSE;
}

PraxiExit
praxi_cli_report (int argc, char **argv)
{
  g_autofree char *out = NULL, *project = NULL;
  g_auto (GStrv) paths = NULL;
  gboolean json = FALSE;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
      {"project", 'p', 0, G_OPTION_ARG_FILENAME, &project, "Project with its labels and scores",
       "FILE"},
      {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
       "The report as .pdf, the timeline alone as .png or .svg", "FILE"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, NULL},
      {NULL}};
  PraxiExit status;
  if (!praxi_cli_parse (
          &argc, &argv, entries, "MEDIA",
          "Writes a report of footage: facts, timeline, events with pictures, labels.", &status))
    return status;
  const guint n_paths = paths != NULL ? g_strv_length (paths) : 0;
  if (n_paths != 1 || project == NULL) {
    g_set_error_literal (&error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                         "report: give one media and --project; see 'praxi report --help'");
    return praxi_cli_fail (&error);
  }
  if (!check_ending (out, &error) ||
      !check_file (project, "choose a project that ends in .praxi", &error) ||
      !check_file (paths[0], "choose another file", &error) ||
      !run (out, project, paths[0], json, &error))
    return praxi_cli_fail (&error);
  return PRAXI_EXIT_DONE;
}
