#include "engine/infer/executor.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/backend-choice.h"
#include "engine/infer/fuse.h"
#include "engine/infer/program.h"
#include "engine/infer/stream.h"
#include "engine/model/fold.h"

/* A hop that came this often in a row is the one to prepare for. */
enum { HOPS_TO_CHANGE = 4 };

struct PraxiExecutor {
  PraxiModel *model; /* NULL for a bare graph */
  const PraxiModelSpec *spec;
  PraxiPool *pool;
  PraxiProgram *program;
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

static void
list_tensors (PraxiExecutor *executor, const PraxiGraph *graph)
{
  executor->n_inputs = (int) graph->inputs->len;
  executor->n_outputs = (int) graph->outputs->len;
  executor->inputs = g_new0 (PraxiTensor, graph->inputs->len + 1);
  executor->outputs = g_new0 (PraxiTensor, graph->outputs->len + 1);
  for (int i = 0; i < executor->n_inputs; i++)
    executor->inputs[i] = praxi_graph_value (graph, g_array_index (graph->inputs, int, i))->tensor;
  for (int i = 0; i < executor->n_outputs; i++) {
    PraxiTensor *output = &executor->outputs[i];
    *output = praxi_graph_value (graph, g_array_index (graph->outputs, int, i))->tensor;
    praxi_tensor_set_row_major (output);
    output->data = NULL;
  }
}

/* What the program is made of: the resolved graph, with fewer operators. */
static gboolean
simplify (const PraxiExecutor *executor, PraxiGraph *graph, gboolean *has_stem, GError **error)
{
  if (!executor->is_fused)
    return praxi_graph_fold (graph, error);
  *has_stem = praxi_fuse_motion_stem (graph);
  if (!praxi_fuse (graph, error))
    return FALSE;
  if (g_str_equal (executor->choice.backend->name, "cpu")) {
    praxi_fuse_means (graph);
    praxi_fuse_chains (graph);
  }
  return TRUE;
}

static gboolean
build (PraxiExecutor *executor,
       PraxiGraph *graph,
       const PraxiExecutorOptions *options,
       GError **error)
{
  if (options->threads < 0 || options->threads > 1024 || options->batch < 0 ||
      options->batch > 4096) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "threads have to be 1 to 1024, a batch 1 to 4096");
    return FALSE;
  }
  const PraxiDeviceOptions device = {.budget_bytes = (size_t) options->vram_bytes,
                                     .is_half = options->is_half};
  if (!praxi_backend_choose (options->backend, &device, &executor->choice, error))
    return FALSE;
  if (options->is_half && executor->choice.owned != NULL &&
      g_str_equal (executor->precision, "f32"))
    executor->precision = "f16";
  executor->macs = praxi_graph_macs (graph);
  list_tensors (executor, graph);
  executor->is_fused = !options->no_fuse;
  if (!simplify (executor, graph, &executor->has_stem, error))
    return FALSE;
  if (!praxi_error_from_status (praxi_pool_new (options->threads, &executor->pool),
                                "starting threads", error))
    return FALSE;
  const PraxiProgramOptions how = {.in_place = options->in_place,
                                   .sheds = executor->model != NULL &&
                                            praxi_model_sheds_weights (executor->model)};
  executor->program =
      praxi_program_new (graph, executor->choice.backend, executor->pool, &how, error);
  if (executor->program == NULL)
    return FALSE;
  if (executor->has_stem)
    praxi_program_set_input (executor->program, (int) graph->inputs->len - 1,
                             &executor->first_pair);
  return TRUE;
}

PraxiExecutor *
praxi_executor_new_for_graph (const PraxiGraph *graph,
                              const PraxiBinding *bindings,
                              int n_bindings,
                              const PraxiExecutorOptions *options,
                              GError **error)
{
  const PraxiExecutorOptions none = {0};
  options = options != NULL ? options : &none;
  g_autoptr (PraxiExecutor) executor = g_new0 (PraxiExecutor, 1);
  g_autoptr (PraxiGraph) resolved =
      praxi_graph_resolve (graph, bindings, n_bindings, MAX (options->batch, 1), error);
  executor->precision = "f32";
  executor->batch = 1;
  if (resolved == NULL || !build (executor, resolved, options, error))
    return NULL;
  return g_steal_pointer (&executor);
}

