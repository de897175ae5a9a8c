/* Internal: one open container, read packet by packet. Files only: bytes come from pread on one
 * descriptor, and whatever a container names (playlists, references) is never opened.
 */
#pragma once

#include <glib.h>
#include <libavformat/avformat.h>

G_BEGIN_DECLS

#define PRAXI_MAX_PIXELS (8192 * 8192)

typedef struct PraxiDemuxer PraxiDemuxer;

/* fd: borrowed, or -1 to open path
 * Errors: NOT_FOUND, FORMAT, UNSUPPORTED
 */
PraxiDemuxer *praxi_demuxer_new (const char *path, int fd, GError **error);
void praxi_demuxer_free (PraxiDemuxer *demuxer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDemuxer, praxi_demuxer_free)

AVFormatContext *praxi_demuxer_format (PraxiDemuxer *demuxer);
AVStream *praxi_demuxer_stream (PraxiDemuxer *demuxer);

/* The next packet of the video stream; packet is unreferenced first. FALSE at the end of what can
 * be read. Packets without a byte in them are passed over.
 */
gboolean praxi_demuxer_read (PraxiDemuxer *demuxer, AVPacket *packet);

/* Back to the first packet. FALSE: the container allows no seek. */
gboolean praxi_demuxer_rewind (PraxiDemuxer *demuxer);

/* Bytes of the file itself, beside the demuxer. FALSE: not all of them are there. */
gboolean
praxi_demuxer_pread (PraxiDemuxer *demuxer, guint8 *buffer, gsize size_bytes, gint64 at_bytes);
gint64 praxi_demuxer_size_bytes (const PraxiDemuxer *demuxer);

/* Share of the file that was read, in [0, 1]. */
double praxi_demuxer_position (const PraxiDemuxer *demuxer);

G_END_DECLS
