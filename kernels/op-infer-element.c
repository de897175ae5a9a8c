/* Shapes and types of what works element by element, and of reductions. */
#include "kernels/chain.h"
#include "kernels/infer.h"

static PraxiStatus
differs (PraxiInfer *infer, int i)
{
  return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is %s where %s is wanted", i,
                           praxi_dtype_name (infer->in[i]->dtype),
                           praxi_dtype_name (infer->in[0]->dtype));
}

PraxiStatus
praxi_infer_same (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  praxi_infer_out (infer, 0, x->dtype, x->rank, x->dims);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_prelu (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  if (infer->in[1]->dtype != x->dtype)
    return differs (infer, 1);
  praxi_infer_same (infer);
  return praxi_infer_fits (infer, infer->in[1], x->rank, x->dims);
}

/* Limits as inputs 1 and 2 go before op->alpha and op->beta. */
PraxiStatus
praxi_infer_clip (PraxiInfer *infer)
{
  for (int i = 1; i < infer->n_in; i++) {
    const PraxiTensor *limit = infer->in[i];
    int64_t count = 1;
    if (limit == NULL)
      continue;
    if (limit->dtype != infer->in[0]->dtype)
      return differs (infer, i);
    if (praxi_tensor_count (limit, &count) != PRAXI_OK || count != 1)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "limit %d is no scalar", i);
  }
  return praxi_infer_same (infer);
}

PraxiStatus
praxi_infer_cast (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  if (praxi_dtype_size (infer->op->to) == 0)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "the type to cast to");
  praxi_infer_out (infer, 0, infer->op->to, x->rank, x->dims);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_softmax (PraxiInfer *infer)
{
  praxi_infer_same (infer);
  return praxi_infer_axis (infer, &infer->op->axis, infer->in[0]->rank);
}

static PraxiStatus
broadcast_all (PraxiInfer *infer, int first, PraxiDType to)
{
  int rank = 0;
  int64_t dims[PRAXI_MAX_RANK];
  for (int i = 0; i < infer->n_in; i++) {
    if (infer->in[i] == NULL)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is missing", i);
    if (i > first && infer->in[i]->dtype != infer->in[first]->dtype)
      return differs (infer, i);
    const PraxiStatus status = praxi_infer_broadcast (infer, &rank, dims, infer->in[i]);
    if (status != PRAXI_OK)
      return status;
  }
  praxi_infer_out (infer, 0, to, rank, dims);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_arithmetic (PraxiInfer *infer)
{
  return broadcast_all (infer, 0, infer->in[0]->dtype);
}

/* The exponent may be of another type; the base's is kept. */
PraxiStatus
praxi_infer_pow (PraxiInfer *infer)
{
  if (infer->in[1]->dtype == PRAXI_BOOL)
    return differs (infer, 1);
  return broadcast_all (infer, 1, infer->in[0]->dtype);
}

PraxiStatus
praxi_infer_compare (PraxiInfer *infer)
{
  return broadcast_all (infer, 0, PRAXI_BOOL);
}

PraxiStatus
praxi_infer_where (PraxiInfer *infer)
{
  return broadcast_all (infer, 1, infer->in[1]->dtype);
}

static bool
is_operand (const PraxiInfer *infer, int step, int from)
{
  return from == PRAXI_CHAIN_CONSTANT || (from >= 0 && from < infer->n_in) ||
         (from < 0 && -1 - from < step);
}

static bool
is_chain_step (const PraxiInfer *infer, int i)
{
  const PraxiChainStep *step = &infer->op->chain[i];
  const bool is_last = i == infer->op->n_chain - 1;
  const bool is_quantize = step->kind == PRAXI_OP_QUANTIZE_LINEAR;
  const bool is_dequantize = step->kind == PRAXI_OP_DEQUANTIZE_LINEAR;
  if (!is_operand (infer, i, step->a) || (is_quantize && !is_last) || (is_dequantize && is_last))
    return false;
  if (is_last && is_quantize != praxi_dtype_is_byte (infer->op->to))
    return false;
  if (step->a >= 0 && step->a < infer->n_in &&
      praxi_dtype_is_byte (infer->in[step->a]->dtype) != is_dequantize)
    return false;
  if (!praxi_chain_is_binary (step->kind))
    return is_quantize || is_dequantize || praxi_chain_is_unary (step->kind);
  return is_operand (infer, i, step->b) &&
         (step->b < 0 || step->b >= infer->n_in || infer->in[step->b]->dtype == PRAXI_F32);
}

PraxiStatus
praxi_infer_chain (PraxiInfer *infer)
{
  const PraxiOp *op = infer->op;
  bool good = op->n_chain > 0 && op->n_chain <= PRAXI_CHAIN_STEPS && op->chain != NULL &&
              (op->to == PRAXI_F32 || praxi_dtype_is_byte (op->to));
  for (int i = 0; good && i < op->n_chain; i++)
    good = is_chain_step (infer, i);
  if (!good)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "steps that do not fit together");
  return broadcast_all (infer, infer->n_in, op->to);
}

