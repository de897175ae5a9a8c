/* What makes tensors out of shapes and numbers.
 *
 *   ConstantOfShape  y[…] = op->value        Range  y[i] = start + i · delta
 *   Shape            y[i] = dims[starts[0] + i] of the input         Size   their product
 */
#include "kernels/element.h"
#include "kernels/ref/ref.h"
#include "kernels/rows.h"

PraxiStatus
praxi_ref_constant_of_shape (const PraxiRefCall *call)
{
  uint64_t room = 0;
  const PraxiTensor value = {.dtype = call->out[0]->dtype, .data = &room};
  praxi_store (&room, value.dtype, 0, call->op->value);
  praxi_tensor_copy (&value, call->out[0]);
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_shape (const PraxiRefCall *call)
{
  const PraxiTensor *y = call->out[0];
  for (int64_t i = 0; i < y->dims[0]; i++)
    praxi_store_int (y->data, y->dtype, i * y->strides[0],
                     call->in[0]->dims[call->op->starts[0] + i]);
  return PRAXI_OK;
}

PraxiStatus
praxi_ref_size (const PraxiRefCall *call)
{
  int64_t count = 0;
  const PraxiStatus status = praxi_tensor_count (call->in[0], &count);
  praxi_store_int (call->out[0]->data, PRAXI_S64, 0, count);
  return status;
}

PraxiStatus
praxi_ref_range (const PraxiRefCall *call)
{
  const PraxiTensor *start = call->in[0], *delta = call->in[2], *y = call->out[0];
  const bool is_float = praxi_dtype_is_float (y->dtype);
  for (int64_t i = 0; i < y->dims[0]; i++)
    if (is_float)
      praxi_store (y->data, y->dtype, i * y->strides[0],
                   praxi_tensor_get (start, 0) + (double) i * praxi_tensor_get (delta, 0));
    else
      praxi_store_int (y->data, y->dtype, i * y->strides[0],
                       (int64_t) ((uint64_t) praxi_tensor_get_int (start, 0) +
                                  (uint64_t) i * (uint64_t) praxi_tensor_get_int (delta, 0)));
  return PRAXI_OK;
}
