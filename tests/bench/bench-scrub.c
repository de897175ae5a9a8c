/* Prints how long pictures take from the asking to the client: exact frames far and near, keyframe
 * previews, and frames of a movement; judges nothing.
 *
 * bench-scrub PRAXI VIDEO
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/media/decode-client.h"

enum { WIDTH = 1920, HEIGHT = 1080, ROUNDS = 60, STEPS = 150 };

typedef struct {
  PraxiDecodeClient *client;
  PraxiFrameIndex *index;
  int exact;     /* the frame that came last */
  int preview;   /* the ordinal whose preview came last */
  double cpu_ms; /* of the helper, when it was printed last */
} Bench;

static void
ready_cb (PraxiDecodeClient *client,
          const PraxiDecodeInfo *info,
          PraxiFrameIndex *index,
          gpointer user_data)
{
  Bench *bench = user_data;
  bench->index = praxi_frame_index_ref (index);
}

static void
picture_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  if (picture->is_exact)
    ((Bench *) user_data)->exact = picture->ordinal;
}

static void
preview_cb (PraxiDecodeClient *client, const PraxiDecodePicture *picture, gpointer user_data)
{
  ((Bench *) user_data)->preview = picture->requested;
}

static void
failed_cb (PraxiDecodeClient *client, const GError *error, gpointer user_data)
{
  fprintf (stderr, "%s\n", error->message);
  exit (EXIT_FAILURE);
}

static double
wait_exact (Bench *bench, int ordinal)
{
  const gint64 begin_us = g_get_monotonic_time ();
  bench->exact = -1;
  praxi_decode_client_request (bench->client, ordinal, WIDTH, HEIGHT, TRUE);
  while (bench->exact != ordinal)
    g_main_context_iteration (NULL, TRUE);
  return (double) (g_get_monotonic_time () - begin_us) / 1e3;
}

static double
wait_preview (Bench *bench, int ordinal)
{
  const gint64 begin_us = g_get_monotonic_time ();
  bench->preview = -1;
  praxi_decode_client_preview (bench->client, ordinal, 384, 216);
  while (bench->preview != ordinal)
    g_main_context_iteration (NULL, TRUE);
  return (double) (g_get_monotonic_time () - begin_us) / 1e3;
}

/* Of the helper so far: on a busy machine it says more than the clock. */
static double
helper_cpu_ms (const Bench *bench)
{
  unsigned long user = 0, system = 0;
  g_autofree char *path =
      g_strdup_printf ("/proc/%d/stat", (int) praxi_decode_client_pid (bench->client));
  g_autofree char *text = NULL;
  if (g_file_get_contents (path, &text, NULL, NULL) && strrchr (text, ')') != NULL)
    sscanf (strrchr (text, ')') + 1, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
            &system);
  return (double) (user + system) * 1e3 / (double) sysconf (_SC_CLK_TCK);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static void
print_times (Bench *bench, const char *what, double *ms, int n)
{
  qsort (ms, (size_t) n, sizeof *ms, compare_doubles);
  const double cpu_ms = helper_cpu_ms (bench);
  printf ("%-30s median %7.2f ms, p95 %7.2f ms, processor time %6.2f ms a picture\n", what,
          ms[n / 2], ms[n * 95 / 100], (cpu_ms - bench->cpu_ms) / n);
  bench->cpu_ms = cpu_ms;
}

static void
move (Bench *bench, const char *what, int from, int step)
{
  static double ms[STEPS];
  int n = 0;
  wait_exact (bench, from);
  for (int at = from + step; n < STEPS && at >= 0 && at < praxi_frame_index_length (bench->index);
       at += step)
    ms[n++] = wait_exact (bench, at);
  print_times (bench, what, ms, n);
}

int
main (int argc, char **argv)
{
  static double ms[ROUNDS];
  const PraxiDecodeCallbacks callbacks = {
      .ready = ready_cb, .picture = picture_cb, .preview = preview_cb, .failed = failed_cb};
  g_autoptr (GError) error = NULL;
  Bench bench = {0};
  setvbuf (stdout, NULL, _IOLBF, 0);
  bench.client =
      argc == 3 ? praxi_decode_client_new (argv[1], argv[2], &callbacks, &bench, &error) : NULL;
  if (bench.client == NULL) {
    fprintf (stderr, "usage: bench-scrub PRAXI VIDEO; %s\n", error != NULL ? error->message : "");
    return EXIT_FAILURE;
  }
  while (bench.index == NULL)
    g_main_context_iteration (NULL, TRUE);
  const int n_frames = praxi_frame_index_length (bench.index);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (int i = 0; i < ROUNDS; i++)
    ms[i] = wait_exact (&bench, g_rand_int_range (random, 0, n_frames));
  print_times (&bench, "any exact frame", ms, ROUNDS);
  for (int i = 0; i < ROUNDS; i++)
    ms[i] = wait_preview (&bench, g_rand_int_range (random, 0, n_frames));
  print_times (&bench, "keyframe preview", ms, ROUNDS);
  const int middle = n_frames / 2 + 30; /* not beside a keyframe of every 60th */
  wait_exact (&bench, middle);
  for (int i = 0; i < ROUNDS; i++) {
    const int near = middle + g_rand_int_range (random, -15, 16);
    ms[i] = wait_exact (&bench, near);
  }
  print_times (&bench, "within 15 frames of the last", ms, ROUNDS);
  move (&bench, "forwards, frame by frame", n_frames / 4, 1);
  move (&bench, "backwards, frame by frame", n_frames * 3 / 4, -1);
  praxi_decode_client_free (bench.client);
  praxi_frame_index_unref (bench.index);
  return EXIT_SUCCESS;
}
