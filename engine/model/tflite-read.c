#include "engine/model/tflite-read.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/model/builder.h"
#include "engine/model/flatbuffer.h"
#include "engine/model/onnx-wire.h"

/* Numbers of the schema. */
enum { MODEL_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { CODE_OLD = 0, CODE_NEW = 3 };
enum { GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum { TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_QUANTIZATION = 4 };
enum { QUANTIZATION_SCALE = 2, QUANTIZATION_ZERO = 3, QUANTIZATION_AXIS = 6 };
enum { OPERATOR_CODE = 0, OPERATOR_INPUTS = 1, OPERATOR_OUTPUTS = 2, OPERATOR_OPTIONS = 4 };
enum { TYPE_FLOAT32 = 0, TYPE_INT32 = 2, TYPE_UINT8 = 3, TYPE_INT8 = 9 };
enum { PADDING_SAME = 0 };
enum { FUSED_NONE = 0, FUSED_RELU = 1, FUSED_RELU6 = 3 };
enum {
  OP_ADD = 0,
  OP_AVERAGE_POOL_2D = 1,
  OP_CONCATENATION = 2,
  OP_CONV_2D = 3,
  OP_DEPTHWISE_CONV_2D = 4,
  OP_DEQUANTIZE = 6,
  OP_FULLY_CONNECTED = 9,
  OP_LOGISTIC = 14,
  OP_MAX_POOL_2D = 17,
  OP_MUL = 18,
  OP_RELU = 19,
  OP_RELU6 = 21,
  OP_RESHAPE = 22,
  OP_SOFTMAX = 25,
  OP_PAD = 34,
  OP_MEAN = 40,
  OP_QUANTIZE = 114,
  OP_HARD_SWISH = 117,
};
enum { MAX_TENSORS = 100000, MAX_DIM = 1 << 24, MAX_RANK = 4 };

typedef struct {
  int type;
  int rank;
  gint64 dims[MAX_RANK]; /* as TFLite has them: N H W C */
  gsize at, bytes;       /* of its data in the file; 0 for what is computed */
  gboolean is_quantized;
  PraxiFlatVector scales, zeros;
  int axis;
  int value; /* f32, channels first where the rank is 4; −1: not made yet */
} Tensor;

typedef struct {
  PraxiFlat flat;
  PraxiFlatVector codes, buffers, operators;
  Tensor *tensors;
  guint32 n_tensors;
  PraxiBuilder *builder;
  gint64 batch;
} Reader;

/* One operator's inputs and options. */
typedef struct {
  int kind;
  PraxiFlatTable options;
  guint32 n_in;
  Tensor *in[16]; /* NULL where absent */
  Tensor *out;
} Step;

static gboolean
damaged (GError **error)
{
  return praxi_error_fail (error, PRAXI_ERROR_FORMAT,
                           "a damaged TensorFlow Lite file; fetch it again");
}

static gboolean
unsupported (GError **error, const char *what)
{
  return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED, "unsupported: %s", what);
}

gboolean
praxi_tflite_is (const guint8 *data, gsize size)
{
  return size >= 8 && memcmp (data + 4, "TFL3", 4) == 0;
}

/* --- tensors ------------------------------------------------------------------------------------
 */

static gboolean
read_shape (Reader *r, PraxiFlatTable table, Tensor *tensor)
{
  const PraxiFlatVector shape = praxi_flat_vector (&r->flat, table, TENSOR_SHAPE, 4);
  if (shape.n > MAX_RANK)
    return FALSE;
  tensor->rank = (int) shape.n;
  for (guint32 d = 0; d < shape.n; d++) {
    tensor->dims[d] = praxi_flat_vector_int (&r->flat, shape, d, 4);
    if (tensor->dims[d] < 1 || tensor->dims[d] > MAX_DIM)
      return FALSE;
  }
  return TRUE;
}

static gint64
count_of (const Tensor *tensor)
{
  gint64 n = 1;
  for (int d = 0; d < tensor->rank; d++)
    n = n > G_MAXINT32 ? n : n * tensor->dims[d];
  return n;
}

static gsize
size_of_type (int type)
{
  return type == TYPE_FLOAT32 || type == TYPE_INT32 ? 4
         : type == TYPE_UINT8 || type == TYPE_INT8  ? 1
                                                    : 0;
}

static gboolean
read_quantization (Reader *r, PraxiFlatTable table, Tensor *tensor)
{
  const PraxiFlatTable q = praxi_flat_table (&r->flat, table, TENSOR_QUANTIZATION);
  tensor->scales = praxi_flat_vector (&r->flat, q, QUANTIZATION_SCALE, 4);
  tensor->zeros = praxi_flat_vector (&r->flat, q, QUANTIZATION_ZERO, 8);
  tensor->axis = (int) praxi_flat_int (&r->flat, q, QUANTIZATION_AXIS, 4, 0);
  tensor->is_quantized = tensor->scales.n > 0;
  if (!tensor->is_quantized)
    return TRUE;
  if (tensor->zeros.n != tensor->scales.n && tensor->zeros.n > 1)
    return FALSE;
  for (guint32 i = 0; i < tensor->scales.n; i++) {
    const float scale = praxi_flat_vector_float (&r->flat, tensor->scales, i);
    const gint64 zero = praxi_flat_vector_int (&r->flat, tensor->zeros, i, 8);
    if (!(scale > 0 && scale < 1e30f) || zero < -128 || zero > 255)
      return FALSE;
  }
  return tensor->scales.n == 1 || (tensor->axis >= 0 && tensor->axis < tensor->rank &&
                                   tensor->dims[tensor->axis] == (gint64) tensor->scales.n);
}

static gboolean
read_tensor (Reader *r, PraxiFlatTable table, Tensor *tensor)
{
  const gint64 buffer = praxi_flat_int (&r->flat, table, TENSOR_BUFFER, 4, 0);
  tensor->value = -1;
  tensor->type = (int) praxi_flat_int (&r->flat, table, TENSOR_TYPE, 1, TYPE_FLOAT32);
  if (table == 0 || !read_shape (r, table, tensor) || !read_quantization (r, table, tensor) ||
      buffer < 0 || buffer >= (gint64) r->buffers.n)
    return FALSE;
  const PraxiFlatTable holder = praxi_flat_vector_table (&r->flat, r->buffers, (guint32) buffer);
  const PraxiFlatVector data = praxi_flat_vector (&r->flat, holder, 0, 1);
  tensor->at = data.n > 0 ? data.at : 0;
  tensor->bytes = data.n;
  const gsize size = size_of_type (tensor->type);
  return data.n == 0 || (size > 0 && (gsize) count_of (tensor) * size == data.n);
}

static gboolean
read_tensors (Reader *r, PraxiFlatTable graph, GError **error)
{
  const PraxiFlatVector tables = praxi_flat_vector (&r->flat, graph, GRAPH_TENSORS, 4);
  if (tables.n == 0 || tables.n > MAX_TENSORS)
    return damaged (error);
  r->n_tensors = tables.n;
  r->tensors = g_new0 (Tensor, tables.n);
  for (guint32 i = 0; i < tables.n; i++)
    if (!read_tensor (r, praxi_flat_vector_table (&r->flat, tables, i), &r->tensors[i]))
      return damaged (error);
  return !r->flat.is_broken || damaged (error);
}

static Tensor *
tensor_at (Reader *r, gint64 number)
{
  return number >= 0 && number < (gint64) r->n_tensors ? &r->tensors[number] : NULL;
}

/* --- constants ----------------------------------------------------------------------------------
 */

/* Copies elements of a 4-D constant so that out axis d is its axis perm[d]. */
static guint8 *
permuted (const guint8 *from, gsize size, const gint64 *dims, const int *perm)
{
  gsize steps[4] = {0};
  gsize step = size, n = size;
  for (int d = 3; d >= 0; d--) {
    steps[d] = step;
    step *= (gsize) dims[d];
    n *= (gsize) dims[d];
  }
  guint8 *to = g_malloc (n), *at = to;
  const gsize a = steps[perm[0]], b = steps[perm[1]], c = steps[perm[2]], e = steps[perm[3]];
  for (gint64 i = 0; i < dims[perm[0]]; i++)
    for (gint64 j = 0; j < dims[perm[1]]; j++)
      for (gint64 k = 0; k < dims[perm[2]]; k++)
        for (gint64 l = 0; l < dims[perm[3]]; l++, at += size)
          memcpy (at, from + (gsize) i * a + (gsize) j * b + (gsize) k * c + (gsize) l * e, size);
  return to;
}

static int
add_vector_f32 (Reader *r, PraxiFlatVector scales)
{
  const int64_t n = scales.n;
  g_autofree float *values = g_new (float, n);
  for (guint32 i = 0; i < scales.n; i++)
    values[i] = praxi_flat_vector_float (&r->flat, scales, i);
  return praxi_builder_constant (r->builder, PRAXI_F32, scales.n == 1 ? 0 : 1, &n, values);
}

static int
add_zeros (Reader *r, const Tensor *tensor, PraxiDType dtype)
{
  const int64_t n = tensor->scales.n;
  g_autofree guint8 *values = g_new (guint8, n);
  for (guint32 i = 0; i < tensor->scales.n; i++)
    values[i] =
        (guint8) praxi_flat_vector_int (&r->flat, tensor->zeros, tensor->zeros.n == 1 ? 0 : i, 8);
  return praxi_builder_constant (r->builder, dtype, n == 1 ? 0 : 1, &n, values);
}

/* A constant as f32; through a DequantizeLinear where it is quantized.
 * perm: of a constant of rank 4; NULL leaves it. axis: of its steps, in the new order
 */
static int
add_constant (Reader *r, const Tensor *tensor, const int *perm, int axis)
{
  static const struct {
    int type;
    PraxiDType dtype;
  } types[] = {{TYPE_FLOAT32, PRAXI_F32},
               {TYPE_INT32, PRAXI_S32},
               {TYPE_UINT8, PRAXI_U8},
               {TYPE_INT8, PRAXI_S8}};
  PraxiDType dtype = PRAXI_F32;
  int64_t dims[MAX_RANK];
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].type == tensor->type)
      dtype = types[i].dtype;
  for (int d = 0; d < tensor->rank; d++)
    dims[d] = tensor->dims[perm != NULL ? perm[d] : d];
  g_autofree guint8 *turned = perm != NULL ? permuted (r->flat.data + tensor->at,
                                                       praxi_dtype_size (dtype), tensor->dims, perm)
                                           : g_memdup2 (r->flat.data + tensor->at, tensor->bytes);
  const int stored = praxi_builder_constant (r->builder, dtype, tensor->rank, dims, turned);
  if (!tensor->is_quantized)
    return stored;
  const PraxiOp op = {.kind = PRAXI_OP_DEQUANTIZE_LINEAR, .axis = axis};
  const int in[3] = {stored, add_vector_f32 (r, tensor->scales),
                     dtype == PRAXI_S32 ? -1 : add_zeros (r, tensor, dtype)};
  return praxi_builder_op (r->builder, &op, NULL, in, dtype == PRAXI_S32 ? 2 : 3);
}

