#include "engine/media/codec.h"

#include "engine/media/demuxer.h"

#define MAX_THREADS 16

static void
take_pictures_from (AVCodecContext *codec, PraxiPicturePool *pool)
{
  codec->opaque = pool;
  codec->get_buffer2 = praxi_picture_pool_get;
#if LIBAVCODEC_VERSION_MAJOR < 60
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  codec->thread_safe_callbacks = 1; /* later versions take it for granted */
  G_GNUC_END_IGNORE_DEPRECATIONS
#endif
}

AVCodecContext *
praxi_codec_open (const AVCodecParameters *parameters, int threads, PraxiPicturePool *pool)
{
  const AVCodec *decoder = avcodec_find_decoder (parameters->codec_id);
  AVCodecContext *codec = decoder != NULL ? avcodec_alloc_context3 (decoder) : NULL;
  if (codec == NULL)
    return NULL;
  codec->thread_count =
      CLAMP (threads > 0 ? threads : (int) g_get_num_processors (), 1, MAX_THREADS);
  codec->max_pixels = PRAXI_MAX_PIXELS;
  if (pool != NULL)
    take_pictures_from (codec, pool);
  /* Packets carry their number as pts, see packet-map.h. */
  codec->pkt_timebase = (AVRational){1, 1000};
  if (avcodec_parameters_to_context (codec, parameters) < 0 ||
      avcodec_open2 (codec, decoder, NULL) < 0)
    avcodec_free_context (&codec);
  return codec;
}
