/* The plain kernels, one function an operator family. Shapes and types were checked by
 * praxi_op_infer; op is what it resolved. Each accepts any strides.
 */
#pragma once

#include "kernels/element.h"
#include "kernels/op.h"

typedef struct {
  const PraxiOp *op;
  const PraxiTensor *const *in; /* NULL where an optional input is absent */
  int n_in;
  const PraxiTensor *const *out;
  int n_out;
  void *scratch;
} PraxiRefCall;

/* Errors: VALUE (an index in the data is out of range) */
typedef PraxiStatus (*PraxiRefFunction) (const PraxiRefCall *call);

static inline const PraxiTensor *
praxi_ref_input (const PraxiRefCall *call, int i)
{
  return i < call->n_in ? call->in[i] : NULL;
}

/* The address of an element of a tensor. */
static inline void *
praxi_ref_at (const PraxiTensor *tensor, int64_t offset)
{
  return (char *) tensor->data + offset * (int64_t) praxi_dtype_size (tensor->dtype);
}

/* Channel c alone. */
static inline PraxiTensor
praxi_ref_channel (const PraxiTensor *tensor, int64_t c)
{
  PraxiTensor view = *tensor;
  view.dims[1] = 1;
  view.data = praxi_ref_at (tensor, c * tensor->strides[1]);
  return view;
}

/* Number i of a vector. */
static inline double
praxi_ref_listed (const PraxiTensor *list, int64_t i)
{
  return praxi_load (list->data, list->dtype, i * list->strides[0]);
}

PraxiStatus praxi_ref_conv (const PraxiRefCall *call);
PraxiStatus praxi_ref_conv_input_gradient (const PraxiRefCall *call);
PraxiStatus praxi_ref_conv_weight_gradient (const PraxiRefCall *call);
PraxiStatus praxi_ref_qconv (const PraxiRefCall *call);
PraxiStatus praxi_ref_qlinear_conv (const PraxiRefCall *call);
PraxiStatus praxi_ref_gemm (const PraxiRefCall *call);
PraxiStatus praxi_ref_matmul (const PraxiRefCall *call);
PraxiStatus praxi_ref_qlinear_matmul (const PraxiRefCall *call);
PraxiStatus praxi_ref_batch_norm (const PraxiRefCall *call);
PraxiStatus praxi_ref_batch_norm_gradient (const PraxiRefCall *call);
PraxiStatus praxi_ref_layer_norm (const PraxiRefCall *call);
PraxiStatus praxi_ref_pool (const PraxiRefCall *call);
PraxiStatus praxi_ref_average_pool_gradient (const PraxiRefCall *call);
PraxiStatus praxi_ref_max_pool_gradient (const PraxiRefCall *call);
PraxiStatus praxi_ref_reduce (const PraxiRefCall *call);
PraxiStatus praxi_ref_softmax (const PraxiRefCall *call);
PraxiStatus praxi_ref_unary (const PraxiRefCall *call);
PraxiStatus praxi_ref_clip (const PraxiRefCall *call);
PraxiStatus praxi_ref_cast (const PraxiRefCall *call);
PraxiStatus praxi_ref_binary (const PraxiRefCall *call);
PraxiStatus praxi_ref_compare (const PraxiRefCall *call);
PraxiStatus praxi_ref_where (const PraxiRefCall *call);
PraxiStatus praxi_ref_concat (const PraxiRefCall *call);
PraxiStatus praxi_ref_split (const PraxiRefCall *call);
PraxiStatus praxi_ref_slice (const PraxiRefCall *call);
PraxiStatus praxi_ref_gather (const PraxiRefCall *call);
PraxiStatus praxi_ref_pad (const PraxiRefCall *call);
PraxiStatus praxi_ref_reshape (const PraxiRefCall *call);
PraxiStatus praxi_ref_transpose (const PraxiRefCall *call);
PraxiStatus praxi_ref_expand (const PraxiRefCall *call);
PraxiStatus praxi_ref_resize (const PraxiRefCall *call);
PraxiStatus praxi_ref_topk (const PraxiRefCall *call);
size_t praxi_ref_topk_scratch_bytes (const PraxiOp *op, const PraxiTensor *in);
PraxiStatus praxi_ref_constant_of_shape (const PraxiRefCall *call);
PraxiStatus praxi_ref_shape (const PraxiRefCall *call);
PraxiStatus praxi_ref_size (const PraxiRefCall *call);
PraxiStatus praxi_ref_range (const PraxiRefCall *call);
PraxiStatus praxi_ref_quantize (const PraxiRefCall *call);
PraxiStatus praxi_ref_dequantize (const PraxiRefCall *call);
PraxiStatus praxi_ref_qadd (const PraxiRefCall *call);
PraxiStatus praxi_ref_qtable (const PraxiRefCall *call);
PraxiStatus praxi_ref_chain (const PraxiRefCall *call);