static void
fill_table (PraxiExecutor *executor)
{
  for (int c = 0; c < 3; c++)
    for (int x = 0; x < 256; x++)
      executor->table[c][x] =
          ((float) x / 255.0f - executor->spec->mean[c]) / executor->spec->std[c];
}

/* Clips of foreign models are converted in the order they come in, which is channels-last for
 * NCTHW: the graph's input is told so.
 */
static gboolean
begin_conversion (PraxiExecutor *executor, PraxiGraph *graph, GError **error)
{
  const PraxiModelSpec *spec = executor->spec;
  PraxiTensor *input = &praxi_graph_value (graph, g_array_index (graph->inputs, int, 0))->tensor;
  gsize bytes;
  if (spec->layout == PRAXI_LAYOUT_NCTHW)
    praxi_tensor_set_channels_last (input);
  if (!spec->is_float)
    return TRUE;
  fill_table (executor);
  if (!praxi_tensor_bytes (input, &bytes) || (executor->converted = g_try_malloc (bytes)) == NULL)
    return praxi_error_from_status (PRAXI_STATUS_MEMORY, "a buffer for clips", error);
  return TRUE;
}

static int
find_score_output (const PraxiModelSpec *spec, const PraxiGraph *graph)
{
  for (guint i = 0; i < graph->outputs->len; i++) {
    const int output = g_array_index (graph->outputs, int, i);
    if (g_str_equal (praxi_graph_value (graph, output)->name, spec->output_name))
      return (int) i;
  }
  return 0;
}

/* Nothing else may hold the constants of what it returns: they go one by one. */
static PraxiGraph *
resolve_model (PraxiModel *model, int batch, GError **error)
{
  g_autoptr (PraxiGraph) whole = praxi_model_whole_graph (model, error);
  return whole != NULL ? praxi_graph_resolve (whole, NULL, 0, batch, error) : NULL;
}

static PraxiExecutor *
executor_new (PraxiModel *model, const PraxiExecutorOptions *options, GError **error)
{
  g_autoptr (PraxiExecutor) executor = g_new0 (PraxiExecutor, 1);
  executor->model = praxi_model_ref (model);
  executor->spec = praxi_model_spec (model);
  executor->precision = praxi_model_precision (model);
  if (executor->spec != NULL && executor->spec->layout == PRAXI_LAYOUT_NTJD) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s reads sequences of joints, not footage; 'praxi classify' takes .npy files",
                 praxi_model_name (model));
    return NULL;
  }
  g_autoptr (PraxiGraph) graph = resolve_model (model, MAX (options->batch, 1), error);
  if (graph == NULL)
    return NULL;
  const PraxiTensor *input =
      graph->inputs->len > 0
          ? &praxi_graph_value (graph, g_array_index (graph->inputs, int, 0))->tensor
          : NULL;
  executor->batch = input != NULL && input->rank > 0 ? (int) input->dims[0] : 1;
  if (executor->spec != NULL) {
    executor->score_output = find_score_output (executor->spec, graph);
    if (!begin_conversion (executor, graph, error))
      return NULL;
  }
  if (!build (executor, graph, options, error))
    return NULL;
  return g_steal_pointer (&executor);
}

/* Where a GPU has too little memory fewer clips at once may fit; what fails there the processor can
 * do, unless the GPU was asked for by name.
 */
