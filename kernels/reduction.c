#include "kernels/reduction.h"

PraxiOpKind
praxi_reduction_kind (PraxiOpKind kind)
{
  return kind == PRAXI_OP_GLOBAL_AVERAGE_POOL ? PRAXI_OP_REDUCE_MEAN
         : kind == PRAXI_OP_GLOBAL_MAX_POOL   ? PRAXI_OP_REDUCE_MAX
                                              : kind;
}

bool
praxi_reduction_takes (const PraxiOp *op, int axis)
{
  if (op->kind == PRAXI_OP_GLOBAL_AVERAGE_POOL || op->kind == PRAXI_OP_GLOBAL_MAX_POOL)
    return axis >= 2;
  for (int i = 0; i < op->n_axes; i++)
    if (op->axes[i] == axis)
      return true;
  return false;
}

void
praxi_reduction_split (const PraxiOp *op,
                       const PraxiTensor *x,
                       const PraxiTensor *y,
                       PraxiTensor *kept,
                       PraxiTensor *reduced,
                       PraxiTensor *spread)
{
  const bool keeps_rank = y->rank == x->rank;
  *kept = *reduced = *spread = *x;
  spread->data = y->data;
  spread->dtype = y->dtype;
  for (int axis = 0, from = 0; axis < x->rank; axis++) {
    const bool is_gone = praxi_reduction_takes (op, axis);
    (is_gone ? kept : reduced)->dims[axis] = 1;
    spread->dims[axis] = kept->dims[axis];
    spread->strides[axis] = is_gone && !keeps_rank ? 0 : y->strides[from];
    from += keeps_rank || !is_gone;
  }
}
