/* Pictures for the screen from a helper process (`praxi decode`), so that no foreign byte is parsed
 * here. The helper is restarted at the last request when it crashes or hangs; after three times
 * there is one error sentence. Everything happens in the GMainContext that was the thread's default
 * when the client was made.
 */
#pragma once

#include <glib.h>

#include "engine/media/frame-index.h"

G_BEGIN_DECLS

typedef struct PraxiDecodeClient PraxiDecodeClient;

/* Sizes and rotation as in PraxiMediaInfo. */
typedef struct {
  char container[64];
  char codec[32];
  int width;
  int height;
  int display_width;
  int display_height;
  int rotation;
  int frames;
  int keyframes;
  gint64 first_pts_ns;
  gint64 duration_ns;
  gboolean is_vfr;
  gboolean is_interlaced;
  double avg_rate;
} PraxiDecodeInfo;

/* pixels: height rows of stride bytes, B G R x in memory with x = 255: CAIRO_FORMAT_RGB24 on little
 *   endian, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED anywhere
 * requested: what was asked for; ordinal: what the picture shows
 * is_exact: ordinal == requested, or the requested frame is damaged (is_damaged) and this is the
 *   nearest one; FALSE for a keyframe preview that the exact picture will follow
 */
typedef struct {
  int requested;
  int ordinal;
  gint64 pts_ns;
  gboolean is_exact;
  gboolean is_damaged;
  int width;
  int height;
  int stride_bytes;
  GBytes *pixels; /* borrowed; g_bytes_ref to keep */
} PraxiDecodePicture;

/* ready:    once, after the packets were read; index and info are borrowed (ref the index to keep)
 * picture:  for each picture; borrowed for the call
 * preview:  for each answer to praxi_decode_client_preview; borrowed for the call; may be NULL
 * progress: while the packets of a long file are read, done in [0, 1]; may be NULL
 * failed:   the end of this client, one sentence that names the file; no callback follows
 * None is called before praxi_decode_client_new has returned. The client may be freed in any.
 */
typedef struct {
  void (*ready) (PraxiDecodeClient *client,
                 const PraxiDecodeInfo *info,
                 PraxiFrameIndex *index,
                 gpointer user_data);
  void (*picture) (PraxiDecodeClient *client,
                   const PraxiDecodePicture *picture,
                   gpointer user_data);
  void (*preview) (PraxiDecodeClient *client,
                   const PraxiDecodePicture *picture,
                   gpointer user_data);
  void (*progress) (PraxiDecodeClient *client, double done, gpointer user_data);
  void (*failed) (PraxiDecodeClient *client, const GError *error, gpointer user_data);
} PraxiDecodeCallbacks;

/* Opens the file and starts the helper.
 * in:     praxi_path: the program `praxi`; callbacks: copied
 * Errors: NOT_FOUND (file or program), FAILED (no process)
 */
PraxiDecodeClient *praxi_decode_client_new (const char *praxi_path,
                                            const char *media_path,
                                            const PraxiDecodeCallbacks *callbacks,
                                            gpointer user_data,
                                            GError **error);

/* Stops the helper; no callback follows. */
void praxi_decode_client_free (PraxiDecodeClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiDecodeClient, praxi_decode_client_free)

/* Asks for a picture that fits max_width_px × max_height_px (aspect kept, never enlarged); the
 * latest request wins, an older one that was not answered is forgotten. May be called before ready.
 * exact:  TRUE: only the exact frame comes; FALSE: the nearest keyframe comes at once, then the
 * exact frame unless another request was made. Repeated requests with a steady step (playing either
 * way) are read ahead.
 */
void praxi_decode_client_request (PraxiDecodeClient *client,
                                  int ordinal,
                                  int max_width_px,
                                  int max_height_px,
                                  gboolean exact);

/* Asks for a small picture of the keyframe at or before the ordinal, beside the requests above and
 * without disturbing them; the latest wins. Answered by the preview callback, `requested` being the
 * ordinal, and not at all when the helper ends meanwhile.
 */
void praxi_decode_client_preview (PraxiDecodeClient *client,
                                  int ordinal,
                                  int max_width_px,
                                  int max_height_px);

/* The helper's process id, 0 while there is none. */
GPid praxi_decode_client_pid (const PraxiDecodeClient *client);

G_END_DECLS
