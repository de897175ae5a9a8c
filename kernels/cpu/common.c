#include "kernels/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Many small pages cost more than what is written to them: of weights, half the time to pack them.
 */
static void
take_large_pages (void *memory, size_t size)
{
  const uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE);
  const uintptr_t begin = ((uintptr_t) memory + page - 1) / page * page;
  const uintptr_t end = ((uintptr_t) memory + size) / page * page;
  madvise ((void *) begin, end - begin, MADV_HUGEPAGE);
}

void *
praxi_cpu_alloc (size_t bytes)
{
  enum { LARGE = 1 << 20 };
  const size_t size = praxi_cpu_round_up (bytes ? bytes : 1, 64);
  if (size < bytes)
    return NULL;
  void *memory = aligned_alloc (64, size);
  if (memory && size >= LARGE)
    take_large_pages (memory, size);
  if (memory)
    memset (memory, 0, size);
  return memory;
}

/* The stride of a dimension of one element says nothing. n: dimensions, the last of order first;
 * step: of the innermost one
 */
static bool
is_dense (const PraxiTensor *tensor, const int *order, int n, int64_t step)
{
  for (int i = n - 1; i >= 0; i--) {
    const int axis = order[i];
    if (tensor->dims[axis] != 1 && tensor->strides[axis] != step)
      return false;
    step *= tensor->dims[axis];
  }
  return true;
}

bool
praxi_cpu_is_row_major (const PraxiTensor *tensor)
{
  static const int order[PRAXI_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
  return is_dense (tensor, order, tensor->rank, 1);
}

bool
praxi_cpu_is_channels_last (const PraxiTensor *tensor)
{
  return tensor->rank >= 3 && praxi_cpu_pixel_step (tensor) == tensor->dims[1];
}

int64_t
praxi_cpu_pixel_step (const PraxiTensor *tensor)
{
  static const int order[] = {0, 2, 3, 4};
  const int n = tensor->rank - 1;
  if (n < 1 || n > 4 || (tensor->dims[1] != 1 && tensor->strides[1] != 1))
    return 0;
  int64_t step = tensor->dims[1];
  for (int i = 0; i < n; i++) /* the innermost of more than one element says it */
    if (tensor->dims[order[i]] != 1)
      step = tensor->strides[order[i]];
  return step >= tensor->dims[1] && is_dense (tensor, order, n, step) ? step : 0;
}

bool
praxi_cpu_take_same (void **own, void *other, size_t bytes)
{
  if (memcmp (*own, other, bytes) != 0)
    return false;
  free (*own);
  *own = other;
  return true;
}

int64_t
praxi_cpu_mean_pixels (const CpuPlace *place)
{
  const PraxiTensor *x = place->in[0], *y = place->out[0];
  int64_t pixels = 1;
  if (x->rank < 3 || x->rank > 5 || !praxi_dtype_is_byte (x->dtype) || y->dtype != PRAXI_F32 ||
      !praxi_cpu_is_channels_last (x) || !praxi_cpu_is_channels_last (y))
    return 0;
  for (int d = 2; d < x->rank; d++)
    pixels *= x->dims[d];
  return pixels;
}
