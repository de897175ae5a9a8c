#include "engine/model/digest.h"

#include <pthread.h>

/* A smaller file is not worth a thread. */
enum { LARGE_BYTES = 1 << 20 };

/* praxi.sha256 stands near the end: what lies behind this far from it waits until it is found. */
enum { TAIL_BYTES = 1 << 16 };

struct PraxiDigest {
  const guint8 *data;
  gsize size;
  GThread *thread; /* NULL: finish does it all */
  pthread_mutex_t lock;
  pthread_cond_t has_more;
  gsize n_read;
  gboolean is_stopped;
  /* the thread's until it has ended */
  gint64 at;
  char *sha256;
  GError *error;
};

/* How many bytes are there, at least n; 0 where there will not be more. */
static gsize
wait_for (PraxiDigest *digest, gsize n)
{
  pthread_mutex_lock (&digest->lock);
  while (digest->n_read < n && !digest->is_stopped)
    pthread_cond_wait (&digest->has_more, &digest->lock);
  const gsize there = digest->is_stopped ? 0 : digest->n_read;
  pthread_mutex_unlock (&digest->lock);
  return there;
}

static gpointer
make_cb (gpointer data)
{
  PraxiDigest *digest = data;
  const gsize end = digest->size > TAIL_BYTES ? digest->size - TAIL_BYTES : 0;
  PraxiOnnxPrefix prefix = {0};
  sha256_init (&prefix.sum);
  while (prefix.n_bytes < end) {
    const gsize there = MIN (wait_for (digest, prefix.n_bytes + 1), end);
    if (there == 0)
      return NULL;
    sha256_update (&prefix.sum, there - prefix.n_bytes, digest->data + prefix.n_bytes);
    prefix.n_bytes = there;
  }
  if (wait_for (digest, digest->size) == digest->size)
    digest->sha256 =
        praxi_onnx_check_sum (digest->data, digest->size, &prefix, &digest->at, &digest->error);
  return NULL;
}

PraxiDigest *
praxi_digest_new (const guint8 *data, gsize size, gsize n_read)
{
  PraxiDigest *digest = g_new0 (PraxiDigest, 1);
  *digest = (PraxiDigest){.data = data, .size = size, .n_read = n_read};
  pthread_mutex_init (&digest->lock, NULL);
  pthread_cond_init (&digest->has_more, NULL);
  if (size >= LARGE_BYTES)
    digest->thread = g_thread_new ("hash", make_cb, digest);
  return digest;
}

void
praxi_digest_go_on (gsize n_read, gpointer data)
{
  PraxiDigest *digest = data;
  pthread_mutex_lock (&digest->lock);
  digest->n_read = n_read;
  pthread_cond_signal (&digest->has_more);
  pthread_mutex_unlock (&digest->lock);
}

char *
praxi_digest_finish (PraxiDigest *digest, gint64 *at, GError **error)
{
  if (digest->thread == NULL)
    make_cb (digest);
  else
    g_thread_join (g_steal_pointer (&digest->thread));
  *at = digest->at;
  if (digest->error != NULL)
    g_propagate_error (error, g_steal_pointer (&digest->error));
  return g_steal_pointer (&digest->sha256);
}

void
praxi_digest_free (PraxiDigest *digest)
{
  if (digest->thread != NULL) {
    pthread_mutex_lock (&digest->lock);
    digest->is_stopped = TRUE;
    pthread_cond_signal (&digest->has_more);
    pthread_mutex_unlock (&digest->lock);
    g_thread_join (digest->thread);
  }
  pthread_mutex_destroy (&digest->lock);
  pthread_cond_destroy (&digest->has_more);
  g_free (digest->sha256);
  g_clear_error (&digest->error);
  g_free (digest);
}
