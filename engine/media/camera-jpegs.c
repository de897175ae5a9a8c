#include "engine/media/camera-jpegs.h"

#include <libswscale/swscale.h>

/* Of 2 to 31; what is lost with 3 is not to be seen. */
enum { QUANTIZER = 3 };

struct PraxiCameraJpegs {
  AVCodecContext *raw;
  AVCodecContext *encoder;
  AVCodecParameters *parameters; /* of what comes out */
  AVFrame *picture;
  AVFrame *converted;
  struct SwsContext *scaler;
};

void
praxi_camera_jpegs_free (PraxiCameraJpegs *jpegs)
{
  if (jpegs == NULL)
    return;
  avcodec_free_context (&jpegs->raw);
  avcodec_free_context (&jpegs->encoder);
  avcodec_parameters_free (&jpegs->parameters);
  av_frame_free (&jpegs->picture);
  av_frame_free (&jpegs->converted);
  sws_freeContext (jpegs->scaler);
  g_free (jpegs);
}

static gboolean
open_raw (PraxiCameraJpegs *jpegs, const AVCodecParameters *raw)
{
  const AVCodec *codec = avcodec_find_decoder (raw->codec_id);
  jpegs->raw = codec != NULL ? avcodec_alloc_context3 (codec) : NULL;
  return jpegs->raw != NULL && avcodec_parameters_to_context (jpegs->raw, raw) >= 0 &&
         avcodec_open2 (jpegs->raw, codec, NULL) >= 0;
}

static gboolean
open_encoder (PraxiCameraJpegs *jpegs, const AVCodecParameters *raw)
{
  const AVCodec *codec = avcodec_find_encoder (AV_CODEC_ID_MJPEG);
  jpegs->encoder = codec != NULL ? avcodec_alloc_context3 (codec) : NULL;
  if (jpegs->encoder == NULL)
    return FALSE;
  jpegs->encoder->width = raw->width;
  jpegs->encoder->height = raw->height;
  jpegs->encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
  jpegs->encoder->time_base = (AVRational){1, G_USEC_PER_SEC};
  jpegs->encoder->thread_count = 1; /* or pictures would come out later than they went in */
  jpegs->encoder->flags |= AV_CODEC_FLAG_QSCALE;
  jpegs->encoder->global_quality = QUANTIZER * FF_QP2LAMBDA;
  jpegs->parameters = avcodec_parameters_alloc ();
  return jpegs->parameters != NULL && avcodec_open2 (jpegs->encoder, codec, NULL) >= 0 &&
         avcodec_parameters_from_context (jpegs->parameters, jpegs->encoder) >= 0;
}

static gboolean
make_picture (PraxiCameraJpegs *jpegs)
{
  jpegs->picture = av_frame_alloc ();
  jpegs->converted = av_frame_alloc ();
  if (jpegs->picture == NULL || jpegs->converted == NULL)
    return FALSE;
  jpegs->converted->format = jpegs->encoder->pix_fmt;
  jpegs->converted->width = jpegs->encoder->width;
  jpegs->converted->height = jpegs->encoder->height;
  jpegs->converted->quality = jpegs->encoder->global_quality;
  return av_frame_get_buffer (jpegs->converted, 0) >= 0;
}

PraxiCameraJpegs *
praxi_camera_jpegs_new (const AVCodecParameters *raw)
{
  PraxiCameraJpegs *jpegs = g_new0 (PraxiCameraJpegs, 1);
  if (open_raw (jpegs, raw) && open_encoder (jpegs, raw) && make_picture (jpegs))
    return jpegs;
  praxi_camera_jpegs_free (jpegs);
  return NULL;
}

AVCodecParameters *
praxi_camera_jpegs_parameters (PraxiCameraJpegs *jpegs)
{
  return jpegs->parameters;
}

static int
convert (PraxiCameraJpegs *jpegs)
{
  const AVFrame *from = jpegs->picture;
  AVFrame *to = jpegs->converted;
  if (from->width != to->width || from->height != to->height)
    return AVERROR_INVALIDDATA;
  jpegs->scaler =
      sws_getCachedContext (jpegs->scaler, from->width, from->height, from->format, to->width,
                            to->height, to->format, SWS_BILINEAR, NULL, NULL, NULL);
  const int status = jpegs->scaler != NULL ? av_frame_make_writable (to) : AVERROR (EINVAL);
  if (status >= 0)
    sws_scale (jpegs->scaler, (const guint8 *const *) from->data, from->linesize, 0, from->height,
               to->data, to->linesize);
  return status;
}

int
praxi_camera_jpegs_make (PraxiCameraJpegs *jpegs, AVPacket *packet)
{
  const gint64 pts = packet->pts, dts = packet->dts;
  const int stream_index = packet->stream_index;
  int status = avcodec_send_packet (jpegs->raw, packet);
  av_packet_unref (packet);
  if (status >= 0)
    status = avcodec_receive_frame (jpegs->raw, jpegs->picture);
  if (status >= 0)
    status = convert (jpegs);
  av_frame_unref (jpegs->picture);
  jpegs->converted->pts++; /* the encoder wants them to grow */
  if (status >= 0)
    status = avcodec_send_frame (jpegs->encoder, jpegs->converted);
  if (status >= 0)
    status = avcodec_receive_packet (jpegs->encoder, packet);
  packet->pts = pts;
  packet->dts = dts;
  packet->stream_index = stream_index;
  return status;
}
