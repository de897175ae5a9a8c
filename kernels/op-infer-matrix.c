/* Shapes of matrix products and of normalizations. */
#include "kernels/infer.h"

static PraxiStatus
check_same_type (PraxiInfer *infer, int n)
{
  for (int i = 1; i < n && i < infer->n_in; i++)
    if (infer->in[i] != NULL && infer->in[i]->dtype != infer->in[0]->dtype)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input 0 is %s and input %d is %s",
                               praxi_dtype_name (infer->in[0]->dtype), i,
                               praxi_dtype_name (infer->in[i]->dtype));
  return PRAXI_OK;
}

/* A [M, K] or, transposed, [K, M]; B [K, N] or [N, K]; C broadcasts to [M, N]. */
PraxiStatus
praxi_infer_gemm (PraxiInfer *infer)
{
  const PraxiOp *op = infer->op;
  const PraxiTensor *a = infer->in[0], *b = infer->in[1], *c = praxi_infer_input (infer, 2);
  const PraxiStatus status = check_same_type (infer, 3);
  if (status != PRAXI_OK)
    return status;
  if (a->rank != 2 || b->rank != 2)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "matrices of rank %d and %d", a->rank,
                             b->rank);
  const int64_t dims[] = {a->dims[op->transpose_a], b->dims[!op->transpose_b]};
  if (a->dims[!op->transpose_a] != b->dims[op->transpose_b])
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "inner dimensions %lld and %lld",
                             (long long) a->dims[!op->transpose_a],
                             (long long) b->dims[op->transpose_b]);
  praxi_infer_out (infer, 0, a->dtype, 2, dims);
  return c != NULL ? praxi_infer_fits (infer, c, 2, dims) : PRAXI_OK;
}

/* As NumPy's matmul: [.., M, K] × [.., K, N], batches broadcast, a vector is one row or column. */
static PraxiStatus
multiply (PraxiInfer *infer, const PraxiTensor *a, const PraxiTensor *b, PraxiDType to)
{
  int64_t dims[PRAXI_MAX_RANK + 2];
  if (a->rank < 1 || b->rank < 1)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "a scalar is no matrix");
  const int64_t k_a = a->dims[a->rank - 1], k_b = b->dims[b->rank > 1 ? b->rank - 2 : 0];
  if (k_a != k_b)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "inner dimensions %lld and %lld",
                             (long long) k_a, (long long) k_b);
  int rank = a->rank > 2 ? a->rank - 2 : 0;
  for (int d = 0; d < rank; d++)
    dims[d] = a->dims[d];
  PraxiTensor batch = *b;
  batch.rank = b->rank > 2 ? b->rank - 2 : 0;
  const PraxiStatus status = praxi_infer_broadcast (infer, &rank, dims, &batch);
  if (status != PRAXI_OK)
    return status;
  if (a->rank > 1)
    dims[rank++] = a->dims[a->rank - 2];
  if (b->rank > 1)
    dims[rank++] = b->dims[b->rank - 1];
  praxi_infer_out (infer, 0, to, rank, dims);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_matmul (PraxiInfer *infer)
{
  const PraxiStatus status = check_same_type (infer, 2);
  return status == PRAXI_OK ? multiply (infer, infer->in[0], infer->in[1], infer->in[0]->dtype)
                            : status;
}

/* A scale and zero point for all, one a row of a, or one a column of b. */
static bool
is_quantizer (const PraxiTensor *scale, const PraxiTensor *zero, PraxiDType dtype, int64_t n)
{
  int64_t n_scales, n_zeros;
  if (praxi_tensor_count (scale, &n_scales) != PRAXI_OK ||
      praxi_tensor_count (zero, &n_zeros) != PRAXI_OK)
    return false;
  return scale->dtype == PRAXI_F32 && zero->dtype == dtype && (n_scales == 1 || n_scales == n) &&
         (n_zeros == 1 || n_zeros == n);
}

PraxiStatus
praxi_infer_qlinear_matmul (PraxiInfer *infer)
{
  const PraxiTensor *const *in = infer->in, *a = in[0], *b = in[3];
  const PraxiStatus status = multiply (infer, a, b, in[7]->dtype);
  if (status != PRAXI_OK)
    return status;
  if (!praxi_dtype_is_byte (b->dtype) || !praxi_dtype_is_byte (in[7]->dtype))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "inputs of type %s",
                             praxi_dtype_name (b->dtype));
  if (!is_quantizer (in[1], in[2], a->dtype, a->rank > 1 ? a->dims[a->rank - 2] : 1) ||
      !is_quantizer (in[4], in[5], b->dtype, b->rank > 1 ? b->dims[b->rank - 1] : 1) ||
      !is_quantizer (in[6], in[7], in[7]->dtype, 1))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "a scale or zero point does not fit");
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_batch_norm (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  if (infer->n_out > (infer->op->training_mode ? 3 : 1))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "%d outputs", infer->n_out);
  if (x->rank < 2)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input of rank %d", x->rank);
  for (int i = 1; i < 5; i++) {
    const PraxiTensor *t = infer->in[i];
    if (t->rank != 1 || t->dims[0] != x->dims[1] || t->dtype < PRAXI_F32 || t->dtype > PRAXI_BF16)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is not float [%lld]", i,
                               (long long) x->dims[1]);
  }
  praxi_infer_out (infer, 0, x->dtype, x->rank, x->dims);
  praxi_infer_out (infer, 1, infer->in[3]->dtype, 1, &x->dims[1]);
  praxi_infer_out (infer, 2, infer->in[4]->dtype, 1, &x->dims[1]);
  return PRAXI_OK;
}

/* Y as X; Mean and InvStdDev, float, keep the axes before op->axis. */
PraxiStatus
praxi_infer_layer_norm (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *bias = praxi_infer_input (infer, 2);
  int64_t dims[PRAXI_MAX_RANK];
  PraxiStatus status = check_same_type (infer, 3);
  if (status == PRAXI_OK)
    status = praxi_infer_axis (infer, &infer->op->axis, x->rank);
  if (status == PRAXI_OK)
    status = praxi_infer_fits (infer, infer->in[1], x->rank, x->dims);
  if (status == PRAXI_OK && bias != NULL)
    status = praxi_infer_fits (infer, bias, x->rank, x->dims);
  for (int d = 0; d < x->rank; d++)
    dims[d] = d < infer->op->axis ? x->dims[d] : 1;
  praxi_infer_out (infer, 0, x->dtype, x->rank, x->dims);
  praxi_infer_out (infer, 1, PRAXI_F32, x->rank, dims);
  praxi_infer_out (infer, 2, PRAXI_F32, x->rank, dims);
  return status;
}
