/* Internal: which packet shows which frame. Packets are numbered in the order the demuxer yields
 * them; the number travels through the codec as pts, so that a decoded frame is recognised whatever
 * the container says about times.
 */
#pragma once

#include <glib.h>
#include <libavcodec/avcodec.h>

#include "engine/media/demuxer.h"
#include "engine/media/frame-index.h"
#include "engine/media/media.h"

G_BEGIN_DECLS

/* A packet decoding may begin with, and how to recognise it after a seek. */
typedef struct {
  int packet;
  int ordinal; /* -1 when it shows nothing */
  gboolean is_keyframe;
  int size_bytes;
  guint32 fingerprint; /* 0: unknown */
  gint64 pts;          /* in the stream's time base, or AV_NOPTS_VALUE */
  gint64 dts;
  gint64 position_bytes; /* -1: unknown */
} PraxiSeekPoint;

typedef struct {
  int n_packets;
  int n_frames;
  int *ordinals;     /* [n_packets], -1: shows nothing; NULL: packet and ordinal are the same */
  int *packets;      /* [n_frames]; NULL likewise */
  int reorder_depth; /* frames that may be decoded before one that is shown earlier */
  GArray *points;    /* of PraxiSeekPoint, ascending; the first is packet 0 */
} PraxiPacketMap;

/* Reads all packets.
 * out:    *index: the frames shown; owned by the caller
 * Errors: FORMAT (no pictures), CANCELLED (progress said so), MEMORY
 */
PraxiPacketMap *praxi_packet_map_new (PraxiDemuxer *demuxer,
                                      const char *name,
                                      PraxiMediaProgress progress,
                                      gpointer user_data,
                                      PraxiFrameIndex **index,
                                      GError **error);
void praxi_packet_map_free (PraxiPacketMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiPacketMap, praxi_packet_map_free)

/* -1: the packet shows nothing, or there is no such packet. */
int praxi_packet_map_ordinal (const PraxiPacketMap *map, gint64 packet);
int praxi_packet_map_packet (const PraxiPacketMap *map, int ordinal);

/* The last point from which the frame comes out right: neither decoded nor shown after it.
 * Returns the point's number in points.
 */
int praxi_packet_map_point_before (const PraxiPacketMap *map, int ordinal);

/* Seeks, and reads until packet holds the point's. FALSE: it could not be found again. */
gboolean praxi_demuxer_seek (PraxiDemuxer *demuxer, const PraxiSeekPoint *point, AVPacket *packet);

G_END_DECLS
