/* Structured pruning: whole channels go, with everything that depends on them, so that what is left
 * is a plain, smaller graph. Sources: Li et al., "Pruning filters", ICLR 2017 (magnitude); Liu et
 * al., "Network slimming", ICCV 2017 (norm scale); Molchanov et al., "Importance estimation",
 * CVPR 2019 (Taylor).
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef enum {
  PRAXI_IMPORTANCE_MAGNITUDE,  /* length of a channel's weights */
  PRAXI_IMPORTANCE_NORM_SCALE, /* of its batch norm; magnitude where a graph has none */
  PRAXI_IMPORTANCE_TAYLOR,     /* Σ (gradient · weight)² */
} PraxiImportance;

/* "magnitude", "norm-scale", "taylor"; FALSE for another word. */
gboolean praxi_importance_parse (const char *text, PraxiImportance *importance);
const char *praxi_importance_name (PraxiImportance importance);

typedef struct {
  double ratio; /* the share of channels that go, ≥ 0, < 1 */
  int multiple; /* what is left of a layer is a multiple of this; 0: 16 */
  PraxiImportance importance;
  /* With Taylor: the loss's derivative by a constant of the graph (the root of its mean square over
   * batches), as many numbers as it has; NULL where it is not known.
   */
  const float *(*gradient) (gpointer data, const char *constant);
  gpointer data;
} PraxiPruneOptions;

typedef struct {
  int n_channels, n_kept; /* of all layers that have weights */
  gint64 macs;            /* before */
  gint64 predicted_macs;  /* of what is left, from the plan alone */
} PraxiPruneReport;

/* graph:  of a model, as read; not changed
 * report: filled; may be NULL
 * Errors: UNSUPPORTED (nothing can go: it is INT8, or all channels reach the output), those of
 *         praxi_graph_resolve
 */
PraxiGraph *praxi_prune (const PraxiGraph *graph,
                         const PraxiPruneOptions *options,
                         PraxiPruneReport *report,
                         GError **error);

G_END_DECLS
