#include <string.h>

#include "engine/media/clip-sampler.h"

#define SECOND G_GINT64_CONSTANT (1000000000)

/* rate: of the footage; a gap of gap_ns stands before frame gap_at (0: none) */
static PraxiFrameIndex *
make_index (int length, double rate, int gap_at, gint64 gap_ns)
{
  g_autofree gint64 *pts_ns = g_new (gint64, length);
  g_autofree guint8 *is_keyframe = g_new0 (guint8, length);
  for (int i = 0; i < length; i++)
    pts_ns[i] = (gint64) (i * 1e9 / rate) + (gap_at > 0 && i >= gap_at ? gap_ns : 0);
  for (int i = 0; i < length; i += 10)
    is_keyframe[i] = 1;
  return praxi_frame_index_new (pts_ns, is_keyframe, length,
                                pts_ns[length - 1] + (gint64) (1e9 / rate));
}

static PraxiClipSampler *
make_sampler (PraxiFrameIndex *index)
{
  return praxi_clip_sampler_new (
      index, &(PraxiClipSamplerOptions){.frames = 21, .rate_hz = 10, .stride_s = 0.5});
}

static void
test_index (void)
{
  g_autoptr (PraxiFrameIndex) index = make_index (95, 25, 0, 0);
  g_assert_cmpint (praxi_frame_index_length (index), ==, 95);
  g_assert_cmpint (praxi_frame_index_n_keyframes (index), ==, 10);
  g_assert_true (praxi_frame_index_is_keyframe (index, 90));
  g_assert_false (praxi_frame_index_is_keyframe (index, 91));
  g_assert_cmpint (praxi_frame_index_keyframe_before (index, 89), ==, 80);
  g_assert_cmpint (praxi_frame_index_keyframe_before (index, 80), ==, 80);
  g_assert_cmpint (praxi_frame_index_ordinal_at (index, -5), ==, 0);
  for (int i = 0; i < 95; i++) {
    g_assert_cmpint (praxi_frame_index_ordinal_at (index, praxi_frame_index_pts_ns (index, i)), ==,
                     i);
    g_assert_cmpint (praxi_frame_index_ordinal_at (index, praxi_frame_index_end_ns (index, i) - 1),
                     ==, i);
  }
  const gint64 backwards[] = {0, 2, 2};
  const guint8 keys[] = {1, 0, 0};
  g_assert_null (praxi_frame_index_new (backwards, keys, 3, 9));
  g_assert_null (praxi_frame_index_new (backwards, keys, 0, 9));
  g_assert_null (praxi_frame_index_new (backwards, keys, 2, 2));
}

/* Frames told of in decoding order, as many as take several blocks, are the same as all at once. */
static void
test_growing (void)
{
  enum { N = 10000, GROUP = 25, FRAME = 40 };
  static const int shown[GROUP] = {0,  4,  2,  1,  3,  8,  6,  5,  7,  12, 10, 9, 11,
                                   16, 14, 13, 15, 20, 18, 17, 19, 24, 22, 21, 23};
  g_autoptr (PraxiFrameIndex) growing = praxi_frame_index_new_growing ();
  g_assert_cmpint (praxi_frame_index_length (growing), ==, 0);
  for (int i = 0; i < N; i++) {
    const gint64 pts_ns = (gint64) (i / GROUP * GROUP + shown[i % GROUP]) * FRAME;
    praxi_frame_index_add (growing, pts_ns);
    praxi_frame_index_add (growing, pts_ns);
    if (i % GROUP == 0)
      praxi_frame_index_add_keyframe (growing, pts_ns + 1);
  }
  praxi_frame_index_set_end (growing, N * FRAME);
  g_assert_cmpint (praxi_frame_index_length (growing), ==, N);
  g_assert_cmpint (praxi_frame_index_n_keyframes (growing), ==, N / GROUP);
  g_assert_cmpint (praxi_frame_index_duration_ns (growing), ==, N * FRAME);
  for (int i = 0; i < N; i++) {
    g_assert_cmpint (praxi_frame_index_pts_ns (growing, i), ==, i * FRAME);
    g_assert_cmpint (praxi_frame_index_end_ns (growing, i), ==, (i + 1) * FRAME);
    g_assert_cmpint (praxi_frame_index_ordinal_at (growing, i * FRAME + FRAME / 2), ==, i);
    g_assert_cmpint (praxi_frame_index_is_keyframe (growing, i), ==, i % GROUP == 0);
  }
}

