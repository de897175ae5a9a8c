#include "engine/train/evaluate.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/core/text.h"

enum {
  KEPT_CLIPS = 4, /* for the latency of single windows */
  POOLED_WINDOWS = 3,
};

#define LATENCY_BUDGET_US (5 * G_USEC_PER_SEC)

typedef struct {
  const PraxiScorer *scorer;
  const PraxiDataset *dataset;
  PraxiEvaluateOptions options;
  PraxiEvaluation *evaluation;
  int background; /* −1: the model has none */
  gsize clip_bytes;
  guint8 *clips; /* [KEPT_CLIPS, T,H,W,3] */
  int n_clips;
  guint n_files, n_files_done;
  gint64 n_footage_frames;
} Evaluate;

static const PraxiSample *
sample_at (const PraxiDataset *dataset, guint i)
{
  return g_ptr_array_index (dataset->samples, i);
}

/* Samples [first, end) are of one file. */
static guint
end_of_file (const PraxiDataset *dataset, guint first)
{
  guint end = first + 1;
  while (end < dataset->samples->len &&
         g_str_equal (sample_at (dataset, end)->file, sample_at (dataset, first)->file))
    end++;
  return end;
}

static void
event_figures_clear (gpointer data)
{
  g_free (((PraxiEventFigures *) data)->part);
}

void
praxi_evaluation_free (PraxiEvaluation *evaluation)
{
  if (evaluation == NULL)
    return;
  g_free (evaluation->scores);
  g_free (evaluation->tried);
  praxi_metrics_free (evaluation->metrics);
  g_clear_pointer (&evaluation->event_figures, g_array_unref);
  g_clear_pointer (&evaluation->warnings, g_ptr_array_unref);
  g_free (evaluation);
}

static gboolean
tick_cb (gpointer data, double done_s, double total_s)
{
  const Evaluate *evaluate = data;
  const PraxiEvaluation *evaluation = evaluate->evaluation;
  if (evaluate->options.tick == NULL)
    return TRUE;
  const double opened_s = evaluation->footage_s + total_s;
  const guint n_opened = evaluate->n_files_done + 1;
  return evaluate->options.tick (evaluate->options.data, evaluation->footage_s + done_s,
                                 opened_s * evaluate->n_files / n_opened);
}

static void
visit_cb (gpointer data, int k, const guint8 *clip, const float *scores)
{
  Evaluate *evaluate = data;
  evaluate->evaluation->n_windows++;
  if (evaluate->n_clips < KEPT_CLIPS && k == 0)
    memcpy (evaluate->clips + evaluate->clip_bytes * (gsize) evaluate->n_clips++, clip,
            evaluate->clip_bytes);
}

/* One file, analysed. */
typedef struct {
  PraxiMedia *media;
  PraxiAnalyzer *analyzer;
  PraxiScoreTrack *track;
  gint64 origin_ns; /* pts that the times of labels count from */
} File;

