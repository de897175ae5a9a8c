#include "engine/infer/analyzer.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/clip-reader.h"
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
  int *wanted; /* ordinals, strictly ascending */
  int n_wanted;
  int ahead_frames;
  char *warning;
};

/* What a run carries from window to window. */
typedef struct {
  PraxiAnalyzer *analyzer;
  PraxiClipReader *reader;
  PraxiScoreTrack *track;
  PraxiAnalysis *analysis;
  gsize frame_bytes;
  guint8 *clip;  /* [T,H,W,3] */
  int *ordinals; /* [T], of the window at hand */
  int *previous; /* [T], of the clip the scorer saw last; −1: none */
  float *scores; /* [n_classes] */
  int n_checked; /* wanted frames that are in the checksum */
  gint64 next_tick_us;
} Run;

static int
compare_int_cb (const void *a, const void *b)
{
  const int x = *(const int *) a, y = *(const int *) b;
  return (x > y) - (x < y);
}

/* Where the ordinal stands among the wanted ones, which hold it. */
static int
wanted_index (const PraxiAnalyzer *analyzer, int ordinal)
{
  const int *found = bsearch (&ordinal, analyzer->wanted, (gsize) analyzer->n_wanted, sizeof (int),
                              compare_int_cb);
  return (int) (found - analyzer->wanted);
}

static void
window_ordinals (const PraxiAnalyzer *analyzer, int k, int *ordinals)
{
  gint64 start_ns, end_ns;
  praxi_clip_sampler_window (analyzer->sampler, k, &start_ns, &end_ns, ordinals);
}

/* Every frame some window reads, once: a bit per frame, then a list. */
static void
plan_frames (PraxiAnalyzer *analyzer)
{
  const int n_frames = praxi_frame_index_length (praxi_media_index (analyzer->media));
  const int n_windows = praxi_clip_sampler_n_windows (analyzer->sampler);
  const int T = analyzer->scorer->frames;
  g_autofree guint8 *is_wanted = g_malloc0 ((gsize) n_frames / 8 + 1);
  g_autofree int *ordinals = g_new (int, T);
  for (int k = 0; k < n_windows; k++) {
    window_ordinals (analyzer, k, ordinals);
    for (int i = 0; i < T; i++)
      is_wanted[ordinals[i] / 8] |= (guint8) (1 << (ordinals[i] % 8));
  }
  GArray *wanted = g_array_new (FALSE, FALSE, sizeof (int));
  for (int i = 0; i < n_frames; i++)
    if (is_wanted[i / 8] & (1 << (i % 8)))
      g_array_append_val (wanted, i);
  analyzer->n_wanted = (int) wanted->len;
  analyzer->wanted = (int *) (gpointer) g_array_free (wanted, FALSE);

  int most = 1;
  for (int k = 0; k < n_windows; k++) {
    window_ordinals (analyzer, k, ordinals);
    most = MAX (most, wanted_index (analyzer, ordinals[T - 1]) -
                          wanted_index (analyzer, ordinals[0]) + 1);
  }
  analyzer->ahead_frames = most + AHEAD_FRAMES;
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
  plan_frames (analyzer);
  return g_steal_pointer (&analyzer);
}

void
praxi_analyzer_free (PraxiAnalyzer *analyzer)
{
  if (analyzer == NULL)
    return;
  praxi_clip_sampler_free (analyzer->sampler);
  praxi_media_unref (analyzer->media);
  g_free (analyzer->wanted);
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

/* The footage up to the end of window k. */
static double
done_s (const PraxiAnalyzer *analyzer, int k)
{
  PraxiFrameIndex *index = praxi_media_index (analyzer->media);
  gint64 start_ns, end_ns;
  int slot;
  praxi_analyzer_window (analyzer, k, &start_ns, &end_ns, &slot);
  const gint64 done_ns = end_ns - praxi_frame_index_pts_ns (index, 0);
  return (double) MIN (done_ns, praxi_frame_index_duration_ns (index)) / 1e9;
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
    if (frame != NULL)
      add_to_checksum (&run->analysis->input_checksum, frame,
                       (gsize) scorer->width * scorer->height * 3);
    run->analysis->n_frames += frame != NULL;
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
    const int at = wanted_index (run->analyzer, run->ordinals[i]);
    const guint8 *frame = praxi_clip_reader_frame (run->reader, at);
    if (frame == NULL)
      return FALSE;
    memcpy (run->clip + run->frame_bytes * (gsize) i, frame, run->frame_bytes);
  }
  return TRUE;
}