/* --- activations --------------------------------------------------------------------------------
 */

/* TFLite's bytes from −128 are ours from 0. */
static int
byte_zero (Reader *r, const Tensor *tensor)
{
  const int zero = (int) praxi_flat_vector_int (&r->flat, tensor->zeros, 0, 8);
  return tensor->type == TYPE_INT8 ? zero + 128 : zero;
}

static gboolean
is_activation (const Tensor *tensor)
{
  if (tensor->type == TYPE_FLOAT32)
    return !tensor->is_quantized;
  return (tensor->type == TYPE_UINT8 || tensor->type == TYPE_INT8) && tensor->scales.n == 1;
}

/* The result of an operator, through bytes where the file has bytes. */
static void
set_result (Reader *r, Tensor *out, int value)
{
  out->value = value;
  if (!out->is_quantized)
    return;
  const float scale = praxi_flat_vector_float (&r->flat, out->scales, 0);
  const int zero = byte_zero (r, out);
  const int bytes = praxi_builder_quantize (r->builder, value, scale, zero);
  out->value = praxi_builder_dequantize (r->builder, bytes, scale, zero);
}

static int
activate (Reader *r, int x, int fused)
{
  const PraxiOp clip = {.kind = PRAXI_OP_CLIP};
  if (fused == FUSED_RELU)
    return praxi_builder_unary (r->builder, PRAXI_OP_RELU, x);
  if (fused == FUSED_NONE)
    return x;
  const int in[3] = {x, praxi_builder_f32 (r->builder, 0), praxi_builder_f32 (r->builder, 6)};
  return praxi_builder_op (r->builder, &clip, NULL, in, 3);
}

