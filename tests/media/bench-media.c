/* Prints what decoding and preprocessing cost; judges nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/media/decoder.h"
#include "engine/media/preprocess.h"

/* Of the processor, all threads together: other programs do not count. */
static double
cpu_seconds (void)
{
  struct timespec now;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static int
decode_all (PraxiMedia *media, int threads, int every, GError **error)
{
  const int n = praxi_media_info (media)->frames;
  g_autofree int *wanted = g_new (int, n);
  int n_wanted = 0, n_frames = 0;
  for (int i = 0; i < n; i += every)
    wanted[n_wanted++] = i;
  g_autoptr (PraxiDecoder) decoder =
      praxi_decoder_new (media, &(PraxiDecoderOptions){.threads = threads}, error);
  if (decoder == NULL)
    return -1;
  for (;;) {
    g_autoptr (PraxiFrame) frame =
        every == 1 ? praxi_decoder_next (decoder, error)
                   : praxi_decoder_next_wanted (decoder, wanted, n_wanted, error);
    if (frame == NULL)
      return n_frames;
    n_frames++;
  }
}

static void
time_decoding (PraxiMedia *media, int threads, int every)
{
  g_autoptr (GError) error = NULL;
  const double begin_s = cpu_seconds ();
  const int n = decode_all (media, threads, every, &error);
  printf ("decode  threads %d, every %d: %d frames, %.3f s of processor time\n", threads, every, n,
          cpu_seconds () - begin_s);
}

static void
time_preprocessing (PraxiMedia *media)
{
  enum { ROUNDS = 200 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiDecoder) decoder = praxi_decoder_new (media, NULL, &error);
  g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, &error);
  g_autofree guint8 *rgb = g_malloc (192 * 144 * 3);
  const double begin_s = cpu_seconds ();
  for (int i = 0; i < ROUNDS; i++)
    praxi_preprocess (frame, 192, 144, rgb, NULL);
  printf ("preprocess to 192x144: %.3f ms\n", (cpu_seconds () - begin_s) / ROUNDS * 1e3);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiMedia) media = argc == 2 ? praxi_media_open (argv[1], &error) : NULL;
  if (media == NULL) {
    fprintf (stderr, "usage: bench-media VIDEO; %s\n", error != NULL ? error->message : "");
    return EXIT_FAILURE;
  }
  time_preprocessing (media);
  for (int every = 1; every <= 3; every += 2)
    time_decoding (media, 2, every);
  return EXIT_SUCCESS;
}
