#include "engine/media/mov-index.h"

#include <string.h>

#include "engine/media/packet-map.h"
#include "engine/media/packet-order.h"

#define BOX(a, b, c, d) ((guint32) (a) << 24 | (guint32) (b) << 16 | (guint32) (c) << 8 | (d))
#define MAX_BOXES 4096
#define CHECKED_PACKETS 32

typedef struct {
  guint32 type;
  gint64 begin; /* of the content */
  gint64 end;
} Box;

static guint32
read_u32 (const guint8 *at)
{
  return BOX (at[0], at[1], at[2], at[3]);
}

/* Reads the head of the box at `at`; FALSE when it does not fit in front of `end`. */
static gboolean
read_box (PraxiDemuxer *demuxer, gint64 at, gint64 end, Box *box)
{
  guint8 head[16];
  if (at > end - 8 || !praxi_demuxer_pread (demuxer, head, 8, at))
    return FALSE;
  gint64 size = read_u32 (head), head_bytes = 8;
  box->type = read_u32 (head + 4);
  if (size == 1) {
    if (at > end - 16 || !praxi_demuxer_pread (demuxer, head, 16, at))
      return FALSE;
    size = (gint64) ((guint64) read_u32 (head + 8) << 32 | read_u32 (head + 12));
    head_bytes = 16;
  } else if (size == 0) {
    size = end - at;
  }
  if (size < head_bytes || size > end - at)
    return FALSE;
  box->begin = at + head_bytes;
  box->end = at + size;
  return TRUE;
}

/* The n-th box of that type within parent, counted from 0. */
static gboolean
find_box (PraxiDemuxer *demuxer, const Box *parent, guint32 type, int n, Box *found)
{
  gint64 at = parent->begin;
  for (int i = 0; i < MAX_BOXES && read_box (demuxer, at, parent->end, found); i++) {
    if (found->type == type && n-- == 0)
      return TRUE;
    at = found->end;
  }
  return FALSE;
}

static gboolean
is_track (PraxiDemuxer *demuxer, const Box *track, int id)
{
  Box head;
  guint8 bytes[24];
  if (!find_box (demuxer, track, BOX ('t', 'k', 'h', 'd'), 0, &head) ||
      head.end - head.begin < (gint64) sizeof bytes ||
      !praxi_demuxer_pread (demuxer, bytes, sizeof bytes, head.begin))
    return FALSE;
  return (int) read_u32 (bytes + (bytes[0] == 1 ? 20 : 12)) == id;
}

static gboolean
find_sample_table (PraxiDemuxer *demuxer, const Box *movie, int id, Box *table)
{
  Box track;
  for (int i = 0; find_box (demuxer, movie, BOX ('t', 'r', 'a', 'k'), i, &track); i++) {
    Box media, information;
    if (is_track (demuxer, &track, id))
      return find_box (demuxer, &track, BOX ('m', 'd', 'i', 'a'), 0, &media) &&
             find_box (demuxer, &media, BOX ('m', 'i', 'n', 'f'), 0, &information) &&
             find_box (demuxer, &information, BOX ('s', 't', 'b', 'l'), 0, table);
  }
  return FALSE;
}

/* Expands runs of (count, offset); n: as many as there are packets, or nothing is known. */
static gboolean
expand_offsets (const guint8 *runs, guint32 n_runs, guint n, GArray *offsets)
{
  for (guint32 i = 0; i < n_runs; i++) {
    const guint32 count = read_u32 (runs + 8 * i);
    const gint32 offset = (gint32) read_u32 (runs + 8 * i + 4);
    if (count > n - offsets->len)
      return FALSE;
    for (guint32 k = 0; k < count; k++)
      g_array_append_val (offsets, offset);
  }
  return offsets->len == n;
}

static gboolean
read_offsets (PraxiDemuxer *demuxer, const Box *table, guint n, GArray *offsets)
{
  Box box;
  guint8 head[8];
  if (!find_box (demuxer, table, BOX ('c', 't', 't', 's'), 0, &box))
    return TRUE;
  if (box.end - box.begin < 8 || !praxi_demuxer_pread (demuxer, head, sizeof head, box.begin))
    return FALSE;
  const guint32 n_runs = read_u32 (head + 4);
  if (n_runs > (box.end - box.begin - 8) / 8 || n_runs > n)
    return FALSE;
  g_autofree guint8 *runs = g_malloc (8 * (gsize) n_runs + 1);
  return praxi_demuxer_pread (demuxer, runs, 8 * (gsize) n_runs, box.begin + 8) &&
         expand_offsets (runs, n_runs, n, offsets);
}

/* FALSE when the file has no single complete table of its samples. */
static gboolean
find_offsets (PraxiDemuxer *demuxer, guint n, GArray *offsets)
{
  const Box file = {0, 0, praxi_demuxer_size_bytes (demuxer)};
  Box movie, table, fragments;
  return find_box (demuxer, &file, BOX ('m', 'o', 'o', 'v'), 0, &movie) &&
         !find_box (demuxer, &movie, BOX ('m', 'v', 'e', 'x'), 0, &fragments) &&
         !find_box (demuxer, &movie, BOX ('c', 'm', 'o', 'v'), 0, &fragments) &&
         find_sample_table (demuxer, &movie, praxi_demuxer_stream (demuxer)->id, &table) &&
         read_offsets (demuxer, &table, n, offsets);
}

