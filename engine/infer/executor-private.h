/* What the executor's own files share; others use executor.h. */
#pragma once

#include "engine/infer/backend-choice.h"
#include "engine/infer/executor.h"
#include "engine/infer/program.h"
#include "engine/infer/stream.h"

G_BEGIN_DECLS

struct PraxiExecutor {
  PraxiModel *model; /* NULL for a bare graph */
  const PraxiModelSpec *spec;
  PraxiPool *pool;
  PraxiProgram *program;
  PraxiProgramOptions how; /* it is made */
  gint64 macs;
  int batch; /* clips in one run */
  PraxiBackendChoice choice;
  const char *precision;
  gboolean is_fused;
  /* of the motion stem; its row p belongs to frames p and p + 1 */
  gboolean has_stem;
  int64_t first_pair;
  /* what clips that overlap share; made when they first do */
  gboolean has_run; /* on the clip before */
  PraxiStream *stream;
  gboolean stream_is_filled;
  int stream_hop, other_hop, n_other; /* a hop that is not the stream's, so often in a row */
  /* clips in which nothing moves; limit 0: not asked for */
  float still_limit;
  float *still_scores; /* [n_classes] */
  float *motion;       /* [T − 1], of each pair of frames of the last clip */
  int n_still;
  PraxiTensor *inputs, *outputs; /* row-major, without data */
  int n_inputs, n_outputs;
  int score_output;
  /* foreign clips: f32 [batch,3,T,H,W] in channels-last order, and x → (x/255 − mean)/std */
  float *converted;
  float table[3][256];
};

/* The model's graph for that many clips at once. Nothing else holds its constants: they may go one
 * by one.
 * Errors: those of praxi_model_whole_graph and praxi_graph_resolve
 */
PraxiGraph *praxi_executor_resolve (PraxiModel *model, int batch, GError **error);

/* Makes of a resolved graph what the program is made of: the same with fewer operators.
 * has_stem: set where it begins with a motion stem that is one operator now
 */
gboolean praxi_executor_simplify (const PraxiExecutor *executor,
                                  PraxiGraph *graph,
                                  gboolean *has_stem,
                                  GError **error);

/* Makes the program of a model again, every value of it in memory of its own. FALSE, and the
 * program as it was, where that fails.
 */
gboolean praxi_executor_set_apart (PraxiExecutor *executor);

/* Goes on with the processor where *error says that the GPU is lost: what was computed before
 * stands. FALSE, and *error as it was, where that is not so or not possible
 */
gboolean praxi_executor_fall_back (PraxiExecutor *executor, GError **error);

G_END_DECLS
