#include "engine/media/codec.h"

#include "engine/media/demuxer.h"

#define MAX_THREADS 16

AVCodecContext *
praxi_codec_open (const AVCodecParameters *parameters, int threads)
{
  const AVCodec *decoder = avcodec_find_decoder (parameters->codec_id);
  AVCodecContext *codec = decoder != NULL ? avcodec_alloc_context3 (decoder) : NULL;
  if (codec == NULL)
    return NULL;
  codec->thread_count =
      CLAMP (threads > 0 ? threads : (int) g_get_num_processors (), 1, MAX_THREADS);
  codec->max_pixels = PRAXI_MAX_PIXELS;
  /* Packets carry their number as pts, see packet-map.h. */
  codec->pkt_timebase = (AVRational){1, 1000};
  if (avcodec_parameters_to_context (codec, parameters) < 0 ||
      avcodec_open2 (codec, decoder, NULL) < 0)
    avcodec_free_context (&codec);
  return codec;
}
