#include "app/clip-stream.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/core/error.h"

#define NAME "footage"

struct PraxiClipStream {
  int fd;
  GPid pid; /* 0: none */
  PraxiClipStreamOptions options;
  gsize frame_bytes;
  gint64 until_us;
  guint8 *clip; /* [T,H,W,3] */
  int n_clips;
};

PraxiClipStream *
praxi_clip_stream_new (int fd, const PraxiClipStreamOptions *options)
{
  PraxiClipStream *stream = g_new0 (PraxiClipStream, 1);
  stream->fd = fd;
  stream->options = *options;
  stream->frame_bytes = (gsize) options->height * (gsize) options->width * 3;
  stream->until_us = g_get_monotonic_time () + options->limit_ms * G_GINT64_CONSTANT (1000);
  stream->clip = g_malloc0 (stream->frame_bytes * (gsize) options->frames);
  return stream;
}

static gboolean
spawn (int media_fd, int fd, const PraxiClipStreamOptions *options, GPid *pid, GError **error)
{
  char rate[G_ASCII_DTOSTR_BUF_SIZE], stride[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_dtostr (rate, sizeof rate, options->rate_hz);
  g_ascii_dtostr (stride, sizeof stride, options->stride_s);
  g_autofree char *sizes =
      g_strdup_printf ("--clip=%d,%d,%d,%d,%d", options->frames, options->height, options->width,
                       options->threads, options->max_windows);
  g_autofree char *rate_option = g_strconcat ("--rate=", rate, NULL);
  g_autofree char *stride_option = g_strconcat ("--stride=", stride, NULL);
  const char *const argv[] = {"/proc/self/exe", "decode", "--media-fd=3", "--clips-fd=4",
                              "--name",         NAME,     sizes,          rate_option,
                              stride_option,    NULL};
  const int sources[] = {media_fd, fd};
  const int targets[] = {PRAXI_CLIP_STREAM_MEDIA_FD, PRAXI_CLIP_STREAM_FD};
  /* What hostile footage makes libav say is no business of the server's log. */
  const GSpawnFlags flags =
      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL;
  return g_spawn_async_with_pipes_and_fds (NULL, argv, NULL, flags, NULL, NULL, -1, -1, -1, sources,
                                           targets, G_N_ELEMENTS (sources), pid, NULL, NULL, NULL,
                                           error);
}

PraxiClipStream *
praxi_clip_stream_open (int media_fd, const PraxiClipStreamOptions *options, GError **error)
{
  int pair[2];
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "no decoder could be started: %s",
                 g_strerror (errno));
    return NULL;
  }
  GPid pid = 0;
  const gboolean is_started = spawn (media_fd, pair[1], options, &pid, error);
  close (pair[1]);
  if (!is_started) {
    close (pair[0]);
    return NULL;
  }
  PraxiClipStream *stream = praxi_clip_stream_new (pair[0], options);
  stream->pid = pid;
  return stream;
}

void
praxi_clip_stream_free (PraxiClipStream *stream)
{
  if (stream == NULL)
    return;
  close (stream->fd);
  if (stream->pid != 0) {
    kill (stream->pid, SIGKILL);
    while (waitpid (stream->pid, NULL, 0) < 0 && errno == EINTR)
      continue;
  }
  g_free (stream->clip);
  g_free (stream);
}

void
praxi_clip_stream_kill (PraxiClipStream *stream)
{
  if (stream->pid != 0)
    kill (stream->pid, SIGKILL);
}

static gboolean
fail (GError **error, PraxiErrorCode code, const char *text)
{
  g_set_error (error, PRAXI_ERROR, code, NAME ": %s", text);
  return FALSE;
}

static gboolean
wait_for_bytes (const PraxiClipStream *stream, GError **error)
{
  struct pollfd poll_fd = {.fd = stream->fd, .events = POLLIN};
  for (;;) {
    const gint64 left_us = stream->until_us - g_get_monotonic_time ();
    const int n = left_us > 0 ? poll (&poll_fd, 1, (int) (left_us / 1000) + 1) : 0;
    if (n > 0)
      return TRUE;
    if (n == 0)
      return fail (error, PRAXI_ERROR_FORMAT, "takes too long to decode; send a shorter piece");
    if (errno != EINTR)
      return fail (error, PRAXI_ERROR_FAILED, "the decoder cannot be reached");
  }
}

static gboolean
read_all (PraxiClipStream *stream, void *data, gsize bytes, GError **error)
{
  guint8 *at = data;
  while (bytes > 0) {
    if (!wait_for_bytes (stream, error))
      return FALSE;
    const gssize n = read (stream->fd, at, bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (error, PRAXI_ERROR_FORMAT,
                   "ended its decoder: it is damaged; try to repair it with ffmpeg");
    at += n;
    bytes -= (gsize) n;
  }
  return TRUE;
}

static gboolean
take_clip (PraxiClipStream *stream, guint32 new_frames, GError **error)
{
  const guint32 T = (guint32) stream->options.frames;
  if (new_frames < 1 || new_frames > T || (stream->n_clips == 0 && new_frames != T) ||
      stream->n_clips == stream->options.max_windows)
    return fail (error, PRAXI_ERROR_FORMAT, "its decoder said something senseless");
  stream->n_clips++;
  const gsize kept = stream->frame_bytes * (T - new_frames);
  const gsize fresh = stream->frame_bytes * new_frames;
  memmove (stream->clip, stream->clip + fresh, kept);
  return read_all (stream, stream->clip + kept, fresh, error);
}

static void
take_failure (PraxiClipStream *stream, guint32 bytes, GError **error)
{
  char text[PRAXI_CLIP_STREAM_TEXT_BYTES + 1] = {0};
  if (bytes > PRAXI_CLIP_STREAM_TEXT_BYTES) {
    fail (error, PRAXI_ERROR_FORMAT, "its decoder said something senseless");
    return;
  }
  if (!read_all (stream, text, bytes, error))
    return;
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_set_error_literal (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, valid);
}

const guint8 *
praxi_clip_stream_next (PraxiClipStream *stream, GError **error)
{
  PraxiClipMessage message;
  if (!read_all (stream, &message, sizeof message, error))
    return NULL;
  switch (message.kind) {
  case PRAXI_CLIP_MESSAGE_CLIP:
    return take_clip (stream, message.value, error) ? stream->clip : NULL;
  case PRAXI_CLIP_MESSAGE_END:
    if (stream->n_clips == 0)
      fail (error, PRAXI_ERROR_FORMAT, "has no window that could be decoded");
    return NULL;
  case PRAXI_CLIP_MESSAGE_FAILED:
    take_failure (stream, message.value, error);
    return NULL;
  default:
    fail (error, PRAXI_ERROR_FORMAT, "its decoder said something senseless");
    return NULL;
  }
}
