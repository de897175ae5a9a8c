#include "engine/media/recorder.h"

#include <libavcodec/bsf.h>
#include <string.h>

#include "engine/core/error.h"

/* What is told of lies in the file: it is brought there this often. A refusing disk is asked again
 * after RETRY_US. A gap is longer than any pause between the pictures of a slow camera.
 */
enum { FLUSH_US = 200000, RETRY_US = 5000000, GAP_US = 2500000 };

static const AVRational clock_base = {1, G_USEC_PER_SEC};

struct PraxiRecorder {
  char *folder;
  gint64 segment_us;
  PraxiRecordingFunc tell;
  gpointer user_data;
  AVPacket *packet;
  gint64 retry_us; /* on the camera's clock: not before this */

  AVFormatContext *file; /* NULL between two files; the fields below belong to it */
  AVCodecParameters *parameters;
  char *path;
  gint64 begin_us;    /* on the camera's clock */
  gint64 begin_at_us; /* UTC */
  gint64 last_us;
  gint64 last_dts; /* in the file's time base */
  gint64 flushed_us;
  gint64 total_frames;
  gint64 gap_us;      /* before the first of the frames not told of */
  GArray *new_pts_ns; /* not told of */
  GByteArray *new_is_key;
};

PraxiRecorder *
praxi_recorder_new (const PraxiRecorderOptions *options)
{
  PraxiRecorder *recorder = g_new0 (PraxiRecorder, 1);
  recorder->folder = g_strdup (options->folder);
  recorder->segment_us = (gint64) options->segment_s * G_USEC_PER_SEC;
  recorder->tell = options->tell;
  recorder->user_data = options->user_data;
  recorder->packet = av_packet_alloc ();
  recorder->retry_us = G_MININT64;
  recorder->new_pts_ns = g_array_new (FALSE, FALSE, sizeof (gint64));
  recorder->new_is_key = g_byte_array_new ();
  return recorder;
}

static void
tell (PraxiRecorder *recorder, PraxiRecordingNews news)
{
  const PraxiRecording recording = {
      .news = news,
      .path = recorder->path,
      .begin_clock_us = recorder->begin_us,
      .begin_at_us = recorder->begin_at_us,
      .width = recorder->parameters->width,
      .height = recorder->parameters->height,
      .pts_ns = (const gint64 *) (const void *) recorder->new_pts_ns->data,
      .is_key = recorder->new_is_key->data,
      .n_frames = (int) recorder->new_pts_ns->len,
      .total_frames = recorder->total_frames,
      .gap_ns = recorder->gap_us * 1000,
  };
  if (recorder->tell != NULL)
    recorder->tell (&recording, recorder->user_data);
}

/* Brings what was written into the file, then tells of it. */
static int
flush (PraxiRecorder *recorder, gint64 now_us)
{
  const int status = av_write_frame (recorder->file, NULL);
  if (status < 0 || recorder->file->pb->error < 0)
    return status < 0 ? status : recorder->file->pb->error;
  recorder->flushed_us = now_us;
  recorder->total_frames += recorder->new_pts_ns->len;
  if (recorder->new_pts_ns->len > 0)
    tell (recorder, PRAXI_RECORDING_GREW);
  recorder->gap_us = 0;
  g_array_set_size (recorder->new_pts_ns, 0);
  g_byte_array_set_size (recorder->new_is_key, 0);
  return 0;
}

static void
end_file (PraxiRecorder *recorder)
{
  if (recorder->file == NULL)
    return;
  flush (recorder, recorder->last_us);
  av_write_trailer (recorder->file);
  avio_closep (&recorder->file->pb);
  g_array_set_size (recorder->new_pts_ns, 0);
  g_byte_array_set_size (recorder->new_is_key, 0);
  tell (recorder, PRAXI_RECORDING_ENDED);
  g_clear_pointer (&recorder->file, avformat_free_context);
  avcodec_parameters_free (&recorder->parameters);
  g_clear_pointer (&recorder->path, g_free);
}

