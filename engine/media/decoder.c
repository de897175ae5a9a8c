#include "engine/media/decoder.h"

#include <string.h>

#include "engine/core/error.h"
#include "engine/media/bitstream.h"
#include "engine/media/codec.h"
#include "engine/media/media-private.h"

/* Going on decoding beats a seek when the frame's group begins this few packets ahead. */
#define NEAR_PACKETS 4
/* Seek points tried when the first one does not lead to the frame. */
#define MAX_TRIES 4
/* Errors in a row, without a packet going in between, after which the codec counts as broken. */
#define MAX_ERRORS 1000

struct PraxiDecoder {
  PraxiMedia *media;
  const PraxiPacketMap *map;
  PraxiDemuxer *demuxer;
  AVCodecContext *codec;
  AVPacket *packet;
  AVFrame *picture;
  gboolean has_packet; /* packet waits to be sent */
  int next_packet;     /* the number of that packet, or of the one read next; -1: not positioned */
  gboolean is_drained; /* nothing more comes out of the codec */
  int n_errors;        /* in a row */
  int next_ordinal;    /* nothing below is yielded any more */
  int point;           /* where decoding began */
  gboolean is_fresh;   /* nothing was yielded since */
  gboolean is_tainted; /* the picture it began with is damaged */
  gboolean has_damage; /* some picture so far was */
  GPtrArray *pending;  /* decoded PraxiFrame, by ordinal; all ≥ next_ordinal */
  guint window;        /* frames to wait for one that should come earlier */
  const int *wanted;   /* [n_wanted], or NULL: all */
  int n_wanted;
  int needed_from;     /* wanted == NULL: of the frames below, those no other refers to are not */
  int highest_skipped; /* a frame that was not decoded because nobody wanted it; -1 */
  GHashTable *damaged; /* ordinals that no seek point leads to */
  PraxiDecoderOptions options;
};

/* Pictures come out of the codec in its own order of presentation; where the container's times
 * contradict it, frames wait for each other. */
static guint
waiting_window (const PraxiMedia *media)
{
  const int depth = praxi_media_map (media)->reorder_depth;
  const int delay = praxi_media_codec (media)->video_delay;
  return depth > delay ? (guint) MIN (depth, 64) : 0;
}

static AVCodecContext *
open_codec (const PraxiDecoder *decoder, PraxiPicturePool *pool)
{
  AVCodecContext *codec =
      praxi_codec_open (praxi_media_codec (decoder->media), decoder->options.threads, pool);
  if (codec != NULL && decoder->options.is_rough)
    codec->skip_loop_filter = AVDISCARD_ALL;
  return codec;
}

PraxiDecoder *
praxi_decoder_new (PraxiMedia *media, const PraxiDecoderOptions *options, GError **error)
{
  g_autoptr (PraxiDecoder) decoder = g_new0 (PraxiDecoder, 1);
  decoder->media = praxi_media_ref (media);
  decoder->map = praxi_media_map (media);
  decoder->next_packet = -1;
  decoder->highest_skipped = -1;
  decoder->window = waiting_window (media);
  decoder->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) praxi_frame_unref);
  decoder->damaged = g_hash_table_new (NULL, NULL);
  decoder->packet = av_packet_alloc ();
  decoder->picture = av_frame_alloc ();
  decoder->demuxer = praxi_media_take_demuxer (media, error);
  if (decoder->demuxer == NULL)
    return NULL;
  if (options != NULL)
    decoder->options = *options;
  decoder->codec = open_codec (decoder, praxi_media_pool (media));
  if (decoder->codec == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: its pictures cannot be decoded; convert it with ffmpeg to H.264",
                 praxi_media_name (media));
    return NULL;
  }
  return g_steal_pointer (&decoder);
}

void
praxi_decoder_free (PraxiDecoder *decoder)
{
  if (decoder == NULL)
    return;
  g_ptr_array_unref (decoder->pending);
  g_hash_table_unref (decoder->damaged);
  avcodec_free_context (&decoder->codec);
  av_packet_free (&decoder->packet);
  av_frame_free (&decoder->picture);
  praxi_demuxer_free (decoder->demuxer);
  praxi_media_unref (decoder->media);
  g_free (decoder);
}

/* Footage that begins in the middle of a group of pictures shows what the codec makes of missing
 * references, damaged footage what it makes of missing parts, and only a codec that has seen
 * nothing makes the same of them again, in pictures that were nobody's. */
static void
renew_codec (PraxiDecoder *decoder, const PraxiSeekPoint *from)
{
  AVCodecContext *fresh =
      from->is_keyframe && !decoder->has_damage ? NULL : open_codec (decoder, NULL);
  if (fresh == NULL) {
    avcodec_flush_buffers (decoder->codec);
    return;
  }
  avcodec_free_context (&decoder->codec);
  decoder->codec = fresh;
}

