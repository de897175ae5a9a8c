/* Internal: streams that do not begin or end cleanly. */
#pragma once

#include <glib.h>

#include "engine/media/demuxer.h"
#include "engine/media/packet-map.h"

G_BEGIN_DECLS

/* Footage cut out of a broadcast may begin in the middle of a group of pictures, or with an open
 * group whose first pictures refer to what was cut off; a file cut short ends in half a packet. No
 * packet tells what the codec makes of these, so in these cases alone the first or the last packets
 * are decoded; those that show nothing are marked as hidden.
 * in:     points, GArray of PraxiSeekPoint; the first is packet 0
 * in/out: records, GArray of PraxiPacketRecord, with times
 */
void praxi_edge_probe (PraxiDemuxer *demuxer, const GArray *points, GArray *records);

G_END_DECLS
