/* Internal: the order of presentation where the container does not tell it (raw streams, AVI), and
 * pairs of fields that make one frame.
 */
#pragma once

#include <glib.h>
#include <libavformat/avformat.h>

#include "engine/media/bitstream.h"

G_BEGIN_DECLS

enum {
  PRAXI_RECORD_KEY = 1 << 0,
  PRAXI_RECORD_HIDDEN = 1 << 1, /* shows no frame of its own */
  PRAXI_RECORD_CUT = 1 << 2,    /* the file ends within the packet */
};

typedef struct {
  gint64 pts; /* in the stream's time base; after praxi_packet_order_finish always a time */
  gint64 dts;
  guint32 duration;
  guint32 flags;
} PraxiPacketRecord;

typedef struct PraxiPacketOrder PraxiPacketOrder;

/* stream: borrowed for the life of the result */
PraxiPacketOrder *praxi_packet_order_new (AVStream *stream);
void praxi_packet_order_free (PraxiPacketOrder *order);

/* Looks at each packet once, in decode order; may mark its record as hidden. */
void praxi_packet_order_look (PraxiPacketOrder *order,
                              const AVPacket *packet,
                              PraxiPacketTraits traits,
                              PraxiPacketRecord *record);

/* Gives a time to every record that lacks one.
 * in/out: records, GArray of PraxiPacketRecord, all packets in decode order
 */
void praxi_packet_order_finish (PraxiPacketOrder *order, GArray *records);

G_END_DECLS
