/* A camera: any live source FFmpeg opens over RTSP, RTP, HTTP or V4L2. One thread of its own reads
 * with a deadline, connects again for ever, keeps the stream on disk when asked to, and hands out
 * small pictures at a steady rate. It never follows a source to a file.
 *
 * The camera's clock counts µs since the start. It runs with the stream's time stamps, because
 * packets arrive in bursts; where those jump, stand still or run wrong, the time of arrival counts.
 * It never steps back, and over a stall it goes on.
 */
#pragma once

#include <glib.h>

#include "engine/media/live-ring.h"
#include "engine/media/recording.h"

G_BEGIN_DECLS

typedef struct PraxiCamera PraxiCamera;

typedef enum {
  PRAXI_CAMERA_CONNECTED, /* the first picture is there; the text says what kind */
  PRAXI_CAMERA_STALL,     /* no picture for the deadline, or the camera hung up */
  PRAXI_CAMERA_BACK,      /* pictures again after a stall */
  PRAXI_CAMERA_ERROR,     /* a sentence for people: wrong password, disk full … */
  PRAXI_CAMERA_NOTE,      /* no fault, but worth knowing: a clock that jumped, another size … */
} PraxiCameraState;

/* Zero means the default. */
typedef struct {
  gboolean udp;              /* RTSP over UDP; default TCP */
  int deadline_ms;           /* without data this long it is a stall; default 3000 */
  int width_px, height_px;   /* of the pictures handed out */
  double rate_hz;            /* pictures handed out a second */
  const char *record_folder; /* NULL: nothing is kept */
  int segment_s;             /* length of a recorded file; default 60 */
  PraxiLiveRing *preview;    /* gets the newest pictures; borrowed; NULL: nobody looks */
} PraxiCameraOptions;

typedef struct {
  const guint8 *rgb; /* u8 [height,width,3], borrowed for the call */
  gint64 at_us;      /* since 1970 UTC, by this machine */
  gint64 clock_us;
} PraxiCameraPicture;

/* All are called on the camera's thread and must return soon; recorded may be NULL.
 * state: text is a sentence without address or password, or "" where the state says it all
 */
typedef struct {
  void (*picture) (PraxiCamera *camera, const PraxiCameraPicture *picture, gpointer user_data);
  void (*state) (PraxiCamera *camera,
                 PraxiCameraState state,
                 const char *text,
                 gint64 at_us,
                 gpointer user_data);
  PraxiRecordingFunc recorded;
} PraxiCameraCallbacks;

/* Starts watching; that a camera cannot be reached is told by a state, not by an error here.
 * url:     rtsp://, http://, https://, rtp://, udp:// or /dev/videoN
 * Errors:  USAGE (not the address of a camera), NOT_FOUND (the folder), FAILED (no thread)
 */
PraxiCamera *praxi_camera_new (const char *url,
                               const PraxiCameraOptions *options,
                               const PraxiCameraCallbacks *callbacks,
                               gpointer user_data,
                               GError **error);

/* Stops and closes the recording; no callback follows. Returns within a second: a look-up of a host
 * name that hangs is left behind, and so is then what praxi_camera_free would free.
 */
void praxi_camera_stop (PraxiCamera *camera);

void praxi_camera_free (PraxiCamera *camera);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiCamera, praxi_camera_free)

/* The address without user name and password: the only form that may be shown or kept. */
const char *praxi_camera_name (const PraxiCamera *camera);

/* url without its user name and password; free with g_free. */
char *praxi_camera_strip_credentials (const char *url);

/* url with these credentials instead of its own; free with g_free. user NULL or empty: as it is. */
char *praxi_camera_add_credentials (const char *url, const char *user, const char *password);

G_END_DECLS
