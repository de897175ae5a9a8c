/* Internal: the packets of an MP4 or QuickTime file from its tables, without reading its data. */
#pragma once

#include <glib.h>

#include "engine/media/demuxer.h"

G_BEGIN_DECLS

/* Hours of footage open in a fraction of the time that reading every packet takes. What the tables
 * say is checked against packets at the beginning, in the middle and at the end.
 * out:    records, GArray of PraxiPacketRecord; points, GArray of PraxiSeekPoint; both come empty
 * Returns FALSE, with both empty, when the packets must be read: other containers, fragments, cut
 *         files, fields, edits that cut something out, or a check that failed.
 * Source: ISO/IEC 14496-12 §8.6.1.3 (ctts)
 */
gboolean praxi_mov_index_read (PraxiDemuxer *demuxer, GArray *records, GArray *points);

G_END_DECLS
