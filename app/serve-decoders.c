#include "app/serve-decoders.h"

#include <pthread.h>

#include "engine/core/error.h"

typedef struct {
  int media_fd;
  gpointer item;
} Piece;

typedef struct {
  PraxiDecoders *decoders;
  pthread_t thread;
  PraxiClipStream *stream; /* guarded by the decoders' lock */
} Decoder;

struct PraxiDecoders {
  PraxiClipStreamOptions options;
  PraxiDecodersWork work;
  Decoder *all; /* [n_threads] */
  int n_threads;

  pthread_mutex_t lock;
  pthread_cond_t came; /* a piece, or the end */
  /* guarded by lock: */
  GQueue pieces;
  gboolean is_ending;
};

/* NULL: the end. */
static Piece *
take (PraxiDecoders *decoders)
{
  pthread_mutex_lock (&decoders->lock);
  while (decoders->pieces.length == 0 && !decoders->is_ending)
    pthread_cond_wait (&decoders->came, &decoders->lock);
  Piece *piece = g_queue_pop_head (&decoders->pieces);
  pthread_mutex_unlock (&decoders->lock);
  return piece;
}

/* Makes the stream one that praxi_decoders_free can end. FALSE: it has to end at once. */
static gboolean
show (Decoder *decoder, PraxiClipStream *stream)
{
  pthread_mutex_lock (&decoder->decoders->lock);
  decoder->stream = stream;
  const gboolean may_go_on = !decoder->decoders->is_ending;
  pthread_mutex_unlock (&decoder->decoders->lock);
  return may_go_on;
}

static void
do_work (Decoder *decoder, const Piece *piece)
{
  PraxiDecoders *decoders = decoder->decoders;
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiClipStream) stream = NULL;
  if (show (decoder, NULL))
    stream = praxi_clip_stream_open (piece->media_fd, &decoders->options, &error);
  else
    g_set_error (&error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED, "the server ends");
  if (stream != NULL && !show (decoder, stream))
    praxi_clip_stream_kill (stream);
  decoders->work (piece->item, stream, error);
  show (decoder, NULL);
}

static void *
decode_cb (void *data)
{
  Decoder *decoder = data;
  for (Piece *piece; (piece = take (decoder->decoders)) != NULL; g_free (piece))
    do_work (decoder, piece);
  return NULL;
}

PraxiDecoders *
praxi_decoders_new (int n_threads,
                    const PraxiClipStreamOptions *options,
                    PraxiDecodersWork work,
                    GError **error)
{
  g_autoptr (PraxiDecoders) decoders = g_new0 (PraxiDecoders, 1);
  decoders->options = *options;
  decoders->work = work;
  decoders->all = g_new0 (Decoder, n_threads);
  pthread_mutex_init (&decoders->lock, NULL);
  pthread_cond_init (&decoders->came, NULL);
  g_queue_init (&decoders->pieces);
  for (; decoders->n_threads < n_threads; decoders->n_threads++) {
    Decoder *decoder = &decoders->all[decoders->n_threads];
    decoder->decoders = decoders;
    if (pthread_create (&decoder->thread, NULL, decode_cb, decoder) == 0)
      continue;
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY, "cannot start another thread");
    return NULL;
  }
  return g_steal_pointer (&decoders);
}

void
praxi_decoders_add (PraxiDecoders *decoders, int media_fd, gpointer item)
{
  Piece *piece = g_new (Piece, 1);
  *piece = (Piece){.media_fd = media_fd, .item = item};
  pthread_mutex_lock (&decoders->lock);
  g_queue_push_tail (&decoders->pieces, piece);
  pthread_cond_signal (&decoders->came);
  pthread_mutex_unlock (&decoders->lock);
}

void
praxi_decoders_free (PraxiDecoders *decoders)
{
  if (decoders == NULL)
    return;
  pthread_mutex_lock (&decoders->lock);
  decoders->is_ending = TRUE;
  for (int i = 0; i < decoders->n_threads; i++)
    if (decoders->all[i].stream != NULL)
      praxi_clip_stream_kill (decoders->all[i].stream);
  pthread_cond_broadcast (&decoders->came);
  pthread_mutex_unlock (&decoders->lock);
  for (int i = 0; i < decoders->n_threads; i++)
    pthread_join (decoders->all[i].thread, NULL);
  pthread_cond_destroy (&decoders->came);
  pthread_mutex_destroy (&decoders->lock);
  g_free (decoders->all);
  g_free (decoders);
}
