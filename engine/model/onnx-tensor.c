#include "engine/model/onnx-tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/error.h"

static const struct {
  int32_t onnx;
  PraxiDType dtype;
} dtypes[] = {
    {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, PRAXI_F32},
    {ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE, PRAXI_F64},
    {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, PRAXI_F16},
    {ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16, PRAXI_BF16},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT8, PRAXI_U8},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT8, PRAXI_S8},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT16, PRAXI_U16},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT16, PRAXI_S16},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT32, PRAXI_U32},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT32, PRAXI_S32},
    {ONNX__TENSOR_PROTO__DATA_TYPE__UINT64, PRAXI_U64},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT64, PRAXI_S64},
    {ONNX__TENSOR_PROTO__DATA_TYPE__BOOL, PRAXI_BOOL},
    {ONNX__TENSOR_PROTO__DATA_TYPE__STRING, PRAXI_STRING},
};

PraxiDType
praxi_onnx_dtype (int32_t onnx)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (dtypes[i].onnx == onnx)
      return dtypes[i].dtype;
  return 0;
}

int32_t
praxi_onnx_dtype_number (PraxiDType dtype)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (dtypes[i].dtype == dtype)
      return dtypes[i].onnx;
  return ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED;
}

static gboolean
fail (const Onnx__TensorProto *proto, PraxiErrorCode code, const char *why, GError **error)
{
  g_set_error (error, PRAXI_ERROR, code, "tensor '%s' %s", proto->name != NULL ? proto->name : "",
               why);
  return FALSE;
}

static gboolean
read_shape (const Onnx__TensorProto *proto, PraxiTensor *tensor, gsize *bytes, GError **error)
{
  *tensor =
      (PraxiTensor){.dtype = praxi_onnx_dtype (proto->data_type), .rank = (int) proto->n_dims};
  if (tensor->dtype == 0)
    return fail (proto, PRAXI_ERROR_UNSUPPORTED, "has a type that is not supported", error);
  if (proto->n_dims > PRAXI_MAX_RANK)
    return fail (proto, PRAXI_ERROR_UNSUPPORTED, "has more than 8 dimensions", error);
  for (gsize i = 0; i < proto->n_dims; i++)
    tensor->dims[i] = proto->dims[i];
  if (!praxi_tensor_bytes (tensor, bytes))
    return fail (proto, PRAXI_ERROR_FORMAT, "claims an impossible size", error);
  praxi_tensor_set_row_major (tensor);
  if (proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL ||
      proto->n_external_data > 0)
    return fail (
        proto, PRAXI_ERROR_UNSUPPORTED,
        "keeps its data in another file, which is never opened; save the model as one file", error);
  if (proto->segment != NULL)
    return fail (proto, PRAXI_ERROR_UNSUPPORTED, "is a segment of a larger one", error);
  return TRUE;
}

/* Typed fields: float_data, int32_data (all types up to 32 bits but float and uint32), int64_data,
 * double_data, uint64_data (also uint32).
 */
static gsize
typed_count (const Onnx__TensorProto *proto, PraxiDType dtype)
{
  switch (dtype) {
  case PRAXI_F32:
    return proto->n_float_data;
  case PRAXI_F64:
    return proto->n_double_data;
  case PRAXI_S64:
    return proto->n_int64_data;
  case PRAXI_U32:
  case PRAXI_U64:
    return proto->n_uint64_data;
  case PRAXI_STRING:
    return proto->n_string_data;
  default:
    return proto->n_int32_data;
  }
}

static void
copy_typed (const Onnx__TensorProto *proto, PraxiDType dtype, gsize count, void *to)
{
  const gsize size = praxi_dtype_size (dtype);
  switch (dtype) {
  case PRAXI_F32:
    memcpy (to, proto->float_data, count * size);
    return;
  case PRAXI_F64:
    memcpy (to, proto->double_data, count * size);
    return;
  case PRAXI_S64:
    memcpy (to, proto->int64_data, count * size);
    return;
  case PRAXI_U64:
    memcpy (to, proto->uint64_data, count * size);
    return;
  case PRAXI_U32:
    for (gsize i = 0; i < count; i++)
      ((uint32_t *) to)[i] = (uint32_t) proto->uint64_data[i];
    return;
  case PRAXI_STRING:
    memset (to, 0, count * size);
    for (gsize i = 0; i < count; i++)
      memcpy ((char *) to + i * size, proto->string_data[i].data, proto->string_data[i].len);
    return;
  default: /* little-endian: the low bytes come first */
    for (gsize i = 0; i < count; i++)
      memcpy ((char *) to + i * size, &proto->int32_data[i], size);
  }
}

