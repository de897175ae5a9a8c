#include "engine/media/packet-map.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/media/bitstream.h"
#include "engine/media/edge-probe.h"
#include "engine/media/mov-index.h"
#include "engine/media/packet-order.h"

#define MAX_POINTS 200000
#define PROGRESS_PACKETS 2048
#define MAX_PACKETS (1 << 28)

/* What one reading of the packets leaves behind. */
typedef struct {
  GArray *records; /* of PraxiPacketRecord, decode order */
  GArray *points;  /* of PraxiSeekPoint */
  PraxiPacketOrder *order;
} Scan;

static gboolean
is_point (const PraxiPacketRecord *record, PraxiPacketTraits traits)
{
  return (record->flags & PRAXI_RECORD_KEY) != 0 && (traits & PRAXI_PACKET_RECOVERS_LATE) == 0;
}

static void
add_point (Scan *scan, const AVPacket *packet)
{
  const PraxiSeekPoint point = {
      .packet = (int) scan->records->len,
      .is_keyframe = (packet->flags & AV_PKT_FLAG_KEY) != 0,
      .size_bytes = packet->size,
      .fingerprint = praxi_bitstream_fingerprint (packet),
      .pts = packet->pts,
      .dts = packet->dts,
      .position_bytes = packet->pos,
  };
  g_array_append_val (scan->points, point);
}

static void
scan_packet (Scan *scan, AVStream *stream, const AVPacket *packet)
{
  const PraxiPacketTraits traits = praxi_bitstream_peek (stream->codecpar, packet);
  PraxiPacketRecord record = {
      .pts = packet->pts,
      .dts = packet->dts,
      .duration = (guint32) CLAMP (packet->duration, 0, G_MAXINT32),
  };
  if ((packet->flags & AV_PKT_FLAG_KEY) != 0)
    record.flags |= PRAXI_RECORD_KEY;
  if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0)
    record.flags |= PRAXI_RECORD_CUT;
  if ((packet->flags & AV_PKT_FLAG_DISCARD) != 0 || (traits & PRAXI_PACKET_HIDDEN) != 0)
    record.flags |= PRAXI_RECORD_HIDDEN;
  praxi_packet_order_look (scan->order, packet, traits, &record);
  if (scan->records->len == 0 || is_point (&record, traits))
    add_point (scan, packet);
  g_array_append_val (scan->records, record);
}

static gboolean
scan_all (Scan *scan,
          PraxiDemuxer *demuxer,
          const char *name,
          PraxiMediaProgress progress,
          gpointer user_data,
          GError **error)
{
  AVStream *stream = praxi_demuxer_stream (demuxer);
  AVPacket *packet = av_packet_alloc ();
  gboolean goes_on = TRUE;
  while (goes_on && scan->records->len < MAX_PACKETS && praxi_demuxer_read (demuxer, packet)) {
    scan_packet (scan, stream, packet);
    if (progress != NULL && scan->records->len % PROGRESS_PACKETS == 0)
      goes_on = progress (praxi_demuxer_position (demuxer), user_data);
  }
  av_packet_free (&packet);
  praxi_packet_order_finish (scan->order, scan->records);
  if (!goes_on)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "%s: opening was cancelled", name);
  return goes_on;
}

typedef struct {
  gint64 time;
  int packet;
} Shown;

static int
compare_shown (gconstpointer a, gconstpointer b)
{
  const Shown *x = a, *y = b;
  if (x->time != y->time)
    return x->time < y->time ? -1 : 1;
  return x->packet - y->packet;
}

/* The frames in the order they are shown. */
static GArray *
order_shown (const GArray *records)
{
  GArray *shown = g_array_sized_new (FALSE, FALSE, sizeof (Shown), records->len);
  gboolean is_sorted = TRUE;
  for (guint i = 0; i < records->len; i++) {
    const PraxiPacketRecord *record = &g_array_index (records, PraxiPacketRecord, i);
    if ((record->flags & PRAXI_RECORD_HIDDEN) != 0)
      continue;
    const Shown entry = {record->pts, (int) i};
    is_sorted &= shown->len == 0 || g_array_index (shown, Shown, shown->len - 1).time <= entry.time;
    g_array_append_val (shown, entry);
  }
  if (!is_sorted)
    g_array_sort (shown, compare_shown);
  return shown;
}

static void
number_frames (PraxiPacketMap *map, const GArray *shown, guint n_packets)
{
  map->n_packets = (int) n_packets;
  map->n_frames = (int) shown->len;
  gboolean is_identity = n_packets == shown->len;
  for (guint i = 0; is_identity && i < shown->len; i++)
    is_identity = g_array_index (shown, Shown, i).packet == (int) i;
  if (is_identity)
    return;
  map->ordinals = g_new (int, n_packets);
  map->packets = g_new (int, shown->len);
  memset (map->ordinals, 0xff, n_packets * sizeof *map->ordinals);
  for (guint i = 0; i < shown->len; i++) {
    map->packets[i] = g_array_index (shown, Shown, i).packet;
    map->ordinals[map->packets[i]] = (int) i;
  }
}

/* How many frames that are shown later were decoded before a frame, at worst. */
static int
reorder_depth (const PraxiPacketMap *map)
{
  if (map->ordinals == NULL)
    return 0;
  int depth = 0, n_decoded = 0;
  for (int packet = 0; packet < map->n_packets; packet++) {
    if (map->ordinals[packet] < 0)
      continue;
    depth = MAX (depth, n_decoded - map->ordinals[packet]);
    n_decoded++;
  }
  return depth;
}

