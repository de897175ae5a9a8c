/* The analyzer with a stand-in for the model: every window gets the frames that decoding one after
 * the other gives it, what is said to be shared is shared, damage and cancelling keep the rest.
 */
#include "engine/infer/analyzer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "engine/core/error.h"
#include "engine/infer/heatmap.h"
#include "engine/media/clip-sampler.h"
#include "engine/media/decoder.h"
#include "engine/media/preprocess.h"

enum { T = 21, H = 24, W = 32, FRAME_BYTES = H * W * 3 };

static const char *const classes[] = {"normal", "fight"};

typedef struct {
  guint8 last[T * FRAME_BYTES];
  gboolean has_last;
  int n_calls;
  int n_shared; /* frames that were not new, over all calls */
  int fail_at;  /* call that fails; 0: none */
} Fake;

/* Two numbers that change with any pixel of any frame. */
static void
fingerprint (const guint8 *clip, float *scores)
{
  guint32 sum = 1, mix = 0;
  for (int i = 0; i < T * FRAME_BYTES; i++) {
    sum = (sum * 31 + clip[i]) % 65521;
    mix = (mix + sum) % 65521;
  }
  scores[0] = (float) sum / 65521;
  scores[1] = (float) mix / 65521;
}

static gboolean
fake_score (gpointer data, const guint8 *clip, int new_frames, float *scores, GError **error)
{
  Fake *fake = data;
  g_assert_cmpint (new_frames, >=, 1);
  g_assert_cmpint (new_frames, <=, T);
  if (new_frames < T) {
    g_assert_true (fake->has_last);
    g_assert_cmpmem (clip, (T - new_frames) * FRAME_BYTES, fake->last + new_frames * FRAME_BYTES,
                     (T - new_frames) * FRAME_BYTES);
  }
  memcpy (fake->last, clip, sizeof fake->last);
  fake->has_last = TRUE;
  fake->n_calls++;
  fake->n_shared += T - new_frames;
  fingerprint (clip, scores);
  if (fake->n_calls != fake->fail_at)
    return TRUE;
  g_set_error (error, PRAXI_ERROR, PRAXI_ERROR_DEVICE, "the device is gone");
  return FALSE;
}

static PraxiScorer
scorer_of (Fake *fake)
{
  return (PraxiScorer){.frames = T,
                       .height = H,
                       .width = W,
                       .rate_hz = 10,
                       .n_classes = 2,
                       .classes = classes,
                       .sha256 = "0000000000000000000000000000000000000000000000000000000000000000",
                       .score = fake_score,
                       .data = fake};
}

static char *folder;

/* Makes a clip with ffmpeg; skips the test when there is none. */
static char *
make_clip (const char *name, const char *arguments)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *command =
      g_strdup_printf ("ffmpeg -v error -nostdin -y %s '%s'", arguments, path);
  int status = 0;
  g_auto (GStrv) argv = NULL;
  g_assert_true (g_shell_parse_argv (command, NULL, &argv, NULL));
  g_autoptr (GError) error = NULL;
  if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                     &error)) {
    g_test_skip ("ffmpeg is not installed");
    return NULL;
  }
  g_assert_cmpint (status, ==, 0);
  return g_steal_pointer (&path);
}

/* Frames [n, FRAME_BYTES] by decoding all of them in order. */
static GArray *
decode_all (PraxiMedia *media)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiDecoder) decoder = praxi_decoder_new (media, NULL, &error);
  g_assert_no_error (error);
  GArray *frames = g_array_new (FALSE, TRUE, FRAME_BYTES);
  g_array_set_size (frames, (guint) praxi_media_info (media)->frames);
  for (;;) {
    g_autoptr (PraxiFrame) frame = praxi_decoder_next (decoder, &error);
    if (frame == NULL)
      break;
    guint8 *at = (guint8 *) frames->data + (gsize) praxi_frame_ordinal (frame) * FRAME_BYTES;
    g_assert_true (praxi_preprocess (frame, W, H, at, &error));
  }
  g_assert_no_error (error);
  return frames;
}