PraxiExecutor *
praxi_executor_new (PraxiModel *model, const PraxiExecutorOptions *options, GError **error)
{
  PraxiExecutorOptions now = options != NULL ? *options : (PraxiExecutorOptions){0};
  const gboolean is_auto = now.backend == NULL || g_str_equal (now.backend, "auto");
  gboolean may_be_gpu = is_auto || g_str_equal (now.backend, "cuda");
  for (;;) {
    g_autoptr (GError) failed = NULL;
    PraxiExecutor *executor = executor_new (model, &now, &failed);
    const gboolean lacks_memory = g_error_matches (failed, PRAXI_ERROR, PRAXI_ERROR_MEMORY);
    const gboolean is_lost = g_error_matches (failed, PRAXI_ERROR, PRAXI_ERROR_DEVICE);
    if (executor != NULL)
      return executor;
    if (may_be_gpu && lacks_memory && now.batch > 1) {
      now.batch /= 2;
      g_printerr ("praxi: %s; taking %d clips at once\n", failed->message, now.batch);
    } else if (may_be_gpu && is_auto && (lacks_memory || is_lost)) {
      g_printerr ("praxi: %s; using the processor instead\n", failed->message);
      now.backend = "cpu";
      now.batch = options != NULL ? options->batch : 0;
      may_be_gpu = FALSE;
    } else {
      g_propagate_error (error, g_steal_pointer (&failed));
      return NULL;
    }
  }
}

void
praxi_executor_free (PraxiExecutor *executor)
{
  g_clear_pointer (&executor->stream, praxi_stream_free);
  g_clear_pointer (&executor->program, praxi_program_free);
  praxi_backend_choice_clear (&executor->choice);
  if (executor->pool != NULL)
    praxi_pool_free (executor->pool);
  g_clear_pointer (&executor->model, praxi_model_unref);
  g_free (executor->inputs);
  g_free (executor->outputs);
  g_free (executor->converted);
  g_free (executor->still_scores);
  g_free (executor->motion);
  g_free (executor);
}

/* Frames [first, n_frames); those before stand in the buffer. */
static const void *
convert_clips (PraxiExecutor *executor, const guint8 *clips, int first, int n_frames)
{
  const PraxiModelSpec *spec = executor->spec;
  if (!spec->is_float)
    return clips;
  const gsize frame = (gsize) spec->height * (gsize) spec->width;
  float *out = executor->converted + 3 * frame * (gsize) first;
  clips += 3 * frame * (gsize) first;
  for (gsize i = frame * (gsize) first; i < frame * (gsize) n_frames; i++)
    for (int c = 0; c < 3; c++)
      *out++ = executor->table[c][*clips++];
  return executor->converted;
}

void
praxi_scores_from_logits (float *scores, int n)
{
  float top = -INFINITY, sum = 0;
  for (int c = 0; c < n; c++)
    top = MAX (top, scores[c]);
  for (int c = 0; c < n; c++)
    sum += scores[c] = expf (scores[c] - top);
  for (int c = 0; c < n; c++)
    scores[c] /= sum;
}

/* Scores of the clips of one run; logits go through a softmax. */
static void
take_scores (const PraxiExecutor *executor, int n_clips, float *scores)
{
  const PraxiTensor *output = praxi_program_output (executor->program, executor->score_output);
  const int n = executor->spec->n_classes;
  for (int k = 0; k < n_clips; k++, scores += n) {
    for (int c = 0; c < n; c++) {
      const float *at = output->data;
      scores[c] = at[k * output->strides[0] + c * output->strides[1]];
    }
    if (executor->spec->is_logits)
      praxi_scores_from_logits (scores, n);
  }
}

/* Weights that are finite can still overflow; what comes out is shown to people. */
static gboolean
are_numbers (const PraxiExecutor *executor, const float *scores, int n_clips, GError **error)
{
  for (int i = 0; i < n_clips * executor->spec->n_classes; i++)
    if (!isfinite (scores[i])) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                   "%s: gives a score that is not a number; train or export the model again",
                   praxi_model_name (executor->model));
      return FALSE;
    }
  return TRUE;
}

static gboolean
has_spec (const PraxiExecutor *executor, GError **error)
{
  if (executor->spec != NULL)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
               "the model says nothing of its classes; give it a spec with 'praxi convert'");
  return FALSE;
}

/* Bytes of u8 frames. */
static gsize
clip_bytes (const PraxiModelSpec *spec)
{
  return (gsize) spec->frames * (gsize) spec->height * (gsize) spec->width * 3;
}

