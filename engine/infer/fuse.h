/* Patterns of ONNX operators that run as one operator here. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* All of the below, on a resolved graph; folds what is constant afterwards. */
gboolean praxi_fuse (PraxiGraph *graph, GError **error);

/* DequantizeLinear → Conv, Gemm or MatMul → QuantizeLinear becomes QConv; around Add it becomes
 * QAdd, around anything computed element by element QTable; around operators that only move data
 * the two disappear.
 */
void praxi_fuse_quantized (PraxiGraph *graph);

/* Relu, Clip, HardSwish … that alone read a Conv move into it; so does the Add of a residual.
 * x · HardSigmoid (x) is HardSwish.
 */
void praxi_fuse_activations (PraxiGraph *graph);

/* Operators that work element by element and follow each other become one Chain: for backends that
 * have it.
 */
void praxi_fuse_chains (PraxiGraph *graph);

/* GlobalAveragePool reads bytes itself, and runs the Chain before it: for backends that can. */
void praxi_fuse_means (PraxiGraph *graph);

/* The canonical nodes of the motion stem become one MotionStem, whose second input, the last of the
 * graph's inputs, says from which frame pair on to compute. Returns whether they are there.
 */
gboolean praxi_fuse_motion_stem (PraxiGraph *graph);

/* The names of the nodes behind the motion stem, as a set; NULL where there is none. The stem is a
 * formula in plain operators: its filters do not learn and are not pruned. Free with
 * g_hash_table_unref.
 */
GHashTable *praxi_fuse_learners (const PraxiGraph *graph);

G_END_DECLS
