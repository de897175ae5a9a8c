#include "engine/train/tune-budget.h"

#include <math.h>
#include <string.h>

#define MOST_LOG 4.2 /* e^4.2: sixty times smaller or larger */
enum { STEPS = 14 };

gboolean
praxi_tune_scales (const PraxiTuneAxis *axis)
{
  static const char *const names[] = {"depth", "width", "size", NULL};
  return axis->kind != PRAXI_TUNE_CHOICE && g_strv_contains (names, axis->name);
}

static double
place_of (const PraxiTuneAxis *axis, double value)
{
  value = CLAMP (value, axis->low, axis->high);
  switch (axis->kind) {
  case PRAXI_TUNE_LOG:
    return log (value / axis->low) / log (axis->high / axis->low);
  case PRAXI_TUNE_INT:
    return (floor (value + 0.5) - axis->low + 0.5) / (axis->high - axis->low + 1);
  default:
    return (value - axis->low) / (axis->high - axis->low);
  }
}

static void
scale (const PraxiTuneSpace *space, const double *from, double log_factor, double *to)
{
  for (int a = 0; a < space->n_axes; a++) {
    const PraxiTuneAxis *axis = &space->axes[a];
    to[a] = from[a];
    if (praxi_tune_scales (axis))
      to[a] = place_of (axis, praxi_tune_value (axis, from[a]) * exp (log_factor));
  }
}

gboolean
praxi_tune_fit_budget (const PraxiTuneSpace *space,
                       gint64 budget,
                       PraxiTuneCost *cost,
                       gpointer data,
                       double *places)
{
  const gsize bytes = sizeof *places * (gsize) space->n_axes;
  g_autofree double *from = g_memdup2 (places, bytes), *tried = g_memdup2 (places, bytes);
  double low = -MOST_LOG, high = MOST_LOG;
  scale (space, from, high, places);
  gint64 macs = cost (data, places);
  if (macs >= 0 && macs <= budget)
    return TRUE;
  scale (space, from, low, places);
  macs = cost (data, places);
  if (macs < 0 || macs > budget)
    return FALSE;
  for (int i = 0; i < STEPS; i++) {
    const double middle = (low + high) / 2;
    scale (space, from, middle, tried);
    macs = cost (data, tried);
    if (macs >= 0 && macs <= budget) {
      low = middle;
      memcpy (places, tried, bytes);
    } else {
      high = middle;
    }
  }
  return TRUE;
}
