/* usage: dump-preprocess VIDEO WIDTH HEIGHT: the first frame as a model sees it, raw RGB24. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/media/decoder.h"
#include "engine/media/preprocess.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  if (argc != 4)
    return EXIT_FAILURE;
  const int width = atoi (argv[2]), height = atoi (argv[3]);
  const gsize bytes = (gsize) width * (gsize) height * 3;
  g_autofree guint8 *rgb = g_malloc (bytes);
  g_autoptr (PraxiMedia) media = praxi_media_open (argv[1], &error);
  g_autoptr (PraxiDecoder) decoder = media != NULL ? praxi_decoder_new (media, NULL, &error) : NULL;
  g_autoptr (PraxiFrame) frame = decoder != NULL ? praxi_decoder_next (decoder, &error) : NULL;
  if (frame == NULL || !praxi_preprocess (frame, width, height, rgb, &error)) {
    fprintf (stderr, "%s\n", error != NULL ? error->message : "no frame");
    return EXIT_FAILURE;
  }
  return fwrite (rgb, 1, bytes, stdout) == bytes ? EXIT_SUCCESS : EXIT_FAILURE;
}