static gboolean
begin_at (PraxiDecoder *decoder, int point, GError **error)
{
  const PraxiSeekPoint *from = &g_array_index (decoder->map->points, PraxiSeekPoint, point);
  renew_codec (decoder, from);
  g_ptr_array_set_size (decoder->pending, 0);
  decoder->is_drained = FALSE;
  decoder->highest_skipped = -1;
  decoder->is_fresh = TRUE;
  decoder->is_tainted = FALSE;
  decoder->point = point;
  decoder->has_packet = praxi_demuxer_seek (decoder->demuxer, from, decoder->packet);
  decoder->next_packet = decoder->has_packet ? from->packet : -1;
  const gboolean is_late =
      decoder->has_packet &&
      (praxi_bitstream_peek (praxi_media_codec (decoder->media), decoder->packet) &
       PRAXI_PACKET_RECOVERS_LATE) != 0;
  if (is_late && point > 0)
    return begin_at (decoder, point - 1, error);
  if (decoder->has_packet)
    return TRUE;
  if (point > 0)
    return begin_at (decoder, point / 2, error);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
               "%s: frame %d cannot be found again; the file may have changed, open it anew",
               praxi_media_name (decoder->media), decoder->next_ordinal);
  return FALSE;
}

/* Makes sure that decoding on reaches next_ordinal. */
static gboolean
reposition (PraxiDecoder *decoder, gboolean must_begin_anew, GError **error)
{
  const int target = decoder->next_ordinal;
  const int point = praxi_packet_map_point_before (decoder->map, target);
  const int begin = g_array_index (decoder->map->points, PraxiSeekPoint, point).packet;
  if (!must_begin_anew && decoder->next_packet >= 0 && begin <= decoder->next_packet + NEAR_PACKETS)
    return TRUE;
  return begin_at (decoder, point, error);
}

/* is_lost: the frame was passed, or passed over */
static gboolean
go_to (PraxiDecoder *decoder, int ordinal, gboolean is_lost, GError **error)
{
  decoder->next_ordinal = ordinal;
  while (decoder->pending->len > 0 &&
         praxi_frame_ordinal (g_ptr_array_index (decoder->pending, 0)) < ordinal)
    g_ptr_array_remove_index (decoder->pending, 0);
  if (!is_lost && decoder->pending->len > 0)
    return TRUE;
  return reposition (decoder, is_lost, error);
}

gboolean
praxi_decoder_seek (PraxiDecoder *decoder, int ordinal, GError **error)
{
  if (ordinal < 0 || ordinal >= decoder->map->n_frames) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE, "%s: no frame %d; they go from 0 to %d",
                 praxi_media_name (decoder->media), ordinal, decoder->map->n_frames - 1);
    return FALSE;
  }
  const gboolean is_lost = ordinal < decoder->next_ordinal || ordinal <= decoder->highest_skipped;
  return go_to (decoder, ordinal, is_lost, error);
}

