/* Events and colours from scores, against values worked out by hand. */
#include "engine/infer/events.h"

#include <math.h>

#include "engine/infer/heat-colors.h"

#define SECOND G_GINT64_CONSTANT (1000000000)
#define MS(x) ((x) *G_GINT64_CONSTANT (1000000))

static PraxiScoreTrack *
track_of (const float *scores, int n)
{
  static const char *const classes[] = {"fall"};
  const PraxiScoreTrackSpec spec = {
      .classes = classes,
      .n_classes = 1,
      .n_windows = n,
      .start_ns = 0,
      .stride_ns = SECOND / 2,
      .window_ns = 2 * SECOND,
      .model_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"};
  PraxiScoreTrack *track = praxi_score_track_create (NULL, &spec, NULL);
  for (int k = 0; k < n; k++)
    g_assert_true (praxi_score_track_append (track, &scores[k], NULL));
  return track;
}

static const PraxiEventOptions plain = {.enter = 0.6,
                                        .exit = 0.4,
                                        .min_length_ns = PRAXI_EVENTS_NONE,
                                        .merge_gap_ns = PRAXI_EVENTS_NONE,
                                        .smooth_ns = PRAXI_EVENTS_NONE};

static GArray *
find (const float *scores, int n, const PraxiEventOptions *options)
{
  g_autoptr (PraxiScoreTrack) track = track_of (scores, n);
  GArray *events = g_array_new (FALSE, FALSE, sizeof (PraxiEvent));
  praxi_events_find (track, 0, options, events);
  return events;
}

static void
assert_event (GArray *events, guint i, gint64 start_ns, gint64 end_ns, float peak)
{
  g_assert_cmpuint (i, <, events->len);
  const PraxiEvent *event = &g_array_index (events, PraxiEvent, i);
  g_assert_cmpint (event->start_ns, ==, start_ns);
  g_assert_cmpint (event->end_ns, ==, end_ns);
  g_assert_cmpfloat (event->peak, ==, peak);
}

static void
test_hysteresis (void)
{
  /* 0.5 alone never enters; 0.45 does not leave. */
  const float scores[] = {0, .5f, 0, .5f, .7f, .45f, .39f, .9f, 0};
  g_autoptr (GArray) events = find (scores, G_N_ELEMENTS (scores), &plain);
  g_assert_cmpuint (events->len, ==, 2);
  /* Window k speaks for [k/2 + 0.75, k/2 + 1.25) s. */
  assert_event (events, 0, MS (2250), MS (3750), .7f);
  assert_event (events, 1, MS (4250), MS (4750), .9f);
}

static void
test_edges (void)
{
  const float one[] = {.8f};
  g_autoptr (GArray) whole = find (one, 1, &plain);
  g_assert_cmpuint (whole->len, ==, 1);
  assert_event (whole, 0, 0, 2 * SECOND, .8f);

  const float ends[] = {.8f, 0, 0, .7f};
  g_autoptr (GArray) events = find (ends, 4, &plain);
  g_assert_cmpuint (events->len, ==, 2);
  assert_event (events, 0, 0, MS (1250), .8f);
  assert_event (events, 1, MS (2250), MS (3500), .7f);

  g_autoptr (GArray) none = find (ends, 0, &plain);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_gap_of_analysis (void)
{
  /* What was not analysed ends an event and is never bridged. */
  const float scores[] = {0, .9f, NAN, NAN, .9f, 0};
  PraxiEventOptions options = plain;
  options.merge_gap_ns = 60 * SECOND;
  g_autoptr (GArray) events = find (scores, G_N_ELEMENTS (scores), &options);
  g_assert_cmpuint (events->len, ==, 2);
  assert_event (events, 0, MS (1250), MS (2500), .9f);
  assert_event (events, 1, MS (2000), MS (3250), .9f);
}

static void
test_length_and_merge (void)
{
  const float scores[] = {0, .9f, 0, .8f, 0, 0, 0, .7f, .7f, .7f, 0};
  const int n = G_N_ELEMENTS (scores);
  PraxiEventOptions options = plain;
  options.min_length_ns = SECOND;
  g_autoptr (GArray) longer = find (scores, n, &options);
  g_assert_cmpuint (longer->len, ==, 1);
  assert_event (longer, 0, MS (4250), MS (5750), .7f);

  /* The gap of 0.5 s closes, that of 1.5 s does not; merging comes before the minimum length. */
  options.merge_gap_ns = SECOND / 2;
  g_autoptr (GArray) merged = find (scores, n, &options);
  g_assert_cmpuint (merged->len, ==, 2);
  assert_event (merged, 0, MS (1250), MS (2750), .9f);
  options.merge_gap_ns = MS (1500);
  g_autoptr (GArray) all = find (scores, n, &options);
  g_assert_cmpuint (all->len, ==, 1);
  assert_event (all, 0, MS (1250), MS (5750), .9f);
}

static void
test_smooth (void)
{
  /* logit (0.8) = ln 4, logit (0.5) = 0, logit (0.2) = −ln 4 */
  const float in[] = {.8f, .5f, .2f, NAN, .8f};
  float out[5];
  praxi_events_smooth (in, 5, 1, out);
  g_assert_cmpfloat_with_epsilon (out[0], 1 / (1 + exp (-log (4) / 2)), 1e-6);
  g_assert_cmpfloat_with_epsilon (out[1], 0.5, 1e-6);
  g_assert_cmpfloat_with_epsilon (out[2], 1 / (1 + exp (log (4) / 2)), 1e-6);
  g_assert_true (isnan (out[3]));
  g_assert_cmpfloat_with_epsilon (out[4], 0.8, 1e-6);
  praxi_events_smooth (in, 5, 0, out);
  g_assert_cmpfloat (out[2], ==, .2f);

  /* Certain scores stay finite. */
  const float certain[] = {1, 0, 1};
  praxi_events_smooth (certain, 3, 1, out);
  g_assert_true (out[1] > 0.5f && out[1] < 1);
}

static void
test_smoothing_outvotes (void)
{
  const float scores[] = {.1f, .1f, .7f, .1f, .1f, .7f, .7f, .7f, .1f};
  PraxiEventOptions options = plain;
  options.smooth_ns = SECOND;
  g_autoptr (GArray) events = find (scores, G_N_ELEMENTS (scores), &options);
  g_assert_cmpuint (events->len, ==, 1);
  g_assert_cmpint (g_array_index (events, PraxiEvent, 0).start_ns, >=, MS (2750));
}

static void
test_resolve (void)
{
  const PraxiEventOptions all = praxi_events_resolve (NULL);
  g_assert_cmpfloat (all.enter, ==, 0.5);
  g_assert_cmpfloat_with_epsilon (all.exit, 1 / 3.0, 1e-9);
  g_assert_cmpint (all.min_length_ns, ==, SECOND / 2);
  const PraxiEventOptions odd = {.enter = 0.3, .exit = 0.9, .merge_gap_ns = PRAXI_EVENTS_NONE};
  g_assert_cmpfloat (praxi_events_resolve (&odd).exit, ==, 0.3);
  g_assert_cmpint (praxi_events_resolve (&odd).merge_gap_ns, ==, 0);
  g_assert_true (praxi_events_is_background ("normal"));
  g_assert_false (praxi_events_is_background ("fall"));
}

/* CIE L* of a colour, by the formulas of IEC 61966-2-1 and CIE 15. */
static double
lightness (guint32 color)
{
  const double weights[3] = {0.0722, 0.7152, 0.2126};
  double y = 0;
  for (int i = 0; i < 3; i++) {
    const double v = ((color >> (8 * i)) & 0xff) / 255.0;
    y += weights[i] * (v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4));
  }
  return y > 216.0 / 24389 ? 116 * cbrt (y) - 16 : y * 24389 / 27;
}

static void
test_colors (void)
{
  for (int palette = PRAXI_HEAT_INFERNO; palette <= PRAXI_HEAT_CONTRAST; palette++) {
    double last = -2;
    for (int i = 0; i <= 20; i++) {
      const guint32 color = praxi_heat_color ((PraxiHeatPalette) palette, (float) i / 20);
      g_assert_cmphex (color >> 24, ==, 0xff);
      g_assert_cmphex (color, !=, PRAXI_HEAT_MISSING_DARK);
      g_assert_cmpfloat (lightness (color), >, last + 1);
      if (i > 0)
        g_assert_cmpfloat (lightness (color), <, last + 10);
      last = lightness (color);
    }
    g_assert_cmphex (praxi_heat_color ((PraxiHeatPalette) palette, -3), ==,
                     praxi_heat_color ((PraxiHeatPalette) palette, 0));
    g_assert_cmphex (praxi_heat_color ((PraxiHeatPalette) palette, INFINITY), ==,
                     praxi_heat_color ((PraxiHeatPalette) palette, 1));
  }
  g_assert_cmphex (praxi_heat_color (PRAXI_HEAT_INFERNO, 1), ==, 0xfffcffa4);
}

/* Else what is analysed would look as if it were not. */
static void
test_missing_colors (void)
{
  for (int palette = PRAXI_HEAT_INFERNO; palette <= PRAXI_HEAT_CONTRAST; palette++)
    for (int i = 0; i <= 100000; i++) {
      const guint32 color = praxi_heat_color ((PraxiHeatPalette) palette, (float) i / 100000);
      g_assert_cmphex (color, !=, PRAXI_HEAT_MISSING_LIGHT);
      g_assert_cmphex (color, !=, PRAXI_HEAT_MISSING_DARK);
    }
}

static void
test_raster (void)
{
  const float scores[] = {0, 0, 1, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  g_autoptr (PraxiScoreTrack) track = track_of (scores, G_N_ELEMENTS (scores));
  guint32 pixels[8 * 16] = {0};
  const PraxiHeatRow row = {.start_ns = 0, .end_ns = 7500 * G_GINT64_CONSTANT (1000000)};
  praxi_heat_raster (track, &row, pixels, 15, 8, 16);
  for (int x = 0; x < 15; x++) {
    gboolean is_even = TRUE;
    for (int y = 1; y < 8; y++)
      is_even &= pixels[y * 16 + x] == pixels[x];
    /* Windows 0 to 3 cover 3.5 s, which is 7 columns; zero is not the colour of nothing. */
    g_assert_true (is_even == (x < 7));
    g_assert_cmphex (pixels[x], !=, 0);
  }
  g_assert_cmphex (pixels[0], ==, praxi_heat_color (PRAXI_HEAT_INFERNO, 0));
  g_assert_cmphex (pixels[4], ==, praxi_heat_color (PRAXI_HEAT_INFERNO, 1));
  g_assert_cmphex (pixels[15], ==, 0);

  /* An estimate stands between the stripes of what is not analysed, and nowhere else. */
  const float ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  g_autoptr (PraxiScoreTrack) estimate = track_of (ones, G_N_ELEMENTS (ones));
  praxi_heat_raster_estimate (estimate, &row, pixels, 15, 8, 16);
  g_assert_cmphex (pixels[0], ==, praxi_heat_color (PRAXI_HEAT_INFERNO, 0));
  for (int x = 8; x < 15; x++)
    for (int y = 0; y < 8; y++)
      g_assert_cmphex (pixels[y * 16 + x], ==,
                       praxi_heat_hatch (x, y) ? PRAXI_HEAT_MISSING_DARK
                                               : praxi_heat_color (PRAXI_HEAT_INFERNO, 1));
}

static void
test_background (void)
{
  const char *const last[] = {"fight", "Normal"}, *const none[] = {"fight", "normally"};
  g_assert_cmpint (praxi_events_background (last, 2), ==, 1);
  g_assert_cmpint (praxi_events_background (last, 1), ==, -1);
  g_assert_cmpint (praxi_events_background (none, 2), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/events/hysteresis", test_hysteresis);
  g_test_add_func ("/events/edges", test_edges);
  g_test_add_func ("/events/gap-of-analysis", test_gap_of_analysis);
  g_test_add_func ("/events/length-and-merge", test_length_and_merge);
  g_test_add_func ("/events/smooth", test_smooth);
  g_test_add_func ("/events/smoothing-outvotes", test_smoothing_outvotes);
  g_test_add_func ("/events/resolve", test_resolve);
  g_test_add_func ("/events/background", test_background);
  g_test_add_func ("/heat/colors", test_colors);
  g_test_add_func ("/heat/missing-colors", test_missing_colors);
  g_test_add_func ("/heat/raster", test_raster);
  return g_test_run ();
}
