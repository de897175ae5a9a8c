#include "engine/infer/analyzer.h"

#include <string.h>
#include <time.h>

#include "engine/core/error.h"
#include "engine/infer/clip-reader.h"
#include "engine/infer/window-plan.h"
#include "engine/media/clip-sampler.h"

#define DEFAULT_STRIDE_S 0.5

/* Frames the reader may be ahead beyond those of one window: a few seconds of footage, so that a
 * slow group of pictures does not leave inference waiting.
 */
enum { AHEAD_FRAMES = 32, TICK_MS = 50 };

struct PraxiAnalyzer {
  PraxiMedia *media;
  const PraxiScorer *scorer;
  PraxiAnalyzerOptions options;
  PraxiClipSampler *sampler;
  PraxiWindowSample *sample; /* what estimates are made of; NULL: the footage is too short */
  char *warning;
};

/* What a run carries from window to window. */
typedef struct {
  PraxiAnalyzer *analyzer;
  const PraxiWindowPlan *plan; /* of the pass at hand */
  gboolean is_estimate;        /* the pass is over a sample */
  PraxiClipReader *reader;
  PraxiScoreTrack *track;
  PraxiAnalysis *analysis;
  gsize frame_bytes;
  guint8 *clip;  /* [T,H,W,3] */
  int *ordinals; /* [T], of the window at hand */
  int *previous; /* [T], of the clip the scorer saw last; −1: none */
  float *scores; /* [n_classes] */
  int n_checked; /* wanted frames of the pass that are in the checksum */
  int n_done;    /* windows of all passes but estimates */
  gint64 next_tick_us;
} Run;

static void
window_ordinals (const PraxiAnalyzer *analyzer, int k, int *ordinals)
{
  gint64 start_ns, end_ns;
  praxi_clip_sampler_window (analyzer->sampler, k, &start_ns, &end_ns, ordinals);
}

PraxiAnalyzer *
praxi_analyzer_new (PraxiMedia *media,
                    const PraxiScorer *scorer,
                    const PraxiAnalyzerOptions *options,
                    GError **error)
{
  g_autoptr (PraxiAnalyzer) analyzer = g_new0 (PraxiAnalyzer, 1);
  analyzer->media = praxi_media_ref (media);
  analyzer->scorer = scorer;
  if (options != NULL)
    analyzer->options = *options;
  if (!(analyzer->options.stride_s > 0))
    analyzer->options.stride_s = DEFAULT_STRIDE_S;
  const PraxiClipSamplerOptions sampling = {
      .frames = scorer->frames, .rate_hz = scorer->rate_hz, .stride_s = analyzer->options.stride_s};
  analyzer->sampler = praxi_clip_sampler_new (praxi_media_index (media), &sampling);
  if (analyzer->sampler == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s: the model asks for %d frames at %g Hz; choose another model",
                 praxi_media_info (media)->path, scorer->frames, scorer->rate_hz);
    return NULL;
  }
  analyzer->sample =
      praxi_window_sample_new (analyzer->sampler, praxi_media_index (media), scorer->frames);
  return g_steal_pointer (&analyzer);
}

void
praxi_analyzer_free (PraxiAnalyzer *analyzer)
{
  if (analyzer == NULL)
    return;
  praxi_clip_sampler_free (analyzer->sampler);
  praxi_media_unref (analyzer->media);
  praxi_window_sample_free (analyzer->sample);
  g_free (analyzer->warning);
  g_free (analyzer);
}

PraxiScoreTrack *
praxi_analyzer_create_track (const PraxiAnalyzer *analyzer, const char *path, GError **error)
{
  const PraxiScoreTrackSpec spec = {.classes = analyzer->scorer->classes,
                                    .n_classes = analyzer->scorer->n_classes,
                                    .n_windows = praxi_clip_sampler_n_slots (analyzer->sampler),
                                    .start_ns = praxi_clip_sampler_start_ns (analyzer->sampler),
                                    .stride_ns = praxi_clip_sampler_stride_ns (analyzer->sampler),
                                    .window_ns = praxi_clip_sampler_window_ns (analyzer->sampler),
                                    .model_sha256 = analyzer->scorer->sha256};
  return praxi_score_track_create (path, &spec, error);
}

gboolean
praxi_analyzer_can_estimate (const PraxiAnalyzer *analyzer)
{
  return analyzer->sample != NULL;
}

