/* Keeps a live stream on disk as it came, in files that each begin with a key frame:
 * FOLDER/2026-01-31T12-00-00Z.mkv. What was told of can be read at once, also when the program is
 * killed later.
 * Thread: one at a time
 */
#pragma once

#include <glib.h>
#include <libavformat/avformat.h>

#include "engine/media/recording.h"

G_BEGIN_DECLS

typedef struct PraxiRecorder PraxiRecorder;

typedef struct {
  const char *folder; /* exists */
  int segment_s;      /* > 0: the next key frame after this long begins another file */
  PraxiRecordingFunc tell;
  gpointer user_data;
} PraxiRecorderOptions;

PraxiRecorder *praxi_recorder_new (const PraxiRecorderOptions *options);

/* Closes the open file. */
void praxi_recorder_free (PraxiRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiRecorder, praxi_recorder_free)

/* Writes one packet; packets before the first key frame are left out. Other parameters than those
 * of the open file end it and begin another.
 * packet: its times in µs of the camera's clock, dts strictly increasing
 * Errors: DISK: the file so far is closed; the next key frame after five seconds begins another
 */
gboolean praxi_recorder_write (PraxiRecorder *recorder,
                               const AVCodecParameters *parameters,
                               const AVPacket *packet,
                               GError **error);

/* Packets written to the open file so far; -1 when none is open. */
gint64 praxi_recorder_n_frames (const PraxiRecorder *recorder);

G_END_DECLS