/* Goes on with the processor where the GPU is lost: what was computed before stands. */
static gboolean
fall_back (PraxiExecutor *executor, GError **error)
{
  const gboolean is_lost = executor->model != NULL && executor->choice.owned != NULL &&
                           g_error_matches (*error, PRAXI_ERROR, PRAXI_ERROR_DEVICE);
  const PraxiExecutorOptions options = {
      .backend = "cpu", .threads = praxi_pool_threads (executor->pool), .batch = executor->batch};
  PraxiExecutor *other = is_lost ? praxi_executor_new (executor->model, &options, NULL) : NULL;
  if (other == NULL)
    return FALSE;
  g_printerr ("praxi: %s: %s; going on with the processor\n", executor->choice.device,
              (*error)->message);
  g_clear_error (error);
  const PraxiExecutor lost = *executor;
  *executor = *other;
  *other = lost;
  if (executor->has_stem)
    praxi_program_set_input (executor->program, executor->n_inputs, &executor->first_pair);
  praxi_executor_free (other);
  return TRUE;
}

/* The highest speed anywhere in the maps of a pair. */
static float
pair_motion (const PraxiTensor *maps, gint64 pair)
{
  enum { SPEED = 2 };
  const gint64 *s = maps->strides;
  const float *at = (const float *) maps->data + pair * s[0] + SPEED * s[1];
  float most = 0;
  for (gint64 y = 0; y < maps->dims[2]; y++)
    for (gint64 x = 0; x < maps->dims[3]; x++)
      most = MAX (most, at[y * s[2] + x * s[3]]);
  return most;
}

/* Runs the stem, where there is a limit, and says whether nothing moves in the clip. *first: the
 * step to go on with
 */
static gboolean
run_stem (PraxiExecutor *executor, int *first, gboolean *is_still, GError **error)
{
  PraxiProgram *program = executor->program;
  const int n_pairs = executor->spec->frames - 1, kept = (int) executor->first_pair;
  *is_still = FALSE;
  *first = 0;
  if (!(executor->still_limit > 0) || executor->batch != 1 || program->device != NULL)
    return TRUE;
  const PraxiStep *stem = &program->steps[0];
  const PraxiStatus status =
      stem->backend->run (stem->kernel, stem->in, stem->out, program->scratch, program->pool);
  if (status != PRAXI_OK)
    return praxi_error_from_status (status, stem->node->name, error);
  memmove (executor->motion, executor->motion + n_pairs - kept, sizeof (float) * (gsize) kept);
  for (int i = kept; i < n_pairs; i++)
    executor->motion[i] = pair_motion (stem->out[0], i);
  *is_still = praxi_executor_motion (executor) < executor->still_limit;
  *first = 1;
  return TRUE;
}

/* What lies behind the stem is not computed: its values are those of an earlier clip. */
static gboolean
leave_out (PraxiExecutor *executor, float *scores)
{
  memcpy (scores, executor->still_scores, sizeof (float) * (gsize) executor->spec->n_classes);
  executor->n_still++;
  executor->stream_is_filled = FALSE;
  executor->has_run = TRUE;
  return TRUE;
}

static gboolean
run_program (PraxiExecutor *executor, gboolean *is_still, GError **error)
{
  int first;
  return run_stem (executor, &first, is_still, error) &&
         (*is_still || praxi_program_run (executor->program, first, error));
}

static gboolean
run_clips (PraxiExecutor *executor, const guint8 *clips, int n_clips, float *scores, GError **error)
{
  const int n_frames = n_clips * executor->spec->frames;
  gboolean is_still = FALSE;
  GError *failed = NULL;
  do {
    praxi_program_set_input (executor->program, 0, convert_clips (executor, clips, 0, n_frames));
    executor->has_run = FALSE;
  } while (!run_program (executor, &is_still, &failed) && fall_back (executor, &failed));
  if (failed != NULL) {
    g_propagate_error (error, failed);
    return FALSE;
  }
  if (is_still)
    return leave_out (executor, scores);
  executor->has_run = executor->stream_is_filled = TRUE;
  take_scores (executor, n_clips, scores);
  return are_numbers (executor, scores, n_clips, error);
}

