/* Compound scaling: depth, width and resolution grow or shrink together until a net costs what it
 * may. What is searched for is their proportion. Source: Tan and Le, "EfficientNet", ICML 2019.
 */
#pragma once

#include "engine/train/tune-space.h"

G_BEGIN_DECLS

/* Multiply-adds of the net at a place of the space; < 0: it cannot be built. */
typedef gint64 PraxiTuneCost (gpointer data, const double *places);

/* Whether an axis is one that scales: "depth", "width" or "size", and no choice. */
gboolean praxi_tune_scales (const PraxiTuneAxis *axis);

/* Multiplies the values of all axes that scale by one number, each kept within its limits, so that
 * the cost comes as close to the budget as it can without going over it.
 * places: [n_axes], changed
 * FALSE: even the smallest net of these limits costs more, or none can be built
 */
gboolean praxi_tune_fit_budget (const PraxiTuneSpace *space,
                                gint64 budget,
                                PraxiTuneCost *cost,
                                gpointer data,
                                double *places);

G_END_DECLS
