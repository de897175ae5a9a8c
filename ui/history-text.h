/* What was undone, in the person's language. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* what: as praxi_store_undo tells it ("add label", "remove 3 labels"). Free with g_free. */
char *praxi_history_text (const char *what);

G_END_DECLS
