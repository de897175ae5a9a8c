/* What figures hide: precision over recall, hits over false alarms, confidence against truth. Pure
 * arithmetic.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  double x;
  double y;
} PraxiCurvePoint;

/* Precision (y) over recall (x), from the highest threshold down; one point for each distinct
 * score, thinned to at most max_points with the ends kept. Empty when nothing is positive.
 * scores: f32 [n]; positives: [n]
 * Returns an array of PraxiCurvePoint; free with g_array_unref
 */
GArray *praxi_curve_pr (const float *scores, const gboolean *positives, int n, int max_points);

/* Share of positives found (y) over share of the others taken for one (x), from (0, 0) to (1, 1).
 * Empty when all or none are positive.
 */
GArray *praxi_curve_roc (const float *scores, const gboolean *positives, int n, int max_points);

/* Decisions by how sure they were. */
typedef struct {
  double confidence; /* mean of the highest score; NaN for an empty bin */
  double accuracy;   /* share of right decisions; NaN for an empty bin */
  int count;
} PraxiReliabilityBin;

/* Bins of equal width over [0, 1].
 * truth:  int [n], classes
 * scores: f32 [n, n_classes]
 * bins:   [n_bins], caller-allocated
 */
void praxi_reliability (const int *truth,
                        const float *scores,
                        int n,
                        int n_classes,
                        PraxiReliabilityBin *bins,
                        int n_bins);

G_END_DECLS
