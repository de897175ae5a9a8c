/* Internal: opening a decoder, always with the same limits. */
#pragma once

#include <glib.h>

#include "engine/media/picture-pool.h"

G_BEGIN_DECLS

/* NULL when the codec cannot be opened. Free: avcodec_free_context
 * threads: 0: as many as cores
 * pool:    where its pictures come from, outlives it; NULL: from libavcodec, as zeros when new
 */
AVCodecContext *
praxi_codec_open (const AVCodecParameters *parameters, int threads, PraxiPicturePool *pool);

G_END_DECLS