/* A keyframe every frame needs no point for each. */
static void
take_points (PraxiPacketMap *map, Scan *scan)
{
  const guint every = 1 + scan->points->len / MAX_POINTS;
  map->points = g_array_new (FALSE, FALSE, sizeof (PraxiSeekPoint));
  for (guint i = 0; i < scan->points->len; i += every) {
    PraxiSeekPoint point = g_array_index (scan->points, PraxiSeekPoint, i);
    point.ordinal = praxi_packet_map_ordinal (map, point.packet);
    if (point.ordinal >= 0 || i == 0)
      g_array_append_val (map->points, point);
  }
}

/* Nanoseconds that increase strictly: frames of equal time are set a nanosecond apart. */
static PraxiFrameIndex *
make_index (const PraxiPacketMap *map, const GArray *shown, const GArray *records, AVRational base)
{
  const AVRational nanosecond = {1, 1000000000};
  g_autofree gint64 *pts_ns = g_new (gint64, shown->len);
  g_autofree guint8 *is_keyframe = g_new (guint8, shown->len);
  const gint64 limit_ns = G_MAXINT64 / 4;
  for (guint i = 0; i < shown->len; i++) {
    const Shown *entry = &g_array_index (shown, Shown, i);
    const gint64 at_ns = av_rescale_q (entry->time, base, nanosecond);
    pts_ns[i] = CLAMP (at_ns, -limit_ns, limit_ns);
    if (i > 0)
      pts_ns[i] = MAX (pts_ns[i], pts_ns[i - 1] + 1);
    is_keyframe[i] =
        (g_array_index (records, PraxiPacketRecord, entry->packet).flags & PRAXI_RECORD_KEY) != 0;
  }
  const Shown *last = &g_array_index (shown, Shown, shown->len - 1);
  const guint32 duration = g_array_index (records, PraxiPacketRecord, last->packet).duration;
  gint64 length_ns = av_rescale_q (duration, base, nanosecond);
  if (length_ns <= 0 && shown->len > 1)
    length_ns = (pts_ns[shown->len - 1] - pts_ns[0]) / ((int) shown->len - 1);
  if (length_ns <= 0)
    length_ns = 40000000;
  return praxi_frame_index_new (pts_ns, is_keyframe, (int) shown->len,
                                pts_ns[shown->len - 1] + length_ns);
}

static PraxiPacketMap *
make_map (Scan *scan, AVStream *stream, const char *name, PraxiFrameIndex **index, GError **error)
{
  g_autoptr (GArray) shown = order_shown (scan->records);
  if (shown->len == 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "%s: no pictures in it; record it again or choose another file", name);
    return NULL;
  }
  PraxiPacketMap *map = g_new0 (PraxiPacketMap, 1);
  number_frames (map, shown, scan->records->len);
  map->reorder_depth = reorder_depth (map);
  take_points (map, scan);
  *index = make_index (map, shown, scan->records, stream->time_base);
  return map;
}

PraxiPacketMap *
praxi_packet_map_new (PraxiDemuxer *demuxer,
                      const char *name,
                      PraxiMediaProgress progress,
                      gpointer user_data,
                      PraxiFrameIndex **index,
                      GError **error)
{
  AVStream *stream = praxi_demuxer_stream (demuxer);
  Scan scan = {
      .records = g_array_new (FALSE, FALSE, sizeof (PraxiPacketRecord)),
      .points = g_array_new (FALSE, FALSE, sizeof (PraxiSeekPoint)),
      .order = praxi_packet_order_new (stream),
  };
  PraxiPacketMap *map = NULL;
  if (praxi_mov_index_read (demuxer, scan.records, scan.points) ||
      scan_all (&scan, demuxer, name, progress, user_data, error)) {
    praxi_edge_probe (demuxer, scan.points, scan.records);
    map = make_map (&scan, stream, name, index, error);
  }
  praxi_packet_order_free (scan.order);
  g_array_unref (scan.records);
  g_array_unref (scan.points);
  return map;
}

void
praxi_packet_map_free (PraxiPacketMap *map)
{
  if (map == NULL)
    return;
  g_free (map->ordinals);
  g_free (map->packets);
  g_array_unref (map->points);
  g_free (map);
}

int
praxi_packet_map_ordinal (const PraxiPacketMap *map, gint64 packet)
{
  if (packet < 0 || packet >= map->n_packets)
    return -1;
  return map->ordinals != NULL ? map->ordinals[packet] : (int) packet;
}

int
praxi_packet_map_packet (const PraxiPacketMap *map, int ordinal)
{
  return map->packets != NULL ? map->packets[ordinal] : ordinal;
}

int
praxi_packet_map_point_before (const PraxiPacketMap *map, int ordinal)
{
  const int packet = praxi_packet_map_packet (map, ordinal);
  int low = 0, high = (int) map->points->len;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    if (g_array_index (map->points, PraxiSeekPoint, middle).packet <= packet)
      low = middle;
    else
      high = middle;
  }
  /* Open group of pictures: the frame is decoded after this keyframe but shown before it, and needs
   * the group before. */
  while (low > 0 && g_array_index (map->points, PraxiSeekPoint, low).ordinal > ordinal)
    low--;
  return low;
}