static gboolean
finish (Reader *r, const Step *step, int value, int fused, GError **error)
{
  if (fused != FUSED_NONE && fused != FUSED_RELU && fused != FUSED_RELU6)
    return unsupported (error, "a fused activation other than ReLU and ReLU6");
  set_result (r, step->out, activate (r, value, fused));
  return TRUE;
}

static gint64
option (Reader *r, const Step *step, int field, int size, gint64 by_default)
{
  return praxi_flat_int (&r->flat, step->options, field, size, by_default);
}

/* --- operators ----------------------------------------------------------------------------------
 */

/* SAME pads so that an output stands for every stride, one more behind where it is uneven. */
static gboolean
set_window (PraxiWindow *window,
            const Tensor *in,
            const gint64 kernel[2],
            const gint64 stride[2],
            const gint64 dilation[2],
            gboolean is_same)
{
  window->n_spatial = 2;
  for (int d = 0; d < 2; d++) {
    if (kernel[d] < 1 || kernel[d] > 4096 || stride[d] < 1 || stride[d] > 4096 || dilation[d] < 1 ||
        dilation[d] > 4096)
      return FALSE;
    const gint64 size = in->dims[1 + d], wide = (kernel[d] - 1) * dilation[d] + 1;
    const gint64 needed = ((size + stride[d] - 1) / stride[d] - 1) * stride[d] + wide - size;
    window->kernel[d] = kernel[d];
    window->stride[d] = stride[d];
    window->dilation[d] = dilation[d];
    window->pad_begin[d] = is_same && needed > 0 ? needed / 2 : 0;
    window->pad_end[d] = is_same && needed > 0 ? needed - needed / 2 : 0;
  }
  return TRUE;
}

