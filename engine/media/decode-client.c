#include "engine/media/decode-client.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/pages.h"
#include "engine/core/text.h"
#include "engine/media/decode-protocol.h"

#define DEADLINE_MS 5000
#define MAX_FAILURES 3
#define FIRST_SLOT_BYTES ((gsize) 1280 * 720 * 4)
#define MAX_FRAMES (1 << 28)
/* Messages handled before other sources have their turn. */
#define MESSAGES_PER_TURN 8
#define RETRY_MS 20

struct PraxiDecodeClient {
  int references; /* of the caller, and of what is running; one thread */
  gboolean is_closed;
  char *praxi_path;
  char *media_path;
  char *name; /* for messages */
  int media_fd;
  PraxiDecodeCallbacks callbacks;
  gpointer user_data;
  GMainContext *context;

  GPid pid; /* 0: no helper */
  int socket_fd;
  GSource *socket_source;
  GSource *deadline;
  int n_failures; /* in a row, without a picture between them */

  guint8 *ring; /* read only */
  gsize slot_bytes;
  guint32 generation;

  GArray *entries; /* of PraxiDecodeEntry: the index as it comes in */
  PraxiFrameIndex *index;
  gboolean is_ready; /* this helper has told its index */

  PraxiDecodeRequest request; /* the latest */
  gboolean has_request;
  gboolean is_answered;

  /* Previews go one at a time; a newer one waits for the answer to the one before. */
  PraxiDecodeRequest preview;
  gboolean wants_preview;
  gboolean has_preview_under_way;

  /* What the full socket of a slow helper did not take, and the next try. */
  gboolean is_unsent;
  guint32 unreleased_slots;
  GSource *retry;
};

static void start (PraxiDecodeClient *client);

