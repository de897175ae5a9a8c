#include "engine/media/camera.h"

#include <dlfcn.h>
#include <libavcodec/avcodec.h>
#include <libavdevice/version.h>
#include <libavformat/avformat.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "engine/core/error.h"
#include "engine/media/frame-private.h"
#include "engine/media/preprocess.h"
#include "engine/media/recorder.h"

enum { DEFAULT_DEADLINE_MS = 3000, DEFAULT_SEGMENT_S = 60 };

/* What a source may lead to; a redirect to a file is refused. */
static const char protocols[] = "rtsp,rtsps,rtp,rtcp,srtp,tcp,udp,tls,http,https,crypto,httpproxy";

struct PraxiCamera {
  char *url;
  char *name;
  PraxiCameraOptions options;
  PraxiCameraCallbacks callbacks;
  gpointer user_data;
  pthread_t thread;
  atomic_bool stop;

  /* below: the camera's thread only */
  AVFormatContext *source;
  AVCodecContext *codec;
  int stream_index;
  AVPacket *packet;
  AVFrame *picture;
  PraxiRecorder *recorder;
  guint8 *rgb;
  gint64 deadline_us; /* of the blocking call under way, monotonic */
  gboolean was_connected;
  gboolean is_stalled;
  char *last_error;       /* so that a fault is told once, not at every try */
  gint64 last_pts;        /* in the stream's time base */
  gint64 last_arrival_us; /* monotonic */
  double clock_s;         /* of the stream, without its jumps */
  double next_picture_s;
};

char *
praxi_camera_strip_credentials (const char *url)
{
  const char *host = strstr (url, "://");
  if (host == NULL)
    return g_strdup (url);
  host += 3;
  const char *path = host + strcspn (host, "/?#");
  const char *at = g_strrstr_len (host, path - host, "@");
  return at == NULL ? g_strdup (url) : g_strdup_printf ("%.*s%s", (int) (host - url), url, at + 1);
}

static gboolean
is_camera_address (const char *url)
{
  static const char *const schemes[] = {"rtsp://", "rtsps://", "rtp://",    "udp://",
                                        "http://", "https://", "/dev/video"};
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (url, schemes[i], strlen (schemes[i])) == 0)
      return TRUE;
  return FALSE;
}

static void
tell (PraxiCamera *camera, PraxiCameraState state, const char *text)
{
  camera->callbacks.state (camera, state, text, g_get_real_time (), camera->user_data);
}

static void
tell_fault_once (PraxiCamera *camera, const char *text)
{
  if (g_strcmp0 (camera->last_error, text) == 0)
    return;
  g_free (camera->last_error);
  camera->last_error = g_strdup (text);
  tell (camera, PRAXI_CAMERA_ERROR, text);
}

static int
interrupt_cb (void *data)
{
  const PraxiCamera *camera = data;
  return atomic_load (&camera->stop) || g_get_monotonic_time () > camera->deadline_us;
}

static void
set_deadline (PraxiCamera *camera, int times)
{
  camera->deadline_us =
      g_get_monotonic_time () + (gint64) camera->options.deadline_ms * 1000 * times;
}

/* A sentence for what FFmpeg says. */
static const char *
fault_text (int av_error)
{
  switch (av_error) {
  case AVERROR_HTTP_UNAUTHORIZED:
  case AVERROR_HTTP_FORBIDDEN:
    return "the camera refuses the user name or password; check them";
  case AVERROR_HTTP_NOT_FOUND:
    return "the camera has no stream at this address; check its path";
  case AVERROR (ECONNREFUSED):
    return "nothing answers at this address; check the port and that the camera is on";
  case AVERROR (EHOSTUNREACH):
  case AVERROR (ENETUNREACH):
    return "this network does not reach the camera; check the address and the cable";
  case AVERROR_PROTOCOL_NOT_FOUND:
  case AVERROR (EINVAL):
    return "the camera leads to an address that is not a camera's; check the address";
  case AVERROR (ENOENT):
    return "there is no such camera; check the address";
  case AVERROR (EBUSY):
    return "another program uses this camera; close it";
  case AVERROR_DEMUXER_NOT_FOUND:
    return "cameras of this machine need FFmpeg's libavdevice; install it";
  case AVERROR_INVALIDDATA:
  case AVERROR_STREAM_NOT_FOUND:
  case AVERROR_DECODER_NOT_FOUND:
    return "the camera sends no video that can be read; set it to H.264, H.265 or MJPEG";
  default:
    return "the camera does not answer; trying again";
  }
}