static gboolean
read_conv (Reader *r, const Step *step, GError **error)
{
  static const int full[4] = {0, 3, 1, 2}, depthwise[4] = {3, 0, 1, 2};
  const gboolean is_depthwise = step->kind == OP_DEPTHWISE_CONV_2D;
  const int at = is_depthwise ? 1 : 0;
  const Tensor *x = step->in[0], *w = step->in[1];
  const Tensor *b = step->n_in > 2 ? step->in[2] : NULL;
  if (x == NULL || w == NULL || x->rank != 4 || w->rank != 4 || w->at == 0 ||
      (b != NULL && (b->at == 0 || b->rank != 1)) || (is_depthwise && w->dims[0] != 1))
    return unsupported (error, "a convolution whose weights are computed");
  const gint64 stride[2] = {option (r, step, 2, 4, 1), option (r, step, 1, 4, 1)};
  const gint64 dilation[2] = {option (r, step, 5 + at, 4, 1), option (r, step, 4 + at, 4, 1)};
  const gint64 kernel[2] = {w->dims[1], w->dims[2]};
  PraxiOp op = {.kind = PRAXI_OP_CONV, .window.group = is_depthwise ? x->dims[3] : 1};
  if (!set_window (&op.window, x, kernel, stride, dilation,
                   option (r, step, 0, 1, PADDING_SAME) == PADDING_SAME))
    return damaged (error);
  const int in[3] = {x->value, add_constant (r, w, is_depthwise ? depthwise : full, 0),
                     b != NULL ? add_constant (r, b, NULL, 0) : -1};
  const int y = praxi_builder_op (r->builder, &op, NULL, in, b != NULL ? 3 : 2);
  return finish (r, step, y, (int) option (r, step, 3 + at, 1, FUSED_NONE), error);
}

