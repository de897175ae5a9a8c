/* Internal: the small pictures of keyframes that were shown last, as they were painted: a pointer
 * that wanders over the timeline comes by the same ones again and again.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiPreviewCache PraxiPreviewCache;

/* A picture belongs to an ordinal and to the size it had to fit in. */
typedef struct {
  int ordinal;
  int max_width;
  int max_height;
} PraxiPreviewKey;

/* pixels: dense rows of 4 bytes a pixel */
typedef struct {
  PraxiPreviewKey key;
  int width;
  int height;
  const guint8 *pixels;
} PraxiPreview;

PraxiPreviewCache *praxi_preview_cache_new (gsize max_bytes);
void praxi_preview_cache_free (PraxiPreviewCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiPreviewCache, praxi_preview_cache_free)

/* Copies the pixels. Those that were not asked for longest go first. */
void praxi_preview_cache_add (PraxiPreviewCache *cache, const PraxiPreview *preview);

/* Borrowed until the next add; NULL when it is not there. */
const PraxiPreview *praxi_preview_cache_get (PraxiPreviewCache *cache, PraxiPreviewKey key);

G_END_DECLS
