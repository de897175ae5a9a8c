/* Decodes and preprocesses the frames that windows want, each once, in a thread of its own, a
 * bounded number of frames ahead of whoever puts them together to clips.
 */
#pragma once

#include <glib.h>

#include "engine/media/media.h"

G_BEGIN_DECLS

typedef struct PraxiClipReader PraxiClipReader;

typedef struct {
  const int *wanted; /* [n_wanted] ordinals, strictly ascending; borrowed */
  int n_wanted;
  int width_px; /* of the model's frames */
  int height_px;
  int ahead_frames; /* how many are held at most; ≥ the frames of one window */
  int threads;      /* of the decoder; 0: one per core */
} PraxiClipReaderOptions;

/* Opens a decoder and starts the thread.
 * Errors: those of praxi_decoder_new; MEMORY
 * Thread: one reads, from here to praxi_clip_reader_free
 */
PraxiClipReader *
praxi_clip_reader_new (PraxiMedia *media, const PraxiClipReaderOptions *options, GError **error);

/* Stops within a frame and joins the thread. */
void praxi_clip_reader_free (PraxiClipReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiClipReader, praxi_clip_reader_free)

/* Waits until wanted frame i has come, at most timeout_ms. FALSE: not yet. i must lie within
 * ahead_frames of the first one that is not released.
 */
gboolean praxi_clip_reader_wait (PraxiClipReader *reader, int i, int timeout_ms);

/* Wanted frame i, u8 [H,W,3], after praxi_clip_reader_wait said TRUE; valid until it is released.
 * NULL when it could not be decoded.
 */
const guint8 *praxi_clip_reader_frame (const PraxiClipReader *reader, int i);

/* Frames before wanted frame i are not needed any more. */
void praxi_clip_reader_release (PraxiClipReader *reader, int i);

/* Time spent decoding and preprocessing so far, without waiting for room. */
gint64 praxi_clip_reader_busy_ns (PraxiClipReader *reader);

/* The first error of the decoder, NULL when there was none: why frames are missing. Borrowed; call
 * it when the last frame has come.
 */
const GError *praxi_clip_reader_error (PraxiClipReader *reader);

G_END_DECLS
