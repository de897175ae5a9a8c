/* Internal: decoded frames around the one on screen, so that stepping back does not decode a whole
 * group of pictures for each step.
 */
#pragma once

#include <glib.h>

#include "engine/media/frame.h"

G_BEGIN_DECLS

typedef struct PraxiFrameCache PraxiFrameCache;

PraxiFrameCache *praxi_frame_cache_new (gsize max_bytes, guint max_frames);
void praxi_frame_cache_free (PraxiFrameCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiFrameCache, praxi_frame_cache_free)

/* Frames far from there go first. */
void praxi_frame_cache_set_focus (PraxiFrameCache *cache, int ordinal);

/* Takes a reference. */
void praxi_frame_cache_add (PraxiFrameCache *cache, PraxiFrame *frame);

/* Borrowed until the next add; NULL when it is not there. */
PraxiFrame *praxi_frame_cache_get (const PraxiFrameCache *cache, int ordinal);

/* The frame with the highest ordinal ≤ ordinal; NULL when there is none. */
PraxiFrame *praxi_frame_cache_at_or_before (const PraxiFrameCache *cache, int ordinal);

/* The lowest ordinal L for which all of L … ordinal are there; ordinal + 1 when it is not itself.
 */
int praxi_frame_cache_first_of_run (const PraxiFrameCache *cache, int ordinal);

/* The lowest ordinal ≥ ordinal whose frame is not there. */
int praxi_frame_cache_end_of_run (const PraxiFrameCache *cache, int ordinal);

G_END_DECLS
