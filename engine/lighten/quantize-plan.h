/* What of a graph will work on bytes. The quantizer's inside. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

typedef struct {
  PraxiGraph *graph;    /* as read, batch norms folded; batch may be open */
  PraxiGraph *resolved; /* the same for one clip, to know shapes by */
  int *shape_of;        /* value → the one of that name in resolved; −1 */
  int *makers, *uses;   /* of the graph */
  int n_values, n_nodes;
  gboolean *is_int8;      /* node: reads and makes bytes */
  gboolean *is_head;      /* node: has weights that stay in floats but may be stored as bytes */
  gboolean *is_quantized; /* value: a QuantizeLinear stands behind it */
  int *group;             /* value → another that has the same scale; itself for the first one */
} PraxiQuantizePlan;

/* graph: taken over
 * Errors: those of praxi_graph_resolve
 */
PraxiQuantizePlan *praxi_quantize_plan_new (PraxiGraph *graph, GError **error);
void praxi_quantize_plan_free (PraxiQuantizePlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiQuantizePlan, praxi_quantize_plan_free)

/* Operators that hand elements on as they are: they run on the bytes themselves. */
gboolean praxi_quantize_is_move (PraxiOpKind kind);

/* Shape and type in the resolved graph; NULL where the value is not there any more. */
const PraxiTensor *praxi_quantize_shape (const PraxiQuantizePlan *plan, int value);

/* The value whose scale this one has. */
int praxi_quantize_group (const PraxiQuantizePlan *plan, int value);

/* f32 weights that are constant, of Conv, Gemm or MatMul; −1 where there are none. */
int praxi_quantize_weights (const PraxiGraph *graph, const PraxiNode *node);

/* How many inputs of an operator are data; the rest are parameters. */
int praxi_quantize_n_data (const PraxiNode *node);

G_END_DECLS
