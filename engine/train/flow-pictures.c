#include "engine/train/flow-pictures.h"

#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/clip-reader.h"

enum { CLEAN_VIEWS = 3, WAIT_MS = 100, AHEAD_FRAMES = 64 };

void
praxi_flow_view (int view, guint32 seed, PraxiFlowView *how)
{
  const guint32 seeds[2] = {seed, (guint32) view};
  g_autoptr (GRand) random = g_rand_new_with_seed_array (seeds, 2);
  *how = (PraxiFlowView){.stretch = 1, .zoom = 1, .contrast = 1, .gamma = 1};
  if (view < CLEAN_VIEWS) {
    how->phase = (double) view / CLEAN_VIEWS;
    return;
  }
  how->phase = g_rand_double (random);
  if (view == CLEAN_VIEWS) {
    how->contrast = g_rand_double_range (random, 0.55, 0.8);
    how->gamma = g_rand_double_range (random, 0.8, 1.3);
    how->noise = g_rand_double_range (random, 4, 12);
  } else if (view == CLEAN_VIEWS + 1) {
    how->blur = g_rand_double_range (random, 0.5, 1.1);
    how->contrast = g_rand_double_range (random, 1.1, 1.4);
    how->gamma = g_rand_double_range (random, 0.7, 1.4);
  } else {
    const gboolean is_slow = view == CLEAN_VIEWS + 2;
    how->stretch =
        is_slow ? g_rand_double_range (random, 1.1, 1.3) : g_rand_double_range (random, 0.8, 0.92);
    how->zoom = g_rand_double_range (random, 0.7, 0.95);
    how->left = g_rand_double (random);
    how->top = g_rand_double (random);
  }
}

static gboolean
fill (PraxiFlowPictures *pictures, PraxiClipReader *reader, GError **error)
{
  const gsize frame = (gsize) pictures->width * (gsize) pictures->height * 3;
  int n_lost = 0;
  for (int i = 0; i < pictures->n; i++) {
    while (!praxi_clip_reader_wait (reader, i, WAIT_MS))
      ;
    const guint8 *from = praxi_clip_reader_frame (reader, i);
    guint8 *to = pictures->pixels + frame * (gsize) i;
    if (from != NULL)
      memcpy (to, from, frame);
    else if (i > 0)
      memcpy (to, to - frame, frame);
    n_lost += from == NULL;
    praxi_clip_reader_release (reader, i + 1);
  }
  if (n_lost < pictures->n)
    return TRUE;
  const GError *why = praxi_clip_reader_error (reader);
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT, "no frame of it could be decoded: %s",
               why != NULL ? why->message : "the file is damaged");
  return FALSE;
}

gboolean
praxi_flow_pictures_read (PraxiFlowPictures *pictures,
                          PraxiMedia *media,
                          int width,
                          int height,
                          int threads,
                          GError **error)
{
  const int n = praxi_frame_index_length (praxi_media_index (media));
  g_autofree int *wanted = g_new (int, n + 1);
  for (int i = 0; i < n; i++)
    wanted[i] = i;
  const PraxiClipReaderOptions options = {.wanted = wanted,
                                          .n_wanted = n,
                                          .width_px = width,
                                          .height_px = height,
                                          .ahead_frames = AHEAD_FRAMES,
                                          .threads = threads};
  *pictures = (PraxiFlowPictures){.n = n, .width = width, .height = height};
  pictures->pixels = g_try_malloc0 ((gsize) n * (gsize) width * (gsize) height * 3 + 1);
  if (pictures->pixels == NULL)
    return praxi_error_from_status (PRAXI_STATUS_MEMORY, "the pictures of a file", error);
  g_autoptr (PraxiClipReader) reader = praxi_clip_reader_new (media, &options, error);
  return reader != NULL && fill (pictures, reader, error);
}

void
praxi_flow_pictures_clear (PraxiFlowPictures *pictures)
{
  g_clear_pointer (&pictures->pixels, g_free);
}

static void
plan_tone (const PraxiFlowView *how, guint8 tone[256])
{
  for (int i = 0; i < 256; i++) {
    const double x = CLAMP ((i - 128) * how->contrast + 128, 0, 255);
    tone[i] = (guint8) lrint (255 * pow (x / 255, 1 / how->gamma));
  }
}

/* Three taps along rows or columns, of a Gaussian of the blur's width. */
static void
blur (const guint8 *from,
      guint8 *to,
      int n,
      int length,
      int step,
      int lines,
      int line_step,
      double sigma)
{
  const double side = exp (-0.5 / (sigma * sigma)), all = 1 + 2 * side;
  const int w = (int) lrint (256 * side / all), middle = 256 - 2 * w;
  for (int line = 0; line < lines; line++)
    for (int i = 0; i < length; i++) {
      const int at = line * line_step + i * step;
      const int before = i > 0 ? at - step : at, after = i + 1 < length ? at + step : at;
      for (int c = 0; c < n; c++)
        to[at + c] =
            (guint8) ((from[before + c] * w + from[at + c] * middle + from[after + c] * w + 128) >>
                      8);
    }
}

void
praxi_flow_view_picture (const PraxiFlowView *how,
                         const PraxiFlowPictures *pictures,
                         int ordinal,
                         int width,
                         int height,
                         GRand *random,
                         guint8 *out,
                         guint8 *room)
{
  guint8 tone[256];
  const int row = width * 3;
  const int left = (int) (how->left * (pictures->width - width));
  const int top = (int) (how->top * (pictures->height - height));
  const guint8 *from =
      pictures->pixels + (gsize) ordinal * (gsize) pictures->width * (gsize) pictures->height * 3;
  plan_tone (how, tone);
  for (int y = 0; y < height; y++)
    memcpy (out + y * row, from + ((top + y) * pictures->width + left) * 3, (gsize) row);
  if (how->blur > 0) {
    blur (out, room, 3, width, 3, height, row, how->blur);
    blur (room, out, 3, height, row, width, 3, how->blur);
  }
  if (how->contrast != 1 || how->gamma != 1)
    for (int i = 0; i < height * row; i++)
      out[i] = tone[out[i]];
  for (int i = 0; i < height * width && how->noise > 0; i++) {
    const int more = (int) lrint ((g_rand_double (random) - 0.5) * 2 * how->noise);
    for (int c = 0; c < 3; c++)
      out[i * 3 + c] = (guint8) CLAMP (out[i * 3 + c] + more, 0, 255);
  }
}
