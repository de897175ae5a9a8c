/* Which channels of a graph belong together. Every element of every value carries the number of the
 * channel it came from; numbers flow through the operators as the data would (what moves data moves
 * them, through `ref`), and operators that join channels tie their numbers. Channels that are tied
 * can only go together; those that an operator mixes up can not go at all.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct {
  PraxiGraph *graph;    /* as read */
  PraxiGraph *resolved; /* for one clip */
  int *shape_of;        /* value → the one of that name in resolved; −1 */
  int n_values, n_nodes;
  float **labels;        /* value → [elements], 0: no channel; NULL: none at all */
  GHashTable *constants; /* PraxiConstantUse → float *: labels of a constant as a node reads it */
  GArray *parents;       /* int: channel → one it is tied to; itself for the first */
  GArray *frozen;        /* gboolean: of first ones: must stay */
  int *first_channel;    /* node → number of its first own channel; 0: has none */
  int *n_channels;       /* node → how many */
} PraxiChannels;

/* graph: borrowed. Errors: those of praxi_graph_resolve; MEMORY */
PraxiChannels *praxi_channels_new (PraxiGraph *graph, GError **error);
void praxi_channels_free (PraxiChannels *channels);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiChannels, praxi_channels_free)

/* The number that stands for a channel; 0 for 0. */
int praxi_channels_root (const PraxiChannels *channels, int channel);
gboolean praxi_channels_is_frozen (const PraxiChannels *channels, int channel);
int praxi_channels_count (const PraxiChannels *channels); /* numbers run from 1 to this */

/* Labels of input j of a node, or of a constant as this node reads it; NULL without any.
 * shape: out, may be NULL
 */
const float *
praxi_channels_of_input (const PraxiChannels *channels, int node, int j, const PraxiTensor **shape);

/* The shape of a value; NULL where it is not there any more. */
const PraxiTensor *praxi_channels_shape (const PraxiChannels *channels, int value);

G_END_DECLS
