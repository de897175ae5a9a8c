/* Exact decoding by ordinal: whatever way a frame is reached, it is the picture that decoding from
 * the start shows. Holds its own demuxer and codec; several decoders may share one media.
 */
#pragma once

#include <glib.h>

#include "engine/media/frame.h"
#include "engine/media/media.h"

G_BEGIN_DECLS

typedef struct PraxiDecoder PraxiDecoder;

typedef struct {
  int threads; /* 0: as many as the machine has cores */
  /* Blocks stay as they are coded, which nobody sees in a picture shown at half its size. The only
   * decoder whose frames are not exact; for keyframes, since others would go by what is wrong. */
  gboolean is_rough;
} PraxiDecoderOptions;

/* options: NULL for the defaults
 * Thread: one at a time from here on
 * Errors: NOT_FOUND, FORMAT, UNSUPPORTED, MEMORY
 */
PraxiDecoder *
praxi_decoder_new (PraxiMedia *media, const PraxiDecoderOptions *options, GError **error);
void praxi_decoder_free (PraxiDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDecoder, praxi_decoder_free)

/* The next praxi_decoder_next yields this frame, or the first one after it that can be decoded.
 * Going on within a group of pictures costs no seek.
 * Errors: USAGE (no such ordinal), FORMAT
 */
gboolean praxi_decoder_seek (PraxiDecoder *decoder, int ordinal, GError **error);

/* The next frame in ordinal order; free with praxi_frame_unref. Frames too damaged to decode are
 * left out: the ordinal then jumps. NULL without error: the end.
 * Errors: FORMAT, MEMORY
 */
PraxiFrame *praxi_decoder_next (PraxiDecoder *decoder, GError **error);

/* Like praxi_decoder_next, but frames below the ordinal come only where another frame needs them:
 * the way to a frame far on, one step after the other. */
PraxiFrame *praxi_decoder_next_from (PraxiDecoder *decoder, int ordinal, GError **error);

/* After a seek: the codec's threads begin on the way to what praxi_decoder_next_from yields for the
 * same ordinal, and the caller, who does not wait, can do something else meanwhile. */
void praxi_decoder_begin_from (PraxiDecoder *decoder, int ordinal);

/* The keyframe, without waiting for the frames that follow it in the file; another ordinal works
 * too, and takes as long as seeking.
 * Errors: as praxi_decoder_seek and praxi_decoder_next
 */
PraxiFrame *praxi_decoder_keyframe (PraxiDecoder *decoder, int ordinal, GError **error);

/* Like praxi_decoder_next, but only frames of the given ordinals are yielded, and those between are
 * not even decoded where no other frame needs them. The first frame after a damaged one that was
 * wanted stands in for it.
 * in:     ordinals [n_ordinals], ascending; borrowed for this call
 */
PraxiFrame *praxi_decoder_next_wanted (PraxiDecoder *decoder,
                                       const int *ordinals,
                                       int n_ordinals,
                                       GError **error);

G_END_DECLS