/* Texts are numbers (kernels/tensor.h); NULL where all are short enough, else why not. */
static const char *
why_no_texts (const Onnx__TensorProto *proto)
{
  if (proto->has_raw_data)
    return "keeps texts as raw data, which ONNX does not allow";
  for (gsize i = 0; i < proto->n_string_data; i++)
    if (proto->string_data[i].len >= PRAXI_STRING_BYTES)
      return "holds a text of more than 31 bytes, which is no number";
  return NULL;
}

static void *
take_data (Onnx__TensorProto *proto, const PraxiTensor *tensor, gsize bytes, GError **error)
{
  const gsize count = bytes / praxi_dtype_size (tensor->dtype);
  const char *why = tensor->dtype == PRAXI_STRING ? why_no_texts (proto) : NULL;
  if (why != NULL) {
    fail (proto, PRAXI_ERROR_UNSUPPORTED, why, error);
    return NULL;
  }
  if (proto->has_raw_data) {
    if (proto->raw_data.len != bytes || typed_count (proto, tensor->dtype) != 0) {
      fail (proto, PRAXI_ERROR_FORMAT, "has other data than its shape asks for", error);
      return NULL;
    }
    void *data = proto->raw_data.data;
    proto->raw_data = (ProtobufCBinaryData){0};
    proto->has_raw_data = FALSE;
    return data != NULL ? data : malloc (1);
  }
  if (typed_count (proto, tensor->dtype) != count) {
    fail (proto, PRAXI_ERROR_FORMAT, "has other data than its shape asks for", error);
    return NULL;
  }
  void *data = malloc (MAX (bytes, 1));
  if (data == NULL)
    fail (proto, PRAXI_ERROR_MEMORY, "does not fit in memory", error);
  else if (count > 0)
    copy_typed (proto, tensor->dtype, count, data);
  return data;
}

/* Whether all are finite: what is not, less itself, is not zero. They are looked at in blocks, each
 * to its end, which compilers do many at a time.
 */
#define ARE_FINITE(name, Float)                                                                    \
  static gboolean name (const Float *data, gint64 count)                                           \
  {                                                                                                \
    enum { BLOCK = 4096 };                                                                         \
    gboolean good = TRUE;                                                                          \
    for (gint64 at = 0; good && at < count; at += BLOCK) {                                         \
      const int n = (int) MIN (BLOCK, count - at);                                                 \
      int n_bad = 0;                                                                               \
      for (int i = 0; i < n; i++)                                                                  \
        n_bad += data[at + i] - data[at + i] != 0;                                                 \
      good = n_bad == 0;                                                                           \
    }                                                                                              \
    return good;                                                                                   \
  }
ARE_FINITE (are_finite_f32, float)
ARE_FINITE (are_finite_f64, double)

/* The classes of float values: exponent all ones is infinite or not a number. */
static gboolean
are_numbers (const PraxiTensor *tensor, gint64 count)
{
  switch (tensor->dtype) {
  case PRAXI_F32:
    return are_finite_f32 (tensor->data, count);
  case PRAXI_F64:
    return are_finite_f64 (tensor->data, count);
  case PRAXI_F16:
  case PRAXI_BF16: {
    const uint16_t exponent = tensor->dtype == PRAXI_F16 ? 0x7c00 : 0x7f80;
    for (gint64 i = 0; i < count; i++)
      if ((((const uint16_t *) tensor->data)[i] & exponent) == exponent)
        return FALSE;
    return TRUE;
  }
  default:
    return TRUE;
  }
}

static void
make_truth_values (const PraxiTensor *tensor, gsize size)
{
  for (gsize i = 0; tensor->dtype == PRAXI_BOOL && i < size; i++)
    ((guint8 *) tensor->data)[i] = ((guint8 *) tensor->data)[i] != 0;
}

