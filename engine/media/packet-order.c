#include "engine/media/packet-order.h"

#define EPOCH_STEP (G_GINT64_CONSTANT (1) << 33)
#define RANK_UNKNOWN G_MAXINT64

struct PraxiPacketOrder {
  AVStream *stream;
  AVCodecContext *codec; /* what the parser writes to; never opened. NULL: nothing is missing yet */
  AVCodecParserContext *parser;
  gboolean has_counts;     /* the codec numbers pictures in order of presentation */
  gint64 epoch;            /* base of these numbers since they began anew */
  gboolean is_first_field; /* the last packet was the first field of a frame */
  enum AVPictureStructure last_structure;
  gint64 n_packets;
  GArray *ranks; /* of gint64, one a packet: grows with the time of presentation */
};

PraxiPacketOrder *
praxi_packet_order_new (AVStream *stream)
{
  PraxiPacketOrder *order = g_new0 (PraxiPacketOrder, 1);
  order->stream = stream;
  order->has_counts = stream->codecpar->codec_id == AV_CODEC_ID_H264 ||
                      stream->codecpar->codec_id == AV_CODEC_ID_HEVC;
  order->ranks = g_array_new (FALSE, FALSE, sizeof (gint64));
  return order;
}

void
praxi_packet_order_free (PraxiPacketOrder *order)
{
  if (order->parser != NULL)
    av_parser_close (order->parser);
  avcodec_free_context (&order->codec);
  g_array_unref (order->ranks);
  g_free (order);
}

/* Packets seen before the first one without a time rank as they came. */
static void
begin_parsing (PraxiPacketOrder *order)
{
  order->codec = avcodec_alloc_context3 (NULL);
  avcodec_parameters_to_context (order->codec, order->stream->codecpar);
  order->parser = av_parser_init (order->stream->codecpar->codec_id);
  if (order->parser != NULL)
    order->parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  for (gint64 i = 0; i < order->n_packets; i++) {
    const gint64 rank = 2 * i - EPOCH_STEP;
    g_array_append_val (order->ranks, rank);
  }
}

static void
parse (PraxiPacketOrder *order, const AVPacket *packet)
{
  guint8 *out = NULL;
  int out_bytes = 0;
  if (order->parser != NULL)
    av_parser_parse2 (order->parser, order->codec, &out, &out_bytes, packet->data, packet->size,
                      packet->pts, packet->dts, packet->pos);
}

/* The second field of a frame is no frame of its own. Both fields in one packet look like a first
 * field again and again, never like its opposite. */
static gboolean
is_second_field (PraxiPacketOrder *order)
{
  const enum AVPictureStructure structure = order->parser->picture_structure;
  const gboolean is_field =
      structure == AV_PICTURE_STRUCTURE_TOP_FIELD || structure == AV_PICTURE_STRUCTURE_BOTTOM_FIELD;
  const gboolean is_second =
      is_field && order->is_first_field && structure != order->last_structure;
  order->is_first_field = is_field && !is_second;
  order->last_structure = structure;
  return is_second;
}

/* Pictures that others refer to are ranked later: they are shown when the next such one arrives. */
static gint64
rank_of (const PraxiPacketOrder *order)
{
  if (order->parser == NULL)
    return 2 * order->n_packets;
  if (order->has_counts)
    return order->epoch + order->parser->output_picture_number;
  return order->parser->pict_type == AV_PICTURE_TYPE_B ? 2 * order->n_packets : RANK_UNKNOWN;
}

void
praxi_packet_order_look (PraxiPacketOrder *order,
                         const AVPacket *packet,
                         PraxiPacketTraits traits,
                         PraxiPacketRecord *record)
{
  const enum AVFieldOrder fields = order->stream->codecpar->field_order;
  const gboolean may_be_field = order->stream->codecpar->codec_id == AV_CODEC_ID_H264 &&
                                fields != AV_FIELD_PROGRESSIVE && fields != AV_FIELD_UNKNOWN;
  if (order->codec == NULL && (packet->pts == AV_NOPTS_VALUE || may_be_field))
    begin_parsing (order);
  if (order->codec != NULL) {
    parse (order, packet);
    if (may_be_field && order->parser != NULL && is_second_field (order))
      record->flags |= PRAXI_RECORD_HIDDEN;
    if ((traits & PRAXI_PACKET_RESETS_ORDER) != 0)
      order->epoch += EPOCH_STEP;
    const gint64 rank = rank_of (order);
    g_array_append_val (order->ranks, rank);
  }
  order->n_packets++;
}

/* From the end backwards: a reference picture takes its place just before the next one's packet. */
static void
rank_references (PraxiPacketOrder *order)
{
  gint64 next_reference = order->n_packets;
  for (gint64 i = (gint64) order->ranks->len - 1; i >= 0; i--) {
    gint64 *rank = &g_array_index (order->ranks, gint64, i);
    if (*rank != RANK_UNKNOWN)
      continue;
    *rank = 2 * next_reference - 1;
    next_reference = i;
  }
}

