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
#include "engine/media/camera-jpegs.h"
#include "engine/media/frame-paint.h"
#include "engine/media/frame-private.h"
#include "engine/media/preprocess.h"
#include "engine/media/recorder.h"

/* A sentence the workbench knows in other languages. */
#define N_(text) (text)

enum { DEFAULT_DEADLINE_MS = 3000, DEFAULT_SEGMENT_S = 60 };

/* What a source may lead to; a redirect to a file is refused. */
static const char protocols[] = "rtsp,rtsps,rtp,rtcp,srtp,tcp,udp,tls,http,https,crypto,httpproxy";

/* A pause between two time stamps longer than MAX_STEP_US is believed when it took that long; a
 * clock that is away from the time of arrival by MAX_DRIFT_US is not believed.
 */
enum { MAX_STEP_US = 1000000, STEP_SLACK_US = 500000, MAX_DRIFT_US = 2000000 };
enum { MAX_UNSTAMPED = 25 };
enum { DEVICE_POLL_US = 5000 };
enum { NOTE_AGAIN_US = 60000000, PREVIEW_US = 33000, THUMBNAIL_US = 2000000, FREE_WITHIN_MS = 900 };

typedef enum { NOTE_JUMP, NOTE_STANDS, NOTE_DRIFT, NOTE_SIZE, NOTE_DAMAGE, N_NOTES } Note;

struct PraxiCamera {
  char *url;
  char *name;
  PraxiCameraOptions options;
  PraxiCameraCallbacks callbacks;
  gpointer user_data;
  pthread_t thread;
  atomic_bool stop;
  atomic_bool has_ended; /* the thread is about to return */
  atomic_bool is_left;   /* nobody waits for the thread any more */
  gint64 begin_us;       /* monotonic */

  /* below: the camera's thread only */
  AVFormatContext *source;
  PraxiCameraJpegs *jpegs; /* of a camera that sends pictures as they are */
  AVCodecContext *codec;
  int stream_index;
  AVPacket *packet;
  AVFrame *picture;
  struct SwsContext *preview_cache;
  PraxiRecorder *recorder;
  guint8 *rgb;
  gint64 deadline_us; /* of the blocking call under way, monotonic */
  gboolean was_connected;
  gboolean is_stalled;
  char *last_error;      /* so that a fault is told once, not at every try */
  gboolean disk_refused; /* told, until a recording is open again */
  gint64 noted_us[N_NOTES];
  gint64 recorded_frame;   /* number of the newest packet in the recording, -1 for none */
  int width, height;       /* of the picture before */
  int n_unstamped;         /* packets without a time stamp in a row */
  gint64 last_stamp;       /* in the stream's time base */
  gint64 last_arrival_us;  /* since begin_us */
  gint64 clock_us;         /* of the packet before */
  gint64 next_picture_us;  /* on the clock */
  gint64 last_preview_us;  /* on the clock */
  gint64 picture_clock_us; /* of the picture before */
};

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

/* Tells a note, and the same kind again only after a minute. */
static void
note (PraxiCamera *camera, Note kind, const char *text)
{
  const gint64 now_us = g_get_monotonic_time ();
  if (camera->noted_us[kind] != 0 && now_us - camera->noted_us[kind] < NOTE_AGAIN_US)
    return;
  camera->noted_us[kind] = now_us;
  tell (camera, PRAXI_CAMERA_NOTE, text);
}

static int
interrupt_cb (void *data)
{
  const PraxiCamera *camera = data;
  return atomic_load (&camera->stop) || g_get_monotonic_time () > camera->deadline_us;
}

static void
set_deadline (PraxiCamera *camera)
{
  camera->deadline_us = g_get_monotonic_time () + (gint64) camera->options.deadline_ms * 1000;
}