/* What the scores of every window should be. */
static void
check_scores (PraxiMedia *media, const PraxiScoreTrack *track, double stride_s, gboolean may_miss)
{
  const PraxiClipSamplerOptions options = {.frames = T, .rate_hz = 10, .stride_s = stride_s};
  g_autoptr (PraxiClipSampler) sampler =
      praxi_clip_sampler_new (praxi_media_index (media), &options);
  g_autoptr (GArray) frames = decode_all (media);
  g_autofree guint8 *clip = g_malloc (T * FRAME_BYTES);
  for (int k = 0; k < praxi_clip_sampler_n_windows (sampler); k++) {
    gint64 start_ns, end_ns;
    int ordinals[T];
    float expected[2];
    praxi_clip_sampler_window (sampler, k, &start_ns, &end_ns, ordinals);
    for (int i = 0; i < T; i++)
      memcpy (clip + i * FRAME_BYTES, frames->data + (gsize) ordinals[i] * FRAME_BYTES,
              FRAME_BYTES);
    fingerprint (clip, expected);
    const int slot = praxi_clip_sampler_slot (sampler, k);
    for (int c = 0; c < 2; c++)
      if (!may_miss || !isnan (praxi_score_track_get (track, slot, c)))
        g_assert_cmpfloat (praxi_score_track_get (track, slot, c), ==, expected[c]);
  }
}

static PraxiMedia *
open_media (const char *path)
{
  g_autoptr (GError) error = NULL;
  PraxiMedia *media = praxi_media_open (path, &error);
  g_assert_no_error (error);
  return media;
}

static void
analyse (const char *path, double stride_s, Fake *fake, PraxiAnalysis *analysis)
{
  g_autoptr (PraxiMedia) media = open_media (path);
  const PraxiScorer scorer = scorer_of (fake);
  const PraxiAnalyzerOptions options = {.stride_s = stride_s, .threads = 2};
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiAnalyzer) analyzer = praxi_analyzer_new (media, &scorer, &options, &error);
  g_assert_no_error (error);
  g_autoptr (PraxiScoreTrack) track = praxi_analyzer_create_track (analyzer, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_analyzer_run (analyzer, track, analysis, &error));
  g_assert_no_error (error);
  g_assert_cmpint (praxi_score_track_state (track), ==, PRAXI_SCORE_TRACK_FINISHED);
  g_assert_cmpint (analysis->n_scored + analysis->n_lost, ==, analysis->n_windows);
  check_scores (media, track, stride_s, analysis->n_lost > 0);
}

static void
test_windows (void)
{
  g_autofree char *path = make_clip (
      "b-frames.mp4", "-f lavfi -i testsrc2=s=160x120:r=30 -t 11.3 -c:v libx264 -bf 3 -g 40");
  if (path == NULL)
    return;
  g_autofree Fake *fake = g_new0 (Fake, 1);
  PraxiAnalysis analysis;
  analyse (path, 0.5, fake, &analysis);
  g_assert_cmpint (analysis.n_lost, ==, 0);
  g_assert_cmpint (analysis.n_windows, >=, 19);
  /* Half a second of stride at 10 Hz: 5 of 21 frames are new. */
  g_assert_cmpint (fake->n_shared, >=, (fake->n_calls - 2) * 16);
  /* Each frame once: the grid has 10 a second. */
  g_assert_cmpint (analysis.n_frames, <=, 115);
  g_assert_cmpfloat_with_epsilon (analysis.footage_s, 11.3, 0.11);
  const guint64 checksum = analysis.input_checksum;

  g_autofree Fake *again = g_new0 (Fake, 1);
  analyse (path, 0.5, again, &analysis);
  g_assert_cmphex (analysis.input_checksum, ==, checksum);

  const double strides_s[] = {0.1, 0.3, 2.0, 5.0};
  for (guint i = 0; i < G_N_ELEMENTS (strides_s); i++) {
    g_autofree Fake *other = g_new0 (Fake, 1);
    analyse (path, strides_s[i], other, &analysis);
  }
}

typedef struct {
  int *order; /* windows as they were scored */
  int n;
} Visits;

static void
visit_cb (gpointer data, int k, const guint8 *clip, const float *scores)
{
  Visits *visits = data;
  visits->order[visits->n++] = k;
}

/* Every block holds the score of a window of its own. */
static void
check_estimate (const PraxiScoreTrack *estimate, const PraxiScoreTrack *track)
{
  const int n_blocks = praxi_score_track_n_windows (estimate);
  for (int b = 0; b < n_blocks; b++) {
    gint64 start_ns, end_ns;
    gboolean found = FALSE;
    praxi_score_track_window_span (estimate, b, &start_ns, &end_ns);
    for (int k = 0; k < praxi_score_track_n_windows (track); k++) {
      gint64 window_ns, window_end_ns;
      praxi_score_track_window_span (track, k, &window_ns, &window_end_ns);
      found =
          found || (window_ns >= start_ns && window_ns < end_ns &&
                    praxi_score_track_get (track, k, 0) == praxi_score_track_get (estimate, b, 0));
    }
    g_assert_true (found);
  }
  g_assert_cmpint (praxi_score_track_filled (estimate), ==, n_blocks);
}

