/* What augmentation does to a small clip: each change by itself, then all by chance. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "engine/train/augment-pictures.h"
#include "engine/train/augment.h"

enum { T = 6, H = 11, W = 18, FRAME = H * W * 3, CLIP = T * FRAME };

static const PraxiClipShape shape = {T, H, W};

/* Noise over a slope; frame t is lighter than the one before. */
static guint8 *
make_clip (void)
{
  guint8 *clip = g_new (guint8, CLIP);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (int i = 0; i < CLIP; i++)
    clip[i] = (guint8) (20 * (i / FRAME) + 3 * (i / 3 % W) + g_rand_int_range (random, 0, 60));
  return clip;
}

static int
pixel (const guint8 *clip, int t, int y, int x, int c)
{
  return clip[t * FRAME + (y * W + x) * 3 + c];
}

/* The mean of what lies between neighbours of a row. */
static double
roughness (const guint8 *clip)
{
  double sum = 0;
  for (int t = 0; t < T; t++)
    for (int y = 0; y < H; y++)
      for (int x = 1; x < W; x++)
        sum += abs (pixel (clip, t, y, x, 0) - pixel (clip, t, y, x - 1, 0));
  return sum / (T * H * (W - 1));
}

static double
distance (const guint8 *a, const guint8 *b)
{
  double sum = 0;
  for (int i = 0; i < CLIP; i++)
    sum += abs (a[i] - b[i]);
  return sum / CLIP;
}

static void
test_color (void)
{
  g_autofree guint8 *clip = make_clip (), *before = make_clip ();
  praxi_augment_color (clip, &shape, (double[3]){1, 1, 1}, 1);
  g_assert_cmpmem (clip, CLIP, before, CLIP);
  praxi_augment_color (clip, &shape, (double[3]){1.5, 1, 0.5}, 1);
  for (int i = 0; i < CLIP; i += 3) {
    g_assert_cmpint (abs (clip[i] - MIN ((int) lrint (1.5 * before[i]), 255)), <=, 1);
    g_assert_cmpint (clip[i + 1], ==, before[i + 1]);
    g_assert_cmpint (abs (clip[i + 2] - (int) lrint (0.5 * before[i + 2])), <=, 1);
  }
  praxi_augment_color (clip, &shape, (double[3]){1, 1, 1}, 0);
  for (int i = 0; i < CLIP; i += 3)
    g_assert_true (clip[i] == clip[i + 1] && clip[i] == clip[i + 2]);
}

static void
test_speed (void)
{
  static const int expected[T] = {2, 2, 3, 3, 4, 4};
  g_autofree guint8 *clip = make_clip (), *before = make_clip (), *room = g_new (guint8, CLIP);
  praxi_augment_speed (clip, room, &shape, 0, T);
  g_assert_cmpmem (clip, CLIP, before, CLIP);
  praxi_augment_speed (clip, room, &shape, 2, 3);
  for (int t = 0; t < T; t++)
    g_assert_cmpmem (clip + t * FRAME, FRAME, before + expected[t] * FRAME, FRAME);
}

static void
test_drop (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  g_autofree guint8 *clip = make_clip (), *before = make_clip (), *all = make_clip ();
  int n_held = 0;
  praxi_augment_drop (clip, &shape, 0.5, random);
  g_assert_cmpmem (clip, FRAME, before, FRAME);
  for (int t = 1; t < T; t++) {
    const gboolean is_held = memcmp (clip + t * FRAME, clip + (t - 1) * FRAME, FRAME) == 0;
    n_held += is_held;
    if (!is_held)
      g_assert_cmpmem (clip + t * FRAME, FRAME, before + t * FRAME, FRAME);
  }
  g_assert_cmpint (n_held, >, 0);
  g_assert_cmpint (n_held, <, T - 1);
  praxi_augment_drop (all, &shape, 1, random);
  for (int t = 1; t < T; t++)
    g_assert_cmpmem (all + t * FRAME, FRAME, before, FRAME);
}

static void
test_blur (void)
{
  g_autofree guint8 *clip = make_clip (), *before = make_clip (), *room = g_new (guint8, CLIP);
  praxi_augment_blur (clip, room, &shape, 1);
  int sum = 8; /* half of 16 */
  for (int y = -1; y <= 1; y++)
    for (int x = -1; x <= 1; x++)
      sum += (2 - abs (y)) * (2 - abs (x)) * pixel (before, 3, 5 + y, 9 + x, 1);
  g_assert_cmpint (abs (pixel (clip, 3, 5, 9, 1) - sum / 16), <=, 1);
  g_assert_cmpfloat (roughness (clip), <, 0.6 * roughness (before));
  const double once = roughness (clip);
  praxi_augment_blur (clip, room, &shape, 2);
  g_assert_cmpfloat (roughness (clip), <, once);
  memset (clip, 90, CLIP);
  praxi_augment_blur (clip, room, &shape, 3);
  for (int i = 0; i < CLIP; i++)
    g_assert_cmpint (clip[i], ==, 90);
}

