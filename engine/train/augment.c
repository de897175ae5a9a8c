#include "engine/train/augment.h"

#include <math.h>
#include <string.h>

#define SMALLEST_CUT 0.8
#define MOST_CONTRAST 0.2
#define MOST_BRIGHTNESS 20.0

typedef struct {
  int from[2]; /* bytes of the two neighbours in a row */
  int weight;  /* of the second, of 256 */
} Tap;

/* Where each output pixel of n comes from: a cut of `length` pixels at `begin`, perhaps mirrored.
 */
static void
plan_taps (Tap *taps, int n, double begin, double length, gboolean is_mirrored, int step)
{
  for (int i = 0; i < n; i++) {
    const int to = is_mirrored ? n - 1 - i : i;
    const double at = CLAMP (begin + (i + 0.5) * length / n - 0.5, 0, n - 1);
    const int low = (int) at;
    taps[to] = (Tap){.from = {low * step, MIN (low + 1, n - 1) * step},
                     .weight = (int) lrint ((at - low) * 256)};
  }
}

static guint8
blend (int a, int b, int weight)
{
  return (guint8) ((a * (256 - weight) + b * weight + 128) >> 8);
}

static void
stretch_frame (const guint8 *from,
               guint8 *to,
               const Tap *rows,
               const Tap *columns,
               int height,
               int width,
               const guint8 *tone)
{
  for (int y = 0; y < height; y++) {
    const guint8 *top = from + rows[y].from[0], *low = from + rows[y].from[1];
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++) {
        const int a = columns[x].from[0] + c, b = columns[x].from[1] + c;
        const guint8 upper = blend (top[a], top[b], columns[x].weight);
        const guint8 lower = blend (low[a], low[b], columns[x].weight);
        *to++ = tone[blend (upper, lower, rows[y].weight)];
      }
  }
}

static void
plan_tone (guint8 tone[256], GRand *random)
{
  const double contrast = 1 + g_rand_double_range (random, -MOST_CONTRAST, MOST_CONTRAST);
  const double brightness = g_rand_double_range (random, -MOST_BRIGHTNESS, MOST_BRIGHTNESS);
  for (int i = 0; i < 256; i++)
    tone[i] = (guint8) CLAMP (lrint ((i - 128) * contrast + 128 + brightness), 0, 255);
}

void
praxi_augment_clip (guint8 *clip, guint8 *room, int frames, int height, int width, GRand *random)
{
  guint8 tone[256];
  g_autofree Tap *rows = g_new (Tap, height), *columns = g_new (Tap, width);
  const double h = height * g_rand_double_range (random, SMALLEST_CUT, 1);
  const double w = width * g_rand_double_range (random, SMALLEST_CUT, 1);
  const double top = g_rand_double (random) * (height - h);
  const double left = g_rand_double (random) * (width - w);
  plan_taps (rows, height, top, h, FALSE, width * 3);
  plan_taps (columns, width, left, w, g_rand_boolean (random), 3);
  plan_tone (tone, random);
  const gsize frame = (gsize) height * (gsize) width * 3;
  memcpy (room, clip, frame * (gsize) frames);
  for (int t = 0; t < frames; t++)
    stretch_frame (room + (gsize) t * frame, clip + (gsize) t * frame, rows, columns, height, width,
                   tone);
}

/* Which pixels output pixel i of `to` covers among n, and how much of each: weights add up to 1. */
static int
covered (int i, int to, int n, float *weights)
{
  const double begin = (double) i * n / to, end = (double) (i + 1) * n / to;
  const int first = (int) begin;
  for (int k = first; k < n && k < end; k++)
    weights[k - first] = (float) ((MIN (end, k + 1) - MAX (begin, k)) * to / n);
  return first;
}

/* Pixels of one row of outputs out of the rows that it covers, already added up. */
static void
shrink_row (const float *sums, guint8 *to, int width, int to_width, float *weights)
{
  for (int x = 0; x < to_width; x++) {
    const int first = covered (x, to_width, width, weights);
    const int n = MIN ((int) ceil ((double) (x + 1) * width / to_width), width) - first;
    for (int c = 0; c < 3; c++) {
      float sum = 0.5f;
      for (int k = 0; k < n; k++)
        sum += weights[k] * sums[(first + k) * 3 + c];
      *to++ = (guint8) MIN (sum, 255);
    }
  }
}

void
praxi_augment_shrink (const guint8 *from,
                      guint8 *to,
                      int frames,
                      int height,
                      int width,
                      int to_height,
                      int to_width)
{
  const int row = width * 3;
  g_autofree float *sums = g_new (float, row);
  g_autofree float *rows = g_new (float, height + 1), *columns = g_new (float, width + 1);
  for (int t = 0; t < frames; t++)
    for (int y = 0; y < to_height; y++, to += to_width * 3) {
      const int first = covered (y, to_height, height, rows);
      const int n = MIN ((int) ceil ((double) (y + 1) * height / to_height), height) - first;
      memset (sums, 0, sizeof *sums * (gsize) row);
      for (int k = 0; k < n; k++) {
        const guint8 *line =
            from + ((gsize) t * (gsize) height + (gsize) (first + k)) * (gsize) row;
        for (int i = 0; i < row; i++)
          sums[i] += rows[k] * line[i];
      }
      shrink_row (sums, to, width, to_width, columns);
    }
}