static gboolean
read_pool (Reader *r, const Step *step, GError **error)
{
  const Tensor *x = step->in[0];
  const gint64 stride[2] = {option (r, step, 2, 4, 1), option (r, step, 1, 4, 1)};
  const gint64 kernel[2] = {option (r, step, 4, 4, 1), option (r, step, 3, 4, 1)};
  const gint64 dilation[2] = {1, 1};
  PraxiOp op = {.kind = step->kind == OP_MAX_POOL_2D ? PRAXI_OP_MAX_POOL : PRAXI_OP_AVERAGE_POOL};
  if (x == NULL || x->rank != 4 ||
      !set_window (&op.window, x, kernel, stride, dilation,
                   option (r, step, 0, 1, PADDING_SAME) == PADDING_SAME))
    return damaged (error);
  op.window.dilation[0] = op.window.dilation[1] = 0; /* none in operator set 17's AveragePool */
  const int y = praxi_builder_op (r->builder, &op, NULL, &x->value, 1);
  return finish (r, step, y, (int) option (r, step, 5, 1, FUSED_NONE), error);
}

/* A tensor of rank 4 as TFLite orders it; where only the channels are left both orders are one. */
static int
channels_last (Reader *r, const Tensor *x)
{
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 4, .perm = {0, 2, 3, 1}};
  if (x->rank != 4 || x->dims[1] * x->dims[2] == 1)
    return x->value;
  return praxi_builder_op (r->builder, &turn, NULL, &x->value, 1);
}

/* To [batch, n]: what stands before a classifier. */
static int
flatten (Reader *r, const Tensor *x)
{
  const PraxiOp op = {.kind = PRAXI_OP_FLATTEN, .axis = 1};
  const int last = channels_last (r, x);
  return x->rank == 2 ? last : praxi_builder_op (r->builder, &op, NULL, &last, 1);
}

static gboolean
read_reshape (Reader *r, const Step *step, GError **error)
{
  const Tensor *x = step->in[0], *y = step->out;
  if (x == NULL || y->rank != 2 || x->rank < 2 || y->dims[0] != x->dims[0] ||
      count_of (x) != count_of (y))
    return unsupported (error, "a RESHAPE to something else than [batch, n]");
  set_result (r, step->out, flatten (r, x));
  return TRUE;
}

static gboolean
read_fully_connected (Reader *r, const Step *step, GError **error)
{
  const Tensor *x = step->in[0], *w = step->in[1];
  const Tensor *b = step->n_in > 2 ? step->in[2] : NULL;
  const PraxiOp op = {.kind = PRAXI_OP_GEMM, .alpha = 1, .beta = 1, .transpose_b = true};
  if (x == NULL || w == NULL || w->rank != 2 || w->at == 0 || x->rank < 2 ||
      (b != NULL && (b->at == 0 || b->rank != 1)) || option (r, step, 1, 1, 0) != 0)
    return unsupported (error, "a FULLY_CONNECTED whose weights are computed or shuffled");
  const int in[3] = {flatten (r, x), add_constant (r, w, NULL, 0),
                     b != NULL ? add_constant (r, b, NULL, 0) : -1};
  const int y = praxi_builder_op (r->builder, &op, NULL, in, b != NULL ? 3 : 2);
  return finish (r, step, y, (int) option (r, step, 0, 1, FUSED_NONE), error);
}

static gboolean
read_binary (Reader *r, const Step *step, PraxiOpKind kind, GError **error)
{
  const Tensor *a = step->in[0], *b = step->n_in > 1 ? step->in[1] : NULL;
  if (a == NULL || b == NULL || a->value < 0 || b->value < 0 || a->rank != b->rank)
    return unsupported (error, "arithmetic on a constant or on tensors of several ranks");
  const int y = praxi_builder_binary (r->builder, kind, a->value, b->value);
  return finish (r, step, y, (int) option (r, step, 0, 1, FUSED_NONE), error);
}

static gboolean
read_concatenation (Reader *r, const Step *step, GError **error)
{
  PraxiOp op = {.kind = PRAXI_OP_CONCAT};
  int in[G_N_ELEMENTS (step->in)];
  const gint64 given = option (r, step, 0, 4, 0), rank = step->out->rank;
  const gint64 axis = given < 0 ? given + rank : given;
  for (guint32 i = 0; i < step->n_in; i++) {
    if (step->in[i] == NULL || step->in[i]->value < 0 || step->in[i]->rank != (int) rank)
      return unsupported (error, "a CONCATENATION with a constant");
    in[i] = step->in[i]->value;
  }
  if (axis < 0 || axis >= rank || step->n_in == 0)
    return damaged (error);
  op.axis = rank == 4 ? (const int[4]){0, 2, 3, 1}[axis] : axis;
  const int y = praxi_builder_op (r->builder, &op, NULL, in, (int) step->n_in);
  return finish (r, step, y, (int) option (r, step, 1, 1, FUSED_NONE), error);
}

