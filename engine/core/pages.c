#include "engine/core/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

void *
praxi_pages_allocate (gsize bytes)
{
  const gboolean is_large = bytes >= PRAXI_LARGE_PAGE_BYTES;
  void *data = NULL;
  if (posix_memalign (&data, is_large ? PRAXI_LARGE_PAGE_BYTES : 64, MAX (bytes, 1)) != 0)
    return NULL;
  if (is_large)
    madvise (data, bytes / PRAXI_LARGE_PAGE_BYTES * PRAXI_LARGE_PAGE_BYTES, MADV_HUGEPAGE);
  return data;
}

static gsize
whole_pages (gsize bytes)
{
  const gsize page = (gsize) sysconf (_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

/* The kernel aligns by itself only what it maps without a file, and only some versions do. */
void *
praxi_pages_map (int fd, gsize bytes, gboolean is_writable)
{
  const gsize length = whole_pages (bytes);
  guint8 *room = mmap (NULL, length + PRAXI_LARGE_PAGE_BYTES, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED)
    return NULL;
  const gsize before = (gsize) (-(uintptr_t) room % PRAXI_LARGE_PAGE_BYTES);
  const int rights = PROT_READ | (is_writable ? PROT_WRITE : 0);
  const int kind = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  guint8 *data = mmap (room + before, length, rights, kind | MAP_FIXED, fd, 0);
  if (data == MAP_FAILED) {
    munmap (room, length + PRAXI_LARGE_PAGE_BYTES);
    return NULL;
  }
  if (before > 0)
    munmap (room, before);
  munmap (data + length, PRAXI_LARGE_PAGE_BYTES - before);
  if (fd < 0)
    madvise (data, length, MADV_HUGEPAGE);
  return data;
}

void
praxi_pages_unmap (void *data, gsize bytes)
{
  munmap (data, whole_pages (bytes));
}

void
praxi_pages_unite (void *data, gsize bytes)
{
  madvise (data, bytes / PRAXI_LARGE_PAGE_BYTES * PRAXI_LARGE_PAGE_BYTES, MADV_COLLAPSE);
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
