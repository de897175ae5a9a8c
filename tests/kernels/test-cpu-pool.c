/* The pool: every part once a job, jobs in order, sleeping and waking. */
#include <glib.h>
#include <stdatomic.h>

#include "kernels/pool.h"

enum { N_JOBS = 3000 };

typedef struct {
  atomic_int runs[8];
  int n, plain; /* plain is written by part 0 only and read after the job */
} Tally;

static void
count_cb (void *data, int i, int n)
{
  Tally *tally = data;
  atomic_fetch_add (&tally->runs[i], 1);
  if (i == 0) {
    tally->n = n;
    tally->plain++;
  }
}

static void
run_jobs (int n_threads)
{
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (n_threads, &pool), ==, PRAXI_OK);
  g_assert_cmpint (praxi_pool_threads (pool), ==, n_threads);
  Tally tally = {0};
  for (int job = 0; job < N_JOBS; job++) {
    if (job % 1000 == 0)
      g_usleep (1000); /* long enough for the workers to fall asleep */
    praxi_pool_run (pool, count_cb, &tally);
    g_assert_cmpint (tally.plain, ==, job + 1);
  }
  g_assert_cmpint (tally.n, ==, n_threads);
  for (int i = 0; i < 8; i++)
    g_assert_cmpint (atomic_load (&tally.runs[i]), ==, i < n_threads ? N_JOBS : 0);
  praxi_pool_free (pool);
}

static void
test_jobs (void)
{
  for (int n_threads = 1; n_threads <= 4; n_threads++)
    run_jobs (n_threads);
}

static void
test_none (void)
{
  Tally tally = {0};
  praxi_pool_run (NULL, count_cb, &tally);
  g_assert_cmpint (tally.n, ==, 1);
  g_assert_cmpint (atomic_load (&tally.runs[0]), ==, 1);
}

/* What part i of one job wrote, part n − 1 − i of the next one reads. */
static void
swap_cb (void *data, int i, int n)
{
  int *values = data;
  values[n + i] = values[n - 1 - i] + 1;
}

static void
test_publishes (void)
{
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (2, &pool), ==, PRAXI_OK);
  int values[4] = {0};
  for (int job = 0; job < N_JOBS; job++) {
    praxi_pool_run (pool, swap_cb, values);
    values[0] = values[2];
    values[1] = values[3];
  }
  g_assert_cmpint (values[0], ==, N_JOBS);
  g_assert_cmpint (values[1], ==, N_JOBS);
  praxi_pool_free (pool);
}

static void
test_limits (void)
{
  PraxiPool *pool;
  g_assert_cmpint (praxi_pool_new (-1, &pool), ==, PRAXI_STATUS_VALUE);
  g_assert_cmpint (praxi_pool_new (100000, &pool), ==, PRAXI_STATUS_VALUE);
  g_assert_null (pool);
  g_assert_cmpint (praxi_pool_new (0, &pool), ==, PRAXI_OK);
  g_assert_cmpint (praxi_pool_threads (pool), >=, 1);
  praxi_pool_free (pool);
  praxi_pool_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cpu/pool/jobs", test_jobs);
  g_test_add_func ("/cpu/pool/none", test_none);
  g_test_add_func ("/cpu/pool/publishes", test_publishes);
  g_test_add_func ("/cpu/pool/limits", test_limits);
  return g_test_run ();
}
