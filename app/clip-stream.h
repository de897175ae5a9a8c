/* Clips of footage that nobody vouches for, out of a helper (`praxi decode --clips-fd`) that gave
 * up its rights before it read a byte of it. This end believes nothing it is told but pixels.
 *
 * The helper writes messages, each a head and what it announces, in the machine's byte order:
 *   CLIP    value: frames that are new, 1 … T; then these, u8 [value,H,W,3]. The clip's other
 *           frames are the last ones of the clip before.
 *   END     value: windows that could not be decoded
 *   FAILED  value: bytes of text; then the text, a sentence
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { PRAXI_CLIP_STREAM_MEDIA_FD = 3, PRAXI_CLIP_STREAM_FD = 4 };
enum { PRAXI_CLIP_STREAM_TEXT_BYTES = 768 };

typedef enum {
  PRAXI_CLIP_MESSAGE_CLIP = 1,
  PRAXI_CLIP_MESSAGE_END,
  PRAXI_CLIP_MESSAGE_FAILED,
} PraxiClipMessageKind;

typedef struct {
  guint32 kind;
  guint32 value;
} PraxiClipMessage;

typedef struct {
  int frames, height, width; /* of a clip */
  double rate_hz;
  double stride_s; /* between windows; 0: the analyzer's */
  int threads;     /* of the decoder */
  int max_windows; /* longer footage is refused */
  int limit_ms;    /* for all of it */
} PraxiClipStreamOptions;

typedef struct PraxiClipStream PraxiClipStream;

/* Starts the helper, this program itself, on a file that is open for reading (borrowed).
 * Errors: FAILED (no process)
 * Thread: one; it must outlive the stream
 */
PraxiClipStream *
praxi_clip_stream_open (int media_fd, const PraxiClipStreamOptions *options, GError **error);

/* Reads messages from fd (taken) as if a helper wrote them. */
PraxiClipStream *praxi_clip_stream_new (int fd, const PraxiClipStreamOptions *options);

/* Ends the helper, if it still runs. */
void praxi_clip_stream_free (PraxiClipStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiClipStream, praxi_clip_stream_free)

/* Kills the helper: the stream comes to an early end. Thread: any, while the stream is not freed */
void praxi_clip_stream_kill (PraxiClipStream *stream);

/* The next clip, u8 [T,H,W,3], valid until the next call. NULL at the end, and on errors.
 * Errors: FORMAT (what the helper says of the footage, or that it died), UNSUPPORTED (too long)
 */
const guint8 *praxi_clip_stream_next (PraxiClipStream *stream, GError **error);

/* The helper's end: decodes the file and writes to fd. Names the footage `name` in its sentences.
 * Returns FALSE when nobody listens.
 */
gboolean praxi_clip_stream_serve (int media_fd,
                                  int fd,
                                  const char *name,
                                  const PraxiClipStreamOptions *options);

G_END_DECLS
