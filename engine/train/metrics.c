#include "engine/train/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_DRAWS = 2000 };

typedef struct {
  float score;
  gboolean is_positive;
} Scored;

static int
descending_cb (const void *a, const void *b)
{
  const float x = ((const Scored *) a)->score, y = ((const Scored *) b)->score;
  return (x < y) - (x > y);
}

static int
ascending_cb (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static Scored *
sort_scores (const float *scores, const gboolean *positives, int n, int *n_positives)
{
  Scored *sorted = g_new (Scored, (gsize) n + 1);
  *n_positives = 0;
  for (int i = 0; i < n; i++) {
    sorted[i] = (Scored){scores[i], positives[i] != FALSE};
    *n_positives += sorted[i].is_positive;
  }
  qsort (sorted, (gsize) n, sizeof *sorted, descending_cb);
  return sorted;
}

double
praxi_metrics_auc_pr (const float *scores, const gboolean *positives, int n)
{
  int n_positives;
  g_autofree Scored *sorted = sort_scores (scores, positives, n, &n_positives);
  if (n_positives == 0 || n_positives == n)
    return NAN;
  double area = 0;
  int true_positives = 0;
  for (int i = 0; i < n;) {
    int gained = 0;
    const float score = sorted[i].score;
    for (; i < n && sorted[i].score == score; i++)
      gained += sorted[i].is_positive;
    true_positives += gained;
    area += (double) gained / n_positives * true_positives / i;
  }
  return area;
}

double
praxi_metrics_auc_roc (const float *scores, const gboolean *positives, int n)
{
  int n_positives;
  g_autofree Scored *sorted = sort_scores (scores, positives, n, &n_positives);
  const int n_negatives = n - n_positives;
  if (n_positives == 0 || n_negatives == 0)
    return NAN;
  double above = 0; /* pairs with the positive above, ties half */
  int positives_so_far = 0;
  for (int i = 0; i < n;) {
    int same_positives = 0, same_negatives = 0;
    const float score = sorted[i].score;
    for (; i < n && sorted[i].score == score; i++) {
      same_positives += sorted[i].is_positive;
      same_negatives += !sorted[i].is_positive;
    }
    above += same_negatives * (positives_so_far + same_positives / 2.0);
    positives_so_far += same_positives;
  }
  return above / ((double) n_positives * n_negatives);
}

double
praxi_metrics_quantile (double *values, int n, double p)
{
  if (n < 1)
    return NAN;
  qsort (values, (gsize) n, sizeof *values, ascending_cb);
  const double at = CLAMP (p, 0, 1) * (n - 1);
  const int i = MIN ((int) at, n - 1), next = MIN (i + 1, n - 1);
  return values[i] + (at - i) * (values[next] - values[i]);
}

int
praxi_metrics_decide (const float *scores, int n_classes)
{
  int best = 0;
  for (int c = 1; c < n_classes; c++)
    if (scores[c] > scores[best])
      best = c;
  return best;
}

static double
ratio (int part, int whole)
{
  return whole > 0 ? (double) part / whole : NAN;
}

static void
measure_class (PraxiMetrics *metrics, int class_index, const int *truth, const float *scores, int n)
{
  const int C = metrics->n_classes;
  PraxiClassMetrics *class = &metrics->per_class[class_index];
  const int hits = metrics->confusion[class_index * C + class_index];
  int n_decided = 0;
  for (int c = 0; c < C; c++) {
    class->support += metrics->confusion[class_index * C + c];
    n_decided += metrics->confusion[c * C + class_index];
  }
  class->precision = ratio (hits, n_decided);
  class->recall = ratio (hits, class->support);
  class->f1 = ratio (2 * hits, class->support + n_decided);

  g_autofree float *own = g_new (float, (gsize) n + 1);
  g_autofree gboolean *is_own = g_new (gboolean, (gsize) n + 1);
  for (int i = 0; i < n; i++) {
    own[i] = scores[(gsize) i * C + class_index];
    is_own[i] = truth[i] == class_index;
  }
  class->auc_pr = praxi_metrics_auc_pr (own, is_own, n);
  class->auc_roc = praxi_metrics_auc_roc (own, is_own, n);
}

/* The mean of what is defined. */
static double
mean_defined (const double *values, int n)
{
  double sum = 0;
  int n_defined = 0;
  for (int i = 0; i < n; i++)
    if (!isnan (values[i])) {
      sum += values[i];
      n_defined++;
    }
  return n_defined > 0 ? sum / n_defined : NAN;
}

static void
average_classes (PraxiMetrics *metrics)
{
  const int C = metrics->n_classes;
  g_autofree double *values = g_new (double, C * 3);
  for (int c = 0; c < C; c++) {
    const PraxiClassMetrics *class = &metrics->per_class[c];
    values[c] = class->support > 0 ? class->f1 : NAN;
    values[C + c] = class->auc_pr;
    values[2 * C + c] = class->auc_roc;
  }
  metrics->macro_f1 = mean_defined (values, C);
  metrics->auc_pr = mean_defined (values + C, C);
  metrics->auc_roc = mean_defined (values + 2 * C, C);
}

/* How many samples of each group there are and are right: int [n_groups, 2]. */
static GArray *
count_groups (const int *truth, const int *decisions, const char *const *groups, int n)
{
  GArray *counts = g_array_new (FALSE, TRUE, 2 * sizeof (int));
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  for (int i = 0; i < n; i++) {
    gpointer index = NULL;
    const gboolean is_known =
        groups != NULL && g_hash_table_lookup_extended (found, groups[i], NULL, &index);
    const guint at = is_known ? GPOINTER_TO_UINT (index) : counts->len;
    if (!is_known) {
      g_array_set_size (counts, at + 1);
      if (groups != NULL)
        g_hash_table_insert (found, (gpointer) groups[i], GUINT_TO_POINTER (at));
    }
    int *count = &((int *) (gpointer) counts->data)[2 * at];
    count[0]++;
    count[1] += truth[i] == decisions[i];
  }
  return counts;
}

/* Draws as many groups as there are, with replacement, N_DRAWS times: groups are what is
 * independent, not the clips cut from them. The seed is fixed: the same data give the same
 * interval.
 */
static void
bootstrap (PraxiMetrics *metrics,
           const int *truth,
           const int *decisions,
           const char *const *groups,
           int n)
{
  g_autoptr (GArray) counts = count_groups (truth, decisions, groups, n);
  const int *count = (const int *) (gconstpointer) counts->data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree double *accuracies = g_new (double, N_DRAWS);
  for (int draw = 0; draw < N_DRAWS; draw++) {
    int n_drawn = 0, n_right = 0;
    for (guint i = 0; i < counts->len; i++) {
      const int at = g_rand_int_range (rand, 0, (gint32) counts->len);
      n_drawn += count[2 * at];
      n_right += count[2 * at + 1];
    }
    accuracies[draw] = ratio (n_right, n_drawn);
  }
  metrics->accuracy_low = praxi_metrics_quantile (accuracies, N_DRAWS, 0.025);
  metrics->accuracy_high = praxi_metrics_quantile (accuracies, N_DRAWS, 0.975);
}

PraxiMetrics *
praxi_metrics_new (const int *truth,
                   const float *scores,
                   const char *const *groups,
                   int n,
                   int n_classes)
{
  PraxiMetrics *metrics = g_new0 (PraxiMetrics, 1);
  metrics->n = n;
  metrics->n_classes = n_classes;
  metrics->per_class = g_new0 (PraxiClassMetrics, n_classes);
  metrics->confusion = g_new0 (int, (gsize) n_classes *n_classes);
  metrics->accuracy = metrics->accuracy_low = metrics->accuracy_high = NAN;
  g_autofree int *decisions = g_new (int, (gsize) n + 1);
  int n_right = 0;
  for (int i = 0; i < n; i++) {
    decisions[i] = praxi_metrics_decide (scores + (gsize) i * n_classes, n_classes);
    metrics->confusion[truth[i] * n_classes + decisions[i]]++;
    n_right += decisions[i] == truth[i];
  }
  for (int c = 0; c < n_classes; c++)
    measure_class (metrics, c, truth, scores, n);
  average_classes (metrics);
  if (n > 0) {
    metrics->accuracy = ratio (n_right, n);
    bootstrap (metrics, truth, decisions, groups, n);
  }
  return metrics;
}

void
praxi_metrics_free (PraxiMetrics *metrics)
{
  if (metrics == NULL)
    return;
  g_free (metrics->per_class);
  g_free (metrics->confusion);
  g_free (metrics);
}
