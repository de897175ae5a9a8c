/* Changing clips so that a model learns what matters: the same change for all frames of a clip, so
 * that motion stays what it was.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Mirrors the clip half of the time, cuts a part of 80 to 100 % of each side out and stretches it
 * back, and changes contrast and brightness a little.
 * clip: u8 [T,H,W,3], changed in place; room: as large, its contents are lost
 */
void
praxi_augment_clip (guint8 *clip, guint8 *room, int frames, int height, int width, GRand *random);

/* Frames of another size: each pixel the mean of what it covers.
 * from: u8 [T,H,W,3]; to: u8 [T,to_height,to_width,3], no larger along either side
 */
void praxi_augment_shrink (const guint8 *from,
                           guint8 *to,
                           int frames,
                           int height,
                           int width,
                           int to_height,
                           int to_width);

G_END_DECLS
