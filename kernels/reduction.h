/* Reductions and global pools, resolved: what they do and along which axes, for every backend. */
#pragma once

#include "kernels/op.h"

/* REDUCE_MEAN or REDUCE_MAX of a global pool; other kinds as they are. */
PraxiOpKind praxi_reduction_kind (PraxiOpKind kind);

/* Whether axis, of the input, is reduced: of a global pool those behind N and C are. */
bool praxi_reduction_takes (const PraxiOp *op, int axis);

/* Splits the axes of x: a walk over spread and kept together goes over all outputs, and one over
 * reduced, from where the first is in kept, over all that comes to one output.
 * y:       as the operator has it, with the reduced axes as 1 or without them
 * kept:    x with its reduced axes as 1
 * reduced: x with the others as 1
 * spread:  y with as many axes as x
 */
void praxi_reduction_split (const PraxiOp *op,
                            const PraxiTensor *x,
                            const PraxiTensor *y,
                            PraxiTensor *kept,
                            PraxiTensor *reduced,
                            PraxiTensor *spread);
