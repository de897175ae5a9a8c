#include "engine/infer/clip-reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "engine/core/error.h"
#include "engine/media/decoder.h"
#include "engine/media/preprocess.h"

/* How often reading starts anew behind a place that cannot be read. */
enum { MAX_RESTARTS = 64 };

struct PraxiClipReader {
  PraxiMedia *media;
  PraxiDecoder *decoder;
  PraxiClipReaderOptions options;
  gsize frame_bytes;
  guint8 *pixels; /* [ahead_frames, H, W, 3]; slot i % ahead belongs to its writer or reader */
  gboolean *is_missing; /* [ahead_frames] */
  atomic_bool stop;
  pthread_t thread;
  gboolean has_thread;

  pthread_mutex_t lock;
  pthread_cond_t came;
  pthread_cond_t released;
  /* guarded by lock: */
  int n_came;
  int n_released;
  gint64 busy_ns;
  GError *error;
};

static gint64
now_ns (void)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* Waits for room for wanted frame i. FALSE: stop. */
static gboolean
wait_for_room (PraxiClipReader *reader, int i)
{
  pthread_mutex_lock (&reader->lock);
  while (!atomic_load (&reader->stop) && i - reader->n_released >= reader->options.ahead_frames)
    pthread_cond_wait (&reader->released, &reader->lock);
  pthread_mutex_unlock (&reader->lock);
  return !atomic_load (&reader->stop);
}

static void
announce (PraxiClipReader *reader, int n_came, gint64 busy_ns)
{
  pthread_mutex_lock (&reader->lock);
  reader->n_came = n_came;
  reader->busy_ns += busy_ns;
  pthread_cond_signal (&reader->came);
  pthread_mutex_unlock (&reader->lock);
}

static void
keep_first_error (PraxiClipReader *reader, GError *error)
{
  pthread_mutex_lock (&reader->lock);
  if (reader->error == NULL)
    reader->error = g_steal_pointer (&error);
  pthread_mutex_unlock (&reader->lock);
  g_clear_error (&error);
}

static gboolean
give_missing (PraxiClipReader *reader, int from, int to)
{
  for (int i = from; i < to; i++) {
    if (!wait_for_room (reader, i))
      return FALSE;
    reader->is_missing[i % reader->options.ahead_frames] = TRUE;
    announce (reader, i + 1, 0);
  }
  return TRUE;
}

static gboolean
give_frame (PraxiClipReader *reader, int i, const PraxiFrame *frame)
{
  if (!wait_for_room (reader, i))
    return FALSE;
  const gint64 begin_ns = now_ns ();
  const int slot = i % reader->options.ahead_frames;
  GError *error = NULL;
  const gboolean good =
      praxi_preprocess (frame, reader->options.width_px, reader->options.height_px,
                        reader->pixels + (gsize) slot * reader->frame_bytes, &error);
  if (!good)
    keep_first_error (reader, error);
  reader->is_missing[slot] = !good;
  announce (reader, i + 1, now_ns () - begin_ns);
  return TRUE;
}

/* The first wanted frame from i on that ordinal reaches or passes. */
static int
wanted_from (const PraxiClipReader *reader, int i, int ordinal)
{
  while (i < reader->options.n_wanted && reader->options.wanted[i] < ordinal)
    i++;
  return i;
}

/* Goes on at the next keyframe behind wanted frame i. Returns the wanted frame that follows it. */
static int
skip_damage (PraxiClipReader *reader, int i)
{
  PraxiFrameIndex *index = praxi_media_index (reader->media);
  int ordinal = reader->options.wanted[i] + 1;
  while (ordinal < praxi_frame_index_length (index) &&
         !praxi_frame_index_is_keyframe (index, ordinal))
    ordinal++;
  const int next = wanted_from (reader, i + 1, ordinal);
  GError *error = NULL;
  if (next < reader->options.n_wanted &&
      !praxi_decoder_seek (reader->decoder, reader->options.wanted[next], &error))
    keep_first_error (reader, error);
  return next;
}

static PraxiFrame *
decode_next (PraxiClipReader *reader, int i, GError **error)
{
  const gint64 begin_ns = now_ns ();
  /* Always the same list: the decoder knows then what it has left out on purpose. */
  PraxiFrame *frame = praxi_decoder_next_wanted (reader->decoder, reader->options.wanted,
                                                 reader->options.n_wanted, error);
  announce (reader, i, now_ns () - begin_ns);
  return frame;
}

