#include "engine/media/demuxer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core/error.h"
#include "engine/core/text.h"

#define IO_BUFFER_BYTES (64 * 1024)

/* Containers with pictures in them. Playlists, scripts, device and network descriptions are not. */
static const char *const containers[] = {
    "mov",       "matroska",   "webm",     "avi",       "mpegts",   "mpegtsraw", "mpeg",
    "mpegvideo", "flv",        "live_flv", "asf",       "asf_o",    "h264",      "hevc",
    "mjpeg",     "mjpeg_2000", "m4v",      "ivf",       "obu",      "av1",       "gif",
    "apng",      "ogg",        "rm",       "dv",        "mxf",      "nut",       "yuv4mpegpipe",
    "wtv",       "vc1",        "vc1test",  "dirac",     "dnxhd",    "cavsvideo", "avs2",
    "avs3",      "nsv",        "roq",      "bink",      "smk",      "flic",      "h261",
    "h263",      "swf",        "gxf",      "lxf",       "r3d",      "vivo",      "mv",
    "nuv",       "ffm",        "film_cpk", "ipmovie",   "psxstr",   "thp",       "xmv",
    "mlv",       "kux",        "pmp",      "mvi",       "amv",      "svag",      "jpeg_pipe",
    "png_pipe",  "webp_pipe",  "bmp_pipe", "tiff_pipe", "j2k_pipe", NULL};

struct PraxiDemuxer {
  char *name; /* for messages */
  int fd;
  gboolean owns_fd;
  gint64 offset_bytes;
  gint64 size_bytes;
  AVIOContext *io;
  AVFormatContext *format;
  int stream;
};

static int
read_cb (void *opaque, uint8_t *buffer, int size)
{
  PraxiDemuxer *demuxer = opaque;
  ssize_t n;
  do
    n = pread (demuxer->fd, buffer, (size_t) size, demuxer->offset_bytes);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return AVERROR (errno);
  demuxer->offset_bytes += n;
  return n == 0 ? AVERROR_EOF : (int) n;
}

static int64_t
seek_cb (void *opaque, int64_t offset, int whence)
{
  PraxiDemuxer *demuxer = opaque;
  struct stat status;
  if (fstat (demuxer->fd, &status) == 0)
    demuxer->size_bytes = status.st_size;
  whence &= ~AVSEEK_FORCE;
  if (whence == AVSEEK_SIZE)
    return demuxer->size_bytes;
  if (whence == SEEK_CUR)
    offset += demuxer->offset_bytes;
  else if (whence == SEEK_END)
    offset += demuxer->size_bytes;
  if (offset < 0)
    return AVERROR (EINVAL);
  return demuxer->offset_bytes = offset;
}

/* What a container wants opened beside itself. */
static int
refuse_open_cb (AVFormatContext *format,
                AVIOContext **io,
                const char *url,
                int flags,
                AVDictionary **o)
{
  return AVERROR (EPERM);
}

static gboolean
fail (PraxiDemuxer *demuxer, GError **error, PraxiErrorCode code, const char *message)
{
  g_set_error (error, PRAXI_ERROR, code, "%s: %s", demuxer->name, message);
  return FALSE;
}

static gboolean
open_file (PraxiDemuxer *demuxer, const char *path, int fd, GError **error)
{
  /* O_NONBLOCK: a pipe without a writer would block here. */
  demuxer->owns_fd = fd < 0;
  demuxer->fd = fd >= 0 ? fd : open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (demuxer->fd < 0) {
    const int code = errno;
    g_set_error (error, PRAXI_ERROR, code == ENOENT ? PRAXI_ERROR_NOT_FOUND : PRAXI_ERROR_FAILED,
                 "%s: %s; check the name and the permissions", demuxer->name, g_strerror (code));
    return FALSE;
  }
  struct stat status;
  if (fstat (demuxer->fd, &status) != 0 || !S_ISREG (status.st_mode))
    return fail (demuxer, error, PRAXI_ERROR_UNSUPPORTED,
                 "not a regular file; give the path of a video file");
  demuxer->size_bytes = status.st_size;
  if (demuxer->size_bytes == 0)
    return fail (demuxer, error, PRAXI_ERROR_FORMAT, "the file is empty; copy or record it again");
  return TRUE;
}

