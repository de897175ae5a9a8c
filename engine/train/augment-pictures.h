/* What cameras, networks and codecs do to pictures, done to clips for nets that see pictures. Nets
 * that see motion have their own (flow-augment.h).
 *
 * clip: u8 [T,H,W,3], changed in place, of all below; room: as large, its contents are lost
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  int frames, height, width;
} PraxiClipShape;

/* Multiplies red, green and blue by gains, then moves each pixel from its grey to its colour by
 * saturation: 0 is grey, 1 as it was.
 */
void praxi_augment_color (guint8 *clip,
                          const PraxiClipShape *shape,
                          const double gains[3],
                          double saturation);

/* Plays length frames, from begin on, in the time of all: slower motion, frames are held.
 * length: 1 to T; begin: 0 to T − length
 */
void praxi_augment_speed (guint8 *clip,
                          guint8 *room,
                          const PraxiClipShape *shape,
                          double begin,
                          double length);

/* Replaces frames but the first by the one before, each with the chance `share`. */
void praxi_augment_drop (guint8 *clip, const PraxiClipShape *shape, double share, GRand *random);

/* Blurs each frame by passes of (1 2 1) / 4 along both axes. */
void praxi_augment_blur (guint8 *clip, guint8 *room, const PraxiClipShape *shape, int passes);

/* Loses what a codec loses: blocks of 8×8 are cosine-transformed, rounded to the steps of JPEG's
 * table of brightness at a quality (1 to 100), and transformed back.
 * Source: ITU-T T.81, Annex K; the scale of the table by quality is libjpeg's
 */
void praxi_augment_compress (guint8 *clip, const PraxiClipShape *shape, int quality);

/* Some of these by chance. */
void
praxi_augment_pictures (guint8 *clip, guint8 *room, const PraxiClipShape *shape, GRand *random);

G_END_DECLS
