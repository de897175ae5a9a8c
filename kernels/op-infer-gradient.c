/* Shapes of gradients: those of what they are the gradient of, if the forward operator makes of
 * them what dy has.
 */
#include "kernels/infer.h"

/* Resolves the window as the forward operator does, and answers with an output like of. */
static PraxiStatus
differentiate (PraxiInfer *infer,
               PraxiInferFunction forward,
               const PraxiTensor *x,
               const PraxiTensor *weight,
               const PraxiTensor *dy,
               const PraxiTensor *of)
{
  int64_t count;
  PraxiTensor y = {0};
  const PraxiTensor *const in[] = {x, weight};
  PraxiInfer inner = {infer->op, in, weight != NULL ? 2 : 1, &y, 1, infer->why};
  if (praxi_tensor_count (of, &count) != PRAXI_OK)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "the output would be too large");
  const PraxiStatus status = forward (&inner);
  if (status != PRAXI_OK)
    return status;
  if (!praxi_tensor_is_same_shape (dy, &y) || dy->dtype != x->dtype)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE,
                             "the gradient has not the shape and type of the output");
  praxi_infer_out (infer, 0, of->dtype, of->rank, of->dims);
  return PRAXI_OK;
}

/* What the operator's own shape says, of like's rank and type. */
static PraxiTensor
shaped (const PraxiInfer *infer, const PraxiTensor *like)
{
  PraxiTensor tensor = {.dtype = like->dtype, .rank = like->rank};
  for (int d = 0; d < like->rank; d++)
    tensor.dims[d] = infer->op->shape[d];
  return tensor;
}

PraxiStatus
praxi_infer_conv_input_gradient (PraxiInfer *infer)
{
  const PraxiTensor *dy = infer->in[0], dx = shaped (infer, dy);
  return differentiate (infer, praxi_infer_conv, &dx, infer->in[1], dy, &dx);
}

PraxiStatus
praxi_infer_conv_weight_gradient (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], dw = shaped (infer, x);
  return differentiate (infer, praxi_infer_conv, x, &dw, infer->in[1], &dw);
}

PraxiStatus
praxi_infer_average_pool_gradient (PraxiInfer *infer)
{
  const PraxiTensor *dy = infer->in[0], dx = shaped (infer, dy);
  return differentiate (infer, praxi_infer_pool, &dx, NULL, dy, &dx);
}

PraxiStatus
praxi_infer_max_pool_gradient (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  return differentiate (infer, praxi_infer_pool, x, NULL, infer->in[1], x);
}

PraxiStatus
praxi_infer_batch_norm_gradient (PraxiInfer *infer)
{
  const PraxiTensor *const *in = infer->in, *x = in[0];
  if (x->rank < 2 || !praxi_tensor_is_same_shape (x, in[2]) || in[2]->dtype != x->dtype)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE,
                             "the gradient has not the shape and type of the output");
  for (int i = 1; i < 5; i++)
    if (i != 2 && (in[i]->rank != 1 || in[i]->dims[0] != x->dims[1] || in[i]->dtype != x->dtype))
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is not [%lld] of the same type",
                               i, (long long) x->dims[1]);
  praxi_infer_out (infer, 0, x->dtype, x->rank, x->dims);
  praxi_infer_out (infer, 1, x->dtype, 1, &x->dims[1]);
  praxi_infer_out (infer, 2, x->dtype, 1, &x->dims[1]);
  return PRAXI_OK;
}