typedef struct {
  gint64 rank;
  guint packet;
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;
  if (x->rank != y->rank)
    return x->rank < y->rank ? -1 : 1;
  return x->packet < y->packet ? -1 : 1;
}

static gint64
usual_duration (const AVStream *stream)
{
  const AVRational rate =
      stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate : (AVRational){25, 1};
  return MAX (av_rescale_q (1, av_inv_q (rate), stream->time_base), 1);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return x < y ? -1 : x > y;
}

static gboolean
has_all_dts (const GArray *records)
{
  for (guint i = 0; i < records->len; i++)
    if (g_array_index (records, PraxiPacketRecord, i).dts == AV_NOPTS_VALUE)
      return FALSE;
  return TRUE;
}

/* The times there are for n frames: decode times where all are known, else one length after the
 * other. */
static GArray *
times_for (const PraxiPacketOrder *order, const GArray *records, const GArray *shown)
{
  GArray *times = g_array_new (FALSE, FALSE, sizeof (gint64));
  const gboolean has_dts = has_all_dts (records);
  gint64 sum = 0;
  for (guint i = 0; i < shown->len; i++) {
    const PraxiPacketRecord *record =
        &g_array_index (records, PraxiPacketRecord, g_array_index (shown, Ranked, i).packet);
    const gint64 time = has_dts ? record->dts : sum;
    g_array_append_val (times, time);
    sum += record->duration > 0 ? record->duration : usual_duration (order->stream);
  }
  g_array_sort (times, compare_times);
  return times;
}

static void
time_by_rank (PraxiPacketOrder *order, GArray *records)
{
  rank_references (order);
  g_autoptr (GArray) shown = g_array_new (FALSE, FALSE, sizeof (Ranked));
  for (guint i = 0; i < records->len; i++) {
    if ((g_array_index (records, PraxiPacketRecord, i).flags & PRAXI_RECORD_HIDDEN) != 0)
      continue;
    const Ranked ranked = {g_array_index (order->ranks, gint64, i), i};
    g_array_append_val (shown, ranked);
  }
  g_array_sort (shown, compare_ranked);
  g_autoptr (GArray) times = times_for (order, records, shown);
  for (guint i = 0; i < shown->len; i++)
    g_array_index (records, PraxiPacketRecord, g_array_index (shown, Ranked, i).packet).pts =
        g_array_index (times, gint64, i);
}

/* A reference picture is shown when the next one is decoded, a B picture when it is itself. */
static void
time_by_type (const PraxiPacketOrder *order, GArray *records)
{
  const PraxiPacketRecord *last = &g_array_index (records, PraxiPacketRecord, records->len - 1);
  gint64 next =
      last->dts + (last->duration > 0 ? (gint64) last->duration : usual_duration (order->stream));
  for (gint64 i = (gint64) records->len - 1; i >= 0; i--) {
    PraxiPacketRecord *record = &g_array_index (records, PraxiPacketRecord, i);
    const gboolean is_reference = g_array_index (order->ranks, gint64, i) == RANK_UNKNOWN;
    if (record->pts == AV_NOPTS_VALUE)
      record->pts = is_reference ? next : record->dts;
    if (is_reference)
      next = record->dts;
  }
}

/* A few times are missing: the decode time, or one length after the packet before. */
static void
fill_gaps (const PraxiPacketOrder *order, GArray *records)
{
  gint64 next = 0;
  for (guint i = 0; i < records->len; i++) {
    PraxiPacketRecord *record = &g_array_index (records, PraxiPacketRecord, i);
    if (record->pts == AV_NOPTS_VALUE)
      record->pts = record->dts != AV_NOPTS_VALUE ? record->dts : next;
    next = record->pts +
           (record->duration > 0 ? (gint64) record->duration : usual_duration (order->stream));
  }
}

void
praxi_packet_order_finish (PraxiPacketOrder *order, GArray *records)
{
  guint n_shown = 0, n_missing = 0;
  for (guint i = 0; i < records->len; i++) {
    const PraxiPacketRecord *record = &g_array_index (records, PraxiPacketRecord, i);
    const gboolean is_shown = (record->flags & PRAXI_RECORD_HIDDEN) == 0;
    n_shown += is_shown;
    n_missing += is_shown && record->pts == AV_NOPTS_VALUE;
  }
  if (n_missing > 0 && !order->has_counts && order->parser != NULL && has_all_dts (records))
    time_by_type (order, records);
  else if (n_missing * 2 > n_shown)
    time_by_rank (order, records);
  else if (n_missing > 0)
    fill_gaps (order, records);
}
