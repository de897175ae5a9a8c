/* The thread pool: every part of every job once, whoever runs it. */
#include <glib.h>
#include <stdatomic.h>

#include "kernels/pool.h"

enum { JOBS = 3000, MOST_THREADS = 9 };

typedef struct {
  int n_threads, job;
  int done[MOST_THREADS]; /* by nobody at the same time */
  long sums[MOST_THREADS];
  atomic_int n_parts;
} Job;

/* Parts of many lengths, so that threads are late in turns. */
static void
run_part (void *data, int i, int n)
{
  Job *job = data;
  g_assert_cmpint (n, ==, job->n_threads);
  const int length = (job->job * 7 + i * 13) % 41 * (job->job % 5 == 0 ? 200 : 4);
  for (volatile int k = 0; k < length; k++)
    job->sums[i] += k % 3;
  job->done[i]++;
  atomic_fetch_add (&job->n_parts, 1);
}

static void
test_parts (void)
{
  for (int n = 1; n <= MOST_THREADS; n += 2) {
    PraxiPool *pool;
    Job job = {.n_threads = n};
    g_assert_cmpint (praxi_pool_new (n, &pool), ==, PRAXI_OK);
    g_assert_cmpint (praxi_pool_threads (pool), ==, n);
    for (job.job = 0; job.job < JOBS; job.job++) {
      praxi_pool_run (pool, run_part, &job);
      g_assert_cmpint (atomic_load (&job.n_parts), ==, (job.job + 1) * n);
      for (int i = 0; i < n; i++)
        g_assert_cmpint (job.done[i], ==, job.job + 1);
      if (job.job % 500 == 0)
        g_usleep (1000); /* all fall asleep */
    }
    praxi_pool_free (pool);
  }
}

static void
test_nobody (void)
{
  Job job = {.n_threads = 1};
  praxi_pool_run (NULL, run_part, &job);
  g_assert_cmpint (job.done[0], ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/parts", test_parts);
  g_test_add_func ("/pool/nobody", test_nobody);
  return g_test_run ();
}