void
praxi_recorder_free (PraxiRecorder *recorder)
{
  if (recorder == NULL)
    return;
  end_file (recorder);
  av_packet_free (&recorder->packet);
  g_array_unref (recorder->new_pts_ns);
  g_byte_array_unref (recorder->new_is_key);
  g_free (recorder->folder);
  g_free (recorder);
}

gint64
praxi_recorder_n_frames (const PraxiRecorder *recorder)
{
  return recorder->file != NULL ? recorder->total_frames + recorder->new_pts_ns->len : -1;
}

/* A name that is new in the folder; the time is UTC, so that names sort and never step back. */
static char *
file_path (const PraxiRecorder *recorder, gint64 at_us)
{
  g_autoptr (GDateTime) at = g_date_time_new_from_unix_utc (at_us / G_USEC_PER_SEC);
  g_autofree char *name = g_date_time_format (at, "%Y-%m-%dT%H-%M-%SZ");
  for (int copy = 1;; copy++) {
    g_autofree char *file =
        copy == 1 ? g_strconcat (name, ".mkv", NULL) : g_strdup_printf ("%s-%d.mkv", name, copy);
    char *path = g_build_filename (recorder->folder, file, NULL);
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      return path;
    g_free (path);
  }
}

static gboolean
refuse (PraxiRecorder *recorder, int av_error, gint64 now_us, GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK,
               "%s: the recording cannot be written (%s); free some space or choose another folder",
               recorder->folder, av_err2str (av_error));
  recorder->retry_us = now_us + RETRY_US;
  end_file (recorder);
  return FALSE;
}

/* The parameter sets inside a key frame, which count for what follows; those the camera described
 * at the beginning where there are none.
 */
static AVCodecParameters *
parameters_at (const AVCodecParameters *described, const AVPacket *key)
{
  AVCodecParameters *parameters = avcodec_parameters_alloc ();
  AVBSFContext *filter = NULL;
  AVPacket *packet = av_packet_clone (key);
  avcodec_parameters_copy (parameters, described);
  parameters->codec_tag = 0;
  if (av_bsf_alloc (av_bsf_get_by_name ("extract_extradata"), &filter) >= 0 &&
      avcodec_parameters_copy (filter->par_in, described) >= 0 && av_bsf_init (filter) >= 0 &&
      packet != NULL && av_bsf_send_packet (filter, packet) >= 0 &&
      av_bsf_receive_packet (filter, packet) >= 0) {
    size_t n_bytes = 0;
    const guint8 *bytes = av_packet_get_side_data (packet, AV_PKT_DATA_NEW_EXTRADATA, &n_bytes);
    guint8 *copy = n_bytes > 0 ? av_mallocz (n_bytes + AV_INPUT_BUFFER_PADDING_SIZE) : NULL;
    if (copy != NULL) {
      memcpy (copy, bytes, n_bytes);
      av_freep (&parameters->extradata);
      parameters->extradata = copy;
      parameters->extradata_size = (int) n_bytes;
    }
  }
  av_packet_free (&packet);
  av_bsf_free (&filter);
  return parameters;
}

static gboolean
are_same (const AVCodecParameters *a, const AVCodecParameters *b)
{
  return a->codec_id == b->codec_id && a->width == b->width && a->height == b->height &&
         a->extradata_size == b->extradata_size &&
         (a->extradata_size == 0 ||
          memcmp (a->extradata, b->extradata, (gsize) a->extradata_size) == 0);
}

static int
open_file (PraxiRecorder *recorder)
{
  int status = avformat_alloc_output_context2 (&recorder->file, NULL, "matroska", recorder->path);
  if (status < 0)
    return status;
  AVStream *stream = avformat_new_stream (recorder->file, NULL);
  status = stream == NULL ? AVERROR (ENOMEM)
                          : avcodec_parameters_copy (stream->codecpar, recorder->parameters);
  if (status < 0)
    return status;
  stream->time_base = clock_base;
  recorder->file->flags |= AVFMT_FLAG_FLUSH_PACKETS;
  status = avio_open (&recorder->file->pb, recorder->path, AVIO_FLAG_WRITE);
  return status < 0 ? status : avformat_write_header (recorder->file, NULL);
}

