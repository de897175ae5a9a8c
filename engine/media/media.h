/* A video file: what is in it and its frame index. Opens what FFmpeg opens, files only: a playlist
 * never leads to another file or to the network.
 */
#pragma once

#include <glib.h>

#include "engine/media/frame-index.h"

G_BEGIN_DECLS

typedef struct PraxiMedia PraxiMedia;

/* width, height: of the upright picture (rotation applied), in the file's own pixels; this is what
 *                praxi_frame_to_rgb writes. Where the resolution changes in mid-stream: that of the
 *                first frames
 * display_width, display_height: the same with square pixels (sar applied to the width)
 * rotation:      degrees clockwise that were applied: 0, 90, 180, 270
 * first_pts_ns:  of frame 0, as the container counts; may be negative
 */
typedef struct {
  const char *path;      /* as opened */
  const char *container; /* "mov,mp4,m4a,3gp,3g2,mj2" */
  const char *codec;     /* "h264" */
  const char *pixel_format;
  int width;
  int height;
  int display_width;
  int display_height;
  int sar_num; /* pixel aspect of the picture as stored, before rotation */
  int sar_den;
  int rotation;
  int frames;
  int keyframes;
  gint64 first_pts_ns;
  gint64 duration_ns;
  gboolean is_vfr;
  gboolean is_interlaced; /* shown as stored, never deinterlaced */
  double avg_rate;        /* frames per second */
} PraxiMediaInfo;

/* Called from praxi_media_open_full while packets are read. done in [0, 1].
 * Returns FALSE to give up: the open fails with CANCELLED.
 */
typedef gboolean (*PraxiMediaProgress) (double done, gpointer user_data);

/* Probes the file and reads its packets once, without decoding.
 * Thread: any; the result may be shared between threads, it never changes
 * Errors: NOT_FOUND, FORMAT (no video, no pictures, damaged), UNSUPPORTED (codec, size, playlist)
 */
PraxiMedia *praxi_media_open (const char *path, GError **error);

/* fd: open for reading, borrowed until the last unref; -1: open path. path: named in messages. */
PraxiMedia *praxi_media_open_full (const char *path,
                                   int fd,
                                   PraxiMediaProgress progress,
                                   gpointer user_data,
                                   GError **error);

PraxiMedia *praxi_media_ref (PraxiMedia *media);
void praxi_media_unref (PraxiMedia *media);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiMedia, praxi_media_unref)

/* Both live as long as the media. */
const PraxiMediaInfo *praxi_media_info (const PraxiMedia *media);
PraxiFrameIndex *praxi_media_index (const PraxiMedia *media);

G_END_DECLS
