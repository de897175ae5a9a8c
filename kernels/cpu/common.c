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

/* The stride of a dimension of one element says nothing. */
static bool
is_dense (const PraxiTensor *tensor, const int *order)
{
  int64_t step = 1;
  for (int i = tensor->rank - 1; i >= 0; i--) {
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
  return is_dense (tensor, order);
}

bool
praxi_cpu_is_channels_last (const PraxiTensor *tensor)
{
  static const int order[3][5] = {{0, 2, 1}, {0, 2, 3, 1}, {0, 2, 3, 4, 1}};
  return tensor->rank >= 3 && tensor->rank <= 5 && is_dense (tensor, order[tensor->rank - 3]);
}