/* All axes, unless some are named; op->axes lists them afterwards. */
PraxiStatus
praxi_infer_reduce (PraxiInfer *infer)
{
  PraxiOp *op = infer->op;
  const PraxiTensor *x = infer->in[0];
  bool is_given, is_reduced[PRAXI_MAX_RANK] = {false};
  PraxiStatus status =
      praxi_infer_ints (infer, 1, PRAXI_MAX_RANK, op->axes, &op->n_axes, &is_given);
  if (status == PRAXI_OK)
    status = praxi_infer_axes (infer, x->rank);
  if (status != PRAXI_OK)
    return status;
  if (op->n_axes == 0 && !op->noop_with_empty_axes)
    for (; op->n_axes < x->rank; op->n_axes++)
      op->axes[op->n_axes] = op->n_axes;
  for (int i = 0; i < op->n_axes; i++)
    is_reduced[op->axes[i]] = true;
  int rank = 0;
  int64_t dims[PRAXI_MAX_RANK];
  for (int d = 0; d < x->rank; d++)
    if (!is_reduced[d] || op->keepdims)
      dims[rank++] = is_reduced[d] ? 1 : x->dims[d];
  praxi_infer_out (infer, 0, x->dtype, rank, dims);
  return PRAXI_OK;
}

/* A scale and an optional zero point: a scalar each, or one a slice along op->axis. */
static PraxiStatus
check_quantizer (PraxiInfer *infer, const PraxiTensor *x)
{
  const PraxiTensor *scale = infer->in[1], *zero = praxi_infer_input (infer, 2);
  int64_t n_scales, n_zeros = 1;
  if (scale->dtype != PRAXI_F32)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "a scale of type %s",
                             praxi_dtype_name (scale->dtype));
  if (praxi_tensor_count (scale, &n_scales) != PRAXI_OK || scale->rank > 1 ||
      (zero != NULL && (praxi_tensor_count (zero, &n_zeros) != PRAXI_OK || zero->rank > 1)))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "a scale in blocks");
  if (scale->rank == 0 || n_scales == 1)
    return n_zeros == 1 ? PRAXI_OK
                        : praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "scale and zero differ");
  const PraxiStatus status = praxi_infer_axis (infer, &infer->op->axis, x->rank);
  if (status != PRAXI_OK)
    return status;
  if (n_scales != x->dims[infer->op->axis] || (zero != NULL && n_zeros != n_scales))
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%lld scales for %lld slices",
                             (long long) n_scales, (long long) x->dims[infer->op->axis]);
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_quantize (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *zero = praxi_infer_input (infer, 2);
  PraxiOp *op = infer->op;
  op->to = zero != NULL ? zero->dtype : op->to == 0 ? PRAXI_U8 : op->to;
  if (!praxi_dtype_is_byte (op->to) && op->to != PRAXI_U16 && op->to != PRAXI_S16)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "a zero point of type %s",
                             praxi_dtype_name (op->to));
  praxi_infer_out (infer, 0, op->to, x->rank, x->dims);
  return check_quantizer (infer, x);
}

PraxiStatus
praxi_infer_dequantize (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0], *zero = praxi_infer_input (infer, 2);
  if (zero != NULL && zero->dtype != x->dtype)
    return differs (infer, 2);
  praxi_infer_out (infer, 0, PRAXI_F32, x->rank, x->dims);
  return check_quantizer (infer, x);
}

PraxiStatus
praxi_infer_qadd (PraxiInfer *infer)
{
  const PraxiDType to = infer->op->to == 0 ? infer->in[0]->dtype : infer->op->to;
  if (!praxi_dtype_is_byte (infer->in[1]->dtype) || !praxi_dtype_is_byte (to))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "an addend or output of this type");
  return broadcast_all (infer, 1, to);
}

PraxiStatus
praxi_infer_qtable (PraxiInfer *infer)
{
  const PraxiTensor *x = infer->in[0];
  const PraxiDType to = infer->op->to == 0 ? x->dtype : infer->op->to;
  if (!praxi_dtype_is_byte (to))
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "an output of type %s",
                             praxi_dtype_name (to));
  praxi_infer_out (infer, 0, to, x->rank, x->dims);
  return PRAXI_OK;
}