static gboolean
is_container (const AVInputFormat *input)
{
  g_auto (GStrv) names = g_strsplit (input->name, ",", -1);
  for (guint i = 0; names[i] != NULL; i++)
    if (g_strv_contains (containers, names[i]))
      return TRUE;
  return FALSE;
}

static gboolean
probe (PraxiDemuxer *demuxer, const char *path, const AVInputFormat **input, GError **error)
{
  guint8 *buffer = av_malloc (IO_BUFFER_BYTES);
  demuxer->io = avio_alloc_context (buffer, IO_BUFFER_BYTES, 0, demuxer, read_cb, NULL, seek_cb);
  if (demuxer->io == NULL)
    return fail (demuxer, error, PRAXI_ERROR_MEMORY, "not enough memory to open it");
  if (av_probe_input_buffer2 (demuxer->io, input, path, NULL, 0, 0) < 0)
    return fail (demuxer, error, PRAXI_ERROR_FORMAT,
                 "not a video (its content is of no known kind); choose a video file");
  if (is_container (*input))
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
               "%s: not a video (its content is '%s'); choose a file with pictures in it",
               demuxer->name, (*input)->name);
  return FALSE;
}

/* The name alone makes a file count as MP4 when nothing else fits. */
static gboolean
begins_like_mov (PraxiDemuxer *demuxer)
{
  static const char *const types[] = {"ftyp", "moov", "mdat", "free", "skip", "wide",
                                      "pnot", "uuid", "moof", "styp", NULL};
  char head[9] = {0};
  return praxi_demuxer_pread (demuxer, (guint8 *) head, 8, 0) && g_strv_contains (types, head + 4);
}

static gboolean
open_container (PraxiDemuxer *demuxer, const char *path, const AVInputFormat *input, GError **error)
{
  demuxer->format = avformat_alloc_context ();
  if (demuxer->format == NULL)
    return fail (demuxer, error, PRAXI_ERROR_MEMORY, "not enough memory to open it");
  demuxer->format->pb = demuxer->io;
  demuxer->format->flags |= AVFMT_FLAG_CUSTOM_IO;
  demuxer->format->io_open = refuse_open_cb;
  demuxer->format->max_streams = 64;
  /* An empty white list would mean "all". */
  demuxer->format->protocol_whitelist = av_strdup ("none");
  if (avformat_open_input (&demuxer->format, path, input, NULL) >= 0)
    return TRUE;
  if (strstr (input->name, "mov") == NULL)
    return fail (demuxer, error, PRAXI_ERROR_FORMAT,
                 "damaged: its head cannot be read; try to convert it with ffmpeg first");
  if (!begins_like_mov (demuxer))
    return fail (demuxer, error, PRAXI_ERROR_FORMAT,
                 "not a video (only its name says so); choose a video file");
  return fail (demuxer, error, PRAXI_ERROR_FORMAT,
               "no index in it: the recording was cut short or is damaged; try to repair it with "
               "the program that recorded it");
}

/* Streams' first frames are decoded in there: the limits must hold there too. */
static void
find_streams (AVFormatContext *format)
{
  const unsigned n = format->nb_streams;
  AVDictionary **options = g_new0 (AVDictionary *, MAX (n, 1));
  for (unsigned i = 0; i < n; i++) {
    av_dict_set_int (&options[i], "max_pixels", PRAXI_MAX_PIXELS, 0);
    av_dict_set (&options[i], "threads", "1", 0);
  }
  avformat_find_stream_info (format, options);
  for (unsigned i = 0; i < n; i++)
    av_dict_free (&options[i]);
  g_free (options);
}

/* Before and after the first pictures were looked at: whoever looks at them allocates them. */
static gboolean
have_fitting_sizes (PraxiDemuxer *demuxer, GError **error)
{
  for (unsigned i = 0; i < demuxer->format->nb_streams; i++) {
    const AVCodecParameters *codec = demuxer->format->streams[i]->codecpar;
    if ((gint64) codec->width * codec->height <= PRAXI_MAX_PIXELS)
      continue;
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: pictures of %d × %d pixels are too large (8192 × 8192 at most); scale it "
                 "down with ffmpeg",
                 demuxer->name, codec->width, codec->height);
    return FALSE;
  }
  return TRUE;
}