static int
open_decoder (PraxiCamera *camera)
{
  const AVCodec *decoder = NULL;
  camera->stream_index =
      av_find_best_stream (camera->source, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  if (camera->stream_index < 0)
    return camera->stream_index;
  camera->codec = avcodec_alloc_context3 (decoder);
  if (camera->codec == NULL)
    return AVERROR (ENOMEM);
  const AVStream *stream = camera->source->streams[camera->stream_index];
  const int status = avcodec_parameters_to_context (camera->codec, stream->codecpar);
  if (status < 0)
    return status;
  camera->codec->max_pixels = 8192 * 8192;
  camera->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
  camera->codec->thread_count = 1;
  return avcodec_open2 (camera->codec, decoder, NULL);
}

/* libavdevice brings half a desktop's libraries with it, so it is loaded only where somebody opens
 * a camera of this machine.
 */
static const AVInputFormat *
device_format (void)
{
  void *library = dlopen ("libavdevice.so." AV_STRINGIFY (LIBAVDEVICE_VERSION_MAJOR), RTLD_NOW);
  void (*register_all) (void) = NULL;
  if (library != NULL)
    *(void **) &register_all = dlsym (library, "avdevice_register_all");
  if (register_all == NULL)
    return NULL;
  register_all ();
  return av_find_input_format ("video4linux2");
}

/* Probing holds back the first second of pictures, or all of them from a camera that stalls; most
 * cameras say in their description what they send.
 */
static gboolean
knows_video (const AVFormatContext *source)
{
  for (unsigned i = 0; i < source->nb_streams; i++)
    if (source->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
      return source->streams[i]->codecpar->codec_id != AV_CODEC_ID_NONE;
  return FALSE;
}

static int
open_source (PraxiCamera *camera)
{
  camera->source = avformat_alloc_context ();
  if (camera->source == NULL)
    return AVERROR (ENOMEM);
  camera->source->interrupt_callback = (AVIOInterruptCB){interrupt_cb, camera};
  camera->source->max_analyze_duration = AV_TIME_BASE;
  camera->source->probesize = 1 << 20;
  camera->source->flags |= AVFMT_FLAG_NOBUFFER;

  const gboolean is_device = g_str_has_prefix (camera->url, "/dev/");
  const AVInputFormat *format = is_device ? device_format () : NULL;
  if (is_device && format == NULL)
    return AVERROR_DEMUXER_NOT_FOUND;
  AVDictionary *settings = NULL;
  if (!is_device)
    av_dict_set (&settings, "protocol_whitelist", protocols, 0);
  av_dict_set (&settings, "rtsp_transport", camera->options.udp ? "udp" : "tcp", 0);
  set_deadline (camera, 2);
  int status = avformat_open_input (&camera->source, camera->url, format, &settings);
  av_dict_free (&settings);
  if (status >= 0 && !knows_video (camera->source))
    status = avformat_find_stream_info (camera->source, NULL);
  if (status >= 0)
    status = open_decoder (camera);
  return status;
}

static void
close_source (PraxiCamera *camera)
{
  if (camera->recorder != NULL)
    praxi_recorder_cut (camera->recorder);
  avcodec_free_context (&camera->codec);
  avformat_close_input (&camera->source);
  camera->last_pts = AV_NOPTS_VALUE;
}

/* The stream's own clock counts, because packets arrive in bursts; where it jumps, stands still or
 * is missing, the time of arrival does.
 */
static void
advance_clock (PraxiCamera *camera, const AVFrame *picture)
{
  const AVStream *stream = camera->source->streams[camera->stream_index];
  const gint64 now_us = g_get_monotonic_time ();
  const gint64 pts = picture->best_effort_timestamp;
  double step_s = -1;
  if (pts != AV_NOPTS_VALUE && camera->last_pts != AV_NOPTS_VALUE)
    step_s = (double) (pts - camera->last_pts) * av_q2d (stream->time_base);
  if (!(step_s > 0 && step_s <= 1))
    step_s = (double) (now_us - camera->last_arrival_us) / G_USEC_PER_SEC;
  camera->clock_s += CLAMP (step_s, 0, 60);
  camera->last_pts = pts;
  camera->last_arrival_us = now_us;
}

static void
hand_out (PraxiCamera *camera)
{
  if (!camera->was_connected || camera->is_stalled)
    tell (camera, camera->was_connected ? PRAXI_CAMERA_BACK : PRAXI_CAMERA_CONNECTED, "");
  camera->was_connected = TRUE;
  camera->is_stalled = FALSE;
  g_clear_pointer (&camera->last_error, g_free);

  advance_clock (camera, camera->picture);
  const double step_s = 1 / camera->options.rate_hz;
  if (camera->clock_s + step_s / 1000 < camera->next_picture_s)
    return;
  camera->next_picture_s = MAX (camera->next_picture_s + step_s, camera->clock_s);
  g_autoptr (PraxiFrame) frame = praxi_frame_new (camera->picture, 0, 0, (PraxiOrientation){0});
  g_autoptr (GError) error = NULL;
  if (praxi_preprocess (frame, camera->options.width_px, camera->options.height_px, camera->rgb,
                        &error))
    camera->callbacks.picture (camera, camera->rgb, g_get_real_time (), camera->user_data);
  else
    tell_fault_once (camera, error->message);
}

/* After decoding: what the description left out, the size, is known then. */
static void
record (PraxiCamera *camera)
{
  g_autoptr (GError) error = NULL;
  AVCodecParameters *parameters = camera->source->streams[camera->stream_index]->codecpar;
  if (parameters->width == 0)
    avcodec_parameters_from_context (parameters, camera->codec);
  if (camera->recorder != NULL && parameters->width > 0 &&
      !praxi_recorder_write (camera->recorder, camera->source->streams[camera->stream_index],
                             camera->packet, g_get_real_time (), &error))
    tell_fault_once (camera, error->message);
}

/* Returns the reason why the stream ended; never 0. A camera has no end: it is a fault. */
static int
read_stream (PraxiCamera *camera)
{
  set_deadline (camera, 1);
  for (;;) {
    const int status = av_read_frame (camera->source, camera->packet);
    if (status < 0)
      return status;
    /* On a time-out the parser gives out the packet it held back, as if all were well. */
    if (interrupt_cb (camera)) {
      av_packet_unref (camera->packet);
      return AVERROR_EXIT;
    }
    if (camera->packet->stream_index != camera->stream_index) {
      av_packet_unref (camera->packet);
      continue;
    }
    set_deadline (camera, 1);
    avcodec_send_packet (camera->codec, camera->packet);
    while (avcodec_receive_frame (camera->codec, camera->picture) >= 0) {
      hand_out (camera);
      av_frame_unref (camera->picture);
    }
    record (camera);
    av_packet_unref (camera->packet);
  }
}

static void
wait_ms (PraxiCamera *camera, int ms)
{
  for (int waited = 0; waited < ms && !atomic_load (&camera->stop); waited += 20)
    nanosleep (&(const struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

static void
tell_fault (PraxiCamera *camera, int av_error)
{
  if (atomic_load (&camera->stop))
    return;
  if (!camera->was_connected || camera->is_stalled) {
    tell_fault_once (camera, fault_text (av_error));
    return;
  }
  camera->is_stalled = TRUE;
  tell (camera, PRAXI_CAMERA_STALL,
        av_error == AVERROR_EXIT ? "no picture any more; connecting again"
                                 : "the camera hung up; connecting again");
}

static void *
camera_thread (void *data)
{
  static const int pause_ms[] = {500, 1000, 2000, 5000, 10000};
  PraxiCamera *camera = data;
  guint tries = 0;
  while (!atomic_load (&camera->stop)) {
    int status = open_source (camera);
    if (status >= 0) {
      tries = 0;
      camera->last_arrival_us = g_get_monotonic_time ();
      status = read_stream (camera);
    }
    close_source (camera);
    tell_fault (camera, status);
    wait_ms (camera, pause_ms[MIN (tries, G_N_ELEMENTS (pause_ms) - 1)]);
    tries++;
  }
  return NULL;
}

static PraxiCamera *
camera_alloc (const char *url, const PraxiCameraOptions *options)
{
  PraxiCamera *camera = g_new0 (PraxiCamera, 1);
  camera->url = g_strdup (url);
  camera->name = praxi_camera_strip_credentials (url);
  camera->options = *options;
  if (camera->options.deadline_ms <= 0)
    camera->options.deadline_ms = DEFAULT_DEADLINE_MS;
  if (options->record_folder != NULL)
    camera->recorder = praxi_recorder_new (
        options->record_folder, options->segment_s > 0 ? options->segment_s : DEFAULT_SEGMENT_S);
  camera->options.record_folder = NULL;
  camera->packet = av_packet_alloc ();
  camera->picture = av_frame_alloc ();
  camera->rgb = g_malloc_n ((gsize) options->width_px * (gsize) options->height_px, 3);
  camera->last_pts = AV_NOPTS_VALUE;
  return camera;
}

static void
camera_dispose (PraxiCamera *camera)
{
  praxi_recorder_free (camera->recorder);
  av_packet_free (&camera->packet);
  av_frame_free (&camera->picture);
  g_free (camera->rgb);
  g_free (camera->last_error);
  g_free (camera->name);
  g_free (camera->url);
  g_free (camera);
}

PraxiCamera *
praxi_camera_new (const char *url,
                  const PraxiCameraOptions *options,
                  const PraxiCameraCallbacks *callbacks,
                  gpointer user_data,
                  GError **error)
{
  if (!is_camera_address (url)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "%s: not the address of a camera; try rtsp://HOST/PATH, http://HOST/PATH or "
                 "/dev/video0",
                 url);
    return NULL;
  }
  if (options->record_folder != NULL && g_mkdir_with_parents (options->record_folder, 0700) != 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND,
                 "%s: the folder for recordings cannot be made (%s); choose another",
                 options->record_folder, g_strerror (errno));
    return NULL;
  }
  /* FFmpeg's own messages may carry the address, and with it the password. */
  av_log_set_level (AV_LOG_QUIET);
  PraxiCamera *camera = camera_alloc (url, options);
  camera->callbacks = *callbacks;
  camera->user_data = user_data;
  if (pthread_create (&camera->thread, NULL, camera_thread, camera) != 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "%s: no thread could be started",
                 camera->name);
    camera_dispose (camera);
    return NULL;
  }
  return camera;
}

void
praxi_camera_free (PraxiCamera *camera)
{
  if (camera == NULL)
    return;
  atomic_store (&camera->stop, 1);
  pthread_join (camera->thread, NULL);
  camera_dispose (camera);
}

const char *
praxi_camera_name (const PraxiCamera *camera)
{
  return camera->name;
}
