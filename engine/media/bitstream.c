#include "engine/media/bitstream.h"

#include <string.h>

/* Steps through the NAL units of a packet, in either framing. */
typedef struct {
  const guint8 *data;
  int size;
  int position;
  int length_bytes; /* 0: start codes */
} NalReader;

static NalReader
nal_reader (const AVCodecParameters *parameters, const AVPacket *packet)
{
  NalReader reader = {.data = packet->data, .size = packet->size};
  const guint8 *extra = parameters->extradata;
  const int n = parameters->extradata_size;
  if (parameters->codec_id == AV_CODEC_ID_H264 && n >= 7 && extra[0] == 1)
    reader.length_bytes = (extra[4] & 3) + 1;
  else if (parameters->codec_id == AV_CODEC_ID_HEVC && n >= 23 && extra[0] == 1)
    reader.length_bytes = (extra[21] & 3) + 1;
  return reader;
}

static int
find_start_code (const NalReader *reader, int from)
{
  for (int i = from; i + 3 <= reader->size; i++)
    if (reader->data[i] == 0 && reader->data[i + 1] == 0 && reader->data[i + 2] == 1)
      return i;
  return -1;
}

/* With start codes a unit's size reaches to the end of the packet: where it ends, only looking
 * through all of it for the next one would tell. */
static const guint8 *
next_nal (NalReader *reader, int *size)
{
  if (reader->length_bytes == 0) {
    const int at = find_start_code (reader, reader->position);
    if (at < 0 || at + 3 >= reader->size)
      return NULL;
    reader->position = at + 3;
    *size = reader->size - reader->position;
    return reader->data + reader->position;
  }
  if (reader->position + reader->length_bytes >= reader->size)
    return NULL;
  guint32 length = 0;
  for (int i = 0; i < reader->length_bytes; i++)
    length = length << 8 | reader->data[reader->position + i];
  const int begin = reader->position + reader->length_bytes;
  if (length == 0 || length > (guint32) (reader->size - begin))
    return NULL;
  reader->position = begin + (int) length;
  *size = (int) length;
  return reader->data + begin;
}

/* TRUE when the SEI unit holds a recovery point with recovery_frame_cnt > 0: ue(v) beginning with a
 * 0 bit. */
static gboolean
sei_recovers_late (const guint8 *nal, int size)
{
  int i = 1;
  while (i + 2 < size && nal[i] != 0x80) {
    int type = 0, length = 0;
    for (; i < size && nal[i] == 0xff; i++)
      type += 255;
    type += i < size ? nal[i++] : 0;
    for (; i < size && nal[i] == 0xff; i++)
      length += 255;
    length += i < size ? nal[i++] : 0;
    if (type == 6)
      return i < size && (nal[i] & 0x80) == 0;
    i += length;
  }
  return FALSE;
}

static PraxiPacketTraits
peek_h264 (const AVCodecParameters *parameters, const AVPacket *packet)
{
  NalReader reader = nal_reader (parameters, packet);
  PraxiPacketTraits traits = 0;
  const guint8 *nal;
  int size;
  while ((nal = next_nal (&reader, &size)) != NULL) {
    const int type = nal[0] & 31;
    if (type == 5)
      return PRAXI_PACKET_RESETS_ORDER;
    if (type >= 1 && type < 5)
      return traits;
    if (type == 6 && sei_recovers_late (nal, size))
      traits |= PRAXI_PACKET_RECOVERS_LATE;
  }
  return traits;
}

static PraxiPacketTraits
peek_hevc (const AVCodecParameters *parameters, const AVPacket *packet)
{
  NalReader reader = nal_reader (parameters, packet);
  const guint8 *nal;
  int size;
  while ((nal = next_nal (&reader, &size)) != NULL) {
    const int type = nal[0] >> 1 & 63;
    if (type < 32) /* 16..20: broken link access and instantaneous refresh */
      return type >= 16 && type <= 20 ? PRAXI_PACKET_RESETS_ORDER : 0;
  }
  return 0;
}

static PraxiPacketTraits
peek_vp9 (const AVPacket *packet)
{
  /* A superframe ends in its index and shows one of its frames. */
  if ((packet->data[packet->size - 1] & 0xe0) == 0xc0 && packet->size > 2)
    return 0;
  const guint8 head = packet->data[0];
  if (head >> 6 != 2)
    return 0;
  const gboolean has_reserved_bit = (head >> 4 & 3) == 3; /* profile 3 */
  const int shift = has_reserved_bit ? 2 : 3;
  const gboolean shows_existing = head >> shift & 1;
  return shows_existing || (head >> (shift - 2) & 1) != 0 ? 0 : PRAXI_PACKET_HIDDEN;
}

PraxiPacketTraits
praxi_bitstream_peek (const AVCodecParameters *parameters, const AVPacket *packet)
{
  if (packet->size < 1)
    return 0;
  switch (parameters->codec_id) {
  case AV_CODEC_ID_H264:
    return peek_h264 (parameters, packet);
  case AV_CODEC_ID_HEVC:
    return peek_hevc (parameters, packet);
  case AV_CODEC_ID_VP8:
    return packet->data[0] & 0x10 ? 0 : PRAXI_PACKET_HIDDEN;
  case AV_CODEC_ID_VP9:
    return peek_vp9 (packet);
  default:
    return 0;
  }
}

/* Fields of one frame may differ, so every slice is looked at. */
gboolean
praxi_bitstream_is_unreferenced (const AVCodecParameters *parameters, const AVPacket *packet)
{
  enum { SLICE = 1, DELIMITER = 9, FILLER = 12 };
  NalReader reader = nal_reader (parameters, packet);
  gboolean has_slice = FALSE;
  const guint8 *nal;
  int size;
  if (parameters->codec_id != AV_CODEC_ID_H264)
    return FALSE;
  while ((nal = next_nal (&reader, &size)) != NULL) {
    const int type = nal[0] & 31;
    if (type == SLICE ? (nal[0] & 0x60) != 0 : type != DELIMITER && type != FILLER)
      return FALSE;
    has_slice = has_slice || type == SLICE;
  }
  return has_slice &&
         (reader.length_bytes == 0 || reader.position + reader.length_bytes >= reader.size);
}

guint32
praxi_bitstream_fingerprint (const AVPacket *packet)
{
  enum { SPAN = 64 };
  guint32 hash = 2166136261u; /* FNV-1a */
  const int head = MIN (packet->size, SPAN);
  const int tail = MAX (packet->size - SPAN, head);
  for (int i = 0; i < head; i++)
    hash = (hash ^ packet->data[i]) * 16777619u;
  for (int i = tail; i < packet->size; i++)
    hash = (hash ^ packet->data[i]) * 16777619u;
  return hash;
}