/* Takes over parameters. */
static gboolean
begin_file (PraxiRecorder *recorder,
            AVCodecParameters *parameters,
            const AVPacket *packet,
            GError **error)
{
  end_file (recorder);
  recorder->parameters = parameters;
  recorder->begin_at_us = g_get_real_time ();
  recorder->begin_us = recorder->last_us = recorder->flushed_us = packet->dts;
  recorder->path = file_path (recorder, recorder->begin_at_us);
  recorder->last_dts = AV_NOPTS_VALUE;
  recorder->total_frames = recorder->gap_us = 0;
  const int status = open_file (recorder);
  if (status >= 0) {
    tell (recorder, PRAXI_RECORDING_BEGUN);
    return TRUE;
  }
  if (recorder->file != NULL && recorder->file->pb != NULL)
    avio_closep (&recorder->file->pb);
  g_clear_pointer (&recorder->file, avformat_free_context);
  refuse (recorder, status, packet->dts, error);
  avcodec_parameters_free (&recorder->parameters);
  g_clear_pointer (&recorder->path, g_free);
  return FALSE;
}

/* A key frame may begin another file. */
static gboolean
prepare_file (PraxiRecorder *recorder,
              const AVCodecParameters *described,
              const AVPacket *packet,
              GError **error)
{
  if ((packet->flags & AV_PKT_FLAG_KEY) == 0 || packet->dts < recorder->retry_us)
    return TRUE;
  AVCodecParameters *parameters = parameters_at (described, packet);
  const gboolean is_due = recorder->file == NULL ||
                          packet->dts - recorder->begin_us >= recorder->segment_us ||
                          !are_same (recorder->parameters, parameters);
  if (is_due)
    return begin_file (recorder, parameters, packet, error);
  avcodec_parameters_free (&parameters);
  return TRUE;
}

static void
note_frame (PraxiRecorder *recorder, const AVPacket *written, gint64 now_us)
{
  const AVRational base = recorder->file->streams[0]->time_base;
  const gint64 pts_ns = av_rescale_q (written->pts, base, (AVRational){1, 1000000000});
  const guint8 is_key = (written->flags & AV_PKT_FLAG_KEY) != 0;
  if (recorder->new_pts_ns->len == 0 && now_us - recorder->last_us >= GAP_US)
    recorder->gap_us = now_us - recorder->last_us;
  g_array_append_val (recorder->new_pts_ns, pts_ns);
  g_byte_array_append (recorder->new_is_key, &is_key, 1);
  recorder->last_us = now_us;
  recorder->last_dts = written->dts;
}

/* The file counts in ms: two packets of one ms are kept apart. */
static int
write_packet (PraxiRecorder *recorder, const AVPacket *packet)
{
  AVPacket *copy = recorder->packet;
  int status = av_packet_ref (copy, packet);
  if (status < 0)
    return status;
  copy->stream_index = 0;
  copy->dts -= recorder->begin_us;
  copy->pts -= recorder->begin_us;
  av_packet_rescale_ts (copy, clock_base, recorder->file->streams[0]->time_base);
  if (recorder->last_dts != AV_NOPTS_VALUE)
    copy->dts = MAX (copy->dts, recorder->last_dts + 1);
  copy->pts = MAX (copy->pts, copy->dts);
  /* After a pause, what came before it must not wait for what comes after. */
  if (packet->dts - recorder->flushed_us >= FLUSH_US)
    status = flush (recorder, packet->dts);
  if (status >= 0)
    status = av_write_frame (recorder->file, copy);
  if (status >= 0)
    note_frame (recorder, copy, packet->dts);
  av_packet_unref (copy);
  return status < 0 ? status : recorder->file->pb->error;
}

gboolean
praxi_recorder_write (PraxiRecorder *recorder,
                      const AVCodecParameters *parameters,
                      const AVPacket *packet,
                      GError **error)
{
  if (!prepare_file (recorder, parameters, packet, error))
    return FALSE;
  if (recorder->file == NULL)
    return TRUE;
  const int status = write_packet (recorder, packet);
  return status >= 0 || refuse (recorder, status, packet->dts, error);
}