static gboolean
choose_stream (PraxiDemuxer *demuxer, GError **error)
{
  AVFormatContext *format = demuxer->format;
  demuxer->stream = av_find_best_stream (format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
  if (demuxer->stream < 0 ||
      (format->streams[demuxer->stream]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0)
    return fail (demuxer, error, PRAXI_ERROR_FORMAT,
                 "no video stream in it (sound, a cover picture or subtitles only); choose a file "
                 "with pictures");
  const AVCodecParameters *parameters = format->streams[demuxer->stream]->codecpar;
  if (avcodec_find_decoder (parameters->codec_id) == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "%s: no decoder for '%s' here; convert it with ffmpeg to H.264", demuxer->name,
                 avcodec_get_name (parameters->codec_id));
    return FALSE;
  }
  for (unsigned i = 0; i < format->nb_streams; i++)
    if ((int) i != demuxer->stream)
      format->streams[i]->discard = AVDISCARD_ALL;
  if (parameters->width <= 0 || parameters->height <= 0)
    return fail (demuxer, error, PRAXI_ERROR_FORMAT,
                 "no picture in it can be decoded: it is damaged, cut short or too large; try to "
                 "convert it with ffmpeg");
  return TRUE;
}

PraxiDemuxer *
praxi_demuxer_new (const char *path, int fd, GError **error)
{
  g_autoptr (PraxiDemuxer) demuxer = g_new0 (PraxiDemuxer, 1);
  demuxer->fd = -1;
  demuxer->name = praxi_text_file_name (path);
  const AVInputFormat *input = NULL;
  av_log_set_level (AV_LOG_QUIET);
  if (!open_file (demuxer, path, fd, error) || !probe (demuxer, path, &input, error) ||
      !open_container (demuxer, path, input, error))
    return NULL;
  if (!have_fitting_sizes (demuxer, error))
    return NULL;
  find_streams (demuxer->format);
  if (!have_fitting_sizes (demuxer, error) || !choose_stream (demuxer, error))
    return NULL;
  return g_steal_pointer (&demuxer);
}

void
praxi_demuxer_free (PraxiDemuxer *demuxer)
{
  if (demuxer == NULL)
    return;
  avformat_close_input (&demuxer->format);
  if (demuxer->io != NULL)
    av_freep (&demuxer->io->buffer);
  avio_context_free (&demuxer->io);
  if (demuxer->owns_fd && demuxer->fd >= 0)
    close (demuxer->fd);
  g_free (demuxer->name);
  g_free (demuxer);
}

AVFormatContext *
praxi_demuxer_format (PraxiDemuxer *demuxer)
{
  return demuxer->format;
}

AVStream *
praxi_demuxer_stream (PraxiDemuxer *demuxer)
{
  return demuxer->format->streams[demuxer->stream];
}

gboolean
praxi_demuxer_read (PraxiDemuxer *demuxer, AVPacket *packet)
{
  for (;;) {
    av_packet_unref (packet);
    if (av_read_frame (demuxer->format, packet) < 0)
      return FALSE;
    if (packet->stream_index == demuxer->stream && packet->size > 0)
      return TRUE;
  }
}

gboolean
praxi_demuxer_pread (PraxiDemuxer *demuxer, guint8 *buffer, gsize size_bytes, gint64 at_bytes)
{
  gsize done = 0;
  while (done < size_bytes) {
    const ssize_t n =
        pread (demuxer->fd, buffer + done, size_bytes - done, at_bytes + (gint64) done);
    if (n == 0 || (n < 0 && errno != EINTR))
      return FALSE;
    done += n > 0 ? (gsize) n : 0;
  }
  return TRUE;
}

gint64
praxi_demuxer_size_bytes (const PraxiDemuxer *demuxer)
{
  return demuxer->size_bytes;
}

double
praxi_demuxer_position (const PraxiDemuxer *demuxer)
{
  return CLAMP ((double) demuxer->offset_bytes / (double) MAX (demuxer->size_bytes, 1), 0, 1);
}