/* The place of the first ordinal that is not below `ordinal`. */
static int
first_not_below (const int *ordinals, int n, int ordinal)
{
  int low = 0, high = n;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (ordinals[middle] < ordinal)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static gboolean
is_wanted (const PraxiDecoder *decoder, int ordinal)
{
  const int i = first_not_below (decoder->wanted, decoder->n_wanted, ordinal);
  return i < decoder->n_wanted && decoder->wanted[i] == ordinal;
}

static gboolean
is_needed (const PraxiDecoder *decoder, int ordinal)
{
  if (decoder->wanted == NULL)
    return ordinal >= decoder->needed_from;
  return ordinal >= decoder->wanted[decoder->n_wanted - 1] || is_wanted (decoder, ordinal);
}

/* Whether the codec may pass over the packet if no other frame refers to it. In HEVC such a frame
 * may still serve higher temporal layers, so it stays with codecs where the promise is strict. */
static gboolean
may_skip (const PraxiDecoder *decoder, int ordinal)
{
  const enum AVCodecID codec = decoder->codec->codec_id;
  return ordinal >= 0 && (codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_MPEG2VIDEO) &&
         !is_needed (decoder, ordinal);
}

static void
send_packet (PraxiDecoder *decoder)
{
  if (!decoder->has_packet)
    decoder->has_packet = praxi_demuxer_read (decoder->demuxer, decoder->packet);
  if (!decoder->has_packet || decoder->next_packet >= decoder->map->n_packets) {
    avcodec_send_packet (decoder->codec, NULL);
    return;
  }
  const int ordinal = praxi_packet_map_ordinal (decoder->map, decoder->next_packet);
  const gboolean skips = may_skip (decoder, ordinal);
  decoder->codec->skip_frame = skips ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
  if (skips)
    decoder->highest_skipped = MAX (decoder->highest_skipped, ordinal);
  decoder->packet->pts = decoder->packet->dts = decoder->next_packet;
  /* The codec would pass over it too, but with a thread that then stands idle. A packet it refuses
   * is a damaged frame; what follows may be sound. */
  int result = 0;
  if (!skips ||
      !praxi_bitstream_is_unreferenced (praxi_media_codec (decoder->media), decoder->packet))
    result = avcodec_send_packet (decoder->codec, decoder->packet);
  decoder->has_damage = decoder->has_damage || result == AVERROR_INVALIDDATA;
  decoder->has_packet = FALSE;
  decoder->next_packet++;
}

/* Puts the frame where its ordinal belongs; frames of the group before, whose references are
 * missing, and doubles are dropped. */
static void
take_picture (PraxiDecoder *decoder)
{
  const int ordinal = praxi_packet_map_ordinal (decoder->map, decoder->picture->pts);
  guint at = decoder->pending->len;
  while (at > 0 && praxi_frame_ordinal (g_ptr_array_index (decoder->pending, at - 1)) > ordinal)
    at--;
  const gboolean is_damaged = decoder->picture->decode_error_flags != 0 ||
                              (decoder->picture->flags & AV_FRAME_FLAG_CORRUPT) != 0;
  const gboolean is_first =
      decoder->picture->pts ==
      g_array_index (decoder->map->points, PraxiSeekPoint, decoder->point).packet;
  decoder->is_tainted = decoder->is_tainted || (is_damaged && is_first);
  decoder->has_damage = decoder->has_damage || is_damaged;
  const gboolean is_double =
      at > 0 && praxi_frame_ordinal (g_ptr_array_index (decoder->pending, at - 1)) == ordinal;
  if (ordinal < decoder->next_ordinal || is_double) {
    av_frame_unref (decoder->picture);
    return;
  }
  const gint64 pts_ns = praxi_frame_index_pts_ns (praxi_media_index (decoder->media), ordinal);
  g_ptr_array_insert (decoder->pending, (int) at,
                      praxi_frame_new (decoder->picture, ordinal, pts_ns,
                                       praxi_media_orientation (decoder->media)));
}

static void
decode_some (PraxiDecoder *decoder)
{
  const int result = avcodec_receive_frame (decoder->codec, decoder->picture);
  const gboolean is_error = result < 0 && result != AVERROR (EAGAIN) && result != AVERROR_EOF;
  decoder->n_errors = is_error ? decoder->n_errors + 1 : 0;
  decoder->has_damage = decoder->has_damage || is_error;
  if (result >= 0)
    take_picture (decoder);
  else if (result == AVERROR (EAGAIN))
    send_packet (decoder);
  else if (result == AVERROR_EOF || decoder->n_errors > MAX_ERRORS)
    decoder->is_drained = TRUE;
}

static gboolean
has_next (const PraxiDecoder *decoder)
{
  if (decoder->pending->len == 0)
    return FALSE;
  return praxi_frame_ordinal (g_ptr_array_index (decoder->pending, 0)) == decoder->next_ordinal ||
         decoder->pending->len > decoder->window || decoder->is_drained;
}

/* Decodes until the frame at next_ordinal, or the first one after it, heads pending. */
static void
decode_to_next (PraxiDecoder *decoder)
{
  while (!has_next (decoder) && !decoder->is_drained)
    decode_some (decoder);
}

/* Whether decoding must begin farther back: the frame did not come although nobody knows it as
 * damaged (its keyframe only claims to be one), or the keyframe is damaged and was mended with what
 * came before it. */
static gboolean
must_go_back (const PraxiDecoder *decoder)
{
  const int target = decoder->next_ordinal;
  if (!decoder->is_fresh || decoder->point == 0)
    return FALSE;
  const gboolean has_target =
      decoder->pending->len > 0 &&
      praxi_frame_ordinal (g_ptr_array_index (decoder->pending, 0)) == target;
  return decoder->is_tainted ||
         (!has_target && is_needed (decoder, target) &&
          !g_hash_table_contains (decoder->damaged, GINT_TO_POINTER (target)));
}

static gboolean
reach_next (PraxiDecoder *decoder, GError **error)
{
  decode_to_next (decoder);
  for (int back = 1; back < 1 << MAX_TRIES && must_go_back (decoder); back *= 2) {
    if (!begin_at (decoder, MAX (decoder->point - back, 0), error))
      return FALSE;
    decode_to_next (decoder);
  }
  return TRUE;
}

static PraxiFrame *
yield (PraxiDecoder *decoder, GError **error)
{
  if (!reach_next (decoder, error))
    return NULL;
  const int target = decoder->next_ordinal;
  PraxiFrame *frame =
      decoder->pending->len > 0 ? g_ptr_array_steal_index (decoder->pending, 0) : NULL;
  if ((frame == NULL || praxi_frame_ordinal (frame) != target) && is_needed (decoder, target))
    g_hash_table_add (decoder->damaged, GINT_TO_POINTER (target));
  decoder->is_fresh = FALSE;
  decoder->next_ordinal = frame != NULL ? praxi_frame_ordinal (frame) + 1 : decoder->map->n_frames;
  return frame;
}

PraxiFrame *
praxi_decoder_next (PraxiDecoder *decoder, GError **error)
{
  return praxi_decoder_next_from (decoder, 0, error);
}

PraxiFrame *
praxi_decoder_next_from (PraxiDecoder *decoder, int ordinal, GError **error)
{
  decoder->wanted = NULL;
  decoder->needed_from = ordinal;
  if (decoder->next_ordinal >= decoder->map->n_frames)
    return NULL;
  const gboolean is_lost = MAX (decoder->next_ordinal, ordinal) <= decoder->highest_skipped;
  if (!go_to (decoder, decoder->next_ordinal, is_lost, error))
    return NULL;
  return yield (decoder, error);
}

/* Only as many packets as there are threads that nobody has to wait for, and only into a codec that
 * holds nothing: a packet more would be refused and lost. */
void
praxi_decoder_begin_from (PraxiDecoder *decoder, int ordinal)
{
  const PraxiSeekPoint *from =
      &g_array_index (decoder->map->points, PraxiSeekPoint, decoder->point);
  if (!decoder->is_fresh || decoder->next_packet != from->packet ||
      decoder->codec->active_thread_type != FF_THREAD_FRAME)
    return;
  decoder->wanted = NULL;
  decoder->needed_from = ordinal;
  for (int i = 1; i < decoder->codec->thread_count; i++)
    send_packet (decoder);
}

PraxiFrame *
praxi_decoder_next_wanted (PraxiDecoder *decoder,
                           const int *ordinals,
                           int n_ordinals,
                           GError **error)
{
  const int i = first_not_below (ordinals, n_ordinals, decoder->next_ordinal);
  if (i == n_ordinals || ordinals[i] >= decoder->map->n_frames)
    return NULL;
  const gboolean is_same = decoder->wanted == ordinals && decoder->n_wanted == n_ordinals;
  const gboolean is_lost = !is_same && ordinals[i] <= decoder->highest_skipped;
  decoder->wanted = ordinals;
  decoder->n_wanted = n_ordinals;
  if (!go_to (decoder, ordinals[i], is_lost, error))
    return NULL;
  return yield (decoder, error);
}

/* Sends what the seek point's frame is made of (two packets where each holds a field), and then has
 * the codec give away what it holds. */
static PraxiFrame *
decode_alone (PraxiDecoder *decoder, int ordinal)
{
  do
    send_packet (decoder);
  while (decoder->next_packet - praxi_packet_map_packet (decoder->map, ordinal) < 2 &&
         decoder->next_packet < decoder->map->n_packets &&
         praxi_packet_map_ordinal (decoder->map, decoder->next_packet) < 0);
  avcodec_send_packet (decoder->codec, NULL);
  while (avcodec_receive_frame (decoder->codec, decoder->picture) >= 0)
    take_picture (decoder);
  PraxiFrame *frame =
      decoder->pending->len > 0 ? g_ptr_array_steal_index (decoder->pending, 0) : NULL;
  if (frame != NULL && (praxi_frame_ordinal (frame) != ordinal || decoder->is_tainted))
    g_clear_pointer (&frame, praxi_frame_unref);
  g_ptr_array_set_size (decoder->pending, 0);
  decoder->next_packet = -1;
  decoder->next_ordinal += frame != NULL;
  return frame;
}

PraxiFrame *
praxi_decoder_keyframe (PraxiDecoder *decoder, int ordinal, GError **error)
{
  if (!praxi_decoder_seek (decoder, ordinal, error))
    return NULL;
  const int point = praxi_packet_map_point_before (decoder->map, ordinal);
  decoder->wanted = NULL;
  decoder->needed_from = 0;
  if (g_array_index (decoder->map->points, PraxiSeekPoint, point).ordinal == ordinal &&
      begin_at (decoder, point, NULL) && decoder->point == point) {
    PraxiFrame *frame = decode_alone (decoder, ordinal);
    if (frame != NULL)
      return frame;
  }
  return praxi_decoder_next (decoder, error);
}
