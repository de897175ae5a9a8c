#include "engine/infer/batcher.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "engine/core/error.h"

typedef struct {
  const guint8 *clip;
  float *scores;
  PraxiBatcherDone done;
  gpointer data;
  gint64 since_us;
} Ticket;

struct PraxiBatcher {
  PraxiBatcherOptions options;
  guint8 *clips; /* [max_batch, clip_bytes], of the thread */
  float *scores; /* [max_batch, n_classes], of the thread */
  Ticket *batch; /* [max_batch], of the thread */
  Ticket *ring;  /* [max_waiting] */
  pthread_t thread;
  gboolean has_thread;

  pthread_mutex_t lock;
  pthread_cond_t came; /* a clip, or the end; or fewer are expected */
  pthread_cond_t left; /* there is room */
  /* guarded by lock: */
  int first;
  int n_waiting;
  int n_expected;
  gboolean is_ending;
  PraxiBatcherCounts counts;
};

/* What praxi_batcher_score waits for. */
typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t done;
  /* guarded by lock: */
  int n_open;
  GError *error;
} Group;

static gboolean
wait_until (PraxiBatcher *batcher, gint64 until_us)
{
  const struct timespec until = {.tv_sec = until_us / G_USEC_PER_SEC,
                                 .tv_nsec = until_us % G_USEC_PER_SEC * 1000};
  return pthread_cond_timedwait (&batcher->came, &batcher->lock, &until) == 0;
}

/* Moves the next batch out of the ring. Returns its clips; 0: the end. */
static int
take_batch (PraxiBatcher *batcher)
{
  const PraxiBatcherOptions *options = &batcher->options;
  pthread_mutex_lock (&batcher->lock);
  while (batcher->n_waiting == 0 && !batcher->is_ending)
    pthread_cond_wait (&batcher->came, &batcher->lock);
  const gint64 until_us = batcher->ring[batcher->first].since_us + options->max_delay_us;
  while (batcher->n_waiting < options->max_batch && batcher->n_expected > 0 && !batcher->is_ending)
    if (!wait_until (batcher, until_us))
      break;
  const int n = MIN (batcher->n_waiting, options->max_batch);
  for (int i = 0; i < n; i++)
    batcher->batch[i] = batcher->ring[(batcher->first + i) % options->max_waiting];
  batcher->first = (batcher->first + n) % options->max_waiting;
  batcher->n_waiting -= n;
  pthread_cond_broadcast (&batcher->left);
  pthread_mutex_unlock (&batcher->lock);
  return n;
}

static void
count (PraxiBatcher *batcher, int n_clips, gboolean is_good)
{
  pthread_mutex_lock (&batcher->lock);
  batcher->counts.batches++;
  batcher->counts.clips += (guint64) n_clips;
  batcher->counts.failed += is_good ? 0 : (guint64) n_clips;
  pthread_mutex_unlock (&batcher->lock);
}

/* Runs and answers clips [from, from + n) of the batch. FALSE: it failed, nobody was told. */
static gboolean
run (PraxiBatcher *batcher, int from, int n, GError **error)
{
  const PraxiBatcherOptions *options = &batcher->options;
  for (int i = 0; i < n; i++)
    memcpy (batcher->clips + options->clip_bytes * (gsize) i, batcher->batch[from + i].clip,
            options->clip_bytes);
  const gboolean is_good = options->run (options->data, batcher->clips, n, batcher->scores, error);
  if (is_good || n == 1)
    count (batcher, n, is_good);
  if (!is_good)
    return FALSE;
  for (int i = 0; i < n; i++) {
    const Ticket *ticket = &batcher->batch[from + i];
    memcpy (ticket->scores, batcher->scores + i * options->n_classes,
            sizeof (float) * (gsize) options->n_classes);
    ticket->done (ticket->data, NULL);
  }
  return TRUE;
}

/* A batch that fails is run again clip by clip, so that one bad clip spoils no other. */
static void
run_batch (PraxiBatcher *batcher, int n)
{
  g_autoptr (GError) error = NULL;
  if (n > 1 && run (batcher, 0, n, &error))
    return;
  for (int i = 0; i < n; i++) {
    g_clear_error (&error);
    if (!run (batcher, i, 1, &error))
      batcher->batch[i].done (batcher->batch[i].data, error);
  }
}

static void *
run_cb (void *data)
{
  PraxiBatcher *batcher = data;
  for (int n; (n = take_batch (batcher)) > 0;)
    run_batch (batcher, n);
  return NULL;
}

static gboolean
allocate (PraxiBatcher *batcher)
{
  const PraxiBatcherOptions *options = &batcher->options;
  batcher->clips = g_try_malloc_n ((gsize) options->max_batch, options->clip_bytes);
  batcher->scores = g_new0 (float, options->max_batch * options->n_classes);
  batcher->batch = g_new0 (Ticket, options->max_batch);
  batcher->ring = g_new0 (Ticket, options->max_waiting);
  return batcher->clips != NULL;
}

