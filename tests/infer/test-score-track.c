/* The score track: what is written is read back, a growing file is followed, a damaged one refused.
 */
#include "engine/infer/score-track.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "engine/core/error.h"

#define SECOND G_GINT64_CONSTANT (1000000000)

static const char *const classes[] = {"normal", "fight", "fall"};
static const char sha[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF";

static PraxiScoreTrackSpec
spec_of (int n_windows)
{
  return (PraxiScoreTrackSpec){.classes = classes,
                               .n_classes = 3,
                               .n_windows = n_windows,
                               .start_ns = -SECOND,
                               .stride_ns = SECOND / 2,
                               .window_ns = 2 * SECOND,
                               .model_sha256 = sha};
}

/* A value that differs for each cell. */
static float
value_of (int k, int c)
{
  return (float) ((k * 7919 + c * 104729) % 10007) / 10007.0f;
}

static void
row_of (int k, float *row)
{
  for (int c = 0; c < 3; c++)
    row[c] = value_of (k, c);
}

static char *
temporary_path (void)
{
  g_autofree char *folder = g_dir_make_tmp ("praxi-track-XXXXXX", NULL);
  g_assert_nonnull (folder);
  return g_build_filename (folder, "track", NULL);
}

static void
remove_path (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_unlink (path);
  g_rmdir (folder);
}

static PraxiScoreTrack *
written_track (const char *path, int n_windows, int n_filled)
{
  g_autoptr (GError) error = NULL;
  const PraxiScoreTrackSpec spec = spec_of (n_windows);
  PraxiScoreTrack *track = praxi_score_track_create (path, &spec, &error);
  g_assert_no_error (error);
  for (int k = 0; k < n_filled; k++) {
    float row[3];
    row_of (k, row);
    g_assert_true (praxi_score_track_append (track, row, &error));
  }
  return track;
}

static void
test_round_trip (void)
{
  g_autofree char *path = temporary_path ();
  g_autoptr (GError) error = NULL;
  PraxiScoreTrack *writer = written_track (path, 700, 700);
  g_assert_true (praxi_score_track_finish (writer, PRAXI_SCORE_TRACK_FINISHED, &error));
  praxi_score_track_free (writer);

  g_autoptr (PraxiScoreTrack) track = praxi_score_track_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (praxi_score_track_state (track), ==, PRAXI_SCORE_TRACK_FINISHED);
  g_assert_cmpint (praxi_score_track_filled (track), ==, 700);
  g_assert_cmpint (praxi_score_track_n_classes (track), ==, 3);
  g_assert_cmpstr (praxi_score_track_class_name (track, 2), ==, "fall");
  g_assert_cmpint (g_ascii_strcasecmp (praxi_score_track_model_sha256 (track), sha), ==, 0);
  for (int k = 0; k < 700; k++)
    for (int c = 0; c < 3; c++)
      g_assert_cmpfloat (praxi_score_track_get (track, k, c), ==, value_of (k, c));
  g_assert_true (isnan (praxi_score_track_get (track, 700, 0)));
  g_assert_true (isnan (praxi_score_track_get (track, -1, 0)));
  gint64 start, end;
  praxi_score_track_window_span (track, 3, &start, &end);
  g_assert_cmpint (start, ==, SECOND / 2);
  g_assert_cmpint (end, ==, SECOND * 5 / 2);
  remove_path (path);
}

/* What max should say, by looking at every window. */
static float
max_slowly (const PraxiScoreTrack *track, int n, int c, gint64 t0, gint64 t1)
{
  float by_cell = NAN, by_window = NAN;
  for (int k = 0; k < n; k++) {
    gint64 start, end;
    praxi_score_track_window_span (track, k, &start, &end);
    const gint64 cell_start = k == 0 ? start : start + SECOND * 3 / 4;
    const gint64 cell_end = k == n - 1 ? end : end - SECOND * 3 / 4;
    const float score = praxi_score_track_get (track, k, c);
    if (cell_start < t1 && t0 < cell_end)
      by_cell = fmaxf (by_cell, score);
    if (start < t1 && t0 < end)
      by_window = fmaxf (by_window, score);
  }
  return isnan (by_cell) ? by_window : by_cell;
}

static void
test_max (void)
{
  enum { N = 600 };
  g_autoptr (GError) error = NULL;
  const PraxiScoreTrackSpec spec = spec_of (N);
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_create (NULL, &spec, &error);
  g_assert_no_error (error);
  for (int k = 0; k < N; k++) {
    float row[3];
    row_of (k, row);
    if (k % 97 > 60) /* holes */
      continue;
    g_assert_true (praxi_score_track_put (track, k, row, &error));
  }
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  int n_missing = 0;
  for (int i = 0; i < 20000; i++) {
    const gint64 t0 = (gint64) (g_rand_double_range (rand, -4, 310) * 1e9);
    const gint64 t1 = t0 + 1 + (gint64) (pow (10, g_rand_double_range (rand, 0, 11.5)));
    const float fast = praxi_score_track_max (track, i % 3, t0, t1);
    const float slow = max_slowly (track, N, i % 3, t0, t1);
    n_missing += isnan (slow);
    if (isnan (slow))
      g_assert_true (isnan (fast));
    else
      g_assert_cmpfloat (fast, ==, slow);
  }
  g_assert_cmpint (n_missing, >, 100);
  g_assert_true (isnan (praxi_score_track_max (track, 0, G_MININT64 / 2, -2 * SECOND)));
  g_assert_false (isnan (praxi_score_track_max (track, 0, G_MININT64 / 2, G_MAXINT64 / 2)));
  g_assert_true (isnan (praxi_score_track_max (track, 9, 0, SECOND)));
}

static void
test_max_about (void)
{
  enum { N = 600 };
  g_autoptr (GError) error = NULL;
  const PraxiScoreTrackSpec spec = spec_of (N);
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_create (NULL, &spec, &error);
  g_assert_no_error (error);
  for (int k = 0; k < N; k++) {
    float row[3];
    row_of (k, row);
    g_assert_true (praxi_score_track_put (track, k, row, &error));
  }
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  int n_wider = 0;
  for (int i = 0; i < 5000; i++) {
    const gint64 t0 = (gint64) (g_rand_double_range (rand, 0, 290) * 1e9);
    const gint64 t1 = t0 + 1 + (gint64) (pow (10, g_rand_double_range (rand, 0, 11.5)));
    const gint64 eighth = (t1 - t0) / 8 + SECOND; /* of whole windows */
    const float exact = praxi_score_track_max (track, i % 3, t0, t1);
    const float about = praxi_score_track_max_about (track, i % 3, t0, t1);
    g_assert_cmpfloat (about, >=, exact);
    g_assert_cmpfloat (about, <=, praxi_score_track_max (track, i % 3, t0 - eighth, t1 + eighth));
    n_wider += about > exact;
  }
  g_assert_cmpint (n_wider, >, 10);
}

static void
test_write_once (void)
{
  g_autoptr (PraxiScoreTrack) track = written_track (NULL, 600, 2);
  const float row[3] = {0.1f, 0.2f, 0.3f};
  g_autoptr (GError) error = NULL;
  g_assert_false (praxi_score_track_put (track, 1, row, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (praxi_score_track_put (track, 600, row, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FAILED);
  g_clear_error (&error);
  /* Tiles in any order; what is passed over stays not analysed. */
  g_assert_true (praxi_score_track_put (track, 520, row, &error));
  g_assert_true (praxi_score_track_put (track, 5, row, &error));
  g_assert_cmpfloat (praxi_score_track_get (track, 520, 1), ==, 0.2f);
  g_assert_true (isnan (praxi_score_track_get (track, 4, 1)));
  g_assert_false (praxi_score_track_put (track, 4, row, &error));
  g_assert_cmpint (praxi_score_track_filled (track), ==, 6 + 9);
}

static void
test_bad_spec (void)
{
  const char *const empty[] = {"normal", ""};
  const char *const broken[] = {"normal", "\xff"};
  const PraxiScoreTrackSpec good = spec_of (10);
  PraxiScoreTrackSpec bad[8] = {good, good, good, good, good, good, good, good};
  bad[0].n_classes = 0;
  bad[1].n_classes = 65;
  bad[2].stride_ns = 0;
  bad[3].window_ns = -1;
  bad[4].model_sha256 = "12";
  bad[5].n_windows = 1 << 27;
  bad[6].classes = empty, bad[6].n_classes = 2;
  bad[7].classes = broken, bad[7].n_classes = 2;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (praxi_score_track_create (NULL, &bad[i], &error));
    g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_USAGE);
  }
}

static void
test_damage (void)
{
  g_autofree char *path = temporary_path ();
  g_autoptr (GError) error = NULL;
  PraxiScoreTrack *writer = written_track (path, 300, 280);
  g_assert_true (praxi_score_track_finish (writer, PRAXI_SCORE_TRACK_PARTIAL, &error));
  praxi_score_track_free (writer);
  g_autofree char *bytes = NULL;
  gsize n_bytes = 0;
  g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, &error));

  /* A flipped bit is refused, or the scores are those that were written: the flip lies in rows that
   * no fill length covers, or changed the state from partial to another one.
   */
  int n_refused = 0;
  const int fd = open (path, O_RDWR | O_CLOEXEC);
  for (gsize i = 0; i < n_bytes; i++) {
    const char flipped = (char) (bytes[i] ^ (1 << (i % 8)));
    g_assert_cmpint (pwrite (fd, &flipped, 1, (off_t) i), ==, 1);
    g_autoptr (GError) refused = NULL;
    g_autoptr (PraxiScoreTrack) track = praxi_score_track_open (path, &refused);
    g_assert_cmpint (pwrite (fd, &bytes[i], 1, (off_t) i), ==, 1);
    n_refused += track == NULL;
    if (track == NULL)
      continue;
    g_assert_cmpint (praxi_score_track_filled (track), <=, 280);
    for (int k = 0; k < praxi_score_track_filled (track); k++)
      g_assert_cmpfloat (praxi_score_track_get (track, k, 1), ==, value_of (k, 1));
  }
  /* Every truncation is refused. */
  for (gsize n = n_bytes; n-- > 0;) {
    g_assert_cmpint (ftruncate (fd, (off_t) n), ==, 0);
    g_autoptr (GError) refused = NULL;
    g_assert_null (praxi_score_track_open (path, &refused));
    g_assert_error (refused, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  }
  close (fd);
  g_assert_cmpint (n_refused, >, 280 * 12);
  remove_path (path);
}

static void
test_not_found (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (praxi_score_track_open ("/nonexistent/track", &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_NOT_FOUND);
  g_clear_error (&error);
  const PraxiScoreTrackSpec spec = spec_of (10);
  g_assert_null (praxi_score_track_create ("/nonexistent/track", &spec, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
  g_clear_error (&error);
  g_assert_null (praxi_score_track_open ("/", &error));
  g_assert_nonnull (error);
}

/* A full disk shows when the track is made, not when it is written to. */
static void
test_full_disk (void)
{
  g_autoptr (GError) error = NULL;
  const PraxiScoreTrackSpec spec = spec_of (10);
  g_assert_null (praxi_score_track_create ("/dev/full", &spec, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
}

enum { GROWING = 3000 };

static void *
write_slowly (void *data)
{
  PraxiScoreTrack *track = data;
  for (int k = 0; k < GROWING; k++) {
    float row[3];
    row_of (k, row);
    g_assert_true (praxi_score_track_append (track, row, NULL));
    if (k % 64 == 0)
      g_usleep (200);
  }
  g_assert_true (praxi_score_track_finish (track, PRAXI_SCORE_TRACK_FINISHED, NULL));
  return NULL;
}

static void
check_filled (const PraxiScoreTrack *track)
{
  const int filled = praxi_score_track_filled (track);
  for (int k = 0; k < filled; k++)
    g_assert_cmpfloat (praxi_score_track_get (track, k, k % 3), ==, value_of (k, k % 3));
}

/* One thread writes; one reads the same object, one the file. */
static void
test_growing (void)
{
  g_autofree char *path = temporary_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiScoreTrack) writer = written_track (path, GROWING, 0);
  g_autoptr (PraxiScoreTrack) reader = praxi_score_track_open (path, &error);
  g_assert_no_error (error);
  pthread_t thread;
  g_assert_cmpint (pthread_create (&thread, NULL, write_slowly, writer), ==, 0);
  int seen = 0, n_steps = 0;
  while (praxi_score_track_state (reader) == PRAXI_SCORE_TRACK_GROWING) {
    gboolean changed = FALSE;
    g_assert_true (praxi_score_track_refresh (reader, &changed, &error));
    g_assert_cmpint (praxi_score_track_filled (reader), >=, seen);
    n_steps += praxi_score_track_filled (reader) > seen;
    seen = praxi_score_track_filled (reader);
    check_filled (reader);
    check_filled (writer);
  }
  pthread_join (thread, NULL);
  g_assert_cmpint (seen, ==, GROWING);
  g_assert_cmpint (n_steps, >, 2);
  remove_path (path);
}

/* Someone else cuts the file short while it is open: an error, and what was read stays. */
static void
test_cut_short (void)
{
  g_autofree char *path = temporary_path ();
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiScoreTrack) writer = written_track (path, 100, 50);
  g_autoptr (PraxiScoreTrack) reader = praxi_score_track_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (truncate (path, 0), ==, 0);
  g_assert_false (praxi_score_track_refresh (reader, NULL, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_FORMAT);
  g_assert_cmpint (praxi_score_track_filled (reader), ==, 50);
  check_filled (reader);
  remove_path (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/score-track/round-trip", test_round_trip);
  g_test_add_func ("/score-track/max", test_max);
  g_test_add_func ("/score-track/max-about", test_max_about);
  g_test_add_func ("/score-track/write-once", test_write_once);
  g_test_add_func ("/score-track/bad-spec", test_bad_spec);
  g_test_add_func ("/score-track/damage", test_damage);
  g_test_add_func ("/score-track/not-found", test_not_found);
  g_test_add_func ("/score-track/full-disk", test_full_disk);
  g_test_add_func ("/score-track/growing", test_growing);
  g_test_add_func ("/score-track/cut-short", test_cut_short);
  return g_test_run ();
}
