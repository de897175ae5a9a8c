/* The batcher with a stand-in for the model: every caller gets the answer to its own clip, batches
 * form across callers and never grow beyond what is allowed, one bad clip spoils no other.
 */
#include "engine/infer/batcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/core/error.h"

enum { CLIP_BYTES = 64, N_CLASSES = 2, MAX_BATCH = 4, POISON = 0xff, CALLERS = 8, ROUNDS = 200 };

typedef struct {
  pthread_mutex_t gate; /* held by a test: the model does not come to an end */
  atomic_int n_runs;
  atomic_int biggest;
} Fake;

static gboolean
run (gpointer data, const guint8 *clips, int n_clips, float *scores, GError **error)
{
  Fake *fake = data;
  pthread_mutex_lock (&fake->gate);
  pthread_mutex_unlock (&fake->gate);
  g_assert_cmpint (n_clips, >=, 1);
  g_assert_cmpint (n_clips, <=, MAX_BATCH);
  atomic_fetch_add (&fake->n_runs, 1);
  if (n_clips > atomic_load (&fake->biggest))
    atomic_store (&fake->biggest, n_clips);
  for (int i = 0; i < n_clips; i++) {
    const guint8 *clip = clips + i * CLIP_BYTES;
    if (clip[0] == POISON) {
      g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "not a number");
      return FALSE;
    }
    scores[i * N_CLASSES] = clip[0];
    scores[i * N_CLASSES + 1] = clip[CLIP_BYTES - 1];
  }
  return TRUE;
}

static void
fake_begin (Fake *fake)
{
  pthread_mutex_init (&fake->gate, NULL);
  atomic_init (&fake->n_runs, 0);
  atomic_init (&fake->biggest, 0);
}

static PraxiBatcher *
make (Fake *fake, gint64 max_delay_us, int max_waiting)
{
  const PraxiBatcherOptions options = {.clip_bytes = CLIP_BYTES,
                                       .n_classes = N_CLASSES,
                                       .max_batch = MAX_BATCH,
                                       .max_delay_us = max_delay_us,
                                       .max_waiting = max_waiting,
                                       .run = run,
                                       .data = fake};
  PraxiBatcher *batcher = praxi_batcher_new (&options, NULL);
  g_assert_nonnull (batcher);
  return batcher;
}

static void
count_cb (gpointer data, const GError *error)
{
  g_assert_no_error (error);
  atomic_fetch_add ((atomic_int *) data, 1);
}

/* While the model is busy others gather; what is too much is turned away; the end answers all. */
static void
test_gathers (void)
{
  enum { N = 9 };
  Fake fake;
  fake_begin (&fake);
  atomic_int n_done;
  atomic_init (&n_done, 0);
  guint8 clips[N + 1][CLIP_BYTES] = {{0}};
  float scores[N + 1][N_CLASSES];
  pthread_mutex_lock (&fake.gate);
  PraxiBatcher *batcher = make (&fake, 0, N - 1);
  g_assert_true (praxi_batcher_submit (batcher, clips[0], scores[0], count_cb, &n_done));
  while (praxi_batcher_counts (batcher).waiting > 0)
    g_usleep (100);
  for (int i = 1; i < N; i++) {
    clips[i][0] = (guint8) i;
    g_assert_true (praxi_batcher_submit (batcher, clips[i], scores[i], count_cb, &n_done));
  }
  g_assert_false (praxi_batcher_submit (batcher, clips[N], scores[N], count_cb, &n_done));
  g_assert_cmpint (praxi_batcher_counts (batcher).waiting, ==, N - 1);
  pthread_mutex_unlock (&fake.gate);
  praxi_batcher_free (batcher);
  g_assert_cmpint (atomic_load (&n_done), ==, N);
  g_assert_cmpint (atomic_load (&fake.n_runs), ==, 3); /* 1 + 4 + 4 */
  for (int i = 0; i < N; i++)
    g_assert_cmpfloat (scores[i][0], ==, (float) i);
}

