/* How the values of a resolved graph lie in memory: dense channels-last where convolutions, pools
 * and elementwise operators pass them on, row-major elsewhere. What only renames dimensions
 * (Reshape, Transpose …) becomes a view of its input; copies stand only where a kernel needs one,
 * or where a Reshape behind a Transpose has to move elements: once, to where they are read.
 */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct {
  int root;      /* the value whose memory this one uses; itself where it has its own */
  gint64 offset; /* elements from the root's first */
} PraxiPlace;

/* Sets the strides of every value and inserts Identity nodes that copy into another layout.
 * Returns one place for each value of the graph, free with g_free.
 */
PraxiPlace *praxi_layout_choose (PraxiGraph *graph);

/* Lets parts of a Concat of channels be made where they belong, as views of its output: those that
 * nothing else reads, and that kernels of the processor can write with room between their pixels.
 */
void praxi_layout_join (PraxiGraph *graph, PraxiPlace *places);

/* Strides that show a tensor under other dims without moving an element.
 * to: dims are given, strides are filled; FALSE where that cannot be
 */
gboolean praxi_layout_view (const PraxiTensor *from, PraxiTensor *to);

G_END_DECLS
