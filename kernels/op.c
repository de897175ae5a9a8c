#include "kernels/chain.h"
#include "kernels/op.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/infer.h"

#define BIT(dtype) (1U << (dtype))
enum {
  F32 = BIT (PRAXI_F32),
  FLOATS = F32 | BIT (PRAXI_F64) | BIT (PRAXI_F16) | BIT (PRAXI_BF16),
  BYTES = BIT (PRAXI_U8) | BIT (PRAXI_S8),
  INTS = BYTES | BIT (PRAXI_U16) | BIT (PRAXI_S16) | BIT (PRAXI_U32) | BIT (PRAXI_S32) |
         BIT (PRAXI_U64) | BIT (PRAXI_S64),
  NUMBERS = FLOATS | INTS,
  BOOLS = BIT (PRAXI_BOOL),
  ALL = NUMBERS | BOOLS,
  STRINGS = BIT (PRAXI_STRING), /* for Cast alone */
  MANY = 1 << 20,
};

typedef struct {
  const char *name;
  PraxiInferFunction infer;
  int min_in, max_in, max_out; /* the first min_in inputs are not optional */
  unsigned types;              /* of the first input */
} OpInfo;

static const OpInfo ops[PRAXI_OP_COUNT] = {
    [PRAXI_OP_CONV] = {"Conv", praxi_infer_conv, 2, 4, 1, FLOATS},
    [PRAXI_OP_GEMM] = {"Gemm", praxi_infer_gemm, 2, 3, 1, NUMBERS},
    [PRAXI_OP_MATMUL] = {"MatMul", praxi_infer_matmul, 2, 2, 1, NUMBERS},
    [PRAXI_OP_BATCH_NORM] = {"BatchNormalization", praxi_infer_batch_norm, 5, 5, 5, FLOATS},
    [PRAXI_OP_LAYER_NORM] = {"LayerNormalization", praxi_infer_layer_norm, 2, 3, 3, FLOATS},
    [PRAXI_OP_MAX_POOL] = {"MaxPool", praxi_infer_pool, 1, 1, 2, FLOATS | BYTES},
    [PRAXI_OP_AVERAGE_POOL] = {"AveragePool", praxi_infer_pool, 1, 1, 1, FLOATS},
    [PRAXI_OP_GLOBAL_AVERAGE_POOL] = {"GlobalAveragePool", praxi_infer_global_pool, 1, 1, 1,
                                      FLOATS | BYTES},
    [PRAXI_OP_GLOBAL_MAX_POOL] = {"GlobalMaxPool", praxi_infer_global_pool, 1, 1, 1, FLOATS},
    [PRAXI_OP_REDUCE_MEAN] = {"ReduceMean", praxi_infer_reduce, 1, 2, 1, NUMBERS},
    [PRAXI_OP_REDUCE_MAX] = {"ReduceMax", praxi_infer_reduce, 1, 2, 1, ALL},
    [PRAXI_OP_REDUCE_MIN] = {"ReduceMin", praxi_infer_reduce, 1, 2, 1, ALL},
    [PRAXI_OP_REDUCE_SUM] = {"ReduceSum", praxi_infer_reduce, 1, 2, 1, NUMBERS},
    [PRAXI_OP_RELU] = {"Relu", praxi_infer_same, 1, 1, 1, NUMBERS},
    [PRAXI_OP_LEAKY_RELU] = {"LeakyRelu", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_PRELU] = {"PRelu", praxi_infer_prelu, 2, 2, 1, NUMBERS},
    [PRAXI_OP_CLIP] = {"Clip", praxi_infer_clip, 1, 3, 1, NUMBERS},
    [PRAXI_OP_SIGMOID] = {"Sigmoid", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_HARD_SIGMOID] = {"HardSigmoid", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_HARD_SWISH] = {"HardSwish", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_TANH] = {"Tanh", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_GELU] = {"Gelu", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_ERF] = {"Erf", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_ABS] = {"Abs", praxi_infer_same, 1, 1, 1, NUMBERS},
    [PRAXI_OP_SQRT] = {"Sqrt", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_EXP] = {"Exp", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_LOG] = {"Log", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_NEG] = {"Neg", praxi_infer_same, 1, 1, 1, NUMBERS},
    [PRAXI_OP_RECIPROCAL] = {"Reciprocal", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_FLOOR] = {"Floor", praxi_infer_same, 1, 1, 1, FLOATS},
    [PRAXI_OP_IDENTITY] = {"Identity", praxi_infer_same, 1, 1, 1, ALL},
    [PRAXI_OP_CAST] = {"Cast", praxi_infer_cast, 1, 1, 1, ALL | STRINGS},
    [PRAXI_OP_SOFTMAX] = {"Softmax", praxi_infer_softmax, 1, 1, 1, FLOATS},
    [PRAXI_OP_ADD] = {"Add", praxi_infer_arithmetic, 2, 2, 1, NUMBERS},
    [PRAXI_OP_SUB] = {"Sub", praxi_infer_arithmetic, 2, 2, 1, NUMBERS},
    [PRAXI_OP_MUL] = {"Mul", praxi_infer_arithmetic, 2, 2, 1, NUMBERS},
    [PRAXI_OP_DIV] = {"Div", praxi_infer_arithmetic, 2, 2, 1, NUMBERS},
    [PRAXI_OP_POW] = {"Pow", praxi_infer_pow, 2, 2, 1, NUMBERS},
    [PRAXI_OP_MIN] = {"Min", praxi_infer_arithmetic, 1, MANY, 1, NUMBERS},
    [PRAXI_OP_MAX] = {"Max", praxi_infer_arithmetic, 1, MANY, 1, NUMBERS},
    [PRAXI_OP_EQUAL] = {"Equal", praxi_infer_compare, 2, 2, 1, ALL},
    [PRAXI_OP_GREATER] = {"Greater", praxi_infer_compare, 2, 2, 1, NUMBERS},
    [PRAXI_OP_LESS] = {"Less", praxi_infer_compare, 2, 2, 1, NUMBERS},
    [PRAXI_OP_WHERE] = {"Where", praxi_infer_where, 3, 3, 1, BOOLS},
    [PRAXI_OP_CONCAT] = {"Concat", praxi_infer_concat, 1, MANY, 1, ALL},
    [PRAXI_OP_SPLIT] = {"Split", praxi_infer_split, 1, 2, MANY, ALL},
    [PRAXI_OP_SLICE] = {"Slice", praxi_infer_slice, 1, 5, 1, ALL},
    [PRAXI_OP_GATHER] = {"Gather", praxi_infer_gather, 2, 2, 1, ALL},
    [PRAXI_OP_PAD] = {"Pad", praxi_infer_pad, 1, 4, 1, ALL},
    [PRAXI_OP_RESHAPE] = {"Reshape", praxi_infer_reshape, 2, 2, 1, ALL},
    [PRAXI_OP_TRANSPOSE] = {"Transpose", praxi_infer_transpose, 1, 1, 1, ALL},
    [PRAXI_OP_FLATTEN] = {"Flatten", praxi_infer_flatten, 1, 1, 1, ALL},
    [PRAXI_OP_SQUEEZE] = {"Squeeze", praxi_infer_squeeze, 1, 2, 1, ALL},
    [PRAXI_OP_UNSQUEEZE] = {"Unsqueeze", praxi_infer_unsqueeze, 1, 2, 1, ALL},
    [PRAXI_OP_EXPAND] = {"Expand", praxi_infer_expand, 2, 2, 1, ALL},
    [PRAXI_OP_RESIZE] = {"Resize", praxi_infer_resize, 1, 4, 1, NUMBERS},
    [PRAXI_OP_TOPK] = {"TopK", praxi_infer_topk, 1, 2, 2, NUMBERS},
    [PRAXI_OP_CONSTANT_OF_SHAPE] = {"ConstantOfShape", praxi_infer_constant_of_shape, 1, 1, 1,
                                    BIT (PRAXI_S64)},
    [PRAXI_OP_SHAPE] = {"Shape", praxi_infer_shape, 1, 1, 1, ALL},
    [PRAXI_OP_SIZE] = {"Size", praxi_infer_size, 1, 1, 1, ALL},
    [PRAXI_OP_RANGE] = {"Range", praxi_infer_range, 3, 3, 1, NUMBERS},
    [PRAXI_OP_QUANTIZE_LINEAR] = {"QuantizeLinear", praxi_infer_quantize, 2, 3, 1,
                                  FLOATS | BIT (PRAXI_S32)},
    [PRAXI_OP_DEQUANTIZE_LINEAR] = {"DequantizeLinear", praxi_infer_dequantize, 2, 3, 1,
                                    BYTES | BIT (PRAXI_U16) | BIT (PRAXI_S16) | BIT (PRAXI_S32)},
    [PRAXI_OP_QLINEAR_CONV] = {"QLinearConv", praxi_infer_qlinear_conv, 8, 9, 1, BYTES},
    [PRAXI_OP_QLINEAR_MATMUL] = {"QLinearMatMul", praxi_infer_qlinear_matmul, 8, 8, 1, BYTES},
    [PRAXI_OP_QCONV] = {"QConv", praxi_infer_qconv, 2, 3, 1, BYTES},
    [PRAXI_OP_QADD] = {"QAdd", praxi_infer_qadd, 2, 2, 1, BYTES},
    [PRAXI_OP_CHAIN] = {"Chain", praxi_infer_chain, 1, PRAXI_CHAIN_INPUTS, 1,
                        BYTES | BIT (PRAXI_F32)},
    [PRAXI_OP_QTABLE] = {"QTable", praxi_infer_qtable, 1, 1, 1, BYTES},
    [PRAXI_OP_MOTION_STEM] = {"MotionStem", praxi_infer_motion_stem, 1, 2, 2, BIT (PRAXI_U8)},
    [PRAXI_OP_CONV_INPUT_GRADIENT] = {"ConvInputGradient", praxi_infer_conv_input_gradient, 2, 2, 1,
                                      FLOATS},
    [PRAXI_OP_CONV_WEIGHT_GRADIENT] = {"ConvWeightGradient", praxi_infer_conv_weight_gradient, 2, 2,
                                       1, FLOATS},
    [PRAXI_OP_AVERAGE_POOL_GRADIENT] = {"AveragePoolGradient", praxi_infer_average_pool_gradient, 1,
                                        1, 1, FLOATS},
    [PRAXI_OP_BATCH_NORM_GRADIENT] = {"BatchNormGradient", praxi_infer_batch_norm_gradient, 5, 5, 3,
                                      FLOATS},
    [PRAXI_OP_MAX_POOL_GRADIENT] = {"MaxPoolGradient", praxi_infer_max_pool_gradient, 2, 2, 1,
                                    FLOATS},
};