/* The lower the quality, the further away; at the lowest a block is hardly more than its mean. */
static void
test_compress (void)
{
  double last = 0;
  g_autofree guint8 *before = make_clip ();
  for (int quality = 100; quality >= 20; quality -= 40) {
    g_autofree guint8 *clip = make_clip ();
    praxi_augment_compress (clip, &shape, quality);
    g_assert_cmpfloat (distance (clip, before), >, last);
    last = distance (clip, before);
    g_assert_cmpfloat (last, <, quality == 100 ? 1 : 20);
  }
  g_autofree guint8 *flat = g_malloc (CLIP);
  memset (flat, 128, CLIP);
  praxi_augment_compress (flat, &shape, 20);
  for (int i = 0; i < CLIP; i++)
    g_assert_cmpint (flat[i], ==, 128);
  g_autofree guint8 *worst = make_clip ();
  praxi_augment_compress (worst, &shape, 1);
  for (int x = 1; x < 8; x++) /* within a block */
    g_assert_cmpint (abs (pixel (worst, 0, 0, x, 0) - pixel (worst, 0, 0, 0, 0)), <=, 2);
}

/* The same seed gives the same clip, others give others, and no change is left out for long. */
static void
test_chance (void)
{
  int n_held = 0;
  g_autofree guint8 *room = g_new (guint8, CLIP), *before = make_clip ();
  for (guint32 seed = 0; seed < 40; seed++) {
    g_autoptr (GRand) random = g_rand_new_with_seed (seed), same = g_rand_new_with_seed (seed);
    g_autofree guint8 *clip = make_clip (), *again = make_clip ();
    praxi_augment_pictures (clip, room, &shape, random);
    praxi_augment_pictures (again, room, &shape, same);
    g_assert_cmpmem (clip, CLIP, again, CLIP);
    g_assert_cmpfloat (distance (clip, before), >, 0.5);
    for (int t = 1; t < T; t++)
      n_held += memcmp (clip + t * FRAME, clip + (t - 1) * FRAME, FRAME) == 0;
  }
  g_assert_cmpint (n_held, >, 10);
}

/* A picture of 1 where the light is left, mirrored half of the time, never moved against itself. */
static void
test_flip_and_crop (void)
{
  int n_mirrored = 0, n_cut = 0;
  for (guint32 seed = 0; seed < 60; seed++) {
    g_autoptr (GRand) random = g_rand_new_with_seed (seed);
    g_autofree guint8 *clip = g_new (guint8, CLIP), *room = g_new (guint8, CLIP);
    for (int i = 0; i < CLIP; i++)
      clip[i] = (guint8) (10 * (i / 3 % W));
    praxi_augment_clip (clip, room, T, H, W, random);
    const int left = pixel (clip, 0, 5, 0, 0), right = pixel (clip, 0, 5, W - 1, 0);
    n_mirrored += left > right;
    n_cut += abs (right - left) < 10 * (W - 1) * 1.2 * 0.85;
    for (int t = 1; t < T; t++)
      g_assert_cmpmem (clip + t * FRAME, FRAME, clip, FRAME);
  }
  g_assert_cmpint (n_mirrored, >, 15);
  g_assert_cmpint (n_mirrored, <, 45);
  g_assert_cmpint (n_cut, >, 10);
}

/* Each pixel is the mean of what it covers, whole ones and parts. */
static void
test_shrink (void)
{
  enum { SMALL_H = 5, SMALL_W = 6 };
  g_autofree guint8 *clip = make_clip ();
  g_autofree guint8 *small = g_new (guint8, T * SMALL_H * SMALL_W * 3);
  praxi_augment_shrink (clip, small, T, H, W, SMALL_H, SMALL_W);
  for (int t = 0; t < T; t++)
    for (int y = 0; y < SMALL_H; y++)
      for (int x = 0; x < SMALL_W; x++) {
        double sum = 0;
        for (int i = 0; i < H; i++) {
          const double share = MIN (i + 1, (y + 1) * 2.2) - MAX (i, y * 2.2);
          for (int j = 3 * x; j < 3 * x + 3 && share > 0; j++)
            sum += share * pixel (clip, t, i, j, 2) / (3 * 2.2);
        }
        const int got = small[((t * SMALL_H + y) * SMALL_W + x) * 3 + 2];
        g_assert_cmpfloat_with_epsilon (got, sum, 0.6);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/augment/color", test_color);
  g_test_add_func ("/augment/speed", test_speed);
  g_test_add_func ("/augment/drop", test_drop);
  g_test_add_func ("/augment/blur", test_blur);
  g_test_add_func ("/augment/compress", test_compress);
  g_test_add_func ("/augment/chance", test_chance);
  g_test_add_func ("/augment/flip-and-crop", test_flip_and_crop);
  g_test_add_func ("/augment/shrink", test_shrink);
  return g_test_run ();
}
