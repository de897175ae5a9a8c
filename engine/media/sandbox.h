/* The seam where the decode helper gives up its rights. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What this kernel can hold a decoder with.
 * landlock_abi: the version of Landlock, 0: absent
 * has_filter: system calls can be filtered (seccomp, on x86-64 and AArch64)
 */
typedef struct {
  int landlock_abi;
  gboolean has_filter;
} PraxiSandboxSupport;

PraxiSandboxSupport praxi_sandbox_support (void);

/* Limits this process for the rest of its life: it opens nothing, connects to nothing, starts and
 * signals nobody, writes no file, has bounds on memory and descriptors, leaves no core dump and
 * dies with its parent. Threads can still be started. Where the kernel lacks a means the others
 * hold; praxi_sandbox_support tells which. Needs no right and works inside Flatpak. Call after the
 * descriptors are in place, before a second thread, and before a foreign byte is read.
 * Errors: FAILED (the system refused what it has)
 */
gboolean praxi_sandbox_enter (GError **error);

G_END_DECLS