/* The mean over height and width. */
static gboolean
read_mean (Reader *r, const Step *step, GError **error)
{
  const Tensor *x = step->in[0], *axes = step->n_in > 1 ? step->in[1] : NULL;
  PraxiOp op = {.kind = PRAXI_OP_REDUCE_MEAN, .n_axes = 2, .axes = {2, 3}};
  if (x == NULL || x->rank != 4 || axes == NULL || axes->at == 0 || axes->type != TYPE_INT32 ||
      axes->bytes != 8)
    return unsupported (error, "a MEAN over something else than height and width");
  const PraxiFlatVector list = {axes->at, 2};
  const gint64 a = praxi_flat_vector_int (&r->flat, list, 0, 4);
  const gint64 b = praxi_flat_vector_int (&r->flat, list, 1, 4);
  if (MIN (a, b) != 1 || MAX (a, b) != 2)
    return unsupported (error, "a MEAN over something else than height and width");
  op.keepdims = option (r, step, 0, 1, 0) != 0;
  if (step->out->rank != (op.keepdims ? 4 : 2))
    return damaged (error);
  set_result (r, step->out, praxi_builder_op (r->builder, &op, NULL, &x->value, 1));
  return TRUE;
}

static gboolean
read_pad (Reader *r, const Step *step, GError **error)
{
  const Tensor *x = step->in[0], *by = step->n_in > 1 ? step->in[1] : NULL;
  static const int places[4] = {0, 2, 3, 1};
  const PraxiOp op = {.kind = PRAXI_OP_PAD, .pad_mode = PRAXI_PAD_CONSTANT};
  int64_t pads[8];
  if (x == NULL || x->rank != 4 || by == NULL || by->at == 0 || by->type != TYPE_INT32 ||
      by->bytes != 32)
    return unsupported (error, "a PAD by amounts that are computed");
  const PraxiFlatVector list = {by->at, 8};
  for (int d = 0; d < 4; d++)
    for (int end = 0; end < 2; end++) {
      const gint64 n = praxi_flat_vector_int (&r->flat, list, (guint32) (2 * d + end), 4);
      if (n < 0 || n > MAX_DIM)
        return damaged (error);
      pads[places[d] + 4 * end] = n;
    }
  const int in[2] = {x->value, praxi_builder_ints (r->builder, pads, 8)};
  set_result (r, step->out, praxi_builder_op (r->builder, &op, NULL, in, 2));
  return TRUE;
}

static gboolean
read_unary (Reader *r, const Step *step, GError **error)
{
  const PraxiOp softmax = {.kind = PRAXI_OP_SOFTMAX, .axis = -1};
  const PraxiOp swish = {.kind = PRAXI_OP_HARD_SWISH, .alpha = 1.f / 6, .beta = 0.5f};
  const Tensor *x = step->in[0];
  int y = x->value;
  if (step->kind == OP_SOFTMAX &&
      (x->rank != 2 || praxi_flat_float (&r->flat, step->options, 0, 1) != 1))
    return unsupported (error, "a SOFTMAX over pictures or with another beta than 1");
  switch (step->kind) {
  case OP_SOFTMAX:
    y = praxi_builder_op (r->builder, &softmax, NULL, &x->value, 1);
    break;
  case OP_HARD_SWISH:
    y = praxi_builder_op (r->builder, &swish, NULL, &x->value, 1);
    break;
  case OP_LOGISTIC:
    y = praxi_builder_unary (r->builder, PRAXI_OP_SIGMOID, x->value);
    break;
  case OP_RELU:
    y = activate (r, x->value, FUSED_RELU);
    break;
  case OP_RELU6:
    y = activate (r, x->value, FUSED_RELU6);
    break;
  default: /* QUANTIZE, DEQUANTIZE: the result's own type says it */
    break;
  }
  set_result (r, step->out, y);
  return TRUE;
}

