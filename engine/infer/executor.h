/* Runs a model on a backend: shapes fixed, operators fused, memory planned and kernels prepared
 * once; a run allocates nothing. An operator that the backend lacks runs on `ref`.
 */
#pragma once

#include "engine/model/model.h"

G_BEGIN_DECLS

typedef struct {
  const char *backend; /* NULL or "auto": the best there is; "cuda", "cpu", "ref" */
  int threads;         /* 0: one per processor this process may use */
  int batch;           /* clips in one run, for models with an open first dimension; 0: 1 */
  gint64 vram_bytes;   /* the most of a GPU's memory that this executor may take; 0: all */
  gboolean is_half;    /* a GPU computes f32 convolutions in f16, sums in f32 */
  gboolean in_place;   /* elementwise operators write over an input that nothing reads after them */
  gboolean no_fuse;    /* leaves every operator as the file has it: slow, for comparison */
} PraxiExecutorOptions;

typedef struct PraxiExecutor PraxiExecutor;

/* A GPU that has too little memory takes fewer clips at once, or with "auto" the processor does it;
 * one that fails later hands over to the processor. Each is said on stderr.
 * options: NULL for the defaults
 * Errors:  UNSUPPORTED (backend, operator), FORMAT, MEMORY, DEVICE
 * Thread:  one executor serves one thread at a time; it owns its thread pool
 */
PraxiExecutor *
praxi_executor_new (PraxiModel *model, const PraxiExecutorOptions *options, GError **error);
void praxi_executor_free (PraxiExecutor *executor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiExecutor, praxi_executor_free)

/* Scores clips. The model must have a spec.
 * clips:  u8 [n_clips,T,H,W,3], dense; T, H and W of the spec; borrowed
 * scores: f32 [n_clips,classes], probabilities; caller-allocated
 * Errors: DEVICE (lost, and the processor could not go on; executor unusable), FORMAT (a score that
 *         is not a number, an index out of range), UNSUPPORTED (no spec)
 */
gboolean praxi_executor_run (PraxiExecutor *executor,
                             const guint8 *clips,
                             int n_clips,
                             float *scores,
                             GError **error);

/* praxi_executor_run for one clip whose first T − new_frames frames are the last ones of the clip
 * of the previous call: every row of time that those frames alone decide is kept, through temporal
 * operators too. INT8 values are those of praxi_executor_run, bit for bit. new_frames = T, or a
 * first call, computes all; the memory is made when clips first overlap, and again when they go on
 * overlapping by another number of frames.
 * Errors: as praxi_executor_run
 */
gboolean praxi_executor_run_shifted (PraxiExecutor *executor,
                                     const guint8 *clip,
                                     int new_frames,
                                     float *scores,
                                     GError **error);

/* Multiply-adds of a shifted run as a share of a whole one's, 1 while or where nothing but the
 * motion stem keeps anything.
 */
double praxi_executor_stream_share (const PraxiExecutor *executor);

/* Clips in which nothing moves: where the motion stem's speed stays below `limit` everywhere in a
 * clip, the rest of the network is left out and the scores are those of a picture that stands
 * still. limit: 0 switches it off, as it is at first; without a stem it stays off. Scores of other
 * clips do not change.
 * Errors: as praxi_executor_run, which it does once
 */
gboolean praxi_executor_set_still_limit (PraxiExecutor *executor, float limit, GError **error);
int praxi_executor_n_still (const PraxiExecutor *executor); /* clips left out so far */
/* The highest speed in the maps of the last clip, 0 without a stem or a limit. */
float praxi_executor_motion (const PraxiExecutor *executor);

const char *praxi_executor_backend_name (const PraxiExecutor *executor); /* that really runs it */
const char *praxi_executor_device_name (const PraxiExecutor *executor); /* "Intel Xeon … (avx2)" */
const char *praxi_executor_precision (const PraxiExecutor *executor);   /* "int8", "f16", "f32" */
int praxi_executor_threads (const PraxiExecutor *executor);
int praxi_executor_batch (const PraxiExecutor *executor);
gsize praxi_executor_peak_bytes (const PraxiExecutor *executor); /* activations, scratch, weights */
gint64 praxi_executor_macs (const PraxiExecutor *executor);      /* of one run of the whole batch */

typedef struct {
  const char *name;    /* of the node */
  const char *op;      /* ONNX's name or the fused one's */
  const char *kernel;  /* what runs it: "conv-dense-vnni", "ref", "view" */
  const char *backend; /* "cpu", "ref" */
  double ms;           /* mean over the runs since profiling was switched on */
} PraxiExecutorOpProfile;

/* Times every operator of the runs that follow. */
void praxi_executor_set_profiling (PraxiExecutor *executor, gboolean on);
/* One entry an operator, in the order they run; strings live as long as the executor. Free the
 * array with g_array_unref.
 */
GArray *praxi_executor_profile (const PraxiExecutor *executor);

/* Logits f32 [n] become probabilities, in place. */
void praxi_scores_from_logits (float *scores, int n);

/* Below: any graph, named tensors. */

/* bindings: shapes of inputs; those with data become constants and are inputs no more
 * Errors:   as praxi_executor_new
 */
PraxiExecutor *praxi_executor_new_for_graph (const PraxiGraph *graph,
                                             const PraxiBinding *bindings,
                                             int n_bindings,
                                             const PraxiExecutorOptions *options,
                                             GError **error);
int praxi_executor_n_inputs (const PraxiExecutor *executor);
int praxi_executor_n_outputs (const PraxiExecutor *executor);
const char *praxi_executor_input_name (const PraxiExecutor *executor, int i);
const char *praxi_executor_output_name (const PraxiExecutor *executor, int i);
/* Shapes, row-major strides, no data. */
const PraxiTensor *praxi_executor_input (const PraxiExecutor *executor, int i);
const PraxiTensor *praxi_executor_output (const PraxiExecutor *executor, int i);

/* in, out: one row-major tensor with data for each input and output, in their order; borrowed
 * Errors:  DEVICE, as praxi_executor_run, and FORMAT (an index out of range)
 */
gboolean praxi_executor_run_tensors (PraxiExecutor *executor,
                                     const PraxiTensor *in,
                                     const PraxiTensor *out,
                                     GError **error);

G_END_DECLS
