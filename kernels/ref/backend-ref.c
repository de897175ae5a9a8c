/* The `ref` backend: plain loops, every operator, any strides. */
#include "kernels/backend.h"

#include <stdlib.h>

#include "kernels/motion-stem.h"
#include "kernels/ref/ref.h"

struct PraxiKernel {
  PraxiOp op;
  PraxiRefFunction function;
  int n_in, n_out;
  size_t scratch_bytes;
};

static PraxiStatus
motion_stem (const PraxiRefCall *call)
{
  return praxi_ref_motion_stem (call->op, call->in, call->out, call->n_out, call->scratch);
}

static const PraxiRefFunction functions[PRAXI_OP_COUNT] = {
    [PRAXI_OP_CONV] = praxi_ref_conv,
    [PRAXI_OP_GEMM] = praxi_ref_gemm,
    [PRAXI_OP_MATMUL] = praxi_ref_matmul,
    [PRAXI_OP_BATCH_NORM] = praxi_ref_batch_norm,
    [PRAXI_OP_BATCH_NORM_GRADIENT] = praxi_ref_batch_norm_gradient,
    [PRAXI_OP_LAYER_NORM] = praxi_ref_layer_norm,
    [PRAXI_OP_MAX_POOL] = praxi_ref_pool,
    [PRAXI_OP_AVERAGE_POOL] = praxi_ref_pool,
    [PRAXI_OP_GLOBAL_AVERAGE_POOL] = praxi_ref_reduce,
    [PRAXI_OP_GLOBAL_MAX_POOL] = praxi_ref_reduce,
    [PRAXI_OP_REDUCE_MEAN] = praxi_ref_reduce,
    [PRAXI_OP_REDUCE_MAX] = praxi_ref_reduce,
    [PRAXI_OP_REDUCE_MIN] = praxi_ref_reduce,
    [PRAXI_OP_REDUCE_SUM] = praxi_ref_reduce,
    [PRAXI_OP_RELU] = praxi_ref_unary,
    [PRAXI_OP_LEAKY_RELU] = praxi_ref_unary,
    [PRAXI_OP_PRELU] = praxi_ref_binary,
    [PRAXI_OP_CLIP] = praxi_ref_clip,
    [PRAXI_OP_SIGMOID] = praxi_ref_unary,
    [PRAXI_OP_HARD_SIGMOID] = praxi_ref_unary,
    [PRAXI_OP_HARD_SWISH] = praxi_ref_unary,
    [PRAXI_OP_TANH] = praxi_ref_unary,
    [PRAXI_OP_GELU] = praxi_ref_unary,
    [PRAXI_OP_ERF] = praxi_ref_unary,
    [PRAXI_OP_ABS] = praxi_ref_unary,
    [PRAXI_OP_SQRT] = praxi_ref_unary,
    [PRAXI_OP_EXP] = praxi_ref_unary,
    [PRAXI_OP_LOG] = praxi_ref_unary,
    [PRAXI_OP_NEG] = praxi_ref_unary,
    [PRAXI_OP_RECIPROCAL] = praxi_ref_unary,
    [PRAXI_OP_FLOOR] = praxi_ref_unary,
    [PRAXI_OP_IDENTITY] = praxi_ref_reshape,
    [PRAXI_OP_CAST] = praxi_ref_cast,
    [PRAXI_OP_SOFTMAX] = praxi_ref_softmax,
    [PRAXI_OP_ADD] = praxi_ref_binary,
    [PRAXI_OP_SUB] = praxi_ref_binary,
    [PRAXI_OP_MUL] = praxi_ref_binary,
    [PRAXI_OP_DIV] = praxi_ref_binary,
    [PRAXI_OP_POW] = praxi_ref_binary,
    [PRAXI_OP_MIN] = praxi_ref_binary,
    [PRAXI_OP_MAX] = praxi_ref_binary,
    [PRAXI_OP_EQUAL] = praxi_ref_compare,
    [PRAXI_OP_GREATER] = praxi_ref_compare,
    [PRAXI_OP_LESS] = praxi_ref_compare,
    [PRAXI_OP_WHERE] = praxi_ref_where,
    [PRAXI_OP_CONCAT] = praxi_ref_concat,
    [PRAXI_OP_SPLIT] = praxi_ref_split,
    [PRAXI_OP_SLICE] = praxi_ref_slice,
    [PRAXI_OP_GATHER] = praxi_ref_gather,
    [PRAXI_OP_PAD] = praxi_ref_pad,
    [PRAXI_OP_RESHAPE] = praxi_ref_reshape,
    [PRAXI_OP_TRANSPOSE] = praxi_ref_transpose,
    [PRAXI_OP_FLATTEN] = praxi_ref_reshape,
    [PRAXI_OP_SQUEEZE] = praxi_ref_reshape,
    [PRAXI_OP_UNSQUEEZE] = praxi_ref_reshape,
    [PRAXI_OP_EXPAND] = praxi_ref_expand,
    [PRAXI_OP_RESIZE] = praxi_ref_resize,
    [PRAXI_OP_TOPK] = praxi_ref_topk,
    [PRAXI_OP_CONSTANT_OF_SHAPE] = praxi_ref_constant_of_shape,
    [PRAXI_OP_SHAPE] = praxi_ref_shape,
    [PRAXI_OP_SIZE] = praxi_ref_size,
    [PRAXI_OP_RANGE] = praxi_ref_range,
    [PRAXI_OP_QUANTIZE_LINEAR] = praxi_ref_quantize,
    [PRAXI_OP_DEQUANTIZE_LINEAR] = praxi_ref_dequantize,
    [PRAXI_OP_QLINEAR_CONV] = praxi_ref_qlinear_conv,
    [PRAXI_OP_QLINEAR_MATMUL] = praxi_ref_qlinear_matmul,
    [PRAXI_OP_QCONV] = praxi_ref_qconv,
    [PRAXI_OP_QADD] = praxi_ref_qadd,
    [PRAXI_OP_CHAIN] = praxi_ref_chain,
    [PRAXI_OP_QTABLE] = praxi_ref_qtable,
    [PRAXI_OP_MOTION_STEM] = motion_stem,
    [PRAXI_OP_CONV_INPUT_GRADIENT] = praxi_ref_conv_input_gradient,
    [PRAXI_OP_CONV_WEIGHT_GRADIENT] = praxi_ref_conv_weight_gradient,
    [PRAXI_OP_AVERAGE_POOL_GRADIENT] = praxi_ref_average_pool_gradient,
    [PRAXI_OP_MAX_POOL_GRADIENT] = praxi_ref_max_pool_gradient,
};

