/* What is heard of a camera's recording while it grows. A recording is one file; it goes on over a
 * stall (the time without pictures is a gap in it) and ends when its time is up, when the camera
 * sends another kind of pictures, or when the disk refuses it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  PRAXI_RECORDING_BEGUN,
  PRAXI_RECORDING_GREW,  /* the frames named can be read from the file now */
  PRAXI_RECORDING_ENDED, /* nothing is added any more */
} PraxiRecordingNews;

/* Pointers are borrowed for the call. */
typedef struct {
  PraxiRecordingNews news;
  const char *path;
  gint64 begin_clock_us; /* where its pts 0 stands on the camera's clock */
  gint64 begin_at_us;    /* the same moment since 1970 UTC, by this machine */
  int width, height;
  const gint64 *pts_ns; /* [n_frames], as a reader of the file sees them, in decoding order */
  const guint8 *is_key; /* [n_frames] */
  int n_frames;         /* with GREW */
  gint64 total_frames;  /* in the file, so far */
  gint64 gap_ns;        /* with GREW: how long before the first frame named nothing came; 0 */
} PraxiRecording;

typedef void (*PraxiRecordingFunc) (const PraxiRecording *recording, gpointer user_data);

G_END_DECLS
