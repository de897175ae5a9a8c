#include "engine/model/digest.h"

#include <pthread.h>

/* A smaller file is not worth a thread. */
enum { LARGE_BYTES = 1 << 20 };

enum { PIECE_BYTES = 1 << 20 };

/* praxi.sha256 stands near the end: what lies behind this far from it waits until it is found. */
enum { TAIL_BYTES = 1 << 16 };

struct PraxiDigest {
  const guint8 *data;
  gsize size;
  GThread *thread;        /* NULL: finish does it all */
  PraxiOnnxPrefix prefix; /* the thread's until it has ended */
  /* what is left to read, from the front by who began and from the back by the thread */
  guint8 *room;
  int fd;
  const char *path;
  pthread_mutex_t lock;
  pthread_cond_t has_more;
  gsize front, back;           /* nobody has begun to read what is between them */
  gsize front_read, back_read; /* up to here, and from here on, all is there */
  gboolean is_stopped;
  GError *error; /* of the thread's reading */
};

/* Reads a piece that was taken. The lock is held before and afterwards. */
static gboolean
read_piece (PraxiDigest *digest, gsize begin, gsize end, GError **error)
{
  pthread_mutex_unlock (&digest->lock);
  const gboolean good =
      praxi_onnx_read_part (digest->room, begin, end, digest->fd, digest->path, error);
  pthread_mutex_lock (&digest->lock);
  digest->is_stopped = digest->is_stopped || !good;
  pthread_cond_broadcast (&digest->has_more);
  return good;
}

static void
read_at_back (PraxiDigest *digest)
{
  const gsize end = digest->back;
  digest->back -= MIN (PIECE_BYTES, end - digest->front);
  if (read_piece (digest, digest->back, end, &digest->error))
    digest->back_read = digest->back;
}

static gboolean
read_at_front (PraxiDigest *digest, GError **error)
{
  const gsize begin = digest->front;
  digest->front += MIN (PIECE_BYTES, digest->back - begin);
  if (!read_piece (digest, begin, digest->front, error))
    return FALSE;
  digest->front_read = digest->front;
  return TRUE;
}

static gboolean
read_all (PraxiDigest *digest, GError **error)
{
  gboolean good = TRUE;
  pthread_mutex_lock (&digest->lock);
  while (good && !digest->is_stopped && digest->front < digest->back)
    good = read_at_front (digest, error);
  while (good && !digest->is_stopped && digest->back_read > digest->back)
    pthread_cond_wait (&digest->has_more, &digest->lock);
  if (good && digest->error != NULL) {
    g_propagate_error (error, g_steal_pointer (&digest->error));
    good = FALSE;
  }
  pthread_mutex_unlock (&digest->lock);
  return good;
}

/* How many bytes are there from the begin on, more than n; 0 where there will not be more. */
static gsize
wait_for_more (PraxiDigest *digest, gsize n)
{
  gsize there = 0;
  pthread_mutex_lock (&digest->lock);
  while (!digest->is_stopped && there <= n) {
    there = digest->front_read < digest->back ? digest->front_read : digest->size;
    if (there > n)
      break;
    if (digest->front < digest->back)
      read_at_back (digest);
    else
      pthread_cond_wait (&digest->has_more, &digest->lock);
  }
  there = digest->is_stopped ? 0 : there;
  pthread_mutex_unlock (&digest->lock);
  return there;
}

static gpointer
sum_cb (gpointer data)
{
  PraxiDigest *digest = data;
  PraxiOnnxPrefix *prefix = &digest->prefix;
  const gsize end = digest->size > TAIL_BYTES ? digest->size - TAIL_BYTES : 0;
  while (prefix->n_bytes < end) {
    const gsize there = MIN (wait_for_more (digest, prefix->n_bytes), end);
    if (there == 0)
      break;
    sha256_update (&prefix->sum, there - prefix->n_bytes, digest->data + prefix->n_bytes);
    prefix->n_bytes = there;
  }
  return NULL;
}

static PraxiDigest *
digest_new (const guint8 *data, gsize size)
{
  PraxiDigest *digest = g_new0 (PraxiDigest, 1);
  *digest = (PraxiDigest){.data = data, .size = size};
  sha256_init (&digest->prefix.sum);
  pthread_mutex_init (&digest->lock, NULL);
  pthread_cond_init (&digest->has_more, NULL);
  return digest;
}

static void
start (PraxiDigest *digest)
{
  if (digest->size >= LARGE_BYTES)
    digest->thread = g_thread_new ("hash", sum_cb, digest);
}

static void
end_thread (PraxiDigest *digest)
{
  if (digest->thread != NULL)
    g_thread_join (g_steal_pointer (&digest->thread));
}

PraxiDigest *
praxi_digest_new (const guint8 *data, gsize size)
{
  PraxiDigest *digest = digest_new (data, size);
  start (digest);
  return digest;
}

PraxiDigest *
praxi_digest_read (guint8 *data, gsize size, int fd, const char *path, GError **error)
{
  g_autoptr (PraxiDigest) digest = digest_new (data, size);
  digest->room = data;
  digest->fd = fd;
  digest->path = path;
  digest->back = digest->back_read = size;
  start (digest);
  return read_all (digest, error) ? g_steal_pointer (&digest) : NULL;
}

char *
praxi_digest_finish (PraxiDigest *digest, gint64 *at, GError **error)
{
  const gboolean is_marked = praxi_onnx_find_marks (digest->data, digest->size, at, error);
  end_thread (digest);
  return is_marked ? praxi_onnx_check_sum (digest->data, digest->size, &digest->prefix, *at, error)
                   : NULL;
}

void
praxi_digest_free (PraxiDigest *digest)
{
  pthread_mutex_lock (&digest->lock);
  digest->is_stopped = TRUE;
  pthread_cond_broadcast (&digest->has_more);
  pthread_mutex_unlock (&digest->lock);
  end_thread (digest);
  pthread_mutex_destroy (&digest->lock);
  pthread_cond_destroy (&digest->has_more);
  g_clear_error (&digest->error);
  g_free (digest);
}
