/* The model behind the server: an executor for one clip, two, four and so on, so that a batch of
 * any size runs without a clip too many.
 */
#pragma once

#include "app/analysis.h"

G_BEGIN_DECLS

enum { PRAXI_SERVE_MAX_BATCH = 64, PRAXI_SERVE_SIZES = 7 }; /* 1 … 64 */

typedef struct PraxiServeModel PraxiServeModel;

typedef struct {
  const char *name;              /* NULL: light */
  PraxiExecutorOptions executor; /* of each batch size */
  int max_batch;                 /* 1 … PRAXI_SERVE_MAX_BATCH */
} PraxiServeModelOptions;

/* Runs each executor once, so that what is given out works.
 * Errors: those of praxi_cli_model_open
 */
PraxiServeModel *praxi_serve_model_new (const PraxiServeModelOptions *options, GError **error);
void praxi_serve_model_free (PraxiServeModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiServeModel, praxi_serve_model_free)

/* For PraxiBatcherOptions. Each answer is that of a run of its clip alone, bit for bit.
 * Errors: those of praxi_executor_run. After DEVICE the model is lost.
 * Thread: one
 */
gboolean praxi_serve_model_run (gpointer model,
                                const guint8 *clips,
                                int n_clips,
                                float *scores,
                                GError **error);

/* Below: any thread. */

gboolean praxi_serve_model_is_lost (PraxiServeModel *model);
const PraxiScorer *praxi_serve_model_scorer (const PraxiServeModel *model);
gsize praxi_serve_model_clip_bytes (const PraxiServeModel *model);
const char *praxi_serve_model_name (const PraxiServeModel *model);
const PraxiExecutor *praxi_serve_model_executor (const PraxiServeModel *model); /* for its names */

/* Runs of 1, 2, 3–4, 5–8 … clips that were asked for so far; [PRAXI_SERVE_SIZES] */
void praxi_serve_model_sizes (PraxiServeModel *model, guint64 *sizes);

G_END_DECLS