static gboolean
take_entry (PraxiDemuxer *demuxer, guint i, const GArray *offsets, GArray *records, GArray *points)
{
  const AVIndexEntry *entry = avformat_index_get_entry (praxi_demuxer_stream (demuxer), (int) i);
  if (entry->size <= 0 || entry->pos < 0 ||
      entry->pos + entry->size > praxi_demuxer_size_bytes (demuxer))
    return FALSE;
  const gint32 offset = offsets->len > 0 ? g_array_index (offsets, gint32, i) : 0;
  const gboolean is_key = (entry->flags & AVINDEX_KEYFRAME) != 0;
  const PraxiPacketRecord record = {
      .pts = entry->timestamp + offset,
      .dts = entry->timestamp,
      .flags = (is_key ? PRAXI_RECORD_KEY : 0u) |
               ((entry->flags & AVINDEX_DISCARD_FRAME) != 0 ? PRAXI_RECORD_HIDDEN : 0u),
  };
  g_array_append_val (records, record);
  if (!is_key && i > 0)
    return TRUE;
  const PraxiSeekPoint point = {
      .packet = (int) i,
      .is_keyframe = is_key,
      .size_bytes = entry->size,
      .pts = record.pts,
      .dts = record.dts,
      .position_bytes = entry->pos,
  };
  g_array_append_val (points, point);
  return TRUE;
}

static guint
record_of (const GArray *records, gint64 dts)
{
  guint low = 0, high = records->len;
  while (low < high) {
    const guint middle = low + (high - low) / 2;
    if (g_array_index (records, PraxiPacketRecord, middle).dts < dts)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Reads packets from where the demuxer stands and compares. shift: what the demuxer adds to
 * presentation times, in this check G_MININT64 until a packet has told it. */
static gboolean
check_run (PraxiDemuxer *demuxer, AVPacket *packet, GArray *records, gint64 *shift)
{
  guint i = G_MAXUINT;
  for (int n = 0; n < CHECKED_PACKETS && praxi_demuxer_read (demuxer, packet); n++) {
    i = n == 0 ? record_of (records, packet->dts) : i + 1;
    if (i >= records->len)
      return FALSE;
    PraxiPacketRecord *record = &g_array_index (records, PraxiPacketRecord, i);
    const AVIndexEntry *entry = avformat_index_get_entry (praxi_demuxer_stream (demuxer), (int) i);
    const gboolean is_hidden = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
    if (*shift == G_MININT64)
      *shift = packet->pts - record->pts;
    if (packet->pts == AV_NOPTS_VALUE || packet->dts != record->dts ||
        packet->pts != record->pts + *shift || packet->pos != entry->pos ||
        packet->size != entry->size || is_hidden != ((record->flags & PRAXI_RECORD_HIDDEN) != 0))
      return FALSE;
    record->duration = (guint32) CLAMP (packet->duration, 0, G_MAXINT32);
  }
  return i != G_MAXUINT;
}

static gboolean
check (PraxiDemuxer *demuxer, GArray *records, gint64 *shift)
{
  const guint spots[] = {0, records->len / 2, records->len - MIN (records->len, CHECKED_PACKETS)};
  const int stream = praxi_demuxer_stream (demuxer)->index;
  AVPacket *packet = av_packet_alloc ();
  gboolean is_right = TRUE;
  *shift = G_MININT64;
  for (guint i = 0; is_right && i < G_N_ELEMENTS (spots); i++) {
    const gint64 dts = g_array_index (records, PraxiPacketRecord, spots[i]).dts;
    /* The first packets are read as they stand, before any seek. */
    is_right = (i == 0 || av_seek_frame (praxi_demuxer_format (demuxer), stream, dts,
                                         AVSEEK_FLAG_ANY | AVSEEK_FLAG_BACKWARD) >= 0) &&
               check_run (demuxer, packet, records, shift);
  }
  av_packet_free (&packet);
  return is_right;
}

static gboolean
is_candidate (PraxiDemuxer *demuxer)
{
  const AVCodecParameters *codec = praxi_demuxer_stream (demuxer)->codecpar;
  const gboolean may_hold_fields =
      codec->codec_id == AV_CODEC_ID_H264 && codec->field_order != AV_FIELD_PROGRESSIVE;
  return g_str_has_prefix (praxi_demuxer_format (demuxer)->iformat->name, "mov,") &&
         !may_hold_fields;
}

gboolean
praxi_mov_index_read (PraxiDemuxer *demuxer, GArray *records, GArray *points)
{
  if (!is_candidate (demuxer))
    return FALSE;
  const int n = avformat_index_get_entries_count (praxi_demuxer_stream (demuxer));
  g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gint32));
  gboolean is_right = n > 0 && find_offsets (demuxer, (guint) n, offsets);
  for (int i = 0; is_right && i < n; i++)
    is_right = take_entry (demuxer, (guint) i, offsets, records, points);
  gint64 shift = 0;
  is_right = is_right && check (demuxer, records, &shift);
  for (guint i = 0; is_right && i < records->len; i++)
    g_array_index (records, PraxiPacketRecord, i).pts += shift;
  for (guint i = 0; is_right && i < points->len; i++)
    g_array_index (points, PraxiSeekPoint, i).pts += shift;
  if (!is_right) {
    g_array_set_size (records, 0);
    g_array_set_size (points, 0);
    praxi_demuxer_rewind (demuxer);
  }
  return is_right;
}
