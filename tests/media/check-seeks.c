/* usage: check-seeks VIDEO…: every frame reached in random order, with one and with two threads,
 * picked out of the stream, on the way to another and as a keyframe, is the picture that decoding
 * from the start shows. Damaged files are held to it with one thread only: what mends a picture
 * depends on timing between several.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/media/decoder.h"

#define MAX_SEEKS 160

typedef struct {
  PraxiMedia *media;
  int n;
  char **digests; /* [n], NULL where no picture came */
  gboolean is_damaged;
} Footage;

static char *
digest (const PraxiFrame *frame)
{
  const int stride = praxi_frame_width (frame) * 3;
  const gsize bytes = (gsize) stride * (gsize) praxi_frame_height (frame);
  g_autofree guint8 *rgb = g_malloc (bytes);
  if (!praxi_frame_to_rgb (frame, rgb, stride, NULL))
    return NULL;
  return g_compute_checksum_for_data (G_CHECKSUM_MD5, rgb, bytes);
}

static gboolean
read_all (Footage *footage, GError **error)
{
  footage->n = praxi_media_info (footage->media)->frames;
  footage->digests = g_new0 (char *, footage->n);
  g_autoptr (PraxiDecoder) decoder =
      praxi_decoder_new (footage->media, &(PraxiDecoderOptions){.threads = 1}, error);
  if (decoder == NULL)
    return FALSE;
  for (int next = 0;; next++) {
    g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, error);
    if (frame == NULL)
      return *error == NULL;
    if (praxi_frame_ordinal (frame) < next)
      return FALSE;
    next = praxi_frame_ordinal (frame);
    footage->digests[next] = digest (frame);
  }
}

static gboolean
is_right (const Footage *footage, const PraxiFrame *frame, int ordinal, const char *how)
{
  g_autofree char *found = frame != NULL ? digest (frame) : NULL;
  if (frame != NULL && praxi_frame_ordinal (frame) == ordinal &&
      g_strcmp0 (found, footage->digests[ordinal]) == 0)
    return TRUE;
  fprintf (stderr, "%s: frame %d %s: got %d, %s\n", praxi_media_info (footage->media)->path,
           ordinal, how, frame != NULL ? praxi_frame_ordinal (frame) : -1,
           g_strcmp0 (found, footage->digests[ordinal]) == 0 ? "same picture" : "another picture");
  return FALSE;
}

static gboolean
check_random (const Footage *footage, int threads)
{
  g_autoptr (PraxiDecoder) decoder =
      praxi_decoder_new (footage->media, &(PraxiDecoderOptions){.threads = threads}, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (int i = 0; i < MIN (footage->n, MAX_SEEKS); i++) {
    const int ordinal = g_rand_int_range (random, 0, footage->n);
    if (footage->digests[ordinal] == NULL)
      continue;
    if (!praxi_decoder_seek (decoder, ordinal, NULL))
      return FALSE;
    g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, NULL);
    if (!is_right (footage, frame, ordinal, threads == 1 ? "by seek" : "by seek, two threads"))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_wanted (const Footage *footage, int every)
{
  g_autoptr (PraxiDecoder) decoder =
      praxi_decoder_new (footage->media, &(PraxiDecoderOptions){.threads = 2}, NULL);
  g_autofree int *wanted = g_new (int, footage->n);
  int n_wanted = 0;
  for (int i = 0; i < footage->n; i += every)
    wanted[n_wanted++] = i;
  for (int i = 0; i < n_wanted; i++) {
    g_autoptr (PraxiFrame) frame = praxi_decoder_next_wanted (decoder, wanted, n_wanted, NULL);
    if (!is_right (footage, frame, wanted[i], "picked out"))
      return FALSE;
  }
  /* The other frames are still to be had. */
  for (int i = 1; i < footage->n; i += every + 6) {
    if (!praxi_decoder_seek (decoder, i, NULL))
      return FALSE;
    g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, NULL);
    if (!is_right (footage, frame, i, "after picking"))
      return FALSE;
  }
  return praxi_decoder_next_wanted (decoder, wanted, 0, NULL) == NULL;
}

/* On the way to a frame those may be missing that no other needs, but never the last ones, nor
 * those behind it. */
static gboolean
check_onward (const Footage *footage, int threads)
{
  g_autoptr (PraxiDecoder) decoder =
      praxi_decoder_new (footage->media, &(PraxiDecoderOptions){.threads = threads}, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (11);
  for (int i = 0; i < MIN (footage->n, MAX_SEEKS) / 4; i++) {
    const int target = g_rand_int_range (random, 0, footage->n);
    const int before = g_rand_int_range (random, 0, 40);
    const int begin = MAX (0, target - before);
    const int needed = MAX (begin, target - 3);
    const int last = MIN (target + i % 20, footage->n - 1);
    if (!praxi_decoder_seek (decoder, begin, NULL))
      return FALSE;
    if (i % 2 == 1) /* ahead of what is asked for, or of more than that */
      praxi_decoder_begin_from (decoder, i % 4 == 1 ? needed : target);
    for (int at = begin - 1; at < last;) {
      g_autoptr (PraxiFrame) frame = praxi_decoder_next_from (decoder, needed, NULL);
      const int next = frame != NULL ? praxi_frame_ordinal (frame) : -1;
      if (next <= at || (next > needed && next != at + 1) ||
          !is_right (footage, frame, next, "on the way"))
        return FALSE;
      at = next;
    }
  }
  return TRUE;
}

static gboolean
check_keyframes (const Footage *footage)
{
  g_autoptr (PraxiDecoder) decoder =
      praxi_decoder_new (footage->media, &(PraxiDecoderOptions){.threads = 1}, NULL);
  for (int i = 0; i < footage->n; i += 1 + footage->n / MAX_SEEKS) {
    const int key = praxi_frame_index_keyframe_before (praxi_media_index (footage->media), i);
    g_autoptr (PraxiFrame) frame = praxi_decoder_keyframe (decoder, key, NULL);
    if (!is_right (footage, frame, key, "as a keyframe"))
      return FALSE;
    if (i % 3 != 0 || key + 1 == footage->n)
      continue;
    g_autoptr (PraxiFrame) next = praxi_decoder_next (decoder, NULL);
    if (!is_right (footage, next, key + 1, "after the keyframe"))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiMedia) media = praxi_media_open (path, &error);
  Footage footage = {.media = media};
  gboolean holds = media != NULL && read_all (&footage, &error);
  for (int i = 0; holds && i < footage.n; i++)
    footage.is_damaged |= footage.digests[i] == NULL;
  footage.is_damaged |= strstr (path, "damaged") != NULL;
  holds = holds && check_random (&footage, 1);
  if (!footage.is_damaged)
    holds = holds && check_random (&footage, 2) && check_wanted (&footage, 3) &&
            check_wanted (&footage, 2) && check_onward (&footage, 1) &&
            check_onward (&footage, 2) && check_onward (&footage, 3) && check_keyframes (&footage);
  if (!holds)
    fprintf (stderr, "%s: FAILED %s\n", path, error != NULL ? error->message : "");
  for (int i = 0; i < footage.n; i++)
    g_free (footage.digests[i]);
  g_free (footage.digests);
  return holds;
}

int
main (int argc, char **argv)
{
  gboolean holds = TRUE;
  for (int i = 1; i < argc; i++)
    holds &= check (argv[i]);
  return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
