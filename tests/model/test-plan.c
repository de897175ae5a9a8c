/* The memory plan: what lives together never overlaps, and little room is wasted. */
#include "engine/model/plan.h"

enum { MAX_ITEMS = 60 };

static void
assert_sound (const PraxiPlanItem *items, int n, gsize peak)
{
  for (int i = 0; i < n; i++) {
    g_assert_cmpuint (items[i].offset % PRAXI_PLAN_ALIGN, ==, 0);
    g_assert_cmpuint (items[i].offset + items[i].bytes, <=, peak);
    for (int j = 0; j < i; j++) {
      const gboolean together = items[i].first <= items[j].last && items[j].first <= items[i].last;
      const gboolean apart = items[i].offset + items[i].bytes <= items[j].offset ||
                             items[j].offset + items[j].bytes <= items[i].offset;
      g_assert_true (!together || apart);
    }
  }
}

/* a → b → c → d: two buffers are enough. */
static void
test_chain (void)
{
  PraxiPlanItem items[4];
  for (int i = 0; i < 4; i++)
    items[i] = (PraxiPlanItem){.bytes = 1024, .first = i, .last = i + 1};
  const gsize peak = praxi_plan_memory (items, 4);
  assert_sound (items, 4, peak);
  g_assert_cmpuint (peak, ==, 2048);
}

static void
test_random (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  double wasted = 0;
  for (int round = 0; round < 200; round++) {
    PraxiPlanItem items[MAX_ITEMS];
    const int n = g_rand_int_range (random, 1, MAX_ITEMS + 1);
    for (int i = 0; i < n; i++) {
      items[i] = (PraxiPlanItem){.bytes = (gsize) g_rand_int_range (random, 0, 100000),
                                 .first = g_rand_int_range (random, 0, 40)};
      items[i].last = items[i].first + g_rand_int_range (random, 0, 6);
    }
    const gsize peak = praxi_plan_memory (items, n), live = praxi_plan_live_bytes (items, n);
    assert_sound (items, n, peak);
    g_assert_cmpuint (peak, >=, live);
    wasted += (double) peak / (double) live - 1;
  }
  g_test_message ("%.1f %% over the largest set alive at once", wasted / 2);
  g_assert_cmpfloat (wasted / 200, <, 0.1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/chain", test_chain);
  g_test_add_func ("/plan/random", test_random);
  return g_test_run ();
}
