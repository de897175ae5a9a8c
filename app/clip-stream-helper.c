/* The helper's end of a clip stream. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/clip-stream.h"
#include "engine/core/error.h"
#include "engine/infer/analyzer.h"

static const char no_model[] = "0000000000000000000000000000000000000000000000000000000000000000";

typedef struct {
  int fd;
  int frames;
  gsize frame_bytes;
} Sender;

static gboolean
write_all (int fd, const void *data, gsize bytes)
{
  const guint8 *at = data;
  while (bytes > 0) {
    const gssize n = write (fd, at, bytes);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    at += n;
    bytes -= (gsize) n;
  }
  return TRUE;
}

static gboolean
send_message (int fd, PraxiClipMessageKind kind, gsize value)
{
  const PraxiClipMessage message = {.kind = kind, .value = (guint32) value};
  return write_all (fd, &message, sizeof message);
}

static void
send_failure (int fd, const char *text)
{
  const gsize bytes = MIN (strlen (text), (gsize) PRAXI_CLIP_STREAM_TEXT_BYTES);
  if (send_message (fd, PRAXI_CLIP_MESSAGE_FAILED, bytes))
    write_all (fd, text, bytes);
}

/* Stands in for a model: passes on what is new of each clip. */
static gboolean
pass_on (gpointer data, const guint8 *clip, int new_frames, float *scores, GError **error)
{
  const Sender *sender = data;
  const gsize bytes = sender->frame_bytes * (gsize) new_frames;
  const guint8 *from = clip + sender->frame_bytes * (gsize) (sender->frames - new_frames);
  scores[0] = 0;
  if (send_message (sender->fd, PRAXI_CLIP_MESSAGE_CLIP, (gsize) new_frames) &&
      write_all (sender->fd, from, bytes))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "nobody listens");
  return FALSE;
}

static gboolean
send_clips (PraxiMedia *media, int fd, const PraxiClipStreamOptions *options, GError **error)
{
  static const char *const classes[] = {"clip"};
  Sender sender = {.fd = fd,
                   .frames = options->frames,
                   .frame_bytes = (gsize) options->height * (gsize) options->width * 3};
  const PraxiScorer scorer = {.frames = options->frames,
                              .height = options->height,
                              .width = options->width,
                              .rate_hz = options->rate_hz,
                              .n_classes = 1,
                              .classes = classes,
                              .sha256 = no_model,
                              .score = pass_on,
                              .data = &sender};
  const PraxiAnalyzerOptions how = {.stride_s = options->stride_s, .threads = options->threads};
  g_autoptr (PraxiAnalyzer) analyzer = praxi_analyzer_new (media, &scorer, &how, error);
  if (analyzer == NULL)
    return FALSE;
  if (praxi_analyzer_n_windows (analyzer) > options->max_windows) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: has %d windows, at most %d are taken; send a shorter piece",
                 praxi_media_info (media)->path, praxi_analyzer_n_windows (analyzer),
                 options->max_windows);
    return FALSE;
  }
  g_autoptr (PraxiScoreTrack) track = praxi_analyzer_create_track (analyzer, NULL, error);
  PraxiAnalysis analysis;
  if (track == NULL || !praxi_analyzer_run (analyzer, track, &analysis, error))
    return FALSE;
  return send_message (fd, PRAXI_CLIP_MESSAGE_END, (gsize) analysis.n_lost);
}

gboolean
praxi_clip_stream_serve (int media_fd,
                         int fd,
                         const char *name,
                         const PraxiClipStreamOptions *options)
{
  signal (SIGPIPE, SIG_IGN);
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiMedia) media = praxi_media_open_full (name, media_fd, NULL, NULL, &error);
  if (media != NULL && send_clips (media, fd, options, &error))
    return TRUE;
  if (error == NULL || g_error_matches (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED))
    return FALSE;
  send_failure (fd, error->message);
  return TRUE;
}
