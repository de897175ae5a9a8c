/* The executor as what the analyzer scores with. */
#include "engine/infer/analyzer.h"

static gboolean
score_executor (gpointer data, const guint8 *clip, int new_frames, float *scores, GError **error)
{
  return praxi_executor_run_shifted (data, clip, new_frames, scores, error);
}

static int
count_still (gpointer data)
{
  return praxi_executor_n_still (data);
}

PraxiScorer
praxi_scorer_for_executor (const PraxiModel *model, PraxiExecutor *executor)
{
  const PraxiModelSpec *spec = praxi_model_spec (model);
  return (PraxiScorer){.frames = spec->frames,
                       .height = spec->height,
                       .width = spec->width,
                       .rate_hz = spec->rate_hz,
                       .n_classes = spec->n_classes,
                       .classes = (const char *const *) spec->classes,
                       .sha256 = praxi_model_sha256 (model),
                       .score = score_executor,
                       .n_still = count_still,
                       .data = executor};
}
