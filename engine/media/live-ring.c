#include "engine/media/live-ring.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/error.h"

enum { N_SLOTS = 3, MAGIC = 0x50524c56 };
#define SLOT_BYTES ((gsize) PRAXI_LIVE_MAX_WIDTH_PX * PRAXI_LIVE_MAX_HEIGHT_PX * 4)

/* edition: odd while the writer is in the slot */
typedef struct {
  atomic_uint edition;
  gint32 width;
  gint32 height;
  gint32 padding;
  gint64 clock_us;
  gint64 frame;
} Slot;

typedef struct {
  guint32 magic;
  atomic_uint is_watched;
  atomic_uint n_pictures; /* the newest lies in slot (n_pictures − 1) % N_SLOTS */
  guint32 padding;
  Slot slots[N_SLOTS];
} Head;

struct PraxiLiveRing {
  int fd;
  Head *head;
  guint8 *pixels;
  guint n_taken;
};

static gsize
head_bytes (void)
{
  return 4096;
}

static gsize
file_bytes (void)
{
  return head_bytes () + N_SLOTS * SLOT_BYTES;
}

static gboolean
map (PraxiLiveRing *ring)
{
  void *memory = mmap (NULL, file_bytes (), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
  if (memory == MAP_FAILED)
    return FALSE;
  ring->head = memory;
  ring->pixels = (guint8 *) memory + head_bytes ();
  return TRUE;
}

PraxiLiveRing *
praxi_live_ring_new (GError **error)
{
  g_autoptr (PraxiLiveRing) ring = g_new0 (PraxiLiveRing, 1);
  ring->fd = memfd_create ("praxi-live", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (ring->fd < 0 || ftruncate (ring->fd, (off_t) file_bytes ()) != 0 ||
      fcntl (ring->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0 ||
      !map (ring)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY,
                 "there is no memory for live pictures; close another program");
    return NULL;
  }
  ring->head->magic = MAGIC;
  return g_steal_pointer (&ring);
}

/* A memory file that can shrink would let its other end crash this program. */
static gboolean
is_ring (int fd)
{
  struct stat info;
  return fd >= 0 && fstat (fd, &info) == 0 && info.st_size == (off_t) file_bytes () &&
         (fcntl (fd, F_GET_SEALS) & F_SEAL_SHRINK) != 0;
}

PraxiLiveRing *
praxi_live_ring_open (int fd, GError **error)
{
  g_autoptr (PraxiLiveRing) ring = g_new0 (PraxiLiveRing, 1);
  ring->fd = fd;
  if (!is_ring (fd) || !map (ring) || ring->head->magic != MAGIC) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT,
                 "descriptor %d: no memory file for live pictures; leave --preview-fd out", fd);
    return NULL;
  }
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  return g_steal_pointer (&ring);
}

void
praxi_live_ring_free (PraxiLiveRing *ring)
{
  if (ring == NULL)
    return;
  if (ring->head != NULL)
    munmap (ring->head, file_bytes ());
  if (ring->fd >= 0)
    close (ring->fd);
  g_free (ring);
}

int
praxi_live_ring_fd (const PraxiLiveRing *ring)
{
  return ring->fd;
}

void
praxi_live_ring_set_watched (PraxiLiveRing *ring, gboolean is_watched)
{
  atomic_store (&ring->head->is_watched, is_watched);
}

gboolean
praxi_live_ring_is_watched (const PraxiLiveRing *ring)
{
  return atomic_load (&ring->head->is_watched) != 0;
}

guint8 *
praxi_live_ring_begin (PraxiLiveRing *ring)
{
  const guint index = atomic_load (&ring->head->n_pictures) % N_SLOTS;
  atomic_fetch_or (&ring->head->slots[index].edition, 1u);
  return ring->pixels + index * SLOT_BYTES;
}

void
praxi_live_ring_publish (PraxiLiveRing *ring, const PraxiLivePicture *picture)
{
  const guint n_pictures = atomic_load (&ring->head->n_pictures);
  Slot *slot = &ring->head->slots[n_pictures % N_SLOTS];
  slot->width = picture->width;
  slot->height = picture->height;
  slot->clock_us = picture->clock_us;
  slot->frame = picture->frame;
  atomic_fetch_add (&slot->edition, 1u);
  atomic_store (&ring->head->n_pictures, n_pictures + 1);
}

/* FALSE: the writer came into the slot meanwhile, or it makes no sense. */
static gboolean
read_slot (PraxiLiveRing *ring, guint index, PraxiLivePicture *picture)
{
  Slot *slot = &ring->head->slots[index];
  const guint edition = atomic_load (&slot->edition);
  *picture = (PraxiLivePicture){slot->width, slot->height, slot->clock_us, slot->frame, NULL};
  if ((edition & 1) != 0 || picture->width < 1 || picture->width > PRAXI_LIVE_MAX_WIDTH_PX ||
      picture->height < 1 || picture->height > PRAXI_LIVE_MAX_HEIGHT_PX)
    return FALSE;
  g_autoptr (GBytes) pixels = g_bytes_new (ring->pixels + index * SLOT_BYTES,
                                           (gsize) picture->width * (gsize) picture->height * 4);
  if (atomic_load (&slot->edition) != edition)
    return FALSE;
  picture->pixels = g_steal_pointer (&pixels);
  return TRUE;
}

gboolean
praxi_live_ring_take (PraxiLiveRing *ring, PraxiLivePicture *picture)
{
  const guint n_pictures = atomic_load (&ring->head->n_pictures);
  if (n_pictures == ring->n_taken || !read_slot (ring, (n_pictures - 1) % N_SLOTS, picture))
    return FALSE;
  ring->n_taken = n_pictures;
  return TRUE;
}
