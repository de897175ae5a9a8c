/* Internal: what client and helper say to each other over a SOCK_SEQPACKET pair, one fixed struct a
 * message. Pictures and the index travel through slots of a shared memory file that the client
 * makes and only the helper writes; a slot belongs to the helper until it names it in a reply, and
 * to the client until it gives it back. The client believes nothing.
 */
#pragma once

#include <glib.h>

#include "engine/media/decode-client.h"

G_BEGIN_DECLS

#define PRAXI_DECODE_MEDIA_FD 3
#define PRAXI_DECODE_SOCKET_FD 4
#define PRAXI_DECODE_SLOTS 4
#define PRAXI_DECODE_MAX_SIDE_PX 8192
#define PRAXI_DECODE_MAX_PREVIEW_PX 720 /* fits any ring */
#define PRAXI_DECODE_TEXT_BYTES 768

typedef enum {
  PRAXI_DECODE_RING = 1, /* a new ring: slot_bytes, generation; the file comes along */
  PRAXI_DECODE_PICTURE,  /* serial, ordinal, max_width, max_height, exact */
  PRAXI_DECODE_RELEASE,  /* slot, generation */
  PRAXI_DECODE_PREVIEW,  /* as PICTURE: the keyframe before, beside what else is asked */
} PraxiDecodeOrder;

typedef struct {
  guint32 order;
  guint32 serial;
  guint32 generation;
  guint32 slot;
  gint32 ordinal;
  gint32 max_width;
  gint32 max_height;
  guint32 exact;
  guint64 slot_bytes;
} PraxiDecodeRequest;

typedef enum {
  PRAXI_DECODE_BUSY = 1, /* alive: done in [0, 1] while opening */
  PRAXI_DECODE_INDEX,    /* a slot with `count` entries from `ordinal` on, of `total` */
  PRAXI_DECODE_READY,    /* info; the index is complete */
  PRAXI_DECODE_SHOWN,    /* a slot with a picture */
  PRAXI_DECODE_FAILED,   /* text: why the file cannot be opened */
} PraxiDecodeNews;

enum {
  PRAXI_DECODE_IS_EXACT = 1 << 0,
  PRAXI_DECODE_IS_DAMAGED = 1 << 1,
  PRAXI_DECODE_IS_PREVIEW = 1 << 2, /* the answer to PREVIEW; serial is that one's */
};

typedef struct {
  guint32 news;
  guint32 serial;
  guint32 generation;
  guint32 slot;
  guint32 flags;
  gint32 ordinal;
  gint32 count;
  gint32 total;
  gint32 width;
  gint32 height;
  gint32 stride_bytes;
  gint32 padding;
  gint64 pts_ns;
  gint64 end_ns; /* of the last frame, with READY */
  double done;
  PraxiDecodeInfo info;
  char text[PRAXI_DECODE_TEXT_BYTES];
} PraxiDecodeReply;

/* One frame of the index in a slot. */
typedef struct {
  gint64 pts_ns;
  gint64 is_keyframe;
} PraxiDecodeEntry;

/* Sends one message and, when fd is not -1, a descriptor with it.
 * wait: while the socket is full; else FALSE is returned. FALSE also when the other side is gone.
 */
gboolean
praxi_decode_send (int socket_fd, const void *message, gsize size_bytes, int fd, gboolean wait);

/* Receives one message of exactly that size; *fd (may be NULL) becomes a descriptor that came
 * along, or -1. Returns 1, 0 when there is none yet (only if !wait), -1 when the other side is gone
 * or sent something else.
 */
int praxi_decode_receive (int socket_fd, void *message, gsize size_bytes, int *fd, gboolean wait);

G_END_DECLS