PraxiScoreTrack *
praxi_analyzer_create_estimate (const PraxiAnalyzer *analyzer, const char *path, GError **error)
{
  const gint64 block_ns =
      analyzer->sample->block_slots * praxi_clip_sampler_stride_ns (analyzer->sampler);
  const PraxiScoreTrackSpec spec = {.classes = analyzer->scorer->classes,
                                    .n_classes = analyzer->scorer->n_classes,
                                    .n_windows = analyzer->sample->n_blocks,
                                    .start_ns = praxi_clip_sampler_start_ns (analyzer->sampler),
                                    .stride_ns = block_ns,
                                    .window_ns = block_ns,
                                    .model_sha256 = analyzer->scorer->sha256};
  return praxi_score_track_create (path, &spec, error);
}

void
praxi_analyzer_set_estimate (PraxiAnalyzer *analyzer, PraxiScoreTrack *estimate)
{
  analyzer->options.estimate = estimate;
}

/* The footage up to the end of window k, the nth to be done. */
static double
done_s (const PraxiAnalyzer *analyzer, int k, int n_done)
{
  const gboolean in_order = n_done == k + 1;
  PraxiFrameIndex *index = praxi_media_index (analyzer->media);
  gint64 start_ns, end_ns;
  int slot;
  praxi_analyzer_window (analyzer, k, &start_ns, &end_ns, &slot);
  const gint64 total_ns = praxi_frame_index_duration_ns (index);
  const gint64 done_ns = end_ns - praxi_frame_index_pts_ns (index, 0);
  if (in_order)
    return (double) MIN (done_ns, total_ns) / 1e9;
  return (double) total_ns / 1e9 * n_done / praxi_analyzer_n_windows (analyzer);
}

/* Tells the caller how far it is, now and then. FALSE: stop. */
static gboolean
tick (Run *run, GError **error)
{
  const PraxiAnalyzerOptions *options = &run->analyzer->options;
  const gint64 now_us = g_get_monotonic_time ();
  if (options->tick == NULL || now_us < run->next_tick_us)
    return TRUE;
  run->next_tick_us = now_us + TICK_MS * 1000;
  PraxiFrameIndex *index = praxi_media_index (run->analyzer->media);
  const double total_s = (double) praxi_frame_index_duration_ns (index) / 1e9;
  if (options->tick (options->data, run->analysis->footage_s, total_s))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED,
               "%s: cancelled; what was finished is kept",
               praxi_media_info (run->analyzer->media)->path);
  return FALSE;
}

/* FNV-1a on 64-bit words: the same frames give the same number on every model's run. */
static void
add_to_checksum (guint64 *checksum, const guint8 *bytes, gsize n_bytes)
{
  for (gsize i = 0; i + 8 <= n_bytes; i += 8) {
    guint64 word;
    memcpy (&word, bytes + i, sizeof word);
    *checksum = (*checksum ^ GUINT64_TO_LE (word)) * G_GUINT64_CONSTANT (0x100000001b3);
  }
}

/* Waits for the frames of the window, each with its tick. FALSE: stop. */
static gboolean
wait_for_frames (Run *run, int first, int last, GError **error)
{
  const PraxiScorer *scorer = run->analyzer->scorer;
  for (int i = MAX (first, run->n_checked); i <= last; i++) {
    while (!praxi_clip_reader_wait (run->reader, i, TICK_MS))
      if (!tick (run, error))
        return FALSE;
    if (!tick (run, error))
      return FALSE;
    const guint8 *frame = praxi_clip_reader_frame (run->reader, i);
    if (frame != NULL && !run->is_estimate)
      add_to_checksum (&run->analysis->input_checksum, frame,
                       (gsize) scorer->width * scorer->height * 3);
    run->analysis->n_frames += frame != NULL && !run->is_estimate;
    run->n_checked = i + 1;
  }
  return TRUE;
}

/* How many frames at the end of the clip the scorer has not seen in its last clip; at least 1. */
static int
count_new_frames (const Run *run, int T)
{
  for (int shift = 1; shift < T; shift++)
    if (memcmp (run->previous + shift, run->ordinals, sizeof (int) * (gsize) (T - shift)) == 0)
      return shift;
  return T;
}

/* The next window shares nothing with the clip. */
static void
forget_clip (Run *run, int T)
{
  for (int i = 0; i < T; i++)
    run->previous[i] = -1;
}

/* Puts the clip together. FALSE: a frame of it is lost. */
static gboolean
assemble (Run *run, int new_frames)
{
  const int T = run->analyzer->scorer->frames;
  memmove (run->clip, run->clip + run->frame_bytes * (gsize) new_frames,
           run->frame_bytes * (gsize) (T - new_frames));
  for (int i = T - new_frames; i < T; i++) {
    const int at = praxi_window_plan_find (run->plan, run->ordinals[i]);
    const guint8 *frame = praxi_clip_reader_frame (run->reader, at);
    if (frame == NULL)
      return FALSE;
    memcpy (run->clip + run->frame_bytes * (gsize) i, frame, run->frame_bytes);
  }
  return TRUE;
}

