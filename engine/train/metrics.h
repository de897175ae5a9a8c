/* How well scores fit the truth. Pure arithmetic; every figure is tested against values worked out
 * by hand.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Scores of one class against all others. NaN where a figure is not defined: no sample of the
 * class, or none of the others.
 */
typedef struct {
  int support; /* samples whose truth is this class */
  double precision;
  double recall;
  double f1;
  double auc_pr;  /* average precision: Σ (R_i − R_{i−1}) · P_i over distinct scores */
  double auc_roc; /* the chance that a sample of the class scores above another one; ties half */
} PraxiClassMetrics;

typedef struct {
  int n;
  int n_classes;
  double accuracy;
  double accuracy_low, accuracy_high; /* 95 % bootstrap over groups */
  double macro_f1;                    /* mean over the classes that occur in the truth */
  double auc_pr;                      /* mean over the classes where it is defined */
  double auc_roc;
  PraxiClassMetrics *per_class; /* [n_classes] */
  int *confusion;               /* [n_classes, n_classes]: rows truth, columns decision */
} PraxiMetrics;

/* truth:  int [n], classes
 * scores: f32 [n, n_classes]; the decision is the highest, the first of equals
 * groups: [n] names; samples of one group are drawn together. NULL: each on its own
 */
PraxiMetrics *praxi_metrics_new (const int *truth,
                                 const float *scores,
                                 const char *const *groups,
                                 int n,
                                 int n_classes);
void praxi_metrics_free (PraxiMetrics *metrics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiMetrics, praxi_metrics_free)

/* The highest of n scores, the first of equals. */
int praxi_metrics_decide (const float *scores, int n_classes);

/* Average precision and area under the ROC of scores [n] for positives [n]; NaN when all or none
 * are positive.
 */
double praxi_metrics_auc_pr (const float *scores, const gboolean *positives, int n);
double praxi_metrics_auc_roc (const float *scores, const gboolean *positives, int n);

/* The p-quantile (0 … 1) of values, linear between neighbours; NaN without values. values are
 * sorted in place.
 */
double praxi_metrics_quantile (double *values, int n, double p);

G_END_DECLS
