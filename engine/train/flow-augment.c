#include "engine/train/flow-augment.h"

#include <math.h>
#include <string.h>

enum { MAPS = 6, VECTORS = 4 }; /* the first four grow with the picture */
#define TILT 0.14

typedef struct {
  int at[4]; /* places in a map; weights are 0 where one lies outside */
  float weight[4];
} Tap;

static float *
map_at (const PraxiFlowWindow *w, int pair, int map)
{
  return w->maps + (gsize) (pair * MAPS + map) * (gsize) (w->height * w->width);
}

static void
mirror_rows (float *map, int height, int width)
{
  for (int y = 0; y < height; y++, map += width)
    for (int x = 0; x < width / 2; x++) {
      const float other = map[x];
      map[x] = map[width - 1 - x];
      map[width - 1 - x] = other;
    }
}

static void
swap_floats (float *a, float *b, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const float other = a[i];
    a[i] = b[i];
    b[i] = other;
  }
}

static void
mirror_columns (float *map, int height, int width)
{
  for (int y = 0; y < height / 2; y++)
    swap_floats (map + y * width, map + (height - 1 - y) * width, (gsize) width);
}

static void
negate (const PraxiFlowWindow *w, int map)
{
  for (int p = 0; p < w->pairs; p++)
    for (int i = 0; i < w->height * w->width; i++)
      map_at (w, p, map)[i] *= -1;
}

void
praxi_flow_turn (const PraxiFlowWindow *w, PraxiFlowTurn turn)
{
  for (int k = 0; k < w->pairs * MAPS && turn != PRAXI_FLOW_BACKWARDS; k++) {
    if (turn == PRAXI_FLOW_MIRROR)
      mirror_rows (map_at (w, 0, k), w->height, w->width);
    else
      mirror_columns (map_at (w, 0, k), w->height, w->width);
  }
  if (turn == PRAXI_FLOW_BACKWARDS) {
    const gsize pair = (gsize) (MAPS * w->height * w->width);
    for (int p = 0; p < w->pairs / 2; p++)
      swap_floats (map_at (w, p, 0), map_at (w, w->pairs - 1 - p, 0), pair);
    negate (w, 1);
    negate (w, 4);
  }
  negate (w, turn == PRAXI_FLOW_UPSIDE_DOWN ? 1 : 0);
  negate (w, 5);
}

/* Bilinear, nothing outside; (x, y) from −1 to 1 over the picture. */
static void
plan_tap (Tap *tap, const PraxiFlowWindow *w, double x, double y)
{
  const double px = ((x + 1) * w->width - 1) / 2, py = ((y + 1) * w->height - 1) / 2;
  const double left = floor (px), top = floor (py);
  for (int k = 0; k < 4; k++) {
    const double cx = left + k % 2, cy = top + k / 2;
    const double part = (1 - fabs (px - cx)) * (1 - fabs (py - cy));
    const gboolean inside = cx >= 0 && cy >= 0 && cx < w->width && cy < w->height;
    tap->at[k] = inside ? (int) cy * w->width + (int) cx : 0;
    tap->weight[k] = inside ? (float) part : 0;
  }
}

static void
zoom (const PraxiFlowWindow *w, float *room, GRand *random)
{
  const double scale = exp (g_rand_double_range (random, -0.3, 0.3));
  const double tilt = g_rand_double_range (random, -TILT, TILT);
  const double dx = g_rand_double_range (random, -0.3, 0.3);
  const double dy = g_rand_double_range (random, -0.3, 0.3);
  const double c = cos (tilt), s = sin (tilt), aspect = (double) w->height / w->width;
  const int n = w->height * w->width;
  g_autofree Tap *taps = g_new (Tap, n);
  for (int i = 0; i < n; i++) {
    const double x = (2.0 * (i % w->width) + 1) / w->width - 1;
    const double y = (2.0 * (i / w->width) + 1) / w->height - 1;
    plan_tap (&taps[i], w, (c * x + s * aspect * y) / scale + dx,
              (-s / aspect * x + c * y) / scale + dy);
  }
  memcpy (room, w->maps, sizeof *room * (gsize) (w->pairs * MAPS * n));
  for (int k = 0; k < w->pairs * MAPS; k++) {
    const float *from = room + (gsize) k * (gsize) n;
    float *to = map_at (w, 0, k);
    const float by = k % MAPS < VECTORS ? (float) scale : 1;
    for (int i = 0; i < n; i++) {
      const Tap *tap = &taps[i];
      to[i] = by * (from[tap->at[0]] * tap->weight[0] + from[tap->at[1]] * tap->weight[1] +
                    from[tap->at[2]] * tap->weight[2] + from[tap->at[3]] * tap->weight[3]);
    }
  }
  for (int p = 0; p < w->pairs; p++) {
    float *u = map_at (w, p, 0), *v = map_at (w, p, 1);
    for (int i = 0; i < n; i++) {
      const float turned = (float) c * u[i] - (float) s * v[i];
      v[i] = (float) s * u[i] + (float) c * v[i];
      u[i] = turned;
    }
  }
}

static void
erase_block (const PraxiFlowWindow *w, GRand *random)
{
  const int height = g_rand_int_range (random, w->height / 6, w->height / 2);
  const int width = g_rand_int_range (random, w->width / 6, w->width / 2);
  const int top = g_rand_int_range (random, 0, w->height * 3 / 4);
  const int left = g_rand_int_range (random, 0, w->width * 3 / 4);
  const int columns = MIN (width, w->width - left);
  for (int k = 0; k < w->pairs * MAPS; k++)
    for (int y = top; y < MIN (top + height, w->height); y++)
      memset (map_at (w, 0, k) + y * w->width + left, 0, sizeof (float) * (gsize) columns);
}

void
praxi_flow_distort (const PraxiFlowWindow *w, float *room, GRand *random)
{
  const gsize pair = (gsize) (MAPS * w->height * w->width);
  if (g_rand_double (random) < 0.8)
    zoom (w, room, random);
  const float strength = (float) exp (g_rand_double_range (random, -0.35, 0.35));
  for (gsize i = 0; i < pair * (gsize) w->pairs; i++)
    w->maps[i] *= strength;
  if (g_rand_double (random) < 0.3)
    erase_block (w, random);
  if (g_rand_double (random) < 0.15)
    memset (map_at (w, g_rand_int_range (random, 0, w->pairs), 0), 0, sizeof (float) * pair);
}
