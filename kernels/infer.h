/* Shape inference, shared by the op-infer-*.c files of one family each. Not for other modules. */
#pragma once

#include "kernels/op.h"

typedef struct {
  PraxiOp *op;
  const PraxiTensor *const *in;
  int n_in;
  PraxiTensor *out;
  int n_out;
  char *why;
} PraxiInfer;

typedef PraxiStatus (*PraxiInferFunction) (PraxiInfer *infer);

/* Notes the reason and returns status. */
PraxiStatus praxi_infer_fail (PraxiInfer *infer, PraxiStatus status, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

/* NULL where the input is absent. */
const PraxiTensor *praxi_infer_input (const PraxiInfer *infer, int i);

/* Output i: type and shape, the dims still to be filled by the caller. */
void praxi_infer_out (PraxiInfer *infer, int i, PraxiDType dtype, int rank, const int64_t *dims);

/* Makes a negative axis count from the end. Errors: SHAPE (outside [−rank, rank − 1]) */
PraxiStatus praxi_infer_axis (PraxiInfer *infer, int64_t *axis, int rank);

/* Resolves op->axes, of which each may occur once. */
PraxiStatus praxi_infer_axes (PraxiInfer *infer, int rank);

/* Reads input i, a scalar or list of at most max whole numbers. is_given: false where it is absent.
 * Errors: VALUE (not known while shapes are), SHAPE (too long, no integers)
 */
PraxiStatus
praxi_infer_ints (PraxiInfer *infer, int i, int max, int64_t *values, int *n, bool *is_given);

/* dims becomes the shape that dims and shape broadcast to, as in NumPy. */
PraxiStatus
praxi_infer_broadcast (PraxiInfer *infer, int *rank, int64_t *dims, const PraxiTensor *t);

/* from broadcasts to the shape of to, which stays as it is. */
PraxiStatus
praxi_infer_fits (PraxiInfer *infer, const PraxiTensor *from, int rank, const int64_t *dims);

/* op-infer-conv.c */
PraxiStatus praxi_infer_conv (PraxiInfer *infer);
PraxiStatus praxi_infer_qlinear_conv (PraxiInfer *infer);
PraxiStatus praxi_infer_qconv (PraxiInfer *infer);
PraxiStatus praxi_infer_pool (PraxiInfer *infer);
PraxiStatus praxi_infer_global_pool (PraxiInfer *infer);
PraxiStatus praxi_infer_motion_stem (PraxiInfer *infer);
/* op-infer-gradient.c */
PraxiStatus praxi_infer_conv_input_gradient (PraxiInfer *infer);
PraxiStatus praxi_infer_conv_weight_gradient (PraxiInfer *infer);
PraxiStatus praxi_infer_average_pool_gradient (PraxiInfer *infer);
PraxiStatus praxi_infer_max_pool_gradient (PraxiInfer *infer);
PraxiStatus praxi_infer_batch_norm_gradient (PraxiInfer *infer);
/* op-infer-matrix.c */
PraxiStatus praxi_infer_gemm (PraxiInfer *infer);
PraxiStatus praxi_infer_matmul (PraxiInfer *infer);
PraxiStatus praxi_infer_qlinear_matmul (PraxiInfer *infer);
PraxiStatus praxi_infer_batch_norm (PraxiInfer *infer);
PraxiStatus praxi_infer_layer_norm (PraxiInfer *infer);
/* op-infer-element.c */
PraxiStatus praxi_infer_same (PraxiInfer *infer);
PraxiStatus praxi_infer_prelu (PraxiInfer *infer);
PraxiStatus praxi_infer_clip (PraxiInfer *infer);
PraxiStatus praxi_infer_cast (PraxiInfer *infer);
PraxiStatus praxi_infer_softmax (PraxiInfer *infer);
PraxiStatus praxi_infer_arithmetic (PraxiInfer *infer);
PraxiStatus praxi_infer_pow (PraxiInfer *infer);
PraxiStatus praxi_infer_compare (PraxiInfer *infer);
PraxiStatus praxi_infer_where (PraxiInfer *infer);
PraxiStatus praxi_infer_reduce (PraxiInfer *infer);
PraxiStatus praxi_infer_quantize (PraxiInfer *infer);
PraxiStatus praxi_infer_dequantize (PraxiInfer *infer);
PraxiStatus praxi_infer_qadd (PraxiInfer *infer);
PraxiStatus praxi_infer_qtable (PraxiInfer *infer);
PraxiStatus praxi_infer_chain (PraxiInfer *infer);
/* op-infer-move.c */
PraxiStatus praxi_infer_concat (PraxiInfer *infer);
PraxiStatus praxi_infer_split (PraxiInfer *infer);
PraxiStatus praxi_infer_slice (PraxiInfer *infer);
PraxiStatus praxi_infer_gather (PraxiInfer *infer);
PraxiStatus praxi_infer_pad (PraxiInfer *infer);
PraxiStatus praxi_infer_transpose (PraxiInfer *infer);
PraxiStatus praxi_infer_topk (PraxiInfer *infer);
PraxiStatus praxi_infer_resize (PraxiInfer *infer);
/* op-infer-shape.c */
PraxiStatus praxi_infer_reshape (PraxiInfer *infer);
PraxiStatus praxi_infer_flatten (PraxiInfer *infer);
PraxiStatus praxi_infer_squeeze (PraxiInfer *infer);
PraxiStatus praxi_infer_unsqueeze (PraxiInfer *infer);
PraxiStatus praxi_infer_expand (PraxiInfer *infer);
PraxiStatus praxi_infer_constant_of_shape (PraxiInfer *infer);
PraxiStatus praxi_infer_shape (PraxiInfer *infer);
PraxiStatus praxi_infer_size (PraxiInfer *infer);
PraxiStatus praxi_infer_range (PraxiInfer *infer);
