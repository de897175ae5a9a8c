#include "engine/train/curves.h"

#include <math.h>

#include "engine/train/metrics.h"

typedef struct {
  float score;
  gboolean is_positive;
} Sample;

static int
compare_samples (gconstpointer a, gconstpointer b)
{
  const Sample *first = a, *second = b;
  return (first->score < second->score) - (first->score > second->score);
}

static Sample *
sort_samples (const float *scores, const gboolean *positives, int n, int *n_positive)
{
  Sample *samples = g_new (Sample, MAX (n, 1));
  *n_positive = 0;
  for (int i = 0; i < n; i++) {
    samples[i] = (Sample){scores[i], positives[i]};
    *n_positive += positives[i] != 0;
  }
  qsort (samples, (gsize) n, sizeof *samples, compare_samples);
  return samples;
}

static void
thin (GArray *points, int max_points)
{
  const guint n = points->len, keep = (guint) MAX (max_points, 2);
  if (n <= keep)
    return;
  for (guint i = 0; i < keep; i++) {
    const guint from = (guint) ((guint64) i * (n - 1) / (keep - 1));
    g_array_index (points, PraxiCurvePoint, i) = g_array_index (points, PraxiCurvePoint, from);
  }
  g_array_set_size (points, keep);
}

/* Walks the thresholds; equal scores fall together. */
static GArray *
walk (const float *scores, const gboolean *positives, int n, int max_points, gboolean is_roc)
{
  GArray *points = g_array_new (FALSE, FALSE, sizeof (PraxiCurvePoint));
  int n_positive;
  g_autofree Sample *samples = sort_samples (scores, positives, n, &n_positive);
  if (n_positive == 0 || (is_roc && n_positive == n))
    return points;
  if (is_roc)
    g_array_append_val (points, ((PraxiCurvePoint){0, 0}));
  int found = 0, taken = 0;
  for (int i = 0; i < n; i++) {
    taken++;
    found += samples[i].is_positive != 0;
    if (i + 1 < n && samples[i + 1].score == samples[i].score)
      continue;
    const double recall = (double) found / n_positive;
    const PraxiCurvePoint point =
        is_roc ? (PraxiCurvePoint){(double) (taken - found) / (n - n_positive), recall}
               : (PraxiCurvePoint){recall, (double) found / taken};
    g_array_append_val (points, point);
  }
  thin (points, max_points);
  return points;
}

GArray *
praxi_curve_pr (const float *scores, const gboolean *positives, int n, int max_points)
{
  return walk (scores, positives, n, max_points, FALSE);
}

GArray *
praxi_curve_roc (const float *scores, const gboolean *positives, int n, int max_points)
{
  return walk (scores, positives, n, max_points, TRUE);
}

void
praxi_reliability (const int *truth,
                   const float *scores,
                   int n,
                   int n_classes,
                   PraxiReliabilityBin *bins,
                   int n_bins)
{
  for (int b = 0; b < n_bins; b++)
    bins[b] = (PraxiReliabilityBin){0};
  for (int i = 0; i < n; i++) {
    const float *row = scores + (gsize) i * (gsize) n_classes;
    const int decided = praxi_metrics_decide (row, n_classes);
    const double confidence = CLAMP ((double) row[decided], 0, 1);
    PraxiReliabilityBin *bin = &bins[MIN ((int) (confidence * n_bins), n_bins - 1)];
    bin->confidence += confidence;
    bin->accuracy += decided == truth[i];
    bin->count++;
  }
  for (int b = 0; b < n_bins; b++) {
    bins[b].confidence = bins[b].count > 0 ? bins[b].confidence / bins[b].count : (double) NAN;
    bins[b].accuracy = bins[b].count > 0 ? bins[b].accuracy / bins[b].count : (double) NAN;
  }
}
