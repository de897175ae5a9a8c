/* Reductions, pools, Softmax and LayerNormalization. */
#include "kernels/cuda/cuda.h"
#include "kernels/reduction.h"

enum { SHORT_REDUCTION = 64, LINE_THREADS = 128 };

typedef struct {
  PraxiKernel base;
  CudaReduce args;
} Reduce;

static PraxiStatus
run_reduce (PraxiKernel *kernel,
            const PraxiTensor *const *in,
            const PraxiTensor *const *out,
            void *scratch)
{
  CudaReduce args = ((const Reduce *) kernel)->args;
  args.x = praxi_cuda_data (kernel, in, 0);
  args.y = out[0]->data;
  if (args.inner.count <= SHORT_REDUCTION)
    return praxi_cuda_launch (kernel->backend, CUDA_reduce_short, args.outer.count, LINE_THREADS, 1,
                              &args);
  const unsigned grid[3] = {(unsigned) args.outer.count, 1, 1};
  return praxi_cuda_launch_blocks (kernel->backend, CUDA_reduce_long, grid, LINE_THREADS, &args);
}

PraxiStatus
praxi_cuda_reduce (const CudaPlace *place, PraxiKernel **kernel)
{
  PraxiTensor x = *place->in[0], kept, reduced, y;
  if (x.dtype != PRAXI_F32)
    return PRAXI_STATUS_UNSUPPORTED;
  Reduce *reduce = (Reduce *) praxi_cuda_kernel_new (place, "reduce-f32", sizeof *reduce);
  if (!reduce)
    return PRAXI_STATUS_MEMORY;
  *kernel = &reduce->base;
  reduce->base.run = run_reduce;
  reduce->args.kind = (int32_t) praxi_reduction_kind (place->op->kind);
  const PraxiStatus packed = praxi_cuda_pack_input (&reduce->base, 0, &x);
  if (packed != PRAXI_OK)
    return packed;
  praxi_reduction_split (place->op, &x, place->out[0], &kept, &reduced, &y);
  const PraxiTensor *outer[] = {&y, &kept}, *inner[] = {&reduced};
  return praxi_cuda_walk (&reduce->args.outer, outer, 2) &&
                 praxi_cuda_walk (&reduce->args.inner, inner, 1)
             ? PRAXI_OK
             : PRAXI_STATUS_UNSUPPORTED;
}

typedef struct {
  PraxiKernel base;
  CudaPool args;
} Pool;

static PraxiStatus
run_pool (PraxiKernel *kernel,
          const PraxiTensor *const *in,
          const PraxiTensor *const *out,
          void *scratch)
{
  CudaPool args = ((const Pool *) kernel)->args;
  const CudaWindow *w = &args.w;
  args.x = in[0]->data;
  args.y = out[0]->data;
  return praxi_cuda_launch (kernel->backend, CUDA_pool, praxi_cuda_positions (w) * w->channels, 128,
                            1, &args);
}

/* Strides as N, C, T, H, W; false where they do not fit. */
static bool
take_strides (int32_t steps[5], const PraxiTensor *tensor)
{
  for (int k = 0; k < 5; k++) {
    const int d = k < 2 ? k : k - (5 - tensor->rank);
    const int64_t stride = d < 2 && k >= 2 ? 0 : tensor->strides[d];
    if (stride > INT32_MAX || stride < 0)
      return false;
    steps[k] = (int32_t) stride;
  }
  return true;
}

PraxiStatus
praxi_cuda_pool (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  const bool is_max = place->op->kind == PRAXI_OP_MAX_POOL;
  const bool is_byte = praxi_dtype_is_byte (x->dtype);
  if (x->data || (x->dtype != PRAXI_F32 && !(is_max && is_byte)) ||
      (place->n_out > 1 && place->out[1]))
    return PRAXI_STATUS_UNSUPPORTED;
  Pool *pool =
      (Pool *) praxi_cuda_kernel_new (place, is_max ? "pool-max" : "pool-average", sizeof *pool);
  if (!pool)
    return PRAXI_STATUS_MEMORY;
  *kernel = &pool->base;
  pool->base.run = run_pool;
  PraxiWindow window = place->op->window;
  window.group = x->dims[1];
  if (!praxi_cuda_window (&pool->args.w, &window, x, y) || !take_strides (pool->args.x_step, x) ||
      !take_strides (pool->args.y_step, y))
    return PRAXI_STATUS_UNSUPPORTED;
  pool->args.type = (int32_t) x->dtype;
  pool->args.is_max = is_max;
  pool->args.counts_pad = window.count_include_pad;
  for (int a = 0; a < 3; a++) {
    const int i = a - (3 - window.n_spatial);
    pool->args.end[a] = pool->args.w.in[a] + (i >= 0 ? (int32_t) window.pad_end[i] : 0);
  }
  return PRAXI_OK;
}