static const OpInfo *
find_op (PraxiOpKind kind)
{
  if (kind <= PRAXI_OP_NONE || kind >= PRAXI_OP_COUNT || ops[kind].infer == NULL)
    return NULL;
  return &ops[kind];
}

const char *
praxi_op_name (PraxiOpKind kind)
{
  const OpInfo *info = find_op (kind);
  return info != NULL ? info->name : "None";
}

PraxiStatus
praxi_infer_fail (PraxiInfer *infer, PraxiStatus status, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  if (infer->why != NULL)
    vsnprintf (infer->why, PRAXI_OP_WHY_BYTES, format, args);
  va_end (args);
  return status;
}

const PraxiTensor *
praxi_infer_input (const PraxiInfer *infer, int i)
{
  return i < infer->n_in ? infer->in[i] : NULL;
}

void
praxi_infer_out (PraxiInfer *infer, int i, PraxiDType dtype, int rank, const int64_t *dims)
{
  if (i >= infer->n_out)
    return;
  infer->out[i].dtype = dtype;
  infer->out[i].rank = rank;
  for (int d = 0; d < rank; d++)
    infer->out[i].dims[d] = dims[d];
}

PraxiStatus
praxi_infer_axis (PraxiInfer *infer, int64_t *axis, int rank)
{
  if (*axis < -rank || *axis >= rank)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %lld of a tensor of rank %d",
                             (long long) *axis, rank);
  if (*axis < 0)
    *axis += rank;
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_axes (PraxiInfer *infer, int rank)
{
  PraxiOp *op = infer->op;
  bool seen[PRAXI_MAX_RANK] = {false};
  if (op->n_axes < 0 || op->n_axes > rank)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%d axes of a tensor of rank %d",
                             op->n_axes, rank);
  for (int i = 0; i < op->n_axes; i++) {
    const PraxiStatus status = praxi_infer_axis (infer, &op->axes[i], rank);
    if (status != PRAXI_OK)
      return status;
    if (seen[op->axes[i]])
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "axis %lld is named twice",
                               (long long) op->axes[i]);
    seen[op->axes[i]] = true;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_ints (PraxiInfer *infer, int i, int max, int64_t *values, int *n, bool *is_given)
{
  const PraxiTensor *tensor = praxi_infer_input (infer, i);
  int64_t count = 0;
  *is_given = tensor != NULL;
  if (tensor == NULL)
    return PRAXI_OK;
  if (tensor->dtype != PRAXI_S64 && tensor->dtype != PRAXI_S32)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d has to be int64, not %s", i,
                             praxi_dtype_name (tensor->dtype));
  if (tensor->rank > 1 || praxi_tensor_count (tensor, &count) != PRAXI_OK || count > max)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d has to be a list of at most %d",
                             i, max);
  if (tensor->data == NULL && count > 0)
    return praxi_infer_fail (infer, PRAXI_STATUS_VALUE, "input %d is not known beforehand", i);
  for (int64_t k = 0; k < count; k++)
    values[k] = praxi_tensor_get_int (tensor, k);
  *n = (int) count;
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_broadcast (PraxiInfer *infer, int *rank, int64_t *dims, const PraxiTensor *t)
{
  const int wide = *rank > t->rank ? *rank : t->rank;
  for (int d = wide - 1; d >= 0; d--) {
    const int a = d - (wide - *rank), b = d - (wide - t->rank);
    const int64_t left = a >= 0 ? dims[a] : 1, right = b >= 0 ? t->dims[b] : 1;
    if (left != right && left != 1 && right != 1)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%lld and %lld do not broadcast",
                               (long long) left, (long long) right);
    dims[d] = left == 1 ? right : left;
  }
  *rank = wide;
  return PRAXI_OK;
}

