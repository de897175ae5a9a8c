/* Internal: the filter of system calls. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The processor's calls are known here and the kernel filters. */
gboolean praxi_sandbox_filter_exists (void);

/* From now on this thread, and those it starts, may compute, talk over the descriptors they have
 * and start threads. What opens, connects, executes or forks is answered with EACCES, and what is
 * not known here with ENOSYS, as an older kernel would: the C library then takes its other way.
 * Needs PR_SET_NO_NEW_PRIVS. FALSE, with errno: the kernel refused.
 */
gboolean praxi_sandbox_filter_install (void);

G_END_DECLS
