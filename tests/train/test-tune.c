/* The tuner on toys whose optimum is known. */
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/train/tune-budget.h"
#include "engine/train/tune.h"

static const char space_json[] =
    "{\"rate\":{\"type\":\"log\",\"low\":1e-5,\"high\":1},"
    "\"momentum\":{\"type\":\"float\",\"low\":0,\"high\":1},"
    "\"depth\":{\"type\":\"int\",\"low\":1,\"high\":12},"
    "\"kind\":{\"type\":\"choice\",\"values\":[\"sgd\",\"adam\",\"lion\",7]}}";

static PraxiTuneSpace *
make_space (void)
{
  g_autoptr (GError) error = NULL;
  PraxiTuneSpace *space = praxi_tune_space_parse (space_json, &error);
  g_assert_no_error (error);
  return space;
}

/* Best at rate 3e-3, momentum 0.9, depth 5, kind adam: 0 there, negative elsewhere. */
static double
toy (const PraxiTuneSpace *space, const double *places)
{
  double sum = 0;
  for (int i = 0; i < space->n_axes; i++) {
    const PraxiTuneAxis *axis = &space->axes[i];
    const double value = praxi_tune_value (axis, places[i]);
    double off = 0;
    if (g_str_equal (axis->name, "rate"))
      off = log10 (value / 3e-3) / 2;
    else if (g_str_equal (axis->name, "momentum"))
      off = (value - 0.9) * 2;
    else if (g_str_equal (axis->name, "depth"))
      off = (value - 5) / 4;
    else
      off = (int) value == 1 ? 0 : 0.5;
    sum -= off * off;
  }
  return sum;
}

static double
search (const PraxiTuneSpace *space, PraxiTuneMethod method, guint32 seed, int n)
{
  g_autoptr (PraxiTuner) tuner = praxi_tuner_new (space, method, seed);
  for (int i = 0; i < n; i++) {
    PraxiTrial *trial = praxi_tuner_suggest (tuner);
    trial->score = toy (space, trial->places);
    trial->state = PRAXI_TRIAL_DONE;
  }
  return praxi_tuner_best (tuner)->score;
}

static int
compare (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static void
test_beats_random (void)
{
  enum { SEEDS = 20, TRIALS = 50 };
  g_autoptr (PraxiTuneSpace) space = make_space ();
  double tpe[SEEDS], random[SEEDS];
  for (guint32 s = 0; s < SEEDS; s++) {
    tpe[s] = search (space, PRAXI_TUNE_TPE, s, TRIALS);
    random[s] = search (space, PRAXI_TUNE_RANDOM, s + 1000, TRIALS);
  }
  qsort (tpe, SEEDS, sizeof *tpe, compare);
  qsort (random, SEEDS, sizeof *random, compare);
  const double a = (tpe[9] + tpe[10]) / 2, b = (random[9] + random[10]) / 2;
  g_test_message ("median distance from the optimum after %d trials: TPE %.4f, random %.4f", TRIALS,
                  -a, -b);
  g_assert_cmpfloat (a, >, b);
  g_assert_cmpfloat (-a, <, -b / 2);
}

static void
test_space (void)
{
  static const char *const bad[] = {
      "[]",
      "{}",
      "{\"a\":{\"type\":\"float\",\"low\":1}}",
      "{\"a\":{\"type\":\"float\",\"low\":1,\"high\":1}}",
      "{\"a\":{\"type\":\"log\",\"low\":0,\"high\":1}}",
      "{\"a\":{\"type\":\"choice\",\"values\":[]}}",
      "{\"a\":{\"type\":\"what\"}}",
      "{\"a\":3}",
  };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (praxi_tune_space_parse (bad[i], &error));
    g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  }
  g_autoptr (PraxiTuneSpace) space = make_space ();
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  int seen[13] = {0};
  for (int i = 0; i < 2000; i++)
    for (int k = 0; k < space->n_axes; k++) {
      const PraxiTuneAxis *axis = &space->axes[k];
      const double place = g_rand_double (random);
      g_autofree char *text = praxi_tune_text (axis, place);
      g_autofree char *again = praxi_tune_text (axis, praxi_tune_place (axis, text));
      g_assert_cmpstr (text, ==, again);
      if (axis->kind == PRAXI_TUNE_INT)
        seen[atoi (text)]++;
      else if (axis->kind != PRAXI_TUNE_CHOICE)
        g_assert_cmpfloat (praxi_tune_value (axis, place), >=, axis->low);
    }
  for (int i = 1; i <= 12; i++)
    g_assert_cmpint (seen[i], >, 100);
}