/* A frame that comes late pushes the keyframe behind it along. */
static void
test_growing_late (void)
{
  g_autoptr (PraxiFrameIndex) growing = praxi_frame_index_new_growing ();
  praxi_frame_index_add (growing, 0);
  praxi_frame_index_add (growing, 80);
  praxi_frame_index_add_keyframe (growing, 80);
  praxi_frame_index_add (growing, 40);
  g_assert_cmpint (praxi_frame_index_pts_ns (growing, 1), ==, 40);
  g_assert_false (praxi_frame_index_is_keyframe (growing, 1));
  g_assert_true (praxi_frame_index_is_keyframe (growing, 2));
}

static void
test_grid (void)
{
  g_autoptr (PraxiFrameIndex) index = make_index (300, 30, 0, 0);
  g_autoptr (PraxiClipSampler) sampler = make_sampler (index);
  const int n = praxi_clip_sampler_n_windows (sampler);
  g_assert_cmpint (n, ==, 17); /* 0, 0.5 … 8.0 s */
  int ordinals[21], previous[21];
  gint64 start_ns, end_ns;
  for (int k = 0; k < n; k++) {
    praxi_clip_sampler_window (sampler, k, &start_ns, &end_ns, ordinals);
    g_assert_cmpint (start_ns, ==, k * SECOND / 2);
    g_assert_cmpint (end_ns - start_ns, ==, 2 * SECOND);
    g_assert_cmpint (praxi_clip_sampler_slot (sampler, k), ==, k);
    for (int i = 0; i < 21; i++)
      g_assert_cmpint (ordinals[i], ==, MIN (k * 15 + i * 3, 299));
    if (k > 0)
      g_assert_cmpmem (ordinals, 16 * sizeof *ordinals, previous + 5, 16 * sizeof *ordinals);
    memcpy (previous, ordinals, sizeof ordinals);
  }
}

static void
test_same_times_at_other_rates (void)
{
  const double rates[] = {10, 23.976, 25, 29.97, 50, 59.94, 120};
  for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
    g_autoptr (PraxiFrameIndex) index = make_index ((int) (6 * rates[r]), rates[r], 0, 0);
    g_autoptr (PraxiClipSampler) sampler = make_sampler (index);
    g_assert_cmpint (praxi_clip_sampler_n_windows (sampler), ==, 9);
    int ordinals[21];
    gint64 start_ns, end_ns;
    praxi_clip_sampler_window (sampler, 3, &start_ns, &end_ns, ordinals);
    for (int i = 0; i < 21; i++) {
      const gint64 late_ns =
          start_ns + i * SECOND / 10 - praxi_frame_index_pts_ns (index, ordinals[i]);
      g_assert_cmpint (late_ns, >=, -2000001);
      g_assert_cmpint (late_ns, <=, (gint64) (1e9 / rates[r]));
    }
  }
}

static void
test_short (void)
{
  g_autoptr (PraxiFrameIndex) index = make_index (5, 10, 0, 0);
  g_autoptr (PraxiClipSampler) sampler = make_sampler (index);
  g_assert_cmpint (praxi_clip_sampler_n_windows (sampler), ==, 1);
  int ordinals[21];
  gint64 start_ns, end_ns;
  praxi_clip_sampler_window (sampler, 0, &start_ns, &end_ns, ordinals);
  for (int i = 0; i < 21; i++)
    g_assert_cmpint (ordinals[i], ==, MIN (i, 4));
}

