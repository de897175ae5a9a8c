/* Data movement: each is one copy between two views, or a few. */
#include <stdlib.h>

#include "kernels/cuda/cuda.h"
#include "kernels/element.h"

/* One copy: from input to output, at element offsets. */
typedef struct {
  CudaCopy args;
  int in, out;
  int64_t in_at, out_at; /* bytes */
} Part;

typedef struct {
  PraxiKernel base;
  CudaKernelId id;
  Part *parts;
  int n_parts;
} Move;

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch)
{
  const Move *move = (const Move *) kernel;
  PraxiStatus status = PRAXI_OK;
  for (int i = 0; status == PRAXI_OK && i < move->n_parts; i++) {
    const Part *part = &move->parts[i];
    CudaCopy args = part->args;
    args.in = (const char *) praxi_cuda_data (kernel, in, part->in) + part->in_at;
    args.out = (char *) out[part->out]->data + part->out_at;
    status = praxi_cuda_launch (kernel->backend, move->id, args.walk.count, 256, 1, &args);
  }
  return status;
}

static void
clear (PraxiKernel *kernel)
{
  free (((Move *) kernel)->parts);
}

static Move *
move_new (const CudaPlace *place, const char *name, int n_parts, PraxiKernel **kernel)
{
  Move *move = (Move *) praxi_cuda_kernel_new (place, name, sizeof *move);
  if (!move)
    return NULL;
  *kernel = &move->base;
  move->base.run = run;
  move->base.clear = clear;
  move->id = CUDA_copy;
  move->parts = calloc ((size_t) n_parts, sizeof *move->parts);
  move->n_parts = n_parts;
  return move->parts ? move : NULL;
}

/* The copy from one view to another of its shape (or broadcast to it). */
static PraxiStatus
set_part (Part *part, const PraxiTensor *from, const PraxiTensor *to)
{
  const PraxiTensor *operands[] = {to, from};
  part->args.size = (int32_t) praxi_dtype_size (to->dtype);
  return praxi_cuda_walk (&part->args.walk, operands, 2) ? PRAXI_OK : PRAXI_STATUS_UNSUPPORTED;
}

/* Concat: every input to its part of the output. Split: the other way round. */
static PraxiStatus
prepare_parts (const CudaPlace *place, PraxiKernel **kernel)
{
  const bool joins = place->op->kind == PRAXI_OP_CONCAT;
  const int n = joins ? place->n_in : place->n_out;
  const int64_t axis = place->op->axis;
  Move *move = move_new (place, joins ? "concat" : "split", n, kernel);
  PraxiStatus status = move ? PRAXI_OK : PRAXI_STATUS_MEMORY;
  int64_t begin = 0;
  PraxiTensor whole = joins ? *place->out[0] : *place->in[0];
  if (status == PRAXI_OK && !joins)
    status = praxi_cuda_pack_input (&move->base, 0, &whole);
  for (int i = 0; status == PRAXI_OK && i < n; i++) {
    const PraxiTensor *given = joins ? place->in[i] : place->out[i];
    if (!given)
      return PRAXI_STATUS_UNSUPPORTED;
    PraxiTensor one = *given, share = whole;
    Part *part = &move->parts[i];
    const int64_t at = begin * whole.strides[axis] * (int64_t) praxi_dtype_size (whole.dtype);
    share.dims[axis] = one.dims[axis];
    begin += one.dims[axis];
    if (joins)
      status = praxi_cuda_pack_input (&move->base, i, &one);
    *part = joins ? (Part){.in = i, .out_at = at} : (Part){.out = i, .in_at = at};
    if (status == PRAXI_OK)
      status = joins ? set_part (part, &one, &share) : set_part (part, &share, &one);
  }
  return status;
}

/* What Slice or Transpose shows of x. */
static PraxiTensor
view_of (const PraxiOp *op, const PraxiTensor *x, const PraxiTensor *y, int64_t *at)
{
  PraxiTensor view = *x;
  if (op->kind == PRAXI_OP_TRANSPOSE)
    for (int d = 0; d < x->rank; d++) {
      view.dims[d] = x->dims[op->perm[d]];
      view.strides[d] = x->strides[op->perm[d]];
    }
  if (op->kind == PRAXI_OP_SLICE)
    for (int i = 0; i < op->n_axes; i++) {
      const int64_t axis = op->axes[i];
      *at += op->starts[i] * view.strides[axis];
      view.dims[axis] = y->dims[axis];
      view.strides[axis] *= view.dims[axis] > 1 ? op->steps[i] : 1;
    }
  return view;
}

/* Reshape and its like: the same elements in logical order. */
static bool
is_rename (PraxiOpKind kind)
{
  return kind == PRAXI_OP_RESHAPE || kind == PRAXI_OP_FLATTEN || kind == PRAXI_OP_SQUEEZE ||
         kind == PRAXI_OP_UNSQUEEZE;
}

static PraxiTensor
flat (const PraxiTensor *tensor)
{
  PraxiTensor line = *tensor;
  int64_t count = 0;
  praxi_tensor_count (tensor, &count);
  line.rank = 1;
  line.dims[0] = count;
  line.strides[0] = 1;
  return line;
}

