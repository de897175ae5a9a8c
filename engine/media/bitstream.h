/* Internal: what a packet's first bytes tell without decoding it. */
#pragma once

#include <glib.h>
#include <libavcodec/avcodec.h>

G_BEGIN_DECLS

typedef enum {
  /* Updates the decoder but shows nothing: VP8 and VP9 alternate reference frames. */
  PRAXI_PACKET_HIDDEN = 1 << 0,
  /* H.264, HEVC: picture order counts begin anew here. */
  PRAXI_PACKET_RESETS_ORDER = 1 << 1,
  /* H.264: pictures become right only some frames after this "keyframe" (intra refresh). */
  PRAXI_PACKET_RECOVERS_LATE = 1 << 2,
} PraxiPacketTraits;

/* Never fails: where nothing can be told, no flag is set.
 * Source: RFC 6386 §9.1 (VP8), VP9 bitstream specification §6.2, ITU-T H.264 §7.3, D.1.8
 */
PraxiPacketTraits praxi_bitstream_peek (const AVCodecParameters *parameters,
                                        const AVPacket *packet);

/* H.264: no other picture refers to what is in the packet, and it holds nothing but pictures: a
 * codec that never sees it shows the others all the same. Looks through the whole packet.
 * Source: ITU-T H.264 §7.4.1 (nal_ref_idc)
 */
gboolean praxi_bitstream_is_unreferenced (const AVCodecParameters *parameters,
                                          const AVPacket *packet);

/* A fingerprint of a packet's bytes, to find it again after a seek. */
guint32 praxi_bitstream_fingerprint (const AVPacket *packet);

G_END_DECLS
