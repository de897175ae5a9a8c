#include "engine/infer/events.h"

#include <math.h>

#define SECOND_NS G_GINT64_CONSTANT (1000000000)

static gint64
resolve_ns (gint64 value_ns, gint64 fallback_ns)
{
  if (value_ns < 0)
    return 0;
  return value_ns == 0 ? fallback_ns : value_ns;
}

PraxiEventOptions
praxi_events_resolve (const PraxiEventOptions *options)
{
  PraxiEventOptions all = options != NULL ? *options : (PraxiEventOptions){0};
  if (!(all.enter > 0))
    all.enter = 0.5;
  if (!(all.exit > 0))
    all.exit = all.enter * 2 / 3;
  all.exit = MIN (all.exit, all.enter);
  all.min_length_ns = resolve_ns (all.min_length_ns, SECOND_NS / 2);
  all.merge_gap_ns = resolve_ns (all.merge_gap_ns, SECOND_NS);
  all.smooth_ns = resolve_ns (all.smooth_ns, SECOND_NS);
  return all;
}

/* ln (p / (1 − p)), kept finite: a score of 0 or 1 is no more than 99.99 % sure. */
static double
logit (float score)
{
  const double p = CLAMP ((double) score, 1e-4, 1 - 1e-4);
  return log (p / (1 - p));
}

void
praxi_events_smooth (const float *in, int n, int radius, float *out)
{
  if (radius <= 0) {
    for (int i = 0; i < n; i++)
      out[i] = in[i];
    return;
  }
  g_autofree double *sums = g_new (double, (gsize) n + 1);
  g_autofree int *counts = g_new (int, (gsize) n + 1);
  sums[0] = 0;
  counts[0] = 0;
  for (int i = 0; i < n; i++) {
    sums[i + 1] = sums[i] + (isnan (in[i]) ? 0 : logit (in[i]));
    counts[i + 1] = counts[i] + !isnan (in[i]);
  }
  for (int i = 0; i < n; i++) {
    const int first = MAX (i - radius, 0);
    const int end = (int) MIN ((gint64) i + radius + 1, n);
    const double mean = (sums[end] - sums[first]) / MAX (counts[end] - counts[first], 1);
    out[i] = isnan (in[i]) ? NAN : (float) (1 / (1 + exp (-mean)));
  }
}

void
praxi_events_runs (const float *smoothed,
                   const float *scores,
                   int n,
                   double enter,
                   double exit,
                   GArray *runs)
{
  for (int i = 0; i < n; i++) {
    if (!(smoothed[i] >= exit))
      continue;
    PraxiEventRun run = {.first = i, .peak = scores[i]};
    gboolean entered = FALSE;
    for (; i < n && smoothed[i] >= exit; i++) {
      entered |= smoothed[i] >= enter;
      run.peak = fmaxf (run.peak, scores[i]);
    }
    run.end = i;
    if (entered)
      g_array_append_val (runs, run);
  }
}

/* The time that windows [first, end) speak for. */
static void
run_span (const PraxiScoreTrack *track,
          const float *scores,
          const PraxiEventRun *run,
          gint64 *start_ns,
          gint64 *end_ns)
{
  const gint64 margin_ns =
      (praxi_score_track_window_ns (track) - praxi_score_track_stride_ns (track)) / 2;
  const int n = praxi_score_track_n_windows (track);
  gint64 ignored;
  praxi_score_track_window_span (track, run->first, start_ns, &ignored);
  praxi_score_track_window_span (track, run->end - 1, &ignored, end_ns);
  if (run->first > 0 && !isnan (scores[run->first - 1]))
    *start_ns += margin_ns;
  if (run->end < n && !isnan (scores[run->end]))
    *end_ns -= margin_ns;
}

static gboolean
all_analysed (const float *scores, int first, int end)
{
  for (int i = first; i < end; i++)
    if (isnan (scores[i]))
      return FALSE;
  return TRUE;
}

static float *
class_scores (const PraxiScoreTrack *track, int class_index)
{
  const int n = praxi_score_track_n_windows (track);
  float *scores = g_new (float, (gsize) n + 1);
  for (int i = 0; i < n; i++)
    scores[i] = praxi_score_track_get (track, i, class_index);
  return scores;
}

/* Joins runs that stand closer than the merge gap, with nothing unanalysed between them. */
static void
merge_runs (const PraxiScoreTrack *track, const float *scores, gint64 gap_ns, GArray *runs)
{
  guint kept = 0;
  for (guint i = 1; i < runs->len; i++) {
    PraxiEventRun *last = &g_array_index (runs, PraxiEventRun, kept);
    const PraxiEventRun run = g_array_index (runs, PraxiEventRun, i);
    gint64 start_ns, last_end_ns, ignored;
    run_span (track, scores, last, &ignored, &last_end_ns);
    run_span (track, scores, &run, &start_ns, &ignored);
    if (start_ns - last_end_ns <= gap_ns && all_analysed (scores, last->end, run.first)) {
      last->end = run.end;
      last->peak = fmaxf (last->peak, run.peak);
    } else {
      kept++;
      g_array_index (runs, PraxiEventRun, kept) = run;
    }
  }
  g_array_set_size (runs, runs->len > 0 ? kept + 1 : 0);
}

void
praxi_events_find (const PraxiScoreTrack *track,
                   int class_index,
                   const PraxiEventOptions *options,
                   GArray *events)
{
  const PraxiEventOptions all = praxi_events_resolve (options);
  const int n = praxi_score_track_n_windows (track);
  const gint64 radius = all.smooth_ns / (2 * praxi_score_track_stride_ns (track));
  g_autofree float *scores = class_scores (track, class_index);
  g_autofree float *smoothed = g_new (float, (gsize) n + 1);
  praxi_events_smooth (scores, n, (int) MIN (radius, n), smoothed);

  g_autoptr (GArray) runs = g_array_new (FALSE, FALSE, sizeof (PraxiEventRun));
  praxi_events_runs (smoothed, scores, n, all.enter, all.exit, runs);
  if (all.merge_gap_ns > 0)
    merge_runs (track, scores, all.merge_gap_ns, runs);
  for (guint i = 0; i < runs->len; i++) {
    const PraxiEventRun *run = &g_array_index (runs, PraxiEventRun, i);
    PraxiEvent event = {.class_index = class_index, .peak = run->peak};
    run_span (track, scores, run, &event.start_ns, &event.end_ns);
    if (event.end_ns - event.start_ns >= all.min_length_ns)
      g_array_append_val (events, event);
  }
}

gboolean
praxi_events_is_background (const char *class_name)
{
  return g_ascii_strcasecmp (class_name, "normal") == 0;
}

int
praxi_events_background (const char *const *classes, int n)
{
  for (int c = 0; c < n; c++)
    if (praxi_events_is_background (classes[c]))
      return c;
  return -1;
}
