#include "engine/train/thresholds.h"

#include <math.h>

double
praxi_threshold_at (int i)
{
  return 1 / (1 + exp (4 - 0.1 * i));
}

int
praxi_threshold_choose (const PraxiEventCount *counts, int most_false)
{
  int best[PRAXI_THRESHOLDS], n = 0, most_found = -1;
  for (int i = 0; i < PRAXI_THRESHOLDS; i++) {
    if (counts[i].n_false > most_false || counts[i].n_found < most_found)
      continue;
    if (counts[i].n_found > most_found)
      n = 0;
    most_found = counts[i].n_found;
    best[n++] = i;
  }
  return n > 0 ? best[n / 2] : PRAXI_THRESHOLDS - 1;
}
