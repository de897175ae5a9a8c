#include "engine/model/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *
praxi_pages_allocate (gsize bytes)
{
  enum { LARGE_PAGE = 2 << 20, LEAST_PAGES = 4 };
  const gboolean is_large = bytes >= (gsize) LEAST_PAGES * LARGE_PAGE;
  void *data = NULL;
  if (posix_memalign (&data, is_large ? LARGE_PAGE : 64, MAX (bytes, 1)) != 0)
    return NULL;
  if (is_large)
    madvise (data, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
  return data;
}

void
praxi_pages_give_back (void *data, gsize bytes)
{
  const uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE);
  const uintptr_t begin = ((uintptr_t) data + page - 1) / page * page;
  const uintptr_t end = ((uintptr_t) data + bytes) / page * page;
  if (begin < end)
    madvise ((void *) begin, end - begin, MADV_DONTNEED);
}
