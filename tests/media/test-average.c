/* Averaging areas: the fast form gives the plain form's numbers, which are means. */
#include "engine/media/average.h"

#include <math.h>
#include <stdlib.h>

static guint8 *
noise (GRand *random, gsize n_bytes, int bits)
{
  guint8 *data = g_malloc (n_bytes);
  for (gsize i = 0; i < n_bytes; i++)
    data[i] = (guint8) (g_rand_int_range (random, 0, 4) == 0 ? 255 : g_rand_int (random));
  for (gsize i = 0; bits > 8 && i < n_bytes / 2; i++)
    ((guint16 *) (gpointer) data)[i] &= (guint16) ((1 << bits) - 1);
  return data;
}

static void
check (int source_w, int source_h, int width, int height, int bits)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) (source_w * 31 + height));
  const gsize stride = (gsize) (source_w + 13) * (bits > 8 ? 2 : 1);
  g_autofree guint8 *data = noise (random, stride * (gsize) source_h, bits);
  const PraxiPlane plane = {data, (gssize) stride, source_w, source_h, bits};
  const gsize n = (gsize) width * (gsize) height;
  g_autofree guint16 *plain = g_new (guint16, n), *best = g_new (guint16, n);
  praxi_average_plane_by (&plane, PRAXI_AVERAGE_PLAIN, width, height, plain);
  praxi_average_plane_by (&plane, PRAXI_AVERAGE_BEST, width, height, best);
  for (gsize i = 0; i < n; i++)
    if (plain[i] != best[i])
      g_error ("%d x %d to %d x %d, %d bits, element %d: %d, not %d", source_w, source_h, width,
               height, bits, (int) i, best[i], plain[i]);
}

static void
test_levels (void)
{
  static const int sizes[][4] = {
      {1920, 1080, 192, 144}, {960, 540, 192, 144}, {1280, 720, 112, 112}, {161, 97, 64, 48},
      {33, 31, 16, 12},       {320, 240, 192, 144}, {200, 150, 192, 144},  {64, 48, 64, 48},
      {50, 40, 192, 144},     {3840, 2160, 7, 5},   {31, 700, 3, 2},       {1, 1, 1, 1}};
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int bits = 8; bits <= 12; bits += 2)
      check (sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], bits);
}

/* Whole numbers of samples an element: the mean of them, to the weights' rounding. */
static void
test_means (void)
{
  enum { W = 96, H = 64, N = 8 };
  g_autoptr (GRand) random = g_rand_new_with_seed (4);
  g_autofree guint8 *data = noise (random, W * H, 8);
  const PraxiPlane plane = {data, W, W, H, 8};
  guint16 out[(W / N) * (H / N)];
  praxi_average_plane (&plane, W / N, H / N, out);
  for (int y = 0; y < H / N; y++)
    for (int x = 0; x < W / N; x++) {
      double sum = 0;
      for (int i = 0; i < N * N; i++)
        sum += data[(y * N + i / N) * W + x * N + i % N];
      g_assert_cmpfloat (fabs (out[y * (W / N) + x] / 64.0 - sum / (N * N)), <, 0.1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/average/levels", test_levels);
  g_test_add_func ("/average/means", test_means);
  return g_test_run ();
}
