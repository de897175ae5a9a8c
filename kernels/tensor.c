#include "kernels/tensor.h"

#include <string.h>

#include "kernels/element.h"
#include "kernels/rows.h"

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
    [PRAXI_F32] = {"float", 4},   [PRAXI_F64] = {"double", 8},
    [PRAXI_F16] = {"float16", 2}, [PRAXI_BF16] = {"bfloat16", 2},
    [PRAXI_U8] = {"uint8", 1},    [PRAXI_S8] = {"int8", 1},
    [PRAXI_U16] = {"uint16", 2},  [PRAXI_S16] = {"int16", 2},
    [PRAXI_U32] = {"uint32", 4},  [PRAXI_S32] = {"int32", 4},
    [PRAXI_U64] = {"uint64", 8},  [PRAXI_S64] = {"int64", 8},
    [PRAXI_BOOL] = {"bool", 1},   [PRAXI_STRING] = {"string", PRAXI_STRING_BYTES},
};

static bool
is_dtype (PraxiDType dtype)
{
  return dtype >= PRAXI_F32 && dtype <= PRAXI_STRING;
}

size_t
praxi_dtype_size (PraxiDType dtype)
{
  return is_dtype (dtype) ? dtypes[dtype].size : 0;
}

const char *
praxi_dtype_name (PraxiDType dtype)
{
  return is_dtype (dtype) ? dtypes[dtype].name : "unknown";
}

/* An empty tensor's other dimensions count too: its strides must fit. Bytes must fit as well. */
PraxiStatus
praxi_tensor_count (const PraxiTensor *tensor, int64_t *count)
{
  int64_t product = 1;
  bool is_empty = false;
  if (tensor->rank < 0 || tensor->rank > PRAXI_MAX_RANK)
    return PRAXI_STATUS_SHAPE;
  for (int d = 0; d < tensor->rank; d++) {
    const int64_t dim = tensor->dims[d];
    if (dim < 0 || __builtin_mul_overflow (product, dim > 0 ? dim : 1, &product))
      return PRAXI_STATUS_SHAPE;
    is_empty = is_empty || dim == 0;
  }
  if (product > INT64_MAX / PRAXI_STRING_BYTES)
    return PRAXI_STATUS_SHAPE;
  *count = is_empty ? 0 : product;
  return PRAXI_OK;
}

/* Hostile dims wrap around here instead of overflowing; praxi_tensor_count refuses them. */
static int64_t
next_stride (int64_t stride, int64_t dim)
{
  return (int64_t) ((uint64_t) stride * (uint64_t) (dim > 0 ? dim : 1));
}

void
praxi_tensor_set_row_major (PraxiTensor *tensor)
{
  int64_t stride = 1;
  for (int d = tensor->rank - 1; d >= 0; d--) {
    tensor->strides[d] = stride;
    stride = next_stride (stride, tensor->dims[d]);
  }
}

void
praxi_tensor_set_channels_last (PraxiTensor *tensor)
{
  if (tensor->rank < 3) {
    praxi_tensor_set_row_major (tensor);
    return;
  }
  int64_t stride = next_stride (1, tensor->dims[1]);
  tensor->strides[1] = 1;
  for (int d = tensor->rank - 1; d >= 2; d--) {
    tensor->strides[d] = stride;
    stride = next_stride (stride, tensor->dims[d]);
  }
  tensor->strides[0] = stride;
}

/* The stride of a dimension of one element says nothing. */
static bool
same_strides (const PraxiTensor *a, const PraxiTensor *b)
{
  for (int d = 0; d < a->rank; d++)
    if (a->dims[d] == 0)
      return true;
  for (int d = 0; d < a->rank; d++)
    if (a->dims[d] != 1 && a->strides[d] != b->strides[d])
      return false;
  return true;
}

bool
praxi_tensor_is_row_major (const PraxiTensor *tensor)
{
  PraxiTensor dense = *tensor;
  praxi_tensor_set_row_major (&dense);
  return same_strides (tensor, &dense);
}

