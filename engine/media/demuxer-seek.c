#include "engine/media/bitstream.h"
#include "engine/media/packet-map.h"

typedef enum { BY_TIME, BY_BYTE, FROM_START } Way;

/* Times made up by the demuxer may differ after a jump to a byte. */
static gboolean
is_packet_of (Way way, const PraxiSeekPoint *point, const AVPacket *packet)
{
  if (way != BY_BYTE && point->pts != AV_NOPTS_VALUE && packet->pts != AV_NOPTS_VALUE &&
      packet->pts != point->pts)
    return FALSE;
  return packet->size == point->size_bytes && packet->pos == point->position_bytes &&
         (point->fingerprint == 0 || praxi_bitstream_fingerprint (packet) == point->fingerprint);
}

/* What follows in the file cannot be the point's packet any more. */
static gboolean
is_beyond (Way way, const PraxiSeekPoint *point, const AVPacket *packet)
{
  if (way == BY_TIME)
    return packet->dts != AV_NOPTS_VALUE && point->dts != AV_NOPTS_VALUE &&
           packet->dts > point->dts;
  if (way == BY_BYTE)
    return packet->pos > point->position_bytes;
  return FALSE;
}

static gboolean
read_until (PraxiDemuxer *demuxer, Way way, const PraxiSeekPoint *point, AVPacket *packet)
{
  while (praxi_demuxer_read (demuxer, packet)) {
    if (is_packet_of (way, point, packet))
      return TRUE;
    if (is_beyond (way, point, packet))
      return FALSE;
  }
  return FALSE;
}

static gboolean
seek_by_time (PraxiDemuxer *demuxer, const PraxiSeekPoint *point, gint64 time, AVPacket *packet)
{
  const int stream = praxi_demuxer_stream (demuxer)->index;
  return time != AV_NOPTS_VALUE &&
         av_seek_frame (praxi_demuxer_format (demuxer), stream, time, AVSEEK_FLAG_BACKWARD) >= 0 &&
         read_until (demuxer, BY_TIME, point, packet);
}

static gboolean
seek_by_byte (PraxiDemuxer *demuxer, const PraxiSeekPoint *point, AVPacket *packet)
{
  AVFormatContext *format = praxi_demuxer_format (demuxer);
  return point->position_bytes >= 0 && (format->iformat->flags & AVFMT_NO_BYTE_SEEK) == 0 &&
         av_seek_frame (format, -1, point->position_bytes, AVSEEK_FLAG_BYTE) >= 0 &&
         read_until (demuxer, BY_BYTE, point, packet);
}

gboolean
praxi_demuxer_rewind (PraxiDemuxer *demuxer)
{
  AVFormatContext *format = praxi_demuxer_format (demuxer);
  const int stream = praxi_demuxer_stream (demuxer)->index;
  return av_seek_frame (format, stream, G_MININT64 / 2, AVSEEK_FLAG_BACKWARD) >= 0 ||
         avformat_seek_file (format, stream, G_MININT64, 0, 0, 0) >= 0 ||
         av_seek_frame (format, -1, 0, AVSEEK_FLAG_BYTE) >= 0;
}

/* Streams without an index of their own (transport streams, raw streams) are found by byte; where
 * containers index by decode time or by presentation time, one of the two lands on the spot. */
gboolean
praxi_demuxer_seek (PraxiDemuxer *demuxer, const PraxiSeekPoint *point, AVPacket *packet)
{
  const int flags = praxi_demuxer_format (demuxer)->iformat->flags;
  const gboolean has_index = (flags & (AVFMT_TS_DISCONT | AVFMT_NOTIMESTAMPS)) == 0;
  if (!has_index && seek_by_byte (demuxer, point, packet))
    return TRUE;
  if (has_index && (seek_by_time (demuxer, point, point->pts, packet) ||
                    seek_by_time (demuxer, point, point->dts, packet)))
    return TRUE;
  return seek_by_byte (demuxer, point, packet) ||
         (praxi_demuxer_rewind (demuxer) && read_until (demuxer, FROM_START, point, packet));
}
