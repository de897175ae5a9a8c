#include "engine/media/preview-cache.h"

struct PraxiPreviewCache {
  GQueue previews; /* of PraxiPreview, the one asked for last at the head: a few dozen */
  gsize bytes;
  gsize max_bytes;
};

static gsize
size_bytes (const PraxiPreview *preview)
{
  return (gsize) preview->width * (gsize) preview->height * 4;
}

static void
free_preview (gpointer data)
{
  PraxiPreview *preview = data;
  g_free ((guint8 *) preview->pixels);
  g_free (preview);
}

PraxiPreviewCache *
praxi_preview_cache_new (gsize max_bytes)
{
  PraxiPreviewCache *cache = g_new0 (PraxiPreviewCache, 1);
  g_queue_init (&cache->previews);
  cache->max_bytes = max_bytes;
  return cache;
}

void
praxi_preview_cache_free (PraxiPreviewCache *cache)
{
  if (cache == NULL)
    return;
  g_queue_clear_full (&cache->previews, free_preview);
  g_free (cache);
}

void
praxi_preview_cache_add (PraxiPreviewCache *cache, const PraxiPreview *preview)
{
  if (praxi_preview_cache_get (cache, preview->key) != NULL)
    return;
  PraxiPreview *copy = g_memdup2 (preview, sizeof *preview);
  copy->pixels = g_memdup2 (preview->pixels, size_bytes (preview));
  g_queue_push_head (&cache->previews, copy);
  cache->bytes += size_bytes (copy);
  while (cache->previews.length > 1 && cache->bytes > cache->max_bytes) {
    PraxiPreview *oldest = g_queue_pop_tail (&cache->previews);
    cache->bytes -= size_bytes (oldest);
    free_preview (oldest);
  }
}

const PraxiPreview *
praxi_preview_cache_get (PraxiPreviewCache *cache, PraxiPreviewKey key)
{
  for (GList *link = cache->previews.head; link != NULL; link = link->next) {
    const PraxiPreview *preview = link->data;
    if (preview->key.ordinal == key.ordinal && preview->key.max_width == key.max_width &&
        preview->key.max_height == key.max_height) {
      g_queue_unlink (&cache->previews, link);
      g_queue_push_head_link (&cache->previews, link);
      return preview;
    }
  }
  return NULL;
}
