/* Curves against values worked out by hand. */
#include "engine/train/curves.h"

#include <math.h>

static const float scores[] = {0.9f, 0.8f, 0.8f, 0.4f, 0.1f};
static const gboolean positives[] = {TRUE, TRUE, FALSE, TRUE, FALSE};

static void
assert_points (GArray *points, const PraxiCurvePoint *expected, guint n)
{
  g_assert_cmpuint (points->len, ==, n);
  for (guint i = 0; i < n; i++) {
    const PraxiCurvePoint point = g_array_index (points, PraxiCurvePoint, i);
    g_assert_cmpfloat_with_epsilon (point.x, expected[i].x, 1e-12);
    g_assert_cmpfloat_with_epsilon (point.y, expected[i].y, 1e-12);
  }
  g_array_unref (points);
}

/* Equal scores are one threshold: two hits and one miss among three. */
static void
test_pr (void)
{
  const PraxiCurvePoint expected[] = {{1.0 / 3, 1}, {2.0 / 3, 2.0 / 3}, {1, 3.0 / 4}, {1, 3.0 / 5}};
  assert_points (praxi_curve_pr (scores, positives, 5, 100), expected, 4);
}

static void
test_roc (void)
{
  const PraxiCurvePoint expected[] = {{0, 0}, {0, 1.0 / 3}, {0.5, 2.0 / 3}, {0.5, 1}, {1, 1}};
  assert_points (praxi_curve_roc (scores, positives, 5, 100), expected, 5);
}

static void
test_thinned (void)
{
  float many[1000];
  gboolean is_positive[1000];
  for (int i = 0; i < 1000; i++) {
    many[i] = (float) i;
    is_positive[i] = i % 2;
  }
  g_autoptr (GArray) points = praxi_curve_roc (many, is_positive, 1000, 64);
  g_assert_cmpuint (points->len, ==, 64);
  g_assert_cmpfloat (g_array_index (points, PraxiCurvePoint, 0).x, ==, 0);
  g_assert_cmpfloat (g_array_index (points, PraxiCurvePoint, 63).x, ==, 1);
  g_assert_cmpfloat (g_array_index (points, PraxiCurvePoint, 63).y, ==, 1);
}

static void
test_undefined (void)
{
  const gboolean none[] = {FALSE, FALSE, FALSE, FALSE, FALSE};
  assert_points (praxi_curve_pr (scores, none, 5, 100), NULL, 0);
  assert_points (praxi_curve_roc (scores, none, 5, 100), NULL, 0);
  assert_points (praxi_curve_pr (scores, none, 0, 100), NULL, 0);
}

static void
test_reliability (void)
{
  const int truth[] = {0, 1, 1};
  const float rows[] = {0.95f, 0.05f, 0.85f, 0.15f, 0.45f, 0.55f};
  PraxiReliabilityBin bins[2];
  praxi_reliability (truth, rows, 3, 2, bins, 2);
  g_assert_cmpint (bins[0].count, ==, 0);
  g_assert_true (isnan (bins[0].accuracy));
  g_assert_cmpint (bins[1].count, ==, 3);
  g_assert_cmpfloat_with_epsilon (bins[1].accuracy, 2.0 / 3, 1e-12);
  g_assert_cmpfloat_with_epsilon (bins[1].confidence, (0.95 + 0.85 + 0.55) / 3, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curves/pr", test_pr);
  g_test_add_func ("/curves/roc", test_roc);
  g_test_add_func ("/curves/thinned", test_thinned);
  g_test_add_func ("/curves/undefined", test_undefined);
  g_test_add_func ("/curves/reliability", test_reliability);
  return g_test_run ();
}
