#include "app/cli.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/model/zoo.h"

atomic_int praxi_cli_cancelled = 0;

static void
cancel_cb (int signal_number)
{
  (void) signal_number;
  praxi_cli_cancelled = 1;
}

void
praxi_cli_catch_signals (void)
{
  struct sigaction action = {.sa_handler = cancel_cb};
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

gboolean
praxi_cli_parse (int *argc,
                 char ***argv,
                 const GOptionEntry *entries,
                 const char *usage,
                 const char *summary,
                 PraxiExit *exit_status)
{
  gboolean wants_help = FALSE;
  const GOptionEntry help[] = {
      {"help", 'h', 0, G_OPTION_ARG_NONE, &wants_help, "Show this help", NULL}, {NULL}};
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_autofree char *program = g_strdup_printf ("praxi %s", (*argv)[0]);
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, help, NULL);
  g_option_context_set_help_enabled (context, FALSE);
  g_set_prgname (program);

  g_autoptr (GError) error = NULL;
  if (!g_option_context_parse (context, argc, argv, &error)) {
    fprintf (stderr, "praxi: %s; see 'praxi %s --help'\n", error->message, (*argv)[0]);
    *exit_status = PRAXI_EXIT_USAGE;
    return FALSE;
  }
  /* A "--" in front of names that begin with a dash is not a name itself. */
  if (*argc > 1 && strcmp ((*argv)[1], "--") == 0) {
    memmove (*argv + 1, *argv + 2, (size_t) (*argc - 1) * sizeof **argv);
    --*argc;
  }
  if (wants_help) {
    g_autofree char *text = g_option_context_get_help (context, TRUE, NULL);
    fputs (text, stdout);
    *exit_status = PRAXI_EXIT_DONE;
    return FALSE;
  }
  return TRUE;
}

PraxiExit
praxi_cli_fail (GError **error)
{
  PraxiExit status = PRAXI_EXIT_FAILED;
  if (g_error_matches (*error, PRAXI_ERROR, PRAXI_ERROR_USAGE))
    status = PRAXI_EXIT_USAGE;
  else if (g_error_matches (*error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED))
    status = PRAXI_EXIT_CANCELLED;
  fprintf (stderr, "praxi: %s\n", *error != NULL ? (*error)->message : "failed");
  g_clear_error (error);
  return status;
}

struct PraxiCliProgress {
  gboolean json;
  gboolean is_terminal;
  const char *unit;
  gint64 begin_us;
  gint64 last_us;
};

PraxiCliProgress *
praxi_cli_progress_new (gboolean json, const char *unit)
{
  PraxiCliProgress *progress = g_new0 (PraxiCliProgress, 1);
  progress->json = json;
  progress->is_terminal = isatty (STDERR_FILENO);
  progress->unit = unit;
  progress->begin_us = g_get_monotonic_time ();
  return progress;
}

static void
print_json (const PraxiCliProgress *progress, double done, double total, double eta_s)
{
  char text[3][G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd (text[0], sizeof text[0], "%.3f", done);
  g_ascii_formatd (text[1], sizeof text[1], "%.3f", total);
  g_ascii_formatd (text[2], sizeof text[2], "%.1f", eta_s);
  fprintf (stderr, "{\"done\":%s,\"total\":%s,\"unit\":\"%s\",\"eta_s\":%s}\n", text[0], text[1],
           progress->unit, eta_s >= 0 ? text[2] : "null");
}

static void
print_bar (double done, double total, double eta_s)
{
  enum { WIDTH = 32 };
  char bar[WIDTH + 1];
  const double share = total > 0 ? CLAMP (done / total, 0, 1) : 0;
  const int filled = (int) lround (share * WIDTH);
  for (int i = 0; i < WIDTH; i++)
    bar[i] = i < filled ? '#' : '.';
  bar[WIDTH] = '\0';
  g_autofree char *eta = praxi_text_time ((gint64) (MAX (eta_s, 0) * 1e9), 0);
  fprintf (stderr, "\r[%s] %3d %%  %s left ", bar, (int) (share * 100), eta);
  if (done >= total)
    fputc ('\n', stderr);
}

void
praxi_cli_progress_update (PraxiCliProgress *progress, double done, double total)
{
  const gint64 now_us = g_get_monotonic_time ();
  if (!progress->json && !progress->is_terminal)
    return;
  if (done < total && now_us - progress->last_us < 100000)
    return;
  progress->last_us = now_us;
  const double elapsed_s = (double) (now_us - progress->begin_us) / 1e6;
  const double eta_s = done > 0 ? elapsed_s * (total - done) / done : -1;
  if (progress->json)
    print_json (progress, done, total, eta_s);
  else
    print_bar (done, total, eta_s);
  fflush (stderr);
}

void
praxi_cli_progress_free (PraxiCliProgress *progress)
{
  g_free (progress);
}

gboolean
praxi_cli_parse_size (const char *option, const char *text, gint64 *bytes, GError **error)
{
  static const char units[] = "KMGT";
  *bytes = 0;
  if (text == NULL)
    return TRUE;
  char *end;
  const double number = g_ascii_strtod (text, &end);
  const char *unit = *end != '\0' ? strchr (units, g_ascii_toupper (*end)) : NULL;
  double scale = 1;
  for (const char *at = units; unit != NULL && at <= unit; at++)
    scale *= 1024;
  if (end == text || !(number > 0 && number * scale < 1e18) || (*end != '\0' && unit == NULL) ||
      (unit != NULL && end[1] != '\0')) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, "%s %s: give a size like 500M or 20G",
                 option, text);
    return FALSE;
  }
  *bytes = (gint64) (number * scale);
  return TRUE;
}

char *
praxi_cli_model_path (const char *name)
{
  static const char *const bundled[] = {"original", "light", NULL};
  if (!g_strv_contains (bundled, name))
    return g_strdup (name);
  g_autofree char *file = g_strconcat (name, ".onnx", NULL);
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (self != NULL ? self : ".");
  const char *const roots[] = {"../../data/models", "../share/praxiscope/models"};
  for (guint i = 0; i < G_N_ELEMENTS (roots); i++) {
    char *path = g_build_filename (folder, roots[i], file, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return path;
    g_free (path);
  }
  return g_build_filename (PRAXI_DATA_DIR, "models", file, NULL);
}

PraxiModel *
praxi_cli_load_model (const char *name, GError **error)
{
  g_autofree char *path = praxi_cli_model_path (name);
  g_autofree char *net = NULL;
  PraxiZooOptions options;
  if (!g_str_has_prefix (name, "zoo:"))
    return praxi_model_load (path, error);
  if (!praxi_zoo_parse (name + strlen ("zoo:"), &net, &options, error))
    return NULL;
  return praxi_zoo_model (net, &options, error);
}

PraxiModel *
praxi_cli_load_with_spec (const char *name, GError **error)
{
  g_autofree char *path = praxi_cli_model_path (name);
  g_autoptr (PraxiModel) model = praxi_model_load (path, error);
  if (model == NULL || praxi_model_spec (model) != NULL)
    return g_steal_pointer (&model);
  praxi_error_fail_file (error, PRAXI_ERROR_UNSUPPORTED, path,
                         "says nothing of its classes and input; give it a spec with "
                         "'praxi convert'");
  return NULL;
}
