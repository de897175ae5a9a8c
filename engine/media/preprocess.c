#include "engine/media/preprocess.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#include "engine/media/average.h"
#include "engine/media/frame-private.h"

/* Y'CbCr to R'G'B' with planes of 64 × an 8-bit value and 13 bits of fraction. */
typedef struct {
  int luma_offset;
  int luma;
  int red_cr;
  int green_cb;
  int green_cr;
  int blue_cb;
} Matrix;

/* Planar luma and chroma, or luma alone, in native words: what the fast way takes. */
static gboolean
is_planar_yuv (const AVPixFmtDescriptor *format)
{
  if (format == NULL ||
      (format->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                        AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BE |
                        AV_PIX_FMT_FLAG_BAYER)) != 0)
    return FALSE;
  const int n = format->nb_components >= 3 ? 3 : 1;
  for (int i = 0; i < n; i++) {
    const AVComponentDescriptor *component = &format->comp[i];
    if (component->plane != i || component->shift != 0 || component->offset != 0 ||
        component->depth < 8 || component->depth > 16 ||
        component->step != (component->depth > 8 ? 2 : 1))
      return FALSE;
  }
  return TRUE;
}

static PraxiPlane
plane_of (const AVFrame *picture, const AVPixFmtDescriptor *format, int i)
{
  const gboolean is_chroma = i == 1 || i == 2;
  return (PraxiPlane){
      .data = picture->data[i],
      .stride_bytes = picture->linesize[i],
      .width = is_chroma ? AV_CEIL_RSHIFT (picture->width, format->log2_chroma_w) : picture->width,
      .height =
          is_chroma ? AV_CEIL_RSHIFT (picture->height, format->log2_chroma_h) : picture->height,
      .bits = format->comp[i].depth,
  };
}

static Matrix
matrix_of (const AVFrame *picture, gboolean is_full_range)
{
  const int *k = sws_getCoefficients (picture->colorspace); /* 16 bits, for limited range */
  const double luma = is_full_range ? 1 : 255.0 / 219;
  const double chroma = (is_full_range ? 224.0 / 255 : 1) / 8;
  return (Matrix){
      .luma_offset = is_full_range ? 0 : 16 * 64,
      .luma = (int) (luma * 8192 + 0.5),
      .red_cr = (int) (k[0] * chroma + 0.5),
      .blue_cb = (int) (k[1] * chroma + 0.5),
      .green_cb = (int) (k[2] * chroma + 0.5),
      .green_cr = (int) (k[3] * chroma + 0.5),
  };
}

static inline guint8
to_byte (int value)
{
  const int rounded = (value + (1 << 18)) >> 19; /* 6 + 13 bits of fraction */
  return (guint8) CLAMP (rounded, 0, 255);
}

static void
convert_pixels (const Matrix *m, const guint16 *const planes[3], gsize n, guint8 *rgb)
{
  for (gsize i = 0; i < n; i++) {
    const int y = (planes[0][i] - m->luma_offset) * m->luma;
    const int cb = planes[1][i] - 128 * 64, cr = planes[2][i] - 128 * 64;
    rgb[3 * i + 0] = to_byte (y + cr * m->red_cr);
    rgb[3 * i + 1] = to_byte (y - cb * m->green_cb - cr * m->green_cr);
    rgb[3 * i + 2] = to_byte (y + cb * m->blue_cb);
  }
}

static void
shrink_planes (const AVFrame *picture,
               const AVPixFmtDescriptor *format,
               gboolean is_full_range,
               int width,
               int height,
               guint8 *rgb)
{
  const gsize n = (gsize) width * (gsize) height;
  guint16 *planes = g_new (guint16, 3 * n);
  for (int i = 0; i < 3; i++) {
    if (i > 0 && format->nb_components < 3) {
      for (gsize k = 0; k < n; k++)
        planes[(gsize) i * n + k] = 128 * 64;
      continue;
    }
    const PraxiPlane plane = plane_of (picture, format, i);
    praxi_average_plane (&plane, width, height, planes + (gsize) i * n);
  }
  const Matrix matrix = matrix_of (picture, is_full_range);
  convert_pixels (&matrix, (const guint16 *const[]){planes, planes + n, planes + 2 * n}, n, rgb);
  g_free (planes);
}

/* Any other kind of picture. */
static gboolean
shrink_by_swscale (const PraxiFrame *frame, int width, int height, guint8 *rgb, GError **error)
{
  int stride;
  guint8 *small = praxi_frame_convert (frame, AV_PIX_FMT_RGB24, width, height,
                                       SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT |
                                           SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP,
                                       NULL, &stride, error);
  if (small == NULL)
    return FALSE;
  for (int y = 0; y < height; y++)
    memcpy (rgb + (gsize) y * (gsize) width * 3, small + (gsize) y * (gsize) stride,
            (gsize) width * 3);
  av_free (small);
  return TRUE;
}

gboolean
praxi_preprocess (const PraxiFrame *frame, int width_px, int height_px, guint8 *rgb, GError **error)
{
  const PraxiOrientation orientation = frame->orientation;
  const gboolean is_turned = orientation.transpose || orientation.flip_x || orientation.flip_y;
  const int width = orientation.transpose ? height_px : width_px;
  const int height = orientation.transpose ? width_px : height_px;
  const AVPixFmtDescriptor *format = av_pix_fmt_desc_get (frame->picture->format);
  g_autofree guint8 *turned = is_turned ? g_malloc ((gsize) width * (gsize) height * 3) : NULL;
  guint8 *target = is_turned ? turned : rgb;

  if (is_planar_yuv (format))
    shrink_planes (frame->picture, format, praxi_frame_is_full_range (frame), width, height,
                   target);
  else if (!shrink_by_swscale (frame, width, height, target, error))
    return FALSE;
  if (is_turned)
    praxi_orientation_apply (orientation, width, height, 3, turned, (gsize) width * 3, rgb,
                             (gsize) width_px * 3);
  return TRUE;
}
