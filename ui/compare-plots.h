/* The plots of a comparison, made from the document of `praxi compare --json`. */
#pragma once

#include "ui/plot.h"
#include "ui/session.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_COMPARE_PR,
  PRAXI_COMPARE_ROC,
  PRAXI_COMPARE_CLASSES,
  PRAXI_COMPARE_RELIABILITY,
  PRAXI_COMPARE_LATENCY,
  PRAXI_COMPARE_N_PLOTS,
} PraxiComparePlot;

/* NULL when the document does not hold it. The session only lends colours of classes. */
PraxiPlot *praxi_compare_plot_new (PraxiComparePlot kind, PraxiSession *session);

G_END_DECLS