static gboolean
score_window (Run *run, int k, int new_frames, GError **error)
{
  const PraxiScorer *scorer = run->analyzer->scorer;
  const PraxiAnalyzerOptions *options = &run->analyzer->options;
  const gint64 begin_us = g_get_monotonic_time ();
  if (!scorer->score (scorer->data, run->clip, new_frames, run->scores, error))
    return FALSE;
  run->analysis->infer_s += (double) (g_get_monotonic_time () - begin_us) / 1e6;
  memcpy (run->previous, run->ordinals, sizeof (int) * (gsize) scorer->frames);
  if (options->visit != NULL)
    options->visit (options->data, k, run->clip, run->scores);
  run->analysis->n_scored++;
  return praxi_score_track_put (run->track, praxi_clip_sampler_slot (run->analyzer->sampler, k),
                                run->scores, error);
}

static gboolean
run_window (Run *run, int k, GError **error)
{
  const int T = run->analyzer->scorer->frames;
  window_ordinals (run->analyzer, k, run->ordinals);
  const int first = wanted_index (run->analyzer, run->ordinals[0]);
  const int last = wanted_index (run->analyzer, run->ordinals[T - 1]);
  praxi_clip_reader_release (run->reader, first);
  if (!wait_for_frames (run, first, last, error))
    return FALSE;
  const int new_frames = count_new_frames (run, T);
  if (assemble (run, new_frames)) {
    if (!score_window (run, k, new_frames, error))
      return FALSE;
  } else {
    forget_clip (run, T); /* it is half old, half new */
    run->analysis->n_lost++;
  }
  run->analysis->footage_s = done_s (run->analyzer, k);
  return tick (run, error);
}

static gboolean
run_windows (Run *run, GError **error)
{
  const int n_windows = praxi_analyzer_n_windows (run->analyzer);
  for (int k = 0; k < n_windows; k++)
    if (!run_window (run, k, error))
      return FALSE;
  const GError *why = praxi_clip_reader_error (run->reader);
  if (why != NULL)
    run->analyzer->warning = g_strdup (why->message);
  if (run->analysis->n_scored > 0)
    return TRUE;
  if (why != NULL)
    g_propagate_error (error, g_error_copy (why));
  else
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s: no window of it could be decoded whole: it is damaged; try to repair it with "
                 "ffmpeg",
                 praxi_media_info (run->analyzer->media)->path);
  return FALSE;
}

static gboolean
run_with_reader (Run *run, GError **error)
{
  PraxiAnalyzer *analyzer = run->analyzer;
  const PraxiScorer *scorer = analyzer->scorer;
  const PraxiClipReaderOptions reading = {.wanted = analyzer->wanted,
                                          .n_wanted = analyzer->n_wanted,
                                          .width_px = scorer->width,
                                          .height_px = scorer->height,
                                          .ahead_frames = analyzer->ahead_frames,
                                          .threads = analyzer->options.threads};
  run->reader = praxi_clip_reader_new (analyzer->media, &reading, error);
  if (run->reader == NULL)
    return FALSE;
  const int T = scorer->frames;
  run->frame_bytes = (gsize) scorer->width * scorer->height * 3;
  run->clip = g_malloc ((gsize) T * run->frame_bytes);
  run->ordinals = g_new (int, T);
  run->previous = g_new (int, T);
  forget_clip (run, T);
  run->scores = g_new (float, scorer->n_classes);
  const gboolean good = run_windows (run, error);
  run->analysis->decode_s = (double) praxi_clip_reader_busy_ns (run->reader) / 1e9;
  praxi_clip_reader_free (run->reader);
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
  const gboolean good = run_with_reader (&run, error);
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