PraxiBatcher *
praxi_batcher_new (const PraxiBatcherOptions *options, GError **error)
{
  g_return_val_if_fail (options->max_batch > 0 && options->max_waiting > 0, NULL);
  g_autoptr (PraxiBatcher) batcher = g_new0 (PraxiBatcher, 1);
  batcher->options = *options;
  pthread_mutex_init (&batcher->lock, NULL);
  pthread_condattr_t attributes;
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&batcher->came, &attributes);
  pthread_cond_init (&batcher->left, &attributes);
  pthread_condattr_destroy (&attributes);
  batcher->has_thread =
      allocate (batcher) && pthread_create (&batcher->thread, NULL, run_cb, batcher) == 0;
  if (batcher->has_thread)
    return g_steal_pointer (&batcher);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_MEMORY,
               "not enough memory for batches of %d clips; try smaller ones", options->max_batch);
  return NULL;
}

void
praxi_batcher_stop (PraxiBatcher *batcher)
{
  pthread_mutex_lock (&batcher->lock);
  batcher->is_ending = TRUE;
  pthread_cond_signal (&batcher->came);
  pthread_mutex_unlock (&batcher->lock);
  if (batcher->has_thread)
    pthread_join (batcher->thread, NULL);
  batcher->has_thread = FALSE;
}

void
praxi_batcher_free (PraxiBatcher *batcher)
{
  if (batcher == NULL)
    return;
  praxi_batcher_stop (batcher);
  pthread_cond_destroy (&batcher->came);
  pthread_cond_destroy (&batcher->left);
  pthread_mutex_destroy (&batcher->lock);
  g_free (batcher->clips);
  g_free (batcher->scores);
  g_free (batcher->batch);
  g_free (batcher->ring);
  g_free (batcher);
}

static gboolean
submit (PraxiBatcher *batcher, const Ticket *ticket, gboolean wait)
{
  const int room = batcher->options.max_waiting;
  pthread_mutex_lock (&batcher->lock);
  while (wait && batcher->n_waiting >= room)
    pthread_cond_wait (&batcher->left, &batcher->lock);
  const gboolean is_taken = batcher->n_waiting < room;
  if (is_taken) {
    Ticket *to = &batcher->ring[(batcher->first + batcher->n_waiting++) % room];
    *to = *ticket;
    to->since_us = g_get_monotonic_time ();
    pthread_cond_signal (&batcher->came);
  }
  pthread_mutex_unlock (&batcher->lock);
  return is_taken;
}

void
praxi_batcher_expect (PraxiBatcher *batcher, int n_more)
{
  pthread_mutex_lock (&batcher->lock);
  batcher->n_expected += n_more;
  pthread_cond_signal (&batcher->came);
  pthread_mutex_unlock (&batcher->lock);
}

gboolean
praxi_batcher_submit (PraxiBatcher *batcher,
                      const guint8 *clip,
                      float *scores,
                      PraxiBatcherDone done,
                      gpointer data)
{
  const Ticket ticket = {.clip = clip, .scores = scores, .done = done, .data = data};
  return submit (batcher, &ticket, FALSE);
}

static void
group_done_cb (gpointer data, const GError *error)
{
  Group *group = data;
  pthread_mutex_lock (&group->lock);
  if (error != NULL && group->error == NULL)
    group->error = g_error_copy (error);
  if (--group->n_open == 0)
    pthread_cond_signal (&group->done);
  pthread_mutex_unlock (&group->lock);
}

gboolean
praxi_batcher_score (PraxiBatcher *batcher,
                     const guint8 *clips,
                     int n_clips,
                     float *scores,
                     GError **error)
{
  Group group = {.n_open = n_clips};
  pthread_mutex_init (&group.lock, NULL);
  pthread_cond_init (&group.done, NULL);
  praxi_batcher_expect (batcher, n_clips);
  for (int i = 0; i < n_clips; i++) {
    const Ticket ticket = {.clip = clips + batcher->options.clip_bytes * (gsize) i,
                           .scores = scores + i * batcher->options.n_classes,
                           .done = group_done_cb,
                           .data = &group};
    submit (batcher, &ticket, TRUE);
    praxi_batcher_expect (batcher, -1);
  }
  pthread_mutex_lock (&group.lock);
  while (group.n_open > 0)
    pthread_cond_wait (&group.done, &group.lock);
  pthread_mutex_unlock (&group.lock);
  pthread_cond_destroy (&group.done);
  pthread_mutex_destroy (&group.lock);
  if (group.error == NULL)
    return TRUE;
  g_propagate_error (error, group.error);
  return FALSE;
}

PraxiBatcherCounts
praxi_batcher_counts (PraxiBatcher *batcher)
{
  pthread_mutex_lock (&batcher->lock);
  PraxiBatcherCounts counts = batcher->counts;
  counts.waiting = batcher->n_waiting;
  pthread_mutex_unlock (&batcher->lock);
  return counts;
}
