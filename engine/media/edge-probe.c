#include "engine/media/edge-probe.h"

#include "engine/media/codec.h"
#include "engine/media/packet-order.h"

#define MAX_PROBED_PACKETS 600
/* More than any codec's pictures may wait for each other. */
#define MARGIN_PACKETS 33

static PraxiPacketRecord *
record_at (GArray *records, guint i)
{
  return &g_array_index (records, PraxiPacketRecord, i);
}

/* Decodes n packets beginning with `packet`; seen: GArray of gboolean, TRUE for those whose picture
 * came out. */
static void
decode_run (PraxiDemuxer *demuxer, AVCodecContext *codec, AVPacket *packet, guint n, GArray *seen)
{
  AVFrame *frame = av_frame_alloc ();
  gboolean has_packet = TRUE;
  for (guint fed = 0; fed <= n; fed++) {
    has_packet = has_packet && fed < n;
    packet->pts = packet->dts = fed;
    avcodec_send_packet (codec, has_packet ? packet : NULL);
    has_packet = has_packet && praxi_demuxer_read (demuxer, packet);
    while (avcodec_receive_frame (codec, frame) >= 0) {
      if (frame->pts >= 0 && frame->pts < n)
        g_array_index (seen, gboolean, frame->pts) = TRUE;
      av_frame_unref (frame);
    }
  }
  av_frame_free (&frame);
}

/* NULL when it cannot be told. */
static GArray *
find_seen (PraxiDemuxer *demuxer, const PraxiSeekPoint *from, guint n)
{
  AVCodecContext *codec = praxi_codec_open (praxi_demuxer_stream (demuxer)->codecpar, 1, NULL);
  AVPacket *packet = av_packet_alloc ();
  GArray *seen = NULL;
  if (codec != NULL && praxi_demuxer_seek (demuxer, from, packet)) {
    seen = g_array_new (FALSE, TRUE, sizeof (gboolean));
    g_array_set_size (seen, n);
    decode_run (demuxer, codec, packet, n, seen);
  }
  av_packet_free (&packet);
  avcodec_free_context (&codec);
  return seen;
}

static guint
first_keyframe (GArray *records)
{
  guint i = 0;
  while (i < records->len && (record_at (records, i)->flags & PRAXI_RECORD_KEY) == 0)
    i++;
  return i;
}

/* A clean beginning: a keyframe, and nothing that follows is shown before it. */
static gboolean
begins_clean (GArray *records)
{
  if ((record_at (records, 0)->flags & PRAXI_RECORD_KEY) == 0)
    return FALSE;
  for (guint i = 1; i < MIN (records->len, MARGIN_PACKETS); i++) {
    const PraxiPacketRecord *record = record_at (records, i);
    if ((record->flags & PRAXI_RECORD_HIDDEN) == 0 && record->pts < record_at (records, 0)->pts)
      return FALSE;
  }
  return TRUE;
}

static void
probe_begin (PraxiDemuxer *demuxer, const PraxiSeekPoint *first, GArray *records)
{
  const guint key = first_keyframe (records);
  const guint n = MIN (records->len, MIN (key + 2 * MARGIN_PACKETS, MAX_PROBED_PACKETS));
  g_autoptr (GArray) seen = find_seen (demuxer, first, n);
  const guint n_certain = n == records->len ? n : n - MARGIN_PACKETS;
  for (guint i = 0; seen != NULL && i < n_certain; i++)
    if (!g_array_index (seen, gboolean, i))
      record_at (records, i)->flags |= PRAXI_RECORD_HIDDEN;
}

static void
probe_end (PraxiDemuxer *demuxer, const PraxiSeekPoint *last, GArray *records)
{
  const guint from = (guint) last->packet;
  const guint n = records->len - from;
  if (n > MAX_PROBED_PACKETS)
    return;
  g_autoptr (GArray) seen = find_seen (demuxer, last, n);
  if (seen != NULL && !g_array_index (seen, gboolean, n - 1))
    record_at (records, records->len - 1)->flags |= PRAXI_RECORD_HIDDEN;
}

void
praxi_edge_probe (PraxiDemuxer *demuxer, const GArray *points, GArray *records)
{
  if (points->len == 0 || records->len == 0)
    return;
  if (!begins_clean (records))
    probe_begin (demuxer, &g_array_index (points, PraxiSeekPoint, 0), records);
  if ((record_at (records, records->len - 1)->flags & PRAXI_RECORD_CUT) != 0)
    probe_end (demuxer, &g_array_index (points, PraxiSeekPoint, points->len - 1), records);
}