bool
praxi_tensor_is_channels_last (const PraxiTensor *tensor)
{
  PraxiTensor dense = *tensor;
  praxi_tensor_set_channels_last (&dense);
  return same_strides (tensor, &dense);
}

static void
copy_row (size_t size, int64_t n, const void *from, int64_t step, void *to, int64_t to_step)
{
  if (step == 1 && to_step == 1) {
    memcpy (to, from, (size_t) n * size);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    switch (size) {
    case 1:
      ((uint8_t *) to)[i * to_step] = ((const uint8_t *) from)[i * step];
      break;
    case 2:
      ((uint16_t *) to)[i * to_step] = ((const uint16_t *) from)[i * step];
      break;
    case 4:
      ((uint32_t *) to)[i * to_step] = ((const uint32_t *) from)[i * step];
      break;
    case 8:
      ((uint64_t *) to)[i * to_step] = ((const uint64_t *) from)[i * step];
      break;
    default:
      memcpy ((char *) to + i * to_step * (int64_t) size,
              (const char *) from + i * step * (int64_t) size, size);
    }
}

bool
praxi_tensor_is_same_shape (const PraxiTensor *a, const PraxiTensor *b)
{
  bool same = a->rank == b->rank;
  for (int d = 0; same && d < a->rank; d++)
    same = a->dims[d] == b->dims[d];
  return same;
}

bool
praxi_tensor_is_empty (const PraxiTensor *tensor)
{
  for (int d = 0; d < tensor->rank; d++)
    if (tensor->dims[d] <= 0)
      return true;
  return false;
}

void
praxi_tensor_copy (const PraxiTensor *from, const PraxiTensor *to)
{
  const size_t size = praxi_dtype_size (from->dtype);
  PraxiRows rows = praxi_rows_over (to);
  praxi_rows_add (&rows, from);
  while (praxi_rows_next (&rows))
    copy_row (size, rows.length, (const char *) from->data + rows.at[1] * (int64_t) size,
              rows.step[1], (char *) to->data + rows.at[0] * (int64_t) size, rows.step[0]);
}

static int64_t
offset_of (const PraxiTensor *tensor, int64_t index)
{
  int64_t offset = 0;
  for (int d = tensor->rank - 1; d >= 0; d--) {
    offset += index % tensor->dims[d] * tensor->strides[d];
    index /= tensor->dims[d];
  }
  return offset;
}

double
praxi_tensor_get (const PraxiTensor *tensor, int64_t index)
{
  return praxi_load (tensor->data, tensor->dtype, offset_of (tensor, index));
}

int64_t
praxi_tensor_get_int (const PraxiTensor *tensor, int64_t index)
{
  return praxi_load_int (tensor->data, tensor->dtype, offset_of (tensor, index));
}

void
praxi_tensor_set (const PraxiTensor *tensor, int64_t index, double value)
{
  praxi_store (tensor->data, tensor->dtype, offset_of (tensor, index), value);
}

/* Binary16: sign, 5 bits of exponent (bias 15), 10 of mantissa. */
float
praxi_f16_to_f32 (uint16_t half)
{
  const uint32_t sign = (uint32_t) (half & 0x8000) << 16;
  const int exponent = half >> 10 & 31, mantissa = half & 0x3ff;
  if (exponent == 0) {
    const float tiny = (float) mantissa * 0x1p-24F;
    return sign ? -tiny : tiny;
  }
  const uint32_t wide = exponent == 31 ? 255U : (uint32_t) (exponent + 112);
  const uint32_t bits = sign | wide << 23 | (uint32_t) mantissa << 13;
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

uint16_t
praxi_f32_to_f16 (float value)
{
  uint32_t bits;
  memcpy (&bits, &value, sizeof bits);
  const uint16_t sign = (uint16_t) (bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) /* NaN stays NaN */
    return (uint16_t) (sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x477ff000) /* 65520 and more round to infinity */
    return sign | 0x7c00;
  if (magnitude < 0x38800000) /* subnormal: a whole number of 2^-24 */
    return (uint16_t) (sign | (uint16_t) rint (fabs ((double) value) * 0x1p24));
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return (uint16_t) (sign | (uint16_t) ((rounded - 0x38000000) >> 13));
}