/* Keeps the scores of the ith window of the pass, which is window k. */
static gboolean
keep_scores (Run *run, int i, int k, GError **error)
{
  const PraxiAnalyzer *analyzer = run->analyzer;
  if (run->is_estimate) {
    run->analysis->n_estimated++;
    return praxi_score_track_put (analyzer->options.estimate, analyzer->sample->blocks[i],
                                  run->scores, error);
  }
  if (analyzer->options.visit != NULL)
    analyzer->options.visit (analyzer->options.data, k, run->clip, run->scores);
  run->analysis->n_scored++;
  return praxi_score_track_put (run->track, praxi_clip_sampler_slot (analyzer->sampler, k),
                                run->scores, error);
}

/* Processor time of this thread. */
static double
thread_s (void)
{
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static int
count_still (const PraxiScorer *scorer)
{
  return scorer->n_still != NULL ? scorer->n_still (scorer->data) : 0;
}

static gboolean
score_window (Run *run, int new_frames, GError **error)
{
  const PraxiScorer *scorer = run->analyzer->scorer;
  const int n_still = count_still (scorer);
  const gint64 begin_us = g_get_monotonic_time ();
  const double begin_s = thread_s ();
  if (!scorer->score (scorer->data, run->clip, new_frames, run->scores, error))
    return FALSE;
  if (!run->is_estimate)
    run->analysis->n_still += count_still (scorer) - n_still;
  run->analysis->infer_s += (double) (g_get_monotonic_time () - begin_us) / 1e6;
  run->analysis->infer_cpu_s += thread_s () - begin_s;
  memcpy (run->previous, run->ordinals, sizeof (int) * (gsize) scorer->frames);
  return TRUE;
}

static gboolean
run_window (Run *run, int i, GError **error)
{
  const int T = run->analyzer->scorer->frames, k = run->plan->windows[i];
  window_ordinals (run->analyzer, k, run->ordinals);
  const int first = praxi_window_plan_find (run->plan, run->ordinals[0]);
  const int last = praxi_window_plan_find (run->plan, run->ordinals[T - 1]);
  praxi_clip_reader_release (run->reader, first);
  if (!wait_for_frames (run, first, last, error))
    return FALSE;
  const int new_frames = count_new_frames (run, T);
  if (assemble (run, new_frames)) {
    if (!score_window (run, new_frames, error) || !keep_scores (run, i, k, error))
      return FALSE;
  } else {
    forget_clip (run, T); /* it is half old, half new */
    run->analysis->n_lost += !run->is_estimate;
  }
  if (!run->is_estimate)
    run->analysis->footage_s = done_s (run->analyzer, k, ++run->n_done);
  return tick (run, error);
}

/* Reads and scores the windows of a plan. */
static gboolean
run_pass (Run *run, const PraxiWindowPlan *plan, GError **error)
{
  PraxiAnalyzer *analyzer = run->analyzer;
  const PraxiClipReaderOptions reading = {.wanted = plan->wanted,
                                          .n_wanted = plan->n_wanted,
                                          .width_px = analyzer->scorer->width,
                                          .height_px = analyzer->scorer->height,
                                          .ahead_frames = plan->widest + AHEAD_FRAMES,
                                          .threads = analyzer->options.threads};
  g_autoptr (PraxiClipReader) reader = praxi_clip_reader_new (analyzer->media, &reading, error);
  if (reader == NULL)
    return FALSE;
  run->plan = plan;
  run->reader = reader;
  run->n_checked = 0;
  gboolean good = TRUE;
  for (int i = 0; i < plan->n_windows && good; i++)
    good = run_window (run, i, error);
  run->analysis->decode_s += (double) praxi_clip_reader_busy_ns (reader) / 1e9;
  const GError *why = good ? praxi_clip_reader_error (reader) : NULL;
  if (why != NULL && analyzer->warning == NULL)
    analyzer->warning = g_strdup (why->message);
  return good;
}

static gboolean
run_span (Run *run, PraxiWindowSpan span, GError **error)
{
  const PraxiAnalyzer *analyzer = run->analyzer;
  const int n = span.end - span.first;
  g_autofree int *windows = g_new (int, n);
  for (int i = 0; i < n; i++)
    windows[i] = span.first + i;
  g_autoptr (PraxiWindowPlan) plan = praxi_window_plan_new (
      analyzer->sampler, analyzer->scorer->frames,
      praxi_frame_index_length (praxi_media_index (analyzer->media)), windows, n);
  return run_pass (run, plan, error);
}

/* Quick and coarse, before anything else. */
static gboolean
run_estimate (Run *run, GError **error)
{
  const PraxiAnalyzer *analyzer = run->analyzer;
  const PraxiWindowSample *sample = analyzer->sample;
  if (analyzer->options.estimate == NULL || sample == NULL)
    return TRUE;
  const gint64 begin_us = g_get_monotonic_time ();
  g_autoptr (PraxiWindowPlan) plan =
      praxi_window_plan_new (analyzer->sampler, analyzer->scorer->frames,
                             praxi_frame_index_length (praxi_media_index (analyzer->media)),
                             sample->windows, sample->n_windows);
  run->is_estimate = TRUE;
  const gboolean good =
      run_pass (run, plan, error) &&
      praxi_score_track_finish (analyzer->options.estimate, PRAXI_SCORE_TRACK_FINISHED, error);
  run->is_estimate = FALSE;
  run->analysis->estimate_s = (double) (g_get_monotonic_time () - begin_us) / 1e6;
  return good;
}

static GArray *
order_of (const PraxiAnalyzer *analyzer)
{
  const PraxiAnalyzerOptions *options = &analyzer->options;
  if (options->estimate != NULL || options->first_end_ns > options->first_start_ns)
    return praxi_window_order (analyzer->sampler, options->first_start_ns, options->first_end_ns,
                               options->estimate);
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (PraxiWindowSpan));
  const PraxiWindowSpan all = {0, praxi_analyzer_n_windows (analyzer)};
  g_array_append_val (spans, all);
  return spans;
}