static void
unref (PraxiDecodeClient *client)
{
  if (--client->references > 0)
    return;
  g_clear_pointer (&client->context, g_main_context_unref);
  g_clear_pointer (&client->entries, g_array_unref);
  g_clear_pointer (&client->index, praxi_frame_index_unref);
  if (client->media_fd >= 0)
    close (client->media_fd);
  g_free (client->praxi_path);
  g_free (client->media_path);
  g_free (client->name);
  g_free (client);
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
drop_ring (PraxiDecodeClient *client)
{
  if (client->ring != NULL)
    praxi_pages_unmap (client->ring, client->slot_bytes * PRAXI_DECODE_SLOTS);
  client->ring = NULL;
  client->slot_bytes = 0;
}

static void
reap_cb (GPid pid, int status, gpointer user_data)
{
  g_spawn_close_pid (pid);
}

/* Ends the helper; its source is reaped by the context whenever it has died. */
static void
stop (PraxiDecodeClient *client)
{
  clear_source (&client->socket_source);
  clear_source (&client->deadline);
  clear_source (&client->retry);
  client->is_unsent = FALSE;
  client->has_preview_under_way = FALSE;
  client->unreleased_slots = 0;
  if (client->socket_fd >= 0)
    close (client->socket_fd);
  client->socket_fd = -1;
  if (client->pid > 0)
    kill (client->pid, SIGKILL);
  client->pid = 0;
  client->is_ready = FALSE;
  drop_ring (client);
}

static void
fail (PraxiDecodeClient *client, PraxiErrorCode code, const char *message)
{
  stop (client);
  if (client->is_closed)
    return;
  client->is_closed = TRUE;
  g_autoptr (GError) error = g_error_new_literal (PRAXI_ERROR, code, message);
  if (client->callbacks.failed != NULL)
    client->callbacks.failed (client, error, client->user_data);
}

/* The helper is gone or cannot be trusted any more: a new one takes over at the last request. */
static void
recover (PraxiDecodeClient *client)
{
  stop (client);
  if (client->is_closed)
    return;
  if (++client->n_failures <= MAX_FAILURES) {
    start (client);
    return;
  }
  g_autofree char *message = g_strdup_printf (
      "%s: its pictures cannot be decoded (the decoder stopped %d times); convert it with ffmpeg",
      client->name, client->n_failures);
  fail (client, PRAXI_ERROR_FORMAT, message);
}

static gboolean
deadline_cb (gpointer user_data)
{
  recover (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
is_waiting (const PraxiDecodeClient *client)
{
  return !client->is_ready || (client->has_request && !client->is_answered);
}

/* Silence is limited only while something is owed. */
static void
set_deadline (PraxiDecodeClient *client)
{
  clear_source (&client->deadline);
  if (client->pid == 0 || !is_waiting (client))
    return;
  client->deadline = g_timeout_source_new (DEADLINE_MS);
  g_source_set_callback (client->deadline, deadline_cb, client, NULL);
  g_source_attach (client->deadline, client->context);
}

/* Never blocks. FALSE: the socket is full, or the helper is gone and the socket's source will
 * notice.
 */
static gboolean
order (PraxiDecodeClient *client, const PraxiDecodeRequest *request, int fd)
{
  return praxi_decode_send (client->socket_fd, request, sizeof *request, fd, FALSE);
}

/* Makes a memory file of four slots that can neither shrink nor grow, maps it for reading and hands
 * it over. */
static gboolean
send_ring (PraxiDecodeClient *client, gsize least_bytes)
{
  const gsize slot_bytes = praxi_pages_round_up (least_bytes);
  drop_ring (client);
  client->wants_preview |= client->has_preview_under_way; /* its answer will be in the old ring */
  client->has_preview_under_way = FALSE;
  const gsize bytes = slot_bytes * PRAXI_DECODE_SLOTS;
  const int fd = memfd_create ("praxi-pictures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  gboolean is_sent = FALSE;
  if (fd >= 0 && ftruncate (fd, (off_t) bytes) == 0 &&
      fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
    guint8 *ring = praxi_pages_map (fd, bytes, FALSE);
    if (ring != NULL) {
      client->ring = ring;
      client->slot_bytes = slot_bytes;
      const PraxiDecodeRequest request = {
          .order = PRAXI_DECODE_RING, .generation = ++client->generation, .slot_bytes = slot_bytes};
      is_sent = order (client, &request, fd);
    }
  }
  if (fd >= 0)
    close (fd);
  return is_sent;
}

static void
release_slots (PraxiDecodeClient *client)
{
  for (guint32 slot = 0; slot < PRAXI_DECODE_SLOTS; slot++) {
    const PraxiDecodeRequest request = {
        .order = PRAXI_DECODE_RELEASE, .slot = slot, .generation = client->generation};
    if ((client->unreleased_slots & 1u << slot) != 0 && order (client, &request, -1))
      client->unreleased_slots &= ~(1u << slot);
  }
}

static gboolean
send_request (PraxiDecodeClient *client)
{
  const gsize needed = (gsize) client->request.max_width * (gsize) client->request.max_height * 4;
  if (needed > client->slot_bytes) {
    client->unreleased_slots = 0;
    if (!send_ring (client, needed)) {
      drop_ring (client);
      return FALSE;
    }
  }
  return order (client, &client->request, -1);
}

/* FALSE: it has to be tried again. */
static gboolean
send_preview (PraxiDecodeClient *client)
{
  if (!client->wants_preview || client->has_preview_under_way || !client->is_ready)
    return TRUE;
  client->has_preview_under_way = order (client, &client->preview, -1);
  client->wants_preview = !client->has_preview_under_way;
  return client->has_preview_under_way;
}

static gboolean
send_owed (PraxiDecodeClient *client)
{
  release_slots (client);
  client->is_unsent = client->is_unsent && !send_request (client);
  const gboolean is_previewed = send_preview (client);
  return !client->is_unsent && is_previewed && client->unreleased_slots == 0;
}

static gboolean
retry_cb (gpointer user_data)
{
  PraxiDecodeClient *client = user_data;
  if (!send_owed (client))
    return G_SOURCE_CONTINUE;
  clear_source (&client->retry);
  return G_SOURCE_REMOVE;
}

/* Sends what is owed to the helper, now or a little later. */
static void
flush (PraxiDecodeClient *client)
{
  if (send_owed (client) || client->retry != NULL)
    return;
  client->retry = g_timeout_source_new (RETRY_MS);
  g_source_set_callback (client->retry, retry_cb, client, NULL);
  g_source_attach (client->retry, client->context);
}

/* Takes a part of the index out of its slot. FALSE: it does not fit what came before. */
static gboolean
take_index (PraxiDecodeClient *client, const PraxiDecodeReply *reply)
{
  if (client->is_ready || reply->slot >= PRAXI_DECODE_SLOTS || reply->count < 1 ||
      reply->total > MAX_FRAMES || reply->total - (gint64) client->entries->len < reply->count ||
      reply->ordinal != (int) client->entries->len ||
      (gsize) reply->count * sizeof (PraxiDecodeEntry) > client->slot_bytes)
    return FALSE;
  g_array_append_vals (client->entries, client->ring + reply->slot * client->slot_bytes,
                       (guint) reply->count);
  client->unreleased_slots |= 1u << reply->slot;
  flush (client);
  return TRUE;
}

/* NULL when the entries are no index. */
static PraxiFrameIndex *
make_index (const GArray *entries, gint64 end_ns)
{
  g_autofree gint64 *pts_ns = g_new (gint64, entries->len + 1);
  g_autofree guint8 *is_keyframe = g_new (guint8, entries->len + 1);
  for (guint i = 0; i < entries->len; i++) {
    pts_ns[i] = g_array_index (entries, PraxiDecodeEntry, i).pts_ns;
    is_keyframe[i] = g_array_index (entries, PraxiDecodeEntry, i).is_keyframe != 0;
  }
  return praxi_frame_index_new (pts_ns, is_keyframe, (int) entries->len, end_ns);
}

static gboolean
is_plausible (const PraxiDecodeInfo *info, const PraxiFrameIndex *index)
{
  const int sides[] = {info->width, info->height, info->display_width, info->display_height};
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    if (sides[i] < 1 || sides[i] > 1 << 17)
      return FALSE;
  return info->frames == praxi_frame_index_length (index) && info->rotation >= 0 &&
         info->rotation < 360 && info->rotation % 90 == 0 && isfinite (info->avg_rate) &&
         info->first_pts_ns == praxi_frame_index_pts_ns (index, 0) &&
         info->duration_ns == praxi_frame_index_duration_ns (index);
}

/* The index is complete. FALSE: it makes no sense. */
static gboolean
take_ready (PraxiDecodeClient *client, PraxiDecodeReply *reply)
{
  g_autoptr (PraxiFrameIndex) index = make_index (client->entries, reply->end_ns);
  reply->info.container[sizeof reply->info.container - 1] = '\0';
  reply->info.codec[sizeof reply->info.codec - 1] = '\0';
  if (client->is_ready || index == NULL || !is_plausible (&reply->info, index))
    return FALSE;
  g_array_set_size (client->entries, 0);
  client->is_ready = TRUE;
  if (client->index == NULL) {
    client->index = g_steal_pointer (&index);
    if (client->callbacks.ready != NULL)
      client->callbacks.ready (client, &reply->info, client->index, client->user_data);
  } else if (praxi_frame_index_length (index) != praxi_frame_index_length (client->index)) {
    g_autofree char *message =
        g_strdup_printf ("%s: the file has changed; open it again", client->name);
    fail (client, PRAXI_ERROR_FORMAT, message);
  }
  if (!client->is_closed) {
    client->is_unsent = client->has_request;
    flush (client);
  }
  return TRUE;
}

static gboolean
is_picture (const PraxiDecodeClient *client, const PraxiDecodeReply *reply)
{
  return client->is_ready && reply->slot < PRAXI_DECODE_SLOTS && reply->width >= 1 &&
         reply->width <= PRAXI_DECODE_MAX_SIDE_PX && reply->height >= 1 &&
         reply->height <= PRAXI_DECODE_MAX_SIDE_PX && reply->stride_bytes == reply->width * 4 &&
         (gsize) reply->stride_bytes * (gsize) reply->height <= client->slot_bytes &&
         reply->ordinal >= 0 && reply->ordinal < praxi_frame_index_length (client->index) &&
         reply->pts_ns == praxi_frame_index_pts_ns (client->index, reply->ordinal);
}

/* Copies the pixels out of their slot and gives it back. Free with g_bytes_unref. */
static GBytes *
take_pixels (PraxiDecodeClient *client, const PraxiDecodeReply *reply)
{
  GBytes *pixels = g_bytes_new (client->ring + reply->slot * client->slot_bytes,
                                (gsize) reply->stride_bytes * (gsize) reply->height);
  client->unreleased_slots |= 1u << reply->slot;
  flush (client);
  return pixels;
}

static PraxiDecodePicture
make_picture (const PraxiDecodeReply *reply, int requested, GBytes *pixels)
{
  return (PraxiDecodePicture){
      .requested = requested,
      .ordinal = reply->ordinal,
      .pts_ns = reply->pts_ns,
      .is_exact = (reply->flags & PRAXI_DECODE_IS_EXACT) != 0,
      .is_damaged = (reply->flags & PRAXI_DECODE_IS_DAMAGED) != 0,
      .width = reply->width,
      .height = reply->height,
      .stride_bytes = reply->stride_bytes,
      .pixels = pixels,
  };
}

/* FALSE: it cannot be one. */
static gboolean
take_preview (PraxiDecodeClient *client, const PraxiDecodeReply *reply)
{
  if (!is_picture (client, reply))
    return FALSE;
  const gboolean is_latest = reply->serial == client->preview.serial;
  client->has_preview_under_way = FALSE;
  g_autoptr (GBytes) pixels = take_pixels (client, reply);
  const PraxiDecodePicture picture =
      make_picture (reply, is_latest ? client->preview.ordinal : reply->ordinal, pixels);
  if (client->callbacks.preview != NULL)
    client->callbacks.preview (client, &picture, client->user_data);
  return TRUE;
}

/* Hands the picture on. FALSE: it cannot be one. */
static gboolean
take_picture (PraxiDecodeClient *client, const PraxiDecodeReply *reply)
{
  if ((reply->flags & PRAXI_DECODE_IS_PREVIEW) != 0)
    return take_preview (client, reply);
  if (!is_picture (client, reply))
    return FALSE;
  g_autoptr (GBytes) pixels = take_pixels (client, reply);
  const gboolean is_latest = reply->serial == client->request.serial;
  const PraxiDecodePicture picture =
      make_picture (reply, is_latest ? client->request.ordinal : reply->ordinal, pixels);
  if (picture.is_exact) {
    client->n_failures = 0;
    client->is_answered |= is_latest;
  }
  if (client->callbacks.picture != NULL)
    client->callbacks.picture (client, &picture, client->user_data);
  return TRUE;
}

/* FALSE: a lie. */
static gboolean
take_reply (PraxiDecodeClient *client, PraxiDecodeReply *reply)
{
  const gboolean is_stale = reply->generation != client->generation;
  switch (reply->news) {
  case PRAXI_DECODE_BUSY:
    if (!client->is_ready && client->index == NULL && client->callbacks.progress != NULL)
      client->callbacks.progress (client, CLAMP (reply->done, 0, 1), client->user_data);
    return TRUE;
  case PRAXI_DECODE_INDEX:
    return take_index (client, reply);
  case PRAXI_DECODE_READY:
    return take_ready (client, reply);
  case PRAXI_DECODE_SHOWN:
    return is_stale || take_picture (client, reply);
  case PRAXI_DECODE_FAILED:
    reply->text[sizeof reply->text - 1] = '\0';
    fail (client, PRAXI_ERROR_FORMAT, reply->text);
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
socket_cb (int fd, GIOCondition condition, gpointer user_data)
{
  PraxiDecodeClient *client = user_data;
  g_autofree PraxiDecodeReply *reply = g_new (PraxiDecodeReply, 1);
  client->references++;
  for (int i = 0; i < MESSAGES_PER_TURN && !client->is_closed && client->socket_fd == fd; i++) {
    const int result = praxi_decode_receive (fd, reply, sizeof *reply, NULL, FALSE);
    if (result == 0)
      break;
    if (result < 0 || !take_reply (client, reply)) {
      recover (client);
      break;
    }
    set_deadline (client);
  }
  unref (client);
  return G_SOURCE_CONTINUE; /* a source that was destroyed meanwhile does not mind */
}

static gboolean
spawn (PraxiDecodeClient *client, int helper_fd, GError **error)
{
  const char *const argv[] = {
      client->praxi_path, "decode", "--media-fd=3", "--socket-fd=4", "--name",
      client->media_path, NULL};
  const int sources[] = {client->media_fd, helper_fd};
  const int targets[] = {PRAXI_DECODE_MEDIA_FD, PRAXI_DECODE_SOCKET_FD};
  if (!g_spawn_async_with_pipes_and_fds (
          NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, -1,
          -1, -1, sources, targets, G_N_ELEMENTS (sources), &client->pid, NULL, NULL, NULL, error))
    return FALSE;
  GSource *reaper = g_child_watch_source_new (client->pid);
  g_source_set_callback (reaper, G_SOURCE_FUNC (reap_cb), NULL, NULL);
  g_source_attach (reaper, client->context);
  g_source_unref (reaper);
  return TRUE;
}

static gboolean
try_start (PraxiDecodeClient *client, GError **error)
{
  int pair[2];
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "%s: no decoder could be started: %s",
                 client->name, g_strerror (errno));
    return FALSE;
  }
  client->socket_fd = pair[0];
  const gboolean is_started = spawn (client, pair[1], error);
  close (pair[1]);
  if (!is_started)
    return FALSE;
  g_array_set_size (client->entries, 0);
  client->is_answered = FALSE;
  send_ring (client, FIRST_SLOT_BYTES);
  client->socket_source = g_unix_fd_source_new (client->socket_fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_callback (client->socket_source, G_SOURCE_FUNC (socket_cb), client, NULL);
  g_source_attach (client->socket_source, client->context);
  set_deadline (client);
  return TRUE;
}

static void
start (PraxiDecodeClient *client)
{
  g_autoptr (GError) error = NULL;
  if (!try_start (client, &error))
    fail (client, PRAXI_ERROR_FAILED, error->message);
}

static gboolean
open_media (PraxiDecodeClient *client, GError **error)
{
  client->media_fd = open (client->media_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (client->media_fd < 0) {
    const int code = errno;
    g_set_error (error, PRAXI_ERROR, code == ENOENT ? PRAXI_ERROR_NOT_FOUND : PRAXI_ERROR_FAILED,
                 "%s: %s; check the name and the permissions", client->name, g_strerror (code));
    return FALSE;
  }
  return TRUE;
}

PraxiDecodeClient *
praxi_decode_client_new (const char *praxi_path,
                         const char *media_path,
                         const PraxiDecodeCallbacks *callbacks,
                         gpointer user_data,
                         GError **error)
{
  PraxiDecodeClient *client = g_new0 (PraxiDecodeClient, 1);
  client->references = 1;
  client->praxi_path = g_strdup (praxi_path);
  client->media_path = g_strdup (media_path);
  client->name = praxi_text_file_name (media_path);
  client->media_fd = client->socket_fd = -1;
  client->callbacks = *callbacks;
  client->user_data = user_data;
  client->context = g_main_context_ref_thread_default ();
  client->entries = g_array_new (FALSE, FALSE, sizeof (PraxiDecodeEntry));
  if (!open_media (client, error) || !try_start (client, error))
    g_clear_pointer (&client, praxi_decode_client_free);
  return client;
}

void
praxi_decode_client_free (PraxiDecodeClient *client)
{
  if (client == NULL)
    return;
  client->is_closed = TRUE;
  stop (client);
  unref (client);
}

void
praxi_decode_client_request (PraxiDecodeClient *client,
                             int ordinal,
                             int max_width_px,
                             int max_height_px,
                             gboolean exact)
{
  if (client->is_closed)
    return;
  client->request = (PraxiDecodeRequest){
      .order = PRAXI_DECODE_PICTURE,
      .serial = client->request.serial + 1,
      .ordinal = ordinal,
      .max_width = CLAMP (max_width_px, 1, PRAXI_DECODE_MAX_SIDE_PX),
      .max_height = CLAMP (max_height_px, 1, PRAXI_DECODE_MAX_SIDE_PX),
      .exact = exact,
  };
  client->has_request = TRUE;
  client->is_answered = FALSE;
  if (!client->is_ready)
    return;
  client->is_unsent = TRUE;
  flush (client);
  if (client->deadline == NULL)
    set_deadline (client);
}

void
praxi_decode_client_preview (PraxiDecodeClient *client,
                             int ordinal,
                             int max_width_px,
                             int max_height_px)
{
  if (client->is_closed)
    return;
  client->preview = (PraxiDecodeRequest){
      .order = PRAXI_DECODE_PREVIEW,
      .serial = client->preview.serial + 1,
      .ordinal = ordinal,
      .max_width = CLAMP (max_width_px, 1, PRAXI_DECODE_MAX_PREVIEW_PX),
      .max_height = CLAMP (max_height_px, 1, PRAXI_DECODE_MAX_PREVIEW_PX),
  };
  client->wants_preview = TRUE;
  if (client->is_ready)
    flush (client);
}

GPid
praxi_decode_client_pid (const PraxiDecodeClient *client)
{
  return client->pid;
}