/* The last, smaller batch: the clips repeat, so that all inputs are there. */
static gboolean
run_rest (PraxiExecutor *executor, const guint8 *clips, int n_clips, float *scores, GError **error)
{
  const gsize bytes = clip_bytes (executor->spec);
  g_autofree guint8 *all = g_malloc (bytes * (gsize) executor->batch);
  for (int i = 0; i < executor->batch; i++)
    memcpy (all + bytes * (gsize) i, clips + bytes * (gsize) (i % n_clips), bytes);
  g_autofree float *all_scores = g_new (float, executor->batch * executor->spec->n_classes);
  const gboolean good = run_clips (executor, all, executor->batch, all_scores, error);
  memcpy (scores, all_scores, sizeof (float) * (gsize) (n_clips * executor->spec->n_classes));
  /* `all` is gone when the next run comes. */
  praxi_program_set_input (executor->program, 0, clips);
  return good;
}

gboolean
praxi_executor_run (PraxiExecutor *executor,
                    const guint8 *clips,
                    int n_clips,
                    float *scores,
                    GError **error)
{
  if (!has_spec (executor, error))
    return FALSE;
  const gsize bytes = clip_bytes (executor->spec);
  executor->first_pair = 0;
  for (int i = 0; i < n_clips; i += executor->batch) {
    const int n = MIN (executor->batch, n_clips - i);
    const guint8 *at = clips + bytes * (gsize) i;
    float *to = scores + i * executor->spec->n_classes;
    if (n == executor->batch ? !run_clips (executor, at, n, to, error)
                             : !run_rest (executor, at, n, to, error))
      return FALSE;
  }
  return TRUE;
}

/* Moves the rows of the pairs that stay to the front of an output of the stem. */
static void
shift_rows (const PraxiTensor *rows, int64_t n_new)
{
  const gsize row = (gsize) rows->strides[0] * praxi_dtype_size (rows->dtype);
  const int64_t n_kept = rows->dims[0] - n_new;
  memmove (rows->data, (guint8 *) rows->data + row * (gsize) n_new, row * (gsize) n_kept);
}

/* Computes the pairs of frames that are new, and all that follows from the maps. */
static gboolean
run_shifted_stem (PraxiExecutor *executor,
                  const guint8 *clip,
                  int new_frames,
                  float *scores,
                  GError **error)
{
  const int n_pairs = executor->spec->frames - 1;
  if (!executor->has_stem || new_frames >= n_pairs)
    return praxi_executor_run (executor, clip, 1, scores, error);
  const PraxiStep *stem = &executor->program->steps[0];
  for (int i = 0; i < stem->node->n_out; i++)
    if (stem->out[i] != NULL)
      shift_rows (stem->out[i], new_frames);
  executor->first_pair = n_pairs - new_frames;
  const gboolean good = run_clips (executor, clip, 1, scores, error);
  executor->first_pair = 0;
  return good;
}

/* Weights that were shed come back for it. Where memory is short or the file has changed, whole
 * runs do as well: NULL.
 */
static PraxiStream *
make_stream (PraxiExecutor *executor, const PraxiStreamOptions *options)
{
  PraxiProgram *program = executor->program;
  if (program->shed == NULL || program->shed->len == 0)
    return praxi_stream_new (program, options, NULL);
  gboolean has_stem;
  g_autoptr (PraxiGraph) graph = resolve_model (executor->model, executor->batch, NULL);
  if (graph == NULL || !simplify (executor, graph, &has_stem, NULL))
    return NULL;
  PraxiStream *stream = NULL;
  if (praxi_program_take_constants (program, graph))
    stream = praxi_stream_new (program, options, NULL);
  praxi_program_drop_constants (program);
  return stream;
}

