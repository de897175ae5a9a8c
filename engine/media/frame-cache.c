#include "engine/media/frame-cache.h"

#include <stdlib.h>

#include "engine/media/frame-private.h"

struct PraxiFrameCache {
  GPtrArray *frames; /* of PraxiFrame, in no order: there are a few dozen */
  gsize bytes;
  gsize max_bytes;
  guint max_frames;
  int focus;
};

PraxiFrameCache *
praxi_frame_cache_new (gsize max_bytes, guint max_frames)
{
  PraxiFrameCache *cache = g_new0 (PraxiFrameCache, 1);
  cache->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_frame_unref);
  cache->max_bytes = max_bytes;
  cache->max_frames = max_frames;
  return cache;
}

void
praxi_frame_cache_free (PraxiFrameCache *cache)
{
  if (cache == NULL)
    return;
  g_ptr_array_unref (cache->frames);
  g_free (cache);
}

void
praxi_frame_cache_set_focus (PraxiFrameCache *cache, int ordinal)
{
  cache->focus = ordinal;
}

static void
drop_farthest (PraxiFrameCache *cache)
{
  guint farthest = 0;
  int distance = -1;
  for (guint i = 0; i < cache->frames->len; i++) {
    const PraxiFrame *frame = g_ptr_array_index (cache->frames, i);
    const int away = abs (praxi_frame_ordinal (frame) - cache->focus);
    if (away > distance) {
      farthest = i;
      distance = away;
    }
  }
  cache->bytes -= praxi_frame_bytes (g_ptr_array_index (cache->frames, farthest));
  g_ptr_array_remove_index_fast (cache->frames, farthest);
}

void
praxi_frame_cache_add (PraxiFrameCache *cache, PraxiFrame *frame)
{
  if (praxi_frame_cache_get (cache, praxi_frame_ordinal (frame)) != NULL)
    return;
  g_ptr_array_add (cache->frames, praxi_frame_ref (frame));
  cache->bytes += praxi_frame_bytes (frame);
  while (cache->frames->len > 1 &&
         (cache->bytes > cache->max_bytes || cache->frames->len > cache->max_frames))
    drop_farthest (cache);
}

PraxiFrame *
praxi_frame_cache_get (const PraxiFrameCache *cache, int ordinal)
{
  PraxiFrame *frame = praxi_frame_cache_at_or_before (cache, ordinal);
  return frame != NULL && praxi_frame_ordinal (frame) == ordinal ? frame : NULL;
}

PraxiFrame *
praxi_frame_cache_at_or_before (const PraxiFrameCache *cache, int ordinal)
{
  PraxiFrame *best = NULL;
  for (guint i = 0; i < cache->frames->len; i++) {
    PraxiFrame *frame = g_ptr_array_index (cache->frames, i);
    if (praxi_frame_ordinal (frame) <= ordinal &&
        (best == NULL || praxi_frame_ordinal (frame) > praxi_frame_ordinal (best)))
      best = frame;
  }
  return best;
}

int
praxi_frame_cache_first_of_run (const PraxiFrameCache *cache, int ordinal)
{
  while (praxi_frame_cache_get (cache, ordinal) != NULL)
    ordinal--;
  return ordinal + 1;
}

int
praxi_frame_cache_end_of_run (const PraxiFrameCache *cache, int ordinal)
{
  while (praxi_frame_cache_get (cache, ordinal) != NULL)
    ordinal++;
  return ordinal;
}
