/* How fast a model learns: bench-train MODEL [BATCH [THREADS [SECONDS [MODE]]]] prints clips a
 * second of forward, backward and a step of the optimizer on random features, the memory planned
 * for it, and what the operators take. MODE: plain; recompute (praxi train --recompute); keep,
 * which computes nothing twice. train-ratio.py compares them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "engine/train/optimizer.h"
#include "engine/train/stepper.h"

enum { TOP = 25 };

static int
compare_ms (gconstpointer a, gconstpointer b)
{
  const double x = ((const PraxiExecutorOpProfile *) a)->ms;
  const double y = ((const PraxiExecutorOpProfile *) b)->ms;
  return (x < y) - (x > y);
}

/* Sums by operator and kernel. */
static void
print_profile (PraxiExecutor *executor)
{
  g_autoptr (GArray) profile = praxi_executor_profile (executor);
  g_autoptr (GArray) sums = g_array_new (FALSE, FALSE, sizeof (PraxiExecutorOpProfile));
  for (guint i = 0; i < profile->len; i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (profile, PraxiExecutorOpProfile, i);
    guint j = 0;
    while (j < sums->len &&
           (strcmp (g_array_index (sums, PraxiExecutorOpProfile, j).op, op->op) != 0 ||
            strcmp (g_array_index (sums, PraxiExecutorOpProfile, j).kernel, op->kernel) != 0))
      j++;
    if (j == sums->len)
      g_array_append_val (sums, *op);
    else
      g_array_index (sums, PraxiExecutorOpProfile, j).ms += op->ms;
  }
  g_array_sort (sums, compare_ms);
  for (guint i = 0; i < MIN (sums->len, TOP); i++) {
    const PraxiExecutorOpProfile *op = &g_array_index (sums, PraxiExecutorOpProfile, i);
    printf ("%9.2f ms  %-28s %s\n", op->ms, op->op, op->kernel);
  }
}

/* Of all threads: another program's turn does not count. */
static double
processor_ms (void)
{
  struct timespec now;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec * 1e-6;
}

static void
fill (const PraxiTrainable *trainable, const PraxiBatch *batch)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (int i = 0; i < trainable->n_features; i++) {
    const int value = g_array_index (trainable->step->inputs, int, i);
    const gsize n = batch->feature_bytes[i] * (gsize) trainable->batch;
    const gboolean is_float = praxi_graph_value (trainable->step, value)->tensor.dtype == PRAXI_F32;
    float *x = batch->features[i];
    for (gsize k = 0; k < n / sizeof *x && is_float; k++)
      x[k] = (float) g_rand_double_range (random, -1, 1);
    for (gsize k = 0; k < n && !is_float; k++)
      ((guint8 *) batch->features[i])[k] = (guint8) g_rand_int_range (random, 64, 192);
  }
  for (int k = 0; k < trainable->batch * trainable->n_outputs; k++) {
    batch->target[k] = k % trainable->n_outputs == 0;
    batch->weight[k] = 1 / (float) trainable->batch;
  }
  for (int i = 0; i < trainable->n_masks; i++)
    for (gsize k = 0; k < batch->mask_numbers[i]; k++)
      batch->masks[i][k] = 1;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  if (argc < 2)
    return fprintf (stderr, "bench-train MODEL [BATCH [THREADS [SECONDS [MODE]]]]\n"), 2;
  const PraxiTrainableOptions how = {.batch = argc > 2 ? atoi (argv[2]) : 8,
                                     .recompute = argc > 5 && strcmp (argv[5], "recompute") == 0,
                                     .keep_all = argc > 5 && strcmp (argv[5], "keep") == 0};
  const int threads = argc > 3 ? atoi (argv[3]) : 2;
  const double seconds = argc > 4 ? atof (argv[4]) : 5;
  g_autoptr (PraxiModel) model = praxi_model_load (argv[1], &error);
  g_autoptr (PraxiTrainable) trainable =
      model != NULL ? praxi_trainable_new (model, &how, &error) : NULL;
  g_autoptr (PraxiStepper) stepper =
      trainable != NULL ? praxi_stepper_new (trainable, threads, &error) : NULL;
  if (stepper == NULL)
    return fprintf (stderr, "bench-train: %s\n", error->message), 1;
  g_autoptr (PraxiOptimizer) optimizer = praxi_optimizer_new (trainable, PRAXI_OPTIMIZER_SGD, 0, 0);
  float **sums = praxi_rooms_new (trainable);
  fill (trainable, praxi_stepper_batch (stepper));
  praxi_executor_set_profiling (praxi_stepper_executor (stepper), argc <= 6);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  double best = INFINITY, least = INFINITY;
  const gint64 begin_us = g_get_monotonic_time ();
  while (times->len < 3 || (double) (g_get_monotonic_time () - begin_us) / 1e6 < seconds) {
    const gint64 from_us = g_get_monotonic_time ();
    const double from_ms = processor_ms ();
    if (!praxi_stepper_learn (stepper, sums, &error))
      return fprintf (stderr, "bench-train: %s\n", error->message), 1;
    praxi_optimizer_step (optimizer, sums, 1e-4);
    const double ms = (double) (g_get_monotonic_time () - from_us) / 1e3;
    g_array_append_val (times, ms);
    least = fmin (least, processor_ms () - from_ms);
  }
  for (guint i = 0; i < times->len; i++)
    best = fmin (best, g_array_index (times, double, i));
  struct rusage usage;
  getrusage (RUSAGE_SELF, &usage);
  printf ("batch %d, %d threads: best %.1f ms a step, %.1f clips/s; %.1f ms of processor time; "
          "%.1f MB planned, peak RSS %.0f MB\n",
          trainable->batch, threads, best, trainable->batch * 1e3 / best, least,
          (double) praxi_stepper_peak_bytes (stepper) / 1e6, (double) usage.ru_maxrss / 1024);
  print_profile (praxi_stepper_executor (stepper));
  praxi_rooms_free (trainable, sums);
  return 0;
}