/* Makes what a hop of new_frames takes. One that comes now and then is not worth a change. */
static void
choose_stream (PraxiExecutor *executor, int new_frames)
{
  if (new_frames == executor->stream_hop) {
    executor->n_other = 0;
    return;
  }
  executor->n_other = new_frames == executor->other_hop ? executor->n_other + 1 : 1;
  executor->other_hop = new_frames;
  if (executor->stream_hop > 0 && executor->n_other < HOPS_TO_CHANGE)
    return;
  const PraxiStreamOptions options = {
      .time_axis = executor->spec->layout == PRAXI_LAYOUT_NCTHW ? 2 : 1,
      .hop_frames = new_frames,
      .first_pair = executor->has_stem ? &executor->first_pair : NULL};
  g_clear_pointer (&executor->stream, praxi_stream_free);
  executor->stream = make_stream (executor, &options);
  executor->stream_is_filled = FALSE;
  executor->stream_hop = new_frames;
}

static const void *
convert_new_frames (PraxiExecutor *executor, const guint8 *clip, int new_frames)
{
  const PraxiModelSpec *spec = executor->spec;
  const gsize frame = 3 * (gsize) spec->height * (gsize) spec->width;
  const gsize n_kept = (gsize) (spec->frames - new_frames);
  if (spec->is_float)
    memmove (executor->converted, executor->converted + frame * (gsize) new_frames,
             sizeof (float) * frame * n_kept);
  return convert_clips (executor, clip, (int) n_kept, spec->frames);
}

static gboolean
run_stream (PraxiExecutor *executor,
            const guint8 *clip,
            int new_frames,
            float *scores,
            GError **error)
{
  praxi_program_set_input (executor->program, 0, convert_new_frames (executor, clip, new_frames));
  executor->has_run = FALSE;
  executor->first_pair = executor->spec->frames - 1 - new_frames;
  praxi_stream_shift (executor->stream);
  gboolean is_still = FALSE;
  int first;
  const gboolean good = run_stem (executor, &first, &is_still, error) &&
                        (is_still || praxi_stream_run (executor->stream, first, error));
  executor->first_pair = 0;
  executor->has_run = good;
  if (!good || is_still)
    return good && leave_out (executor, scores);
  take_scores (executor, 1, scores);
  return are_numbers (executor, scores, 1, error);
}

gboolean
praxi_executor_run_shifted (PraxiExecutor *executor,
                            const guint8 *clip,
                            int new_frames,
                            float *scores,
                            GError **error)
{
  if (!has_spec (executor, error))
    return FALSE;
  const int n_pairs = executor->spec->frames - 1;
  const gboolean can_keep =
      executor->has_run && executor->batch == 1 && executor->program->device == NULL;
  if (!can_keep || new_frames < 1 || new_frames > n_pairs)
    return praxi_executor_run (executor, clip, 1, scores, error);
  choose_stream (executor, new_frames);
  const gboolean can_stream = executor->stream != NULL && executor->stream_is_filled &&
                              new_frames == executor->stream_hop &&
                              (new_frames < n_pairs || !executor->has_stem);
  return can_stream ? run_stream (executor, clip, new_frames, scores, error)
                    : run_shifted_stem (executor, clip, new_frames, scores, error);
}

gboolean
praxi_executor_set_still_limit (PraxiExecutor *executor, float limit, GError **error)
{
  executor->still_limit = 0;
  if (!(limit > 0) || !executor->has_stem || executor->batch != 1 || executor->spec == NULL)
    return TRUE;
  const gsize bytes = clip_bytes (executor->spec);
  g_autofree guint8 *grey = g_malloc (bytes);
  memset (grey, 128, bytes);
  /* Not into the executor: it is another one where the GPU is lost meanwhile. */
  float *scores = g_new (float, executor->spec->n_classes);
  const gboolean good = praxi_executor_run (executor, grey, 1, scores, error);
  g_free (executor->still_scores);
  executor->still_scores = scores;
  g_free (executor->motion);
  executor->motion = g_new0 (float, executor->spec->frames);
  executor->has_run = FALSE;
  executor->still_limit = good ? limit : 0;
  return good;
}

int
praxi_executor_n_still (const PraxiExecutor *executor)
{
  return executor->n_still;
}

float
praxi_executor_motion (const PraxiExecutor *executor)
{
  float most = 0;
  for (int i = 0; executor->motion != NULL && i < executor->spec->frames - 1; i++)
    most = MAX (most, executor->motion[i]);
  return most;
}

