/* Keeps a live stream on disk as it came, in files of a minute that each begin with a key frame:
 * FOLDER/2026-01-31T12-00-00Z.mkv. A file that was cut off by a crash can still be played.
 * Thread: one at a time
 */
#pragma once

#include <glib.h>
#include <libavformat/avformat.h>

G_BEGIN_DECLS

typedef struct PraxiRecorder PraxiRecorder;

/* folder: exists; segment_s: > 0 */
PraxiRecorder *praxi_recorder_new (const char *folder, int segment_s);

/* Closes the open file. */
void praxi_recorder_free (PraxiRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiRecorder, praxi_recorder_free)

/* Writes one packet of stream; packets before the first key frame are left out.
 * Errors: DISK: the file so far is closed, and the next key frame begins another
 */
gboolean praxi_recorder_write (PraxiRecorder *recorder,
                               const AVStream *stream,
                               const AVPacket *packet,
                               gint64 at_us,
                               GError **error);

/* Ends the open file: what follows is another stream. */
void praxi_recorder_cut (PraxiRecorder *recorder);

G_END_DECLS
