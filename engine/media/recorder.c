#include "engine/media/recorder.h"

#include "engine/core/error.h"

struct PraxiRecorder {
  char *folder;
  gint64 segment_us;
  AVFormatContext *file; /* NULL between two files */
  char *path;
  AVPacket *packet;
  gint64 begin_us;
  gint64 first_dts; /* of the file, in the source's time base */
  gint64 last_dts;  /* written, in the file's time base */
};

PraxiRecorder *
praxi_recorder_new (const char *folder, int segment_s)
{
  PraxiRecorder *recorder = g_new0 (PraxiRecorder, 1);
  recorder->folder = g_strdup (folder);
  recorder->segment_us = (gint64) segment_s * G_USEC_PER_SEC;
  recorder->packet = av_packet_alloc ();
  return recorder;
}

void
praxi_recorder_cut (PraxiRecorder *recorder)
{
  if (recorder->file != NULL) {
    av_write_trailer (recorder->file);
    avio_closep (&recorder->file->pb);
    avformat_free_context (recorder->file);
    recorder->file = NULL;
  }
  g_clear_pointer (&recorder->path, g_free);
}

void
praxi_recorder_free (PraxiRecorder *recorder)
{
  if (recorder == NULL)
    return;
  praxi_recorder_cut (recorder);
  av_packet_free (&recorder->packet);
  g_free (recorder->folder);
  g_free (recorder);
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

/* A live stream that was not probed has no decoding times; cameras hardly send B-frames, so the
 * presentation time serves.
 */
static gint64
decode_time (const AVPacket *packet)
{
  return packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
}

static gboolean
refuse (PraxiRecorder *recorder, int av_error, GError **error)
{
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK,
               "%s: the recording cannot be written (%s); free some space or choose another folder",
               recorder->folder, av_err2str (av_error));
  praxi_recorder_cut (recorder);
  return FALSE;
}

static gboolean
begin_file (PraxiRecorder *recorder,
            const AVStream *source,
            const AVPacket *packet,
            gint64 at_us,
            GError **error)
{
  praxi_recorder_cut (recorder);
  recorder->path = file_path (recorder, at_us);
  int status = avformat_alloc_output_context2 (&recorder->file, NULL, "matroska", recorder->path);
  if (status < 0)
    return refuse (recorder, status, error);
  AVStream *stream = avformat_new_stream (recorder->file, NULL);
  status = stream == NULL ? AVERROR (ENOMEM)
                          : avcodec_parameters_copy (stream->codecpar, source->codecpar);
  if (status >= 0) {
    stream->codecpar->codec_tag = 0;
    stream->time_base = source->time_base;
    recorder->file->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    status = avio_open (&recorder->file->pb, recorder->path, AVIO_FLAG_WRITE);
  }
  if (status >= 0)
    status = avformat_write_header (recorder->file, NULL);
  if (status < 0)
    return refuse (recorder, status, error);
  recorder->begin_us = at_us;
  recorder->first_dts = decode_time (packet);
  recorder->last_dts = AV_NOPTS_VALUE;
  return TRUE;
}

gboolean
praxi_recorder_write (PraxiRecorder *recorder,
                      const AVStream *stream,
                      const AVPacket *packet,
                      gint64 at_us,
                      GError **error)
{
  const gboolean is_key =
      (packet->flags & AV_PKT_FLAG_KEY) != 0 && decode_time (packet) != AV_NOPTS_VALUE;
  const gboolean is_due =
      recorder->file == NULL || at_us - recorder->begin_us >= recorder->segment_us;
  if (is_key && is_due && !begin_file (recorder, stream, packet, at_us, error))
    return FALSE;
  if (recorder->file == NULL || decode_time (packet) == AV_NOPTS_VALUE)
    return TRUE;

  AVPacket *copy = recorder->packet;
  int status = av_packet_ref (copy, packet);
  if (status < 0)
    return refuse (recorder, status, error);
  copy->stream_index = 0;
  copy->dts = decode_time (packet) - recorder->first_dts;
  if (copy->pts != AV_NOPTS_VALUE)
    copy->pts -= recorder->first_dts;
  av_packet_rescale_ts (copy, stream->time_base, recorder->file->streams[0]->time_base);
  /* A camera's clock may jump back; a file's may not. */
  if (recorder->last_dts != AV_NOPTS_VALUE && copy->dts <= recorder->last_dts) {
    const gint64 shift = recorder->last_dts + 1 - copy->dts;
    copy->dts += shift;
    copy->pts = MAX (copy->pts, copy->dts);
  }
  recorder->last_dts = copy->dts;
  status = av_write_frame (recorder->file, copy);
  av_packet_unref (copy);
  if (status < 0 || recorder->file->pb->error < 0)
    return refuse (recorder, status < 0 ? status : recorder->file->pb->error, error);
  return TRUE;
}
