#include "engine/infer/max-pyramid.h"

#include <math.h>
#include <stdatomic.h>

/* Node 1 is the root, node i has the children 2i and 2i+1, number i is node n_leaves + i. */
struct PraxiMaxPyramid {
  int n;
  int n_leaves;
  _Atomic (float) nodes[];
};

static float
load (const PraxiMaxPyramid *pyramid, int node)
{
  return atomic_load_explicit (&pyramid->nodes[node], memory_order_relaxed);
}

PraxiMaxPyramid *
praxi_max_pyramid_new (int n)
{
  gsize n_leaves = 1;
  while (n_leaves < (gsize) MAX (n, 1))
    n_leaves *= 2;
  PraxiMaxPyramid *pyramid =
      g_try_malloc (sizeof *pyramid + 2 * n_leaves * sizeof pyramid->nodes[0]);
  if (pyramid == NULL)
    return NULL;
  pyramid->n = n;
  pyramid->n_leaves = (int) n_leaves;
  for (gsize i = 0; i < 2 * n_leaves; i++)
    atomic_init (&pyramid->nodes[i], NAN);
  return pyramid;
}

void
praxi_max_pyramid_free (PraxiMaxPyramid *pyramid)
{
  g_free (pyramid);
}

void
praxi_max_pyramid_set (PraxiMaxPyramid *pyramid, int i, float value)
{
  g_return_if_fail (i >= 0 && i < pyramid->n);
  if (isnan (value))
    return;
  for (int node = pyramid->n_leaves + i; node >= 1; node /= 2) {
    if (load (pyramid, node) >= value)
      return;
    atomic_store_explicit (&pyramid->nodes[node], value, memory_order_relaxed);
  }
}

float
praxi_max_pyramid_get (const PraxiMaxPyramid *pyramid, int i)
{
  return i >= 0 && i < pyramid->n ? load (pyramid, pyramid->n_leaves + i) : NAN;
}

/* Of two scores; a missing one (NaN) counts as none. */
static float
higher (float a, float b)
{
  return b > a || isnan (a) ? b : a;
}

float
praxi_max_pyramid_max (const PraxiMaxPyramid *pyramid, int first, int end)
{
  int low = pyramid->n_leaves + MAX (first, 0);
  int high = pyramid->n_leaves + MIN (end, pyramid->n);
  float max = NAN;
  for (; low < high; low /= 2, high /= 2) {
    if (low & 1)
      max = higher (max, load (pyramid, low++));
    if (high & 1)
      max = higher (max, load (pyramid, --high));
  }
  return max;
}
