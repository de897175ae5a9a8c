/* Memory in whole pages, for what is large: files of weights, the arena. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In pages of 2 MB, if the kernel has some: what is touched whole takes few faults then. At least
 * 64-byte aligned; free with free (). NULL without memory.
 */
void *praxi_pages_allocate (gsize bytes);

/* Gives the system what lies whole inside; it reads as zeros from here on. */
void praxi_pages_give_back (void *data, gsize bytes);

G_END_DECLS
