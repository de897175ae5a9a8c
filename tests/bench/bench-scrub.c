/* Prints how long pictures take from the asking to the client: exact frames far and near, keyframe
 * previews, and frames of a movement; judges nothing. Beside those that nobody can have ready
 * stands the floor: the same frame from libavcodec alone, from the keyframe on, leaving out what no
 * other frame needs, neither converted nor handed over; the two take turns.
 *
 * bench-scrub PRAXI VIDEO
 */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/media/decode-client.h"

enum { WIDTH = 1920, HEIGHT = 1080, ROUNDS = 60, STEPS = 150 };

typedef struct {
  PraxiDecodeClient *client;
  PraxiFrameIndex *index;
  int exact;     /* the frame that came last */
  int shown;     /* what was asked for when any picture came last */
  int preview;   /* the ordinal whose preview came last */
  double cpu_ms; /* of the helper while its answers were waited for, since it was printed last */
  const char *video;
} Bench;

/* libavcodec alone, with its own way of seeking. */
typedef struct {
  AVFormatContext *format;
  AVCodecContext *codec;
  AVStream *stream;
  AVPacket *packet;
  AVFrame *frame;
  double cpu_ms; /* so far */
} Floor;

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  Bench *bench = user_data;
  bench->index = praxi_frame_index_ref (index);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  Bench *bench = user_data;
  bench->shown = picture->requested;
  if (picture->is_exact)
    bench->exact = picture->ordinal;
}

static void
preview_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  ((Bench *) user_data)->preview = picture->requested;
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  fprintf (stderr, "%s\n", error->message);
  exit (EXIT_FAILURE);
}

