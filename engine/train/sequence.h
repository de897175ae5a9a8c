/* Sequences of joints over time: poses and gestures, read from .npy files. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { PRAXI_SEQUENCE_RATE_HZ = 30 }; /* that times of labels count frames by */

typedef struct {
  int frames, joints, dims; /* dims: 2 or 3 */
  float *values;            /* [T,J,D]; NaN where a joint was not seen */
} PraxiSequence;

/* A NumPy array [T,J,2] or [T,J,3] of float32 or float64, in C order. What the file says of itself
 * is not believed.
 * Errors: NOT_FOUND, FORMAT, UNSUPPORTED (another type, order or shape)
 * Source: numpy.lib.format, versions 1 to 3
 */
PraxiSequence *praxi_sequence_read (const char *path, GError **error);
void praxi_sequence_free (PraxiSequence *sequence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiSequence, praxi_sequence_free)

/* Frames [first, end) as n_frames, linear in time; the middle of all joints becomes 0 and their
 * mean distance from the middle of their frame 1, so that it does not matter where and how far away
 * somebody stood. A joint that was not seen stays where it was seen last, or first.
 * out: f32 [n_frames,J,D], caller-allocated
 */
void
praxi_sequence_fit (const PraxiSequence *sequence, int first, int end, int n_frames, float *out);

/* The same sequence as somebody else would do it: turned by up to 20°, up to a tenth larger, up to
 * a fifth cut off in time, a little shaken. in, out: f32 [T,J,D]
 */
void praxi_sequence_augment (const float *in,
                             int frames,
                             int joints,
                             int dims,
                             GRand *random,
                             float *out);

G_END_DECLS