static void
file_clear (File *file)
{
  praxi_score_track_free (file->track);
  praxi_analyzer_free (file->analyzer);
  praxi_media_unref (file->media);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

/* The mean scores of windows [first, end) that were analysed. FALSE: none was. */
static gboolean
mean_scores (const File *file, int first, int end, int n_classes, float *scores)
{
  g_autofree double *sums = g_new0 (double, n_classes);
  int n = 0;
  for (int k = first; k < end; k++) {
    gint64 start_ns, end_ns;
    int slot;
    praxi_analyzer_window (file->analyzer, k, &start_ns, &end_ns, &slot);
    if (isnan (praxi_score_track_get (file->track, slot, 0)))
      continue;
    n++;
    for (int c = 0; c < n_classes; c++)
      sums[c] += (double) praxi_score_track_get (file->track, slot, c);
  }
  for (int c = 0; c < n_classes; c++)
    scores[c] = n > 0 ? (float) (sums[c] / n) : NAN;
  return n > 0;
}

/* Windows [*first, *end) that lie in the span, with an eighth of a window's slack on each side; the
 * one whose middle is nearest where none does.
 */
static void
windows_inside (const File *file, gint64 from_ns, gint64 to_ns, int *first, int *end)
{
  const int n = praxi_analyzer_n_windows (file->analyzer);
  const gint64 slack_ns = praxi_score_track_window_ns (file->track) / 8;
  gint64 best_ns = G_MAXINT64;
  int nearest = 0;
  *first = *end = 0;
  for (int k = 0; k < n; k++) {
    gint64 start_ns, end_ns;
    int slot;
    praxi_analyzer_window (file->analyzer, k, &start_ns, &end_ns, &slot);
    const gint64 distance_ns = ABS ((start_ns + end_ns) / 2 - (from_ns + to_ns) / 2);
    if (distance_ns < best_ns) {
      best_ns = distance_ns;
      nearest = k;
    }
    if (start_ns < from_ns - slack_ns || end_ns > to_ns + slack_ns)
      continue;
    if (*end == 0)
      *first = k;
    *end = k + 1;
  }
  if (*end == 0) {
    *first = nearest;
    *end = nearest + 1;
  }
}

static void
score_span (const Evaluate *evaluate, const File *file, const PraxiSample *sample, float *scores)
{
  const int C = evaluate->scorer->n_classes;
  int first, end;
  windows_inside (file, file->origin_ns + sample->start_ns, file->origin_ns + sample->end_ns,
                  &first, &end);
  if (evaluate->background < 0 || end - first <= POOLED_WINDOWS) {
    mean_scores (file, first, end, C, scores);
    return;
  }
  g_autofree float *mean = g_new (float, C);
  scores[evaluate->background] = NAN;
  for (int k = first; k + POOLED_WINDOWS <= end; k++)
    if (mean_scores (file, k, k + POOLED_WINDOWS, C, mean) &&
        !(mean[evaluate->background] >= scores[evaluate->background]))
      memcpy (scores, mean, sizeof (float) * (gsize) C);
  if (isnan (scores[evaluate->background]))
    mean_scores (file, first, end, C, scores);
}

static void
score_samples (const Evaluate *evaluate, const File *file, guint first, guint end)
{
  const int C = evaluate->scorer->n_classes;
  for (guint i = first; i < end; i++) {
    const PraxiSample *sample = sample_at (evaluate->dataset, i);
    float *scores = evaluate->evaluation->scores + (gsize) i * C;
    if (sample->is_timed)
      score_span (evaluate, file, sample, scores);
    else
      mean_scores (file, 0, praxi_analyzer_n_windows (file->analyzer), C, scores);
  }
}

static PraxiEventFigures *
figures_for (GArray *figures, const char *part, int class_index)
{
  for (guint i = 0; i < figures->len; i++) {
    PraxiEventFigures *entry = &g_array_index (figures, PraxiEventFigures, i);
    if (entry->class_index == class_index && g_str_equal (entry->part, part))
      return entry;
  }
  const PraxiEventFigures fresh = {.part = g_strdup (part), .class_index = class_index};
  g_array_append_val (figures, fresh);
  return &g_array_index (figures, PraxiEventFigures, figures->len - 1);
}

static gboolean
overlaps (const PraxiEvent *event, gint64 start_ns, gint64 end_ns)
{
  return event->start_ns < end_ns && start_ns < event->end_ns;
}

/* The labelled spans of one class in one file: an array of PraxiEvent, whole files included. */
static GArray *
spans_of (const Evaluate *evaluate, const File *file, guint first, guint end, int class_index)
{
  PraxiFrameIndex *index = praxi_media_index (file->media);
  const gint64 begin_ns = praxi_frame_index_pts_ns (index, 0);
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  for (guint i = first; i < end; i++) {
    const PraxiSample *sample = sample_at (evaluate->dataset, i);
    if (sample->class_index != class_index)
      continue;
    PraxiEvent span = {.class_index = class_index,
                       .start_ns = begin_ns,
                       .end_ns = begin_ns + praxi_frame_index_duration_ns (index)};
    if (sample->is_timed) {
      span.start_ns = file->origin_ns + sample->start_ns;
      span.end_ns = MIN (file->origin_ns + sample->end_ns, span.end_ns);
    }
    g_array_append_val (spans, span);
  }
  return spans;
}

static int
count_hits (const GArray *these, const GArray *those)
{
  int n = 0;
  for (guint i = 0; i < these->len; i++) {
    const PraxiEvent *one = &g_array_index (these, PraxiEvent, i);
    gboolean hit = FALSE;
    for (guint j = 0; j < those->len && !hit; j++)
      hit = overlaps (&g_array_index (those, PraxiEvent, j), one->start_ns, one->end_ns);
    n += hit;
  }
  return n;
}

static void
try_thresholds (Evaluate *evaluate, const File *file, const GArray *spans, int class_index)
{
  PraxiEventCount *counts = evaluate->evaluation->tried + class_index * PRAXI_THRESHOLDS;
  PraxiEventOptions options = {0};
  if (evaluate->options.events != NULL)
    options = evaluate->options.events[class_index];
  for (int i = 0; i < PRAXI_THRESHOLDS; i++) {
    g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
    options.enter = praxi_threshold_at (i);
    options.exit = 0;
    praxi_events_find (file->track, class_index, &options, events);
    counts[i].n_found += count_hits (spans, events);
    counts[i].n_false += (int) events->len - count_hits (events, spans);
  }
}

static void
count_events (Evaluate *evaluate, const File *file, guint first, guint end)
{
  const char *name = sample_at (evaluate->dataset, first)->file;
  const char *slash = strchr (name, '/');
  g_autofree char *folder =
      slash != NULL && slash != name ? g_strndup (name, (gsize) (slash - name)) : g_strdup (".");
  const char *const parts[] = {"all", evaluate->dataset->starts_at_0 ? folder : NULL, NULL};
  const double length_s =
      (double) praxi_frame_index_duration_ns (praxi_media_index (file->media)) / 1e9;
  for (int c = 0; c < evaluate->scorer->n_classes; c++) {
    if (c == evaluate->background)
      continue;
    g_autoptr (GArray) spans = spans_of (evaluate, file, first, end, c);
    g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
    praxi_events_find (file->track, c,
                       evaluate->options.events != NULL ? &evaluate->options.events[c] : NULL,
                       events);
    if (evaluate->evaluation->tried != NULL)
      try_thresholds (evaluate, file, spans, c);
    double quiet_s = length_s;
    for (guint i = 0; i < spans->len; i++) {
      const PraxiEvent *span = &g_array_index (spans, PraxiEvent, i);
      quiet_s -= (double) MAX (span->end_ns - span->start_ns, 0) / 1e9;
    }
    for (int p = 0; parts[p] != NULL; p++) {
      PraxiEventFigures *figures = figures_for (evaluate->evaluation->event_figures, parts[p], c);
      figures->n_spans += (int) spans->len;
      figures->n_found += count_hits (spans, events);
      figures->n_false += (int) events->len - count_hits (events, spans);
      figures->quiet_hours += MAX (quiet_s, 0) / 3600;
    }
  }
}

static gboolean
analyse_file (Evaluate *evaluate, const char *path, File *file, GError **error)
{
  PraxiEvaluation *evaluation = evaluate->evaluation;
  file->media = praxi_media_open (path, error);
  if (file->media == NULL)
    return FALSE;
  const PraxiAnalyzerOptions options = {.stride_s = evaluate->options.stride_s,
                                        .threads = evaluate->options.threads,
                                        .tick = tick_cb,
                                        .visit = visit_cb,
                                        .data = evaluate};
  file->analyzer = praxi_analyzer_new (file->media, evaluate->scorer, &options, error);
  if (file->analyzer == NULL)
    return FALSE;
  file->track = praxi_analyzer_create_track (file->analyzer, NULL, error);
  PraxiAnalysis analysis;
  if (file->track == NULL || !praxi_analyzer_run (file->analyzer, file->track, &analysis, error))
    return FALSE;
  PraxiFrameIndex *index = praxi_media_index (file->media);
  file->origin_ns = evaluate->dataset->starts_at_0 ? praxi_frame_index_pts_ns (index, 0) : 0;
  evaluate->n_footage_frames += praxi_frame_index_length (index);
  evaluation->footage_s += (double) praxi_frame_index_duration_ns (index) / 1e9;
  evaluation->decode_s += analysis.decode_s;
  evaluation->infer_s += analysis.infer_s;
  evaluation->input_checksum = evaluation->input_checksum * 31 + analysis.input_checksum;
  return TRUE;
}

/* FALSE: stop altogether; a file that cannot be read is only a warning. */
static gboolean
evaluate_file (Evaluate *evaluate, guint first, guint end, GError **error)
{
  g_auto (File) file = {0};
  g_autoptr (GError) failure = NULL;
  if (analyse_file (evaluate, sample_at (evaluate->dataset, first)->path, &file, &failure)) {
    score_samples (evaluate, &file, first, end);
    count_events (evaluate, &file, first, end);
    return TRUE;
  }
  if (g_error_matches (failure, PRAXI_ERROR, PRAXI_ERROR_CANCELLED) ||
      g_error_matches (failure, PRAXI_ERROR, PRAXI_ERROR_DEVICE)) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  g_ptr_array_add (evaluate->evaluation->warnings, g_strdup (failure->message));
  return TRUE;
}

static gboolean
evaluate_files (Evaluate *evaluate, GError **error)
{
  const PraxiDataset *dataset = evaluate->dataset;
  for (guint i = 0; i < dataset->samples->len; i = end_of_file (dataset, i))
    evaluate->n_files++;
  const gint64 begin_us = g_get_monotonic_time ();
  for (guint i = 0; i < dataset->samples->len; evaluate->n_files_done++) {
    const guint end = end_of_file (dataset, i);
    if (!evaluate_file (evaluate, i, end, error))
      return FALSE;
    i = end;
  }
  PraxiEvaluation *evaluation = evaluate->evaluation;
  evaluation->wall_s = (double) (g_get_monotonic_time () - begin_us) / 1e6;
  const double n_frames = (double) evaluate->n_footage_frames;
  evaluation->fps = n_frames / MAX (evaluation->wall_s, 1e-9);
  evaluation->fps_no_decode = n_frames / MAX (evaluation->infer_s, 1e-9);
  return TRUE;
}

/* Single windows one after another, each computed whole. */
static gboolean
measure_latency (Evaluate *evaluate, GError **error)
{
  const PraxiScorer *scorer = evaluate->scorer;
  PraxiEvaluation *evaluation = evaluate->evaluation;
  double *times_ms = evaluation->latencies_ms;
  double sum_ms = 0;
  int n = 0;
  g_autofree float *scores = g_new (float, scorer->n_classes);
  const gint64 until_us = g_get_monotonic_time () + LATENCY_BUDGET_US;
  for (; evaluate->n_clips > 0 && n < PRAXI_EVALUATE_LATENCIES; n++) {
    const gint64 begin_us = g_get_monotonic_time ();
    if (begin_us > until_us && n >= 5)
      break;
    const guint8 *clip = evaluate->clips + evaluate->clip_bytes * (gsize) (n % evaluate->n_clips);
    if (!scorer->score (scorer->data, clip, scorer->frames, scores, error))
      return FALSE;
    times_ms[n] = (double) (g_get_monotonic_time () - begin_us) / 1e3;
    sum_ms += times_ms[n];
  }
  evaluation->n_latencies = n;
  evaluation->clips_per_s = n > 0 ? n * 1e3 / MAX (sum_ms, 1e-6) : NAN;
  evaluation->latency_p50_ms = praxi_metrics_quantile (times_ms, n, 0.5);
  evaluation->latency_p95_ms = praxi_metrics_quantile (times_ms, n, 0.95);
  return TRUE;
}

/* Metrics over the samples that have scores. */
static gboolean
measure_fit (Evaluate *evaluate, GError **error)
{
  PraxiEvaluation *evaluation = evaluate->evaluation;
  const int C = evaluation->n_classes;
  g_autofree int *truth = g_new (int, evaluation->n_samples);
  g_autofree float *scores = g_new (float, (gsize) evaluation->n_samples *C);
  g_autofree const char **groups = g_new (const char *, evaluation->n_samples);
  int n = 0;
  for (int i = 0; i < evaluation->n_samples; i++) {
    const float *own = evaluation->scores + (gsize) i * C;
    if (isnan (own[0]))
      continue;
    const PraxiSample *sample = sample_at (evaluate->dataset, (guint) i);
    memcpy (scores + (gsize) n * C, own, sizeof (float) * (gsize) C);
    truth[n] = sample->class_index;
    groups[n++] = sample->group;
  }
  if (n == 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "no labelled clip could be analysed: %s",
                 evaluation->warnings->len > 0
                     ? (const char *) g_ptr_array_index (evaluation->warnings, 0)
                     : "the set is empty");
    return FALSE;
  }
  evaluation->metrics = praxi_metrics_new (truth, scores, groups, n, C);
  return TRUE;
}

