/* Clips in, scores out: whole runs, and runs of what a clip does not share with the one before. */
#include "engine/infer/executor-private.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"

/* A hop that came this often in a row is the one to prepare for. */
enum { HOPS_TO_CHANGE = 4 };

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
  } while (!run_program (executor, &is_still, &failed) &&
           praxi_executor_fall_back (executor, &failed));
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

/* Weights that were shed come back for a while. FALSE where memory is short or the file has
 * changed.
 */
static gboolean
take_constants (PraxiExecutor *executor)
{
  PraxiProgram *program = executor->program;
  gboolean has_stem;
  if (program->shed == NULL || program->shed->len == 0)
    return TRUE;
  g_autoptr (PraxiGraph) graph = praxi_executor_resolve (executor->model, executor->batch, NULL);
  return graph != NULL && praxi_executor_simplify (executor, graph, &has_stem, NULL) &&
         praxi_program_take_constants (program, graph);
}

static gboolean
stream_pays (PraxiExecutor *executor, const PraxiStreamOptions *options)
{
  const gboolean pays = take_constants (executor) && praxi_stream_pays (executor->program, options);
  praxi_program_drop_constants (executor->program);
  return pays;
}

/* Where it fails whole runs do as well: NULL. */
static PraxiStream *
make_stream (PraxiExecutor *executor, const PraxiStreamOptions *options)
{
  /* What is kept of a value has to be its own. */
  if (!praxi_program_is_apart (executor->program) &&
      (!stream_pays (executor, options) || !praxi_executor_set_apart (executor)))
    return NULL;
  PraxiStream *stream =
      take_constants (executor) ? praxi_stream_new (executor->program, options, NULL) : NULL;
  praxi_program_drop_constants (executor->program);
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
  if (!executor->has_run) /* the program is another one */
    return praxi_executor_run (executor, clip, 1, scores, error);
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
