#include "engine/train/tune.h"

#include <math.h>
#include <string.h>

enum { FIRST_RANDOM = 10, CANDIDATES = 12, LEAST_PEERS = 4, RUNG_BASE = 3 };

#define GOOD_SHARE 0.2
#define LEAST_WIDTH 0.02

static void
trial_free (gpointer data)
{
  PraxiTrial *trial = data;
  g_free (trial->places);
  g_array_unref (trial->course);
  g_free (trial);
}

PraxiTuner *
praxi_tuner_new (const PraxiTuneSpace *space, PraxiTuneMethod method, guint32 seed)
{
  PraxiTuner *tuner = g_new0 (PraxiTuner, 1);
  tuner->space = space;
  tuner->method = method;
  tuner->random = g_rand_new_with_seed (seed);
  tuner->trials = g_ptr_array_new_with_free_func (trial_free);
  return tuner;
}

void
praxi_tuner_free (PraxiTuner *tuner)
{
  if (tuner == NULL)
    return;
  g_rand_free (tuner->random);
  g_ptr_array_unref (tuner->trials);
  g_free (tuner);
}

PraxiTrial *
praxi_tuner_add (PraxiTuner *tuner, int number, const double *places)
{
  PraxiTrial *trial = g_new0 (PraxiTrial, 1);
  trial->number = number;
  trial->places = g_memdup2 (places, sizeof *places * (gsize) tuner->space->n_axes);
  trial->course = g_array_new (FALSE, FALSE, sizeof (double));
  trial->score = trial->latency_ms = (double) NAN;
  g_ptr_array_add (tuner->trials, trial);
  return trial;
}

/* --- TPE ------------------------------------------------------------------------------------ */

static int
compare_scores (gconstpointer a, gconstpointer b)
{
  const PraxiTrial *x = *(const PraxiTrial *const *) a, *y = *(const PraxiTrial *const *) b;
  return (x->score < y->score) - (x->score > y->score);
}

/* Trials with a score, the best first. */
static GPtrArray *
ranked (const PraxiTuner *tuner)
{
  GPtrArray *trials = g_ptr_array_new ();
  for (guint i = 0; i < tuner->trials->len; i++) {
    PraxiTrial *trial = tuner->trials->pdata[i];
    if (isfinite (trial->score) && trial->state != PRAXI_TRIAL_RUNNING)
      g_ptr_array_add (trials, trial);
  }
  g_ptr_array_sort (trials, compare_scores);
  return trials;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* A density on one axis: a bell around each place, wide as the farther neighbour is away, and one
 * over everything, so that nothing is out of reach. Of a choice: how often each was taken, plus 1.
 */
typedef struct {
  const PraxiTuneAxis *axis;
  GArray *centers, *widths; /* sorted; of a choice centers alone */
} Density;

static void
density_init (Density *density,
              const PraxiTuneAxis *axis,
              int number,
              PraxiTrial *const *trials,
              guint n)
{
  density->axis = axis;
  density->centers = g_array_new (FALSE, FALSE, sizeof (double));
  density->widths = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < n; i++)
    g_array_append_val (density->centers, trials[i]->places[number]);
  g_array_sort (density->centers, compare_doubles);
  const double *at = (const double *) (void *) density->centers->data;
  for (guint i = 0; i < n; i++) {
    const double before = i > 0 ? at[i - 1] : 0, after = i + 1 < n ? at[i + 1] : 1;
    const double least = MAX (LEAST_WIDTH, 1.0 / (double) MIN (100, 1 + 2 * n));
    const double width = CLAMP (MAX (at[i] - before, after - at[i]), least, 1);
    g_array_append_val (density->widths, width);
  }
}

static void
density_clear (Density *density)
{
  g_array_unref (density->centers);
  g_array_unref (density->widths);
}

/* The part of a bell that lies in [0, 1]. */
static double
inside (double center, double width)
{
  return 0.5 * (erf ((1 - center) / width / G_SQRT2) + erf (center / width / G_SQRT2));
}

static double
bell (double x, double center, double width)
{
  const double z = (x - center) / width;
  return exp (-0.5 * z * z) / (width * sqrt (2 * G_PI)) / MAX (inside (center, width), 1e-12);
}

static double
density_at (const Density *density, double place)
{
  const guint n = density->centers->len;
  double sum = 0;
  if (density->axis->kind == PRAXI_TUNE_CHOICE) {
    const double value = praxi_tune_value (density->axis, place);
    for (guint i = 0; i < n; i++)
      sum += fabs (praxi_tune_value (density->axis, g_array_index (density->centers, double, i)) -
                   value) < 0.5;
    return (sum + 1) / (n + density->axis->n_choices);
  }
  for (guint i = 0; i < n; i++)
    sum += bell (place, g_array_index (density->centers, double, i),
                 g_array_index (density->widths, double, i));
  return (sum + 1) / (n + 1);
}

static double
normal (GRand *random)
{
  const double drawn = g_rand_double (random), u = MAX (drawn, 1e-12); /* MAX would draw twice */
  return sqrt (-2 * log (u)) * cos (2 * G_PI * g_rand_double (random));
}

static double
density_draw (const Density *density, GRand *random)
{
  const guint n = density->centers->len;
  const guint prior =
      density->axis->kind == PRAXI_TUNE_CHOICE ? (guint) density->axis->n_choices : 1;
  const guint i = (guint) g_rand_int_range (random, 0, (gint32) (n + prior));
  if (i >= n)
    return g_rand_double (random);
  const double center = g_array_index (density->centers, double, i);
  if (density->axis->kind == PRAXI_TUNE_CHOICE)
    return center;
  for (;;) {
    const double x = center + normal (random) * g_array_index (density->widths, double, i);
    if (x >= 0 && x <= 1)
      return x;
  }
}