/* Estimates, then what is in view, then the rest: every window once, the scores of any order. */
static void
test_order (void)
{
  enum { TILES = 3 };
  g_autofree char *path = make_clip (
      "long.mp4", "-f lavfi -i testsrc2=s=64x48:r=10 -t 300 -c:v libx264 -preset ultrafast -g 50");
  if (path == NULL)
    return;
  g_autoptr (PraxiMedia) media = open_media (path);
  g_autofree Fake *fake = g_new0 (Fake, 1);
  const PraxiScorer scorer = scorer_of (fake);
  g_autofree int *order = g_new (int, 1000);
  Visits visits = {.order = order};
  const PraxiAnalyzerOptions options = {.threads = 2,
                                        .first_start_ns = G_GINT64_CONSTANT (150000000000),
                                        .first_end_ns = G_GINT64_CONSTANT (160000000000),
                                        .visit = visit_cb,
                                        .data = &visits};
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiAnalyzer) analyzer = praxi_analyzer_new (media, &scorer, &options, &error);
  g_assert_no_error (error);
  g_assert_true (praxi_analyzer_can_estimate (analyzer));
  g_autoptr (PraxiScoreTrack) track = praxi_analyzer_create_track (analyzer, NULL, &error);
  g_autoptr (PraxiScoreTrack) estimate = praxi_analyzer_create_estimate (analyzer, NULL, &error);
  g_assert_no_error (error);
  praxi_analyzer_set_estimate (analyzer, estimate);
  PraxiAnalysis analysis;
  g_assert_true (praxi_analyzer_run (analyzer, track, &analysis, &error));
  g_assert_no_error (error);
  g_assert_cmpint (visits.n, ==, praxi_analyzer_n_windows (analyzer));
  g_assert_cmpint (analysis.n_scored, ==, visits.n);
  g_assert_cmpint (order[0], ==, PRAXI_SCORE_TRACK_TILE); /* the tile that shows 150 s */
  g_assert_cmpint (analysis.n_estimated, ==, praxi_score_track_n_windows (estimate));
  g_assert_cmpint (analysis.n_estimated * 50, <, visits.n * TILES);
  g_assert_cmpfloat_with_epsilon (analysis.footage_s, 300, 0.1);
  check_scores (media, track, 0.5, FALSE);
  check_estimate (estimate, track);
}

static void
test_short_and_slow (void)
{
  const char *const arguments[] = {
      "-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 1 -c:v libx264",
      "-f lavfi -i testsrc2=s=64x48:r=25 -t 0.7 -c:v mpeg4",
      "-f lavfi -i testsrc2=s=64x48:r=3 -t 9 -c:v libx264", /* the same frame at several times */
      "-f lavfi -i testsrc2=s=64x48:r=1 -t 9 -c:v mpeg4"};
  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++) {
    g_autofree char *name = g_strdup_printf ("short-%u.mp4", i);
    g_autofree char *path = make_clip (name, arguments[i]);
    if (path == NULL)
      return;
    g_autofree Fake *fake = g_new0 (Fake, 1);
    PraxiAnalysis analysis;
    analyse (path, 0.5, fake, &analysis);
    g_assert_cmpint (analysis.n_scored, >=, 1);
  }
}

static void
overwrite_middle (const char *path, int share)
{
  GStatBuf info;
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  FILE *file = g_fopen (path, "r+b");
  g_assert_cmpint (fseek (file, (long) info.st_size / 2, SEEK_SET), ==, 0);
  for (int i = 0; i < info.st_size / share; i++)
    fputc (0, file);
  fclose (file);
}

/* Zeros in the middle of the pictures: those windows are lost and stay not analysed, the rest is as
 * it would be.
 */
static void
test_damage (void)
{
  g_autofree char *path = make_clip (
      "damaged.mp4",
      "-f lavfi -i testsrc2=s=160x120:r=20 -t 30 -c:v libx264 -g 20 -movflags +faststart");
  if (path == NULL)
    return;
  overwrite_middle (path, 10);
  g_autofree Fake *fake = g_new0 (Fake, 1);
  PraxiAnalysis analysis;
  analyse (path, 0.5, fake, &analysis);
  g_assert_cmpint (analysis.n_lost, >, 0);
  g_assert_cmpint (analysis.n_scored, >, analysis.n_windows / 2);
}

static gboolean
stop_soon_cb (gpointer data, double done_s, double total_s)
{
  g_assert_cmpfloat (total_s, >, 19);
  return done_s < 5;
}

static gboolean
stop_at_once_cb (gpointer data, double done_s, double total_s)
{
  return FALSE;
}

static void
slow_visit_cb (gpointer data, int k, const guint8 *clip, const float *scores)
{
  g_usleep (20000);
}

