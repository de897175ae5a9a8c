/* How the values of a tensor are spread, and where to cut them. Pure arithmetic. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { PRAXI_HISTOGRAM_BINS = 2048 };

typedef struct {
  float least, most; /* the first bin's begin, the last one's end */
  double counts[PRAXI_HISTOGRAM_BINS];
} PraxiHistogram;

/* A 0 is not counted: bytes hold it exactly whatever the range. */
void praxi_histogram_add (PraxiHistogram *histogram, const float *values, gsize n);

/* The range without a share of the values at each side. What is 0 on one side stays so. */
void
praxi_histogram_percentile (const PraxiHistogram *histogram, double share, float *low, float *high);

/* The part of the range, shrunk towards 0, whose 255 steps tell most about the values: the least
 * Kullback-Leibler divergence.
 */
void praxi_histogram_entropy (const PraxiHistogram *histogram, float *low, float *high);

G_END_DECLS