/* Points drawn where the good ones are; of them the one where they are densest compared with the
 * others, all axes together.
 */
static void
draw_places (const PraxiTuner *tuner, const GPtrArray *trials, guint n_good, double *places)
{
  const int n_axes = tuner->space->n_axes;
  PraxiTrial *const *all = (PraxiTrial *const *) trials->pdata;
  g_autofree Density *good = g_new (Density, n_axes), *rest = g_new (Density, n_axes);
  g_autofree double *drawn = g_new (double, n_axes);
  double most = -INFINITY;
  for (int a = 0; a < n_axes; a++) {
    density_init (&good[a], &tuner->space->axes[a], a, all, n_good);
    density_init (&rest[a], &tuner->space->axes[a], a, all + n_good, trials->len - n_good);
  }
  for (int i = 0; i < CANDIDATES; i++) {
    double gain = 0;
    for (int a = 0; a < n_axes; a++) {
      drawn[a] = density_draw (&good[a], tuner->random);
      gain += log (density_at (&good[a], drawn[a])) - log (density_at (&rest[a], drawn[a]));
    }
    if (gain > most) {
      most = gain;
      memcpy (places, drawn, sizeof *drawn * (gsize) n_axes);
    }
  }
  for (int a = 0; a < n_axes; a++) {
    density_clear (&good[a]);
    density_clear (&rest[a]);
  }
}

PraxiTrial *
praxi_tuner_suggest (PraxiTuner *tuner)
{
  g_autoptr (GPtrArray) trials = ranked (tuner);
  g_autofree double *places = g_new (double, tuner->space->n_axes + 1);
  const guint n_good = (guint) ceil (GOOD_SHARE * trials->len);
  int number = 0;
  for (guint i = 0; i < tuner->trials->len; i++)
    number = MAX (number, ((PraxiTrial *) tuner->trials->pdata[i])->number + 1);
  for (int i = 0; i < tuner->space->n_axes; i++)
    places[i] = g_rand_double (tuner->random);
  if (tuner->method == PRAXI_TUNE_TPE && trials->len >= FIRST_RANDOM)
    draw_places (tuner, trials, n_good, places);
  return praxi_tuner_add (tuner, number, places);
}

/* --- stopping early ------------------------------------------------------------------------- */

static double
best_until (const PraxiTrial *trial, guint epochs)
{
  double best = -INFINITY;
  for (guint i = 0; i < epochs; i++)
    best = MAX (best, g_array_index (trial->course, double, i));
  return best;
}

static gboolean
is_rung (guint epochs)
{
  while (epochs % RUNG_BASE == 0)
    epochs /= RUNG_BASE;
  return epochs == 1;
}

gboolean
praxi_trial_report (PraxiTuner *tuner, PraxiTrial *trial, double score)
{
  g_array_append_val (trial->course, score);
  if (isfinite (score) && !(trial->score >= score))
    trial->score = score;
  const guint epochs = trial->course->len;
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < tuner->trials->len; i++) {
    const PraxiTrial *other = tuner->trials->pdata[i];
    if (other == trial || other->course->len < epochs || other->state == PRAXI_TRIAL_FAILED)
      continue;
    const double best = best_until (other, epochs);
    g_array_append_val (others, best);
  }
  if (others->len < LEAST_PEERS)
    return TRUE;
  g_array_sort (others, compare_doubles);
  const double own = best_until (trial, epochs);
  const guint n = others->len;
  if (is_rung (epochs) && !(own >= g_array_index (others, double, n / 2)))
    return FALSE;
  return own >= 0.5 * (g_array_index (others, double, (n - 1) / 2) +
                       g_array_index (others, double, n / 2)) ||
         epochs < RUNG_BASE;
}

/* --- outcomes ------------------------------------------------------------------------------- */

const PraxiTrial *
praxi_tuner_best (const PraxiTuner *tuner)
{
  g_autoptr (GPtrArray) trials = ranked (tuner);
  return trials->len > 0 ? trials->pdata[0] : NULL;
}

static int
compare_latencies (gconstpointer a, gconstpointer b)
{
  const PraxiTrial *x = *(const PraxiTrial *const *) a, *y = *(const PraxiTrial *const *) b;
  return (x->latency_ms > y->latency_ms) - (x->latency_ms < y->latency_ms);
}

static gboolean
beats (const PraxiTrial *a, const PraxiTrial *b)
{
  return a->score >= b->score && a->latency_ms <= b->latency_ms &&
         (a->score > b->score || a->latency_ms < b->latency_ms || a->number < b->number);
}

GPtrArray *
praxi_tuner_pareto (const PraxiTuner *tuner)
{
  g_autoptr (GPtrArray) trials = ranked (tuner);
  GPtrArray *front = g_ptr_array_new ();
  for (guint i = 0; i < trials->len; i++) {
    const PraxiTrial *trial = trials->pdata[i];
    gboolean is_beaten = !isfinite (trial->latency_ms);
    for (guint k = 0; k < trials->len && !is_beaten; k++)
      is_beaten = k != i && isfinite (((PraxiTrial *) trials->pdata[k])->latency_ms) &&
                  beats (trials->pdata[k], trial);
    if (!is_beaten)
      g_ptr_array_add (front, trials->pdata[i]);
  }
  g_ptr_array_sort (front, compare_latencies);
  return front;
}
