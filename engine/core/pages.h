/* Memory in whole pages, of 2 MB where the kernel has some, for what is large: files of weights,
 * the arena, pictures. What is touched whole takes few faults then, and after a rest the processor
 * finds it again by few entries of the page tables.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PRAXI_LARGE_PAGE_BYTES ((gsize) 2 << 20)

/* To whole large pages. */
static inline gsize
praxi_pages_round_up (gsize bytes)
{
  return (bytes + PRAXI_LARGE_PAGE_BYTES - 1) / PRAXI_LARGE_PAGE_BYTES * PRAXI_LARGE_PAGE_BYTES;
}

/* At least 64-byte aligned; free with free (). NULL without memory.
 */
void *praxi_pages_allocate (gsize bytes);

/* Zeros of its own (fd −1), or the beginning of a file, shared, that may be written if is_writable.
 * Aligned so that large pages fit; give it to praxi_pages_unmap () with the same bytes. NULL with
 * errno where the kernel refuses.
 */
void *praxi_pages_map (int fd, gsize bytes, gboolean is_writable);
void praxi_pages_unmap (void *data, gsize bytes);

/* Puts what was touched already into large pages, which costs about as much as copying it; for
 * files in memory, which get none by themselves. Does nothing where the kernel cannot (before
 * Linux 6.1) or the memory is no whole large page.
 */
void praxi_pages_unite (void *data, gsize bytes);

/* Gives the system what lies whole inside; it reads as zeros from here on. */
void praxi_pages_give_back (void *data, gsize bytes);

G_END_DECLS