gboolean
praxi_onnx_tensor_read_any (Onnx__TensorProto *proto,
                            PraxiTensor *tensor,
                            GBytes **bytes,
                            GError **error)
{
  gsize size;
  if (!read_shape (proto, tensor, &size, error))
    return FALSE;
  tensor->data = take_data (proto, tensor, size, error);
  if (tensor->data == NULL)
    return FALSE;
  *bytes = g_bytes_new_with_free_func (tensor->data, size, free, tensor->data);
  make_truth_values (tensor, size);
  return TRUE;
}

static gboolean
check_numbers (const Onnx__TensorProto *proto, PraxiTensor *tensor, GBytes **bytes, GError **error)
{
  int64_t count = 0;
  praxi_tensor_count (tensor, &count);
  /* A lone infinity is a limit (of a Clip, a mask), not a weight. */
  const gboolean is_limit =
      count == 1 && tensor->dtype == PRAXI_F32 && isinf (*(const float *) tensor->data);
  if (is_limit || are_numbers (tensor, count))
    return TRUE;
  g_clear_pointer (bytes, g_bytes_unref);
  tensor->data = NULL;
  return fail (proto, PRAXI_ERROR_FORMAT,
               "holds a value that is not a finite number; train or export the model again", error);
}

gboolean
praxi_onnx_tensor_read (Onnx__TensorProto *proto,
                        PraxiTensor *tensor,
                        GBytes **bytes,
                        GError **error)
{
  return praxi_onnx_tensor_read_any (proto, tensor, bytes, error) &&
         check_numbers (proto, tensor, bytes, error);
}

gboolean
praxi_onnx_tensor_read_span (const Onnx__TensorProto *proto,
                             GBytes *file,
                             const PraxiOnnxSpan *span,
                             PraxiTensor *tensor,
                             GBytes **bytes,
                             GError **error)
{
  gsize size;
  if (!read_shape (proto, tensor, &size, error))
    return FALSE;
  if (tensor->dtype == PRAXI_STRING || size != span->size ||
      typed_count (proto, tensor->dtype) != 0)
    return fail (proto, PRAXI_ERROR_FORMAT, "has other data than its shape asks for", error);
  *bytes = praxi_onnx_take_span (file, span, praxi_dtype_size (tensor->dtype));
  tensor->data = (void *) g_bytes_get_data (*bytes, NULL);
  make_truth_values (tensor, size);
  return check_numbers (proto, tensor, bytes, error);
}

/* What free_unpacked releases with free () has to come from malloc. */
static void *
copy_with_malloc (const void *data, gsize size)
{
  void *copy = malloc (MAX (size, 1));
  if (copy == NULL)
    g_error ("not enough memory");
  if (size > 0)
    memcpy (copy, data, size);
  return copy;
}

static void
write_texts (Onnx__TensorProto *proto, const char *texts, gsize count)
{
  proto->n_string_data = count;
  proto->string_data = calloc (MAX (count, 1), sizeof *proto->string_data);
  if (proto->string_data == NULL)
    g_error ("not enough memory");
  for (gsize i = 0; i < count; i++, texts += PRAXI_STRING_BYTES) {
    const gsize length = strlen (texts);
    proto->string_data[i] = (ProtobufCBinaryData){length, copy_with_malloc (texts, length)};
  }
}

Onnx__TensorProto *
praxi_onnx_tensor_write (const char *name, const PraxiTensor *tensor)
{
  gsize size = 0;
  praxi_tensor_bytes (tensor, &size);
  Onnx__TensorProto *proto =
      copy_with_malloc (&(Onnx__TensorProto) ONNX__TENSOR_PROTO__INIT, sizeof (Onnx__TensorProto));
  proto->name = name != NULL ? copy_with_malloc (name, strlen (name) + 1) : NULL;
  proto->has_data_type = TRUE;
  proto->data_type = praxi_onnx_dtype_number (tensor->dtype);
  proto->n_dims = (size_t) tensor->rank;
  proto->dims = copy_with_malloc (tensor->dims, sizeof (int64_t) * (gsize) tensor->rank);
  if (tensor->dtype == PRAXI_STRING) {
    write_texts (proto, tensor->data, size / PRAXI_STRING_BYTES);
    return proto;
  }
  proto->has_raw_data = TRUE;
  proto->raw_data = (ProtobufCBinaryData){size, copy_with_malloc (tensor->data, size)};
  return proto;
}