double
praxi_executor_stream_share (const PraxiExecutor *executor)
{
  return executor->stream != NULL ? praxi_stream_share (executor->stream) : 1;
}

const char *
praxi_executor_backend_name (const PraxiExecutor *executor)
{
  return executor->program->backend->name;
}

const char *
praxi_executor_device_name (const PraxiExecutor *executor)
{
  return executor->choice.device;
}

const char *
praxi_executor_precision (const PraxiExecutor *executor)
{
  return executor->precision;
}

int
praxi_executor_threads (const PraxiExecutor *executor)
{
  return praxi_pool_threads (executor->pool);
}

int
praxi_executor_batch (const PraxiExecutor *executor)
{
  return executor->batch;
}

gsize
praxi_executor_peak_bytes (const PraxiExecutor *executor)
{
  return praxi_program_bytes (executor->program) +
         (executor->stream != NULL ? praxi_stream_bytes (executor->stream) : 0);
}

gint64
praxi_executor_macs (const PraxiExecutor *executor)
{
  return executor->macs;
}

void
praxi_executor_set_profiling (PraxiExecutor *executor, gboolean on)
{
  PraxiProgram *program = executor->program;
  program->is_timing = on;
  program->timed_runs = 0;
  for (int i = 0; i < program->n_steps; i++)
    program->steps[i].seconds = 0;
}

GArray *
praxi_executor_profile (const PraxiExecutor *executor)
{
  const PraxiProgram *program = executor->program;
  GArray *profile = g_array_new (FALSE, TRUE, sizeof (PraxiExecutorOpProfile));
  for (int i = 0; i < program->n_steps; i++) {
    const PraxiStep *step = &program->steps[i];
    const PraxiExecutorOpProfile entry = {
        .name = step->node->name,
        .op = praxi_op_name (step->node->op.kind),
        .kernel = step->kernel != NULL ? step->backend->kernel_name (step->kernel) : "none",
        .backend = step->kernel != NULL ? step->backend->name : "none",
        .ms = program->timed_runs > 0 ? step->seconds * 1e3 / (double) program->timed_runs : 0,
    };
    g_array_append_val (profile, entry);
  }
  return profile;
}

int
praxi_executor_n_inputs (const PraxiExecutor *executor)
{
  return executor->n_inputs;
}

int
praxi_executor_n_outputs (const PraxiExecutor *executor)
{
  return executor->n_outputs;
}

static const char *
name_in (const PraxiExecutor *executor, const GArray *numbers, int i)
{
  return praxi_graph_value (executor->program->graph, g_array_index (numbers, int, i))->name;
}

const char *
praxi_executor_input_name (const PraxiExecutor *executor, int i)
{
  return name_in (executor, executor->program->graph->inputs, i);
}

const char *
praxi_executor_output_name (const PraxiExecutor *executor, int i)
{
  return name_in (executor, executor->program->graph->outputs, i);
}

const PraxiTensor *
praxi_executor_input (const PraxiExecutor *executor, int i)
{
  return &executor->inputs[i];
}

const PraxiTensor *
praxi_executor_output (const PraxiExecutor *executor, int i)
{
  return &executor->outputs[i];
}

gboolean
praxi_executor_run_tensors (PraxiExecutor *executor,
                            const PraxiTensor *in,
                            const PraxiTensor *out,
                            GError **error)
{
  GError *failed = NULL;
  do {
    executor->first_pair = 0;
    for (int i = 0; i < executor->n_inputs; i++)
      praxi_program_set_input (executor->program, i, in[i].data);
  } while (!praxi_program_run (executor->program, 0, &failed) && fall_back (executor, &failed));
  if (failed != NULL) {
    g_propagate_error (error, failed);
    return FALSE;
  }
  for (int i = 0; i < executor->n_outputs; i++) {
    int64_t count = 0;
    const PraxiTensor *from = praxi_program_output (executor->program, i);
    if (praxi_tensor_count (from, &count) == PRAXI_OK && count > 0)
      praxi_tensor_copy (from, &out[i]);
  }
  return TRUE;
}
