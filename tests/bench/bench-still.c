/* What leaving out clips without motion would leave out, and what it would cost, on real footage.
 *
 * usage: bench-still MODEL.onnx VIDEO…
 *
 * Prints, for limits of the motion stem's speed, how many windows stay below, and of these the
 * highest score of a class that is no background and the farthest any score lies from that of a
 * still picture.
 */
#include <math.h>
#include <stdio.h>

#include "engine/infer/analyzer.h"
#include "engine/infer/events.h"

/* Never reached, so that nothing is left out while it is measured. */
#define TINY 1e-12f

typedef struct {
  float motion, score, apart;
} Window;

typedef struct {
  const PraxiModelSpec *spec;
  PraxiExecutor *executor;
  float *still;    /* [n_classes] */
  GArray *windows; /* of Window */
} Bench;

static gboolean
score_cb (gpointer data, const guint8 *clip, int new_frames, float *scores, GError **error)
{
  const Bench *bench = data;
  if (!praxi_executor_run_shifted (bench->executor, clip, new_frames, scores, error))
    return FALSE;
  Window window = {.motion = praxi_executor_motion (bench->executor)};
  for (int c = 0; c < bench->spec->n_classes; c++) {
    window.apart = fmaxf (window.apart, fabsf (scores[c] - bench->still[c]));
    if (!praxi_events_is_background (bench->spec->classes[c]))
      window.score = fmaxf (window.score, scores[c]);
  }
  g_array_append_val (bench->windows, window);
  return TRUE;
}

static gboolean
run_video (Bench *bench, PraxiScorer *scorer, const char *path, GError **error)
{
  g_autoptr (PraxiMedia) media = praxi_media_open (path, error);
  g_autoptr (PraxiAnalyzer) analyzer =
      media != NULL ? praxi_analyzer_new (media, scorer, NULL, error) : NULL;
  g_autoptr (PraxiScoreTrack) track =
      analyzer != NULL ? praxi_analyzer_create_track (analyzer, NULL, error) : NULL;
  PraxiAnalysis analysis;
  return track != NULL && praxi_analyzer_run (analyzer, track, &analysis, error);
}

static void
print_limits (const GArray *windows)
{
  printf ("%8s %10s %10s %14s\n", "limit", "windows", "score <=", "apart <=");
  for (double limit = 0.01; limit < 20; limit *= 1.4142135623730951) {
    int n = 0;
    float score = 0, apart = 0;
    for (guint i = 0; i < windows->len; i++) {
      const Window *window = &g_array_index (windows, Window, i);
      if (!(window->motion < limit))
        continue;
      n++;
      score = fmaxf (score, window->score);
      apart = fmaxf (apart, window->apart);
    }
    printf ("%8.3f %4d/%5u %10.4f %14.4f\n", limit, n, windows->len, score, apart);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiModel) model = argc > 2 ? praxi_model_load (argv[1], &error) : NULL;
  const PraxiExecutorOptions options = {.threads = 1};
  g_autoptr (PraxiExecutor) executor =
      model != NULL ? praxi_executor_new (model, &options, &error) : NULL;
  if (executor == NULL || !praxi_executor_set_still_limit (executor, TINY, &error)) {
    fprintf (stderr, "bench-still: %s\n", error != NULL ? error->message : "MODEL VIDEO…");
    return 1;
  }
  Bench bench = {.spec = praxi_model_spec (model), .executor = executor};
  const gsize bytes =
      (gsize) bench.spec->frames * (gsize) bench.spec->height * (gsize) bench.spec->width * 3;
  g_autofree guint8 *black = g_malloc0 (bytes);
  g_autofree float *still = g_new (float, bench.spec->n_classes);
  g_autoptr (GArray) windows = g_array_new (FALSE, FALSE, sizeof (Window));
  bench.still = still;
  bench.windows = windows;
  if (!praxi_executor_run (executor, black, 1, still, &error))
    return 1;
  PraxiScorer scorer = praxi_scorer_for_executor (model, executor);
  scorer.score = score_cb;
  scorer.data = &bench;
  for (int i = 2; i < argc; i++)
    if (!run_video (&bench, &scorer, argv[i], &error)) {
      fprintf (stderr, "bench-still: %s\n", error->message);
      g_clear_error (&error);
    }
  print_limits (windows);
  return 0;
}