static void
test_cancel (void)
{
  g_autofree char *path =
      make_clip ("long.mp4", "-f lavfi -i testsrc2=s=160x120:r=30 -t 20 -c:v libx264");
  if (path == NULL)
    return;
  g_autoptr (PraxiMedia) media = open_media (path);
  g_autofree Fake *fake = g_new0 (Fake, 1);
  const PraxiScorer scorer = scorer_of (fake);
  const PraxiAnalyzerOptions options[] = {{.tick = stop_soon_cb, .visit = slow_visit_cb},
                                          {.tick = stop_at_once_cb}};
  for (int i = 0; i < 2; i++) {
    fake->has_last = FALSE;
    g_autoptr (GError) error = NULL;
    g_autoptr (PraxiAnalyzer) analyzer = praxi_analyzer_new (media, &scorer, &options[i], &error);
    g_autoptr (PraxiScoreTrack) track = praxi_analyzer_create_track (analyzer, NULL, &error);
    PraxiAnalysis analysis;
    g_assert_false (praxi_analyzer_run (analyzer, track, &analysis, &error));
    g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_CANCELLED);
    g_assert_cmpint (praxi_score_track_state (track), ==, PRAXI_SCORE_TRACK_PARTIAL);
    g_assert_cmpint (praxi_score_track_filled (track), ==, analysis.n_scored);
    g_assert_cmpint (analysis.n_scored, <, analysis.n_windows);
    g_assert_true ((analysis.n_scored > 0) == (i == 0));
    check_scores (media, track, 0.5, TRUE);
  }
}

static void
test_failing_scorer (void)
{
  g_autofree char *path =
      make_clip ("fails.mp4", "-f lavfi -i testsrc2=s=160x120:r=30 -t 20 -c:v libx264");
  if (path == NULL)
    return;
  g_autoptr (PraxiMedia) media = open_media (path);
  g_autofree Fake *fake = g_new0 (Fake, 1);
  fake->fail_at = 3;
  const PraxiScorer scorer = scorer_of (fake);
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiAnalyzer) analyzer = praxi_analyzer_new (media, &scorer, NULL, &error);
  g_autoptr (PraxiScoreTrack) track = praxi_analyzer_create_track (analyzer, NULL, &error);
  PraxiAnalysis analysis;
  g_assert_false (praxi_analyzer_run (analyzer, track, &analysis, &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DEVICE);
  g_assert_cmpint (analysis.n_scored, ==, 2);
  g_assert_cmpint (praxi_score_track_state (track), ==, PRAXI_SCORE_TRACK_PARTIAL);
}

static void
test_heatmap (void)
{
  const PraxiScoreTrackSpec spec = {
      .classes = classes,
      .n_classes = 2,
      .n_windows = 40,
      .stride_ns = 500000000,
      .window_ns = 2000000000,
      .model_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"};
  g_autoptr (GError) error = NULL;
  g_autoptr (PraxiScoreTrack) track = praxi_score_track_create (NULL, &spec, &error);
  const float row[] = {0.2f, 0.8f};
  for (int k = 0; k < 20; k++)
    g_assert_true (praxi_score_track_append (track, row, &error));
  g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  praxi_events_find (track, 1, NULL, events);
  g_autofree char *path = g_build_filename (folder, "heat.png", NULL);
  const PraxiHeatmapOptions options = {.title = "a title that is far too long for so narrow a "
                                                "picture … ünïcode \xe2\x80\xae rtl",
                                       .events = events,
                                       .width_px = 330};
  g_assert_true (praxi_heatmap_write (track, &options, path, &error));
  g_assert_no_error (error);
  g_autofree char *bytes = NULL;
  gsize n = 0;
  g_assert_true (g_file_get_contents (path, &bytes, &n, &error));
  g_assert_cmpmem (bytes, 8, "\x89PNG\r\n\x1a\n", 8);
  g_assert_false (praxi_heatmap_write (track, NULL, "/nonexistent/heat.png", &error));
  g_assert_error (error, PRAXI_ERROR, PRAXI_ERROR_DISK);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir)) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_unlink (path);
  }
  g_rmdir (folder);
  g_free (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("praxi-analyzer-XXXXXX", NULL);
  g_test_add_func ("/analyzer/windows", test_windows);
  g_test_add_func ("/analyzer/order", test_order);
  g_test_add_func ("/analyzer/short-and-slow", test_short_and_slow);
  g_test_add_func ("/analyzer/damage", test_damage);
  g_test_add_func ("/analyzer/cancel", test_cancel);
  g_test_add_func ("/analyzer/failing-scorer", test_failing_scorer);
  g_test_add_func ("/heatmap/write", test_heatmap);
  const int status = g_test_run ();
  remove_folder ();
  return status;
}