static PraxiEvaluation *
evaluation_new (int n_samples, int n_classes)
{
  PraxiEvaluation *evaluation = g_new0 (PraxiEvaluation, 1);
  evaluation->n_samples = n_samples;
  evaluation->n_classes = n_classes;
  evaluation->scores = g_new (float, (gsize) n_samples *n_classes + 1);
  for (gsize i = 0; i < (gsize) n_samples * n_classes; i++)
    evaluation->scores[i] = NAN;
  evaluation->event_figures = g_array_new (FALSE, FALSE, sizeof (PraxiEventFigures));
  g_array_set_clear_func (evaluation->event_figures, event_figures_clear);
  evaluation->warnings = g_ptr_array_new_with_free_func (g_free);
  return evaluation;
}

PraxiEvaluation *
praxi_evaluate (const PraxiScorer *scorer,
                const PraxiDataset *dataset,
                const PraxiEvaluateOptions *options,
                GError **error)
{
  g_autoptr (PraxiEvaluation) evaluation =
      evaluation_new ((int) dataset->samples->len, scorer->n_classes);
  Evaluate evaluate = {.scorer = scorer,
                       .dataset = dataset,
                       .evaluation = evaluation,
                       .background = praxi_events_background (scorer->classes, scorer->n_classes),
                       .clip_bytes = (gsize) scorer->frames * scorer->height * scorer->width * 3};
  if (options != NULL)
    evaluate.options = *options;
  if (evaluate.options.tries)
    evaluation->tried = g_new0 (PraxiEventCount, scorer->n_classes * PRAXI_THRESHOLDS);
  evaluate.clips = g_malloc (KEPT_CLIPS * evaluate.clip_bytes);
  const gboolean good = evaluate_files (&evaluate, error) && measure_fit (&evaluate, error) &&
                        measure_latency (&evaluate, error);
  g_free (evaluate.clips);
  return good ? g_steal_pointer (&evaluation) : NULL;
}
