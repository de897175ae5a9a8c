#include "engine/media/frame-private.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "engine/core/error.h"

PraxiFrame *
praxi_frame_new (AVFrame *picture, int ordinal, gint64 pts_ns, PraxiOrientation orientation)
{
  PraxiFrame *frame = g_new0 (PraxiFrame, 1);
  atomic_init (&frame->references, 1);
  frame->picture = av_frame_alloc ();
  av_frame_move_ref (frame->picture, picture);
  frame->ordinal = ordinal;
  frame->pts_ns = pts_ns;
  const AVFrameSideData *own = av_frame_get_side_data (frame->picture, AV_FRAME_DATA_DISPLAYMATRIX);
  frame->orientation = own != NULL && own->size >= 9 * sizeof (gint32)
                           ? praxi_orientation_from_matrix ((const gint32 *) own->data)
                           : orientation;
  return frame;
}

PraxiFrame *
praxi_frame_ref (PraxiFrame *frame)
{
  atomic_fetch_add (&frame->references, 1);
  return frame;
}

void
praxi_frame_unref (PraxiFrame *frame)
{
  if (frame == NULL || atomic_fetch_sub (&frame->references, 1) != 1)
    return;
  av_frame_free (&frame->picture);
  g_free (frame);
}

int
praxi_frame_ordinal (const PraxiFrame *frame)
{
  return frame->ordinal;
}

gint64
praxi_frame_pts_ns (const PraxiFrame *frame)
{
  return frame->pts_ns;
}

int
praxi_frame_width (const PraxiFrame *frame)
{
  return frame->orientation.transpose ? frame->picture->height : frame->picture->width;
}

int
praxi_frame_height (const PraxiFrame *frame)
{
  return frame->orientation.transpose ? frame->picture->width : frame->picture->height;
}

gsize
praxi_frame_bytes (const PraxiFrame *frame)
{
  const AVFrame *picture = frame->picture;
  const int bytes = av_image_get_buffer_size (picture->format, picture->width, picture->height, 1);
  return bytes > 0 ? (gsize) bytes : 0;
}

AVRational
praxi_frame_aspect (const PraxiFrame *frame)
{
  const AVRational aspect = frame->picture->sample_aspect_ratio;
  if (aspect.num <= 0 || aspect.den <= 0 || aspect.num / aspect.den > 16 ||
      aspect.den / aspect.num > 16)
    return (AVRational){1, 1};
  return aspect;
}

gboolean
praxi_frame_is_full_range (const PraxiFrame *frame)
{
  const AVFrame *picture = frame->picture;
  switch (picture->format) {
  case AV_PIX_FMT_YUVJ411P:
  case AV_PIX_FMT_YUVJ420P:
  case AV_PIX_FMT_YUVJ422P:
  case AV_PIX_FMT_YUVJ440P:
  case AV_PIX_FMT_YUVJ444P:
    return TRUE;
  default:
    return picture->color_range == AVCOL_RANGE_JPEG;
  }
}

/* swscale takes RGB through Y'CbCr and back: both ways must go by the same matrix then.
 * Source: libavcodec's and swscale's numbers of colour spaces are those of ITU-T H.273. */
static void
set_colours (struct SwsContext *context, const PraxiFrame *frame)
{
  const AVPixFmtDescriptor *format = av_pix_fmt_desc_get (frame->picture->format);
  const gboolean is_rgb = format != NULL && (format->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  const int *matrix =
      sws_getCoefficients (is_rgb ? SWS_CS_DEFAULT : (int) frame->picture->colorspace);
  sws_setColorspaceDetails (context, matrix, praxi_frame_is_full_range (frame),
                            sws_getCoefficients (SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
}

guint8 *
praxi_frame_convert (const PraxiFrame *frame,
                     enum AVPixelFormat format,
                     int width,
                     int height,
                     int flags,
                     struct SwsContext **cache,
                     int *stride_bytes,
                     GError **error)
{
  const AVFrame *picture = frame->picture;
  struct SwsContext *context = NULL;
  if (sws_isSupportedInput (picture->format))
    context =
        sws_getCachedContext (cache != NULL ? *cache : NULL, picture->width, picture->height,
                              picture->format, width, height, format, flags, NULL, NULL, NULL);
  if (cache != NULL)
    *cache = context;
  if (context == NULL) {
    const char *name = av_get_pix_fmt_name (picture->format);
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_UNSUPPORTED,
                 "frame %d: pictures of kind '%s' cannot be shown; convert the file with ffmpeg",
                 frame->ordinal, name != NULL ? name : "unknown");
    return NULL;
  }
  set_colours (context, frame);
  /* Vector code writes beyond the end of a row: rows are padded, and one more stands behind. */
  const int pixel_bytes = format == AV_PIX_FMT_RGB24 ? 3 : 4;
  *stride_bytes = (width * pixel_bytes + 127) / 64 * 64;
  guint8 *target = av_malloc ((gsize) *stride_bytes * ((gsize) height + 1));
  if (target != NULL)
    sws_scale (context, (const guint8 *const *) picture->data, picture->linesize, 0,
               picture->height, (guint8 *const[]){target, NULL, NULL, NULL},
               (const int[]){*stride_bytes, 0, 0, 0});
  else
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY, "frame %d: not enough memory to show it",
                 frame->ordinal);
  if (cache == NULL)
    sws_freeContext (context);
  return target;
}

gboolean
praxi_frame_to_rgb (const PraxiFrame *frame, guint8 *rgb, int stride_bytes, GError **error)
{
  const int flags =
      SWS_BICUBIC | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_ACCURATE_RND | SWS_BITEXACT;
  const int width = frame->picture->width, height = frame->picture->height;
  int source_stride;
  guint8 *source = praxi_frame_convert (frame, AV_PIX_FMT_RGB24, width, height, flags, NULL,
                                        &source_stride, error);
  if (source == NULL)
    return FALSE;
  praxi_orientation_apply (frame->orientation, width, height, 3, source, (gsize) source_stride, rgb,
                           (gsize) stride_bytes);
  av_free (source);
  return TRUE;
}
