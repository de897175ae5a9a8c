/* Sets of moments against a plain array of flags. */
#include "ui/span-set.h"

enum { N = 64, ROUNDS = 2000 };

static void
assert_same (const PraxiSpanSet *set, const gboolean *flags)
{
  gint64 last_end_ns = -1;
  int n_in = 0;
  for (guint i = 0; i < praxi_span_set_length (set); i++) {
    const PraxiTimeSpan span = praxi_span_set_get (set, i);
    g_assert_cmpint (span.start_ns, >, last_end_ns);
    g_assert_cmpint (span.end_ns, >, span.start_ns);
    last_end_ns = span.end_ns;
    for (gint64 at = span.start_ns; at < span.end_ns; at++, n_in++)
      g_assert_true (flags[at]);
  }
  int n_flags = 0;
  for (int at = 0; at < N; at++)
    n_flags += flags[at] != 0;
  g_assert_cmpint (n_in, ==, n_flags);
  g_assert_cmpint (praxi_span_set_covered_ns (set, (PraxiTimeSpan){-5, N + 5}), ==, n_flags);
}

static void
test_random (void)
{
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (PraxiSpanSet) set = praxi_span_set_new ();
    gboolean flags[N] = {0};
    for (int i = 0; i < 12; i++) {
      const int start = g_test_rand_int_range (0, N), end = g_test_rand_int_range (0, N + 1);
      gboolean grows = FALSE;
      for (int at = start; at < end; at++) {
        grows |= !flags[at];
        flags[at] = TRUE;
      }
      g_assert_cmpint (praxi_span_set_add (set, (PraxiTimeSpan){start, end}), ==, grows);
      assert_same (set, flags);
    }
    const int from = g_test_rand_int_range (0, N), to = g_test_rand_int_range (from, N + 1);
    int n_flags = 0;
    for (int at = from; at < to; at++)
      n_flags += flags[at] != 0;
    g_assert_cmpint (praxi_span_set_covered_ns (set, (PraxiTimeSpan){from, to}), ==, n_flags);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/span-set/random", test_random);
  return g_test_run ();
}
