/* A camera: any live source FFmpeg opens over RTSP, RTP, HTTP or V4L2. One thread of its own reads
 * with a deadline, connects again for ever with growing pauses, keeps the stream on disk when asked
 * to, and hands out small pictures at a steady rate. It never follows a source to a file.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PraxiCamera PraxiCamera;

typedef enum {
  PRAXI_CAMERA_CONNECTED, /* the first picture is there */
  PRAXI_CAMERA_STALL,     /* no picture for the deadline, or the camera hung up */
  PRAXI_CAMERA_BACK,      /* pictures again after a stall */
  PRAXI_CAMERA_ERROR,     /* a sentence for people: wrong password, disk full … */
} PraxiCameraState;

/* Zero means the default. */
typedef struct {
  gboolean udp;              /* RTSP over UDP; default TCP */
  int deadline_ms;           /* without data this long it is a stall; default 3000 */
  int width_px, height_px;   /* of the pictures handed out */
  double rate_hz;            /* pictures handed out a second */
  const char *record_folder; /* NULL: nothing is kept */
  int segment_s;             /* length of a recorded file; default 60 */
} PraxiCameraOptions;

/* Both are called on the camera's thread and must return soon.
 * picture: rgb u8 [height,width,3], borrowed for the call; at_us since 1970 UTC, by this machine
 * state:   text is a sentence without address or password, or "" where the state says it all
 */
typedef struct {
  void (*picture) (PraxiCamera *camera, const guint8 *rgb, gint64 at_us, gpointer user_data);
  void (*state) (PraxiCamera *camera,
                 PraxiCameraState state,
                 const char *text,
                 gint64 at_us,
                 gpointer user_data);
} PraxiCameraCallbacks;

/* Starts watching; that a camera cannot be reached is told by a state, not by an error here.
 * url:     rtsp://, http://, https://, rtp:// or /dev/videoN
 * Errors:  USAGE (not the address of a camera), NOT_FOUND (the folder), FAILED (no thread)
 */
PraxiCamera *praxi_camera_new (const char *url,
                               const PraxiCameraOptions *options,
                               const PraxiCameraCallbacks *callbacks,
                               gpointer user_data,
                               GError **error);

/* Stops within the deadline and closes the recording. No callback follows. */
void praxi_camera_free (PraxiCamera *camera);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiCamera, praxi_camera_free)

/* The address without user name and password: the only form that may be shown or kept. */
const char *praxi_camera_name (const PraxiCamera *camera);

/* url without its user name and password; free with g_free. */
char *praxi_camera_strip_credentials (const char *url);

G_END_DECLS
