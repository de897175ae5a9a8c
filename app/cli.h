/* What the commands of `praxi` share. Each command lives in cli-<command>.c. */
#pragma once

#include <glib.h>
#include <stdatomic.h>

#include "engine/model/model.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_EXIT_DONE = 0,
  PRAXI_EXIT_FAILED = 1,
  PRAXI_EXIT_USAGE = 2,
  PRAXI_EXIT_CANCELLED = 130,
} PraxiExit;

typedef struct {
  const char *name;
  const char *summary;                      /* one line for `praxi --help`; NULL: not for people */
  PraxiExit (*run) (int argc, char **argv); /* argv[0] is the command's name */
} PraxiCliCommand;

PraxiExit praxi_cli_info (int argc, char **argv);
PraxiExit praxi_cli_frames (int argc, char **argv);
PraxiExit praxi_cli_decode (int argc, char **argv);
PraxiExit praxi_cli_analyze (int argc, char **argv);
PraxiExit praxi_cli_classify (int argc, char **argv);
PraxiExit praxi_cli_watch (int argc, char **argv);
PraxiExit praxi_cli_label (int argc, char **argv);
PraxiExit praxi_cli_train (int argc, char **argv);
PraxiExit praxi_cli_lighten (int argc, char **argv);
PraxiExit praxi_cli_tune (int argc, char **argv);
PraxiExit praxi_cli_render (int argc, char **argv);
PraxiExit praxi_cli_report (int argc, char **argv);
PraxiExit praxi_cli_compare (int argc, char **argv);
PraxiExit praxi_cli_serve (int argc, char **argv);
PraxiExit praxi_cli_bench (int argc, char **argv);
PraxiExit praxi_cli_run_onnx (int argc, char **argv);
PraxiExit praxi_cli_convert (int argc, char **argv);
PraxiExit praxi_cli_join (int argc, char **argv);
PraxiExit praxi_cli_devices (int argc, char **argv);

/* Parses argv with GOption. entries: the command's own options, ended by an empty one; borrowed.
 * usage:   what stands behind the options ("MEDIA…"); summary: what --help says
 * Returns  TRUE to go on; FALSE when *exit_status says how to leave (help was shown, wrong usage).
 */
gboolean praxi_cli_parse (int *argc,
                          char ***argv,
                          const GOptionEntry *entries,
                          const char *usage,
                          const char *summary,
                          PraxiExit *exit_status);

/* Prints "praxi: MESSAGE" to stderr, clears the error and returns the exit status that fits it. */
PraxiExit praxi_cli_fail (GError **error);

/* Set by SIGINT and SIGTERM once praxi_cli_catch_signals was called; long work looks at it at least
 * once a frame, stores what it has and returns PRAXI_EXIT_CANCELLED. Any thread may read it; the
 * signal may come on any.
 */
extern atomic_int praxi_cli_cancelled;
void praxi_cli_catch_signals (void);

/* Progress on stderr: one JSON object per line when json, a bar when stderr is a terminal, else
 * nothing. done and total count `unit`; at most ten updates a second, and always the last one.
 */
typedef struct PraxiCliProgress PraxiCliProgress;
PraxiCliProgress *praxi_cli_progress_new (gboolean json, const char *unit);
void praxi_cli_progress_update (PraxiCliProgress *progress, double done, double total);
void praxi_cli_progress_free (PraxiCliProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiCliProgress, praxi_cli_progress_free)

/* "20G", "500M", "1000000" → bytes; NULL → 0. option: stands for it in the message
 * Errors: USAGE
 */
gboolean praxi_cli_parse_size (const char *option, const char *text, gint64 *bytes, GError **error);

/* The path of a bundled model for "original" or "light", else the name itself. Looks beside the
 * build first, then in the installed data directory. Free with g_free.
 */
char *praxi_cli_model_path (const char *name);

/* Loads what praxi_cli_model_path finds, or builds "zoo:NAME[:key=value,…]" (engine/model/zoo.h).
 * Errors: those of praxi_model_load and praxi_zoo_parse
 */
PraxiModel *praxi_cli_load_model (const char *name, GError **error);

/* Loads what praxi_cli_model_path finds, refusing a model that does not say its classes and input.
 * Errors: those of praxi_model_load; UNSUPPORTED
 */
PraxiModel *praxi_cli_load_with_spec (const char *name, GError **error);

G_END_DECLS
