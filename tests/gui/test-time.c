/* Time to pixels and back, zooming, fitting, and lanes: no display needed. */
#include "ui/go-to.h"
#include "ui/lanes.h"
#include "ui/time-scale.h"

#define SECOND G_GINT64_CONSTANT (1000000000)

static void
test_round_trip (void)
{
  const PraxiTimeScale scale = {.span = {5 * SECOND, 65 * SECOND}, .left_px = 84, .width_px = 600};
  g_assert_cmpfloat (praxi_time_scale_x (&scale, 5 * SECOND), ==, 84);
  g_assert_cmpfloat (praxi_time_scale_x (&scale, 65 * SECOND), ==, 684);
  for (double x = 84; x <= 684; x += 0.5)
    g_assert_cmpfloat_with_epsilon (praxi_time_scale_x (&scale, praxi_time_scale_time (&scale, x)),
                                    x, 1e-6);
}

static void
test_zoom_keeps_the_point (void)
{
  PraxiTimeSpan span = {0, 100 * SECOND};
  const gint64 at = 37 * SECOND;
  for (int i = 0; i < 20; i++) {
    span = praxi_time_span_zoom (span, 1.25, at);
    const double share = (double) (at - span.start_ns) / (double) praxi_time_span_length (span);
    g_assert_cmpfloat_with_epsilon (share, 0.37, 1e-3);
  }
  g_assert_cmpint (praxi_time_span_length (span), <, 2 * SECOND);
}

static void
test_fit (void)
{
  const PraxiTimeSpan whole = {-SECOND, 9 * SECOND};
  PraxiTimeSpan span = praxi_time_span_fit ((PraxiTimeSpan){-5 * SECOND, 0}, whole, SECOND);
  g_assert_cmpint (span.start_ns, ==, -SECOND);
  g_assert_cmpint (span.end_ns, ==, 4 * SECOND);
  span = praxi_time_span_fit ((PraxiTimeSpan){8 * SECOND, 8 * SECOND + 1}, whole, 2 * SECOND);
  g_assert_cmpint (span.start_ns, ==, 7 * SECOND);
  g_assert_cmpint (span.end_ns, ==, 9 * SECOND);
  span = praxi_time_span_fit ((PraxiTimeSpan){-90 * SECOND, 90 * SECOND}, whole, SECOND);
  g_assert_cmpint (span.start_ns, ==, whole.start_ns);
  g_assert_cmpint (span.end_ns, ==, whole.end_ns);
}

static void
test_fit_shorter_than_minimum (void)
{
  const PraxiTimeSpan whole = {0, 10};
  const PraxiTimeSpan span = praxi_time_span_fit ((PraxiTimeSpan){3, 4}, whole, SECOND);
  g_assert_cmpint (span.start_ns, ==, 0);
  g_assert_cmpint (span.end_ns, ==, 10);
}

static void
test_lanes (void)
{
  const PraxiTimeSpan spans[] = {{0, 10}, {2, 4}, {3, 5}, {4, 6}, {10, 12}};
  int lanes[5];
  g_assert_cmpint (praxi_lanes_assign (spans, 5, lanes), ==, 3);
  g_assert_cmpint (lanes[0], ==, 0);
  g_assert_cmpint (lanes[1], ==, 1);
  g_assert_cmpint (lanes[2], ==, 2);
  g_assert_cmpint (lanes[3], ==, 1); /* touching is not overlapping */
  g_assert_cmpint (lanes[4], ==, 0);
  g_assert_cmpint (praxi_lanes_assign (spans, 0, lanes), ==, 0);
}

/* Whatever the spans, two in one lane never overlap. */
static void
test_lanes_random (void)
{
  enum { N = 200 };
  PraxiTimeSpan spans[N];
  int lanes[N];
  gint64 start = 0;
  for (int i = 0; i < N; i++) {
    start += g_test_rand_int_range (0, 5);
    spans[i] = (PraxiTimeSpan){start, start + g_test_rand_int_range (1, 30)};
  }
  praxi_lanes_assign (spans, N, lanes);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < i; k++)
      g_assert_false (lanes[i] == lanes[k] && praxi_time_span_overlaps (spans[i], spans[k]));
}

/* What "Go to" makes of the text in 900 frames that begin at one second and last 30. */
static void
assert_goes_to (const char *text, gboolean frame, gint64 value)
{
  gboolean is_frame = !frame;
  gint64 found = -1;
  g_autofree char *problem = praxi_go_to_parse (text, 900, SECOND, 31 * SECOND, &is_frame, &found);
  g_assert_cmpstr (problem, ==, NULL);
  g_assert_cmpint (is_frame, ==, frame);
  g_assert_cmpint (found, ==, value);
}

static void
test_go_to (void)
{
  static const char *const wrong[] = {"",
                                      "soon",
                                      "f",
                                      "f900",
                                      "f-1",
                                      "f1.5",
                                      "31",
                                      "-1",
                                      "1:2:3:4",
                                      "1:99",
                                      "f99999999999999999999"};
  assert_goes_to ("f123", TRUE, 123);
  assert_goes_to (" F 0 ", TRUE, 0);
  assert_goes_to ("#899", TRUE, 899);
  assert_goes_to ("0:12.5", FALSE, SECOND + 12500000000);
  assert_goes_to ("0:00:30", FALSE, 31 * SECOND);
  assert_goes_to ("7", FALSE, 8 * SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    gboolean is_frame;
    gint64 value = -1;
    g_autofree char *problem =
        praxi_go_to_parse (wrong[i], 900, SECOND, 31 * SECOND, &is_frame, &value);
    g_assert_nonnull (problem);
    g_assert_cmpint (value, ==, -1);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/time/round-trip", test_round_trip);
  g_test_add_func ("/time/zoom-keeps-the-point", test_zoom_keeps_the_point);
  g_test_add_func ("/time/fit", test_fit);
  g_test_add_func ("/time/fit-shorter-than-minimum", test_fit_shorter_than_minimum);
  g_test_add_func ("/lanes/order", test_lanes);
  g_test_add_func ("/lanes/random", test_lanes_random);
  g_test_add_func ("/go-to/parse", test_go_to);
  return g_test_run ();
}
