/* Internal: what the decoder takes from a media. */
#pragma once

#include "engine/media/frame-private.h"
#include "engine/media/media.h"
#include "engine/media/packet-map.h"
#include "engine/media/picture-pool.h"

G_BEGIN_DECLS

const PraxiPacketMap *praxi_media_map (const PraxiMedia *media);
const AVCodecParameters *praxi_media_codec (const PraxiMedia *media);
PraxiOrientation praxi_media_orientation (const PraxiMedia *media);

/* For all its decoders, so that what one needs no longer serves the next. */
PraxiPicturePool *praxi_media_pool (PraxiMedia *media);

/* The name for messages. */
const char *praxi_media_name (const PraxiMedia *media);

/* A demuxer of one's own: the one that read the packets, or a fresh one. Any thread. */
PraxiDemuxer *praxi_media_take_demuxer (PraxiMedia *media, GError **error);

G_END_DECLS
