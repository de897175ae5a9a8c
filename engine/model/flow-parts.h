/* Short words for the operators that nets are written in. Inside engine/model. */
#pragma once

#include "engine/model/builder.h"

G_BEGIN_DECLS

enum { PRAXI_FLOW_END = -1000 }; /* of a slice: to the end */

int praxi_flow_op (PraxiBuilder *b, PraxiOp op, int x, int y);
int praxi_flow_floats (PraxiBuilder *b, const float *values, int n); /* [n] */
int praxi_flow_scaled (PraxiBuilder *b, int x, float by);
int praxi_flow_plus (PraxiBuilder *b, int x, float more);
int praxi_flow_slice (PraxiBuilder *b, int x, gint64 start, gint64 end, gint64 axis);
int
praxi_flow_pad (PraxiBuilder *b, int x, PraxiPadMode mode, const gint64 begin[4], gboolean is_both);
int praxi_flow_pool (PraxiBuilder *b, int x, gint64 height, gint64 width, gboolean strides);
int praxi_flow_reshape (PraxiBuilder *b, int x, int rank, const gint64 *dims);
int praxi_flow_transpose (PraxiBuilder *b, int x, int rank, const gint64 *perm);
/* kind: ReduceMean, ReduceMax or ReduceSum */
int praxi_flow_reduce (PraxiBuilder *b, PraxiOpKind kind, int x, gint64 axis, gboolean keep);
int praxi_flow_concat (PraxiBuilder *b, const int *values, int n, gint64 axis);
int praxi_flow_conv (PraxiBuilder *b, int x, int weight, const PraxiWindow *window);
int praxi_flow_top (PraxiBuilder *b, int x, gint64 k, gint64 axis);
/* √(Σ x² + tiny) over axis 1, which stays with length 1 */
int praxi_flow_length (PraxiBuilder *b, int x);
/* (after − before) / 4 along an axis of [P,C,H,W], borders repeated */
int praxi_flow_gradient (PraxiBuilder *b, int x, gint64 axis);

G_END_DECLS