static gboolean
read_step (Reader *r, const Step *step, GError **error)
{
  if (step->n_in == 0 || step->in[0] == NULL || step->in[0]->value < 0)
    return unsupported (error, "an operator on constants alone, or before its input was made");
  if (step->in[0]->rank != step->out->rank && step->kind != OP_RESHAPE && step->kind != OP_MEAN &&
      step->kind != OP_FULLY_CONNECTED)
    return damaged (error);
  switch (step->kind) {
  case OP_CONV_2D:
  case OP_DEPTHWISE_CONV_2D:
    return read_conv (r, step, error);
  case OP_AVERAGE_POOL_2D:
  case OP_MAX_POOL_2D:
    return read_pool (r, step, error);
  case OP_RESHAPE:
    return read_reshape (r, step, error);
  case OP_FULLY_CONNECTED:
    return read_fully_connected (r, step, error);
  case OP_ADD:
    return read_binary (r, step, PRAXI_OP_ADD, error);
  case OP_MUL:
    return read_binary (r, step, PRAXI_OP_MUL, error);
  case OP_CONCATENATION:
    return read_concatenation (r, step, error);
  case OP_MEAN:
    return read_mean (r, step, error);
  case OP_PAD:
    return read_pad (r, step, error);
  case OP_SOFTMAX:
  case OP_LOGISTIC:
  case OP_RELU:
  case OP_RELU6:
  case OP_HARD_SWISH:
  case OP_QUANTIZE:
  case OP_DEQUANTIZE:
    return read_unary (r, step, error);
  default:
    return praxi_error_fail (error, PRAXI_ERROR_UNSUPPORTED,
                             "unsupported: TensorFlow Lite's operator %d", step->kind);
  }
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static gboolean
read_operator (Reader *r, PraxiFlatTable table, GError **error)
{
  Step step = {.options = praxi_flat_table (&r->flat, table, OPERATOR_OPTIONS)};
  const PraxiFlatVector in = praxi_flat_vector (&r->flat, table, OPERATOR_INPUTS, 4);
  const PraxiFlatVector out = praxi_flat_vector (&r->flat, table, OPERATOR_OUTPUTS, 4);
  const gint64 code = praxi_flat_int (&r->flat, table, OPERATOR_CODE, 4, 0);
  if (code < 0 || code >= (gint64) r->codes.n)
    return damaged (error);
  const PraxiFlatTable entry = praxi_flat_vector_table (&r->flat, r->codes, (guint32) code);
  const gint64 old = praxi_flat_int (&r->flat, entry, CODE_OLD, 1, 0);
  const gint64 new = praxi_flat_int (&r->flat, entry, CODE_NEW, 4, 0);
  step.kind = (int) MAX (old, new);
  step.n_in = in.n;
  if (in.n > G_N_ELEMENTS (step.in) || out.n != 1)
    return unsupported (error, "an operator with many inputs or several outputs");
  for (guint32 i = 0; i < in.n; i++) {
    const gint64 number = praxi_flat_vector_int (&r->flat, in, i, 4);
    step.in[i] = tensor_at (r, number);
    if (number >= 0 && step.in[i] == NULL)
      return damaged (error);
  }
  step.out = tensor_at (r, praxi_flat_vector_int (&r->flat, out, 0, 4));
  if (step.out == NULL || step.out->value >= 0 || step.out->at != 0 || r->flat.is_broken)
    return damaged (error);
  if (!is_activation (step.out))
    return unsupported (error, "a result that is neither float nor byte with one scale");
  return read_step (r, &step, error);
}

/* [N,H,W,3], floats or bytes, and from there f32 with the channels first. */
static gboolean
read_input (Reader *r, PraxiFlatTable graph, GError **error)
{
  const PraxiFlatVector inputs = praxi_flat_vector (&r->flat, graph, GRAPH_INPUTS, 4);
  const PraxiOp turn = {.kind = PRAXI_OP_TRANSPOSE, .n_axes = 4, .perm = {0, 3, 1, 2}};
  Tensor *tensor =
      inputs.n == 1 ? tensor_at (r, praxi_flat_vector_int (&r->flat, inputs, 0, 4)) : NULL;
  if (tensor == NULL || tensor->rank != 4 || tensor->at != 0 || tensor->dims[0] != 1 ||
      !is_activation (tensor))
    return unsupported (error, "an input that is not one picture, [1,height,width,channels]");
  const int64_t dims[4] = {PRAXI_DIM_OPEN, tensor->dims[1], tensor->dims[2], tensor->dims[3]};
  int value = praxi_builder_input (r->builder, "image", tensor->is_quantized ? PRAXI_U8 : PRAXI_F32,
                                   4, dims);
  if (tensor->is_quantized)
    value = praxi_builder_dequantize (r->builder, value,
                                      praxi_flat_vector_float (&r->flat, tensor->scales, 0),
                                      byte_zero (r, tensor));
  tensor->value = praxi_builder_op (r->builder, &turn, NULL, &value, 1);
  return TRUE;
}

static gboolean
read_output (Reader *r, PraxiFlatTable graph, GError **error)
{
  const PraxiFlatVector outputs = praxi_flat_vector (&r->flat, graph, GRAPH_OUTPUTS, 4);
  const Tensor *tensor =
      outputs.n == 1 ? tensor_at (r, praxi_flat_vector_int (&r->flat, outputs, 0, 4)) : NULL;
  if (tensor == NULL || tensor->value < 0 || tensor->rank != 2)
    return unsupported (error, "an output that is not one list of scores, [1,classes]");
  praxi_builder_output (r->builder, tensor->value, "scores");
  return TRUE;
}

static gboolean
read_graph (Reader *r, GError **error)
{
  const PraxiFlatTable model = praxi_flat_root (&r->flat);
  const PraxiFlatVector graphs = praxi_flat_vector (&r->flat, model, MODEL_SUBGRAPHS, 4);
  r->codes = praxi_flat_vector (&r->flat, model, MODEL_CODES, 4);
  r->buffers = praxi_flat_vector (&r->flat, model, MODEL_BUFFERS, 4);
  const PraxiFlatTable graph = praxi_flat_vector_table (&r->flat, graphs, 0);
  if (graph == 0 || r->flat.is_broken)
    return damaged (error);
  if (graphs.n > 1)
    return unsupported (error, "several graphs in one file");
  if (!read_tensors (r, graph, error) || !read_input (r, graph, error))
    return FALSE;
  r->operators = praxi_flat_vector (&r->flat, graph, GRAPH_OPERATORS, 4);
  for (guint32 i = 0; i < r->operators.n; i++)
    if (!read_operator (r, praxi_flat_vector_table (&r->flat, r->operators, i), error))
      return FALSE;
  return read_output (r, graph, error) && (!r->flat.is_broken || damaged (error));
}

PraxiGraph *
praxi_tflite_read (const guint8 *data, gsize size, GError **error)
{
  g_autoptr (PraxiBuilder) builder = praxi_builder_new ();
  Reader reader = {.flat = {data, size, FALSE}, .builder = builder};
  PraxiGraph *graph = NULL;
  if (!praxi_tflite_is (data, size))
    praxi_error_fail (error, PRAXI_ERROR_FORMAT, "not a TensorFlow Lite file");
  else if (read_graph (&reader, error))
    graph = praxi_builder_finish (builder);
  g_free (reader.tensors);
  return graph;
}

gboolean
praxi_tflite_is_file (const char *path)
{
  guint8 first[8] = {0};
  FILE *file = g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_fopen (path, "rb") : NULL;
  const gsize n = file != NULL ? fread (first, 1, sizeof first, file) : 0;
  if (file != NULL)
    fclose (file);
  return praxi_tflite_is (first, n);
}

PraxiGraph *
praxi_tflite_load (const char *path, GError **error)
{
  gsize size;
  g_autoptr (GError) why = NULL;
  g_autoptr (GBytes) bytes = praxi_onnx_read_file (path, error);
  if (bytes == NULL)
    return NULL;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  PraxiGraph *graph = praxi_tflite_read (data, size, &why);
  if (graph == NULL)
    praxi_error_fail_file (error, why->code, path, "%s", why->message);
  return graph;
}