PraxiStatus
praxi_infer_fits (PraxiInfer *infer, const PraxiTensor *from, int rank, const int64_t *dims)
{
  const int lead = rank - from->rank;
  for (int d = 0; d < from->rank; d++)
    if (lead < 0 || (from->dims[d] != 1 && from->dims[d] != dims[lead + d]))
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE,
                               "an input of rank %d does not broadcast to the output", from->rank);
  return PRAXI_OK;
}

static PraxiStatus
check_inputs (PraxiInfer *infer, const OpInfo *info)
{
  int64_t count;
  if (infer->n_in < info->min_in || infer->n_in > info->max_in)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%d inputs", infer->n_in);
  if (infer->n_out < 1 || infer->n_out > info->max_out)
    return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "%d outputs", infer->n_out);
  for (int i = 0; i < infer->n_in; i++) {
    if (infer->in[i] == NULL) {
      if (i < info->min_in)
        return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is missing", i);
      continue;
    }
    if (praxi_tensor_count (infer->in[i], &count) != PRAXI_OK)
      return praxi_infer_fail (infer, PRAXI_STATUS_SHAPE, "input %d is too large", i);
  }
  if ((info->types & BIT (infer->in[0]->dtype)) == 0)
    return praxi_infer_fail (infer, PRAXI_STATUS_UNSUPPORTED, "inputs of type %s",
                             praxi_dtype_name (infer->in[0]->dtype));
  return PRAXI_OK;
}

