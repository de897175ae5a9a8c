/* praxi classify: one answer for each short clip. */
#include <math.h>
#include <stdio.h>

#include "app/analysis.h"
#include "app/answer.h"
#include "app/classify-joints.h"
#include "engine/core/error.h"
#include "engine/core/json-lines.h"
#include "engine/core/text.h"

typedef struct {
  char *model_name, *progress;
  PraxiCliDevice device;
  int top;
  double stride_s;
  gboolean json;
  char **paths;

  PraxiCliModel model;
  PraxiJoints *joints; /* instead of model, where files of joints are given */
  PraxiCliFootage footage;
  gboolean json_progress;
  JsonBuilder *builder; /* inside the array "media" */
} Classify;

static gboolean
tick_cb (gpointer data, double done_s, double total_s)
{
  Classify *classify = data;
  praxi_cli_footage_update (&classify->footage, done_s);
  return !praxi_cli_cancelled;
}

static void
mean_scores (const PraxiScoreTrack *track, PraxiAnswer *answer)
{
  g_autofree float *scores = g_new (float, answer->n_classes);
  for (int k = 0; k < praxi_score_track_n_windows (track); k++) {
    for (int c = 0; c < answer->n_classes; c++)
      scores[c] = praxi_score_track_get (track, k, c);
    praxi_answer_add_window (answer, scores);
  }
}

static void
add_json (Classify *classify, const char *path, const PraxiAnswer *answer)
{
  JsonBuilder *builder = classify->builder;
  g_autofree char *file = g_filename_display_name (path);
  json_builder_begin_object (builder);
  praxi_json_add_string (builder, "file", file);
  praxi_answer_add_json (answer, classify->top, builder);
  json_builder_end_object (builder);
}

static void
print_text (const Classify *classify, const char *path, const PraxiAnswer *answer)
{
  g_autofree char *file = praxi_text_file_name (path);
  g_autofree int *order = praxi_answer_order (answer);
  printf ("%s:", file);
  for (int i = 0; i < classify->top; i++)
    printf ("%s %s %d %%", i > 0 ? "," : "", answer->classes[order[i]],
            (int) lround (praxi_answer_score (answer, order[i]) * 100));
  putchar ('\n');
  fflush (stdout);
}

static void
tell_answer (Classify *classify, const char *path, PraxiAnswer *answer)
{
  if (classify->json)
    add_json (classify, path, answer);
  else
    print_text (classify, path, answer);
  praxi_answer_clear (answer);
}

static gboolean
classify_joints (Classify *classify, const char *path, GError **error)
{
  const PraxiModelSpec *spec = praxi_joints_spec (classify->joints);
  PraxiAnswer answer;
  praxi_answer_begin (&answer, (const char *const *) spec->classes, spec->n_classes);
  if (!praxi_joints_answer (classify->joints, path, &answer, error)) {
    praxi_answer_clear (&answer);
    return FALSE;
  }
  tell_answer (classify, path, &answer);
  return TRUE;
}

static gboolean
classify_media (Classify *classify, const char *path, GError **error)
{
  g_autoptr (PraxiMedia) media = praxi_cli_media_open (path, error);
  if (media == NULL)
    return FALSE;
  const double length_s = (double) praxi_media_info (media)->duration_ns / 1e9;
  praxi_cli_footage_open (&classify->footage, path, length_s);
  const PraxiAnalyzerOptions options = {.stride_s = classify->stride_s,
                                        .threads = classify->model.threads,
                                        .tick = tick_cb,
                                        .data = classify};
  g_autoptr (PraxiAnalyzer) analyzer =
      praxi_analyzer_new (media, &classify->model.scorer, &options, error);
  g_autoptr (PraxiScoreTrack) track =
      analyzer != NULL ? praxi_analyzer_create_track (analyzer, NULL, error) : NULL;
  PraxiAnalysis analysis;
  if (track == NULL || !praxi_analyzer_run (analyzer, track, &analysis, error))
    return FALSE;
  PraxiAnswer answer;
  praxi_answer_begin (&answer, classify->model.scorer.classes, classify->model.scorer.n_classes);
  mean_scores (track, &answer);
  tell_answer (classify, path, &answer);
  praxi_cli_footage_close (&classify->footage, length_s);
  return TRUE;
}

/* Names the error and returns the exit status that is the worse one. */
static PraxiExit
worse (PraxiExit status, GError **error)
{
  const PraxiExit other = praxi_cli_fail (error);
  return MAX (status, other);
}

