/* Element by element: the walk over the operands and the launch. Formulas in device/element.h. */
#include "kernels/cuda/cuda.h"

typedef struct {
  PraxiKernel base;
  CudaElement args;
  CudaKernelId id;
  int64_t table_at, multiplier_at, offset_at; /* QTable's; QAdd's */
} Element;

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch)
{
  const Element *element = (const Element *) kernel;
  CudaElement args = element->args;
  for (int i = 0; i < 3; i++)
    args.in[i] = praxi_cuda_data (kernel, in, i);
  args.out = out[0]->data;
  if (element->id == CUDA_look_up)
    args.in[1] = kernel->constants + element->table_at;
  if (element->id == CUDA_add_bytes) {
    args.r.multiplier = (const float *) (const void *) (kernel->constants + element->multiplier_at);
    args.r.offset = (const float *) (const void *) (kernel->constants + element->offset_at);
  }
  return praxi_cuda_launch (kernel->backend, element->id, args.walk.count, 256, 1, &args);
}

static Element *
element_new (const CudaPlace *place, CudaKernelId id, const char *name, PraxiKernel **kernel)
{
  Element *element = (Element *) praxi_cuda_kernel_new (place, name, sizeof *element);
  if (!element)
    return NULL;
  *kernel = &element->base;
  element->base.run = run;
  element->id = id;
  element->args.kind = (int32_t) place->op->kind;
  element->args.in_type = (int32_t) place->in[0]->dtype;
  element->args.out_type = (int32_t) place->out[0]->dtype;
  element->args.alpha = place->op->alpha;
  element->args.beta = place->op->beta;
  element->args.has_min = place->op->has_min;
  element->args.has_max = place->op->has_max;
  return element;
}

/* Packs constants among the first n inputs and walks over out and them. */
static PraxiStatus
lay_out (Element *element, const CudaPlace *place, int n)
{
  PraxiTensor tensors[3];
  const PraxiTensor *operands[4] = {place->out[0]};
  for (int i = 0; i < n; i++) {
    tensors[i] = *place->in[i];
    operands[i + 1] = &tensors[i];
    const PraxiStatus status = praxi_cuda_pack_input (&element->base, i, &tensors[i]);
    if (status != PRAXI_OK)
      return status;
  }
  return praxi_cuda_walk (&element->args.walk, operands, n + 1) ? PRAXI_OK
                                                                : PRAXI_STATUS_UNSUPPORTED;
}

/* Clip's limits as inputs have to be known. */
static bool
read_limit (const CudaPlace *place, int i, float *limit, int32_t *has)
{
  if (i >= place->n_in || !place->in[i])
    return true;
  if (!place->in[i]->data || place->in[i]->dtype != PRAXI_F32)
    return false;
  *limit = *(const float *) place->in[i]->data;
  *has = 1;
  return true;
}

static bool
can_cast (PraxiDType from, PraxiDType to)
{
  const bool from_whole = praxi_dtype_is_byte (from) || from == PRAXI_S32 || from == PRAXI_BOOL;
  const bool to_whole = praxi_dtype_is_byte (to) || to == PRAXI_S32 || to == PRAXI_BOOL;
  return (from == PRAXI_F32 && to_whole) || (from_whole && to == PRAXI_F32);
}

static bool
is_binary (PraxiOpKind kind)
{
  return (kind >= PRAXI_OP_ADD && kind <= PRAXI_OP_MAX) || kind == PRAXI_OP_PRELU;
}

