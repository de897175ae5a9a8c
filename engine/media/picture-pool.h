/* Internal: memory for the pictures of several decoders, in large pages: a frame of 1080p is 760
 * small ones, each a fault when it is new and a walk through the page tables after a rest.
 */
#pragma once

#include <libavcodec/avcodec.h>

#include "engine/core/pages.h"

G_BEGIN_DECLS

typedef struct PraxiPicturePool PraxiPicturePool;

PraxiPicturePool *praxi_picture_pool_new (void);

/* Pictures that are still in use stay. */
void praxi_picture_pool_free (PraxiPicturePool *pool);

/* What AVCodecContext.get_buffer2 asks for; the pool is its opaque. Small pictures, and kinds that
 * are no planes, come from libavcodec as ever. Any thread. */
int praxi_picture_pool_get (AVCodecContext *codec, AVFrame *picture, int flags);

G_END_DECLS