/* A clip that is alone waits for those that are expected, at most the delay. */
static void
test_delay (void)
{
  Fake fake;
  fake_begin (&fake);
  g_autoptr (PraxiBatcher) batcher = make (&fake, 30000, 8);
  guint8 clip[CLIP_BYTES] = {7};
  float scores[N_CLASSES];
  praxi_batcher_expect (batcher, 1);
  const gint64 begin_us = g_get_monotonic_time ();
  g_assert_true (praxi_batcher_score (batcher, clip, 1, scores, NULL));
  g_assert_cmpint (g_get_monotonic_time () - begin_us, >=, 30000);
  g_assert_cmpfloat (scores[0], ==, 7);
  guint8 full[MAX_BATCH][CLIP_BYTES] = {{0}};
  float all[MAX_BATCH][N_CLASSES];
  g_assert_true (praxi_batcher_score (batcher, full[0], MAX_BATCH, all[0], NULL));
  g_assert_cmpint (atomic_load (&fake.n_runs), ==, 2);
  g_assert_cmpint (atomic_load (&fake.biggest), ==, MAX_BATCH);
}

static void
test_poison (void)
{
  Fake fake;
  fake_begin (&fake);
  g_autoptr (PraxiBatcher) batcher = make (&fake, 20000, 8);
  guint8 clips[MAX_BATCH][CLIP_BYTES] = {{1}, {2}, {POISON}, {4}};
  float scores[MAX_BATCH][N_CLASSES] = {{0}};
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_batcher_score (batcher, clips[0], MAX_BATCH, scores[0], &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_assert_cmpfloat (scores[0][0], ==, 1);
  g_assert_cmpfloat (scores[1][0], ==, 2);
  g_assert_cmpfloat (scores[2][0], ==, 0);
  g_assert_cmpfloat (scores[3][0], ==, 4);
  const PraxiBatcherCounts counts = praxi_batcher_counts (batcher);
  g_assert_cmpuint (counts.clips, ==, 4);
  g_assert_cmpuint (counts.failed, ==, 1);
}

typedef struct {
  PraxiBatcher *batcher;
  int index;
} Caller;

static void *
call_cb (void *data)
{
  const Caller *caller = data;
  for (int i = 0; i < ROUNDS; i++) {
    guint8 clips[3][CLIP_BYTES];
    float scores[3][N_CLASSES];
    const int n = 1 + i % 3;
    for (int k = 0; k < n; k++)
      memset (clips[k], (caller->index * 16 + (i + k) % 16) % POISON, CLIP_BYTES);
    g_assert_true (praxi_batcher_score (caller->batcher, clips[0], n, scores[0], NULL));
    for (int k = 0; k < n; k++)
      for (int c = 0; c < N_CLASSES; c++)
        g_assert_cmpfloat (scores[k][c], ==, clips[k][0]);
  }
  return NULL;
}

/* Many callers, little room. */
static void
test_callers (void)
{
  Fake fake;
  fake_begin (&fake);
  g_autoptr (PraxiBatcher) batcher = make (&fake, 200, 5);
  Caller callers[CALLERS];
  pthread_t threads[CALLERS];
  for (int i = 0; i < CALLERS; i++) {
    callers[i] = (Caller){.batcher = batcher, .index = i};
    g_assert_cmpint (pthread_create (&threads[i], NULL, call_cb, &callers[i]), ==, 0);
  }
  for (int i = 0; i < CALLERS; i++)
    pthread_join (threads[i], NULL);
  int n_clips = 0;
  for (int i = 0; i < ROUNDS; i++)
    n_clips += 1 + i % 3;
  g_assert_cmpuint (praxi_batcher_counts (batcher).clips, ==, (guint64) n_clips * CALLERS);
  g_assert_cmpint (atomic_load (&fake.n_runs), <, n_clips * CALLERS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batcher/gathers", test_gathers);
  g_test_add_func ("/batcher/delay", test_delay);
  g_test_add_func ("/batcher/poison", test_poison);
  g_test_add_func ("/batcher/callers", test_callers);
  return g_test_run ();
}
