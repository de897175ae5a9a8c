/* Constants, walks and launches: what all operators share. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cuda/cuda.h"

enum { CONSTANT_ALIGN = 256 };

PraxiKernel *
praxi_cuda_kernel_new (const CudaPlace *place, const char *name, size_t bytes)
{
  PraxiKernel *kernel = calloc (1, bytes);
  if (!kernel)
    return NULL;
  kernel->name = name;
  kernel->backend = place->backend;
  kernel->n_in = place->n_in;
  kernel->n_out = place->n_out;
  for (int i = 0; i < CUDA_MAX_INPUTS; i++)
    kernel->constant_at[i] = -1;
  return kernel;
}

int64_t
praxi_cuda_pack (PraxiKernel *kernel, const void *data, size_t bytes)
{
  const size_t at = kernel->packed_bytes;
  const size_t end = at + (bytes + CONSTANT_ALIGN - 1) / CONSTANT_ALIGN * CONSTANT_ALIGN;
  uint8_t *packed = realloc (kernel->packed, end > 0 ? end : 1);
  if (!packed)
    return -1;
  memset (packed + at, 0, end - at);
  if (data)
    memcpy (packed + at, data, bytes);
  kernel->packed = packed;
  kernel->packed_bytes = end;
  return (int64_t) at;
}

PraxiStatus
praxi_cuda_pack_input (PraxiKernel *kernel, int i, PraxiTensor *tensor)
{
  int64_t count = 0;
  if (!tensor->data)
    return PRAXI_OK;
  const PraxiTensor from = *tensor;
  if (praxi_tensor_count (tensor, &count) != PRAXI_OK)
    return PRAXI_STATUS_SHAPE;
  const int64_t at =
      praxi_cuda_pack (kernel, NULL, (size_t) count * praxi_dtype_size (tensor->dtype));
  if (at < 0)
    return PRAXI_STATUS_MEMORY;
  praxi_tensor_set_row_major (tensor);
  tensor->data = kernel->packed + at;
  praxi_tensor_copy (&from, tensor);
  tensor->data = NULL;
  kernel->constant_at[i] = at;
  return PRAXI_OK;
}

void *
praxi_cuda_data (const PraxiKernel *kernel, const PraxiTensor *const *in, int i)
{
  if (i >= kernel->n_in || !in[i])
    return NULL;
  return kernel->constant_at[i] >= 0 ? kernel->constants + kernel->constant_at[i] : in[i]->data;
}

/* Whether every offset of the operand, from its lowest, fits in 31 bits. */
static bool
fits (const PraxiRows *rows, int operand)
{
  int64_t reach = 0;
  for (int d = 0; d < rows->rank; d++) {
    const int64_t stride = llabs (rows->strides[operand][d]);
    if (rows->dims[d] > INT_MAX || stride > INT_MAX)
      return false;
    reach += stride * (rows->dims[d] - 1);
    if (reach > INT_MAX)
      return false;
  }
  return true;
}

static bool
take_rows (CudaWalk *walk, const PraxiRows *rows)
{
  int64_t count = 1;
  *walk = (CudaWalk){.rank = rows->rank};
  for (int k = 0; k < rows->n_operands; k++)
    if (!fits (rows, k))
      return false;
  for (int d = 0; d < rows->rank; d++) {
    walk->dims[d] = (int32_t) rows->dims[d];
    count *= rows->dims[d];
    if (count > INT_MAX)
      return false;
    for (int k = 0; k < rows->n_operands; k++)
      walk->strides[k][d] = (int32_t) rows->strides[k][d];
  }
  walk->count = (int32_t) count;
  return true;
}

bool
praxi_cuda_walk_plain (CudaWalk *walk, const PraxiTensor *const *operands, int n)
{
  PraxiRows rows = praxi_rows_over (operands[0]);
  for (int k = 1; k < n; k++)
    praxi_rows_add (&rows, operands[k]);
  return take_rows (walk, &rows);
}

bool
praxi_cuda_walk (CudaWalk *walk, const PraxiTensor *const *operands, int n)
{
  PraxiRows rows = praxi_rows_over (operands[0]);
  for (int k = 1; k < n; k++)
    praxi_rows_add (&rows, operands[k]);
  praxi_rows_next (&rows); /* sorts and merges the dimensions */
  return take_rows (walk, &rows);
}

bool
praxi_cuda_window (CudaWindow *window,
                   const PraxiWindow *w,
                   const PraxiTensor *x,
                   const PraxiTensor *y)
{
  int64_t x_count = 0, y_count = 0;
  if (x->rank < 2 || x->rank > 5 || praxi_tensor_count (x, &x_count) != PRAXI_OK ||
      praxi_tensor_count (y, &y_count) != PRAXI_OK || x_count > INT_MAX || y_count > INT_MAX)
    return false;
  *window = (CudaWindow){.batch = (int32_t) x->dims[0],
                         .channels = (int32_t) x->dims[1],
                         .outputs = (int32_t) y->dims[1],
                         .groups = (int32_t) w->group};
  for (int a = 0; a < 3; a++) {
    const int i = a - (3 - w->n_spatial), d = 2 + i;
    const bool here = i >= 0;
    if (here && (w->kernel[i] > INT16_MAX || w->stride[i] > INT16_MAX ||
                 w->dilation[i] > INT16_MAX || w->pad_begin[i] > INT16_MAX))
      return false;
    window->in[a] = here ? (int32_t) x->dims[d] : 1;
    window->out[a] = here ? (int32_t) y->dims[d] : 1;
    window->kernel[a] = here ? (int32_t) w->kernel[i] : 1;
    window->stride[a] = here ? (int32_t) w->stride[i] : 1;
    window->dilation[a] = here ? (int32_t) w->dilation[i] : 1;
    window->pad[a] = here ? (int32_t) w->pad_begin[i] : 0;
  }
  return true;
}

bool
praxi_cuda_is_picture (const PraxiTensor *tensor)
{
  return tensor->rank >= 2 && tensor->rank <= 5 && praxi_tensor_is_channels_last (tensor);
}

PraxiStatus
praxi_cuda_launch_blocks (CudaBackend *backend,
                          CudaKernelId id,
                          const unsigned grid[3],
                          int threads,
                          void *args)
{
  void *arguments[] = {args};
  return praxi_cuda_status (backend,
                            backend->driver->launch (backend->functions[id], grid[0], grid[1],
                                                     grid[2], (unsigned) threads, 1, 1, 0,
                                                     backend->stream, arguments, NULL));
}

int64_t
praxi_cuda_weight_at (const PraxiTensor *weight, int64_t o, int64_t c, int64_t tap)
{
  int64_t at = o * weight->strides[0] + c * weight->strides[1];
  for (int d = weight->rank - 1; d >= 2; d--) {
    at += tap % weight->dims[d] * weight->strides[d];
    tap /= weight->dims[d];
  }
  return at;
}

PraxiStatus
praxi_cuda_launch (CudaBackend *backend,
                   CudaKernelId id,
                   int64_t count,
                   int threads,
                   int64_t rows,
                   void *args)
{
  const unsigned grid[3] = {(unsigned) ((count + threads - 1) / threads), (unsigned) rows, 1};
  return praxi_cuda_launch_blocks (backend, id, grid, threads, args);
}