static void
test_tail_is_covered (void)
{
  g_autoptr (PraxiFrameIndex) index = make_index (70, 25, 0, 0); /* 2.8 s */
  g_autoptr (PraxiClipSampler) sampler = make_sampler (index);
  const int n = praxi_clip_sampler_n_windows (sampler);
  gint64 start_ns, end_ns;
  int ordinals[21];
  praxi_clip_sampler_window (sampler, n - 1, &start_ns, &end_ns, ordinals);
  g_assert_cmpint (end_ns + SECOND / 10, >, praxi_frame_index_end_ns (index, 69));
  g_assert_cmpint (start_ns + 2 * SECOND - SECOND / 2, <, praxi_frame_index_end_ns (index, 69));
  g_assert_cmpint (ordinals[20], ==, 69);
}

static void
test_gap (void)
{
  g_autoptr (PraxiFrameIndex) index = make_index (200, 25, 100, 60 * SECOND);
  g_autoptr (PraxiClipSampler) sampler = make_sampler (index);
  int ordinals[21], last_slot = -1;
  gint64 start_ns, end_ns;
  gboolean covered[200] = {FALSE};
  for (int k = 0; k < praxi_clip_sampler_n_windows (sampler); k++) {
    praxi_clip_sampler_window (sampler, k, &start_ns, &end_ns, ordinals);
    g_assert_cmpint (ordinals[0] < 100, ==, ordinals[20] < 100);
    for (int i = 0; i < 200; i++) {
      const gint64 pts_ns = praxi_frame_index_pts_ns (index, i);
      covered[i] |= (i < 100) == (ordinals[0] < 100) && pts_ns >= start_ns && pts_ns < end_ns;
    }
    const int slot = praxi_clip_sampler_slot (sampler, k);
    g_assert_cmpint (slot, >, last_slot);
    g_assert_cmpint (start_ns, ==, slot * SECOND / 2);
    last_slot = slot;
  }
  g_assert_cmpint (praxi_clip_sampler_n_slots (sampler), ==, last_slot + 1);
  for (int i = 0; i < 200; i++)
    g_assert_true (covered[i] || i % 100 > 97); /* less than one grid step may stay open */
}

static void
test_odd_options (void)
{
  g_autoptr (PraxiFrameIndex) index = make_index (3, 0.1, 0, 0); /* a picture every ten seconds */
  g_autoptr (PraxiClipSampler) sampler = make_sampler (index);
  g_assert_cmpint (praxi_clip_sampler_n_windows (sampler), >=, 3);
  g_assert_null (praxi_clip_sampler_new (index, &(PraxiClipSamplerOptions){.frames = 0}));
  g_assert_null (praxi_clip_sampler_new (index, &(PraxiClipSamplerOptions){.frames = 2}));
  const gint64 far_ns[] = {0, G_MAXINT64 / 4};
  const guint8 keys[] = {1, 1};
  g_autoptr (PraxiFrameIndex) far = praxi_frame_index_new (far_ns, keys, 2, far_ns[1] + 1);
  g_autoptr (PraxiClipSampler) far_sampler = make_sampler (far);
  g_assert_cmpint (praxi_clip_sampler_n_windows (far_sampler), >=, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/media/index", test_index);
  g_test_add_func ("/media/index/growing", test_growing);
  g_test_add_func ("/media/index/growing-late", test_growing_late);
  g_test_add_func ("/media/sampler/grid", test_grid);
  g_test_add_func ("/media/sampler/same-times", test_same_times_at_other_rates);
  g_test_add_func ("/media/sampler/short", test_short);
  g_test_add_func ("/media/sampler/tail", test_tail_is_covered);
  g_test_add_func ("/media/sampler/gap", test_gap);
  g_test_add_func ("/media/sampler/odd-options", test_odd_options);
  return g_test_run ();
}