typedef struct {
  PraxiKernel base;
  CudaLines args;
  CudaKernelId id;
} Lines;

static PraxiStatus
run_lines (PraxiKernel *kernel,
           const PraxiTensor *const *in,
           const PraxiTensor *const *out,
           void *scratch)
{
  const Lines *lines = (const Lines *) kernel;
  CudaLines args = lines->args;
  args.x = praxi_cuda_data (kernel, in, 0);
  args.y = out[0]->data;
  if (lines->id == CUDA_layer_norm) {
    args.scale = praxi_cuda_data (kernel, in, 1);
    args.bias = praxi_cuda_data (kernel, in, 2);
  }
  const unsigned grid[3] = {(unsigned) args.walk.count, 1, 1};
  return praxi_cuda_launch_blocks (kernel->backend, lines->id, grid, LINE_THREADS, &args);
}

/* LayerNorm's scale and bias have the dims of the normalized axes. */
static PraxiStatus
pack_affine (Lines *lines, const CudaPlace *place)
{
  for (int i = 1; i < place->n_in && i < 3; i++) {
    int64_t count = 0;
    if (!place->in[i])
      continue;
    PraxiTensor tensor = *place->in[i];
    praxi_tensor_count (&tensor, &count);
    if (tensor.dtype != PRAXI_F32 || count != lines->args.n ||
        !(tensor.data || praxi_tensor_is_row_major (&tensor)))
      return PRAXI_STATUS_UNSUPPORTED;
    const PraxiStatus status = praxi_cuda_pack_input (&lines->base, i, &tensor);
    if (status != PRAXI_OK)
      return status;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_cuda_lines (const CudaPlace *place, PraxiKernel **kernel)
{
  const bool norms = place->op->kind == PRAXI_OP_LAYER_NORM;
  const int64_t axis = place->op->axis;
  PraxiTensor x = *place->in[0], y = *place->out[0];
  for (int i = 1; i < place->n_out; i++)
    if (place->out[i])
      return PRAXI_STATUS_UNSUPPORTED;
  if (x.dtype != PRAXI_F32 ||
      (norms && !(praxi_tensor_is_row_major (&x) && praxi_tensor_is_row_major (&y))))
    return PRAXI_STATUS_UNSUPPORTED;
  Lines *lines =
      (Lines *) praxi_cuda_kernel_new (place, norms ? "layer-norm" : "softmax", sizeof *lines);
  if (!lines)
    return PRAXI_STATUS_MEMORY;
  *kernel = &lines->base;
  lines->base.run = run_lines;
  lines->id = norms ? CUDA_layer_norm : CUDA_softmax;
  lines->args.epsilon = place->op->epsilon;
  PraxiStatus status = praxi_cuda_pack_input (&lines->base, 0, &x);
  lines->args.n = 1;
  lines->args.x_step = (int32_t) x.strides[axis];
  lines->args.y_step = (int32_t) y.strides[axis];
  for (int64_t d = axis; d < (norms ? x.rank : axis + 1); d++) {
    lines->args.n *= (int32_t) x.dims[d];
    x.dims[d] = y.dims[d] = 1;
  }
  if (status == PRAXI_OK && norms)
    status = pack_affine (lines, place);
  const PraxiTensor *operands[] = {&y, &x};
  if (status == PRAXI_OK && !praxi_cuda_walk (&lines->args.walk, operands, 2))
    status = PRAXI_STATUS_UNSUPPORTED;
  return status;
}