PraxiStatus
praxi_cuda_move (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiOpKind kind = place->op->kind;
  if (kind == PRAXI_OP_CONCAT || kind == PRAXI_OP_SPLIT)
    return prepare_parts (place, kernel);
  Move *move = move_new (place, "copy", 1, kernel);
  if (!move)
    return PRAXI_STATUS_MEMORY;
  PraxiTensor x = *place->in[0], y = *place->out[0];
  int64_t at = 0;
  const PraxiStatus packed = praxi_cuda_pack_input (&move->base, 0, &x);
  if (packed != PRAXI_OK)
    return packed;
  if (is_rename (kind)) {
    if (!praxi_tensor_is_row_major (&x) || !praxi_tensor_is_row_major (&y))
      return PRAXI_STATUS_UNSUPPORTED;
    x = flat (&x);
    y = flat (&y);
  } else {
    x = view_of (place->op, &x, &y, &at);
  }
  move->parts[0].in_at = at * (int64_t) praxi_dtype_size (x.dtype);
  return set_part (&move->parts[0], &x, &y);
}

PraxiStatus
praxi_cuda_pad (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiOp *op = place->op;
  const PraxiTensor *value = place->n_in > 2 ? place->in[2] : NULL;
  if (op->pad_mode != PRAXI_PAD_CONSTANT || (value && !value->data))
    return PRAXI_STATUS_UNSUPPORTED;
  Move *move = move_new (place, "pad", 1, kernel);
  if (!move)
    return PRAXI_STATUS_MEMORY;
  move->id = CUDA_pad;
  PraxiTensor x = *place->in[0];
  CudaCopy *args = &move->parts[0].args;
  const PraxiStatus packed = praxi_cuda_pack_input (&move->base, 0, &x);
  if (packed != PRAXI_OK)
    return packed;
  args->size = (int32_t) praxi_dtype_size (x.dtype);
  if (value)
    memcpy (&args->value, value->data, (size_t) args->size);
  else
    praxi_store (&args->value, x.dtype, 0, op->value);
  for (int d = 0; d < x.rank; d++) {
    args->low[d] = (int32_t) op->pads_begin[d];
    args->high[d] = (int32_t) (op->pads_begin[d] + x.dims[d]);
  }
  const PraxiTensor *operands[] = {place->out[0], &x};
  return praxi_cuda_walk_plain (&args->walk, operands, 2) ? PRAXI_OK : PRAXI_STATUS_UNSUPPORTED;
}

typedef struct {
  PraxiKernel base;
  CudaGather args;
} Gather;

static PraxiStatus
run_gather (PraxiKernel *kernel,
            const PraxiTensor *const *in,
            const PraxiTensor *const *out,
            void *scratch)
{
  CudaGather args = ((const Gather *) kernel)->args;
  args.in = praxi_cuda_data (kernel, in, 0);
  args.indices = praxi_cuda_data (kernel, in, 1);
  args.out = out[0]->data;
  return praxi_cuda_launch (kernel->backend, CUDA_gather, args.walk.count, 256, 1, &args);
}

static bool
are_in_range (const PraxiTensor *indices, int64_t dim)
{
  int64_t count = 0;
  praxi_tensor_count (indices, &count);
  for (int64_t i = 0; i < count; i++) {
    const int64_t pick = praxi_tensor_get_int (indices, i);
    if (pick < -dim || pick >= dim)
      return false;
  }
  return true;
}

/* x and indices as views of the output's shape. */
static void
view_gather (const CudaPlace *place, PraxiTensor *x, PraxiTensor *indices)
{
  const PraxiTensor from = *x, picks = *indices, *y = place->out[0];
  const int axis = (int) place->op->axis;
  x->rank = indices->rank = y->rank;
  for (int d = 0; d < y->rank; d++) {
    const bool is_pick = d >= axis && d < axis + picks.rank;
    const int of_x = d < axis ? d : d - picks.rank + 1;
    x->dims[d] = indices->dims[d] = y->dims[d];
    x->strides[d] = is_pick ? 0 : from.strides[of_x];
    indices->strides[d] = is_pick ? picks.strides[d - axis] : 0;
  }
}

/* Of known indices: those of unknown data have to be checked on the way. */
PraxiStatus
praxi_cuda_gather (const CudaPlace *place, PraxiKernel **kernel)
{
  const int64_t dim = place->in[0]->dims[place->op->axis];
  if (place->n_in < 2 || !place->in[1] || !place->in[1]->data ||
      !are_in_range (place->in[1], dim) || dim > INT32_MAX)
    return PRAXI_STATUS_UNSUPPORTED;
  Gather *gather = (Gather *) praxi_cuda_kernel_new (place, "gather", sizeof *gather);
  if (!gather)
    return PRAXI_STATUS_MEMORY;
  *kernel = &gather->base;
  gather->base.run = run_gather;
  PraxiTensor x = *place->in[0], indices = *place->in[1];
  PraxiStatus status = praxi_cuda_pack_input (&gather->base, 0, &x);
  if (status == PRAXI_OK)
    status = praxi_cuda_pack_input (&gather->base, 1, &indices);
  if (status != PRAXI_OK)
    return status;
  gather->args.size = (int32_t) praxi_dtype_size (x.dtype);
  gather->args.axis_dim = (int32_t) dim;
  gather->args.axis_stride = (int32_t) x.strides[place->op->axis];
  gather->args.index_is_s64 = indices.dtype == PRAXI_S64;
  view_gather (place, &x, &indices);
  const PraxiTensor *operands[] = {place->out[0], &x, &indices};
  return praxi_cuda_walk (&gather->args.walk, operands, 3) ? PRAXI_OK : PRAXI_STATUS_UNSUPPORTED;
}