/* A sentence for what FFmpeg says. */
static const char *
fault_text (int av_error)
{
  switch (av_error) {
  case AVERROR_HTTP_UNAUTHORIZED:
  case AVERROR_HTTP_FORBIDDEN:
    return N_ ("the camera refuses the user name or password; check them");
  case AVERROR_HTTP_NOT_FOUND:
    return N_ ("the camera has no stream at this address; check its path");
  case AVERROR (ECONNREFUSED):
    return N_ ("nothing answers at this address; check the port and that the camera is on");
  case AVERROR (EHOSTUNREACH):
  case AVERROR (ENETUNREACH):
    return N_ ("this network does not reach the camera; check the address and the cable");
  case AVERROR_PROTOCOL_NOT_FOUND:
  case AVERROR (EINVAL):
    return N_ ("the camera leads to an address that is not a camera's; check the address");
  case AVERROR (ENOENT):
    return N_ ("there is no such camera; check the address");
  case AVERROR (EBUSY):
    return N_ ("another program uses this camera; close it");
  case AVERROR (EACCES):
  case AVERROR (EPERM):
    return N_ (
        "this user may not use the camera; join the group 'video', or allow it to the program");
  case AVERROR (ENODEV):
  case AVERROR (ENOTTY):
    return N_ ("this device takes no pictures; try another of /dev/video0, /dev/video1 …");
  case AVERROR_DEMUXER_NOT_FOUND:
    return N_ ("cameras of this machine need FFmpeg's libavdevice; install it");
  case AVERROR_INVALIDDATA:
    return N_ ("what answers at this address is no video; check the address and its path");
  case AVERROR_STREAM_NOT_FOUND:
    return N_ ("the camera sends no pictures, only sound or nothing; check its path and settings");
  case AVERROR_DECODER_NOT_FOUND:
    return N_ ("the camera sends video that cannot be read; set it to H.264, H.265 or MJPEG");
  case AVERROR_HTTP_BAD_REQUEST:
  case AVERROR_HTTP_OTHER_4XX:
    return N_ ("the camera does not understand the request; check the address and its path");
  case AVERROR_HTTP_SERVER_ERROR:
    return N_ ("the camera reports a fault of its own; restart it if this lasts");
  default:
    return N_ ("the camera does not answer; trying again");
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
  AVCodecParameters *parameters = camera->source->streams[camera->stream_index]->codecpar;
  if (parameters->codec_id == AV_CODEC_ID_RAWVIDEO) {
    camera->jpegs = praxi_camera_jpegs_new (parameters);
    if (camera->jpegs == NULL)
      return AVERROR_DECODER_NOT_FOUND;
    parameters = praxi_camera_jpegs_parameters (camera->jpegs);
    decoder = avcodec_find_decoder (parameters->codec_id);
  }
  camera->codec = avcodec_alloc_context3 (decoder);
  if (camera->codec == NULL)
    return AVERROR (ENOMEM);
  const int status = avcodec_parameters_to_context (camera->codec, parameters);
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

/* format: NULL for what the address says */
static int
open_input (PraxiCamera *camera, const AVInputFormat *format, AVDictionary *settings)
{
  camera->source = avformat_alloc_context ();
  if (camera->source == NULL)
    return AVERROR (ENOMEM);
  camera->source->interrupt_callback = (AVIOInterruptCB){interrupt_cb, camera};
  camera->source->max_analyze_duration = AV_TIME_BASE;
  camera->source->probesize = 1 << 20;
  camera->source->flags |= AVFMT_FLAG_NOBUFFER;
  /* Video4Linux knows no deadline: it is asked again and again instead. */
  if (format != NULL)
    camera->source->flags |= AVFMT_FLAG_NONBLOCK;
  AVDictionary *left = NULL;
  av_dict_copy (&left, settings, 0);
  set_deadline (camera);
  const int status = avformat_open_input (&camera->source, camera->url, format, &left);
  av_dict_free (&left);
  return status;
}

/* JPEGs where it has them, for the rate and the size at which it sends them. */
static int
open_device (PraxiCamera *camera)
{
  const AVInputFormat *format = device_format ();
  if (format == NULL)
    return AVERROR_DEMUXER_NOT_FOUND;
  AVDictionary *settings = NULL;
  av_dict_set (&settings, "input_format", "mjpeg", 0);
  const int status = open_input (camera, format, settings);
  av_dict_free (&settings);
  return status == AVERROR (EINVAL) ? open_input (camera, format, NULL) : status;
}

static int
open_address (PraxiCamera *camera)
{
  AVDictionary *settings = NULL;
  av_dict_set (&settings, "protocol_whitelist", protocols, 0);
  av_dict_set (&settings, "rtsp_transport", camera->options.udp ? "udp" : "tcp", 0);
  const int status = open_input (camera, NULL, settings);
  av_dict_free (&settings);
  return status;
}

static int
open_source (PraxiCamera *camera)
{
  const gboolean is_device = g_str_has_prefix (camera->url, "/dev/");
  int status = is_device ? open_device (camera) : open_address (camera);
  set_deadline (camera);
  if (status >= 0 && !knows_video (camera->source))
    status = avformat_find_stream_info (camera->source, NULL);
  return status >= 0 ? open_decoder (camera) : status;
}

/* Over a short stall the recording stays open. */
static void
close_source (PraxiCamera *camera)
{
  avcodec_free_context (&camera->codec);
  g_clear_pointer (&camera->jpegs, praxi_camera_jpegs_free);
  avformat_close_input (&camera->source);
  camera->last_stamp = AV_NOPTS_VALUE;
}

/* How far the clock moves by the time stamps, or -1 where they cannot be believed. */
static gint64
believable_step (PraxiCamera *camera, gint64 stamp, gint64 arrival_step_us)
{
  const AVStream *stream = camera->source->streams[camera->stream_index];
  if (stamp == AV_NOPTS_VALUE || camera->last_stamp == AV_NOPTS_VALUE) {
    camera->n_unstamped = stamp == AV_NOPTS_VALUE ? camera->n_unstamped + 1 : 0;
    if (camera->n_unstamped == MAX_UNSTAMPED) /* the first packet often has none */
      note (
          camera, NOTE_STANDS,
          N_ ("the camera sends pictures without time stamps; the time of arrival counts instead"));
    return -1;
  }
  const gint64 step_us =
      av_rescale_q (stamp - camera->last_stamp, stream->time_base, (AVRational){1, G_USEC_PER_SEC});
  if (step_us > 0 && (step_us <= MAX_STEP_US || ABS (step_us - arrival_step_us) < STEP_SLACK_US))
    return step_us;
  g_autofree char *text =
      step_us == 0
          ? g_strdup (
                N_ ("the camera's time stamps stand still; the time of arrival counts instead"))
          : g_strdup_printf ("the camera's clock jumped by %.1f s; the time of arrival counts "
                             "instead",
                             (double) step_us / G_USEC_PER_SEC);
  note (camera, step_us == 0 ? NOTE_STANDS : NOTE_JUMP, text);
  return -1;
}

/* Moves the clock to the packet and gives the packet its times. */
static void
advance_clock (PraxiCamera *camera)
{
  AVPacket *packet = camera->packet;
  const AVStream *stream = camera->source->streams[camera->stream_index];
  const gint64 arrival_us = g_get_monotonic_time () - camera->begin_us;
  const gint64 stamp = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
  const gint64 step_us = believable_step (camera, stamp, arrival_us - camera->last_arrival_us);
  gint64 clock_us = step_us > 0 ? camera->clock_us + step_us : arrival_us;
  if (ABS (clock_us - arrival_us) > MAX_DRIFT_US) {
    if (step_us > 0)
      note (
          camera, NOTE_DRIFT,
          N_ ("the camera's clock runs too fast or too slow; the time of arrival counts instead"));
    clock_us = arrival_us;
  }
  gint64 shown_after_us = 0; /* B-frames are shown later than they are sent */
  if (packet->pts != AV_NOPTS_VALUE && packet->dts != AV_NOPTS_VALUE)
    shown_after_us = av_rescale_q (packet->pts - packet->dts, stream->time_base,
                                   (AVRational){1, G_USEC_PER_SEC});
  camera->clock_us = MAX (clock_us, camera->clock_us + 1000);
  camera->last_stamp = stamp;
  camera->last_arrival_us = arrival_us;
  packet->dts = camera->clock_us;
  packet->pts = camera->clock_us + CLAMP (shown_after_us, 0, MAX_STEP_US);
}

static void
show_preview (PraxiCamera *camera, const PraxiFrame *frame, gint64 clock_us)
{
  PraxiLiveRing *ring = camera->options.preview;
  int width, height;
  camera->last_preview_us = clock_us;
  praxi_frame_fit (frame, PRAXI_LIVE_MAX_WIDTH_PX, PRAXI_LIVE_MAX_HEIGHT_PX, &width, &height);
  if (praxi_frame_paint (frame, width, height, &camera->preview_cache, praxi_live_ring_begin (ring),
                         width * 4, NULL))
    praxi_live_ring_publish (
        ring, &(PraxiLivePicture){width, height, clock_us, camera->recorded_frame, NULL});
}

static gboolean
wants_preview (const PraxiCamera *camera, gint64 clock_us)
{
  const PraxiLiveRing *ring = camera->options.preview;
  return ring != NULL && clock_us - camera->last_preview_us >=
                             (praxi_live_ring_is_watched (ring) ? PREVIEW_US : THUMBNAIL_US);
}

static void
tell_picture (PraxiCamera *camera)
{
  const AVFrame *picture = camera->picture;
  if (camera->width != 0 &&
      (camera->width != picture->width || camera->height != picture->height)) {
    g_autofree char *text = g_strdup_printf (
        "the pictures are now %d × %d instead of %d × %d; another recording begins", picture->width,
        picture->height, camera->width, camera->height);
    camera->noted_us[NOTE_SIZE] = 0;
    note (camera, NOTE_SIZE, text);
  }
  camera->width = picture->width;
  camera->height = picture->height;
  g_autofree char *kind =
      g_strdup_printf ("%d × %d, %s", picture->width, picture->height, camera->codec->codec->name);
  if (!camera->was_connected)
    tell (camera, PRAXI_CAMERA_CONNECTED, kind);
  else if (camera->is_stalled)
    tell (camera, PRAXI_CAMERA_BACK, kind);
  camera->was_connected = TRUE;
  camera->is_stalled = FALSE;
  g_clear_pointer (&camera->last_error, g_free);
}

static void
hand_out (PraxiCamera *camera, const PraxiFrame *frame, gint64 clock_us)
{
  const gint64 step_us = (gint64) (G_USEC_PER_SEC / camera->options.rate_hz);
  if (clock_us + 1000 < camera->next_picture_us)
    return;
  camera->next_picture_us = MAX (camera->next_picture_us + step_us, clock_us);
  g_autoptr (GError) error = NULL;
  if (!praxi_preprocess (frame, camera->options.width_px, camera->options.height_px, camera->rgb,
                         &error)) {
    tell_fault_once (camera, error->message);
    return;
  }
  const PraxiCameraPicture picture = {camera->rgb, g_get_real_time (), clock_us};
  camera->callbacks.picture (camera, &picture, camera->user_data);
}

static void
take_picture (PraxiCamera *camera)
{
  tell_picture (camera);
  gint64 clock_us = camera->picture->best_effort_timestamp;
  if (clock_us == AV_NOPTS_VALUE || clock_us <= camera->picture_clock_us)
    clock_us = MAX (camera->picture_clock_us + 1, camera->clock_us);
  camera->picture_clock_us = clock_us;
  g_autoptr (PraxiFrame) frame = praxi_frame_new (camera->picture, 0, 0, (PraxiOrientation){0});
  hand_out (camera, frame, clock_us);
  if (wants_preview (camera, clock_us))
    show_preview (camera, frame, clock_us);
}

static void
record (PraxiCamera *camera)
{
  g_autoptr (GError) error = NULL;
  AVCodecParameters *parameters = camera->jpegs != NULL
                                      ? praxi_camera_jpegs_parameters (camera->jpegs)
                                      : camera->source->streams[camera->stream_index]->codecpar;
  if (camera->recorder == NULL || camera->codec->width == 0)
    return;
  if (parameters->width != camera->codec->width || parameters->height != camera->codec->height)
    avcodec_parameters_from_context (parameters, camera->codec);
  if (!praxi_recorder_write (camera->recorder, parameters, camera->packet, &error)) {
    if (!camera->disk_refused)
      tell (camera, PRAXI_CAMERA_ERROR, error->message);
    camera->disk_refused = TRUE;
  } else if (camera->disk_refused && praxi_recorder_n_frames (camera->recorder) >= 0) {
    camera->disk_refused = FALSE;
    tell (camera, PRAXI_CAMERA_NOTE, N_ ("the recording goes on"));
  }
}

static void
decode (PraxiCamera *camera)
{
  const gint64 n_recorded = camera->recorder ? praxi_recorder_n_frames (camera->recorder) : -1;
  const gboolean is_key = (camera->packet->flags & AV_PKT_FLAG_KEY) != 0;
  camera->recorded_frame = is_key && n_recorded >= 0 ? n_recorded : n_recorded - 1;
  if (avcodec_send_packet (camera->codec, camera->packet) == AVERROR_INVALIDDATA &&
      camera->was_connected)
    note (camera, NOTE_DAMAGE,
          N_ ("some of what the camera sends is damaged; the network may lose it"));
  while (avcodec_receive_frame (camera->codec, camera->picture) >= 0) {
    take_picture (camera);
    av_frame_unref (camera->picture);
  }
}

/* The next packet, below 0 the reason why there is none. */
static int
read_packet (PraxiCamera *camera)
{
  int status = av_read_frame (camera->source, camera->packet);
  while (status == AVERROR (EAGAIN) && !interrupt_cb (camera)) {
    g_usleep (DEVICE_POLL_US);
    status = av_read_frame (camera->source, camera->packet);
  }
  return status == AVERROR (EAGAIN) ? AVERROR_EXIT : status;
}

/* Decoding a key frame tells the size of what follows; the others can be named by the number they
 * have in the recording. */
static void
take_packet (PraxiCamera *camera)
{
  const gboolean is_key = (camera->packet->flags & AV_PKT_FLAG_KEY) != 0;
  advance_clock (camera);
  if (!is_key)
    record (camera);
  decode (camera);
  if (is_key)
    record (camera);
}

/* Returns the reason why the stream ended; never 0. A camera has no end: it is a fault. */
static int
read_stream (PraxiCamera *camera)
{
  set_deadline (camera);
  for (;;) {
    const int status = read_packet (camera);
    if (status < 0)
      return status;
    /* On a time-out the parser gives out the packet it held back, as if all were well. */
    if (interrupt_cb (camera)) {
      av_packet_unref (camera->packet);
      return AVERROR_EXIT;
    }
    const gboolean is_video = camera->packet->stream_index == camera->stream_index;
    if (is_video)
      set_deadline (camera);
    if (is_video &&
        (camera->jpegs == NULL || praxi_camera_jpegs_make (camera->jpegs, camera->packet) >= 0))
      take_packet (camera);
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
        av_error == AVERROR_EXIT ? N_ ("no picture any more; connecting again")
                                 : N_ ("the camera hung up; connecting again"));
}

/* A camera that answers "no" is asked six times a minute; one that is away is back soon after its
 * return, since asking it costs nothing.
 */
static int
pause_ms (int av_error, guint tries)
{
  static const int when_away_ms[] = {500, 750, 1000};
  switch (av_error) {
  case AVERROR_HTTP_UNAUTHORIZED:
  case AVERROR_HTTP_FORBIDDEN:
  case AVERROR_HTTP_NOT_FOUND:
  case AVERROR_HTTP_BAD_REQUEST:
  case AVERROR_HTTP_OTHER_4XX:
  case AVERROR_HTTP_SERVER_ERROR:
  case AVERROR_INVALIDDATA:
  case AVERROR_STREAM_NOT_FOUND:
  case AVERROR_DECODER_NOT_FOUND:
  case AVERROR_PROTOCOL_NOT_FOUND:
  case AVERROR (EINVAL):
    return 10000;
  default:
    return when_away_ms[MIN (tries, G_N_ELEMENTS (when_away_ms) - 1)];
  }
}

static void *
camera_thread (void *data)
{
  PraxiCamera *camera = data;
  guint tries = 0;
  while (!atomic_load (&camera->stop)) {
    const gint64 n_before_us = camera->clock_us;
    int status = open_source (camera);
    if (status >= 0)
      status = read_stream (camera);
    close_source (camera);
    tell_fault (camera, status);
    tries = camera->clock_us > n_before_us ? 0 : tries + 1;
    wait_ms (camera, pause_ms (status, tries));
  }
  if (!atomic_load (&camera->is_left))
    g_clear_pointer (&camera->recorder, praxi_recorder_free);
  atomic_store (&camera->has_ended, 1);
  return NULL;
}

static PraxiRecorder *
make_recorder (const PraxiCameraOptions *options,
               const PraxiCameraCallbacks *callbacks,
               gpointer user_data)
{
  if (options->record_folder == NULL)
    return NULL;
  return praxi_recorder_new (&(PraxiRecorderOptions){
      .folder = options->record_folder,
      .segment_s = options->segment_s > 0 ? options->segment_s : DEFAULT_SEGMENT_S,
      .tell = callbacks->recorded,
      .user_data = user_data,
  });
}

static PraxiCamera *
camera_alloc (const char *url,
              const PraxiCameraOptions *options,
              const PraxiCameraCallbacks *callbacks,
              gpointer user_data)
{
  PraxiCamera *camera = g_new0 (PraxiCamera, 1);
  camera->url = g_strdup (url);
  camera->name = praxi_camera_strip_credentials (url);
  camera->options = *options;
  if (camera->options.deadline_ms <= 0)
    camera->options.deadline_ms = DEFAULT_DEADLINE_MS;
  camera->recorder = make_recorder (options, callbacks, user_data);
  camera->options.record_folder = NULL;
  camera->callbacks = *callbacks;
  camera->user_data = user_data;
  camera->begin_us = g_get_monotonic_time ();
  camera->last_preview_us = -THUMBNAIL_US;
  camera->packet = av_packet_alloc ();
  camera->picture = av_frame_alloc ();
  camera->rgb = g_malloc_n ((gsize) options->width_px * (gsize) options->height_px, 3);
  camera->last_stamp = AV_NOPTS_VALUE;
  return camera;
}

static void
camera_dispose (PraxiCamera *camera)
{
  praxi_recorder_free (camera->recorder);
  av_packet_free (&camera->packet);
  av_frame_free (&camera->picture);
  sws_freeContext (camera->preview_cache);
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
  g_autofree char *shown = praxi_camera_strip_credentials (url);
  if (!is_camera_address (url)) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE,
                 "%s: not the address of a camera; try rtsp://HOST/PATH, http://HOST/PATH or "
                 "/dev/video0",
                 shown);
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
  PraxiCamera *camera = camera_alloc (url, options, callbacks, user_data);
  if (pthread_create (&camera->thread, NULL, camera_thread, camera) != 0) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED, "%s: no thread could be started",
                 camera->name);
    camera_dispose (camera);
    return NULL;
  }
  return camera;
}

void
praxi_camera_stop (PraxiCamera *camera)
{
  atomic_store (&camera->stop, 1);
  for (int waited = 0; waited < FREE_WITHIN_MS && !atomic_load (&camera->has_ended); waited += 5)
    nanosleep (&(const struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
  atomic_store (&camera->is_left, 1);
}

void
praxi_camera_free (PraxiCamera *camera)
{
  if (camera == NULL)
    return;
  praxi_camera_stop (camera);
  if (!atomic_load (&camera->has_ended)) {
    pthread_detach (camera->thread); /* it looks up a name; what it uses stays */
    return;
  }
  pthread_join (camera->thread, NULL);
  camera_dispose (camera);
}

const char *
praxi_camera_name (const PraxiCamera *camera)
{
  return camera->name;
}