static double
cpu_ms (clockid_t clock)
{
  struct timespec now = {0};
  clock_gettime (clock, &now);
  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

/* Of the helper so far: on a busy machine it says more than the clock. */
static double
helper_cpu_ms (const Bench *bench)
{
  clockid_t clock;
  return clock_getcpuclockid (praxi_decode_client_pid (bench->client), &clock) == 0 ? cpu_ms (clock)
                                                                                    : 0;
}

static void
floor_open (Floor *floor, const char *video, int threads)
{
  const AVCodec *decoder = NULL;
  *floor = (Floor){.packet = av_packet_alloc (), .frame = av_frame_alloc ()};
  int stream = -1;
  if (avformat_open_input (&floor->format, video, NULL, NULL) == 0)
    stream = av_find_best_stream (floor->format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  if (stream < 0)
    exit (EXIT_FAILURE);
  floor->stream = floor->format->streams[stream];
  floor->codec = avcodec_alloc_context3 (decoder);
  avcodec_parameters_to_context (floor->codec, floor->stream->codecpar);
  floor->codec->thread_count = threads;
  if (avcodec_open2 (floor->codec, decoder, NULL) < 0)
    exit (EXIT_FAILURE);
}

static void
floor_close (Floor *floor)
{
  avcodec_free_context (&floor->codec);
  avformat_close_input (&floor->format);
  av_packet_free (&floor->packet);
  av_frame_free (&floor->frame);
}

/* FALSE: it goes on. */
static gboolean
floor_receive (Floor *floor, gint64 pts)
{
  gboolean is_there = FALSE;
  while (!is_there && avcodec_receive_frame (floor->codec, floor->frame) == 0)
    is_there = floor->frame->pts >= pts;
  return is_there;
}

/* is_alone: one packet and no more, for a keyframe */
static double
floor_frame (Floor *floor, gint64 pts_ns, gboolean is_alone)
{
  const AVRational ns = {1, 1000000000};
  const gint64 pts = av_rescale_q (pts_ns, ns, floor->stream->time_base);
  const gint64 begin_us = g_get_monotonic_time ();
  const double begin_cpu_ms = cpu_ms (CLOCK_PROCESS_CPUTIME_ID);
  av_seek_frame (floor->format, floor->stream->index, pts, AVSEEK_FLAG_BACKWARD);
  avcodec_flush_buffers (floor->codec);
  gboolean is_there = FALSE;
  while (!is_there && av_read_frame (floor->format, floor->packet) == 0) {
    if (floor->packet->stream_index == floor->stream->index) {
      const gboolean is_needed = floor->packet->pts >= pts;
      floor->codec->skip_frame = is_needed ? AVDISCARD_DEFAULT : AVDISCARD_NONREF;
      avcodec_send_packet (floor->codec, floor->packet);
      if (is_alone)
        avcodec_send_packet (floor->codec, NULL);
      is_there = floor_receive (floor, pts) || is_alone;
    }
    av_packet_unref (floor->packet);
  }
  floor->cpu_ms += cpu_ms (CLOCK_PROCESS_CPUTIME_ID) - begin_cpu_ms;
  return (double) (g_get_monotonic_time () - begin_us) / 1e3;
}

static double
wait_exact (Bench *bench, int ordinal)
{
  const gint64 begin_us = g_get_monotonic_time ();
  const double begin_cpu_ms = helper_cpu_ms (bench);
  bench->exact = -1;
  praxi_decode_client_request (bench->client, ordinal, WIDTH, HEIGHT, TRUE);
  while (bench->exact != ordinal)
    g_main_context_iteration (NULL, TRUE);
  bench->cpu_ms += helper_cpu_ms (bench) - begin_cpu_ms;
  return (double) (g_get_monotonic_time () - begin_us) / 1e3;
}

/* Until there is anything of it to see, and until it is exact. */
static double
wait_any (Bench *bench, int ordinal, double *exact_ms)
{
  const gint64 begin_us = g_get_monotonic_time ();
  const double begin_cpu_ms = helper_cpu_ms (bench);
  bench->shown = bench->exact = -1;
  praxi_decode_client_request (bench->client, ordinal, WIDTH, HEIGHT, FALSE);
  while (bench->shown != ordinal)
    g_main_context_iteration (NULL, TRUE);
  bench->cpu_ms += helper_cpu_ms (bench) - begin_cpu_ms;
  const double ms = (double) (g_get_monotonic_time () - begin_us) / 1e3;
  while (bench->exact != ordinal)
    g_main_context_iteration (NULL, TRUE);
  *exact_ms = (double) (g_get_monotonic_time () - begin_us) / 1e3;
  return ms;
}

static gboolean
rested_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
rest (guint ms)
{
  gboolean is_rested = FALSE;
  g_timeout_add (ms, rested_cb, &is_rested);
  while (!is_rested)
    g_main_context_iteration (NULL, TRUE);
}

static double
wait_preview (Bench *bench, int ordinal)
{
  const gint64 begin_us = g_get_monotonic_time ();
  const double begin_cpu_ms = helper_cpu_ms (bench);
  bench->preview = -1;
  praxi_decode_client_preview (bench->client, ordinal, 384, 216);
  while (bench->preview != ordinal)
    g_main_context_iteration (NULL, TRUE);
  bench->cpu_ms += helper_cpu_ms (bench) - begin_cpu_ms;
  return (double) (g_get_monotonic_time () - begin_us) / 1e3;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static void
print_times (Bench *bench, const char *what, double *ms, int n)
{
  qsort (ms, (size_t) n, sizeof *ms, compare_doubles);
  printf ("%-30s median %7.2f ms, p95 %7.2f ms, processor time %6.2f ms a picture\n", what,
          ms[n / 2], ms[n * 95 / 100], bench->cpu_ms / n);
  bench->cpu_ms = 0;
}

static void
print_floor (const double *ms, double *floor_ms, double floor_cpu_ms, int n)
{
  g_autofree double *ratios = g_new (double, n);
  for (int i = 0; i < n; i++)
    ratios[i] = ms[i] / floor_ms[i];
  qsort (ratios, (size_t) n, sizeof *ratios, compare_doubles);
  qsort (floor_ms, (size_t) n, sizeof *floor_ms, compare_doubles);
  printf ("%-30s median %7.2f ms, p95 %7.2f ms, processor time %6.2f ms a picture; times of "
          "it above: %.2f\n",
          "  libavcodec alone", floor_ms[n / 2], floor_ms[n * 95 / 100], floor_cpu_ms / n,
          ratios[n / 2]);
}

/* In no order, each once: frames anywhere, or keyframes. Returns how many. */
static int
draw (const Bench *bench, gboolean are_keyframes, int *ordinals)
{
  const int n_frames = praxi_frame_index_length (bench->index);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  g_autofree int *drawn = g_new (int, n_frames);
  int n = 0;
  for (int i = 0; i < n_frames; i++)
    if (!are_keyframes || praxi_frame_index_is_keyframe (bench->index, i))
      drawn[n++] = i;
  for (int i = 0; i < n && i < ROUNDS; i++) {
    const int j = g_rand_int_range (random, i, n);
    ordinals[i] = drawn[j];
    drawn[j] = drawn[i];
  }
  return MIN (n, ROUNDS);
}

/* Frames anywhere, exact, or keyframes, none of which was shown before. */
static void
jump (Bench *bench, const char *what, gboolean is_preview)
{
  static double ms[ROUNDS], floor_times[ROUNDS];
  static int ordinals[ROUNDS];
  const int n = draw (bench, is_preview, ordinals);
  Floor floor;
  floor_open (&floor, bench->video, is_preview ? 1 : (int) g_get_num_processors ());
  for (int i = 0; i < n; i++) {
    const int ordinal = ordinals[i];
    ms[i] = is_preview ? wait_preview (bench, ordinal) : wait_exact (bench, ordinal);
    kill (praxi_decode_client_pid (bench->client),
          SIGSTOP); /* it would go on to what lies around */
    floor_times[i] =
        floor_frame (&floor, praxi_frame_index_pts_ns (bench->index, ordinal), is_preview);
    kill (praxi_decode_client_pid (bench->client), SIGCONT);
  }
  floor_close (&floor);
  g_autofree double *unsorted = g_memdup2 (ms, sizeof ms);
  print_times (bench, what, ms, n);
  print_floor (unsorted, floor_times, floor.cpu_ms, n);
  for (int i = 0; is_preview && i < n; i++)
    ms[i] = wait_preview (bench, ordinals[i]);
  if (is_preview)
    print_times (bench, "keyframe preview, again", ms, n);
}

static void
move (Bench *bench, const char *what, int from, int step)
{
  static double ms[STEPS];
  int n = 0;
  wait_exact (bench, from);
  for (int at = from + step; n < STEPS && at >= 0 && at < praxi_frame_index_length (bench->index);
       at += step)
    ms[n++] = wait_exact (bench, at);
  print_times (bench, what, ms, n);
}

int
main (int argc, char **argv)
{
  static double ms[ROUNDS], exact_ms[ROUNDS];
  const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .preview = preview_cb, .failed = failed_cb};
  g_autoptr (GError) error = NULL;
  Bench bench = {.video = argc == 3 ? argv[2] : NULL};
  setvbuf (stdout, NULL, _IOLBF, 0);
  bench.client =
      argc == 3 ? praxi_decode_client_new (argv[1], argv[2], &callbacks, &bench, &error) : NULL;
  if (bench.client == NULL) {
    fprintf (stderr, "usage: bench-scrub PRAXI VIDEO; %s\n", error != NULL ? error->message : "");
    return EXIT_FAILURE;
  }
  while (bench.index == NULL)
    g_main_context_iteration (NULL, TRUE);
  const int n_frames = praxi_frame_index_length (bench.index);
  jump (&bench, "any exact frame", FALSE);
  jump (&bench, "keyframe preview", TRUE);
  g_autoptr (GRand) random = g_rand_new_with_seed (8);
  for (int i = 0; i < ROUNDS; i++)
    ms[i] = wait_any (&bench, g_rand_int_range (random, 0, n_frames), &exact_ms[i]);
  print_times (&bench, "first picture of a scrub", ms, ROUNDS);
  print_times (&bench, "exact frame of a scrub", exact_ms, ROUNDS);
  for (int i = 0; i < ROUNDS; i++) {
    const int at = g_rand_int_range (random, 15, n_frames - 15);
    wait_exact (&bench, at);
    rest (600);
    ms[i] = wait_exact (&bench, at + g_rand_int_range (random, -15, 16));
  }
  print_times (&bench, "within 15 of the last, rested", ms, ROUNDS);
  const int middle = n_frames / 2 + 30; /* not beside a keyframe of every 60th */
  wait_exact (&bench, middle);
  for (int i = 0; i < ROUNDS; i++)
    ms[i] = wait_exact (&bench, middle + g_rand_int_range (random, -15, 16));
  print_times (&bench, "within 15 of the last, at once", ms, ROUNDS);
  move (&bench, "forwards, frame by frame", n_frames / 4, 1);
  move (&bench, "backwards, frame by frame", n_frames * 3 / 4, -1);
  praxi_decode_client_free (bench.client);
  praxi_frame_index_unref (bench.index);
  return EXIT_SUCCESS;
}