static gboolean
run_passes (Run *run, GError **error)
{
  if (!run_estimate (run, error))
    return FALSE;
  g_autoptr (GArray) spans = order_of (run->analyzer);
  for (guint i = 0; i < spans->len; i++)
    if (!run_span (run, g_array_index (spans, PraxiWindowSpan, i), error))
      return FALSE;
  if (run->analysis->n_scored > 0)
    return TRUE;
  if (run->analyzer->warning != NULL)
    g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, run->analyzer->warning);
  else
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s: no window of it could be decoded whole: it is damaged; try to repair it with "
                 "ffmpeg",
                 praxi_media_info (run->analyzer->media)->path);
  return FALSE;
}

static gboolean
run_all (Run *run, GError **error)
{
  const PraxiScorer *scorer = run->analyzer->scorer;
  const int T = scorer->frames;
  run->frame_bytes = (gsize) scorer->width * scorer->height * 3;
  run->clip = g_malloc ((gsize) T * run->frame_bytes);
  run->ordinals = g_new (int, T);
  run->previous = g_new (int, T);
  forget_clip (run, T);
  run->scores = g_new (float, scorer->n_classes);
  const gboolean good = run_passes (run, error);
  g_free (run->clip);
  g_free (run->ordinals);
  g_free (run->previous);
  g_free (run->scores);
  return good;
}

gboolean
praxi_analyzer_run (PraxiAnalyzer *analyzer,
                    PraxiScoreTrack *track,
                    PraxiAnalysis *analysis,
                    GError **error)
{
  *analysis = (PraxiAnalysis){.n_windows = praxi_analyzer_n_windows (analyzer),
                              .input_checksum = G_GUINT64_CONSTANT (0xcbf29ce484222325)};
  Run run = {.analyzer = analyzer, .track = track, .analysis = analysis};
  const gint64 begin_us = g_get_monotonic_time ();
  const gboolean good = run_all (&run, error);
  analysis->wall_s = (double) (g_get_monotonic_time () - begin_us) / 1e6;
  const PraxiScoreTrackState state = good ? PRAXI_SCORE_TRACK_FINISHED : PRAXI_SCORE_TRACK_PARTIAL;
  /* A track that cannot be finished matters only when nothing else went wrong. */
  return praxi_score_track_finish (track, state, good ? error : NULL) && good;
}

int
praxi_analyzer_n_windows (const PraxiAnalyzer *analyzer)
{
  return praxi_clip_sampler_n_windows (analyzer->sampler);
}

void
praxi_analyzer_window (const PraxiAnalyzer *analyzer,
                       int k,
                       gint64 *start_ns,
                       gint64 *end_ns,
                       int *slot)
{
  g_autofree int *ordinals = g_new (int, analyzer->scorer->frames);
  praxi_clip_sampler_window (analyzer->sampler, k, start_ns, end_ns, ordinals);
  *slot = praxi_clip_sampler_slot (analyzer->sampler, k);
}

const char *
praxi_analyzer_warning (const PraxiAnalyzer *analyzer)
{
  return analyzer->warning;
}
