/* What a decoder that was taken over says to the workbench. The client's own source is taken in, so
 * that this program stands where the helper process would: it says one message for each piece of
 * the input, a message being
 *
 *   1 byte    what to do: say it, write its bytes into the ring, ask for a picture or a preview
 *   1 byte    whether it names the generation that is right
 *   62 bytes  the beginning of the reply, or what stands in the slots
 */
#include <glib.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define g_spawn_async_with_pipes_and_fds fake_spawn
#define g_child_watch_source_new(pid) g_timeout_source_new_seconds (1 << 20)
#define kill(pid, number) ((void) 0)

static gboolean fake_spawn (const char *folder,
                            const char *const *argv,
                            const char *const *environment,
                            GSpawnFlags flags,
                            GSpawnChildSetupFunc setup,
                            gpointer data,
                            int in,
                            int out,
                            int err,
                            const int *sources,
                            const int *targets,
                            gsize n,
                            GPid *pid,
                            int *in_pipe,
                            int *out_pipe,
                            int *err_pipe,
                            GError **error);

#include "engine/media/decode-client.c"
#include "tests/fuzz/fuzz.h"

enum { PIECE_BYTES = 64, SAID_BYTES = 62 };

static int helper_fd = -1;
static guint8 *ring;
static gsize ring_bytes;
static guint32 generation;

static gboolean
fake_spawn (const char *folder,
            const char *const *argv,
            const char *const *environment,
            GSpawnFlags flags,
            GSpawnChildSetupFunc setup,
            gpointer data,
            int in,
            int out,
            int err,
            const int *sources,
            const int *targets,
            gsize n,
            GPid *pid,
            int *in_pipe,
            int *out_pipe,
            int *err_pipe,
            GError **error)
{
  if (helper_fd >= 0)
    close (helper_fd);
  helper_fd = dup (sources[1]);
  *pid = 1;
  return TRUE;
}

static void
forget_ring (void)
{
  if (ring != NULL)
    munmap (ring, ring_bytes);
  ring = NULL;
}

/* Takes what the client sent, above all its rings. */
static void
hear (void)
{
  PraxiDecodeRequest request;
  int fd = -1;
  while (praxi_decode_receive (helper_fd, &request, sizeof request, &fd, FALSE) > 0) {
    if (request.order == PRAXI_DECODE_RING && fd >= 0) {
      forget_ring ();
      ring_bytes = request.slot_bytes * PRAXI_DECODE_SLOTS;
      ring = mmap (NULL, ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (ring == MAP_FAILED)
        ring = NULL;
      generation = request.generation;
    }
    if (fd >= 0)
      close (fd);
    fd = -1;
  }
}

static void
say (const uint8_t *piece)
{
  PraxiDecodeReply reply = {.news = 0};
  memcpy (&reply, piece + 2, SAID_BYTES);
  reply.news %= PRAXI_DECODE_FAILED + 2;
  if (piece[1] & 1)
    reply.generation = generation;
  if (piece[1] & 2)
    reply.slot %= PRAXI_DECODE_SLOTS;
  memcpy (&reply.pts_ns, piece + 2, 32);
  memcpy (&reply.info.width, piece + 2, SAID_BYTES);
  memset (reply.text, piece[1], sizeof reply.text);
  praxi_decode_send (helper_fd, &reply, sizeof reply, -1, FALSE);
}

static void
write_slots (const uint8_t *piece)
{
  for (guint slot = 0; ring != NULL && slot < PRAXI_DECODE_SLOTS; slot++)
    memcpy (ring + slot * (ring_bytes / PRAXI_DECODE_SLOTS), piece + 2, SAID_BYTES);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer data)
{
  gsize size = 0;
  const guint8 *pixels = g_bytes_get_data (picture->pixels, &size);
  g_assert_true (size >= (gsize) picture->height * (gsize) picture->stride_bytes);
  volatile guint8 last = pixels[size - 1];
  (void) last;
}

static void
do_piece (PraxiDecodeClient *client, const uint8_t *piece)
{
  hear ();
  switch (piece[0] % 4) {
  case 0:
    write_slots (piece);
    break;
  case 1:
    praxi_decode_client_request (client, piece[2], piece[3] * 8, piece[4] * 8, piece[5] & 1);
    break;
  case 2:
    praxi_decode_client_preview (client, piece[2], piece[3], piece[4]);
    break;
  default:
    say (piece);
  }
  while (g_main_context_iteration (client->context, FALSE))
    continue;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const PraxiDecodeCallbacks callbacks = {.picture = picture_cb, .preview = picture_cb};
  GMainContext *context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  PraxiDecodeClient *client =
      praxi_decode_client_new ("praxi", "/dev/null", &callbacks, NULL, NULL);
  for (size_t at = 0; client != NULL && at + PIECE_BYTES <= size; at += PIECE_BYTES)
    do_piece (client, data + at);
  praxi_decode_client_free (client);
  forget_ring ();
  close (helper_fd);
  helper_fd = -1;
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return 0;
}
