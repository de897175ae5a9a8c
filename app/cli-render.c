/* praxi render: footage to learn from, drawn from recorded motion. */
#include <stdio.h>

#include "app/analysis.h"
#include "app/cli.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"
#include "engine/train/render.h"

typedef struct {
  char *mocap, *out, *progress;
  gboolean json, json_progress;
  gint64 seed;
  PraxiRenderOptions options;
  PraxiCliProgress *bar;
} Render;

static gboolean
render_cb (gpointer data, int n_done, int n)
{
  const Render *render = data;
  praxi_cli_progress_update (render->bar, n_done, n);
  return !praxi_cli_cancelled;
}

static void
tell (const Render *render, int n_falls)
{
  if (!render->json) {
    g_autofree char *name = praxi_text_file_name (render->out);
    printf ("%s: %d clips, %d of them falls\n", name, render->options.n, n_falls);
    return;
  }
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  json_builder_begin_object (builder);
  praxi_json_add_int (builder, "clips", render->options.n);
  praxi_json_add_int (builder, "falls", n_falls);
  json_builder_end_object (builder);
  praxi_json_write (builder, stdout, FALSE);
}

static const char *
find_problem (const Render *render)
{
  if (render->mocap == NULL || render->out == NULL)
    return "render: say with --mocap where the motions are and with --out where the clips shall go";
  if (render->options.n < 1 || render->options.n > 100000)
    return "--clips: give 1 to 100000";
  if (!(render->options.falls > 0 && render->options.falls <= 1))
    return "--falls: give more than 0 and at most 1";
  return NULL;
}

static PraxiExit
run (Render *render)
{
  g_autoptr (GError) error = NULL;
  const char *problem = find_problem (render);
  int n_falls = 0;
  render->options.seed = (guint32) render->seed;
  render->options.tick = render_cb;
  render->options.data = render;
  if (problem != NULL) {
    g_set_error_literal (&error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
    return praxi_cli_fail (&error);
  }
  if (!praxi_cli_wants_json_progress (render->progress, &render->json_progress, &error))
    return praxi_cli_fail (&error);
  praxi_cli_catch_signals ();
  render->bar = praxi_cli_progress_new (render->json_progress, "clips");
  const gboolean good =
      praxi_render (render->mocap, render->out, &render->options, &n_falls, &error);
  g_clear_pointer (&render->bar, praxi_cli_progress_free);
  if (!good)
    return praxi_cli_fail (&error);
  tell (render, n_falls);
  return PRAXI_EXIT_DONE;
}

PraxiExit
praxi_cli_render (int argc, char **argv)
{
  Render r = {.options = {.n = 300, .falls = 0.42}};
  const GOptionEntry entries[] = {
      {"mocap", 0, 0, G_OPTION_ARG_FILENAME, &r.mocap,
       "Motions of bodies: index.csv with name and label, NAME.npy [T,18,3] at 30 Hz", "DIR"},
      {"out", 0, 0, G_OPTION_ARG_FILENAME, &r.out, "Where clips and labels.csv go", "DIR"},
      {"clips", 0, 0, G_OPTION_ARG_INT, &r.options.n, "How many (300)", "N"},
      {"falls", 0, 0, G_OPTION_ARG_DOUBLE, &r.options.falls, "Share that shows a fall (0.42)", "P"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &r.seed, "Of what is drawn by chance (0)", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &r.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &r.progress, "Print progress to stderr", "json"},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (&argc, &argv, entries, NULL,
                       "Draws clips of people who fall, and of people who sit or lie down, crouch, "
                       "get up or walk, for 'praxi train --more'.",
                       &status))
    status = run (&r);
  g_free (r.mocap);
  g_free (r.out);
  g_free (r.progress);
  return status;
}
