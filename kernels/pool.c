/* A generation counter starts a job; the threads that are still awake from the last one see it
 * within a microsecond, the others sleep on a condition. Nobody spins longer than SPIN_NS, so an
 * idle pool burns nothing. A part is taken by raising its own counter to the generation: by its own
 * thread, or by one that has nothing left to do. With a core that is busy otherwise a job takes no
 * longer than one thread alone would, instead of until the scheduler gives the other one its turn.
 */
#include "kernels/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_THREADS = 256, SPIN_NS = 60000, POLLS_A_LOOK = 16 };

typedef struct {
  PraxiPool *pool;
  pthread_t thread;
  int index;
} Worker;

struct PraxiPool {
  int n_threads;
  long spin_ns;    /* 0 where there are more threads than processors */
  Worker *workers; /* [n_threads − 1], index 1 … */

  void (*part) (void *data, int i, int n); /* published by generation */
  void *data;
  atomic_uint generation;
  atomic_uint taken[MAX_THREADS]; /* the last generation whose part i somebody has taken */
  atomic_int pending;             /* parts of this generation that are not done */

  atomic_int sleepers;
  atomic_bool caller_sleeps, stop;
  pthread_mutex_t lock;
  pthread_cond_t started, finished;
};

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#endif
}

static long
elapsed_ns (const struct timespec *since)
{
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  return (now.tv_sec - since->tv_sec) * 1000000000L + (now.tv_nsec - since->tv_nsec);
}

/* True once there is a generation other than seen; false when spinning has taken too long. */
static bool
spin_for_work (PraxiPool *pool, unsigned seen)
{
  struct timespec begin;
  clock_gettime (CLOCK_MONOTONIC, &begin);
  do {
    for (int i = 0; i < POLLS_A_LOOK; i++) {
      if (atomic_load_explicit (&pool->generation, memory_order_acquire) != seen)
        return true;
      relax ();
    }
  } while (elapsed_ns (&begin) < pool->spin_ns);
  return false;
}

static bool
spin_for_end (PraxiPool *pool)
{
  struct timespec begin;
  clock_gettime (CLOCK_MONOTONIC, &begin);
  do {
    for (int i = 0; i < POLLS_A_LOOK; i++) {
      if (atomic_load_explicit (&pool->pending, memory_order_acquire) == 0)
        return true;
      relax ();
    }
  } while (elapsed_ns (&begin) < pool->spin_ns);
  return false;
}

/* sleepers is raised before generation is read again, and praxi_pool_run raises generation before
 * it reads sleepers: at least one of the two sees the other, so no start is missed.
 */
static void
sleep_for_work (PraxiPool *pool, unsigned seen)
{
  pthread_mutex_lock (&pool->lock);
  atomic_fetch_add (&pool->sleepers, 1);
  while (atomic_load (&pool->generation) == seen)
    pthread_cond_wait (&pool->started, &pool->lock);
  atomic_fetch_sub (&pool->sleepers, 1);
  pthread_mutex_unlock (&pool->lock);
}

static void
sleep_for_end (PraxiPool *pool)
{
  pthread_mutex_lock (&pool->lock);
  atomic_store (&pool->caller_sleeps, true);
  while (atomic_load (&pool->pending) != 0)
    pthread_cond_wait (&pool->finished, &pool->lock);
  atomic_store (&pool->caller_sleeps, false);
  pthread_mutex_unlock (&pool->lock);
}

static void
finish_part (PraxiPool *pool)
{
  if (atomic_fetch_sub (&pool->pending, 1) != 1 || !atomic_load (&pool->caller_sleeps))
    return;
  pthread_mutex_lock (&pool->lock);
  pthread_cond_signal (&pool->finished);
  pthread_mutex_unlock (&pool->lock);
}