static size_t
scratch_bytes_of (const PraxiOp *op, const PraxiTensor *const *in)
{
  if (op->kind == PRAXI_OP_TOPK)
    return praxi_ref_topk_scratch_bytes (op, in[0]);
  return op->kind == PRAXI_OP_MOTION_STEM ? praxi_ref_motion_stem_scratch_bytes (in[0]) : 0;
}

static PraxiStatus
prepare (const PraxiBackend *backend,
         const PraxiOp *op,
         const PraxiTensor *const *in,
         int n_in,
         const PraxiTensor *const *out,
         int n_out,
         PraxiPool *pool,
         PraxiKernel **kernel)
{
  PraxiOp own = *op;
  *kernel = NULL;
  if (n_out < 1 || out[0] == NULL)
    return PRAXI_STATUS_SHAPE;
  const PraxiStatus status = praxi_op_resolve (&own, in, n_in, out, n_out);
  if (status != PRAXI_OK)
    return status;
  *kernel = malloc (sizeof **kernel);
  if (*kernel == NULL)
    return PRAXI_STATUS_MEMORY;
  **kernel = (PraxiKernel){own, functions[op->kind], n_in, n_out, scratch_bytes_of (&own, in)};
  return PRAXI_OK;
}

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch,
     PraxiPool *pool)
{
  const PraxiRefCall call = {&kernel->op, in, kernel->n_in, out, kernel->n_out, scratch};
  return kernel->function (&call);
}

static size_t
kernel_scratch_bytes (const PraxiKernel *kernel)
{
  return kernel->scratch_bytes;
}

static size_t
kernel_weight_bytes (const PraxiKernel *kernel)
{
  return 0;
}

static const char *
kernel_name (const PraxiKernel *kernel)
{
  return "ref";
}

static void
kernel_free (PraxiKernel *kernel)
{
  free (kernel);
}

const PraxiBackend *
praxi_backend_ref (void)
{
  static const PraxiBackend backend = {
      PRAXI_BACKEND_ABI,   "ref",       "",          prepare, run, kernel_scratch_bytes,
      kernel_weight_bytes, kernel_name, kernel_free,
  };
  return &backend;
}