PraxiStatus
praxi_op_infer (PraxiOp *op,
                const PraxiTensor *const *in,
                int n_in,
                PraxiTensor *out,
                int n_out,
                char *why)
{
  PraxiInfer infer = {op, in, n_in, out, n_out, why};
  const OpInfo *info = find_op (op->kind);
  int64_t count;
  if (why != NULL)
    why[0] = '\0';
  if (info == NULL)
    return praxi_infer_fail (&infer, PRAXI_STATUS_UNSUPPORTED, "unknown operator");
  PraxiStatus status = check_inputs (&infer, info);
  if (status == PRAXI_OK)
    status = info->infer (&infer);
  for (int i = 0; status == PRAXI_OK && i < n_out; i++) {
    if (praxi_tensor_count (&out[i], &count) != PRAXI_OK)
      return praxi_infer_fail (&infer, PRAXI_STATUS_SHAPE, "output %d would be too large", i);
    praxi_tensor_set_row_major (&out[i]);
  }
  return status;
}

PraxiStatus
praxi_op_resolve (PraxiOp *op,
                  const PraxiTensor *const *in,
                  int n_in,
                  const PraxiTensor *const *out,
                  int n_out)
{
  PraxiTensor *expected = calloc ((size_t) (n_out > 0 ? n_out : 1), sizeof *expected);
  if (expected == NULL)
    return PRAXI_STATUS_MEMORY;
  PraxiStatus status = praxi_op_infer (op, in, n_in, expected, n_out, NULL);
  for (int i = 0; status == PRAXI_OK && i < n_out; i++)
    if (out[i] != NULL &&
        (out[i]->dtype != expected[i].dtype || !praxi_tensor_is_same_shape (out[i], &expected[i])))
      status = PRAXI_STATUS_SHAPE;
  free (expected);
  return status;
}

