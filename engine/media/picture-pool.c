#include "engine/media/picture-pool.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <pthread.h>
#include <stdatomic.h>

#define SLAB_BYTES ((gsize) 32 << 20)
/* Smaller pictures gain nothing. */
#define LEAST_BYTES ((gsize) 1 << 20)
#define PLANES 4
/* Vector code may read and write so far beyond a plane, as in libavcodec's own pool. */
#define BEYOND_BYTES 128

/* Several pictures one behind the other. */
typedef struct {
  atomic_int references; /* each picture's, and the pool's while it takes more from it */
  guint8 *data;
  gsize bytes;
} Slab;

/* Where new pictures are taken from; belongs to the AVBufferPool, which locks it. */
typedef struct {
  Slab *slab;
  gsize used_bytes;
} Source;

typedef struct {
  int width, height, format;
  int linesizes[PLANES];
  gsize offsets[PLANES]; /* of planes that are there */
  gsize bytes;           /* of all planes */
} Layout;

struct PraxiPicturePool {
  pthread_mutex_t lock;
  Layout layout;
  AVBufferPool *pictures; /* of that layout; NULL until the first */
};

PraxiPicturePool *
praxi_picture_pool_new (void)
{
  PraxiPicturePool *pool = g_new0 (PraxiPicturePool, 1);
  pthread_mutex_init (&pool->lock, NULL);
  return pool;
}

void
praxi_picture_pool_free (PraxiPicturePool *pool)
{
  if (pool == NULL)
    return;
  av_buffer_pool_uninit (&pool->pictures);
  pthread_mutex_destroy (&pool->lock);
  g_free (pool);
}

static Slab *
slab_new (gsize picture_bytes)
{
  const gsize n_pictures = MAX (SLAB_BYTES / picture_bytes, 1);
  Slab *slab = g_new0 (Slab, 1);
  slab->bytes = n_pictures * picture_bytes;
  slab->data = praxi_pages_map (-1, slab->bytes, TRUE);
  atomic_init (&slab->references, 1);
  if (slab->data == NULL)
    g_clear_pointer (&slab, g_free);
  return slab;
}

static void
slab_unref (Slab *slab)
{
  if (slab == NULL || atomic_fetch_sub (&slab->references, 1) != 1)
    return;
  praxi_pages_unmap (slab->data, slab->bytes);
  g_free (slab);
}

static void
free_picture_cb (void *opaque, guint8 *data)
{
  slab_unref (opaque);
}

static AVBufferRef *
new_picture_cb (void *opaque, gsize bytes)
{
  Source *source = opaque;
  if (source->slab == NULL || source->used_bytes + bytes > source->slab->bytes) {
    slab_unref (source->slab);
    source->slab = slab_new (bytes);
    source->used_bytes = 0;
  }
  if (source->slab == NULL)
    return NULL;
  AVBufferRef *buffer = av_buffer_create (source->slab->data + source->used_bytes, bytes,
                                          free_picture_cb, source->slab, 0);
  if (buffer != NULL) {
    atomic_fetch_add (&source->slab->references, 1);
    source->used_bytes += bytes;
  }
  return buffer;
}

static void
free_source_cb (void *opaque)
{
  Source *source = opaque;
  slab_unref (source->slab);
  g_free (source);
}

/* Rows as long as the codec's vector code wants them. FALSE: no planes. */
static gboolean
lay_out (AVCodecContext *codec, const AVFrame *picture, Layout *layout)
{
  const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get (picture->format);
  if (kind == NULL || (kind->flags & (AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_HWACCEL)) != 0)
    return FALSE;
  int width = picture->width, height = picture->height, alignment[AV_NUM_DATA_POINTERS];
  avcodec_align_dimensions2 (codec, &width, &height, alignment);
  gboolean is_aligned = FALSE;
  while (!is_aligned) {
    if (av_image_fill_linesizes (layout->linesizes, picture->format, width) < 0)
      return FALSE;
    is_aligned = TRUE;
    for (int i = 0; i < PLANES; i++)
      is_aligned = is_aligned && layout->linesizes[i] % alignment[i] == 0;
    width += width & -width;
  }
  size_t plane_bytes[PLANES];
  const ptrdiff_t linesizes[PLANES] = {layout->linesizes[0], layout->linesizes[1],
                                       layout->linesizes[2], layout->linesizes[3]};
  if (av_image_fill_plane_sizes (plane_bytes, picture->format, height, linesizes) < 0)
    return FALSE;
  layout->bytes = 0;
  for (int i = 0; i < PLANES; i++) {
    layout->offsets[i] = layout->bytes;
    if (plane_bytes[i] > 0)
      layout->bytes += (plane_bytes[i] + BEYOND_BYTES + 63) / 64 * 64;
  }
  layout->width = picture->width;
  layout->height = picture->height;
  layout->format = picture->format;
  return TRUE;
}

/* FALSE: pictures like this one come from elsewhere. */
static gboolean
fit (PraxiPicturePool *pool, AVCodecContext *codec, const AVFrame *picture)
{
  const Layout *layout = &pool->layout;
  if (layout->width == picture->width && layout->height == picture->height &&
      layout->format == picture->format)
    return pool->pictures != NULL;
  av_buffer_pool_uninit (&pool->pictures);
  if (!lay_out (codec, picture, &pool->layout) || layout->bytes < LEAST_BYTES)
    return FALSE;
  Source *source = g_new0 (Source, 1);
  pool->pictures = av_buffer_pool_init2 (layout->bytes, source, new_picture_cb, free_source_cb);
  if (pool->pictures == NULL)
    g_free (source);
  return pool->pictures != NULL;
}

static gboolean
get (PraxiPicturePool *pool, AVCodecContext *codec, AVFrame *picture)
{
  picture->buf[0] = fit (pool, codec, picture) ? av_buffer_pool_get (pool->pictures) : NULL;
  if (picture->buf[0] == NULL)
    return FALSE;
  for (int i = 0; i < PLANES; i++) {
    picture->linesize[i] = pool->layout.linesizes[i];
    if (picture->linesize[i] > 0)
      picture->data[i] = picture->buf[0]->data + pool->layout.offsets[i];
  }
  picture->extended_data = picture->data;
  return TRUE;
}

int
praxi_picture_pool_get (AVCodecContext *codec, AVFrame *picture, int flags)
{
  PraxiPicturePool *pool = codec->opaque;
  gboolean is_taken = FALSE;
  if ((codec->codec->capabilities & AV_CODEC_CAP_DR1) != 0) {
    pthread_mutex_lock (&pool->lock);
    is_taken = get (pool, codec, picture);
    pthread_mutex_unlock (&pool->lock);
  }
  return is_taken ? 0 : avcodec_default_get_buffer2 (codec, picture, flags);
}
