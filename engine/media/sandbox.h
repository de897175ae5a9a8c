/* The seam where the decode helper gives up its rights. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Limits this process for the rest of its life: no core dump, no file growth, memory, descriptors;
 * it dies with its parent. Call after the descriptors are in place and before a foreign byte is
 * read. Errors: FAILED (the system refused)
 */
gboolean praxi_sandbox_enter (GError **error);

G_END_DECLS
