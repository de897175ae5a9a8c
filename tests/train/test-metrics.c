/* Metrics against values worked out by hand. */
#include "engine/train/metrics.h"

#include <math.h>

#define NEAR(a, b) g_assert_cmpfloat_with_epsilon (a, b, 1e-9)

static void
test_auc (void)
{
  /* + − + −: precision 1 at recall ½, ⅔ at recall 1; 3 of 4 pairs in order */
  const float scores[] = {.9f, .8f, .7f, .6f};
  const gboolean positives[] = {TRUE, FALSE, TRUE, FALSE};
  NEAR (praxi_metrics_auc_pr (scores, positives, 4), 0.5 * 1 + 0.5 * 2 / 3);
  NEAR (praxi_metrics_auc_roc (scores, positives, 4), 0.75);

  /* All tied: precision is the share of positives, the ROC a coin; order in the array is nothing.
   */
  const float tied[] = {.5f, .5f, .5f, .5f};
  NEAR (praxi_metrics_auc_pr (tied, positives, 4), 0.5);
  NEAR (praxi_metrics_auc_roc (tied, positives, 4), 0.5);

  const gboolean perfect[] = {TRUE, TRUE, FALSE, FALSE};
  NEAR (praxi_metrics_auc_pr (scores, perfect, 4), 1);
  NEAR (praxi_metrics_auc_roc (scores, perfect, 4), 1);
  const gboolean none[] = {FALSE, FALSE, FALSE, FALSE};
  g_assert_true (isnan (praxi_metrics_auc_pr (scores, none, 4)));
  g_assert_true (isnan (praxi_metrics_auc_roc (scores, none, 4)));
  g_assert_true (isnan (praxi_metrics_auc_pr (scores, none, 0)));
}

static void
test_quantile (void)
{
  double values[] = {4, 1, 3, 2};
  NEAR (praxi_metrics_quantile (values, 4, 0), 1);
  NEAR (praxi_metrics_quantile (values, 4, 1), 4);
  NEAR (praxi_metrics_quantile (values, 4, 0.5), 2.5);
  NEAR (praxi_metrics_quantile (values, 1, 0.95), 1);
  g_assert_true (isnan (praxi_metrics_quantile (values, 0, 0.5)));
}

static void
test_three_classes (void)
{
  /* Truth 0 0 0 1 1 2, decisions 0 0 1 1 2 2. */
  const int truth[] = {0, 0, 0, 1, 1, 2};
  const float scores[] = {.8f, .1f, .1f, .6f, .3f, .1f, .3f, .6f, .1f,
                          .1f, .9f, 0,   .2f, .3f, .5f, .1f, .2f, .7f};
  g_autoptr (PraxiMetrics) metrics = praxi_metrics_new (truth, scores, NULL, 6, 3);
  const int confusion[9] = {2, 1, 0, 0, 1, 1, 0, 0, 1};
  for (int i = 0; i < 9; i++)
    g_assert_cmpint (metrics->confusion[i], ==, confusion[i]);
  NEAR (metrics->accuracy, 4 / 6.0);
  const PraxiClassMetrics *class = metrics->per_class;
  g_assert_cmpint (class[0].support, ==, 3);
  NEAR (class[0].precision, 1);
  NEAR (class[0].recall, 2 / 3.0);
  NEAR (class[0].f1, 0.8);
  NEAR (class[1].precision, 0.5);
  NEAR (class[1].recall, 0.5);
  NEAR (class[1].f1, 0.5);
  NEAR (class[2].precision, 0.5);
  NEAR (class[2].recall, 1);
  NEAR (class[2].f1, 2 / 3.0);
  NEAR (metrics->macro_f1, (0.8 + 0.5 + 2 / 3.0) / 3);
  /* Class 0 by score: .8 + .6 + .3 + .2 − .1 − .1 −: all of its own first. */
  NEAR (class[0].auc_pr, 1);
  /* Class 1: .9 +, .6 −, .3 tied + −, .2 −, .1 −. */
  NEAR (class[1].auc_pr, 0.5 * 1 + 0.5 * 2 / 4);
  NEAR (class[1].auc_roc, (4 + 2 + 0.5) / 8);
  NEAR (class[2].auc_pr, 1);
  NEAR (metrics->auc_pr, (1 + 0.75 + 1) / 3);
}

static void
test_absent_class (void)
{
  const int truth[] = {0, 1};
  const float scores[] = {.9f, .1f, 0, .2f, .8f, 0};
  g_autoptr (PraxiMetrics) metrics = praxi_metrics_new (truth, scores, NULL, 2, 3);
  g_assert_true (isnan (metrics->per_class[2].recall));
  g_assert_true (isnan (metrics->per_class[2].auc_pr));
  NEAR (metrics->macro_f1, 1);
  NEAR (metrics->auc_pr, 1);
  g_autoptr (PraxiMetrics) empty = praxi_metrics_new (truth, scores, NULL, 0, 3);
  g_assert_true (isnan (empty->accuracy));
}

static void
test_groups (void)
{
  /* 100 clips, half of them right. On its own each, the interval is about ± 0.1; in two groups, one
   * all right and one all wrong, a draw is 0, ½ or 1.
   */
  int truth[100];
  float scores[200];
  const char *groups[100];
  for (int i = 0; i < 100; i++) {
    truth[i] = 0;
    scores[2 * i] = i < 50 ? 1 : 0;
    scores[2 * i + 1] = 0.5f;
    groups[i] = i < 50 ? "right" : "wrong";
  }
  g_autoptr (PraxiMetrics) alone = praxi_metrics_new (truth, scores, NULL, 100, 2);
  g_assert_cmpfloat (alone->accuracy_low, >, 0.36);
  g_assert_cmpfloat (alone->accuracy_low, <, 0.44);
  g_assert_cmpfloat (alone->accuracy_high, >, 0.56);
  g_assert_cmpfloat (alone->accuracy_high, <, 0.64);
  g_autoptr (PraxiMetrics) grouped = praxi_metrics_new (truth, scores, groups, 100, 2);
  NEAR (grouped->accuracy, 0.5);
  NEAR (grouped->accuracy_low, 0);
  NEAR (grouped->accuracy_high, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/auc", test_auc);
  g_test_add_func ("/metrics/quantile", test_quantile);
  g_test_add_func ("/metrics/three-classes", test_three_classes);
  g_test_add_func ("/metrics/absent-class", test_absent_class);
  g_test_add_func ("/metrics/groups", test_groups);
  return g_test_run ();
}
