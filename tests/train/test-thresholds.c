/* Which threshold is taken: the most that is found within what may be false, and its middle. */
#include <glib.h>
#include <math.h>

#include "engine/train/thresholds.h"

/* found and false fall as the threshold rises; in between there are thresholds that find as much.
 */
static void
fill (PraxiEventCount *counts)
{
  for (int i = 0; i < PRAXI_THRESHOLDS; i++)
    counts[i] = (PraxiEventCount){i < 20 ? 10 : i < 41 ? 9 : i < 60 ? 5 : 0, MAX (50 - i, 0)};
}

static void
test_choose (void)
{
  PraxiEventCount counts[PRAXI_THRESHOLDS];
  fill (counts);
  g_assert_cmpint (praxi_threshold_choose (counts, 1000), ==, 10); /* 0 … 19 find 10 */
  g_assert_cmpint (praxi_threshold_choose (counts, 40), ==, 15);   /* 10 … 19 */
  g_assert_cmpint (praxi_threshold_choose (counts, 30), ==, 30);   /* 20 … 40 find 9 */
  g_assert_cmpint (praxi_threshold_choose (counts, 9), ==, 50);    /* 41 … 59 find 5 */
  g_assert_cmpint (praxi_threshold_choose (counts, 0), ==, 55);    /* 50 … 59 */
  g_assert_cmpint (praxi_threshold_choose (counts, -1), ==, PRAXI_THRESHOLDS - 1);
}

/* Thresholds that find as much need not lie side by side. */
static void
test_gap (void)
{
  PraxiEventCount counts[PRAXI_THRESHOLDS] = {{0}};
  counts[3].n_found = counts[8].n_found = counts[70].n_found = 2;
  counts[5] = (PraxiEventCount){3, 1};
  g_assert_cmpint (praxi_threshold_choose (counts, 0), ==, 8);
  g_assert_cmpint (praxi_threshold_choose (counts, 1), ==, 5);
}

static void
test_scores (void)
{
  g_assert_cmpfloat_with_epsilon (praxi_threshold_at (40), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (praxi_threshold_at (0), 1 - praxi_threshold_at (80), 1e-12);
  for (int i = 1; i < PRAXI_THRESHOLDS; i++)
    g_assert_cmpfloat (praxi_threshold_at (i), >, praxi_threshold_at (i - 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/thresholds/choose", test_choose);
  g_test_add_func ("/thresholds/gap", test_gap);
  g_test_add_func ("/thresholds/scores", test_scores);
  return g_test_run ();
}
