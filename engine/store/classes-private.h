/* Inside the store only. */
#pragma once

#include "engine/store/classes.h"

G_BEGIN_DECLS

/* Fills a new project; undo passes over it. */
gboolean praxi_store_add_default_classes (PraxiStore *store, GError **error);

G_END_DECLS