static PraxiExit
classify_all (Classify *classify)
{
  PraxiExit status = PRAXI_EXIT_DONE;
  classify->builder = json_builder_new ();
  json_builder_begin_object (classify->builder);
  json_builder_set_member_name (classify->builder, "media");
  json_builder_begin_array (classify->builder);
  if (classify->joints == NULL)
    praxi_cli_footage_begin (&classify->footage, classify->json_progress, classify->paths);
  for (int i = 0; classify->paths[i] != NULL && status != PRAXI_EXIT_CANCELLED; i++) {
    g_autoptr (GError) error = NULL;
    if (!(classify->joints != NULL ? classify_joints : classify_media) (classify,
                                                                        classify->paths[i], &error))
      status = worse (status, &error);
  }
  if (status != PRAXI_EXIT_CANCELLED && classify->joints == NULL)
    praxi_cli_footage_end (&classify->footage);
  g_clear_pointer (&classify->footage.progress, praxi_cli_progress_free);
  json_builder_end_array (classify->builder);
  json_builder_end_object (classify->builder);
  if (classify->json)
    praxi_json_write (classify->builder, stdout, FALSE);
  g_object_unref (classify->builder);
  return status;
}

static gboolean
check_options (Classify *classify, GError **error)
{
  const char *problem = NULL;
  if (classify->paths == NULL || classify->paths[0] == NULL)
    problem = "classify: no media given; see 'praxi classify --help'";
  else if (classify->top < 0)
    problem = "--top: give a number of classes";
  else if (classify->stride_s < 0 || classify->stride_s > 1e6)
    problem = "--stride: give seconds";
  if (problem == NULL)
    return praxi_cli_wants_json_progress (classify->progress, &classify->json_progress, error);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, problem);
  return FALSE;
}

static gboolean
open_model (Classify *classify, const PraxiExecutorOptions *options, GError **error)
{
  if (!praxi_joints_is_file (classify->paths[0]))
    return praxi_cli_model_open (&classify->model, classify->model_name, options, error);
  g_autofree char *path =
      praxi_cli_model_path (classify->model_name != NULL ? classify->model_name : "light");
  classify->joints = praxi_joints_new (path, options, error);
  return classify->joints != NULL;
}

static PraxiExit
run_command (Classify *classify)
{
  g_autoptr (GError) error = NULL;
  PraxiExecutorOptions options = {0};
  if (!check_options (classify, &error) ||
      !praxi_cli_device_options (&classify->device, &options, &error) ||
      !open_model (classify, &options, &error))
    return praxi_cli_fail (&error);
  const int n_classes = classify->joints != NULL ? praxi_joints_spec (classify->joints)->n_classes
                                                 : classify->model.scorer.n_classes;
  classify->top = classify->top > 0 ? MIN (classify->top, n_classes) : n_classes;
  const PraxiExit status = classify_all (classify);
  praxi_cli_model_close (&classify->model);
  g_clear_pointer (&classify->joints, praxi_joints_free);
  return status;
}

PraxiExit
praxi_cli_classify (int argc, char **argv)
{
  Classify c = {0};
  const GOptionEntry entries[] = {
      {"model", 'm', 0, G_OPTION_ARG_FILENAME, &c.model_name, "Model (default: light)",
       "FILE|light|original"},
      PRAXI_CLI_DEVICE_ENTRIES (c.device),
      {"stride", 0, 0, G_OPTION_ARG_DOUBLE, &c.stride_s, "Seconds between windows (default: 0.5)",
       "S"},
      {"top", 0, 0, G_OPTION_ARG_INT, &c.top, "Print only the N most likely classes", "N"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &c.json, "Print one JSON document", NULL},
      {"progress", 0, 0, G_OPTION_ARG_STRING, &c.progress, "Print progress to stderr", "json"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &c.paths, NULL, NULL},
      {NULL}};
  PraxiExit status;
  if (praxi_cli_parse (
          &argc, &argv, entries, "MEDIA…",
          "Says for each short clip what happens in it (the mean over its windows), or "
          "for each sequence of joints (.npy) what it shows.",
          &status)) {
    praxi_cli_catch_signals ();
    status = run_command (&c);
  }
  g_free (c.model_name);
  praxi_cli_device_clear (&c.device);
  g_free (c.progress);
  g_strfreev (c.paths);
  return status;
}
