#include "engine/lighten/histogram.h"

#include <math.h>
#include <string.h>

/* A range may shrink to this share of what was seen, in so many steps. */
#define LEAST_SHARE 0.12
enum { STEPS = 96, LEVELS = 255 };

static double
bin_width (const PraxiHistogram *histogram)
{
  return ((double) histogram->most - (double) histogram->least) / PRAXI_HISTOGRAM_BINS;
}

static double
bin_begin (const PraxiHistogram *histogram, int bin)
{
  return (double) histogram->least + bin * bin_width (histogram);
}

void
praxi_histogram_add (PraxiHistogram *histogram, const float *values, gsize n)
{
  const float width = (float) bin_width (histogram);
  for (gsize i = 0; i < n && width > 0; i++) {
    const float at = (values[i] - histogram->least) / width;
    if (fabsf (values[i]) > 0)
      histogram->counts[(int) CLAMP (at, 0.0f, (float) (PRAXI_HISTOGRAM_BINS - 1))]++;
  }
}

static double
total (const PraxiHistogram *histogram)
{
  double sum = 0;
  for (int i = 0; i < PRAXI_HISTOGRAM_BINS; i++)
    sum += histogram->counts[i];
  return sum;
}

void
praxi_histogram_percentile (const PraxiHistogram *histogram, double share, float *low, float *high)
{
  const double most = total (histogram) * share;
  int first = 0, last = PRAXI_HISTOGRAM_BINS - 1;
  for (double sum = 0; first < last && sum + histogram->counts[first] <= most; first++)
    sum += histogram->counts[first];
  for (double sum = 0; last > first && sum + histogram->counts[last] <= most; last--)
    sum += histogram->counts[last];
  *low = MIN ((float) bin_begin (histogram, first), 0);
  *high = MAX ((float) bin_begin (histogram, last + 1), 0);
}

/* Bins [first, end) with all that lies outside put into the outermost ones, and the same after it
 * went through LEVELS steps: every step's count spread over its bins that hold anything. Bins of
 * one step differ by chance too, in all by about half a bin's worth for each; that is taken off
 * (Miller and Madow, 1955), else few values ask for narrow ranges.
 */
static double
divergence (const double *counts, int first, int end)
{
  double p[PRAXI_HISTOGRAM_BINS], q[PRAXI_HISTOGRAM_BINS], sum_p = 0, sum_q = 0, sum = 0;
  const int n = end - first;
  int n_filled = 0, n_levels = 0;
  memcpy (p, counts + first, sizeof *p * (gsize) n);
  for (int i = 0; i < first; i++)
    p[0] += counts[i];
  for (int i = end; i < PRAXI_HISTOGRAM_BINS; i++)
    p[n - 1] += counts[i];
  for (int level = 0; level < LEVELS; level++) {
    const int a = level * n / LEVELS, b = (level + 1) * n / LEVELS;
    double mass = 0;
    int filled = 0;
    for (int i = a; i < b; i++) {
      mass += counts[first + i];
      filled += p[i] > 0;
    }
    for (int i = a; i < b; i++)
      q[i] = p[i] > 0 ? mass / filled : 0;
    n_filled += filled;
    n_levels += filled > 0;
  }
  for (int i = 0; i < n; i++) {
    sum_p += p[i];
    sum_q += q[i];
  }
  for (int i = 0; i < n; i++)
    if (p[i] > 0) /* nothing where something was cannot be told apart from very little */
      sum += p[i] / sum_p * log (p[i] / sum_p / MAX (q[i] / sum_q, 1e-9));
  return sum - (n_filled - n_levels) / (2 * sum_p);
}

void
praxi_histogram_entropy (const PraxiHistogram *histogram, float *low, float *high)
{
  double best = INFINITY;
  *low = MIN (histogram->least, 0);
  *high = MAX (histogram->most, 0);
  const double width = bin_width (histogram);
  if (!(width > 0))
    return;
  for (int step = 0; step <= STEPS; step++) {
    const double share = 1 - (1 - LEAST_SHARE) * step / STEPS;
    const double a = MIN ((double) histogram->least, 0) * share;
    const double b = MAX ((double) histogram->most, 0) * share;
    const int first = MAX ((int) rint ((a - (double) histogram->least) / width), 0);
    const int end =
        MIN ((int) rint ((b - (double) histogram->least) / width), PRAXI_HISTOGRAM_BINS);
    if (end - first < LEVELS)
      break;
    const double d = divergence (histogram->counts, first, end);
    if (d < best) {
      best = d;
      *low = (float) a;
      *high = (float) b;
    }
  }
}