static void *
read_cb (void *data)
{
  PraxiClipReader *reader = data;
  const int n = reader->options.n_wanted;
  int n_restarts = 0;
  for (int i = 0; i < n && !atomic_load (&reader->stop);) {
    GError *error = NULL;
    g_autoptr (PraxiFrame) frame = decode_next (reader, i, &error);
    int next = n;
    if (frame != NULL)
      next = wanted_from (reader, i, praxi_frame_ordinal (frame));
    else if (error != NULL && n_restarts++ < MAX_RESTARTS)
      next = skip_damage (reader, i);
    if (error != NULL)
      keep_first_error (reader, error);
    if (!give_missing (reader, i, next))
      break;
    i = next;
    /* A frame that stands in for a damaged one is not what the window asked for. */
    if (frame != NULL && i < n && reader->options.wanted[i] == praxi_frame_ordinal (frame) &&
        give_frame (reader, i, frame))
      i++;
  }
  return NULL;
}

/* Codecs hand pictures to their threads in turn, and one that is passed over leaves its thread
 * without work: two more than there are cores keep the cores busy.
 */
static int
decoder_threads (int threads)
{
  const int n = threads > 0 ? threads : (int) g_get_num_processors ();
  return n > 1 ? n + 2 : 1;
}

static gboolean
start (PraxiClipReader *reader, GError **error)
{
  const PraxiClipReaderOptions *options = &reader->options;
  reader->frame_bytes = (gsize) options->width_px * options->height_px * 3;
  reader->pixels = g_try_malloc_n ((gsize) options->ahead_frames, reader->frame_bytes);
  if (reader->pixels == NULL) {
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY, "%s: not enough memory for its frames",
                 praxi_media_info (reader->media)->path);
    return FALSE;
  }
  reader->is_missing = g_new0 (gboolean, options->ahead_frames);
  const PraxiDecoderOptions decoder_options = {.threads = decoder_threads (options->threads)};
  reader->decoder = praxi_decoder_new (reader->media, &decoder_options, error);
  if (reader->decoder == NULL)
    return FALSE;
  reader->has_thread = pthread_create (&reader->thread, NULL, read_cb, reader) == 0;
  if (!reader->has_thread)
    g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY, "%s: cannot start another thread",
                 praxi_media_info (reader->media)->path);
  return reader->has_thread;
}

PraxiClipReader *
praxi_clip_reader_new (PraxiMedia *media, const PraxiClipReaderOptions *options, GError **error)
{
  g_autoptr (PraxiClipReader) reader = g_new0 (PraxiClipReader, 1);
  reader->media = praxi_media_ref (media);
  reader->options = *options;
  atomic_init (&reader->stop, false);
  pthread_mutex_init (&reader->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&reader->came, &attributes);
  pthread_cond_init (&reader->released, &attributes);
  pthread_condattr_destroy (&attributes);
  return start (reader, error) ? g_steal_pointer (&reader) : NULL;
}

void
praxi_clip_reader_free (PraxiClipReader *reader)
{
  if (reader == NULL)
    return;
  atomic_store (&reader->stop, true);
  if (reader->has_thread) {
    pthread_mutex_lock (&reader->lock);
    pthread_cond_signal (&reader->released);
    pthread_mutex_unlock (&reader->lock);
    pthread_join (reader->thread, NULL);
  }
  pthread_cond_destroy (&reader->came);
  pthread_cond_destroy (&reader->released);
  pthread_mutex_destroy (&reader->lock);
  praxi_decoder_free (reader->decoder);
  praxi_media_unref (reader->media);
  g_clear_error (&reader->error);
  g_free (reader->pixels);
  g_free (reader->is_missing);
  g_free (reader);
}

gboolean
praxi_clip_reader_wait (PraxiClipReader *reader, int i, int timeout_ms)
{
  const gint64 until_ns = now_ns () + timeout_ms * G_GINT64_CONSTANT (1000000);
  const struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
  int status = 0;
  pthread_mutex_lock (&reader->lock);
  while (reader->n_came <= i && status == 0)
    status = pthread_cond_timedwait (&reader->came, &reader->lock, &until);
  const gboolean has_come = reader->n_came > i;
  pthread_mutex_unlock (&reader->lock);
  return has_come;
}

const guint8 *
praxi_clip_reader_frame (const PraxiClipReader *reader, int i)
{
  const int slot = i % reader->options.ahead_frames;
  return reader->is_missing[slot] ? NULL : reader->pixels + (gsize) slot * reader->frame_bytes;
}

void
praxi_clip_reader_release (PraxiClipReader *reader, int i)
{
  pthread_mutex_lock (&reader->lock);
  if (i > reader->n_released) {
    reader->n_released = i;
    pthread_cond_signal (&reader->released);
  }
  pthread_mutex_unlock (&reader->lock);
}

gint64
praxi_clip_reader_busy_ns (PraxiClipReader *reader)
{
  pthread_mutex_lock (&reader->lock);
  const gint64 busy_ns = reader->busy_ns;
  pthread_mutex_unlock (&reader->lock);
  return busy_ns;
}

const GError *
praxi_clip_reader_error (PraxiClipReader *reader)
{
  pthread_mutex_lock (&reader->lock);
  const GError *error = reader->error;
  pthread_mutex_unlock (&reader->lock);
  return error;
}