/* Huge products saturate. */
static int64_t
multiply (int64_t a, int64_t b)
{
  int64_t product;
  return __builtin_mul_overflow (a, b, &product) ? INT64_MAX : product;
}

/* One multiply-add per weight of an output channel and output element. */
static int64_t
conv_macs (const PraxiTensor *weight, int64_t n_outputs)
{
  int64_t macs = n_outputs;
  for (int d = 1; d < weight->rank; d++)
    macs = multiply (macs, weight->dims[d]);
  return macs;
}

static int64_t
gradient_macs (const PraxiTensor *dy, const PraxiTensor *weight)
{
  int64_t count = 0;
  return praxi_tensor_count (dy, &count) == PRAXI_OK ? conv_macs (weight, count) : 0;
}

int64_t
praxi_op_macs (const PraxiOp *op, const PraxiTensor *const *in, const PraxiTensor *out)
{
  int64_t count = 0;
  if (praxi_tensor_count (out, &count) != PRAXI_OK)
    return 0;
  switch (op->kind) {
  case PRAXI_OP_CONV:
  case PRAXI_OP_QCONV:
    return conv_macs (in[1], count);
  case PRAXI_OP_QLINEAR_CONV:
    return conv_macs (in[3], count);
  case PRAXI_OP_CONV_INPUT_GRADIENT:
    return gradient_macs (in[0], in[1]);
  case PRAXI_OP_CONV_WEIGHT_GRADIENT:
    return gradient_macs (in[1], out);
  case PRAXI_OP_GEMM:
    return multiply (count, in[0]->dims[op->transpose_a ? 0 : 1]);
  case PRAXI_OP_MATMUL:
  case PRAXI_OP_QLINEAR_MATMUL:
    return multiply (count, in[0]->dims[in[0]->rank - 1]);
  default:
    return 0;
  }
}
