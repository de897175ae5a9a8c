/* The newest pictures of a camera, from the process that watches it to the one that shows it: a
 * memory file with a few slots. The reader makes it, the writer fills the slot that was used
 * longest ago, and whoever looks takes the newest; nobody waits for the other. The reader believes
 * nothing it reads.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { PRAXI_LIVE_MAX_WIDTH_PX = 1280, PRAXI_LIVE_MAX_HEIGHT_PX = 720 };

typedef struct PraxiLiveRing PraxiLiveRing;

/* pixels: height rows of 4 · width bytes, B G R x, x = 255 */
typedef struct {
  int width;
  int height;
  gint64 clock_us; /* of the camera, see camera.h */
  gint64 frame;    /* its number in the recording under way, -1 when there is none */
  GBytes *pixels;
} PraxiLivePicture;

/* For the one who shows.
 * Thread: one
 * Errors: MEMORY
 */
PraxiLiveRing *praxi_live_ring_new (GError **error);

/* The descriptor to hand to the writer; it stays the ring's. */
int praxi_live_ring_fd (const PraxiLiveRing *ring);

/* Whether somebody looks: the writer then brings every picture, else one every two seconds. */
void praxi_live_ring_set_watched (PraxiLiveRing *ring, gboolean is_watched);

/* The newest picture; FALSE when there is none since the last call. Unref its pixels. */
gboolean praxi_live_ring_take (PraxiLiveRing *ring, PraxiLivePicture *picture);

/* For the one who watches the camera. fd: taken over, also on error
 * Errors: FORMAT (not such a memory file)
 */
PraxiLiveRing *praxi_live_ring_open (int fd, GError **error);
gboolean praxi_live_ring_is_watched (const PraxiLiveRing *ring);

/* Where the next picture goes: room for the largest one. Then publish says what came there; the
 * pixels of its picture are not looked at.
 */
guint8 *praxi_live_ring_begin (PraxiLiveRing *ring);
void praxi_live_ring_publish (PraxiLiveRing *ring, const PraxiLivePicture *picture);

void praxi_live_ring_free (PraxiLiveRing *ring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiLiveRing, praxi_live_ring_free)

G_END_DECLS