static void
test_stopping (void)
{
  g_autoptr (PraxiTuneSpace) space = make_space ();
  g_autoptr (PraxiTuner) tuner = praxi_tuner_new (space, PRAXI_TUNE_RANDOM, 1);
  for (int t = 0; t < 6; t++) { /* the first ones are never stopped: nobody came as far */
    PraxiTrial *trial = praxi_tuner_suggest (tuner);
    for (int e = 0; e < 9; e++) {
      const gboolean goes_on = praxi_trial_report (tuner, trial, 0.5 + 0.01 * e + 0.01 * t);
      g_assert_true (goes_on);
    }
    trial->state = PRAXI_TRIAL_DONE;
  }
  PraxiTrial *poor = praxi_tuner_suggest (tuner), *fine = praxi_tuner_suggest (tuner);
  g_assert_false (praxi_trial_report (tuner, poor, 0.1));
  g_assert_true (praxi_trial_report (tuner, fine, 0.9));
  PraxiTrial *fading = praxi_tuner_suggest (tuner);
  g_assert_true (praxi_trial_report (tuner, fading, 0.54));
  gboolean goes_on = TRUE;
  for (int e = 1; e < 9 && goes_on; e++)
    goes_on = praxi_trial_report (tuner, fading, 0.5);
  g_assert_false (goes_on);
}

static void
test_pareto (void)
{
  static const double scores[] = {0.9, 0.8, 0.85, 0.7, 0.95};
  static const double latencies[] = {20, 10, 25, 5, 40};
  g_autoptr (PraxiTuneSpace) space = make_space ();
  g_autoptr (PraxiTuner) tuner = praxi_tuner_new (space, PRAXI_TUNE_RANDOM, 1);
  for (int t = 0; t < 5; t++) {
    PraxiTrial *trial = praxi_tuner_suggest (tuner);
    trial->score = scores[t];
    trial->latency_ms = latencies[t];
    trial->state = PRAXI_TRIAL_DONE;
  }
  g_autoptr (GPtrArray) front = praxi_tuner_pareto (tuner);
  static const int expected[] = {3, 1, 0, 4}; /* 2 is slower and worse than 0 */
  g_assert_cmpuint (front->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (((PraxiTrial *) front->pdata[i])->number, ==, expected[i]);
  g_assert_cmpint (praxi_tuner_best (tuner)->number, ==, 4);
}

static gint64
toy_cost (gpointer data, const double *places)
{
  const PraxiTuneSpace *space = data;
  const double depth = praxi_tune_value (&space->axes[0], places[0]);
  const double width = praxi_tune_value (&space->axes[1], places[1]);
  const double size = praxi_tune_value (&space->axes[2], places[2]);
  return 1 + (gint64) (depth * width * width * size * size);
}

/* Proportions stay, the cost comes close below the budget; what cannot be is said. */
static void
test_budget (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiTuneSpace) space =
      praxi_tune_space_parse ("{\"depth\":{\"type\":\"float\",\"low\":0.1,\"high\":9},"
                              "\"width\":{\"type\":\"log\",\"low\":0.1,\"high\":9},"
                              "\"size\":{\"type\":\"float\",\"low\":8,\"high\":900},"
                              "\"rate\":{\"type\":\"float\",\"low\":0,\"high\":1}}",
                              &error);
  g_assert_no_error (error);
  double places[4] = {0.1, 0.5, 0.1, 0.7};
  const double depth = praxi_tune_value (&space->axes[0], places[0]);
  const double width = praxi_tune_value (&space->axes[1], places[1]);
  const double budgets[3] = {1e3, 1e4, 1e5};
  for (int i = 0; i < 3; i++) {
    g_assert_true (praxi_tune_fit_budget (space, (gint64) budgets[i], toy_cost, space, places));
    g_assert_cmpint (toy_cost (space, places), <=, (gint64) budgets[i]);
    g_assert_cmpfloat ((double) toy_cost (space, places), >, 0.97 * budgets[i]);
    const double ratio = praxi_tune_value (&space->axes[0], places[0]) /
                         praxi_tune_value (&space->axes[1], places[1]);
    g_assert_cmpfloat (fabs (ratio - depth / width), <, 1e-6 * ratio);
    g_assert_cmpfloat (places[3], ==, 0.7);
  }
  g_assert_true (praxi_tune_fit_budget (space, G_MAXINT64, toy_cost, space, places));
  g_assert_cmpfloat (places[2], ==, 1);
  g_assert_false (praxi_tune_fit_budget (space, 0, toy_cost, space, places));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tune/space", test_space);
  g_test_add_func ("/tune/beats-random", test_beats_random);
  g_test_add_func ("/tune/stopping", test_stopping);
  g_test_add_func ("/tune/pareto", test_pareto);
  g_test_add_func ("/tune/budget", test_budget);
  return g_test_run ();
}