PraxiStatus
praxi_cuda_element (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiOp *op = place->op;
  const PraxiDType from = place->in[0]->dtype, to = place->out[0]->dtype;
  const bool is_cast = op->kind == PRAXI_OP_CAST, is_pair = is_binary (op->kind);
  if (is_cast ? !can_cast (from, to) : from != PRAXI_F32 || to != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  if (is_pair && (place->n_in != 2 || !place->in[1] || place->in[1]->dtype != PRAXI_F32))
    return PRAXI_STATUS_UNSUPPORTED;
  Element *element = element_new (place,
                                  is_cast   ? CUDA_cast
                                  : is_pair ? CUDA_binary_f32
                                            : CUDA_unary_f32,
                                  is_cast   ? "cast"
                                  : is_pair ? "binary-f32"
                                            : "unary-f32",
                                  kernel);
  if (!element)
    return PRAXI_STATUS_MEMORY;
  CudaElement *args = &element->args;
  if (op->kind == PRAXI_OP_CLIP && (!read_limit (place, 1, &args->alpha, &args->has_min) ||
                                    !read_limit (place, 2, &args->beta, &args->has_max)))
    return PRAXI_STATUS_UNSUPPORTED;
  if (op->kind == PRAXI_OP_GELU && op->gelu_tanh)
    args->kind = PRAXI_OP_NONE;
  return lay_out (element, place, is_pair ? 2 : 1);
}

/* A scalar, or a list along an axis, as a view of x's shape. */
static PraxiTensor
along_axis (const PraxiTensor *list, const PraxiTensor *x, int64_t axis)
{
  PraxiTensor view = *list;
  const bool is_one = list->rank == 0 || list->dims[0] == 1;
  view.rank = x->rank;
  for (int d = 0; d < x->rank; d++) {
    view.dims[d] = x->dims[d];
    view.strides[d] = d == axis && !is_one ? 1 : 0;
  }
  return view;
}

PraxiStatus
praxi_cuda_quantize (const CudaPlace *place, PraxiKernel **kernel)
{
  const bool quantizes = place->op->kind == PRAXI_OP_QUANTIZE_LINEAR;
  const PraxiDType from = place->in[0]->dtype, to = place->out[0]->dtype;
  const PraxiTensor *scale = place->n_in > 1 ? place->in[1] : NULL,
                    *zero = place->n_in > 2 ? place->in[2] : NULL;
  if (quantizes ? from != PRAXI_F32 || !praxi_dtype_is_byte (to)
                : to != PRAXI_F32 || !(praxi_dtype_is_byte (from) || from == PRAXI_S32))
    return PRAXI_STATUS_UNSUPPORTED;
  if (!scale || !scale->data || scale->dtype != PRAXI_F32 || (zero && !zero->data))
    return PRAXI_STATUS_UNSUPPORTED;
  Element *element = element_new (place, quantizes ? CUDA_quantize : CUDA_dequantize,
                                  quantizes ? "quantize" : "dequantize", kernel);
  if (!element)
    return PRAXI_STATUS_MEMORY;
  PraxiTensor x = *place->in[0], scales = *scale, zeros = zero ? *zero : *scale;
  PraxiStatus status = praxi_cuda_pack_input (&element->base, 0, &x);
  if (status == PRAXI_OK)
    status = praxi_cuda_pack_input (&element->base, 1, &scales);
  if (status == PRAXI_OK && zero)
    status = praxi_cuda_pack_input (&element->base, 2, &zeros);
  if (status != PRAXI_OK)
    return status;
  const PraxiTensor scale_view = along_axis (&scales, place->out[0], place->op->axis);
  const PraxiTensor zero_view = along_axis (&zeros, place->out[0], place->op->axis);
  const PraxiTensor *operands[] = {place->out[0], &x, &scale_view, &zero_view};
  return praxi_cuda_walk (&element->args.walk, operands, 4) ? PRAXI_OK : PRAXI_STATUS_UNSUPPORTED;
}

static PraxiStatus
prepare_table (const CudaPlace *place, PraxiKernel **kernel)
{
  Element *element = element_new (place, CUDA_look_up, "table", kernel);
  if (!element)
    return PRAXI_STATUS_MEMORY;
  const PraxiStatus status = lay_out (element, place, 1);
  element->table_at = praxi_cuda_pack (&element->base, place->op->table, 256);
  return status == PRAXI_OK && element->table_at < 0 ? PRAXI_STATUS_MEMORY : status;
}

static PraxiStatus
prepare_add (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiRequantize *r = &place->op->requantize;
  Element *element = element_new (place, CUDA_add_bytes, "add-bytes", kernel);
  if (!element)
    return PRAXI_STATUS_MEMORY;
  element->args.second_is_u8 = place->in[1]->dtype == PRAXI_U8;
  element->args.input_zero = r->input_zero;
  element->args.r = (CudaRequantize){.zero = r->output_zero,
                                     .residual_zero = r->residual_zero,
                                     .residual_multiplier = r->residual_multiplier,
                                     .low = (float) (r->low - r->output_zero),
                                     .high = (float) (r->high - r->output_zero)};
  element->multiplier_at = praxi_cuda_pack (&element->base, r->multiplier, sizeof (float));
  element->offset_at = praxi_cuda_pack (&element->base, r->offset, sizeof (float));
  if (element->multiplier_at < 0 || element->offset_at < 0)
    return PRAXI_STATUS_MEMORY;
  return lay_out (element, place, 2);
}

PraxiStatus
praxi_cuda_bytes (const CudaPlace *place, PraxiKernel **kernel)
{
  for (int i = 0; i < place->n_in; i++)
    if (!place->in[i] || !praxi_dtype_is_byte (place->in[i]->dtype))
      return PRAXI_STATUS_UNSUPPORTED;
  if (place->op->kind == PRAXI_OP_QTABLE)
    return prepare_table (place, kernel);
  return place->n_in == 2 ? prepare_add (place, kernel) : PRAXI_STATUS_UNSUPPORTED;
}
