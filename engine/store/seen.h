/* Footage that a person looked at and labelled nothing in: there nothing happens. */
#pragma once

#include <glib.h>

#include "engine/store/store.h"

G_BEGIN_DECLS

/* What is shorter says nothing: it lies in the blur where a label ends and the next begins. */
#define PRAXI_SEEN_LEAST_NS (2 * (gint64) 1000000000)

/* The parts of what was seen of a media that no label touches, as spans of at least
 * PRAXI_SEEN_LEAST_NS.
 * labels:   PraxiLabel of the media by start, as praxi_store_list_labels has them
 * Returns   PraxiSeenSpan, ascending; free with g_array_unref; NULL on error
 * Errors:   those of the store
 */
GArray *
praxi_seen_quiet (PraxiStore *store, gint64 media_id, const GPtrArray *labels, GError **error);

typedef struct {
  gint64 n_media;  /* with such spans */
  gint64 quiet_ns; /* of all of them */
} PraxiSeenCount;

/* What the whole project has of it. Errors: those of the store */
gboolean praxi_seen_count (PraxiStore *store, PraxiSeenCount *count, GError **error);

G_END_DECLS
