/* Pictures of the pool are what libavcodec's own would be, are used again, and outlive it. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "engine/media/codec.h"

enum { WIDTH = 1920, HEIGHT = 1080 };

static AVCodecContext *
open_codec (PraxiPicturePool *pool)
{
  AVCodecParameters *parameters = avcodec_parameters_alloc ();
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = AV_CODEC_ID_MPEG2VIDEO;
  AVCodecContext *codec = praxi_codec_open (parameters, 1, pool);
  avcodec_parameters_free (&parameters);
  g_assert_nonnull (codec);
  return codec;
}

static AVFrame *
ask (AVCodecContext *codec, enum AVPixelFormat format, int width, int height)
{
  AVFrame *picture = av_frame_alloc ();
  codec->pix_fmt = format;
  picture->format = format;
  picture->width = width;
  picture->height = height;
  g_assert_cmpint (codec->get_buffer2 (codec, picture, 0), ==, 0);
  return picture;
}

/* Planes of their own inside the buffer, rows for vector code, nothing but zeros when new. */
static void
test_planes (void)
{
  PraxiPicturePool *pool = praxi_picture_pool_new ();
  AVCodecContext *codec = open_codec (pool);
  AVFrame *picture = ask (codec, AV_PIX_FMT_YUV420P, WIDTH, HEIGHT);
  const guint8 *end = picture->buf[0]->data;
  g_assert_null (picture->buf[1]);
  g_assert_true (picture->extended_data == picture->data);
  for (int i = 0; i < 3; i++) {
    const int width = i > 0 ? WIDTH / 2 : WIDTH, height = i > 0 ? HEIGHT / 2 : HEIGHT;
    g_assert_cmpint (picture->linesize[i], >=, width);
    g_assert_cmpint (picture->linesize[i] % 32, ==, 0);
    g_assert_cmpint ((uintptr_t) picture->data[i] % 64, ==, 0);
    g_assert_true (picture->data[i] >= end);
    end = picture->data[i] + picture->linesize[i] * height;
    for (const guint8 *at = picture->data[i]; at < end; at++)
      g_assert_cmpint (*at, ==, 0);
  }
  g_assert_true (end <= picture->buf[0]->data + picture->buf[0]->size);
  g_assert_null (picture->data[3]);
  av_frame_free (&picture);
  avcodec_free_context (&codec);
  praxi_picture_pool_free (pool);
}

/* What one decoder needs no longer serves the next. */
static void
test_shared (void)
{
  PraxiPicturePool *pool = praxi_picture_pool_new ();
  AVCodecContext *one = open_codec (pool), *other = open_codec (pool);
  AVFrame *first = ask (one, AV_PIX_FMT_YUV420P, WIDTH, HEIGHT);
  AVFrame *second = ask (other, AV_PIX_FMT_YUV420P, WIDTH, HEIGHT);
  const guint8 *place = first->data[0];
  g_assert_true (second->data[0] != place);
  av_frame_free (&first);
  avcodec_free_context (&one);
  AVFrame *third = ask (other, AV_PIX_FMT_YUV420P, WIDTH, HEIGHT);
  g_assert_true (third->data[0] == place);
  av_frame_free (&third);
  av_frame_free (&second);
  avcodec_free_context (&other);
  praxi_picture_pool_free (pool);
}

/* More than one slab's worth, of two sizes, of which some are kept when the pool is gone. */
static void
test_outlives (void)
{
  enum { PICTURES = 40, KEPT = 7 };
  PraxiPicturePool *pool = praxi_picture_pool_new ();
  AVCodecContext *codec = open_codec (pool);
  AVFrame *pictures[PICTURES];
  for (int i = 0; i < PICTURES; i++) {
    pictures[i] = ask (codec, i < PICTURES / 2 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV444P, WIDTH,
                       HEIGHT - i / 10);
    memset (pictures[i]->data[0], i, (size_t) pictures[i]->linesize[0]);
  }
  for (int i = 0; i < PICTURES; i++)
    if (i % KEPT != 0)
      av_frame_free (&pictures[i]);
  avcodec_free_context (&codec);
  praxi_picture_pool_free (pool);
  for (int i = 0; i < PICTURES; i += KEPT) {
    g_assert_cmpint (pictures[i]->data[0][0], ==, i);
    g_assert_cmpint (pictures[i]->data[0][WIDTH - 1], ==, i);
    av_frame_free (&pictures[i]);
  }
}

static void
test_elsewhere (void)
{
  PraxiPicturePool *pool = praxi_picture_pool_new ();
  AVCodecContext *codec = open_codec (pool);
  AVFrame *small = ask (codec, AV_PIX_FMT_YUV420P, 320, 240);
  /* Its colours are no plane. */
  AVFrame *colours = ask (codec, AV_PIX_FMT_PAL8, WIDTH, HEIGHT);
  g_assert_true (small->buf[1] != NULL && colours->buf[1] != NULL);
  av_frame_free (&small);
  av_frame_free (&colours);
  avcodec_free_context (&codec);
  praxi_picture_pool_free (pool);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture-pool/planes", test_planes);
  g_test_add_func ("/picture-pool/shared", test_shared);
  g_test_add_func ("/picture-pool/outlives", test_outlives);
  g_test_add_func ("/picture-pool/elsewhere", test_elsewhere);
  return g_test_run ();
}
