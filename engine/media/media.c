#include "engine/media/media-private.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <pthread.h>

#include "engine/core/error.h"
#include "engine/core/text.h"

struct PraxiMedia {
  atomic_int references;
  char *path;
  char *name;
  int fd; /* borrowed, or -1 */
  PraxiMediaInfo info;
  PraxiFrameIndex *index;
  PraxiPacketMap *map;
  AVCodecParameters *codec;
  PraxiPicturePool *pool;
  PraxiOrientation orientation;

  pthread_mutex_t lock;
  PraxiDemuxer *demuxer; /* guarded by lock; NULL once somebody took it */
};

/* NULL: the picture is stored upright. */
static const gint32 *
display_matrix (const AVStream *stream)
{
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
  const AVPacketSideData *data =
      av_packet_side_data_get (stream->codecpar->coded_side_data,
                               stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data != NULL ? (const gint32 *) data->data : NULL;
#else
  return (const gint32 *) av_stream_get_side_data (stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
#endif
}

static void
describe_picture (PraxiMedia *media, AVFormatContext *format, AVStream *stream)
{
  PraxiMediaInfo *info = &media->info;
  const AVCodecParameters *codec = media->codec;
  const gint32 *matrix = display_matrix (stream);
  const AVRational aspect = av_guess_sample_aspect_ratio (format, stream, NULL);
  media->orientation = praxi_orientation_from_matrix (matrix);
  info->rotation = praxi_orientation_degrees (media->orientation);
  info->sar_num = aspect.num > 0 && aspect.den > 0 ? aspect.num : 1;
  info->sar_den = aspect.num > 0 && aspect.den > 0 ? aspect.den : 1;
  const int square =
      (int) CLAMP (av_rescale (codec->width, info->sar_num, info->sar_den), 1, 65535);
  const gboolean transpose = media->orientation.transpose;
  info->width = transpose ? codec->height : codec->width;
  info->height = transpose ? codec->width : codec->height;
  info->display_width = transpose ? codec->height : square;
  info->display_height = transpose ? square : codec->height;
  info->is_interlaced =
      codec->field_order != AV_FIELD_PROGRESSIVE && codec->field_order != AV_FIELD_UNKNOWN;
  info->pixel_format = av_get_pix_fmt_name (codec->format);
}

/* Steps that differ by more than what containers round times by. */
static gboolean
has_variable_rate (const PraxiFrameIndex *index)
{
  const int n = praxi_frame_index_length (index);
  if (n < 3)
    return FALSE;
  const double mean =
      (double) (praxi_frame_index_pts_ns (index, n - 1) - praxi_frame_index_pts_ns (index, 0)) /
      (n - 1);
  const double tolerance = MAX (1.6e6, mean / 10);
  for (int i = 1; i < n; i++) {
    const gint64 step =
        praxi_frame_index_pts_ns (index, i) - praxi_frame_index_pts_ns (index, i - 1);
    if (fabs ((double) step - mean) > tolerance)
      return TRUE;
  }
  return FALSE;
}

static void
describe_time (PraxiMedia *media)
{
  PraxiMediaInfo *info = &media->info;
  info->frames = praxi_frame_index_length (media->index);
  info->keyframes = praxi_frame_index_n_keyframes (media->index);
  info->first_pts_ns = praxi_frame_index_pts_ns (media->index, 0);
  info->duration_ns = praxi_frame_index_duration_ns (media->index);
  info->is_vfr = has_variable_rate (media->index);
  info->avg_rate = info->frames * 1e9 / (double) info->duration_ns;
}

static gboolean
fill (PraxiMedia *media, PraxiMediaProgress progress, gpointer user_data, GError **error)
{
  media->demuxer = praxi_demuxer_new (media->path, media->fd, error);
  if (media->demuxer == NULL)
    return FALSE;
  AVFormatContext *format = praxi_demuxer_format (media->demuxer);
  AVStream *stream = praxi_demuxer_stream (media->demuxer);
  media->codec = avcodec_parameters_alloc ();
  avcodec_parameters_copy (media->codec, stream->codecpar);
  media->info.path = media->path;
  media->info.container = format->iformat->name;
  media->info.codec = avcodec_get_name (media->codec->codec_id);
  describe_picture (media, format, stream);
  media->map =
      praxi_packet_map_new (media->demuxer, media->name, progress, user_data, &media->index, error);
  if (media->map == NULL)
    return FALSE;
  describe_time (media);
  return TRUE;
}

PraxiMedia *
praxi_media_open_full (const char *path,
                       int fd,
                       PraxiMediaProgress progress,
                       gpointer user_data,
                       GError **error)
{
  PraxiMedia *media = g_new0 (PraxiMedia, 1);
  atomic_init (&media->references, 1);
  pthread_mutex_init (&media->lock, NULL);
  media->pool = praxi_picture_pool_new ();
  media->path = g_strdup (path);
  media->name = praxi_text_file_name (path);
  media->fd = fd;
  if (!fill (media, progress, user_data, error))
    g_clear_pointer (&media, praxi_media_unref);
  return media;
}

PraxiMedia *
praxi_media_open (const char *path, GError **error)
{
  return praxi_media_open_full (path, -1, NULL, NULL, error);
}

PraxiMedia *
praxi_media_ref (PraxiMedia *media)
{
  atomic_fetch_add (&media->references, 1);
  return media;
}

void
praxi_media_unref (PraxiMedia *media)
{
  if (media == NULL || atomic_fetch_sub (&media->references, 1) != 1)
    return;
  praxi_demuxer_free (media->demuxer);
  praxi_picture_pool_free (media->pool);
  praxi_packet_map_free (media->map);
  praxi_frame_index_unref (media->index);
  avcodec_parameters_free (&media->codec);
  pthread_mutex_destroy (&media->lock);
  g_free (media->path);
  g_free (media->name);
  g_free (media);
}

const PraxiMediaInfo *
praxi_media_info (const PraxiMedia *media)
{
  return &media->info;
}

PraxiFrameIndex *
praxi_media_index (const PraxiMedia *media)
{
  return media->index;
}

const PraxiPacketMap *
praxi_media_map (const PraxiMedia *media)
{
  return media->map;
}

const AVCodecParameters *
praxi_media_codec (const PraxiMedia *media)
{
  return media->codec;
}

PraxiPicturePool *
praxi_media_pool (PraxiMedia *media)
{
  return media->pool;
}

PraxiOrientation
praxi_media_orientation (const PraxiMedia *media)
{
  return media->orientation;
}

const char *
praxi_media_name (const PraxiMedia *media)
{
  return media->name;
}

PraxiDemuxer *
praxi_media_take_demuxer (PraxiMedia *media, GError **error)
{
  pthread_mutex_lock (&media->lock);
  PraxiDemuxer *demuxer = g_steal_pointer (&media->demuxer);
  pthread_mutex_unlock (&media->lock);
  return demuxer != NULL ? demuxer : praxi_demuxer_new (media->path, media->fd, error);
}
