/* MatMul and Gemm in f32. */
#include "kernels/cuda/cuda.h"

typedef struct {
  PraxiKernel base;
  CudaMatmul args;
} Matmul;

static PraxiStatus
run (PraxiKernel *kernel,
     const PraxiTensor *const *in,
     const PraxiTensor *const *out,
     void *scratch)
{
  CudaMatmul args = ((const Matmul *) kernel)->args;
  args.a = praxi_cuda_data (kernel, in, 0);
  args.b = praxi_cuda_data (kernel, in, 1);
  args.c = praxi_cuda_data (kernel, in, 2);
  args.y = out[0]->data;
  const unsigned grid[3] = {(unsigned) ((args.m + 63) / 64), (unsigned) ((args.n + 63) / 64),
                            (unsigned) args.batch.count};
  return praxi_cuda_launch_blocks (kernel->backend, CUDA_matmul_f32, grid, 256, &args);
}

/* All but the last two axes. */
static PraxiTensor
batch_of (const PraxiTensor *tensor)
{
  PraxiTensor batch = *tensor;
  batch.rank -= 2;
  return batch;
}

/* Takes rows and columns of a product from the last two axes of its operands. */
static bool
set_product (CudaMatmul *args, const PraxiTensor *a, const PraxiTensor *b, const PraxiTensor *y)
{
  const int p = a->rank - 2, q = b->rank - 2, r = y->rank - 2;
  const int64_t all[] = {a->dims[p],        b->dims[q + 1],    a->dims[p + 1],
                         a->strides[p],     a->strides[p + 1], b->strides[q],
                         b->strides[q + 1], y->strides[r],     y->strides[r + 1]};
  int32_t *const to[] = {&args->m,   &args->n,   &args->k,   &args->a_m, &args->a_k,
                         &args->b_k, &args->b_n, &args->y_m, &args->y_n};
  for (int i = 0; i < 9; i++) {
    if (all[i] > INT32_MAX || all[i] < 0)
      return false;
    *to[i] = (int32_t) all[i];
  }
  const PraxiTensor batches[] = {batch_of (y), batch_of (a), batch_of (b)};
  const PraxiTensor *operands[] = {&batches[0], &batches[1], &batches[2]};
  return praxi_cuda_walk (&args->batch, operands, 3) && args->batch.count <= 65535;
}

static void
transpose (PraxiTensor *tensor)
{
  const int64_t dim = tensor->dims[0], stride = tensor->strides[0];
  tensor->dims[0] = tensor->dims[1];
  tensor->strides[0] = tensor->strides[1];
  tensor->dims[1] = dim;
  tensor->strides[1] = stride;
}

/* Gemm's C, of rank 0 to 2, broadcast to [M,N]. */
static void
set_bias (CudaMatmul *args, const PraxiTensor *c)
{
  args->c_n = c->rank > 0 && c->dims[c->rank - 1] != 1 ? (int32_t) c->strides[c->rank - 1] : 0;
  args->c_m = c->rank > 1 && c->dims[0] != 1 ? (int32_t) c->strides[0] : 0;
}

PraxiStatus
praxi_cuda_matmul (const CudaPlace *place, PraxiKernel **kernel)
{
  const PraxiOp *op = place->op;
  const bool is_gemm = op->kind == PRAXI_OP_GEMM;
  for (int i = 0; i < place->n_in; i++)
    if (place->in[i] && place->in[i]->dtype != PRAXI_F32)
      return PRAXI_STATUS_UNSUPPORTED;
  if (place->in[0]->rank < 2 || !place->in[1] || place->in[1]->rank < 2)
    return PRAXI_STATUS_UNSUPPORTED;
  Matmul *matmul = (Matmul *) praxi_cuda_kernel_new (place, "matmul-f32", sizeof *matmul);
  if (!matmul)
    return PRAXI_STATUS_MEMORY;
  *kernel = &matmul->base;
  matmul->base.run = run;
  matmul->args.alpha = is_gemm ? op->alpha : 1;
  matmul->args.beta = is_gemm ? op->beta : 0;
  PraxiTensor operands[3];
  for (int i = 0; i < place->n_in && i < 3; i++) {
    if (!place->in[i])
      continue;
    operands[i] = *place->in[i];
    const PraxiStatus status = praxi_cuda_pack_input (&matmul->base, i, &operands[i]);
    if (status != PRAXI_OK)
      return status;
  }
  if (is_gemm && op->transpose_a)
    transpose (&operands[0]);
  if (is_gemm && op->transpose_b)
    transpose (&operands[1]);
  if (is_gemm && place->n_in > 2 && place->in[2])
    set_bias (&matmul->args, &operands[2]);
  return set_product (&matmul->args, &operands[0], &operands[1], place->out[0])
             ? PRAXI_OK
             : PRAXI_STATUS_UNSUPPORTED;
}