/* A part that is taken holds its generation up: the job stays what it is until it is done. */
static void
run_parts (PraxiPool *pool, int own, unsigned generation)
{
  const int n = pool->n_threads;
  for (int k = 0; k < n; k++) {
    const int i = (own + k) % n;
    unsigned last = generation - 1;
    if (!atomic_compare_exchange_strong (&pool->taken[i], &last, generation))
      continue;
    pool->part (pool->data, i, n);
    finish_part (pool);
  }
}

static void *
work (void *data)
{
  const Worker *worker = data;
  PraxiPool *pool = worker->pool;
  unsigned seen = 0;
  for (;;) {
    if (!spin_for_work (pool, seen))
      sleep_for_work (pool, seen);
    seen = atomic_load (&pool->generation);
    if (atomic_load (&pool->stop))
      return NULL;
    run_parts (pool, worker->index, seen);
  }
}

static unsigned
start_generation (PraxiPool *pool)
{
  const unsigned generation = atomic_fetch_add (&pool->generation, 1) + 1;
  if (atomic_load (&pool->sleepers) == 0)
    return generation;
  pthread_mutex_lock (&pool->lock);
  pthread_cond_broadcast (&pool->started);
  pthread_mutex_unlock (&pool->lock);
  return generation;
}

static int
count_processors (void)
{
  cpu_set_t set;
  if (sched_getaffinity (0, sizeof set, &set) != 0)
    return 1;
  const int n = CPU_COUNT (&set);
  return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

static PraxiStatus
start_workers (PraxiPool *pool, int wanted)
{
  pool->workers = calloc ((size_t) wanted, sizeof *pool->workers);
  if (!pool->workers)
    return PRAXI_STATUS_MEMORY;
  /* The workers read n_threads only after the first generation. */
  for (pool->n_threads = 1; pool->n_threads < wanted; pool->n_threads++) {
    Worker *worker = &pool->workers[pool->n_threads - 1];
    *worker = (Worker){.pool = pool, .index = pool->n_threads};
    if (pthread_create (&worker->thread, NULL, work, worker) != 0)
      return PRAXI_STATUS_MEMORY;
  }
  return PRAXI_OK;
}

PraxiStatus
praxi_pool_new (int n_threads, PraxiPool **out)
{
  *out = NULL;
  if (n_threads < 0 || n_threads > MAX_THREADS)
    return PRAXI_STATUS_VALUE;
  const int processors = count_processors ();
  const int wanted = n_threads ? n_threads : processors;
  PraxiPool *pool = calloc (1, sizeof *pool);
  if (!pool)
    return PRAXI_STATUS_MEMORY;
  pool->spin_ns = wanted > processors ? 0 : SPIN_NS;
  pthread_mutex_init (&pool->lock, NULL);
  pthread_cond_init (&pool->started, NULL);
  pthread_cond_init (&pool->finished, NULL);
  const PraxiStatus status = start_workers (pool, wanted);
  if (status != PRAXI_OK) {
    praxi_pool_free (pool);
    return status;
  }
  *out = pool;
  return PRAXI_OK;
}

void
praxi_pool_free (PraxiPool *pool)
{
  if (!pool)
    return;
  atomic_store (&pool->stop, true);
  start_generation (pool);
  for (int i = 1; i < pool->n_threads; i++)
    pthread_join (pool->workers[i - 1].thread, NULL);
  pthread_cond_destroy (&pool->finished);
  pthread_cond_destroy (&pool->started);
  pthread_mutex_destroy (&pool->lock);
  free (pool->workers);
  free (pool);
}

int
praxi_pool_threads (const PraxiPool *pool)
{
  return pool->n_threads;
}

void
praxi_pool_run (PraxiPool *pool, void (*part) (void *data, int i, int n), void *data)
{
  if (!pool || pool->n_threads == 1) {
    part (data, 0, 1);
    return;
  }
  pool->part = part;
  pool->data = data;
  atomic_store (&pool->pending, pool->n_threads);
  run_parts (pool, 0, start_generation (pool));
  if (!spin_for_end (pool))
    sleep_for_end (pool);
}
